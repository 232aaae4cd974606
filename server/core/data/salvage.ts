import { copyFileSync, existsSync, rmSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { putRow, type Table } from './journal.ts'
import { number, type Row } from './row.ts'

/** In this order, because rows refer to those before them. */
const tables: Table[] = ['users', 'items', 'transfers', 'messages', 'subscriptions', 'seen_entries']

/**
 * Takes over every row that can still be read in a damaged database; what is newer there than here wins. The damaged file itself is
 * not opened, for SQLite would change it. Answers with how many rows there were.
 */
export function salvage(damaged: string, into: DatabaseSync): number {
  if (statSync(damaged, { throwIfNoEntry: false })?.isFile() !== true) return 0
  const copy = `${damaged}.reading`
  const endings = ['', '-wal', '-shm']
  for (const ending of ['', '-wal']) {
    if (existsSync(`${damaged}${ending}`)) copyFileSync(`${damaged}${ending}`, `${copy}${ending}`)
  }
  let count = 0
  try {
    const from = new DatabaseSync(copy)
    into.exec('PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE')
    for (const table of tables) {
      for (const row of readableRows(from, table)) if (succeeds(() => putRow(into, table, row))) count += 1
    }
    into.exec('COMMIT')
    succeeds(() => from.close())
  } catch {
    // A head that cannot be read: there is nothing to be had.
    if (into.isTransaction) into.exec('COMMIT')
  } finally {
    for (const ending of endings) rmSync(`${copy}${ending}`, { force: true })
  }
  return count
}

/** The rows of a table that can be read: where one cannot, what is on either side of it is tried. */
function readableRows(from: DatabaseSync, table: Table): Row[] {
  const rows: Row[] = []
  if (table === 'seen_entries') {
    succeeds(() => {
      for (const row of from.prepare('SELECT * FROM seen_entries').iterate()) rows.push(row)
    })
    return rows
  }
  const spans: [first: number, last: number][] = [[1, lastId(from, table)]]
  for (let span = spans.pop(); span !== undefined; span = spans.pop()) {
    const [first, last] = span
    let next = first
    const isWhole = succeeds(() => {
      for (const row of from
        .prepare(`SELECT * FROM ${table} WHERE id >= ? AND id <= ? ORDER BY id`)
        .iterate(first, last)) {
        next = number(row, 'id') + 1
        rows.push(row)
      }
    })
    if (isWhole || next >= last) continue
    const middle = Math.floor((next + last) / 2)
    if (middle > next || next > first) spans.push([next, middle])
    spans.push([middle + 1, last])
  }
  return rows
}

/** The newest id, of the table itself or of SQLite's note of it; a guess where neither can be read. */
function lastId(from: DatabaseSync, table: Table): number {
  const queries = [`SELECT max(id) AS n FROM ${table}`, `SELECT seq AS n FROM sqlite_sequence WHERE name = '${table}'`]
  const found = queries.map((query) => {
    let n = 0
    succeeds(() => {
      n = number(from.prepare(query).get() ?? {}, 'n')
    })
    return n
  })
  return Math.max(...found, 1024)
}

function succeeds(work: () => void): boolean {
  try {
    work()
    return true
  } catch {
    return false
  }
}
