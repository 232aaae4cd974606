import * as z from 'zod'
import { AccountId } from '../../../shared/account.ts'
import { ItemId } from '../../../shared/item.ts'
import { Conflict, SaveId } from '../../../shared/save.ts'

/** A save as it is stored in `saves.json`. What it has done so far is in a file of its own: see `progress-file.ts`. */
export const StoredSave = z.object({
  id: SaveId,
  accountId: AccountId,
  itemId: ItemId,
  /** Its name here, once it is known to be free. */
  name: z.string().min(1),
  /** The folder that the person chose, as an absolute path without links. */
  folder: z.string().min(1),
  /** Which folder that was when the save began; null before that. */
  place: z.object({ dev: z.string(), ino: z.string() }).nullable().default(null),
  /** Also true for a zip, which has many files. */
  isFolder: z.boolean(),
  /** Saved as one zip of `itemIds`. */
  isZip: z.boolean().default(false),
  itemIds: z.array(ItemId).default([]),
  sizeBytes: z.number().min(0).nullable(),
  conflict: Conflict,
  /** When the item was added to the account. */
  itemAddedAtMs: z.number().nullable().default(null),
  /** A saved file as it was when it was finished; null for a folder. */
  written: z.object({ sizeBytes: z.number(), atMs: z.number() }).nullable().default(null),
  /** `active` covers waiting, listing and saving: which it is, is found out at each start. */
  state: z.enum(['active', 'paused', 'saved', 'error']),
  reason: z.string().nullable(),
  addedAtMs: z.number(),
  /** Its place in the list: those with a lower number come first. */
  order: z.number().default(0),
  /** How much of it was there when it was last paused, failed or interrupted. */
  savedBytes: z.number().min(0).default(0),
  /** It was removed, and can still be put back. */
  isRemoved: z.boolean().default(false),
})
export type StoredSave = z.infer<typeof StoredSave>
