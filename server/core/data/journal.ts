import { closeSync, fdatasync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs'
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { replaceFileSync } from '../../../engine/disk/replace-file.ts'
import { currentRow } from './legacy-rows.ts'
import { number, type Row, text } from './row.ts'

const syncAfterMs = 1000

/**
 * The rows that one transaction changed, in their new state; null for a deleted row. A journal starts with an entry
 * without rows.
 */
export interface Entry {
  databaseId: string
  /** The transaction's number in its database, from 1. */
  number: number
  rows: { table: Table; key: string; row: Row | null }[]
}

/** The tables whose rows are journaled. Progress and counters are not: those are all that a damaged database loses. */
export type Table =
  | 'users'
  | 'items'
  | 'transfers'
  | 'messages'
  | 'subscriptions'
  | 'seen_entries'
  | 'shares'
  | 'public_shares'

/** The changes after which a row is journaled. Deleted items need none: they were moved to the removed ones before. */
const watchedChanges: Record<Table, string[]> = {
  users: ['INSERT', 'UPDATE OF name'],
  items: ['INSERT', 'UPDATE OF parent_id, name, updated_at'],
  transfers: ['INSERT', 'DELETE', 'UPDATE OF torrent', 'UPDATE OF links, stage, plan, item_ids, name, finished_at'],
  messages: ['INSERT', 'DELETE'],
  subscriptions: ['INSERT', 'DELETE', 'UPDATE OF name, url, do_filters, dont_filters, folder_id, paused'],
  seen_entries: ['INSERT'],
  shares: ['INSERT', 'DELETE'],
  public_shares: ['INSERT', 'DELETE'],
}
/** A save of a transfer writes all its columns, and is journaled only when one of these has changed. */
const hasRelevantChange = ['links', 'stage', 'plan', 'item_ids', 'name', 'finished_at']
  .map((column) => `OLD.${column} IS NOT NEW.${column}`)
  .join(' OR ')

/** An append-only file of the database's changes, with a line and a checksum for each transaction. */
export interface Journal {
  /** Call before a commit. Returns the line to write after it, or null when nothing changed. */
  prepare(): string | null
  /** Call after the commit. */
  write(line: string | null): void
  /** Call after a rollback: forgets the changes. */
  rollBack(): void
  /** True when there are no changes in it. */
  isEmpty(): boolean
  sizeBytes(): number
  /** Its end at this moment. A copy of the database that is started afterwards contains everything before it. */
  mark(): JournalMark
  /** Moves everything before the mark to the older journal, because a copy of the database has it. */
  rotate(mark: JournalMark): void
  close(): void
}

interface Changed {
  table: Table
  key: string
}

interface JournalMark {
  offset: number
  databaseId: string
  number: number
}

interface JournalOptions {
  path: string
  /** Keeps what the newest copy of the database already has, until the next copy. */
  olderPath: string
  report(error: unknown): void
  /** Called when rows were changed outside a transaction. */
  onUntracked(): void
}

export function openJournal(sql: DatabaseSync, { path, olderPath, report, onUntracked }: JournalOptions): Journal {
  let file = openSync(path, 'a', 0o600)
  let sizeBytes = statSync(path).size
  let isEmpty = readJournal(path).every(({ rows }) => rows.length === 0)
  let hasPartialLine = sizeBytes > 0
  let syncing: NodeJS.Timeout | null = null
  const changed = new Map<string, Changed>()
  /** Changes made outside a transaction; they stay in the database even if the next transaction is rolled back. */
  const untracked = new Map<string, Changed>()
  sql.function('note_change', (table, key) => {
    if (isTable(table)) (sql.isTransaction ? changed : untracked).set(`${table} ${key}`, { table, key: `${key}` })
    if (!sql.isTransaction) onUntracked()
    return null
  })
  watch(sql)
  const count = sql.prepare('UPDATE written SET number = number + 1 RETURNING database_id, number')
  const readers = new Map<Table, ReturnType<typeof sql.prepare>>()
  const read = ({ table, key }: { table: Table; key: string }): Row | null => {
    if (table === 'seen_entries') {
      const [subscription_id, entry]: unknown[] = JSON.parse(key)
      return { subscription_id, entry }
    }
    const reader = readers.get(table) ?? sql.prepare(`SELECT * FROM ${table} WHERE id = ?`)
    readers.set(table, reader)
    return reader.get(Number(key)) ?? null
  }
  const append = (line: string) => {
    const bytes = Buffer.from(hasPartialLine ? `\n${line}` : line)
    hasPartialLine = true
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done)
    hasPartialLine = false
    isEmpty = false
    sizeBytes += bytes.length
  }
  return {
    prepare: () => {
      if (changed.size === 0 && untracked.size === 0) return null
      const written = count.get() ?? {}
      const rows = [...new Map([...untracked, ...changed]).values()].map((one) => ({ ...one, row: read(one) }))
      return lineOf({ databaseId: text(written, 'database_id'), number: number(written, 'number'), rows })
    },
    write: (line) => {
      if (line === null) return
      changed.clear()
      untracked.clear()
      try {
        append(line)
      } catch (error) {
        // The database itself has the change. The next copy closes the gap.
        report(error)
      }
      syncing ??= setTimeout(() => {
        syncing = null
        fdatasync(file, (error) => {
          if (error !== null && error.code !== 'EBADF') report(error)
        })
      }, syncAfterMs).unref()
    },
    rollBack: () => changed.clear(),
    isEmpty: () => isEmpty,
    sizeBytes: () => sizeBytes,
    mark: () => {
      const written = sql.prepare('SELECT database_id, number FROM written').get() ?? {}
      return { offset: sizeBytes, databaseId: text(written, 'database_id'), number: number(written, 'number') }
    },
    rotate: (mark) => {
      const rest = readFileSync(path).subarray(mark.offset)
      const bytes = Buffer.concat([Buffer.from(lineOf({ ...mark, rows: [] })), rest])
      writeFileSync(`${path}.new`, bytes, { mode: 0o600, flush: true })
      replaceFileSync(path, olderPath)
      replaceFileSync(`${path}.new`, path)
      closeSync(file)
      file = openSync(path, 'a', 0o600)
      sizeBytes = bytes.length
      isEmpty = rest.length === 0
    },
    close: () => {
      if (syncing !== null) clearTimeout(syncing)
      closeSync(file)
    },
  }
}

/** All intact entries, in order; damaged lines are skipped. Empty when there is no file. */
export function readJournal(path: string): Entry[] {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return []
  return readFileSync(path, 'utf8').split('\n').flatMap(entryOf)
}

/** Applies entries in order. Call it with foreign keys off, and recount the sizes afterwards. */
export function replay(sql: DatabaseSync, entries: readonly Entry[]): void {
  sql.exec('BEGIN IMMEDIATE')
  for (const { rows } of entries) {
    for (const { table, key, row } of rows.filter((one) => one.row === null)) {
      if (row === null) sql.prepare(`DELETE FROM ${table} WHERE id = ?`).run(Number(key))
    }
    for (const { table, row } of rows) {
      if (row !== null) putRow(sql, table, row)
    }
  }
  const last = entries.at(-1)
  if (last !== undefined)
    sql.prepare('UPDATE written SET database_id = ?, number = ?').run(last.databaseId, last.number)
  sql.exec('COMMIT')
}

/**
 * Writes a journaled row over whatever has its key. The row may be of an earlier version; the database is of this one.
 */
export function putRow(sql: DatabaseSync, table: Table, written: Row): void {
  const row = currentRow(table, written)
  const known = columnsOf(sql, table)
  const columns = Object.keys(row).filter((column) => known.has(column))
  const values = columns.map((column) => toValue(row[column]))
  if (table === 'items') {
    // An earlier line may be damaged: then another item can still have this name.
    const { id, user_id, parent_id, name } = row
    sql
      .prepare('UPDATE items SET name = name || ? WHERE user_id = ? AND parent_id = ? AND name = ? AND id != ?')
      .run(` (${id})`, toValue(user_id), toValue(parent_id), toValue(name), toValue(id))
  }
  const placeholders = columns.map(() => '?').join(', ')
  sql.prepare(`INSERT OR REPLACE INTO ${table} (${columns.join(', ')}) VALUES (${placeholders})`).run(...values)
}

const columns = new WeakMap<DatabaseSync, Map<Table, Set<string>>>()

function columnsOf(sql: DatabaseSync, table: Table): ReadonlySet<string> {
  const known = columns.get(sql) ?? new Map<Table, Set<string>>()
  columns.set(sql, known)
  const read = () => sql.prepare(`SELECT name FROM pragma_table_info('${table}')`).all()
  const names = known.get(table) ?? new Set(read().map((row) => text(row, 'name')))
  known.set(table, names)
  return names
}

function watch(sql: DatabaseSync): void {
  for (const table of tables) {
    for (const [index, occasion] of watchedChanges[table].entries()) {
      const row = occasion === 'DELETE' ? 'OLD' : 'NEW'
      const key = table === 'seen_entries' ? `json_array(${row}.subscription_id, ${row}.entry)` : `${row}.id`
      const when = occasion.startsWith('UPDATE OF links') ? `WHEN ${hasRelevantChange}` : ''
      sql.exec(`CREATE TEMP TRIGGER note_${table}_${index} AFTER ${occasion} ON main.${table} ${when} BEGIN
        SELECT note_change('${table}', ${key}); END`)
    }
  }
}

const tables: Table[] = [
  ...(['users', 'items', 'transfers', 'messages', 'subscriptions', 'seen_entries'] as const),
  ...(['shares', 'public_shares'] as const),
]

function isTable(value: unknown): value is Table {
  return tables.some((table) => table === value)
}

function lineOf({ databaseId, number: count, rows }: Entry): string {
  const json = JSON.stringify([databaseId, count, rows.map(({ table, key, row }) => [table, key, row])], (_, value) =>
    value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : value,
  )
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`
}

function entryOf(line: string): Entry[] {
  const json = line.slice(9)
  if (line.length < 10 || Number.parseInt(line.slice(0, 8), 16) !== crc32(json)) return []
  const read: unknown = JSON.parse(json)
  if (!Array.isArray(read)) return []
  const [databaseId, count, rows]: unknown[] = read
  if (typeof databaseId !== 'string' || typeof count !== 'number' || !Array.isArray(rows)) return []
  return [
    {
      databaseId,
      number: count,
      rows: rows.flatMap((one: unknown) => {
        if (!Array.isArray(one)) return []
        const [table, key, row]: unknown[] = one
        return isTable(table) && typeof key === 'string' && (row === null || isRow(row)) ? [{ table, key, row }] : []
      }),
    },
  ]
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null
}

function toValue(value: unknown): SQLInputValue {
  if (typeof value === 'string' || typeof value === 'number' || value === null) return value
  if (typeof value === 'object' && 'base64' in value) return Buffer.from(String(value.base64), 'base64')
  return null
}
