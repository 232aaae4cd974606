import { freeName } from '../../../engine/text/names.ts'
import type { Database } from '../data/database.ts'
import { removedId } from '../data/detached.ts'
import { number, numberOrNull, type Row, text, textOrNull } from '../data/row.ts'
import { NotFound, Refusal } from '../errors/refusal.ts'
import { type Copies, type CopyTarget, createCopies } from './copies.ts'
import { createDetails, type Details } from './details.ts'
import { checkName } from './item-name.ts'
import { extensionOf, type ItemKind, kindOf, toItemKind } from './kinds.ts'
import { type Order, orderClause } from './order.ts'
import { createPurge, hideItem, type PurgeOptions } from './purge.ts'
import { createTrash, type Trash } from './trash.ts'
import { type Branch, branchOf, type NewTree } from './tree.ts'

/** A file or folder in a user's space. */
export interface Item {
  id: number
  /** 0 is the root folder; null for the root itself. */
  parentId: number | null
  name: string
  kind: ItemKind
  /** For a folder, the sum of its content. */
  sizeBytes: number
  /** The name of its content file; null for folders. */
  content: string | null
  addedAtSeconds: number
}

export const rootId = 0

/** A page of a folder's items. */
interface Page {
  offset: number
  /** -1 for all. */
  limit: number
  /** Null for all kinds. */
  kinds: readonly ItemKind[] | null
  order: Order
}

interface NameOptions {
  /** The name is what the client wants, or the act is refused. */
  isExact?: boolean
}

export interface Space {
  /** Changes with every change of the items: data read at the same version is still current. */
  version(): number
  /** Changes the version because something about the items has changed that is not in the database. */
  touch(): void
  get(id: number): Item
  has(id: number): boolean
  /** An item, or null when there is none. */
  find(id: number): Item | null
  list(folderId: number, page: Page): Item[]
  /** All folders, for the tree. */
  folders(): Item[]
  /**
   * Items that meet a condition, anywhere or below a folder. The condition is built by the program, never from a
   * client's text.
   */
  search(condition: string, values: (string | number)[], belowId?: number | null): Item[]
  /** If the name is taken, it gets a free one, or with `isExact`, a `Refusal` with `name-taken` is thrown. */
  createFolder(name: string, parentId: number, options?: NameOptions): Item
  rename(id: number, name: string, options?: NameOptions): Item
  /** Moves an item and gives it exactly this name. */
  moveAs(id: number, target: { parentId: number; name: string }): Item
  /** Throws a `Refusal` if nothing can be copied there. */
  checkCopy(target: CopyTarget): void
  copies: Copies
  details: Details
  /** Moves items into a folder, all or none. Returns each of them once, in its new state. */
  move(ids: readonly number[], parentId: number): Item[]
  /**
   * Removes items and all below them for good, all or none. They become invisible at once, however many they are;
   * `purge` deletes rows and contents later.
   */
  remove(ids: readonly number[]): void
  /** What was deleted and can still be restored. Nothing else in the space sees it. */
  trash: Trash
  /** Deletes the rows and contents of removed items, in short steps between which other work can run. */
  purge(options: PurgeOptions): Promise<void>
  /** Adds a file whose content is in place. Call it inside a transaction. It goes to the root if its folder is gone. */
  addFile(file: { name: string; parentId: number; sizeBytes: number; content: string }): Item
  /**
   * Adds files and folders whose contents are in place. Call it inside a transaction. Returns the items at the top and
   * the id of each file. They go to the root if their folder is gone.
   */
  addTree(tree: NewTree): { top: Item[]; fileIds: number[] }
  /** A folder by its name, or null. */
  findFolder(parentId: number, name: string): Item | null
  /** The ids of the folders that contain an item, from its parent up. */
  ancestors(id: number): number[]
  /** How many items are below a folder, at any depth. */
  count(folderId: number): number
  /** The size of all files, including those in the trash. */
  storedBytes(): number
}

/**
 * The items of one user, in the database. The sizes of folders are updated with each change. `onRemoved` is called when
 * there is something to purge, possibly before the removing transaction has ended.
 */
export function createSpace(db: Database, userId: number, onRemoved: () => void = () => undefined): Space {
  const { sql } = db
  const columns = 'id, parent_id, name, kind, size, content, created_at'
  const byId = sql.prepare(`SELECT ${columns} FROM items WHERE user_id = ? AND id = ?`)
  const byName = sql.prepare('SELECT 1 FROM items WHERE user_id = ? AND parent_id = ? AND name = ?')
  const byFolded = sql.prepare('SELECT 1 FROM items WHERE user_id = ? AND parent_id = ? AND folded = ?')
  const grow = sql.prepare('UPDATE items SET size = size + ? WHERE user_id = ? AND id = ?')
  const growUser = sql.prepare('UPDATE users SET stored_bytes = stored_bytes + ? WHERE id = ?')
  const stored = sql.prepare('SELECT stored_bytes FROM users WHERE id = ?')
  const place = sql.prepare(
    `UPDATE items SET parent_id = ?, name = ?, folded = ?, trashed_name = NULL, trashed_from = NULL, trashed_at = NULL
     WHERE user_id = ? AND id = ?`,
  )
  const insert = sql.prepare(
    `INSERT INTO items (user_id, parent_id, name, folded, extension, kind, size, content, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  // Without CROSS JOIN, SQLite reads all items of the user again at every step.
  const below = `WITH RECURSIVE below(id) AS (
    SELECT ? UNION ALL SELECT items.id FROM below CROSS JOIN items ON items.user_id = ? AND items.parent_id = below.id)`

  const listings = new Map<string, ReturnType<typeof sql.prepare>>()
  const listing = (query: string) => {
    const known = listings.get(query) ?? sql.prepare(query)
    listings.set(query, known)
    return known
  }
  let version = 0
  /** Wraps every change, so that no stale data is taken for current. */
  const change = <T>(work: () => T): T => {
    version += 1
    try {
      return db.transact(work)
    } finally {
      version += 1
    }
  }
  const anyRemoved = sql.prepare(`SELECT id FROM items WHERE user_id = ? AND parent_id = ${removedId} LIMIT 1`)
  let hasRemoved = anyRemoved.get(userId) !== undefined
  const parentOf = sql.prepare('SELECT parent_id FROM items WHERE user_id = ? AND id = ?')
  const parentIn = (id: number) => number(parentOf.get(userId, id) ?? { parent_id: removedId }, 'parent_id')
  /** True for an item below the root, at any depth. Only items in the trash, and removed ones that are not yet purged, are not. */
  const isVisible = (parentId: number, known: Map<number, boolean>): boolean => {
    const path: number[] = []
    let at = parentId
    while (at > rootId && !known.has(at)) {
      path.push(at)
      at = parentIn(at)
    }
    const isThere = at === rootId || known.get(at) === true
    for (const id of path) known.set(id, isThere)
    return isThere
  }
  const hasHidden = () => hasRemoved || trash.hasItems()
  const find = (id: number): Item | null => {
    const row = byId.get(userId, id)
    if (row === undefined) return null
    return hasHidden() && !isVisible(number(row, 'parent_id'), new Map()) ? null : toItem(row)
  }
  /** The visible ones of these rows. */
  const visibleRows = (rows: Row[]): Row[] => {
    const known = new Map<number, boolean>()
    return hasHidden() ? rows.filter((row) => isVisible(number(row, 'parent_id'), known)) : rows
  }
  const visible = (rows: Row[]): Item[] => visibleRows(rows).map(toItem)
  let known: { version: number; bytes: number } | null = null
  const readStored = () => number(stored.get(userId) ?? {}, 'stored_bytes')
  /** Read at every step of a transfer, so it is cached. A value that may still be rolled back is not. */
  const storedBytes = () => {
    if (sql.isTransaction) return readStored()
    if (known?.version !== version) known = { version, bytes: readStored() }
    return known.bytes
  }
  const root = () => rootItem(storedBytes() - trash.totals().sizeBytes)
  const get = (id: number): Item => {
    if (id === rootId) return root()
    const item = find(id)
    if (item === null) throw new NotFound(`There is no item with the id ${id}.`)
    return item
  }
  const getFolder = (id: number): Item => {
    const folder = get(id)
    if (folder.kind !== 'folder') throw new Refusal(`“${folder.name}” is not a folder.`)
    return folder
  }
  const getChangeable = (id: number, what: string): Item & { parentId: number } => {
    const item = get(id)
    const { parentId } = item
    if (parentId === null) throw new Refusal(`“${item.name}” is the root folder and cannot be ${what}.`)
    return { ...item, parentId }
  }
  const freeNameIn = (parentId: number, name: string) =>
    freeName(name, (candidate) => byName.get(userId, parentId, candidate) !== undefined)
  const refuseTaken = (parentId: number, name: string) => {
    if (byName.get(userId, parentId, name) === undefined) return
    throw new Refusal(`There is something with the name “${name}” already.`, { code: 'name-taken' })
  }
  const checkNew = (parentId: number, name: string) => {
    checkName(name, { isKept: true })
    refuseTaken(parentId, name)
  }
  const nameIn = (parentId: number, name: string, isExact: boolean) => {
    if (isExact) refuseTaken(parentId, name)
    return isExact ? name : freeNameIn(parentId, name)
  }
  /** Adds to the size of a folder and of all folders around it. */
  const addSize = (folderId: number, bytes: number) => {
    if (bytes === 0) return
    for (let at = folderId; at > rootId; at = parentIn(at)) grow.run(bytes, userId, at)
  }
  /** New items also avoid names that differ only in case, because not every disk distinguishes them. */
  const freeNameForNew = (parentId: number, name: string) =>
    freeName(name, (candidate) => byFolded.get(userId, parentId, fold(candidate)) !== undefined)
  const addArrival = (item: NewItem) => addRow({ ...item, name: freeNameForNew(item.parentId, item.name) })
  const addRow = ({ name, ...item }: NewItem): number => {
    const { lastInsertRowid } = insert.run(
      userId,
      item.parentId,
      name,
      fold(name),
      extensionOf(name),
      item.kind,
      item.sizeBytes,
      item.content,
      Math.floor(Date.now() / 1000),
    )
    return Number(lastInsertRowid)
  }
  const attach = (id: number, parentId: number, wanted: string) => {
    const name = freeNameIn(parentId, wanted)
    place.run(parentId, name, fold(name), userId, id)
  }
  const moveTo = (parentId: number, item: Item & { parentId: number }) => {
    if (item.parentId === parentId) return
    addSize(item.parentId, -item.sizeBytes)
    addSize(parentId, item.sizeBytes)
    attach(item.id, parentId, item.name)
  }
  const setName = (item: Item, name: string): Item => {
    const kind = item.kind === 'folder' ? 'folder' : kindOf(name).kind
    sql
      .prepare('UPDATE items SET name = ?, folded = ?, extension = ?, kind = ? WHERE user_id = ? AND id = ?')
      .run(name, fold(name), extensionOf(name), kind, userId, item.id)
    return get(item.id)
  }
  const checkMove = (items: readonly Item[], parentId: number) => {
    const own = new Map(items.map((item) => [item.id, item]))
    for (let at = getFolder(parentId).id; at > rootId; at = parentIn(at)) {
      const around = own.get(at)
      if (around !== undefined) throw new Refusal(`“${around.name}” cannot be moved into itself or a folder inside it.`)
    }
  }
  const shared = { db, userId, change, get, getFolder, fold }
  const touch = () => {
    version += 1
  }
  const details = createDetails({ ...shared, version: () => version, touch, getChangeable, visibleRows, toItem })
  const copies = createCopies({
    ...shared,
    addSize,
    freeName: (parentId, name) => freeNameIn(parentId, name),
    growUser: (bytes) => growUser.run(bytes, userId),
    checkNew,
  })
  const hide = sql.prepare(hideItem)
  const trash = createTrash({
    ...{ db, userId, change, find, parentIn, addSize, attach, rootId },
    version: () => version,
    onRemoved: () => {
      hasRemoved = true
      onRemoved()
    },
    getDeletable: (id) => getChangeable(id, 'deleted'),
    growUser: (bytes) => growUser.run(bytes, userId),
  })
  const purgeRemoved = createPurge(db, userId, () => {
    hasRemoved = false
    // Lets transfers that share the same bytes recompute what they hold.
    version += 1
  })
  let purging: Promise<void> | null = null
  const existingFolder = (id: number) => (id === rootId || find(id)?.kind === 'folder' ? id : rootId)
  const addBranch = (branch: Branch, parentId: number, files: NewTree['files'], fileIds: number[]): number[] => {
    const added = branch.files.map(({ name, index }) => {
      const { sizeBytes, content } = files[index] ?? { sizeBytes: 0, content: null }
      const id = addArrival({ name, parentId, kind: kindOf(name).kind, sizeBytes, content })
      fileIds[index] = id
      return id
    })
    for (const [name, inner] of branch.folders) {
      const id = addArrival({ name, parentId, kind: 'folder', sizeBytes: inner.sizeBytes, content: null })
      addBranch(inner, id, files, fileIds)
      added.push(id)
    }
    return added
  }

  return {
    version: () => version,
    touch,
    get,
    has: (id) => id === rootId || find(id) !== null,
    find: (id) => (id === rootId ? root() : find(id)),
    storedBytes,
    trash,
    list: (folderId, { offset, limit, kinds, order }) => {
      getFolder(folderId)
      const filter = kinds === null ? '' : `AND kind IN (${kinds.map((kind) => `'${kind}'`).join(', ')})`
      return listing(
        `SELECT ${columns} FROM items WHERE user_id = ? AND parent_id = ? ${filter} ORDER BY ${orderClause(order)} LIMIT ? OFFSET ?`,
      )
        .all(userId, folderId, limit, offset)
        .map(toItem)
    },
    folders: () =>
      visible(
        sql
          .prepare(`SELECT ${columns} FROM items WHERE user_id = ? AND kind = 'folder' ORDER BY folded, id`)
          .all(userId),
      ),
    search: (condition, values, belowId = null) => {
      const scope = belowId === null ? '' : 'AND id IN below AND id != ?'
      const start = belowId === null ? '' : below
      const its = belowId === null ? [userId] : [belowId, userId, userId, belowId]
      return visible(
        sql
          .prepare(
            `${start} SELECT ${columns} FROM items WHERE user_id = ? ${scope} AND ${condition} ORDER BY created_at DESC, id DESC`,
          )
          .all(...its, ...values),
      )
    },
    createFolder: (name, parentId, { isExact = false } = {}) => {
      checkName(name, { isKept: isExact })
      getFolder(parentId)
      const free = nameIn(parentId, name, isExact)
      return change(() => get(addRow({ name: free, parentId, kind: 'folder', sizeBytes: 0, content: null })))
    },
    rename: (id, name, { isExact = false } = {}) => {
      checkName(name, { isKept: isExact })
      const item = getChangeable(id, 'renamed')
      if (item.name === name) return item
      const free = nameIn(item.parentId, name, isExact)
      return change(() => setName(item, free))
    },
    moveAs: (id, { parentId, name }) => {
      checkName(name, { isKept: true })
      const item = getChangeable(id, 'moved')
      checkMove([item], parentId)
      if (item.parentId === parentId && item.name === name) return item
      refuseTaken(parentId, name)
      return change(() => {
        moveTo(parentId, item)
        return setName(item, name)
      })
    },
    checkCopy: ({ parentId, name }) => {
      getFolder(parentId)
      if (name !== null) checkNew(parentId, name)
    },
    copies,
    details,
    move: (ids, parentId) => {
      const moved = [...new Set(ids)]
      const items = moved.map((id) => getChangeable(id, 'moved'))
      checkMove(items, parentId)
      if (items.every((item) => item.parentId === parentId)) return items
      return change(() => {
        // Read again, because moving an item out of another one has changed its size.
        for (const id of moved) moveTo(parentId, getChangeable(id, 'moved'))
        return moved.map(get)
      })
    },
    remove: (ids) => {
      const removed = [...new Set(ids)]
      for (const id of removed) getChangeable(id, 'deleted')
      if (removed.length === 0) return
      // A folder takes along what is in it.
      hasRemoved = true
      change(() => {
        for (const id of removed) {
          const item = find(id)
          if (item?.parentId == null) continue
          addSize(item.parentId, -item.sizeBytes)
          growUser.run(-item.sizeBytes, userId)
          hide.run(`${id}`, id)
        }
      })
      onRemoved()
    },
    purge: (options) => {
      if (!hasRemoved) return Promise.resolve()
      purging ??= purgeRemoved(options).finally(() => {
        purging = null
      })
      return purging
    },
    addFile: ({ name, parentId, sizeBytes, content }) =>
      change(() => {
        const folderId = existingFolder(parentId)
        const item = get(addArrival({ name, parentId: folderId, kind: kindOf(name).kind, sizeBytes, content }))
        addSize(folderId, sizeBytes)
        growUser.run(sizeBytes, userId)
        return item
      }),
    addTree: (tree) =>
      change(() => {
        const folderId = existingFolder(tree.parentId)
        const whole = branchOf(tree)
        const fileIds: number[] = []
        const top = addBranch(whole, folderId, tree.files, fileIds)
        addSize(folderId, whole.sizeBytes)
        growUser.run(whole.sizeBytes, userId)
        return { top: top.map(get), fileIds }
      }),
    count: (folderId) =>
      number(sql.prepare(`${below} SELECT count(*) - 1 AS n FROM below`).get(folderId, userId) ?? {}, 'n'),
    findFolder: (parentId, name) => {
      const row = sql
        .prepare(`SELECT ${columns} FROM items WHERE user_id = ? AND parent_id = ? AND name = ? AND kind = 'folder'`)
        .get(userId, parentId, name)
      return row === undefined ? null : toItem(row)
    },
    ancestors: (id) => {
      const path: number[] = []
      for (let at = find(id)?.parentId ?? rootId; at > rootId; at = parentIn(at)) path.push(at)
      return path
    },
  }
}

interface NewItem {
  name: string
  parentId: number
  kind: ItemKind
  sizeBytes: number
  content: string | null
}

/** A name as it is compared: ignoring case. */
export function fold(name: string): string {
  return name.normalize('NFC').toLowerCase()
}

function rootItem(sizeBytes: number): Item {
  return {
    id: rootId,
    parentId: null,
    name: 'Your Files',
    kind: 'folder',
    sizeBytes,
    content: null,
    addedAtSeconds: 0,
  }
}

function toItem(row: Row): Item {
  const content = textOrNull(row, 'content')
  return {
    id: number(row, 'id'),
    parentId: numberOrNull(row, 'parent_id'),
    name: text(row, 'name'),
    kind: toItemKind(row.kind) ?? (content === null ? 'folder' : 'file'),
    sizeBytes: number(row, 'size'),
    content,
    addedAtSeconds: number(row, 'created_at'),
  }
}
