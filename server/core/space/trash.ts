import { setImmediate } from 'node:timers/promises'
import type { Database } from '../data/database.ts'
import { trashId } from '../data/detached.ts'
import { number, numberOrNull, type Row, textOrNull } from '../data/row.ts'
import { type ItemKind, toItemKind } from './kinds.ts'
import { hideItem } from './purge.ts'
import type { Item } from './space.ts'

/** An item in the trash, with its name from before it was deleted. */
export interface TrashedItem {
  id: number
  name: string
  kind: ItemKind
  sizeBytes: number
  trashedAtSeconds: number
  addedAtSeconds: number
  /** When it was first read; null if never. */
  openedAtSeconds: number | null
  /** The folder that it was in; the root if that is not known. */
  parentId: number
  /** The names of the folders that it was in, the outermost first. Of a very deep path, only the end. */
  folders: string[]
}

/**
 * The deleted items of a user, each with all that was below it. They are in no list, search or zip, their contents cannot be read,
 * and they count as stored until they are removed.
 */
export interface Trash {
  /** The items, the newest first, after a place in that order; null for the first ones. */
  page(after: { id: number; trashedAtSeconds: number } | null, limit: number): TrashedItem[]
  ids(): number[]
  has(id: number): boolean
  totals(): { items: number; sizeBytes: number }
  /**
   * Moves items and all below them to the trash, all or none. Those that are in it already, or inside others that are, stay as they
   * are.
   */
  add(ids: readonly number[]): void
  /**
   * Moves items back to the folder that each was in, or to the nearest one around it that is still there, all or none. They get free
   * names. Others stay where they are.
   */
  restore(ids: readonly number[]): void
  /** Removes items in the trash for good, or all of them; in steps between which other work can run. Others are ignored. */
  remove(ids: readonly number[] | null): Promise<void>
  /** Removes what was deleted before a moment. */
  expire(beforeSeconds: number): Promise<void>
}

/** The parts of a space that its trash depends on. */
export interface TrashOptions {
  db: Database
  userId: number
  /** Wraps every change. */
  change<T>(work: () => T): T
  version(): number
  find(id: number): Item | null
  /** The parent of an item's row, whether or not it is visible. */
  parentIn(id: number): number
  /** An item below the root; throws a `Refusal` for any other. */
  getDeletable(id: number): Item & { parentId: number }
  addSize(folderId: number, bytes: number): void
  growUser(bytes: number): void
  /** Puts the row of an item that is in no folder into one, under a free name. Its size is not added. */
  attach(id: number, parentId: number, name: string): void
  rootId: number
  onRemoved(): void
}

/** How many items are removed in one transaction. */
const batchSize = 500
/** A place before all items. */
const endOfTime = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER] as const
/** How many folders around a deleted item are remembered. */
const maxFolders = 64

/** The folders around an item when it was deleted, from its parent up. */
type Origin = [id: number, name: string][]

export function createTrash(options: TrashOptions): Trash & { hasItems(): boolean } {
  const { db, userId, change, find, parentIn, rootId } = options
  const { sql } = db
  const columns = 'id, trashed_name, trashed_from, trashed_at, kind, size, content, created_at, opened_at'
  const ofUser = `FROM items WHERE user_id = ? AND parent_id = ${trashId}`
  const order = 'ORDER BY coalesce(trashed_at, 0) DESC, id DESC'
  const some = sql.prepare(`SELECT ${columns} ${ofUser} AND (coalesce(trashed_at, 0), id) < (?, ?) ${order} LIMIT ?`)
  const one = sql.prepare(
    `SELECT id, trashed_name, trashed_from, size FROM items WHERE user_id = ? AND id = ? AND parent_id = ${trashId}`,
  )
  const ids = sql.prepare(`SELECT id FROM items WHERE user_id = ? AND parent_id = ${trashId}`)
  const old = sql.prepare(
    `SELECT id FROM items WHERE user_id = ? AND trashed_at < ? AND parent_id = ${trashId} ORDER BY trashed_at LIMIT ?`,
  )
  const sum = sql.prepare(
    `SELECT count(*) AS items, coalesce(sum(size), 0) AS bytes FROM items WHERE user_id = ? AND parent_id = ${trashId}`,
  )
  const trash = sql.prepare(
    `UPDATE items SET parent_id = ${trashId}, name = ?, trashed_name = ?, trashed_from = ?, trashed_at = ? WHERE id = ?`,
  )
  const hide = sql.prepare(hideItem)
  let hasItems = ids.get(userId) !== undefined

  const isInTrash = (id: number) => {
    let at = id
    while (at > rootId) at = parentIn(at)
    return at === trashId
  }
  const originOf = (parentId: number): Origin => {
    const origin: Origin = []
    for (let at = find(parentId); at !== null && at.id !== rootId && origin.length < maxFolders; ) {
      origin.push([at.id, at.name])
      at = at.parentId === null ? null : find(at.parentId)
    }
    return origin
  }
  const removeBatch = (batch: readonly number[]) => {
    change(() => {
      for (const id of batch) {
        const row = one.get(userId, id)
        if (row === undefined) continue
        options.growUser(-number(row, 'size'))
        hide.run(`${id}`, id)
      }
    })
    options.onRemoved()
    hasItems = ids.get(userId) !== undefined
  }
  const readTotals = () => {
    const row = sum.get(userId) ?? {}
    return { items: number(row, 'items'), sizeBytes: number(row, 'bytes') }
  }
  let known: { version: number; totals: ReturnType<typeof readTotals> } | null = null
  const restoreOne = (id: number) => {
    const row = one.get(userId, id)
    if (row === undefined) return
    const folder = originIn(row).find(([folderId]) => find(folderId)?.kind === 'folder')
    const parentId = folder?.[0] ?? rootId
    options.attach(id, parentId, nameIn(row))
    options.addSize(parentId, number(row, 'size'))
  }

  return {
    hasItems: () => hasItems,
    page: (after, limit) => {
      const [seconds, id] = after === null ? endOfTime : [after.trashedAtSeconds, after.id]
      return some.all(userId, seconds, id, limit).map(toTrashed)
    },
    ids: () => ids.all(userId).map((row) => number(row, 'id')),
    has: (id) => one.get(userId, id) !== undefined,
    totals: () => {
      if (!hasItems) return { items: 0, sizeBytes: 0 }
      // A value that may still be rolled back is not cached.
      if (sql.isTransaction) return readTotals()
      if (known?.version !== options.version()) known = { version: options.version(), totals: readTotals() }
      return known.totals
    },
    add: (wanted) => {
      const unique = [...new Set(wanted)].filter((id) => !isInTrash(id))
      for (const id of unique) options.getDeletable(id)
      if (unique.length === 0) return
      hasItems = true
      const nowSeconds = Math.floor(Date.now() / 1000)
      change(() => {
        for (const id of unique) {
          // It may be inside another one that is in the trash by now.
          const item = find(id)
          if (item?.parentId == null) continue
          options.addSize(item.parentId, -item.sizeBytes)
          trash.run(`${id}`, item.name, JSON.stringify(originOf(item.parentId)), nowSeconds, id)
        }
      })
    },
    restore: (wanted) => {
      change(() => {
        for (const id of wanted) restoreOne(id)
      })
    },
    remove: async (wanted) => {
      const left = wanted === null ? ids.all(userId).map((row) => number(row, 'id')) : [...new Set(wanted)]
      for (let done = 0; done < left.length && sql.isOpen; done += batchSize) {
        removeBatch(left.slice(done, done + batchSize))
        await setImmediate()
      }
    },
    expire: async (beforeSeconds) => {
      while (sql.isOpen) {
        const batch = old.all(userId, beforeSeconds, batchSize).map((row) => number(row, 'id'))
        if (batch.length === 0) return
        removeBatch(batch)
        await setImmediate()
      }
    },
  }
}

/** The name from before an item was deleted. In a damaged database, it may be missing. */
function nameIn(row: Row): string {
  return textOrNull(row, 'trashed_name') ?? `item ${number(row, 'id')}`
}

/** The folders in a row; none if they cannot be read. */
function originIn(row: Row): Origin {
  try {
    const read: unknown = JSON.parse(textOrNull(row, 'trashed_from') ?? '[]')
    if (!Array.isArray(read)) return []
    return read.filter(
      (entry: unknown): entry is Origin[number] =>
        Array.isArray(entry) && Number.isSafeInteger(entry[0]) && typeof entry[1] === 'string',
    )
  } catch (error) {
    if (error instanceof SyntaxError) return []
    throw error
  }
}

function toTrashed(row: Row): TrashedItem {
  const origin = originIn(row)
  return {
    id: number(row, 'id'),
    name: nameIn(row),
    kind: toItemKind(row.kind) ?? (row.content === null ? 'folder' : 'file'),
    sizeBytes: number(row, 'size'),
    trashedAtSeconds: numberOrNull(row, 'trashed_at') ?? 0,
    addedAtSeconds: number(row, 'created_at'),
    openedAtSeconds: numberOrNull(row, 'opened_at'),
    parentId: origin[0]?.[0] ?? 0,
    folders: origin.map(([, name]) => name).reverse(),
  }
}
