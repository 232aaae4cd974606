import { lstat, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { freeName, safeName, twinKey } from '../../../engine/text/names.ts'
import { AppError } from '../../../shared/errors.ts'

/** The names of a folder on this computer. Two names that some file system considers the same are the same here. */
export class TakenNames {
  readonly #keys: Set<string>
  readonly #folders: Set<string>

  private constructor(names: readonly string[], folders: readonly string[]) {
    this.#keys = new Set(names.map(twinKey))
    this.#folders = new Set(folders.map(twinKey))
  }

  /** Reads a folder. One that does not exist has no names. */
  static async of(folder: string): Promise<TakenNames> {
    const found = await readdir(folder, { withFileTypes: true }).catch(() => [])
    const folders = found.filter((entry) => entry.isDirectory())
    return new TakenNames(
      found.map(({ name }) => name),
      folders.map(({ name }) => name),
    )
  }

  /** The names of a new folder. */
  static none(): TakenNames {
    return new TakenNames([], [])
  }

  has(name: string): boolean {
    return this.#keys.has(twinKey(name))
  }

  /** True if a folder that was there has the name; a link to a folder is none. */
  isFolder(name: string): boolean {
    return this.#folders.has(twinKey(name))
  }

  add(name: string): void {
    this.#keys.add(twinKey(name))
  }

  /** A name for an item that is legal on every system and free here. Takes it. */
  take(name: string): string {
    const free = freeName(safeName(name), (candidate) => this.has(candidate))
    this.add(free)
    return free
  }
}

/**
 * Creates a subfolder of a target folder. What exists is used, unless it is a link or a file: what a stranger named must not lead
 * elsewhere. Throws `refused`.
 */
export async function openSubfolder(parent: string, name: string): Promise<string> {
  const path = join(parent, name)
  await mkdir(path).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  })
  if (!(await lstat(path)).isDirectory())
    throw new AppError('refused', `“${name}” in the folder to save in is not a folder.`)
  return path
}
