export const slabBytes = 512 * 1024
/** Free ones that are kept: as many as a few fetches need between two writes. */
const maxFree = 16

const slabs = new WeakMap<ArrayBufferLike, Slab>()
const free: Buffer[] = []

/**
 * Memory that a body is read into, piece after piece. It is used again once every piece was given back, for new memory each time
 * costs more than the reading. Who keeps a piece keeps it from being used again, and nothing else happens.
 */
export class Slab {
  readonly #bytes: Buffer
  #filled = 0
  #returned = 0
  #isRetired = false
  #wasEmptied = false

  private constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  static take(sizeBytes: number): Slab {
    const bytes = (sizeBytes === slabBytes ? free.pop() : undefined) ?? Buffer.allocUnsafeSlow(sizeBytes)
    const slab = new Slab(bytes)
    slabs.set(bytes.buffer, slab)
    return slab
  }

  /**
   * Gives back a piece that nobody reads any more. A piece from elsewhere that has its memory to itself, as those of Node's HTTP
   * parser have, loses it at once: the next one then gets the same memory, where the garbage collector would come to it much later.
   */
  static giveBack(piece: Buffer): void {
    const slab = slabs.get(piece.buffer)
    if (slab === undefined) {
      if (piece.buffer instanceof ArrayBuffer && piece.length === piece.buffer.byteLength) piece.buffer.transfer(0)
      return
    }
    if (slab.#wasEmptied) throw new Error('A piece was read after its memory had been used again.')
    slab.#returned += piece.length
    slab.#reuse()
  }

  get sizeBytes(): number {
    return this.#bytes.length
  }

  /** What can still be read into. */
  get room(): Buffer {
    return this.#bytes.subarray(this.#filled)
  }

  /** The next piece, of bytes that were read into the room. */
  fill(bytes: number): Buffer {
    const piece = this.#bytes.subarray(this.#filled, this.#filled + bytes)
    this.#filled += bytes
    return piece
  }

  /** Takes the last piece back: whoever got it has made a copy. */
  empty(bytes: number): void {
    this.#filled -= bytes
    this.#wasEmptied = true
  }

  /** Nothing more is read into it. */
  retire(): void {
    this.#isRetired = true
    this.#reuse()
  }

  #reuse(): void {
    if (!this.#isRetired || this.#returned !== this.#filled) return
    slabs.delete(this.#bytes.buffer)
    if (this.#bytes.length === slabBytes && free.length < maxFree) free.push(this.#bytes)
  }
}
