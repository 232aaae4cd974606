import { Cut } from './entry.ts'

/** How much of an archive is read for its list, in bytes and in requests. */
export const maxListBytes = 256 * 1024
const maxReads = 128
/** The first read at a new place. Reads that go on from there become larger. */
const firstStep = 2048
const maxStep = 64 * 1024

/** Something that a list is read from. */
export interface Source {
  readonly sizeBytes: number
  /** The bytes at a place: `length` of them, or fewer where the source ends. Throws `Cut` beyond the limit. */
  read(from: number, length: number): Promise<Uint8Array>
}

/** Reads the bytes from `from` up to `to`. */
export type ReadRange = (from: number, to: number) => Promise<Uint8Array>

/** A file that is read by ranges, up to a limit in all. Keeps what it read last. */
export class RangeSource implements Source {
  readonly sizeBytes: number
  readonly #readRange: ReadRange
  #leftBytes = maxListBytes
  #leftReads = maxReads
  #step = firstStep
  #start = 0
  #kept: Uint8Array = new Uint8Array()

  constructor(sizeBytes: number, readRange: ReadRange) {
    this.sizeBytes = sizeBytes
    this.#readRange = readRange
  }

  async read(from: number, length: number): Promise<Uint8Array> {
    if (!(from >= 0) || from >= this.sizeBytes) return new Uint8Array()
    const to = Math.min(from + length, this.sizeBytes)
    const keptEnd = this.#start + this.#kept.length
    if (from < this.#start || to > keptEnd) await this.#load(from, to, from >= this.#start && from <= keptEnd)
    return this.#kept.subarray(from - this.#start, to - this.#start)
  }

  /** The beginning of the file, as much of it as may be read. */
  readBeginning(): Promise<Uint8Array> {
    const keptBytes = this.#start === 0 ? this.#kept.length : 0
    return this.read(0, keptBytes + this.#leftBytes)
  }

  /** Reads on from what is kept, or starts over. */
  async #load(from: number, to: number, isNext: boolean): Promise<void> {
    this.#step = isNext ? Math.min(this.#step * 2, maxStep) : firstStep
    const kept = isNext ? this.#kept.subarray(from - this.#start) : new Uint8Array()
    const begin = from + kept.length
    const end = Math.max(to, Math.min(begin + this.#step, begin + this.#leftBytes, this.sizeBytes))
    if (end - begin > this.#leftBytes || this.#leftReads === 0) throw new Cut()
    this.#leftBytes -= end - begin
    this.#leftReads -= 1
    const read = await this.#readRange(begin, end)
    const all = new Uint8Array(kept.length + read.length)
    all.set(kept)
    all.set(read, kept.length)
    this.#start = from
    this.#kept = all
  }
}

/** What was unpacked of a compressed archive: all of it, or its beginning. */
export class UnpackedSource implements Source {
  readonly sizeBytes: number
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array, isWhole: boolean) {
    this.#bytes = bytes
    this.sizeBytes = isWhole ? bytes.length : Number.POSITIVE_INFINITY
  }

  async read(from: number, length: number): Promise<Uint8Array> {
    if (from + length > this.#bytes.length && this.sizeBytes === Number.POSITIVE_INFINITY) throw new Cut()
    return this.#bytes.subarray(from, from + length)
  }
}
