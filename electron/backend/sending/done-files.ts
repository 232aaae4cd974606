import { appendFileSync, readFileSync, rmSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'

/** Where a file that is being sent can be continued, as long as it is the same file. */
export interface Begun {
  /** The service's name for what it has of the file; a secret. */
  place: string
  sizeBytes: number
  changedAtMs: number
}

/** A file that is done: its path below the folder. One that was begun: the path, with the fields of `Begun`. */
const Line = z.union([z.string(), z.tuple([z.string(), z.string(), z.number(), z.number()])])
type Line = z.infer<typeof Line>

/**
 * Which files of a send are done, and which are begun: a line for each change, so that thousands of files cost no more than one after the
 * other, and none is sent twice after a crash.
 */
export class DoneFiles {
  readonly #path: string
  readonly #done = new Set<string>()
  readonly #begun = new Map<string, Begun>()

  private constructor(path: string) {
    this.#path = path
    for (const line of linesIn(path)) this.#take(line)
  }

  static async open(dataFolder: string, sendId: string): Promise<DoneFiles> {
    const folder = folderIn(dataFolder)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return new DoneFiles(join(folder, `${sendId}.jsonl`))
  }

  static remove(dataFolder: string, sendId: string): void {
    rmSync(join(folderIn(dataFolder), `${sendId}.jsonl`), { force: true })
  }

  /** Removes what a crash has left of sends that are no longer in the list. */
  static async tidy(dataFolder: string, isListed: (sendId: string) => boolean): Promise<void> {
    for (const name of await readdir(folderIn(dataFolder)).catch(() => [])) {
      const id = /^([0-9a-f-]{36})\.jsonl$/.exec(name)?.[1]
      if (id !== undefined && !isListed(id)) DoneFiles.remove(dataFolder, id)
    }
  }

  has(path: string): boolean {
    return this.#done.has(path)
  }

  add(path: string): void {
    if (!this.#done.has(path)) this.#append(path)
  }

  begun(path: string): Begun | null {
    return this.#begun.get(path) ?? null
  }

  /** Notes where a file can be continued. */
  begin(path: string, { place, sizeBytes, changedAtMs }: Begun): void {
    this.#append([path, place, sizeBytes, changedAtMs])
  }

  /** Where files were begun that are not done. */
  get begunPlaces(): string[] {
    return [...this.#begun.values()].map(({ place }) => place)
  }

  /** Forgets all files: what they were sent into is gone. */
  clear(): void {
    rmSync(this.#path, { force: true })
    this.#done.clear()
    this.#begun.clear()
  }

  #append(line: Line): void {
    this.#take(line)
    // A line that a crash has cut must not spoil the next one.
    appendFileSync(this.#path, `\n${JSON.stringify(line)}`, { mode: 0o600 })
  }

  #take(line: Line): void {
    if (typeof line === 'string') {
      this.#done.add(line)
      this.#begun.delete(line)
    } else {
      const [path, place, sizeBytes, changedAtMs] = line
      this.#begun.set(path, { place, sizeBytes, changedAtMs })
    }
  }
}

function folderIn(dataFolder: string): string {
  return join(dataFolder, 'sends')
}

function linesIn(path: string): Line[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
  return text.split('\n').flatMap((line): Line[] => {
    try {
      const { data } = Line.safeParse(line === '' ? null : JSON.parse(line))
      return data === undefined ? [] : [data]
    } catch {
      // Cut by a crash: that file is sent again, or found there.
      return []
    }
  })
}
