import type { Database } from '../data/database.ts'
import { number, numberOrNull, type Row, textOrNull } from '../data/row.ts'
import { type ItemKind, itemKinds } from './kinds.ts'
import type { Item } from './space.ts'

/** An item with what only some clients ask for. */
export interface DetailedItem extends Item {
  /** When its content last changed, as far as known: the time that a client has set, or when it was added. */
  updatedAtSeconds: number
  /** When it was first read; null if never. */
  openedAtSeconds: number | null
  /** Eight lower-case hexadecimal digits; null while unknown, and for folders. */
  crc32: string | null
  /** Forty lower-case hexadecimal digits; null while unknown, and for folders. */
  sha1: string | null
  /** How far it was played. */
  startFromSeconds: number | null
  /** True once a client has marked it. */
  isWatched: boolean
}

/** The order of a listing. Ties are sorted by id, in the same direction. */
export interface ListingOrder {
  by: 'name' | 'size' | 'added' | 'updated' | 'kind' | 'opened'
  isDescending: boolean
}

/** Which items are listed, and in which order. */
export interface Listing {
  /** Null for all folders, whose items are without folders unless `kinds` has them. */
  folderId: number | null
  /** Null for all kinds. */
  kinds: readonly ItemKind[] | null
  /** Null for all extensions. */
  extensions: readonly string[] | null
  order: ListingOrder
}

/** The place of an item in a listing. It stays the same whatever happens to other items, and to this one. */
export type Place = (string | number)[]

/** A part of a listing. */
interface ListingPage {
  items: DetailedItem[]
  /** The place of the last item; null at the end. */
  last: Place | null
}

/** Items with details, in pages. */
export interface Details {
  get(id: number): DetailedItem
  /** The item with exactly this name; null when there is none. */
  child(folderId: number, name: string): DetailedItem | null
  /** The items after a place; null for the first ones. An item that does not change is in exactly one of the pages. */
  page(listing: Listing, after: Place | null, limit: number): ListingPage
  count(listing: Listing): number
  /** The ids of all items in a listing. */
  ids(listing: Listing): number[]
  /** The ids of the items whose names contain all of these words, ignoring case; newest first. */
  matching(words: readonly string[]): number[]
  /** A folder's items of some kinds, in no order. */
  names(folderId: number, kinds: readonly ItemKind[]): { id: number; name: string }[]
  /** Sets when items last changed, all or none. */
  touch(ids: readonly number[], seconds: number): void
  /** Notes that an item was read, unless it was before. */
  noteOpened(id: number): void
  setStartFrom(id: number, seconds: number | null): void
  /** Marks files as watched or not. */
  setWatched(ids: readonly number[], isWatched: boolean): void
  /** Notes checksums by the names of contents. Does nothing when the service has ended. */
  setSums(sums: readonly { content: string; crc32: string; sha1?: string }[]): void
  /** False when the service has ended. */
  isOpen(): boolean
}

/** The parts of a space that its details depend on. */
export interface DetailsOptions {
  db: Database
  userId: number
  version(): number
  /** Changes the version. */
  touch(): void
  /** Wraps every change. */
  change<T>(work: () => T): T
  get(id: number): Item
  getFolder(id: number): Item
  /** An item below the root; throws a `Refusal` for any other. */
  getChangeable(id: number, what: string): Item
  /** Those of these rows that are neither removed nor in the trash. */
  visibleRows(rows: Row[]): Row[]
  toItem(row: Row): Item
  fold(name: string): string
}

const columns =
  'id, parent_id, name, kind, size, content, created_at, updated_at, opened_at, crc32, sha1, start_from, watched, folded'
const updated = 'coalesce(updated_at, created_at)'
/** Orders in which a folder's items are read without being sorted. */
const hasIndex: ReadonlySet<ListingOrder['by']> = new Set(['name', 'added'])
/** How many listings are kept sorted. */
const maxSorted = 4
const kindRank = `CASE kind ${itemKinds.map((kind, rank) => `WHEN '${kind}' THEN ${rank}`).join(' ')} END`
/** What is sorted by, and how many values each place has before its id. */
const keys: Record<ListingOrder['by'], string[]> = {
  name: ['folded'],
  size: ['size'],
  added: ['created_at'],
  updated: [updated],
  kind: [kindRank, 'folded'],
  opened: ['coalesce(opened_at, 0)'],
}

/** True for values that could be a place in a listing with this order. */
export function isPlace(values: readonly unknown[], { by }: ListingOrder): values is Place {
  const isText = (at: number) => keys[by][at] === 'folded'
  return (
    values.length === keys[by].length + 1 &&
    values.every((value, at) => (isText(at) ? typeof value === 'string' : Number.isSafeInteger(value)))
  )
}

export function createDetails(options: DetailsOptions): Details {
  const { db, userId, change, get, getFolder, getChangeable, visibleRows, toItem } = options
  const { sql } = db
  const byId = sql.prepare(`SELECT ${columns} FROM items WHERE user_id = ? AND id = ?`)
  const byName = sql.prepare(`SELECT ${columns} FROM items WHERE user_id = ? AND parent_id = ? AND name = ?`)
  const setUpdated = sql.prepare('UPDATE items SET updated_at = ? WHERE user_id = ? AND id = ?')
  const setOpened = sql.prepare('UPDATE items SET opened_at = ? WHERE user_id = ? AND id = ? AND opened_at IS NULL')
  const setStart = sql.prepare('UPDATE items SET start_from = ? WHERE user_id = ? AND id = ?')
  const setWatched = sql.prepare('UPDATE items SET watched = ? WHERE user_id = ? AND id = ? AND content IS NOT NULL')
  const setSum = sql.prepare('UPDATE items SET crc32 = ?, sha1 = coalesce(?, sha1) WHERE content = ?')
  const prepared = new Map<string, ReturnType<typeof sql.prepare>>()
  const prepare = (query: string) => {
    const known = prepared.get(query) ?? sql.prepare(query)
    prepared.set(query, known)
    return known
  }
  const nowSeconds = () => Math.floor(Date.now() / 1000)
  /** Writes what may be lost in a power cut. */
  const note = (write: () => unknown) => {
    db.transactSoon(() => {
      write()
    })
    options.touch()
  }
  const toDetailed = (row: Row): DetailedItem => {
    const item = toItem(row)
    return {
      ...item,
      updatedAtSeconds: numberOrNull(row, 'updated_at') ?? item.addedAtSeconds,
      openedAtSeconds: numberOrNull(row, 'opened_at'),
      crc32: textOrNull(row, 'crc32'),
      sha1: textOrNull(row, 'sha1'),
      startFromSeconds: numberOrNull(row, 'start_from'),
      isWatched: numberOrNull(row, 'watched') === 1,
    }
  }
  /** The condition for a listing, with its values. There are few different ones, so that their statements can be kept. */
  const where = ({ folderId, kinds, extensions }: Listing) => {
    const conditions = [folderId === null ? (kinds === null ? "kind != 'folder'" : '1') : 'parent_id = ?']
    const values: (string | number)[] = folderId === null ? [] : [folderId]
    const restrict = (column: string, anyOf: readonly string[] | null) => {
      if (anyOf === null) return
      conditions.push(`${column} IN (SELECT value FROM json_each(?))`)
      values.push(JSON.stringify(anyOf))
    }
    restrict('kind', kinds)
    restrict('extension', extensions)
    return { condition: `user_id = ? AND ${conditions.join(' AND ')}`, values: [userId, ...values] }
  }
  const query = (listing: Listing, after: Place | null, what: string) => {
    const { by, isDescending } = listing.order
    const key = [...keys[by], 'id']
    const { condition, values } = where(listing)
    const start = after === null ? '' : `AND (${key.join(', ')}) ${isDescending ? '<' : '>'} (${key.map(() => '?')})`
    const order = key.map((column) => (isDescending ? `${column} DESC` : column)).join(', ')
    return {
      sql: `SELECT ${what} FROM items WHERE ${condition} ${start} ORDER BY ${order}`,
      values: [...values, ...(after ?? [])],
    }
  }
  /** The ids from some place on, as long as nothing has changed: without an index, each page would sort everything again. */
  const sorted = new Map<string, { version: number; ids: number[] }>()
  const idsAfter = (listing: Listing, after: Place | null): number[] => {
    const name = JSON.stringify(listing)
    const known = sorted.get(name)
    const at = after === null || known?.version !== options.version() ? -1 : known.ids.indexOf(Number(after.at(-1)))
    if (known !== undefined && at !== -1) return known.ids.slice(at + 1)
    const { sql: text, values } = query(listing, after, 'id, parent_id')
    const rows = prepare(text).all(...values)
    // What is in a visible folder is visible.
    const ids = (listing.folderId === null ? visibleRows(rows) : rows).map((row) => number(row, 'id'))
    const [oldest] = sorted.keys()
    if (sorted.size >= maxSorted && oldest !== undefined) sorted.delete(oldest)
    sorted.delete(name)
    sorted.set(name, { version: options.version(), ids })
    return ids
  }
  const rowsAfter = (listing: Listing, after: Place | null, limit: number): Row[] => {
    const { folderId, order } = listing
    if (folderId !== null && hasIndex.has(order.by)) {
      const { sql: text, values } = query(listing, after, columns)
      return prepare(`${text} LIMIT ?`).all(...values, limit)
    }
    const ids = idsAfter(listing, after)
    if (ids.length < limit) sorted.delete(JSON.stringify(listing))
    return ids.slice(0, limit).flatMap((id): Row[] => {
      const row = byId.get(userId, id)
      return row === undefined ? [] : [row]
    })
  }
  const placeOf = (row: Row, { by }: ListingOrder): Place => {
    const id = number(row, 'id')
    const { name: _name, ...item } = toDetailed(row)
    const folded = `${row.folded}`
    switch (by) {
      case 'name':
        return [folded, id]
      case 'size':
        return [item.sizeBytes, id]
      case 'added':
        return [item.addedAtSeconds, id]
      case 'updated':
        return [item.updatedAtSeconds, id]
      case 'kind':
        return [itemKinds.indexOf(item.kind), folded, id]
      case 'opened':
        return [item.openedAtSeconds ?? 0, id]
      default:
        return by satisfies never
    }
  }
  const checkFolder = ({ folderId }: Listing) => {
    if (folderId !== null) getFolder(folderId)
  }
  return {
    get: (id) => {
      const item = get(id)
      const row = item.parentId === null ? undefined : byId.get(userId, id)
      if (row !== undefined) return toDetailed(row)
      return {
        ...item,
        updatedAtSeconds: item.addedAtSeconds,
        openedAtSeconds: null,
        crc32: null,
        sha1: null,
        startFromSeconds: null,
        isWatched: false,
      }
    },
    child: (folderId, name) => {
      getFolder(folderId)
      const row = byName.get(userId, folderId, name)
      return row === undefined ? null : toDetailed(row)
    },
    page: (listing, after, limit) => {
      checkFolder(listing)
      const found = rowsAfter(listing, after, limit + 1)
      const shown = found.slice(0, limit)
      const end = shown.at(-1)
      const hasMore = found.length > limit && end !== undefined
      return { items: shown.map(toDetailed), last: hasMore ? placeOf(end, listing.order) : null }
    },
    count: (listing) => {
      checkFolder(listing)
      const { condition, values } = where(listing)
      if (listing.folderId === null)
        return visibleRows(prepare(`SELECT id, parent_id FROM items WHERE ${condition}`).all(...values)).length
      return number(prepare(`SELECT count(*) AS n FROM items WHERE ${condition}`).get(...values) ?? {}, 'n')
    },
    ids: (listing) => {
      checkFolder(listing)
      const { condition, values } = where(listing)
      const rows = prepare(`SELECT id, parent_id FROM items WHERE ${condition} ORDER BY id`).all(...values)
      return (listing.folderId === null ? visibleRows(rows) : rows).map((row) => number(row, 'id'))
    },
    matching: (words) => {
      const parts = words.map(() => 'AND instr(folded, ?) > 0').join(' ')
      const query = `SELECT id, parent_id FROM items WHERE user_id = ? ${parts} ORDER BY id DESC`
      return visibleRows(sql.prepare(query).all(userId, ...words.map(options.fold))).map((row) => number(row, 'id'))
    },
    names: (folderId, kinds) => {
      getFolder(folderId)
      const order = { by: 'name', isDescending: false } as const
      const { condition, values } = where({ folderId, kinds, extensions: null, order })
      return prepare(`SELECT id, name FROM items WHERE ${condition}`)
        .all(...values)
        .map((row) => ({ id: number(row, 'id'), name: `${row.name}` }))
    },
    touch: (ids, seconds) => {
      for (const id of ids) getChangeable(id, 'changed')
      change(() => {
        for (const id of ids) setUpdated.run(seconds, userId, id)
      })
    },
    noteOpened: (id) => note(() => setOpened.run(nowSeconds(), userId, id)),
    setStartFrom: (id, seconds) => note(() => setStart.run(seconds, userId, id)),
    setWatched: (ids, isWatched) =>
      note(() => {
        for (const id of ids) setWatched.run(isWatched ? 1 : null, userId, id)
      }),
    setSums: (sums) => {
      if (!sql.isOpen || sums.length === 0) return
      note(() => {
        for (const { content, crc32, sha1 } of sums) setSum.run(crc32, sha1 ?? null, content)
      })
    },
    isOpen: () => sql.isOpen,
  }
}
