import { LookError } from '../../../contents/content.ts'

/** Reads little-endian fields one after another. Throws `brokenArchive` at the end of the bytes. */
export class Fields {
  readonly #bytes: Uint8Array
  readonly #onEnd: () => Error
  at: number

  constructor(bytes: Uint8Array, at = 0, onEnd: () => Error = () => new LookError('brokenArchive')) {
    this.#bytes = bytes
    this.at = at
    this.#onEnd = onEnd
  }

  get leftBytes(): number {
    return this.#bytes.length - this.at
  }

  u8(): number {
    const byte = this.#bytes[this.at]
    if (byte === undefined) throw this.#onEnd()
    this.at += 1
    return byte
  }

  u16(): number {
    return this.u8() + this.u8() * 0x100
  }

  u32(): number {
    return this.u16() + this.u16() * 0x10000
  }

  /** Not exact beyond 2^53. */
  u64(): number {
    return this.u32() + this.u32() * 0x1_0000_0000
  }

  take(length: number): Uint8Array {
    if (!(length >= 0 && length <= this.leftBytes)) throw this.#onEnd()
    this.at += length
    return this.#bytes.subarray(this.at - length, this.at)
  }

  skip(length: number): void {
    this.take(length)
  }

  /** RAR 5 and xz: seven bits per byte, the lowest first. */
  vint(): number {
    let value = 0
    for (let place = 0; place < 10; place++) {
      const byte = this.u8()
      value += (byte & 0x7f) * 2 ** (7 * place)
      if (byte < 0x80) return value
    }
    throw new LookError('brokenArchive')
  }
}

/** True if these bytes begin with `magic`, in hexadecimal. */
export function beginsWith(bytes: Uint8Array, magic: string): boolean {
  return bytes.length >= magic.length / 2 && hexOf(bytes.subarray(0, magic.length / 2)) === magic
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})

/** The CRC-32 of zip, 7z, rar and xz. */
export function crc32(bytes: Uint8Array): number {
  let sum = 0xffffffff
  for (const byte of bytes) sum = (sum >>> 8) ^ (table[(sum ^ byte) & 0xff] ?? 0)
  return (sum ^ 0xffffffff) >>> 0
}
