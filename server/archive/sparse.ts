import type { Output } from './output.ts'

/** A range of a sparse file that is stored in the archive; everything else is zeros. */
export interface Piece {
  offset: number
  sizeBytes: number
}

/** A file with more pieces is not unpacked, because its list would use too much memory. */
export const maxPieces = 500_000

/** Writes a sparse file from its stored pieces. */
export class SparseWriter {
  readonly #pieces: readonly Piece[]
  readonly #sizeBytes: number
  readonly #output: Output
  #next = 0
  #left = 0
  #at = 0

  constructor(pieces: readonly Piece[], sizeBytes: number, output: Output) {
    this.#pieces = pieces
    this.#sizeBytes = sizeBytes
    this.#output = output
  }

  write(bytes: Buffer): void {
    for (let rest = bytes; rest.length > 0; ) {
      while (this.#left === 0) {
        const piece = this.#pieces[this.#next++]
        if (piece === undefined) return
        this.#fillTo(piece.offset)
        this.#left = piece.sizeBytes
      }
      const part = rest.subarray(0, this.#left)
      this.#output.write(part)
      this.#left -= part.length
      this.#at += part.length
      rest = rest.subarray(part.length)
    }
  }

  end(): void {
    this.#fillTo(this.#sizeBytes)
  }

  #fillTo(offset: number): void {
    this.#output.writeZeros(offset - this.#at)
    this.#at = offset
  }
}

/** True when the pieces are in order, inside the file, and add up to the stored size. */
export function arePieces(pieces: readonly Piece[], of: { sizeBytes: number; storedBytes: number }): boolean {
  let end = 0
  let sum = 0
  for (const { offset, sizeBytes } of pieces) {
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(sizeBytes) || sizeBytes < 0 || offset < end) return false
    end = offset + sizeBytes
    sum += sizeBytes
  }
  return Number.isSafeInteger(of.sizeBytes) && end <= of.sizeBytes && sum === of.storedBytes
}

/** Parses a flat list of offsets and sizes; null if it is invalid. */
export function piecesOf(numbers: readonly string[]): Piece[] | null {
  if (numbers.length % 2 !== 0 || numbers.length > 2 * maxPieces || !numbers.every((one) => /^\d+$/.test(one))) {
    return null
  }
  return Array.from({ length: numbers.length / 2 }, (_, index) => ({
    offset: Number(numbers[index * 2]),
    sizeBytes: Number(numbers[index * 2 + 1]),
  }))
}
