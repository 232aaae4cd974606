import type { AccountId } from '../../shared/account.ts'
import type { ThumbnailOf } from '../../shared/thumbnail.ts'
import type { Row } from './listing.ts'
import type { Slice } from './store.ts'

export interface ThumbnailsSlice {
  /** A stored thumbnail, as WebP; empty if none can be made, null if none was made yet. */
  findThumbnail(accountId: AccountId, row: Row): Promise<Uint8Array | null>
  /** Stores a thumbnail; null if none can be made. */
  putThumbnail(accountId: AccountId, row: Row, webp: Uint8Array | null): Promise<void>
}

/** The thumbnails that were made, which the backend stores. */
export const thumbnailsSlice: Slice<ThumbnailsSlice> = (client) => () => ({
  findThumbnail: (accountId, row) => client.call('thumbnails.find', keyOf(accountId, row)),
  putThumbnail: async (accountId, row, webp) => {
    let text = ''
    for (const byte of webp ?? []) text += String.fromCharCode(byte)
    await client.call('thumbnails.put', { of: keyOf(accountId, row), base64: btoa(text) })
  },
})

function keyOf(accountId: AccountId, { id, sizeBytes, addedAtMs }: Row): ThumbnailOf {
  return { accountId, itemId: id, sizeBytes, addedAtMs }
}
