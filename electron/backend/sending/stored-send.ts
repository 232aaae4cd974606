import * as z from 'zod'
import { AccountId } from '../../../shared/account.ts'
import { ItemId } from '../../../shared/item.ts'
import { Conflict } from '../../../shared/save.ts'
import { SendId } from '../../../shared/send.ts'

/** A file that is being sent: where it can be continued, as long as it is the same file. */
const Begun = z.object({ place: z.string(), sizeBytes: z.number(), changedAtMs: z.number() })

/** A send as it is stored in `sends.json`. Which of its files are done is in a file of its own: see `done-files.ts`. */
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
  doneFiles: z.number().int(),
  totalFiles: z.number().int().nullable(),
  skippedFiles: z.number().int(),
  addedAtMs: z.number(),
  /** Large files that have been begun, by their paths below the folder. */
  begun: z.record(z.string(), Begun).default({}),
})
export type StoredSend = z.infer<typeof StoredSend>
