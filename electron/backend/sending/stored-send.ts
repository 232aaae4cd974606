import * as z from 'zod'
import { AccountId } from '../../../shared/account.ts'
import { ItemId } from '../../../shared/item.ts'
import { Conflict } from '../../../shared/save.ts'
import { SendId } from '../../../shared/send.ts'

/** A send as it is stored in `sends.json`. Which of its files are done or begun is in a file of its own: see `done-files.ts`. */
export const StoredSend = z.object({
  id: SendId,
  accountId: AccountId,
  folderId: ItemId,
  itemId: ItemId.nullable(),
  /** An absolute path. */
  path: z.string().min(1),
  /** Its name in the account. */
  name: z.string().min(1),
  isFolder: z.boolean(),
  conflict: Conflict,
  /** `active` covers waiting, listing and sending: which it is, is found out at each start. */
  state: z.enum(['active', 'paused', 'sent', 'error']),
  reason: z.string().nullable(),
  sizeBytes: z.number().nullable(),
  /** How much had been sent when it stopped. */
  sentBytes: z.number().default(0),
  doneFiles: z.number().int(),
  totalFiles: z.number().int().nullable(),
  skippedFiles: z.number().int(),
  addedAtMs: z.number(),
  /** It goes into a folder of the account that was there before. */
  isMerged: z.boolean().default(false),
})
export type StoredSend = z.infer<typeof StoredSend>
