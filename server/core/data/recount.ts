import type { DatabaseSync } from 'node:sqlite'
import { removedId } from './detached.ts'
import { number, type Row } from './row.ts'

/**
 * Repairs the tree of a restored database. An item whose folder is missing, or that is inside itself, moves to the
 * root. The sizes of folders and users are summed up again from the files, including those in the trash.
 */
export function recount(sql: DatabaseSync): void {
  sql.exec('BEGIN IMMEDIATE')
  const rows = sql.prepare('SELECT id, user_id, parent_id, kind, size FROM items').all().map(toNode)
  const byId = new Map(rows.map((node) => [node.id, node]))
  const toRoot = sql.prepare("UPDATE items SET parent_id = 0, name = name || ' (' || id || ')' WHERE id = ?")
  const rename = sql.prepare('UPDATE items SET folded = lower(name) WHERE id = ?')
  const placed = new Set<number>()
  for (const node of rows) {
    const path = new Set<number>()
    for (let at: Node | undefined = node; at !== undefined && at.parentId > 0 && !placed.has(at.id); ) {
      path.add(at.id)
      const parent: Node | undefined = byId.get(at.parentId)
      const isSound: boolean = parent?.isFolder === true && parent.userId === at.userId && !path.has(parent.id)
      if (!isSound) {
        toRoot.run(at.id)
        rename.run(at.id)
        at.parentId = 0
      }
      at = isSound ? parent : undefined
    }
    for (const id of path) placed.add(id)
  }
  const sums = new Map<number, number>()
  const stored = new Map<number, number>()
  for (const { isFolder, parentId, size, userId } of rows) {
    if (isFolder) continue
    let isRemoved = parentId === removedId
    for (let at = byId.get(parentId); at !== undefined; at = byId.get(at.parentId)) {
      sums.set(at.id, (sums.get(at.id) ?? 0) + size)
      isRemoved ||= at.parentId === removedId
    }
    if (!isRemoved) stored.set(userId, (stored.get(userId) ?? 0) + size)
  }
  const setSize = sql.prepare('UPDATE items SET size = ? WHERE id = ?')
  for (const { id, isFolder, size } of rows) {
    if (isFolder && size !== (sums.get(id) ?? 0)) setSize.run(sums.get(id) ?? 0, id)
  }
  const setStored = sql.prepare('UPDATE users SET stored_bytes = ? WHERE id = ?')
  for (const row of sql.prepare('SELECT id FROM users').all()) {
    setStored.run(stored.get(number(row, 'id')) ?? 0, number(row, 'id'))
  }
  sql.exec('COMMIT')
}

interface Node {
  id: number
  userId: number
  parentId: number
  isFolder: boolean
  size: number
}

function toNode(row: Row): Node {
  return {
    id: number(row, 'id'),
    userId: number(row, 'user_id'),
    parentId: number(row, 'parent_id'),
    isFolder: row.kind === 'folder',
    size: number(row, 'size'),
  }
}
