import type { Database } from '../data/database.ts'
import { number, type Row, text } from '../data/row.ts'
import { createSettings } from './settings.ts'

/** Something that has happened in an account. Source: API v2 §14. */
interface AccountEvent {
  id: number
  type: string
  /** What belongs to this type: texts, and ids and sizes. */
  details: Record<string, string | number | null>
  createdAtSeconds: number
}

/** What has happened in one user's account, as long as the person wants it to be noted. The oldest are forgotten. */
export interface Events {
  /** Notes an event. Call it inside the transaction that makes it happen. */
  add(type: string, details: AccountEvent['details']): void
  /** Newest first, those before an event; null for the newest ones. */
  list(beforeId: number | null, limit: number): AccountEvent[]
  /** Returns false if there is no such event. */
  remove(id: number): boolean
  clear(): void
}

const maxEvents = 2000

export function createEvents(db: Database, userId: number): Events {
  const { sql } = db
  const insert = sql.prepare('INSERT INTO events (user_id, type, details, created_at) VALUES (?, ?, ?, ?)')
  const prune = sql.prepare(
    `DELETE FROM events WHERE user_id = ?1 AND id <= (
       SELECT id FROM events WHERE user_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ${maxEvents})`,
  )
  const settings = createSettings(db, userId)
  return {
    add: (type, details) => {
      if (!settings.get().isHistoryEnabled) return
      insert.run(userId, type, JSON.stringify(details), Math.floor(Date.now() / 1000))
      prune.run(userId)
    },
    list: (beforeId, limit) =>
      sql
        .prepare('SELECT * FROM events WHERE user_id = ? AND id < ? ORDER BY id DESC LIMIT ?')
        .all(userId, beforeId ?? Number.MAX_SAFE_INTEGER, limit)
        .map(toEvent),
    remove: (id) => {
      const remove = sql.prepare('DELETE FROM events WHERE user_id = ? AND id = ?')
      return Number(db.transact(() => remove.run(userId, id)).changes) > 0
    },
    clear: () => {
      db.transact(() => sql.prepare('DELETE FROM events WHERE user_id = ?').run(userId))
    },
  }
}

function toEvent(row: Row): AccountEvent {
  const details: Record<string, unknown> = Object(JSON.parse(text(row, 'details')))
  const isPlain = (value: unknown): value is string | number | null =>
    value === null || typeof value === 'string' || typeof value === 'number'
  return {
    id: number(row, 'id'),
    type: text(row, 'type'),
    details: Object.fromEntries(
      Object.entries(details).filter((entry): entry is [string, string | number | null] => isPlain(entry[1])),
    ),
    createdAtSeconds: number(row, 'created_at'),
  }
}
