import type { Database } from '../data/database.ts'
import { number, text } from '../data/row.ts'
import { Refusal } from '../errors/refusal.ts'

/** What apps store for a user: any JSON, under names, for each app its own. Source: API v2 §16. */
export interface Configs {
  /** Null for a name that is not set. */
  get(app: string, name: string): unknown
  all(app: string): Record<string, unknown>
  set(app: string, name: string, value: unknown): void
  /** Replaces everything that the app has stored. */
  replace(app: string, values: Record<string, unknown>): void
  remove(app: string, name: string): void
}

/** For each user and app. Source: API v2 §16. */
const maxBytes = 16 * 1024 * 1024
const maxNameLength = 200

export function createConfigs(db: Database, userId: number): Configs {
  const { sql } = db
  const one = sql.prepare('SELECT value FROM configs WHERE user_id = ? AND app = ? AND name = ?')
  const all = sql.prepare('SELECT name, value FROM configs WHERE user_id = ? AND app = ?')
  const put = sql.prepare('INSERT OR REPLACE INTO configs (user_id, app, name, value) VALUES (?, ?, ?, ?)')
  const size = sql.prepare(
    'SELECT coalesce(sum(length(name) + length(value)), 0) AS n FROM configs WHERE user_id = ? AND app = ?',
  )
  const set = (app: string, name: string, value: unknown) => {
    if (name === '' || name.length > maxNameLength) throw new Refusal('The name of a value has 1 to 200 characters.')
    put.run(userId, app, name, JSON.stringify(value ?? null))
    if (number(size.get(userId, app) ?? {}, 'n') > maxBytes) throw new Refusal('An app can store at most 16 MiB.')
  }
  return {
    get: (app, name) => {
      const row = one.get(userId, app, name)
      return row === undefined ? null : JSON.parse(text(row, 'value'))
    },
    all: (app) =>
      Object.fromEntries(all.all(userId, app).map((row) => [text(row, 'name'), JSON.parse(text(row, 'value'))])),
    set: (app, name, value) => db.transact(() => set(app, name, value)),
    replace: (app, values) =>
      db.transact(() => {
        sql.prepare('DELETE FROM configs WHERE user_id = ? AND app = ?').run(userId, app)
        for (const [name, value] of Object.entries(values)) set(app, name, value)
      }),
    remove: (app, name) => {
      db.transact(() =>
        sql.prepare('DELETE FROM configs WHERE user_id = ? AND app = ? AND name = ?').run(userId, app, name),
      )
    },
  }
}
