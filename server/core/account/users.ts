import type { Database } from '../data/database.ts'
import { number } from '../data/row.ts'

/**
 * The ids of users by name. A new name adds a user, except in a service with a single user: there the user is renamed
 * and keeps the space.
 */
export function userIds(db: Database, names: readonly string[]): number[] {
  const { sql } = db
  const known = sql.prepare('SELECT id FROM users WHERE name = ?')
  const [only, ...others] = names
  return db.transact(() => {
    const isSingle = only !== undefined && others.length === 0
    const rows = sql.prepare('SELECT id FROM users').all()
    if (isSingle && rows.length === 1 && known.get(only) === undefined)
      sql.prepare('UPDATE users SET name = ?').run(only)
    return names.map((name) => {
      const row = known.get(name)
      if (row !== undefined) return number(row, 'id')
      return Number(sql.prepare('INSERT INTO users (name) VALUES (?)').run(name).lastInsertRowid)
    })
  })
}
