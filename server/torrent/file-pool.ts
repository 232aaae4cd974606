import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { openPlain } from '../../engine/disk/open-plain.ts'

const maxOpen = 64

interface Held {
  file: Promise<FileHandle>
  users: number
}

/** Files that are kept open between uses, at most 64 at a time. */
export class FilePool {
  // In order of use, the least recently used first.
  readonly #held = new Map<string, Held>()

  /** Calls `use` with an open file; with `isCreated`, creates a missing one. Links are not followed. */
  async with<T>(path: string, isCreated: boolean, use: (file: FileHandle) => Promise<T>): Promise<T> {
    const held = this.#held.get(path) ?? { file: openFile(path, isCreated), users: 0 }
    this.#held.delete(path)
    this.#held.set(path, held)
    held.users += 1
    try {
      return await use(await held.file)
    } catch (error) {
      // If the file failed to open, the next user tries again.
      await held.file.catch(() => this.#forget(path, held))
      throw error
    } finally {
      held.users -= 1
      await this.#closeSome()
    }
  }

  /** Closes the files in a folder. Nothing may be using them. */
  async closeIn(folder: string): Promise<void> {
    for (const [path, held] of this.#held) {
      if (!path.startsWith(folder)) continue
      this.#held.delete(path)
      await held.file.then((file) => file.close()).catch(() => null)
    }
  }

  #forget(path: string, held: Held): void {
    if (this.#held.get(path) === held) this.#held.delete(path)
  }

  async #closeSome(): Promise<void> {
    for (const [path, held] of this.#held) {
      if (this.#held.size <= maxOpen) return
      if (held.users > 0) continue
      this.#held.delete(path)
      await held.file.then((file) => file.close())
    }
  }
}

function openFile(path: string, isCreated: boolean): Promise<FileHandle> {
  return openPlain(path, constants.O_RDWR | (isCreated ? constants.O_CREAT : 0))
}
