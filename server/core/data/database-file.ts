import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { number, type Row } from './row.ts'
import { columnsIn, columnsOf, schemaVersion } from './schema.ts'

/** Opens and checks a file, thoroughly if nothing else vouches for it. Null when it is damaged. */
export function tryOpen(path: string, { isThorough = existsSync(`${path}-wal`) } = {}): DatabaseSync | null {
  const db = new DatabaseSync(path, { timeout: 0 })
  try {
    // Set before the first read, so that SQLite makes no shared-memory file, for which a full disk has no room.
    db.exec('PRAGMA locking_mode = EXCLUSIVE')
    const check = isThorough ? 'PRAGMA integrity_check(1)' : 'PRAGMA quick_check(1)'
    if (Object.values(firstRow(db, check)).includes('ok')) return db
  } catch (error) {
    if (!isDamageError(error)) {
      db.close()
      throw error
    }
  }
  db.close()
  return null
}

/** SQLITE_CORRUPT or SQLITE_NOTADB. Source: sqlite.org/rescode.html. */
export function isDamageError(error: unknown): boolean {
  return [11, 26].includes(resultCode(error))
}

/** SQLITE_ERROR or SQLITE_CONSTRAINT: a statement that suits every sound database does not suit this one. */
export function isStatementError(error: unknown): boolean {
  return [1, 19].includes(resultCode(error))
}

function resultCode(error: unknown): number {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0
}

/**
 * True when the database has the tables and columns of its version. False for any other database, and for one in which
 * the name of a table or column is damaged.
 */
export function isOurs(sql: DatabaseSync): boolean {
  const version = number(firstRow(sql, 'PRAGMA user_version'), 'user_version')
  const found = new Set(columnsIn(sql))
  return version > 0 && columnsOf(Math.min(version, schemaVersion)).every((column) => found.has(column))
}

/**
 * The version in the header of a database file, read without SQLite, which would change the file. Source:
 * sqlite.org/fileformat2.html.
 */
export function versionOf(path: string): number {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return 0
  const head = Buffer.alloc(100)
  const file = openSync(path, 'r')
  try {
    readSync(file, head, 0, head.length, 0)
  } finally {
    closeSync(file)
  }
  const version = head.subarray(0, 15).toString('latin1') === 'SQLite format 3' ? head.readUInt32BE(60) : 0
  // Anything larger comes from a damaged header.
  return version < 10_000 ? version : 0
}

/** Sets a database aside under a dated name, with the files that SQLite keeps beside it. Returns the new path. */
export function setAside(path: string): string {
  const aside = asideName(path)
  moveDatabase(path, aside)
  return aside
}

/** Moves a database with the files that SQLite keeps beside it. */
export function moveDatabase(path: string, to: string): void {
  for (const ending of ['', '-wal', '-shm']) {
    if (lstatSync(`${path}${ending}`, { throwIfNoEntry: false }) !== undefined) {
      renameSync(`${path}${ending}`, `${to}${ending}`)
    }
  }
}

/** A dated path beside a database that does not exist yet. */
export function asideName(path: string): string {
  const dated = `${path}.damaged-${new Date().toISOString().replaceAll(':', '-')}`
  for (let n = 1; ; n += 1) {
    const name = n === 1 ? dated : `${dated}-${n}`
    if (!existsSync(name)) return name
  }
}

/** Copies a file, sharing the bytes where the file system can. Leaves nothing behind on failure. */
export function copyDatabaseFile(from: string, to: string): void {
  try {
    copyFileSync(from, to, constants.COPYFILE_FICLONE)
  } catch (error) {
    rmSync(to, { force: true })
    throw error
  }
}

/** Removes a database with the files that SQLite keeps beside it. */
export function discard(path: string): void {
  for (const ending of ['', '-wal', '-shm', '-journal']) rmSync(`${path}${ending}`, { force: true })
}

/** The first row of a query's result, or an empty one. */
export function firstRow(db: DatabaseSync, query: string): Row {
  return db.prepare(query).get() ?? {}
}
