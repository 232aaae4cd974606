import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

const syncBytes = 64 * 1024 * 1024
const syncMs = 2000

/** A file that is being fetched. Bytes are only ever added at its end; now and then they are forced to the disk. */
export class PartFile {
  readonly #file: FileHandle
  readonly #onSynced: (syncedLength: number) => void | Promise<void>
  #length: number
  #syncedLength: number
  #syncedAtMs = performance.now()
  #syncing: Promise<void> | null = null
  #failure: unknown = null

  private constructor(file: FileHandle, length: number, onSynced: (syncedLength: number) => void | Promise<void>) {
    this.#file = file
    this.#length = length
    this.#syncedLength = length
    this.#onSynced = onSynced
  }

  /** Opens or makes the file and cuts it to `length`, or to what it holds if that is less. */
  static async open(path: string, length: number, onSynced: (syncedLength: number) => void | Promise<void>) {
    const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600)
    const kept = Math.min(length, (await file.stat()).size)
    await file.truncate(kept)
    return new PartFile(file, kept, onSynced)
  }

  get length(): number {
    return this.#length
  }

  /** Adds chunks at the end, in one write where the system allows. */
  async append(chunks: Buffer[]): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    let rest = chunks
    while (rest.length > 0) {
      const { bytesWritten } = await this.#file.writev(rest, this.#length)
      this.#length += bytesWritten
      rest = after(rest, bytesWritten)
    }
    const isDue = this.#length - this.#syncedLength >= syncBytes || performance.now() - this.#syncedAtMs >= syncMs
    if (isDue && this.#syncing === null) this.#syncing = this.#sync().finally(() => (this.#syncing = null))
  }

  /** Forgets every byte. */
  async startOver(): Promise<void> {
    await this.#syncing
    await this.#file.truncate(0)
    this.#length = 0
    this.#syncedLength = 0
    await this.#onSynced(0)
  }

  /** Forces everything to the disk. A failed force is never tried again as if it had worked. */
  async finish(): Promise<void> {
    await this.#syncing
    if (this.#failure !== null) throw this.#failure
    await this.#file.datasync()
    this.#syncedLength = this.#length
    await this.#onSynced(this.#length)
  }

  async close(): Promise<void> {
    await this.#syncing
    await this.#file.close()
  }

  /** Runs beside the writing: what it has forced is what was there when it began. */
  async #sync(): Promise<void> {
    const length = this.#length
    try {
      await this.#file.datasync()
      this.#syncedLength = length
      this.#syncedAtMs = performance.now()
      await this.#onSynced(length)
    } catch (fault) {
      this.#failure = fault
    }
  }
}

function after(chunks: Buffer[], bytes: number): Buffer[] {
  let skip = bytes
  const first = chunks.findIndex((chunk) => {
    if (skip < chunk.length) return true
    skip -= chunk.length
    return false
  })
  const [head, ...tail] = first === -1 ? [] : chunks.slice(first)
  return head === undefined ? [] : [head.subarray(skip), ...tail]
}
