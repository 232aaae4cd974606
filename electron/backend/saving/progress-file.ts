import { type FileHandle, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import type { ResumeRecord } from '../../../engine/resume.ts'
import { AppError } from '../../../shared/errors.ts'
import { ItemId } from '../../../shared/item.ts'
import { describeError, replaceText } from '../files/whole-file.ts'

/** A line of the file: where an item is saved, and what is known of its part file. The last line of an item counts. */
const Line = z.object({
  itemId: ItemId,
  /** Relative to the target folder, with slashes. */
  path: z.string(),
  isDone: z.boolean(),
  /** The part file's number in its volume, so that it is known again under its final name. */
  inode: z.string().nullable(),
  resume: z.unknown().nullable(),
  /** The checksum of a file in a zip, once it is in its place. */
  crc: z.number().nullable().default(null),
})
type Line = z.infer<typeof Line>

const idleMs = 1000

/** What a save has done for one of its files. */
export interface FileProgress {
  path: string
  isDone: boolean
  inode: string | null
  resume: ResumeRecord | null
  /** Of a file in a zip, once it is in its place. */
  crc: number | null
}

/**
 * What a save has done so far, one line of JSON after another. A line that was cut off by a crash is left out: then its file is looked at
 * again, and continued from its part file or fetched again.
 */
export class ProgressFile {
  readonly #path: string
  readonly #files = new Map<ItemId, FileProgress>()
  #writing: Promise<void> = Promise.resolve()
  /** Lines that are written as soon as those before them are, all at once. */
  #due: string[] = []
  #handle: FileHandle | null = null
  #closing: NodeJS.Timeout | null = null

  private constructor(path: string) {
    this.#path = path
  }

  static async open(folder: string, id: string): Promise<ProgressFile> {
    const file = new ProgressFile(join(folder, `${id}.jsonl`))
    const text = await readFile(file.#path, 'utf8').catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
      throw new AppError('refused', `What is done of it cannot be read: ${describeError(error)}.`, { cause: error })
    })
    for (const line of text.split('\n')) file.#read(line)
    // Rewritten without what is out of date; this also ends a line that was cut off.
    replaceText(file.#path, file.#whole())
    return file
  }

  get(itemId: ItemId): FileProgress | null {
    return this.#files.get(itemId) ?? null
  }

  all(): ReadonlyMap<ItemId, FileProgress> {
    return this.#files
  }

  /** Notes the progress of a file. It is read back after a crash of the program, but not always after one of the system. */
  note(itemId: ItemId, progress: FileProgress): Promise<void> {
    this.#files.set(itemId, progress)
    this.#due.push(lineOf(itemId, progress))
    if (this.#due.length === 1) this.#writing = this.#writing.then(() => this.#write())
    return this.#writing
  }

  async remove(): Promise<void> {
    await this.close()
    await rm(this.#path, { force: true })
  }

  async #write(): Promise<void> {
    // What was written last may lack its end.
    const lines = `${this.#handle === null ? '\n' : ''}${this.#due.join('')}`
    this.#due = []
    if (this.#closing !== null) clearTimeout(this.#closing)
    try {
      this.#handle ??= await open(this.#path, 'a')
      await this.#handle.writeFile(lines)
    } catch {
      // What is not noted is fetched again after a crash. The next note may do better with the file opened again.
      await this.#leave()
      return
    }
    this.#closing = setTimeout(() => void this.close(), idleMs).unref()
  }

  /** Writes what is due, and leaves the file. A later note opens it again. */
  close(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#leave())
    return this.#writing
  }

  /** Opening it for each note takes longer than writing; but nothing stays open that is not used. */
  async #leave(): Promise<void> {
    if (this.#closing !== null) clearTimeout(this.#closing)
    const handle = this.#handle
    this.#handle = null
    await handle?.close().catch(() => undefined)
  }

  #read(text: string): void {
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      return
    }
    const line = Line.safeParse(value)
    if (!line.success) return
    const { itemId, resume, ...progress } = line.data
    // The engine checks a record against the part file before it trusts it.
    this.#files.set(itemId, { ...progress, resume: (resume as ResumeRecord | null) ?? null })
  }

  #whole(): string {
    return [...this.#files].map(([itemId, progress]) => lineOf(itemId, progress)).join('')
  }
}

function lineOf(itemId: ItemId, progress: FileProgress): string {
  const line: Line = { itemId, ...progress }
  return `${JSON.stringify(line)}\n`
}
