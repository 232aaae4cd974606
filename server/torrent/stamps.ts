import type { BigIntStats } from 'node:fs'
import { crc32 } from 'node:zlib'

const stampBytes = 4

/**
 * A fingerprint of the size and modification time of each file of a torrent after its last write. No accidental change keeps both,
 * and checking them is cheaper than reading everything again.
 */
export class Stamps {
  readonly #bytes: Buffer

  /** `stored` is an earlier result of `toBase64`; without it, every file is unknown. */
  constructor(fileCount: number, stored = '') {
    this.#bytes = Buffer.alloc(fileCount * stampBytes)
    Buffer.from(stored, 'base64').copy(this.#bytes)
  }

  /** True when a file is as it was noted. */
  isSame(index: number, found: BigIntStats): boolean {
    return index * stampBytes < this.#bytes.length && this.#bytes.readUInt32BE(index * stampBytes) === stampOf(found)
  }

  note(index: number, found: BigIntStats): void {
    this.#bytes.writeUInt32BE(stampOf(found), index * stampBytes)
  }

  toBase64(): string {
    return this.#bytes.toString('base64')
  }
}

/** Never 0, which stands for an unknown file. */
function stampOf({ size, mtimeNs }: BigIntStats): number {
  return crc32(`${size} ${mtimeNs}`) || 1
}
