import { LookError } from '../../../contents/content.ts'

// Source: LZMA specification (draft of 2015-06-14), by Igor Pavlov, public domain; the xz file format 1.2.0 for LZMA2.

const isMatchAt = 0
const isRepAt = 192
const isRep0At = 204
const isRep1At = 216
const isRep2At = 228
const isRep0LongAt = 240
const slotAt = 432
const specialAt = 688
const alignAt = 816
const lengthAt = 832
const repLengthAt = lengthAt + 514
const literalAt = repLengthAt + 514
const half = 1024

/** Unpacks LZMA and LZMA2 from bytes to bytes. What it returns may be only the beginning: what there is room and input for. */
export class Lzma {
  readonly #out: Uint8Array
  #at = 0
  /** Where the dictionary begins. */
  #base = 0
  #input: Uint8Array = new Uint8Array()
  #inAt = 0
  #inEnd = 0
  #range = 0
  #code = 0
  #probabilities = new Uint16Array()
  #lc = 0
  #lpMask = 0
  #pbMask = 0
  #state = 0
  readonly #reps = [0, 0, 0, 0]

  constructor(out: Uint8Array) {
    this.#out = out
  }

  /** How much has been unpacked. */
  get length(): number {
    return this.#at
  }

  /** Unpacks LZMA. `settings` is its first byte. */
  unpack(input: Uint8Array, settings: number): void {
    this.#setUp(settings)
    this.#start(input, 0, input.length)
    this.#run(this.#out.length)
  }

  /** Unpacks LZMA2 from a place on, and returns where it ends; null if the input or the room ends before. */
  unpack2(input: Uint8Array, from: number): number | null {
    let at = from
    for (;;) {
      const control = input[at]
      if (control === undefined) return null
      if (control === 0) return at + 1
      if (control < 0x80) {
        if (control > 2) throw new LookError('brokenArchive')
        const size = (input[at + 1] ?? 0) * 256 + (input[at + 2] ?? 0) + 1
        if (control === 1) this.#base = this.#at
        const bytes = input.subarray(at + 3, Math.min(at + 3 + size, at + 3 + this.#out.length - this.#at))
        this.#out.set(bytes, this.#at)
        this.#at += bytes.length
        if (bytes.length < size) return null
        at += 3 + size
        continue
      }
      const unpacked = ((control & 0x1f) << 16) + (input[at + 1] ?? 0) * 256 + (input[at + 2] ?? 0) + 1
      const packed = (input[at + 3] ?? 0) * 256 + (input[at + 4] ?? 0) + 1
      const reset = (control >> 5) & 3
      if (reset === 3) this.#base = this.#at
      if (reset >= 2) this.#setUp(input[at + 5] ?? 0xff, 4)
      else if (reset === 1) this.#reset()
      if (this.#probabilities.length === 0) throw new LookError('brokenArchive')
      const begin = at + (reset >= 2 ? 6 : 5)
      const end = this.#at + unpacked
      this.#start(input, begin, Math.min(begin + packed, input.length))
      this.#run(Math.min(end, this.#out.length))
      if (this.#at < end || begin + packed > input.length) return null
      at = begin + packed
    }
  }

  /** LZMA2 allows fewer bits of context: it is set up for every chunk. */
  #setUp(settings: number, maxBits = 12): void {
    this.#lc = settings % 9
    const rest = Math.floor(settings / 9)
    if (settings >= 225 || this.#lc + (rest % 5) > maxBits) throw new LookError('brokenArchive')
    this.#lpMask = (1 << (rest % 5)) - 1
    this.#pbMask = (1 << Math.floor(rest / 5)) - 1
    this.#probabilities = new Uint16Array(literalAt + 0x300 * 2 ** (this.#lc + (rest % 5)))
    this.#reset()
  }

  #reset(): void {
    this.#probabilities.fill(half)
    this.#state = 0
    this.#reps.fill(0)
  }

  #start(input: Uint8Array, from: number, to: number): void {
    this.#input = input
    this.#inAt = from + 1
    this.#inEnd = to
    this.#range = 0xffffffff
    this.#code = 0
    for (let count = 0; count < 4; count++) this.#code = this.#code * 256 + this.#next()
  }

  /** Zeros after the end; the loop below notices. */
  #next(): number {
    return this.#inAt < this.#inEnd ? (this.#input[this.#inAt++] ?? 0) : this.#pastEnd()
  }

  #pastEnd(): number {
    this.#inAt++
    return 0
  }

  #bit(at: number): number {
    const probabilities = this.#probabilities
    const probability = probabilities[at] ?? half
    const bound = (this.#range >>> 11) * probability
    let bit = 0
    if (this.#code < bound) {
      this.#range = bound
      probabilities[at] = probability + ((2048 - probability) >> 5)
    } else {
      this.#range -= bound
      this.#code -= bound
      probabilities[at] = probability - (probability >> 5)
      bit = 1
    }
    if (this.#range < 0x1000000) {
      this.#range *= 256
      this.#code = this.#code * 256 + this.#next()
    }
    return bit
  }

  #tree(at: number, bits: number): number {
    let node = 1
    for (let count = 0; count < bits; count++) node = node * 2 + this.#bit(at + node)
    return node - 2 ** bits
  }

  #reverseTree(at: number, bits: number): number {
    let node = 1
    let value = 0
    for (let count = 0; count < bits; count++) {
      const bit = this.#bit(at + node)
      node = node * 2 + bit
      value += bit * 2 ** count
    }
    return value
  }

  #direct(bits: number): number {
    let value = 0
    for (let count = 0; count < bits; count++) {
      this.#range = Math.floor(this.#range / 2)
      const bit = this.#code >= this.#range ? 1 : 0
      if (bit === 1) this.#code -= this.#range
      value = value * 2 + bit
      if (this.#range < 0x1000000) {
        this.#range *= 256
        this.#code = this.#code * 256 + this.#next()
      }
    }
    return value
  }

  #length(at: number, position: number): number {
    if (this.#bit(at) === 0) return 2 + this.#tree(at + 2 + position * 8, 3)
    if (this.#bit(at + 1) === 0) return 10 + this.#tree(at + 130 + position * 8, 3)
    return 18 + this.#tree(at + 258, 8)
  }

  #distance(length: number): number {
    const slot = this.#tree(slotAt + Math.min(length - 2, 3) * 64, 6)
    if (slot < 4) return slot
    const bits = (slot >> 1) - 1
    const distance = (2 | (slot & 1)) * 2 ** bits
    if (slot < 14) return distance + this.#reverseTree(specialAt + distance - slot, bits)
    return distance + this.#direct(bits - 4) * 16 + this.#reverseTree(alignAt, 4)
  }

  #literal(): void {
    const out = this.#out
    const position = this.#at - this.#base
    const previous = position === 0 ? 0 : (out[this.#at - 1] ?? 0)
    const context = ((position & this.#lpMask) << this.#lc) + (previous >> (8 - this.#lc))
    const at = literalAt + 0x300 * context
    let symbol = 1
    if (this.#state >= 7) {
      let match = out[this.#at - (this.#reps[0] ?? 0) - 1] ?? 0
      while (symbol < 0x100) {
        const matchBit = (match >> 7) & 1
        match = (match << 1) & 0xff
        const bit = this.#bit(at + (1 + matchBit) * 0x100 + symbol)
        symbol = symbol * 2 + bit
        if (bit !== matchBit) break
      }
    }
    while (symbol < 0x100) symbol = symbol * 2 + this.#bit(at + symbol)
    out[this.#at++] = symbol & 0xff
    this.#state = this.#state < 4 ? 0 : this.#state < 10 ? this.#state - 3 : this.#state - 6
  }

  /** Unpacks up to `end`, or to the end of the input or of the stream. */
  #run(end: number): void {
    while (this.#at < end) {
      const begin = this.#at
      const isOver = this.#step(end)
      if (this.#inAt > this.#inEnd) {
        // What was made of zeros beyond the end is nothing.
        this.#at = begin
        return
      }
      if (isOver) return
    }
  }

  /** One literal or one repetition. Returns true at the mark that ends a stream. */
  #step(end: number): boolean {
    const reps = this.#reps
    const position = (this.#at - this.#base) & this.#pbMask
    if (this.#bit(isMatchAt + this.#state * 16 + position) === 0) {
      this.#literal()
      return false
    }
    let length = 0
    if (this.#bit(isRepAt + this.#state) === 0) {
      reps.copyWithin(1, 0)
      length = this.#length(lengthAt, position)
      this.#state = this.#state < 7 ? 7 : 10
      reps[0] = this.#distance(length)
      if (reps[0] === 0xffffffff) return true
    } else {
      length = this.#repeated(position)
    }
    const from = this.#at - (reps[0] ?? 0) - 1
    if (from < this.#base) {
      if (this.#inAt > this.#inEnd) return false
      throw new LookError('brokenArchive')
    }
    const stop = Math.min(this.#at + length, end)
    for (let at = from; this.#at < stop; at++) this.#out[this.#at++] = this.#out[at] ?? 0
    return false
  }

  /** Takes one of the last four distances, puts it first, and returns how much is repeated from there. */
  #repeated(position: number): number {
    const reps = this.#reps
    if (this.#bit(isRep0At + this.#state) === 0) {
      if (this.#bit(isRep0LongAt + this.#state * 16 + position) === 0) {
        this.#state = this.#state < 7 ? 9 : 11
        return 1
      }
    } else {
      const which = this.#bit(isRep1At + this.#state) === 0 ? 1 : this.#bit(isRep2At + this.#state) === 0 ? 2 : 3
      const distance = reps[which] ?? 0
      reps.copyWithin(1, 0, which)
      reps[0] = distance
    }
    const length = this.#length(repLengthAt, position)
    this.#state = this.#state < 7 ? 8 : 11
    return length
  }
}
