/** An error in a compressed stream. Its message is the end of a sentence. */
export class StreamError extends Error {
  override readonly name = 'StreamError'
}

const padding = new Set([0, 0x09, 0x0a, 0x0d, 0x20, 0x1a])

/** Reads a stream of chunks in pieces of any length. */
export class ByteInput {
  readonly #chunks: AsyncIterator<Buffer>
  #held: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Buffer>) {
    this.#chunks = source[Symbol.asyncIterator]()
  }

  /** The next chunk of any size, or null at the end. */
  async any(): Promise<Buffer | null> {
    while (this.#held.length === 0) {
      const { value, done } = await this.#chunks.next()
      if (done === true) return null
      this.#held = value
    }
    const chunk = this.#held
    this.#held = Buffer.alloc(0)
    return chunk
  }

  unread(bytes: Buffer): void {
    this.#held = bytes
  }

  /** The next bytes without consuming them; fewer at the end. */
  async peek(length: number): Promise<Buffer> {
    const chunks: Buffer[] = []
    let count = 0
    while (count < length) {
      const chunk = await this.any()
      if (chunk === null) break
      chunks.push(chunk)
      count += chunk.length
    }
    const [only = Buffer.alloc(0)] = chunks
    this.#held = chunks.length > 1 ? Buffer.concat(chunks) : only
    return this.#held.subarray(0, length)
  }

  async take(length: number): Promise<Buffer> {
    const bytes = await this.peek(length)
    if (bytes.length < length) throw new StreamError('it is cut off')
    this.#held = this.#held.subarray(length)
    return bytes
  }

  /** Skips meaningless bytes that often follow a file: zeros, line ends, blanks, the DOS end-of-file mark. */
  async skipPadding(): Promise<void> {
    for (let chunk = await this.any(); chunk !== null; chunk = await this.any()) {
      const first = chunk.findIndex((byte) => !padding.has(byte))
      if (first === -1) continue
      this.unread(chunk.subarray(first))
      return
    }
  }

  /** Skips `length` bytes. */
  async skip(length: number): Promise<void> {
    for (let left = length; left > 0; ) {
      const chunk = await this.any()
      if (chunk === null) throw new StreamError('it is cut off')
      if (chunk.length > left) this.unread(chunk.subarray(left))
      left -= chunk.length
    }
  }

  /** Skips a zero-terminated text. */
  async skipText(): Promise<void> {
    for (let isOver = false; !isOver; ) {
      const chunk = await this.any()
      if (chunk === null) throw new StreamError('it is cut off')
      const end = chunk.indexOf(0)
      isOver = end !== -1
      if (isOver) this.unread(chunk.subarray(end + 1))
    }
  }
}
