import { accessSync, constants, lstatSync, statSync, truncateSync } from 'node:fs'
import { link, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { replaceFile } from '../../../engine/disk/replace-file.ts'
import { type DataFiles, dataFiles } from './data-files.ts'
import { DataFolderError, toFolderError } from './folder-error.ts'
import { openJournal } from './journal.ts'
import { makeFolder } from './make-folder.ts'
import { openData } from './restore.ts'
import { number, type Row } from './row.ts'
import { type FileChecksum, recordGoodCopy, removeSeal, seal } from './seal.ts'

const minuteMs = 60 * 1000
const hourMs = 60 * minuteMs
/** Above this size, the journal is folded into a copy before the hour is over. */
const maxJournalBytes = 16 * 1024 * 1024

/** The service's data: one SQLite file, used by one program at a time. */
export interface Database {
  sql: DatabaseSync
  /** Runs `work` in a transaction, or as part of the current one. Once it returns, the changes survive a power cut. */
  transact<T>(work: () => T): T
  /** Like `transact`, but does not wait for the disk: a power cut may undo the changes. For work that the next start repeats. */
  transactSoon(work: () => void): void
  /** What was done about a damaged file at opening, or null. */
  restored: string | null
  /** Makes a copy of the data to restore from, if one is due and something has changed. */
  backUp(): Promise<void>
  /** Resolves when no copy is being made. Await it before closing. */
  copyFinished(): Promise<void>
  close(): void
}

/**
 * Opens the data folder. A damaged file is set aside under a dated name, and the last good copy takes its place. Throws
 * a `DataFolderError` when the folder cannot be used, another program uses it, or a newer version wrote it. With
 * `isDamaged`, the database is restored whatever it looks like.
 */
export function openDatabase(
  folder: string,
  report: (error: unknown) => void = () => undefined,
  { isDamaged = false } = {},
): Database {
  try {
    for (const part of ['', 'content', 'parts']) makeFolder(join(folder, part))
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    const lock = takeLock(folder)
    try {
      return openLocked(folder, lock, { report, isDamaged })
    } catch (error) {
      lock.close()
      throw error
    }
  } catch (error) {
    throw toFolderError(error, folder) ?? error
  }
}

function openLocked(
  folder: string,
  lock: DatabaseSync,
  { report, isDamaged }: { report(error: unknown): void; isDamaged: boolean },
): Database {
  const files = dataFiles(folder)
  const { sql, restored } = openData(files, { isDamaged })
  removeSeal(files)
  sql.exec('PRAGMA foreign_keys = ON')
  let isFlushing = false
  const journal = openJournal(sql, {
    path: files.journal,
    olderPath: files.olderJournal,
    report,
    onUntracked: () => {
      if (isFlushing) return
      isFlushing = true
      setImmediate(() => {
        isFlushing = false
        try {
          if (sql.isOpen) transact(() => undefined)
        } catch (error) {
          // Expected on a full disk. The next transaction journals it as well.
          report(error)
        }
      })
    },
  })
  const transact = <T>(work: () => T): T => {
    if (sql.isTransaction) return work()
    sql.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      const line = journal.prepare()
      sql.exec('COMMIT')
      journal.write(line)
      return result
    } catch (error) {
      if (sql.isTransaction) {
        sql.exec('ROLLBACK')
        journal.rollBack()
      }
      throw error
    }
  }
  let copiedChanges = journal.isEmpty() && hasCopy(files) ? changesOf(sql) : -1
  let copiedAtMs = Number.NEGATIVE_INFINITY
  let copying: Promise<void> | null = null
  let retryAtMs = 0
  const copy = async () => {
    // A failed copy, perhaps because the disk is full, is not retried at once.
    retryAtMs = performance.now() + minuteMs
    const changes = changesOf(sql)
    const mark = journal.mark()
    await copyDatabase(sql, files)
    journal.rotate(mark)
    copiedChanges = changes
    copiedAtMs = performance.now()
  }
  return {
    sql,
    restored,
    transact,
    transactSoon: (work) => {
      sql.exec('PRAGMA synchronous = NORMAL')
      try {
        transact(work)
      } finally {
        sql.exec('PRAGMA synchronous = FULL')
      }
    },
    backUp: () => {
      const isDue = performance.now() - copiedAtMs >= hourMs || journal.sizeBytes() > maxJournalBytes
      if (!isDue || performance.now() < retryAtMs || changesOf(sql) === copiedChanges)
        return copying ?? Promise.resolve()
      copying ??= copy().finally(() => {
        copying = null
      })
      return copying
    },
    copyFinished: async () => {
      await copying
    },
    close: () => {
      sql.close()
      journal.close()
      try {
        seal(files)
      } catch (error) {
        report(error)
      }
      lock.close()
    },
  }
}

/** Replaces the newest copy only with one that was checked; the previous one is kept too. */
async function copyDatabase(sql: DatabaseSync, files: DataFiles): Promise<void> {
  const [newest, older] = files.copies
  const next = `${newest}.new`
  await rm(next, { force: true })
  try {
    await backup(sql, next)
    const sum = await checkCopy(next)
    const file = await open(next, 'r+')
    await file.sync()
    await file.close()
    recordGoodCopy(files, sum)
    await keepOlder(newest, older)
    await replaceFile(next, newest)
  } catch (error) {
    // Half a copy only wastes space.
    await rm(next, { force: true })
    throw error
  }
}

/**
 * Links first, so that there is a newest copy at every moment; without hard links there is none between two renames.
 */
async function keepOlder(newest: string, older: string): Promise<void> {
  if (statSync(newest, { throwIfNoEntry: false }) === undefined) return
  await rm(older, { force: true })
  await link(newest, older).catch(() => rename(newest, older))
}

/** Checks a whole copy in a thread, because that takes long for a large one. Rejects when it is damaged. */
async function checkCopy(path: string): Promise<FileChecksum> {
  const { Worker } = await import('node:worker_threads')
  const program = `
    const { readFileSync } = require('node:fs')
    const { DatabaseSync } = require('node:sqlite')
    const { parentPort, workerData } = require('node:worker_threads')
    const { crc32 } = require('node:zlib')
    const db = new DatabaseSync(workerData)
    db.exec('PRAGMA journal_mode = DELETE')
    const [said] = db.prepare('PRAGMA integrity_check(1)').all()
    db.close()
    if (said.integrity_check !== 'ok') throw new Error('The copy of the database is damaged: ' + said.integrity_check)
    const bytes = readFileSync(workerData)
    parentPort.postMessage({ sizeBytes: bytes.length, checksum: crc32(bytes) })`
  return new Promise((resolve, reject) => {
    const worker = new Worker(program, { eval: true, workerData: path, execArgv: ['--no-warnings'] })
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', () => reject(new Error('The thread that reads the copy of the database ended by itself.')))
  })
}

function hasCopy({ copies: [newest] }: DataFiles): boolean {
  return (statSync(newest, { throwIfNoEntry: false })?.size ?? 0) > 0
}

function changesOf(sql: DatabaseSync): number {
  const row: Row = sql.prepare('SELECT total_changes() AS n').get() ?? {}
  return number(row, 'n')
}

/**
 * The lock is the system's own lock on an open file, so it ends with the process that holds it. The file's content does
 * not matter.
 */
function takeLock(folder: string): DatabaseSync {
  const path = join(folder, 'lock.db')
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) {
    throw new DataFolderError(`“${path}” is a folder where a file is needed: move it away, then start again.`)
  }
  try {
    return lockFile(path)
  } catch (error) {
    const code = codeOf(error)
    if (code === busy) {
      throw new DataFolderError(`Another Putdesk service is using the data folder “${folder}”.`, { cause: error })
    }
    const isStrange = code === corrupt || code === notDatabase
    if (!isStrange || lstatSync(path).isSymbolicLink()) {
      const advice = `“${path}” cannot be used as a lock: move it away, then start again.`
      throw toFolderError(error, path) ?? new DataFolderError(advice, { cause: error })
    }
  }
  // Truncated, not replaced: a process that has got the lock in the meantime keeps it.
  truncateSync(path)
  return lockFile(path)
}

function lockFile(path: string): DatabaseSync {
  const lock = new DatabaseSync(path, { timeout: 0 })
  try {
    lock.exec('PRAGMA journal_mode = OFF; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    return lock
  } catch (error) {
    lock.close()
    throw error
  }
}

/** Source: sqlite.org/rescode.html. */
const [busy, corrupt, notDatabase] = [5, 11, 26]

function codeOf(error: unknown): number {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0
}
