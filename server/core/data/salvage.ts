import { copyFileSync, existsSync, rmSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { putRow, type Table } from './journal.ts'
import { number, type Row } from './row.ts'

/** Ordered so that rows come after those they refer to. */
const tables: Table[] = [
  ...(['users', 'items', 'transfers', 'messages', 'subscriptions', 'seen_entries'] as const),
  ...(['shares', 'public_shares'] as const),
]

/**
 * Copies every row that can still be read from a damaged database; they win over existing ones. Works on a copy of the
 * file, because SQLite would change it. Returns the number of rows.
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
    // The header cannot be read, so nothing can be salvaged.
    if (into.isTransaction) into.exec('COMMIT')
  } finally {
    for (const ending of endings) rmSync(`${copy}${ending}`, { force: true })
  }
  return count
}

/** The readable rows of a table: when one cannot be read, the ranges on both sides of it are tried. */
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

/** The highest id, from the table itself or SQLite's own record of it; a guess when neither can be read. */
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
