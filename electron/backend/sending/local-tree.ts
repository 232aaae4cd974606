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
  /** Names of what cannot be read, and of what is neither a file nor a folder, such as links, which are not followed: they may lead anywhere. */
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
    const isRoot = folder.folders.length === 0
    const entries = folder.folders.length > maxDepth ? null : await entriesOf(folder.path)
    if (entries === null && isRoot) throw new AppError('bad-input', `“${name}” cannot be read on this computer.`)
    // What cannot be read must not keep the rest from being sent.
    if (entries === null) tree.leftOut.push(folder.folders.join('/'))
    for (const entry of entries ?? []) {
      const inner = join(folder.path, entry.name)
      const folders = [...folder.folders, entry.name]
      if (entry.isDirectory()) {
        tree.folders.push(folders)
        left.push({ path: inner, folders })
      } else if (entry.isFile()) {
        const stats = await lstat(inner).catch(() => null)
        // Gone by now, or with a name that cannot be read.
        if (stats === null) {
          tree.leftOut.push(folders.join('/'))
          continue
        }
        const { size, mtimeMs } = stats
        const file = { path: inner, folders: folder.folders, name: entry.name, sizeBytes: size, changedAtMs: mtimeMs }
        tree.files.push(file)
      } else tree.leftOut.push(folders.join('/'))
    }
    if (tree.files.length > maxFiles)
      throw new AppError('bad-input', `“${name}” has too many files to be sent at once.`)
  }
  return tree
}

/** Null for a folder that cannot be read. */
async function entriesOf(path: string): Promise<Dirent[] | null> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => null)
  return entries?.sort((a, b) => (a.name < b.name ? -1 : 1)) ?? null
}

async function statOf(path: string, name: string): Promise<Stats> {
  try {
    return await lstat(path)
  } catch (cause) {
    throw new AppError('bad-input', `“${name}” is not there any more, or cannot be read.`, { cause })
  }
}
