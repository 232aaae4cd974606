import type { Database } from '../data/database.ts'
import { number, type Row, text, textOrNull } from '../data/row.ts'
import { Refusal } from '../errors/refusal.ts'
import { type Content, newContentName } from './content.ts'
import { extensionOf, kindOf } from './kinds.ts'
import type { Item, Space } from './space.ts'

/** At most this many items are copied at once: they all appear in one transaction. */
const maxItems = 20_000

/** An item to be copied, after the folder that it is in. The first one is the item at the top. */
interface CopiedItem {
  id: number
  parentId: number
  name: string
  sizeBytes: number
  /** Null for a folder. */
  content: string | null
}

/** Where a copy goes. */
export interface CopyTarget {
  parentId: number
  /** Null for its own name, or a free one. A name that is given is not changed: if it is taken, the copy is refused. */
  name: string | null
}

/** Copies within the database. */
export interface Copies {
  /** An item with all that is below it, as it is now. */
  read(id: number): CopiedItem[]
  /**
   * Adds rows for copies of such items, of this or of another user, with contents that are in place. `onAdded` runs in the same
   * transaction. Returns the item at the top.
   */
  add(
    items: readonly CopiedItem[],
    contents: ReadonlyMap<string, string>,
    target: CopyTarget,
    onAdded: () => void,
  ): Item
}

interface CopiesOptions {
  db: Database
  userId: number
  change<T>(work: () => T): T
  get(id: number): Item
  getFolder(id: number): Item
  addSize(folderId: number, bytes: number): void
  growUser(bytes: number): void
  freeName(parentId: number, name: string): string
  /** Throws a `Refusal` for a name that is taken or not possible. */
  checkNew(parentId: number, name: string): void
  fold(name: string): string
}

export function createCopies(options: CopiesOptions): Copies {
  const { userId, change, get, getFolder, addSize, growUser, fold } = options
  const { sql } = options.db
  const below = sql.prepare(
    `WITH RECURSIVE below(id) AS (
       SELECT ? UNION ALL SELECT items.id FROM below CROSS JOIN items ON items.user_id = ? AND items.parent_id = below.id)
     SELECT items.id, parent_id, name, size, content FROM below CROSS JOIN items ON items.id = below.id LIMIT ?`,
  )
  const insert = sql.prepare(
    `INSERT INTO items (user_id, parent_id, name, folded, extension, kind, size, content, created_at, updated_at, crc32, sha1)
     SELECT ?, ?, ?, ?, ?, CASE kind WHEN 'folder' THEN kind ELSE ? END, ?, ?, ?, coalesce(updated_at, created_at), crc32, sha1
     FROM items WHERE id = ?`,
  )
  return {
    read: (id) => {
      const { name, parentId } = get(id)
      if (parentId === null) throw new Refusal(`“${name}” is the root folder and cannot be copied.`)
      const rows = below.all(id, userId, maxItems + 1)
      if (rows.length > maxItems)
        throw new Refusal(`“${name}” has more than ${maxItems} items, which are too many for one copy.`)
      return rows.map(toCopied)
    },
    add: (items, contents, target, onAdded) => {
      const { parentId } = target
      getFolder(parentId)
      const [top] = items
      if (top === undefined) throw new TypeError('there is nothing to copy')
      if (target.name !== null) options.checkNew(parentId, target.name)
      return change(() => {
        const nowSeconds = Math.floor(Date.now() / 1000)
        const ids = new Map<number, number>()
        for (const item of items) {
          const name = item === top ? (target.name ?? options.freeName(parentId, item.name)) : item.name
          const folderId = item === top ? parentId : ids.get(item.parentId)
          const content = item.content === null ? null : contents.get(item.content)
          if (folderId === undefined || content === undefined) continue
          const { changes, lastInsertRowid } = insert.run(
            ...[userId, folderId, name, fold(name), extensionOf(name), kindOf(name).kind, item.sizeBytes, content],
            ...[nowSeconds, item.id],
          )
          if (Number(changes) === 0) throw new Refusal(`“${item.name}” was deleted while it was copied.`)
          ids.set(item.id, Number(lastInsertRowid))
        }
        addSize(parentId, top.sizeBytes)
        growUser(top.sizeBytes)
        onAdded()
        return get(ids.get(top.id) ?? 0)
      })
    },
  }
}

/**
 * Copies a file, or a folder with all that is below it, without copying bytes: each content gets a second name. Contents are in place
 * before their items exist; after a kill, those without an item are removed. Throws a `Refusal` if that is too much for the quota.
 */
export async function copyItem(
  source: { item: Item; space: Space },
  { space, content, roomBytes }: { space: Space; content: Content; roomBytes(): number },
  target: CopyTarget,
): Promise<Item> {
  const items = source.space.copies.read(source.item.id)
  const sizeBytes = items[0]?.sizeBytes ?? 0
  const checkRoom = () => {
    if (sizeBytes > roomBytes())
      throw new Refusal(`There is not enough disk space for a copy of “${source.item.name}”.`)
  }
  checkRoom()
  // Before the first link, so that what cannot succeed changes nothing.
  space.checkCopy(target)
  const contents = new Map(items.flatMap((item) => (item.content === null ? [] : [[item.content, newContentName()]])))
  const copies = [...contents.values()]
  await content.duplicate([...contents])
  try {
    checkRoom()
    return space.copies.add(items, contents, target, () => content.keep(copies))
  } catch (error) {
    await content.discard(copies)
    throw error
  }
}

function toCopied(row: Row): CopiedItem {
  return {
    id: number(row, 'id'),
    parentId: number(row, 'parent_id'),
    name: text(row, 'name'),
    sizeBytes: number(row, 'size'),
    content: textOrNull(row, 'content'),
  }
}
