export const slabBytes = 512 * 1024
/** How many free slabs are kept: as many as a few fetches need between two writes. */
const maxFree = 16

const slabs = new WeakMap<ArrayBufferLike, Slab>()
const free: Buffer[] = []

/**
 * Memory that a body is read into, piece by piece. It is reused once every piece was returned, because allocating new memory
 * costs more than the reading. Keeping a piece only prevents the reuse.
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
   * Returns a piece that is no longer read. A piece with memory of its own, as Node's HTTP parser creates, loses it at once: the
   * next one then gets the same memory, which the garbage collector would free much later.
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

  /** True when a piece was taken back: no piece of it can be kept. */
  get wasEmptied(): boolean {
    return this.#wasEmptied
  }

  get sizeBytes(): number {
    return this.#bytes.length
  }

  /** The part that can still be read into. */
  get room(): Buffer {
    return this.#bytes.subarray(this.#filled)
  }

  /** The next piece, of bytes that were read into the free part. */
  fill(bytes: number): Buffer {
    const piece = this.#bytes.subarray(this.#filled, this.#filled + bytes)
    this.#filled += bytes
    return piece
  }

  /** Takes the last piece back: its receiver has made a copy. */
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
