import * as z from 'zod'
import { AccountId } from './account.ts'
import { ItemId } from './item.ts'

export const SaveId = z.string().min(1).max(64)
export type SaveId = z.infer<typeof SaveId>

/** The statuses of a save, in the order it passes through them. `paused` and `error` end when the person says so. */
const SaveStatus = z.enum(['waiting', 'listing', 'saving', 'paused', 'saved', 'error'])

/** What to do where a name is taken in the target folder. A folder of that name is never replaced: its contents are merged. */
export const Conflict = z.enum(['skip', 'keep-both', 'replace'])
export type Conflict = z.infer<typeof Conflict>

/** A name that is taken in the target folder, and whether a folder is to be merged into a folder there. */
export const TakenName = z.object({ name: z.string(), isFolder: z.boolean() })
export type TakenName = z.infer<typeof TakenName>

/** A file or a folder of an account that is saved on this computer. */
export const Save = z.object({
  id: SaveId,
  accountId: AccountId,
  itemId: ItemId,
  /** Its name here, which may differ from that in the account. */
  name: z.string(),
  /** The folder that it is saved in, as the system writes it. */
  folder: z.string(),
  isFolder: z.boolean(),
  /** Files and folders that are saved as one zip. */
  isZip: z.boolean(),
  status: SaveStatus,
  /** Null while a folder is being listed. */
  sizeBytes: z.number().min(0).nullable(),
  savedBytes: z.number().min(0),
  /** How many files are finished, and how many there are; 1 for a file. */
  doneFiles: z.number().int().min(0),
  totalFiles: z.number().int().min(0).nullable(),
  speedBytesPerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable(),
  /** Why it waits or failed, in one sentence. */
  reason: z.string().nullable(),
  /** It waits until the account's token may be sent to this origin; otherwise null. */
  untrustedOrigin: z.string().nullable(),
  /** It waits for the folder to save in, which is not there or cannot be used. */
  lacksFolder: z.boolean(),
})
export type Save = z.infer<typeof Save>

/** Where saves are moved in the list, which is the order in which they get their turn. */
export const SaveMove = z.union([z.enum(['first', 'up', 'down', 'last']), z.object({ before: SaveId })])
export type SaveMove = z.infer<typeof SaveMove>
