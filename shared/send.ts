import * as z from 'zod'
import { AccountId } from './account.ts'
import { ItemId } from './item.ts'

export const SendId = z.string().min(1).max(64)
export type SendId = z.infer<typeof SendId>

/** The statuses of a send. `paused` and `error` end when the person says so. */
const SendStatus = z.enum(['waiting', 'listing', 'sending', 'paused', 'sent', 'error'])

/** A file or a folder of this computer that is sent up into an account. */
export const Send = z.object({
  id: SendId,
  accountId: AccountId,
  /** The folder that it is sent into. */
  folderId: ItemId,
  /** What it has become there; null before that. */
  itemId: ItemId.nullable(),
  name: z.string(),
  isFolder: z.boolean(),
  /** It goes into a folder that was there before, so that this folder is not what was sent. */
  isMerged: z.boolean(),
  status: SendStatus,
  /** Null while a folder is being listed. */
  sizeBytes: z.number().min(0).nullable(),
  sentBytes: z.number().min(0),
  /** How many files are finished or skipped, and how many there are; 1 for a file. */
  doneFiles: z.number().int().min(0),
  totalFiles: z.number().int().min(0).nullable(),
  /** How many were not sent because their name was taken. */
  skippedFiles: z.number().int().min(0),
  speedBytesPerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable(),
  /** Why it waits or failed, in one sentence. */
  reason: z.string().nullable(),
})
export type Send = z.infer<typeof Send>
