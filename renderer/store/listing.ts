import type { ItemColumns, ItemKind } from '../../shared/item.ts'
import { itemKinds, namesOf } from '../../shared/item-kinds.ts'

/** A folder's items as received, with the names split. The columns are never copied. */
export interface Listing {
  columns: ItemColumns
  names: readonly string[]
}

/** One item, created only for rows on the screen. */
export interface Row {
  id: number
  parentId: number
  name: string
  kind: ItemKind
  sizeBytes: number
  addedAtMs: number | null
}

export function listingOf(columns: ItemColumns): Listing {
  return { columns, names: namesOf(columns) }
}

/** The item at `index` of a listing; null past its end. */
export function rowAt({ columns, names }: Listing, index: number): Row | null {
  const id = columns.ids[index]
  if (id === undefined) return null
  const addedAtMs = columns.addedAtMs[index] ?? Number.NaN
  return {
    id,
    parentId: columns.parentIds[index] ?? 0,
    name: names[index] ?? '',
    kind: itemKinds[columns.kinds[index] ?? 1] ?? 'file',
    sizeBytes: columns.sizesBytes[index] ?? 0,
    addedAtMs: Number.isNaN(addedAtMs) ? null : addedAtMs,
  }
}

export function indexOfId(listing: Listing, id: number): number {
  return listing.columns.ids.indexOf(id)
}

/** The item with an id, or null if the listing does not contain it. */
export function rowOfId(listing: Listing, id: number): Row | null {
  const index = indexOfId(listing, id)
  return index === -1 ? null : rowAt(listing, index)
}
