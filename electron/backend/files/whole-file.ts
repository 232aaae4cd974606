import {
  closeSync,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { replaceFileSync } from '../../../engine/disk/replace-file.ts'

/** `why` completes "The settings file …". `canPass`: the problem may be temporary, and the file itself intact. */
export type Unusable = { is: 'unusable'; why: string; canPass: boolean }

/** What exists at a path. Symbolic links are followed; nothing is opened. */
export function inspect(path: string): { is: 'absent' } | { is: 'file'; sizeBytes: number } | Unusable {
  let stats: Stats
  try {
    stats = statSync(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && !isLink(path)) return { is: 'absent' }
    const isBadLink = codeOf(error) === 'ENOENT' || codeOf(error) === 'ELOOP'
    if (isBadLink) return { is: 'unusable', why: 'is a link that leads nowhere', canPass: false }
    return { is: 'unusable', why: `cannot be read: ${describeError(error)}`, canPass: true }
  }
  if (stats.isDirectory()) return { is: 'unusable', why: 'is a folder', canPass: false }
  if (!stats.isFile()) return { is: 'unusable', why: 'is not a file', canPass: false }
  return { is: 'file', sizeBytes: stats.size }
}

/** Reads a text file of at most `maxBytes`. */
export function readText(path: string, maxBytes: number): { is: 'absent' } | { is: 'text'; text: string } | Unusable {
  const seen = inspect(path)
  if (seen.is !== 'file') return seen
  if (seen.sizeBytes > maxBytes) return { is: 'unusable', why: 'is far too large', canPass: false }
  try {
    return { is: 'text', text: readFileSync(path, 'utf8') }
  } catch (error) {
    return { is: 'unusable', why: `cannot be read: ${describeError(error)}`, canPass: true }
  }
}

/**
 * Replaces a file atomically: after a crash at any moment either the old or the new text is there. A symbolic link is kept, and its
 * target is replaced. Refuses a write-protected file. Throws the file system's errors.
 */
export function replaceText(path: string, text: string): void {
  const target = targetOf(path)
  const draft = `${target}.new`
  rmSync(draft, { force: true })
  writeFileSync(draft, text, { mode: 0o600, flag: 'wx', flush: true })
  replaceFileSync(draft, target)
  syncFolder(dirname(target))
}

/** Renames whatever exists at a path, so that it is kept. Returns the new path. */
export function setAside(path: string): string {
  const aside = path.replace(/(\.[a-z]+)?$/, `.damaged-${new Date().toISOString().replaceAll(':', '-')}$1`)
  replaceFileSync(path, aside)
  syncFolder(dirname(path))
  return aside
}

/** Describes a file system error, as the second half of a sentence. */
export function describeError(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full'
    case 'EROFS':
      return 'the disk is read-only'
    case 'EACCES':
    case 'EPERM':
      return 'Putdesk is not allowed to'
    case 'EISDIR':
    case 'ENOTDIR':
    case 'EEXIST':
    case 'ENOTEMPTY':
    case 'ERR_FS_EISDIR':
      return 'something else of that name is in the way'
    case 'ENOENT':
      return 'its folder is gone'
    case 'EIO':
      return 'the disk reports an error'
    case 'EMFILE':
    case 'ENFILE':
      return 'too many files are open'
    default:
      return 'the system refuses it'
  }
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}

class WriteProtected extends Error {
  readonly code = 'EACCES'
}

/** The file that a write replaces. Write protection is respected even where the system would let us rename over the file. */
function targetOf(path: string): string {
  const target = isLink(path) ? realpathSync(path) : path
  const stats = statSync(target, { throwIfNoEntry: false })
  if (stats?.isFile() && (stats.mode & 0o222) === 0) throw new WriteProtected(`${target} is write-protected`)
  return target
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
}

/** A rename is durable only once its folder is synced. Windows has no such call and needs none. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
