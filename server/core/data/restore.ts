import { existsSync, lstatSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { replaceFileSync } from '../../../engine/disk/replace-file.ts'
import { isFullDisk } from '../../../engine/fetch-error.ts'
import type { DataFiles } from './data-files.ts'
import {
  asideName,
  copyDatabaseFile,
  discard,
  firstRow,
  isDamageError,
  isOurs,
  isStatementError,
  moveDatabase,
  setAside,
  tryOpen,
  versionOf,
} from './database-file.ts'
import { DataFolderError } from './folder-error.ts'
import { type Entry, readJournal, replay, type Table } from './journal.ts'
import { recount } from './recount.ts'
import { number, text } from './row.ts'
import { salvage } from './salvage.ts'
import { migrate, renewTriggers, schemaVersion } from './schema.ts'
import { isKnownGood, readSeal } from './seal.ts'

export interface OpenedData {
  sql: DatabaseSync
  /** What was damaged and how it was repaired, in sentences; null when all was well. */
  restored: string | null
  /** The damaged database's path now; null when there was none. */
  aside: string | null
}

/**
 * Opens the database of a data folder, whatever state it is in. Only a folder that was never used starts empty. A
 * damaged file is set aside, the newest good copy takes its place, and the journal is replayed on top. Throws a
 * `DataFolderError` when a newer version wrote the database. With `isDamaged`, the database is known not to be usable.
 */
export function openData(files: DataFiles, { isDamaged = false } = {}): OpenedData {
  const { path, copies } = files
  refuseNewer(path, files.folder)
  // Without a database, a copy of a newer version is all there is. Beside one, it is set aside.
  for (const copy of copies) {
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) refuseNewer(copy, files.folder)
    else if (versionOf(copy) > schemaVersion) setAside(copy)
  }
  setAsideNonFiles(files)
  const recent = readJournal(files.journal)
  const all = () => [...readJournal(files.olderJournal), ...recent]
  const exists = (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0
  const isNew = !exists && !wasUsedBefore(files, recent)
  const unclean = keepUncleanFiles(path)
  const seal = readSeal(files)
  const isAsLeft = seal === 'intact' && existsSync(files.seal)
  const sql = !isDamaged && (exists || isNew) ? tryOpen(path, { isThorough: exists && !isAsLeft }) : null
  const isUsable =
    sql !== null &&
    (isNew || isOurs(sql)) &&
    !trueUnlessDiskFull(() => isSilentlyDamaged(files, sql, { seal, entries: all })) &&
    tryUpgrade(sql, files.folder)
  if (!isUsable) {
    sql?.close()
    if (unclean !== null) discard(path)
    return restore(files, all(), {
      exists,
      aside: unclean ?? (hasDatabaseFiles(path) ? setAside(path) : null),
    })
  }
  const lost = missingEntries(sql, recent).length === 0 ? [] : missingEntries(sql, all())
  const isWhole = hasNoGap(sql, lost)
  if (!isWhole && copies.some((copy) => existsSync(copy))) {
    // The journal has a gap, so the database is older than the copy.
    sql.close()
    if (unclean !== null) discard(path)
    return restore(files, all(), { exists, aside: unclean ?? setAside(path) })
  }
  if (unclean !== null && lost.length === 0) discard(unclean)
  replayMissing(sql, lost)
  const notices = [
    ...(seal === 'edited' ? [editedNotice] : seal === 'corrupted' ? [corruptedNotice] : []),
    ...(lost.length === 0 ? [] : [replayedNotice(lost.filter(({ rows }) => rows.length > 0).length)]),
    ...(isWhole ? [] : ['Other changes may be missing.']),
  ]
  return { sql, restored: notices.length === 0 ? null : notices.join(' '), aside: null }
}

/** A write-ahead log without its database counts too: the next database at this path would adopt it. */
function hasDatabaseFiles(path: string): boolean {
  return existsSync(path) || existsSync(`${path}-wal`)
}

const editedNotice =
  'The list of your files was changed while Putdesk was not running. It is used as it is now: please look through it.'

/** The damage may be in what identifies the list, so that no copy can be compared with it. */
const corruptedNotice =
  'The list of your files was damaged, and there is no copy to compare it with. It is used as it is now: please look through it.'

function replayedNotice(count: number): string {
  return count === 1
    ? 'The last change was missing from the list of your files, and is back now.'
    : `The last ${count} changes were missing from the list of your files, and are back now.`
}

function restore(
  files: DataFiles,
  entries: Entry[],
  { exists, aside }: { exists: boolean; aside: string | null },
): OpenedData {
  const { path, folder } = files
  const from = restoreFirstGoodCopy(files, aside)
  const sql = tryOpen(path)
  if (sql === null) throw new DataFolderError(`“${path}” cannot be read or written: check the disk that it is on.`)
  upgrade(sql, folder)
  const lost = from === null ? entries : missingEntries(sql, entries)
  const isWhole = from !== null && hasNoGap(sql, lost)
  const salvaged = isWhole || aside === null ? 0 : salvage(aside, sql)
  replayMissing(sql, lost)
  recount(sql)
  const what = exists ? `damaged: it was kept aside as “${aside}”` : 'missing'
  const source = from === null ? 'there was no copy to restore' : 'the last good copy was restored'
  const found = salvaged + lost.length > 0 ? ' What could still be read elsewhere is back too.' : ''
  const rest = isWhole
    ? lost.length > 0
      ? ' What changed after it is back too.'
      : ''
    : `${found} Something may be missing.`
  return { sql, restored: `The list of your files was ${what}, and ${source}.${rest}`, aside }
}

/**
 * Puts the first good copy in place of the database. A copy that is byte for byte as written is preferred to one that
 * only passes the checks. When the disk is full, everything stays as it was.
 */
function restoreFirstGoodCopy(files: DataFiles, aside: string | null): string | null {
  const { path, copies } = files
  const sound = copies.filter((copy) => isKnownGood(files, copy))
  try {
    const find = (some: readonly string[], isThorough: boolean) =>
      some.find((copy) => restoreCopy(copy, path, { isThorough, folder: files.folder }))
    return find(sound, false) ?? find(copies, true) ?? null
  } catch (error) {
    if (aside !== null && !existsSync(path)) moveDatabase(aside, path)
    throw error
  }
}

/**
 * True when the database can be read but its content is not what was written: according to its seal or, if the service
 * ended without sealing it, to its rows. Only a verified copy and the journal can tell.
 */
function isSilentlyDamaged(
  files: DataFiles,
  sql: DatabaseSync,
  { seal, entries }: { seal: ReturnType<typeof readSeal>; entries(): Entry[] },
): boolean {
  if (seal === 'edited' || (seal === 'intact' && existsSync(files.seal))) return false
  const last = lastChangeIn(sql)
  if (last === null) return false
  const copy = files.copies.find((one) => isKnownGood(files, one))
  if (copy === undefined) return false
  const next = `${files.path}.kept`
  discard(next)
  copyDatabaseFile(copy, next)
  const kept = tryOpen(next, { isThorough: false })
  try {
    if (kept === null || lastChangeIn(kept)?.id !== last.id || !tryUpgrade(kept, files.folder, scratch)) return false
    const since = missingEntries(kept, entries()).filter(({ number: count }) => count <= last.number)
    const isWhole = hasNoGap(kept, since)
    replayMissing(kept, since)
    const isSame = lastChangeIn(kept)?.number === last.number
    kept.close()
    return isWhole && isSame && (seal === 'corrupted' || differsFrom(sql, next, files))
  } finally {
    if (kept?.isOpen === true) kept.close()
    discard(next)
  }
}

/** Returns false when the disk is full as well: then this check is skipped, and the service starts anyway. */
function trueUnlessDiskFull(check: () => boolean): boolean {
  try {
    return check()
  } catch (error) {
    if (isFullDisk(error)) return false
    throw error
  }
}

/** The columns whose every change is in the journal. Progress, folder sizes and counters are not. */
const journaledColumns: Partial<Record<Table, string[]>> = {
  users: ['name'],
  items: [
    ...['user_id', 'parent_id', 'name', 'folded', 'extension', 'kind', 'content', 'created_at'],
    ...['trashed_name', 'trashed_from', 'trashed_at'],
  ],
  transfers: ['user_id', 'links', 'name', 'torrent', 'content', 'created_at'],
  messages: ['user_id', 'type', 'item_id', 'sentence', 'item_name', 'item_kind', 'item_size', 'created_at'],
  subscriptions: ['user_id', 'name', 'url', 'do_filters', 'dont_filters', 'folder_id', 'paused', 'created_at'],
  shares: ['user_id', 'item_id', 'friend_id', 'created_at'],
  public_shares: ['user_id', 'item_id', 'token', 'created_at', 'expires_at'],
}

/** The same, for a database of an earlier version too: a copy of that is upgraded first and compared. */
function differsFrom(sql: DatabaseSync, other: string, files: DataFiles): boolean {
  if (number(firstRow(sql, 'PRAGMA user_version'), 'user_version') === schemaVersion)
    return hasDifferentRows(sql, other)
  const path = `${files.path}.updated`
  discard(path)
  try {
    sql.prepare('VACUUM INTO ?').run(path)
    const updated = tryOpen(path, { isThorough: false })
    if (updated === null) return true
    try {
      return !tryUpgrade(updated, files.folder) || hasDifferentRows(updated, other)
    } finally {
      updated.close()
    }
  } finally {
    discard(path)
  }
}

/** True when a row differs between this database and the other. */
function hasDifferentRows(sql: DatabaseSync, other: string): boolean {
  sql.prepare('ATTACH ? AS kept').run(other)
  try {
    return Object.entries(journaledColumns).some(([table, columns]) => {
      const row = (from: string) => {
        const size = table === 'items' ? [`iif(${from}.kind = 'folder', 0, ${from}.size)`] : []
        return [...columns.map((column) => `${from}.${column}`), ...size, '0'].join(', ')
      }
      const query = `SELECT 1 AS is_other FROM kept.${table} AS b JOIN main.${table} AS a ON a.id = b.id
        WHERE (${row('a')}) IS NOT (${row('b')}) LIMIT 1`
      return firstRow(sql, query).is_other === 1
    })
  } finally {
    sql.exec('DETACH kept')
  }
}

/** The id of the database and the number of its last change; null for an older version. */
function lastChangeIn(sql: DatabaseSync): { id: string; number: number } | null {
  if (firstRow(sql, "SELECT 1 AS is_there FROM sqlite_schema WHERE name = 'written'").is_there !== 1) return null
  const written = firstRow(sql, 'SELECT * FROM written')
  return { id: text(written, 'database_id'), number: number(written, 'number') }
}

/** Puts a copy in place of the database if it is good; returns whether it is. */
function restoreCopy(
  copy: string,
  path: string,
  { isThorough, folder }: { isThorough: boolean; folder: string },
): boolean {
  if (statSync(copy, { throwIfNoEntry: false })?.isFile() !== true || statSync(copy).size === 0) return false
  const next = `${path}.new`
  discard(next)
  copyDatabaseFile(copy, next)
  const sql = tryOpen(next, { isThorough })
  const isGood =
    sql !== null &&
    isOurs(sql) &&
    number(firstRow(sql, 'PRAGMA user_version'), 'user_version') <= schemaVersion &&
    tryUpgrade(sql, folder)
  sql?.close()
  if (isGood) replaceFileSync(next, path)
  else rmSync(next, { force: true })
  return isGood
}

function replayMissing(sql: DatabaseSync, entries: readonly Entry[]): void {
  if (entries.length === 0) return
  sql.exec('PRAGMA foreign_keys = OFF')
  replay(sql, entries)
  recount(sql)
}

/** False when the database cannot be upgraded because what it says of its own tables, or of its version, is damaged. */
function tryUpgrade(sql: DatabaseSync, folder: string, storage = durable): boolean {
  try {
    upgrade(sql, folder, storage)
    // SQLite adds no column to a table whose name is spelled in two ways, and does not say so.
    return isOurs(sql)
  } catch (error) {
    if (isDamageError(error) || isStatementError(error)) return false
    throw error
  }
}

/**
 * How SQLite stores the data. An exclusive lock needs no shared-memory file, and keeps other programs from reading half
 * a change.
 */
const durable = 'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL'

/** The same for a copy that is only compared: nothing waits for the disk. */
const scratch = 'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF'

/** Upgrades the data to this version and sets how SQLite stores it. */
function upgrade(sql: DatabaseSync, folder: string, storage = durable): void {
  const version = number(firstRow(sql, 'PRAGMA user_version'), 'user_version')
  if (version > schemaVersion) {
    sql.close()
    throw newerVersionError(folder)
  }
  sql.exec(storage)
  migrate(sql, version)
  renewTriggers(sql)
}

/** The entries that come after the database's last change. A journal of another database does not count. */
function missingEntries(sql: DatabaseSync, entries: readonly Entry[]): Entry[] {
  const written = firstRow(sql, 'SELECT * FROM written')
  const [id, last] = [text(written, 'database_id'), number(written, 'number')]
  return entries.filter((entry) => entry.databaseId === id && entry.number > last)
}

/** True when no entry is missing between the database's last change and the newest entry. */
function hasNoGap(sql: DatabaseSync, entries: readonly Entry[]): boolean {
  const last = number(firstRow(sql, 'SELECT number FROM written'), 'number')
  const numbers = new Set(entries.filter(({ rows }) => rows.length > 0).map((entry) => entry.number))
  const newest = entries.reduce((max, entry) => Math.max(max, entry.number), last)
  return numbers.size === newest - last
}

/** True when something was stored in this folder before, so a missing database has been lost. */
function wasUsedBefore({ folder, path, copies }: DataFiles, entries: readonly Entry[]): boolean {
  return (
    entries.length > 0 ||
    existsSync(`${path}-wal`) ||
    copies.some((copy) => existsSync(copy)) ||
    hasFiles(join(folder, 'content'))
  )
}

function hasFiles(folder: string): boolean {
  return readdirSync(folder, { withFileTypes: true }).some(
    (entry) => entry.isFile() || (entry.isDirectory() && readdirSync(join(folder, entry.name)).length > 0),
  )
}

/**
 * Sets aside folders and links found where our files belong. A link to a database elsewhere was made by the
 * person, and is followed.
 */
function setAsideNonFiles({ path, copies, journal, olderJournal, seal, goodCopies }: DataFiles): void {
  const ours = ['-wal', '-shm', '-journal', '.new', '.kept', '.updated'].map((ending) => `${path}${ending}`)
  for (const one of [...ours, `${copies[0]}.new`, `${journal}.new`, `${goodCopies}.new`]) {
    const found = lstatSync(one, { throwIfNoEntry: false })
    if (found !== undefined && !found.isFile()) setAside(one)
  }
  for (const one of [path, ...copies, journal, olderJournal, seal, goodCopies]) {
    const found = lstatSync(one, { throwIfNoEntry: false })
    if (found?.isSymbolicLink() === true && !existsSync(one)) {
      throw new DataFolderError(`“${one}” is a link that leads nowhere: bring back what it leads to, or remove it.`)
    }
    if (found !== undefined && statSync(one).isFile() === false) setAside(one)
  }
}

/** Copies the files of a service that was killed before SQLite opens them and drops what is damaged. */
function keepUncleanFiles(path: string): string | null {
  if ((statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) === 0 || !existsSync(path)) return null
  const kept = asideName(path)
  const isKept = trueUnlessDiskFull(() => {
    for (const ending of ['', '-wal']) copyDatabaseFile(`${path}${ending}`, `${kept}${ending}`)
    return true
  })
  if (!isKept) discard(kept)
  return isKept ? kept : null
}

function refuseNewer(path: string, folder: string): void {
  if (versionOf(path) > schemaVersion) throw newerVersionError(folder)
}

function newerVersionError(folder: string): DataFolderError {
  return new DataFolderError(`“${folder}” was written by a newer version of Putdesk. Nothing in it was changed.`)
}
