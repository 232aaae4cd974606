import * as z from 'zod'
import { AccountId } from './account.ts'
import { ItemId } from './item.ts'

/** What identifies the content of a file, as far as a service tells it. */
export const ThumbnailOf = z.object({
  accountId: AccountId,
  itemId: ItemId,
  sizeBytes: z.number().min(0),
  addedAtMs: z.number().nullable(),
})
export type ThumbnailOf = z.infer<typeof ThumbnailOf>
