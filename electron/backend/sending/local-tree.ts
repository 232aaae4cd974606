import type { Dirent, Stats } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { AppError } from '../../../shared/errors.ts'

/** A file below a folder of this computer. `folders` are the names of the folders between them. */
export interface LocalFile {
  path: string
  folders: readonly string[]
  name: string
  sizeBytes: number
  changedAtMs: number
}

/** What is to be sent. */
export interface LocalTree {
  isFolder: boolean
  name: string
  files: LocalFile[]
  /** All folders below it, also empty ones; each after the one that it is in. */
  folders: (readonly string[])[]
  /** Names of what is neither a file nor a folder, such as links, which are not followed: they may lead anywhere. */
  leftOut: string[]
}

const maxFiles = 1_000_000
const maxDepth = 200

/** Lists a file, or a folder with all that is in it. Errors: bad-input. */
export async function listLocal(path: string, signal: AbortSignal): Promise<LocalTree> {
  const name = basename(path)
  const found = await statOf(path, name)
  if (found.isFile()) {
    const file = { path, folders: [], name, sizeBytes: found.size, changedAtMs: found.mtimeMs }
    return { isFolder: false, name, files: [file], folders: [], leftOut: [] }
  }
  if (!found.isDirectory()) throw new AppError('bad-input', `“${name}” is neither a file nor a folder.`)
  const tree: LocalTree = { isFolder: true, name, files: [], folders: [], leftOut: [] }
  // The list grows during the loop: recursion could overflow the stack on a deep tree.
  const left: { path: string; folders: readonly string[] }[] = [{ path, folders: [] }]
  for (const folder of left) {
    signal.throwIfAborted()
    if (folder.folders.length > maxDepth)
      throw new AppError('bad-input', `“${name}” has folders that are too deep to be sent.`)
    for (const entry of await entriesOf(folder.path, name)) {
      const inner = join(folder.path, entry.name)
      const folders = [...folder.folders, entry.name]
      if (entry.isDirectory()) {
        tree.folders.push(folders)
        left.push({ path: inner, folders })
      } else if (entry.isFile()) {
        const { size, mtimeMs } = await statOf(inner, entry.name)
        const file = { path: inner, folders: folder.folders, name: entry.name, sizeBytes: size, changedAtMs: mtimeMs }
        tree.files.push(file)
      } else tree.leftOut.push(folders.join('/'))
    }
    if (tree.files.length > maxFiles)
      throw new AppError('bad-input', `“${name}” has too many files to be sent at once.`)
  }
  return tree
}

async function entriesOf(path: string, name: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true })
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (cause) {
    throw new AppError('bad-input', `“${name}” cannot be read on this computer.`, { cause })
  }
}

async function statOf(path: string, name: string): Promise<Stats> {
  try {
    return await lstat(path)
  } catch (cause) {
    throw new AppError('bad-input', `“${name}” is not there any more, or cannot be read.`, { cause })
  }
}
