import { setImmediate } from 'node:timers/promises'
import type { Database } from '../data/database.ts'
import { number, type Row, textOrNull } from '../data/row.ts'

/** Where items are that were removed, until nothing of them is left. */
export const removedId = -1
/** Takes an item out of the tree, whatever is below it, under a name that no other has. */
export const hideItem = `UPDATE items SET parent_id = ${removedId}, name = ? WHERE id = ?`

/** How many items go in one step: what others wait for meanwhile. */
const purgeAtOnce = 500

export interface PurgeOptions {
  eraseContents(contents: readonly string[]): Promise<void>
  /** Ends it between two steps; it goes on at the next start. */
  signal: AbortSignal
}

/**
 * Makes the function that takes away the rows and contents of a user's items that were removed, in short steps with room for other
 * work between them. `onDone` is called in the moment in which nothing of them is left.
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
  /** Some of what was removed: rows that can go, and folders that come out of them, so that the tree gets flat. */
  const someRemoved = () => {
    const gone: Row[] = []
    const left: number[] = []
    for (const top of some.all(userId, removedId, purgeAtOnce)) {
      const room = purgeAtOnce - gone.length - left.length
      if (room <= 0) break
      const inner = top.content === null ? some.all(userId, number(top, 'id'), room) : []
      for (const row of inner) {
        if (row.kind === 'folder') left.push(number(row, 'id'))
        else gone.push(row)
      }
      if (inner.length < room) gone.push(top)
    }
    return { gone, left }
  }
  return async ({ eraseContents, signal }) => {
    while (!signal.aborted) {
      const { gone, left } = someRemoved()
      if (gone.length + left.length === 0) return onDone()
      await eraseContents(gone.flatMap((row) => textOrNull(row, 'content') ?? []))
      if (signal.aborted) return
      db.transact(() => {
        for (const id of left) hide.run(`${id}`, id)
        for (const row of gone) erase.run(number(row, 'id'))
      })
      await setImmediate()
    }
  }
}
