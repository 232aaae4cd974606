import { mkdirSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'

/** The longest name that every file system allows. */
const maxNameLength = 255

/**
 * Creates a folder that only this user may use, and its missing parents. Throws the system's error. (On Windows, Node's
 * own `recursive` never ends when a name is too long: there the system keeps reporting a missing parent.)
 */
export function makeFolder(path: string): void {
  if (isFolder(path)) return
  const parent = dirname(path)
  if (parent !== path && isMissing(parent)) makeFolder(parent)
  if (process.platform === 'win32') throwUnixError(path)
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    // Another program may have created it in the meantime.
    if (!isFolder(path)) throw error
  }
}

/** Throws the error that Unix would give: Windows reports ENOENT for all of these. */
function throwUnixError(path: string): void {
  const code = isFolder(dirname(path)) ? (basename(path).length > maxNameLength ? 'ENAMETOOLONG' : null) : 'ENOTDIR'
  if (code !== null) throw Object.assign(new Error(`${code}, mkdir '${path}'`), { code, path })
}

function isMissing(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined
  } catch {
    // Not reachable: the attempt to create the child gives the error.
    return false
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    // Missing or not reachable: the attempt to create it gives the error.
    return false
  }
}
