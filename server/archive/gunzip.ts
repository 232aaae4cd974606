import { once } from 'node:events'
import { crc32, createInflateRaw } from 'node:zlib'
import { type ByteInput, StreamError } from './byte-input.ts'

const chunkBytes = 1024 * 1024
const trailerBytes = 8

/**
 * Unpacks all members of a gzip and verifies the checksum and length of each. Padding after the last one is skipped; `onBehind`
 * is called once for any other trailing data. Node's own reader reports both as a broken header. Source: RFC 1952.
 */
export async function gunzip(
  input: ByteInput,
  { take, onBehind }: { take: (chunk: Buffer) => void; onBehind: () => void },
): Promise<void> {
  for (let isFirst = true; ; isFirst = false) {
    if (!isFirst) {
      await input.skipPadding()
      const next = await input.peek(2)
      if (next.length === 0) return
      if (next[0] !== 0x1f || next[1] !== 0x8b) {
        onBehind()
        return
      }
    }
    await readHeader(input)
    await readMember(input, take)
  }
}

async function readHeader(input: ByteInput): Promise<void> {
  const head = await input.take(10)
  const flags = head[3] ?? 0
  if (head[0] !== 0x1f || head[1] !== 0x8b || head[2] !== 8 || flags > 0x1f)
    throw new StreamError('its header is broken')
  if (flags & 4) await input.take((await input.take(2)).readUInt16LE(0))
  if (flags & 8) await input.skipText()
  if (flags & 16) await input.skipText()
  if (flags & 2) await input.take(2)
}

async function readMember(input: ByteInput, take: (chunk: Buffer) => void): Promise<void> {
  const inflater = createInflateRaw({ chunkSize: chunkBytes })
  let sum = 0
  let count = 0
  let refused: unknown = null
  inflater.on('data', (chunk: Buffer) => {
    if (refused !== null) return
    try {
      sum = crc32(chunk, sum)
      count += chunk.length
      take(chunk)
    } catch (error) {
      refused = error
    }
  })
  const failed = Promise.withResolvers<never>()
  // It is awaited only while there is something to wait for.
  failed.promise.catch(() => undefined)
  inflater.on('error', failed.reject)
  const ended = once(inflater, 'end')
  ended.catch(() => undefined)
  try {
    for (let isOver = false; !isOver; ) {
      const chunk = await input.any()
      if (chunk === null) {
        inflater.end()
        isOver = true
        continue
      }
      const before = inflater.bytesWritten
      const written = Promise.withResolvers<void>()
      inflater.write(chunk, (error) => (error ? written.reject(error) : written.resolve()))
      await Promise.race([written.promise, failed.promise])
      if (refused !== null) throw refused
      const used = inflater.bytesWritten - before
      // The inflater consumes no byte after its end.
      isOver = used < chunk.length
      if (isOver) input.unread(chunk.subarray(used))
    }
    await Promise.race([ended, failed.promise])
  } finally {
    inflater.destroy()
  }
  if (refused !== null) throw refused
  const trailer = await input.take(trailerBytes)
  if (trailer.readUInt32LE(0) !== sum || trailer.readUInt32LE(4) !== count % 2 ** 32) {
    throw new StreamError('its checksum is wrong')
  }
}
