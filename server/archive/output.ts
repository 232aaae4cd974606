import { closeSync, constants, mkdirSync, openSync, readdirSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { isFullDisk } from '../../engine/fetch-error.ts'
import { formatSize } from '../../engine/text/format-size.ts'
import { ArchiveError, quoted, tooLarge, unsafe } from './archive-error.ts'
import type { Found, FoundFile, PlacedFile } from './contents.ts'
import type { RawName } from './entry-name.ts'
import { Note } from './note.ts'

/** The limits of one archive. */
export interface Limits {
  /** The total size of the unpacked files. */
  maxBytes: number
  maxEntries: number
  /** The maximum depth of folders, including the file. */
  maxDepth: number
  /** The maximum multiple of the archive's own size; applies from 64 MiB on. */
  maxRatio: number
  maxSeconds: number
}

/** The name of the folder for temporary files. */
export const pieces = '.pieces'

const ratioFloorBytes = 64 * 1024 * 1024
const copyBytes = 1024 * 1024
const zeros = Buffer.alloc(copyBytes)
const newFile = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)

/** An unpacked file: its path in the archive's tree, and the path of its bytes. */
export interface UnpackedFile {
  path: string[]
  file: string
  sizeBytes: number
}

/**
 * The only writer of an archive's content. Files are named 0, 1, 2… in one folder, so that no name from an archive ever reaches the
 * disk; the open flags ensure that they are new, private and regular. The limits apply to the bytes actually written.
 */
export class Output {
  /** All entries of the archive, in its order. */
  readonly found: Found[] = []
  readonly note = new Note()
  readonly #into: string
  readonly #archive: string
  readonly #limits: Limits
  readonly #maxFileBytes: number
  #files = 0
  #total = 0
  #current: FoundFile | null = null
  #descriptor: number | null = null

  constructor(into: string, { archive, limits, packedBytes }: OutputOptions) {
    this.#into = into
    this.#archive = archive
    this.#limits = limits
    this.#maxFileBytes = Math.max(ratioFloorBytes, packedBytes * limits.maxRatio)
  }

  get totalBytes(): number {
    return this.#total
  }

  /** Refuses an archive whose declared size exceeds the limits, before a byte is written. */
  checkDeclared(entries: number, bytes: number): void {
    const { maxBytes, maxEntries, maxRatio } = this.#limits
    if (entries > maxEntries) {
      throw tooLarge(this.#archive, `it holds more than ${maxEntries} files, and no more than that are unpacked`)
    }
    if (bytes > maxBytes) {
      const needs = Number.isFinite(bytes) ? formatSize(bytes) : 'more'
      throw tooLarge(this.#archive, `it needs ${needs} of disk space, and at most ${formatSize(maxBytes)} can be used`)
    }
    if (bytes > this.#maxFileBytes) {
      throw unsafe(this.#archive, `it grows to more than ${maxRatio} times its size, as zip bombs do`)
    }
  }

  addFolder(name: RawName, hasBackslashes: boolean): void {
    this.#add({ kind: 'folder', name, hasBackslashes })
  }

  /** Adds a link: to a path relative to its folder (`symlink`), or to the name of another entry (`hard-link`). */
  addLink(kind: 'symlink' | 'hard-link', name: RawName, of: { target: RawName; hasBackslashes: boolean }): void {
    this.#add({ kind, name, ...of })
  }

  /** Skips an entry; `why` is the end of a sentence. */
  leaveOut(name: RawName, why: string): void {
    this.#add({ kind: 'left-out', name, why, hasBackslashes: false })
  }

  /** Starts a file. `write` adds its bytes and `end` closes it. */
  begin(name: RawName, hasBackslashes: boolean): void {
    const current: FoundFile = { kind: 'file', name, hasBackslashes, file: this.#nextFile(), sizeBytes: 0 }
    this.#add(current)
    this.#current = current
  }

  write(bytes: Uint8Array): void {
    const current = this.#current
    if (current === null || bytes.length === 0) return
    this.checkDeclared(this.found.length, this.#total + bytes.length)
    this.#descriptor ??= openSync(current.file, newFile, 0o600)
    for (let rest = bytes; rest.length > 0; ) rest = rest.subarray(this.#writeSome(this.#descriptor, rest))
    current.sizeBytes += bytes.length
    this.#total += bytes.length
  }

  end(): void {
    this.#current = null
    if (this.#descriptor === null) return
    const descriptor = this.#descriptor
    this.#descriptor = null
    closeSync(descriptor)
  }

  /** Writes `bytes` zeros. */
  writeZeros(bytes: number): void {
    this.checkDeclared(this.found.length, this.#total + bytes)
    for (let left = bytes; left > 0; left -= copyBytes) this.write(zeros.subarray(0, Math.min(left, copyBytes)))
  }

  /**
   * Copies the targets of links, then creates the empty files: last, so that a million of them cost nothing before they are refused.
   * Then verifies the result.
   */
  finish(placed: readonly PlacedFile[]): UnpackedFile[] {
    const copiedBytes = placed.reduce((sum, { isCopy, sizeBytes }) => sum + (isCopy ? sizeBytes : 0), 0)
    this.checkDeclared(this.found.length, this.#total + copiedBytes)
    const files = placed.map(({ path, file, sizeBytes, isCopy }) => ({
      path,
      file: isCopy ? this.#copy(file, sizeBytes) : file,
      sizeBytes,
    }))
    for (const { file, sizeBytes } of files) if (sizeBytes === 0) closeSync(openSync(file, newFile, 0o600))
    const present = readdirSync(this.#into, { withFileTypes: true }).filter((item) => !item.name.startsWith('.'))
    if (present.length !== files.length || present.some((item) => !item.isFile())) {
      throw unsafe(this.#archive, 'something else than plain files appeared while it was unpacked')
    }
    return files
  }

  /** Creates the folder for the files. */
  static folder(into: string): void {
    mkdirSync(into, { recursive: true, mode: 0o700 })
  }

  #add(one: Found): void {
    this.found.push(one)
    if (this.found.length > this.#limits.maxEntries) this.checkDeclared(this.found.length, 0)
  }

  #nextFile(): string {
    return join(this.#into, `${this.#files++}`)
  }

  #copy(from: string, sizeBytes: number): string {
    const file = this.#nextFile()
    if (sizeBytes === 0) return file
    const descriptor = openSync(from, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
    try {
      this.#current = { kind: 'file', name: '', hasBackslashes: false, file, sizeBytes: 0 }
      const piece = Buffer.allocUnsafe(Math.min(copyBytes, sizeBytes))
      for (let count = readSync(descriptor, piece); count > 0; count = readSync(descriptor, piece)) {
        this.write(piece.subarray(0, count))
      }
    } finally {
      closeSync(descriptor)
      this.end()
    }
    return file
  }

  #writeSome(descriptor: number, bytes: Uint8Array): number {
    try {
      return writeSync(descriptor, bytes)
    } catch (cause) {
      throw cannotWrite(this.#archive, cause)
    }
  }
}

/** The error for a failed write, because the disk is full or for another reason. */
export function cannotWrite(archive: string, cause: unknown): ArchiveError {
  const [kind, why] = isFullDisk(cause)
    ? (['no-room', 'the disk is full'] as const)
    : (['failed', 'its files could not be written'] as const)
  return new ArchiveError(kind, `${quoted(archive)} could not be unpacked: ${why}.`, { cause })
}

interface OutputOptions {
  archive: string
  limits: Limits
  packedBytes: number
}
