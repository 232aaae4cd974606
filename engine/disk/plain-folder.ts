import { lstatSync, realpathSync } from 'node:fs'
import { lstat, realpath } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { FetchError } from '../fetch-error.ts'

/** A link, or a file, is in the place of a folder. */
export class FolderReplaced extends FetchError {
  override name = 'FolderReplaced'
}

/** The path of a folder without links, or the path itself where the system cannot tell. */
export async function realFolder(folder: string): Promise<string> {
  return realpath(folder).catch(() => folder)
}

/**
 * Rejects with `FolderReplaced` if a folder below `root` cannot be reached without following a link. `root` is a path without links.
 * Rejects with what the file system says if a folder is missing.
 */
export async function requirePlainFolder(root: string, folder: string): Promise<void> {
  // Fails as it should where the folder is gone.
  const isSame = (await lstat(root)).isDirectory() && (await realFolder(root)) === root
  if (!isSame) throw replaced(root)
  for (const path of pathsBetween(root, folder)) if (!(await lstat(path)).isDirectory()) throw replaced(path)
}

/** The same for a thread of its own, which it blocks. */
export function requirePlainFolderSync(root: string, folder: string): void {
  if (!lstatSync(root).isDirectory() || realFolderSync(root) !== root) throw replaced(root)
  for (const path of pathsBetween(root, folder)) if (!lstatSync(path).isDirectory()) throw replaced(path)
}

function realFolderSync(folder: string): string {
  try {
    return realpathSync.native(folder)
  } catch {
    return folder
  }
}

/** The folders below `root` that lead to `folder`, with `folder` itself. */
function pathsBetween(root: string, folder: string): string[] {
  const names = relative(root, folder).split(sep).filter(Boolean)
  return names.map((_, index) => join(root, ...names.slice(0, index + 1)))
}

function replaced(folder: string): FetchError {
  return new FolderReplaced(`“${folder}” is no longer a folder: a link or a file is in its place.`, { isPassing: true })
}
