import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs'

/** Reads the files of an archive as if they were one. */
export class Volumes {
  readonly paths: readonly string[]
  /** The start of each file, followed by the end of the last one. */
  readonly starts: readonly number[]
  readonly #descriptors: number[]

  constructor(paths: readonly string[]) {
    this.paths = paths
    const starts = [0]
    for (const path of paths) starts.push((starts.at(-1) ?? 0) + statSync(path).size)
    this.starts = starts
    this.#descriptors = paths.map((path) => openSync(path, 'r'))
  }

  get sizeBytes(): number {
    return this.starts.at(-1) ?? 0
  }

  /** Fills a buffer from `offset` on. Returns the number of bytes read. */
  readInto(into: Buffer, offset: number): number {
    let count = 0
    for (let index = this.#indexAt(offset); index < this.#descriptors.length && count < into.length; ) {
      const at = offset + count - (this.starts[index] ?? 0)
      const read = readSync(this.#descriptors[index] ?? -1, into, count, into.length - count, at)
      count += read
      if (read === 0) index++
    }
    return count
  }

  read(offset: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    return bytes.subarray(0, this.readInto(bytes, offset))
  }

  /** Reads a range in chunks. */
  async *stream(offset: number, length: number): AsyncGenerator<Buffer> {
    const end = offset + length
    for (let index = this.#indexAt(offset); index < this.paths.length && (this.starts[index] ?? 0) < end; index++) {
      const start = this.starts[index] ?? 0
      const from = Math.max(0, offset - start)
      const last = Math.min(end, this.starts[index + 1] ?? 0) - start - 1
      if (last < from) continue
      const part = createReadStream(this.paths[index] ?? '', { start: from, end: last, highWaterMark: 1024 * 1024 })
      for await (const chunk of part) if (Buffer.isBuffer(chunk)) yield chunk
    }
  }

  close(): void {
    for (const descriptor of this.#descriptors.splice(0)) closeSync(descriptor)
  }

  #indexAt(offset: number): number {
    const next = this.starts.findIndex((start) => start > offset)
    return next === -1 ? this.paths.length : next - 1
  }
}
