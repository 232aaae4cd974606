import { mkdirSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'

/** What every file system takes at most as one name. */
const maxNameLength = 255

/**
 * Makes a folder that only this user may use, and those on the way to it. Throws what the system says. (On Windows, Node's own
 * `recursive` never ends where a name is too long: there the system says that a folder on the way is missing, again and again.)
 */
export function makeFolder(path: string): void {
  if (isFolder(path)) return
  const parent = dirname(path)
  if (parent !== path && isMissing(parent)) makeFolder(parent)
  if (process.platform === 'win32') throwUnixError(path)
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    // Another program may have made it just now.
    if (!isFolder(path)) throw error
  }
}

/** Throws what Unix would say: Windows says of each of these that something is missing. */
function throwUnixError(path: string): void {
  const code = isFolder(dirname(path)) ? (basename(path).length > maxNameLength ? 'ENAMETOOLONG' : null) : 'ENOTDIR'
  if (code !== null) throw Object.assign(new Error(`${code}, mkdir '${path}'`), { code, path })
}

function isMissing(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined
  } catch {
    // It cannot be reached: making what is to be in it tells why.
    return false
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    // Not there, or on no way that can be gone: making it tells which.
    return false
  }
}
