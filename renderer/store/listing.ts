import type { ItemColumns, ItemKind } from '../../shared/item.ts'
import { itemKinds, namesOf } from '../../shared/item-kinds.ts'

/** A folder's items as received. The columns are never copied. */
export interface Listing {
  columns: ItemColumns
  count: number
  names: JoinedNames
}

/** Names joined by NUL: where each starts in the text, and where another one would start after the last. */
export interface JoinedNames {
  text: string
  starts: Uint32Array
}

/** What the `kinds` column has for a folder. */
export const folderKind = itemKinds.indexOf('folder')

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
  const count = columns.ids.length
  return { columns, count, names: joinedNames(columns.names, count) }
}

/** Finds the names in a text. Where it has fewer than `count`, the last ones are empty. */
export function joinedNames(text: string, count: number): JoinedNames {
  const starts = new Uint32Array(count + 1)
  for (let index = 0; index < count; index++) {
    const end = text.indexOf('\0', starts[index])
    starts[index + 1] = (end === -1 ? text.length : end) + 1
  }
  return { text, starts }
}

export function nameAt({ text, starts }: JoinedNames, index: number): string {
  const start = starts[index] ?? 0
  return text.slice(start, Math.max(start, (starts[index + 1] ?? 0) - 1))
}

export function allNames({ columns }: Listing): string[] {
  return namesOf(columns)
}

/** The item at `index` of a listing; null past its end. */
export function rowAt({ columns, names }: Listing, index: number): Row | null {
  const id = columns.ids[index]
  if (id === undefined) return null
  const addedAtMs = columns.addedAtMs[index] ?? Number.NaN
  return {
    id,
    parentId: columns.parentIds[index] ?? 0,
    name: nameAt(names, index),
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
