import { closeSync, fsyncSync, openSync } from 'node:fs'
import { link, lstat, open, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { errorCode } from '../fetch-error.ts'
import { removeFile, replaceFile } from './replace-file.ts'

/** What a file system says that has no hard links, or does not let this user make them. */
const withoutLinks = new Set([
  'EPERM',
  'EACCES',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EMLINK',
  'EINVAL',
  'EXDEV',
  'UNKNOWN',
])
/** What a file system says that cannot sync a folder, or where this user may write to a folder but not read it. */
const withoutSync = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EACCES', 'EPERM', 'EISDIR'])

/** Another file has the name. */
export class NameTaken extends Error {
  override name = 'NameTaken'
}

/**
 * Gives a finished file its final name, on the same volume. Another file of that name is never replaced unless `isReplacing`, and a
 * folder never: that rejects with `NameTaken`. Resolves when the name is on the disk, where the file system can tell.
 */
export async function moveIntoPlace(
  from: string,
  to: string,
  { isReplacing = false }: { isReplacing?: boolean } = {},
): Promise<void> {
  if (isReplacing) await moveOverFile(from, to)
  else await moveExclusively(from, to)
  await syncFolder(dirname(to))
}

/**
 * Finishes a move that was interrupted between the new name and the removal of the old one. Returns false if there was none. Call it
 * before the file is opened under its old name: whoever changed it would change the file under its final name.
 */
export async function finishMove(from: string, to: string): Promise<boolean> {
  if (!(await isSameFile(from, to))) return false
  await removeFile(from)
  return true
}

async function moveOverFile(from: string, to: string): Promise<void> {
  await replaceFile(from, to).catch(async (error: unknown) => {
    const found = await lstat(to).catch(() => null)
    throw found?.isDirectory() ? new NameTaken(to, { cause: error }) : error
  })
}

async function moveExclusively(from: string, to: string): Promise<void> {
  try {
    // A link fails where the name is taken; a rename would replace what has it.
    await link(from, to)
  } catch (error) {
    if (errorCode(error) === 'EEXIST') {
      if (!(await finishMove(from, to))) await moveOverOwn(from, to, error)
      return
    }
    if (!withoutLinks.has(errorCode(error))) throw error
    return moveOverPlaceholder(from, to)
  }
  await removeFile(from)
}

/**
 * Takes the name with an empty file, and replaces that. What is about to happen is noted first, so that the empty file is known again
 * if Putdesk ends in between.
 */
async function moveOverPlaceholder(from: string, to: string): Promise<void> {
  if (await isThere(to)) return moveOverOwn(from, to, null)
  await writeFile(claimOf(from), basename(to))
  try {
    const placeholder = await open(to, 'wx').catch((error: unknown) => {
      throw errorCode(error) === 'EEXIST' ? new NameTaken(to, { cause: error }) : error
    })
    await placeholder.close()
    await replaceFile(from, to).catch(async (error: unknown) => {
      await rm(to, { force: true })
      throw error
    })
  } finally {
    await rm(claimOf(from), { force: true })
  }
}

/** Replaces an empty file with which an earlier run took the name. Any other file is left alone: that rejects with `NameTaken`. */
async function moveOverOwn(from: string, to: string, cause: unknown): Promise<void> {
  const claimed = await readFile(claimOf(from), 'utf8').catch(() => null)
  const found = await lstat(to).catch(() => null)
  const isOwn = claimed === basename(to) && found !== null && found.isFile() && found.size === 0
  if (isOwn) await replaceFile(from, to)
  await rm(claimOf(from), { force: true })
  if (!isOwn) throw new NameTaken(to, { cause })
}

/** Where it is noted which name a part file is about to take. */
export function claimOf(partPath: string): string {
  return `${partPath}.name`
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null)) !== null
}

async function isSameFile(one: string, other: string): Promise<boolean> {
  const a = await lstat(one, { bigint: true }).catch(() => null)
  if (a === null || a.ino === 0n) return false
  const b = await lstat(other, { bigint: true }).catch(() => null)
  return a.ino === b?.ino && a.dev === b.dev
}

/** Syncs that have not begun yet, by folder: they cover all names that are new until then. */
const nextSyncs = new Map<string, Promise<void>>()
const lastSyncs = new Map<string, Promise<void>>()

/**
 * A new name is durable only once its folder is synced. Windows has no such call and needs none. Files that get their names while a sync
 * of their folder is running share the next one.
 */
function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return Promise.resolve()
  const next = nextSyncs.get(folder)
  if (next !== undefined) return next
  const sync = afterwards(lastSyncs.get(folder)).then(() => {
    nextSyncs.delete(folder)
    const running = syncNow(folder).finally(() => {
      if (lastSyncs.get(folder) === running) lastSyncs.delete(folder)
    })
    lastSyncs.set(folder, running)
    return running
  })
  nextSyncs.set(folder, sync)
  return sync
}

/** Resolves when a sync has ended, however it did. */
async function afterwards(sync: Promise<void> | undefined): Promise<void> {
  await sync?.catch(() => undefined)
}

/** The same for a thread of its own, which it blocks. */
export function syncFolderSync(folder: string): void {
  if (process.platform === 'win32') return
  try {
    const handle = openSync(folder, 'r')
    try {
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
  } catch (error) {
    if (!withoutSync.has(errorCode(error))) throw error
  }
}

async function syncNow(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (!withoutSync.has(errorCode(error))) throw error
  }
}
