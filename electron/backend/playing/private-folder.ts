import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** A folder for files that players read while Putdesk runs. Nothing in it survives a restart. */
export class PrivateFolder {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
    this.clear()
  }

  /** Creates a folder that only this user can enter. */
  make(name: string): string {
    mkdirSync(this.#path, { recursive: true, mode: 0o700 })
    return mkdtempSync(join(this.#path, `${name}-`))
  }

  clear(): void {
    try {
      rmSync(this.#path, { recursive: true, force: true })
    } catch {
      // On Windows, a player may still have a file open. It is deleted at the next start.
    }
  }
}
