import { setImmediate } from 'node:timers/promises'
import type { Database } from '../data/database.ts'
import { removedId } from '../data/detached.ts'
import { number, type Row, textOrNull } from '../data/row.ts'

/** Takes an item, with all below it, out of the tree or the trash, under a unique name. */
export const hideItem = `UPDATE items SET parent_id = ${removedId}, name = ?, trashed_at = NULL WHERE id = ?`

/** How many items are purged in one step, during which nothing else runs. */
const batchSize = 500

export interface PurgeOptions {
  eraseContents(contents: readonly string[]): Promise<void>
  /** Stops the purge between two steps; the next start continues it. */
  signal: AbortSignal
}

/**
 * Creates the function that deletes the rows and contents of a user's removed items, in short steps between which other
 * work can run. `onDone` is called in the same tick in which the last one is gone.
 */
export function createPurge(
  db: Database,
  userId: number,
  onDone: () => void,
): (options: PurgeOptions) => Promise<void> {
  const { sql } = db
  const some = sql.prepare('SELECT id, kind, content FROM items WHERE user_id = ? AND parent_id = ? LIMIT ?')
  const hide = sql.prepare(hideItem)
  const erase = sql.prepare('DELETE FROM items WHERE id = ?')
  /** A batch of removed items: rows that can be deleted, and folders to be moved up, so that the tree becomes flat. */
  const nextBatch = () => {
    const deletable: Row[] = []
    const folders: number[] = []
    for (const top of some.all(userId, removedId, batchSize)) {
      const room = batchSize - deletable.length - folders.length
      if (room <= 0) break
      const inner = top.content === null ? some.all(userId, number(top, 'id'), room) : []
      for (const row of inner) {
        if (row.kind === 'folder') folders.push(number(row, 'id'))
        else deletable.push(row)
      }
      if (inner.length < room) deletable.push(top)
    }
    return { deletable, folders }
  }
  return async ({ eraseContents, signal }) => {
    while (!signal.aborted) {
      const { deletable, folders } = nextBatch()
      if (deletable.length + folders.length === 0) return onDone()
      await eraseContents(deletable.flatMap((row) => textOrNull(row, 'content') ?? []))
      if (signal.aborted) return
      db.transactSoon(() => {
        for (const id of folders) hide.run(`${id}`, id)
        for (const row of deletable) erase.run(number(row, 'id'))
      })
      await setImmediate()
    }
  }
}
