import * as z from 'zod'
import { itemKinds } from './item-kinds.ts'

/** An item's number in its account. `0` is the root folder, "Your Files". */
export const ItemId = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
export type ItemId = z.infer<typeof ItemId>

/** The root folder of every account. Source: API v1 §5.4. */
export const rootFolderId: ItemId = 0

export const ItemKind = z.enum(itemKinds)
export type ItemKind = z.infer<typeof ItemKind>

/** A file or a folder. `sizeBytes` of a folder is the sum of its contents; `addedAtMs` is null if the service does not report it. */
export const Item = z.object({
  id: ItemId,
  parentId: ItemId,
  name: z.string(),
  kind: ItemKind,
  sizeBytes: z.number().min(0),
  addedAtMs: z.number().nullable(),
})
export type Item = z.infer<typeof Item>

/** One step of a path, from the root down. */
export const Crumb = z.object({ id: ItemId, name: z.string() })
export type Crumb = z.infer<typeof Crumb>

/**
 * A folder's items as columns with one entry per item, so that 100,000 rows cross the pipe in milliseconds. `names` is all names
 * joined by NUL, which no name may contain; `kinds` are indexes into `itemKinds`; `addedAtMs` is NaN if the service does not
 * report it.
 */
export const ItemColumns = z.object({
  ids: z.instanceof(Float64Array),
  parentIds: z.instanceof(Float64Array),
  kinds: z.instanceof(Uint8Array),
  sizesBytes: z.instanceof(Float64Array),
  addedAtMs: z.instanceof(Float64Array),
  names: z.string(),
})
export type ItemColumns = z.infer<typeof ItemColumns>

/** The first items of a list that is still being fetched, and how many it will have; null if the service does not report that. */
export const ItemsSoFar = z.object({ items: ItemColumns, total: z.number().int().min(0).nullable() })
export type ItemsSoFar = z.infer<typeof ItemsSoFar>

/** An item in the trash. */
export interface TrashedItem {
  id: ItemId
  name: string
  kind: ItemKind
  sizeBytes: number
  deletedAtMs: number | null
  /** The names of the folders that it was in, below the root, the outermost first. */
  folders: readonly string[]
}

/** Converts items to columns, in the same order. */
export function toColumns(items: readonly Item[]): ItemColumns {
  return {
    ids: Float64Array.from(items, (item) => item.id),
    parentIds: Float64Array.from(items, (item) => item.parentId),
    kinds: Uint8Array.from(items, (item) => itemKinds.indexOf(item.kind)),
    sizesBytes: Float64Array.from(items, (item) => item.sizeBytes),
    addedAtMs: Float64Array.from(items, (item) => item.addedAtMs ?? Number.NaN),
    names: items.map((item) => item.name.replaceAll('\0', '')).join('\0'),
  }
}
