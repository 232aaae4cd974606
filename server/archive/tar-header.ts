import type { RawName } from './entry-name.ts'
import { maxPieces, type Piece, piecesOf } from './sparse.ts'

// Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Interchange Format"; GNU tar manual, "Basic Tar Format" and "Storing
// Sparse Files".

/** The extended attributes of the next header. */
export class TarAttributes {
  readonly #values = new Map<string, Buffer>()
  readonly #pieces: string[] = []

  /** Parses records of `length key=value`, each ending in a newline. */
  static of(note: Buffer): TarAttributes {
    const attributes = new TarAttributes()
    for (let at = 0; at < note.length; ) {
      const space = note.indexOf(0x20, at)
      const length = space === -1 ? Number.NaN : Number(note.subarray(at, space).toString('latin1'))
      if (!Number.isSafeInteger(length) || length <= space - at || at + length > note.length) break
      attributes.#add(note.subarray(space + 1, at + length - 1))
      at += length
    }
    return attributes
  }

  get isEmpty(): boolean {
    return this.#values.size === 0
  }

  /** The raw bytes of a value. */
  bytes(key: string): RawName | null {
    return this.#values.get(key) ?? null
  }

  text(key: string): string | null {
    return this.#values.get(key)?.toString('latin1') ?? null
  }

  /** The description of a sparse file, or null. `pieces` is null when they precede the file's content in the body. */
  get sparse(): { sizeBytes: number; pieces: Piece[] | null; isBroken: boolean } | null {
    const size = this.text('GNU.sparse.realsize') ?? this.text('GNU.sparse.size')
    if (size === null) return null
    const isInBody = this.text('GNU.sparse.major') === '1'
    const map = this.text('GNU.sparse.map')
    const numbers = map === null ? this.#pieces : map === '' ? [] : map.split(',')
    const pieces = isInBody ? null : piecesOf(numbers)
    return { sizeBytes: Number(size), pieces, isBroken: !isInBody && pieces === null }
  }

  #add(record: Buffer): void {
    const equals = record.indexOf(0x3d)
    if (equals <= 0) return
    const key = record.subarray(0, equals).toString('latin1')
    const value = Buffer.from(record.subarray(equals + 1))
    // The oldest form repeats these two for each piece.
    if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') this.#pieces.push(value.toString('latin1'))
    else this.#values.set(key, value)
  }
}

/** The name in a header, as bytes of unknown encoding. */
export function nameIn(header: Buffer): Buffer {
  const name = untilNul(header.subarray(0, 100))
  const isPosix = header.subarray(257, 263).toString('latin1') === 'ustar\0'
  const prefix = isPosix ? untilNul(header.subarray(345, 500)) : Buffer.alloc(0)
  return Buffer.from(prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name]))
}

export function linkIn(header: Buffer): Buffer {
  return Buffer.from(untilNul(header.subarray(157, 257)))
}

export function untilNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0)
  return end === -1 ? bytes : bytes.subarray(0, end)
}

/** Reads a number: octal digits, or base 256 when the first bit is set. */
export function numberIn(field: Buffer): number {
  if ((field[0] ?? 0) < 0x80) {
    const digits = field.toString('latin1').replaceAll('\0', ' ').trim()
    return digits === '' ? 0 : /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN
  }
  return field.subarray(1).reduce((value, byte) => value * 256 + byte, (field[0] ?? 0) & 0x7f)
}

/** Reads GNU's old description of a sparse file: its size, its first pieces, and whether a block with more of them follows. */
export function oldSparseIn(header: Buffer): { sizeBytes: number; pieces: Piece[]; isContinued: boolean } {
  return {
    sizeBytes: numberIn(header.subarray(483, 495)),
    pieces: piecesIn(header, 386, 4),
    isContinued: header[482] !== 0,
  }
}

export function moreSparseIn(block: Buffer): { pieces: Piece[]; isContinued: boolean } {
  return { pieces: piecesIn(block, 0, 21), isContinued: block[504] !== 0 }
}

function piecesIn(block: Buffer, at: number, maxCount: number): Piece[] {
  const fields = Array.from({ length: maxCount }, (_, index) => block.subarray(at + index * 24, at + index * 24 + 24))
  return fields
    .filter((field) => field[0] !== 0 || field[12] !== 0)
    .map((field) => ({ offset: numberIn(field.subarray(0, 12)), sizeBytes: numberIn(field.subarray(12)) }))
}

/**
 * Parses the list of pieces that precedes the content of a sparse file: a count, then offsets and sizes, one per line, padded to
 * whole blocks.
 */
export class SparseMap {
  readonly #blocks: string[] = []
  #lines = 0
  #count: number | null = null

  /** Adds a block. Returns true when the list is complete, null if it is invalid. */
  push(block: Buffer): boolean | null {
    const text = block.toString('latin1')
    this.#blocks.push(text)
    for (const letter of text) if (letter === '\n') this.#lines++
    this.#count ??= Number(text.slice(0, text.indexOf('\n')))
    if (!Number.isSafeInteger(this.#count) || this.#count < 0 || this.#count > maxPieces) return null
    return this.#lines >= 2 * this.#count + 1
  }

  get pieces(): Piece[] | null {
    const [, ...numbers] = this.#blocks.join('').split('\n')
    return piecesOf(numbers.slice(0, 2 * (this.#count ?? 0)))
  }
}
