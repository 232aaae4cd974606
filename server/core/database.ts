import { closeSync, copyFileSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { number, type Row } from './row.ts'
import { migrate, schemaVersion } from './schema.ts'

const hourMs = 60 * 60 * 1000

/** Why the data folder cannot be used, in a sentence. Nothing in it was changed. */
export class DataFolderError extends Error {
  override name = 'DataFolderError'
}

/** The data of the service: one SQLite file, owned by one program at a time. */
export interface Database {
  sql: DatabaseSync
  /** Runs `work` so that all of it happens or none; inside another, with that one. What it acknowledges survives a power cut. */
  transact: <T>(work: () => T) => T
  /** What happened to a damaged file when it was opened, or null. */
  restored: string | null
  /** Keeps a copy of the data aside, to go back to if the file is ever damaged; does nothing if nothing changed. */
  keepCopy: () => Promise<void>
  close: () => void
}

/**
 * Opens the data folder. A damaged file is kept aside under a dated name, and the last good copy takes its place.
 * Throws a `DataFolderError` when another program has it, or a newer version wrote it.
 */
export function openDatabase(folder: string): Database {
  for (const part of ['', 'content', 'parts']) mkdirSync(join(folder, part), { recursive: true, mode: 0o700 })
  const lock = takeLock(folder)
  const path = join(folder, 'putdesk.db')
  const copy = join(folder, 'putdesk.backup.db')
  let restored: string | null = null
  let sql = tryOpen(path)
  if (sql === null) {
    const aside = setAside(path)
    if (existsSync(copy)) copyFileSync(copy, path)
    sql = tryOpen(path)
    if (sql === null) {
      setAside(path)
      sql = tryOpen(path)
    }
    const source = existsSync(copy) ? 'the last good copy was restored' : 'there was no copy to restore'
    restored = `The list of your files was damaged: it was kept aside as “${aside}”, and ${source}.`
  }
  if (sql === null) throw new DataFolderError(`The data folder “${folder}” cannot be written to.`)
  const db = sql
  const version = number(one(db, 'PRAGMA user_version'), 'user_version')
  if (version > schemaVersion) {
    db.close()
    lock.close()
    throw new DataFolderError(`“${folder}” was written by a newer version of Putdesk. Nothing in it was changed.`)
  }
  // With an exclusive lock there is no shared-memory file, and no other program can look at half a change.
  db.exec(
    'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON',
  )
  migrate(db, version)

  let copiedChanges = -1
  let copiedAtMs = Number.NEGATIVE_INFINITY
  return {
    sql: db,
    restored,
    transact: (work) => {
      if (db.isTransaction) return work()
      db.exec('BEGIN IMMEDIATE')
      try {
        const result = work()
        db.exec('COMMIT')
        return result
      } catch (error) {
        if (db.isTransaction) db.exec('ROLLBACK')
        throw error
      }
    },
    keepCopy: async () => {
      const changes = number(one(db, 'SELECT total_changes() AS n'), 'n')
      if (changes === copiedChanges || performance.now() - copiedAtMs < hourMs) return
      await backup(db, `${copy}.new`)
      const file = openSync(`${copy}.new`, 'r+')
      fsyncSync(file)
      closeSync(file)
      renameSync(`${copy}.new`, copy)
      copiedChanges = changes
      copiedAtMs = performance.now()
    },
    close: () => {
      db.close()
      lock.close()
    },
  }
}

/** The lock is the OS's own on an open file, so it is gone the moment its owner is. */
function takeLock(folder: string): DatabaseSync {
  const lock = new DatabaseSync(join(folder, 'lock.db'), { timeout: 0 })
  try {
    lock.exec('PRAGMA journal_mode = OFF; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    return lock
  } catch (cause) {
    lock.close()
    throw new DataFolderError(`Another Putdesk service is using the data folder “${folder}”.`, { cause })
  }
}

/** Opens and checks the file; null when it is damaged. */
function tryOpen(path: string): DatabaseSync | null {
  const db = new DatabaseSync(path, { timeout: 0 })
  try {
    if (Object.values(one(db, 'PRAGMA quick_check(1)')).includes('ok')) return db
  } catch (error) {
    if (!isDamage(error)) throw error
  }
  db.close()
  return null
}

function isDamage(error: unknown): boolean {
  // SQLITE_CORRUPT and SQLITE_NOTADB. Source: sqlite.org/rescode.html.
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0
  return code === 11 || code === 26
}

function setAside(path: string): string {
  const aside = `${path}.damaged-${new Date().toISOString().replaceAll(':', '-')}`
  for (const ending of ['', '-wal', '-shm']) {
    if (existsSync(`${path}${ending}`)) renameSync(`${path}${ending}`, `${aside}${ending}`)
  }
  return aside
}

function one(db: DatabaseSync, query: string): Row {
  return db.prepare(query).get() ?? {}
}
