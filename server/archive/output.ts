import { closeSync, constants, mkdirSync, openSync, readdirSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { isFullDisk } from '../../engine/fetch-error.ts'
import { formatSize } from '../../engine/format-size.ts'
import { ArchiveError, quoted, tooLarge, unsafe } from './archive-error.ts'
import type { Tree } from './tree.ts'

/** What one archive may take. */
export interface Limits {
  /** All unpacked files together. */
  maxBytes: number
  maxEntries: number
  /** How many folders deep, the file included. */
  maxDepth: number
  /** How many times the archive's own size; counted from 64 MiB on. */
  maxRatio: number
  maxSeconds: number
}

/** A file that was unpacked: its place in the archive's tree, and where its bytes are. */
export interface UnpackedFile {
  path: string[]
  file: string
  sizeBytes: number
}

const ratioFloorBytes = 64 * 1024 * 1024
const newFile = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)

/**
 * The only thing that writes what an archive holds. Files are called 0, 1, 2… in one folder, so that no name from an archive ever
 * touches the disk; they are new, private and plain by the way they are opened. The limits count bytes that are really written.
 */
export class Output {
  readonly files: UnpackedFile[] = []
  readonly #into: string
  readonly #archive: string
  readonly #limits: Limits
  readonly #tree: Tree
  readonly #mostBytes: number
  #entries = 0
  #total = 0
  #current: UnpackedFile | null = null
  #descriptor: number | null = null

  constructor(into: string, tree: Tree, { archive, limits, packedBytes }: OutputOf) {
    this.#into = into
    this.#tree = tree
    this.#archive = archive
    this.#limits = limits
    this.#mostBytes = Math.max(ratioFloorBytes, packedBytes * limits.maxRatio)
  }

  get totalBytes(): number {
    return this.#total
  }

  /** Refuses, before a byte is written, what says of itself that it is too much. */
  checkDeclared(entries: number, bytes: number): void {
    const { maxBytes, maxEntries, maxRatio } = this.#limits
    if (entries > maxEntries) {
      throw tooLarge(this.#archive, `it holds more than ${maxEntries} files, and no more than that are unpacked`)
    }
    if (bytes > maxBytes) {
      const needs = Number.isFinite(bytes) ? formatSize(bytes) : 'more'
      throw tooLarge(this.#archive, `it needs ${needs} of disk space, and at most ${formatSize(maxBytes)} can be used`)
    }
    if (bytes > this.#mostBytes) {
      throw unsafe(this.#archive, `it grows to more than ${maxRatio} times its size, as only a trap does`)
    }
  }

  addFolder(entry: string, separators: RegExp): void {
    this.#count()
    this.#tree.addFolder(entry, separators)
  }

  /** Begins a file. Its bytes follow by `write`, and `end` closes it. */
  begin(entry: string, separators: RegExp): void {
    this.#count()
    const path = this.#tree.addFile(entry, separators)
    this.#current = { path, file: join(this.#into, `${this.files.length}`), sizeBytes: 0 }
    this.files.push(this.#current)
  }

  write(bytes: Uint8Array): void {
    const current = this.#current
    if (current === null || bytes.length === 0) return
    this.checkDeclared(this.#entries, this.#total + bytes.length)
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

  /** Makes the empty files, late so that a million of them cost nothing before they are refused, and looks at what is there. */
  finish(): void {
    for (const { file, sizeBytes } of this.files) if (sizeBytes === 0) closeSync(openSync(file, newFile, 0o600))
    const there = readdirSync(this.#into, { withFileTypes: true }).filter((item) => !item.name.startsWith('.'))
    if (there.length !== this.files.length || there.some((item) => !item.isFile())) {
      throw unsafe(this.#archive, 'something else than plain files appeared while it was unpacked')
    }
  }

  /** Makes the folder for the files. */
  static folder(into: string): void {
    mkdirSync(into, { recursive: true, mode: 0o700 })
  }

  #count(): void {
    this.#entries++
    if (this.#entries > this.#limits.maxEntries) this.checkDeclared(this.#entries, 0)
  }

  #writeSome(descriptor: number, bytes: Uint8Array): number {
    try {
      return writeSync(descriptor, bytes)
    } catch (cause) {
      const [kind, why] = isFullDisk(cause)
        ? (['no-room', 'the disk is full'] as const)
        : (['failed', 'its files could not be written'] as const)
      throw new ArchiveError(kind, `${quoted(this.#archive)} could not be unpacked: ${why}.`, { cause })
    }
  }
}

interface OutputOf {
  archive: string
  limits: Limits
  packedBytes: number
}
