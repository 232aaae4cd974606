import type { BigIntStats } from 'node:fs'
import { crc32 } from 'node:zlib'

const stampBytes = 4

/**
 * The length and modification time of each file of a torrent after its last write. No accidental change keeps both, and checking
 * them costs less than reading everything again.
 */
export class Stamps {
  readonly #bytes: Buffer

  /** `kept` is an earlier result of `toBase64`; without it nothing is known. */
  constructor(fileCount: number, kept = '') {
    this.#bytes = Buffer.alloc(fileCount * stampBytes)
    Buffer.from(kept, 'base64').copy(this.#bytes)
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
