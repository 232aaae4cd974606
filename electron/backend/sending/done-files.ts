import { appendFileSync, readFileSync, rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Which files of a folder have been sent: a line for each, so that thousands cost no more than one after the other. */
export class DoneFiles {
  readonly #path: string
  readonly #done: Set<string>

  private constructor(path: string, done: Set<string>) {
    this.#path = path
    this.#done = done
  }

  static async open(dataFolder: string, sendId: string): Promise<DoneFiles> {
    const folder = join(dataFolder, 'sends')
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const path = join(folder, `${sendId}.jsonl`)
    return new DoneFiles(path, new Set(linesIn(path)))
  }

  static remove(dataFolder: string, sendId: string): void {
    rmSync(join(dataFolder, 'sends', `${sendId}.jsonl`), { force: true })
  }

  has(path: string): boolean {
    return this.#done.has(path)
  }

  add(path: string): void {
    if (this.#done.has(path)) return
    this.#done.add(path)
    // A line that a crash has cut must not spoil the next one.
    appendFileSync(this.#path, `\n${JSON.stringify(path)}`, { mode: 0o600 })
  }
}

function linesIn(path: string): string[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
  return text.split('\n').flatMap((line) => {
    try {
      const read: unknown = line === '' ? null : JSON.parse(line)
      return typeof read === 'string' ? [read] : []
    } catch {
      // Cut by a crash: that file is sent again, or found there.
      return []
    }
  })
}
