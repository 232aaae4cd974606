import { pipeline } from 'node:stream/promises'
import { createZstdDecompress } from 'node:zlib'
import { type ByteInput, StreamError } from './byte-input.ts'

const chunkBytes = 1024 * 1024
const magic = 0xfd2fb528

/**
 * Unpacks all frames of a Zstandard file. Padding after the last one is skipped; `onBehind` is called once for any other trailing
 * data. Frames are separated here, because Node's reader silently drops what follows the first one in the same chunk. Source: RFC
 * 8878, 3.1.
 */
export async function unzstd(
  input: ByteInput,
  { take, onBehind }: { take: (chunk: Buffer) => void; onBehind: () => void },
): Promise<void> {
  for (let isFirst = true; ; isFirst = false) {
    if (!isFirst) await input.skipPadding()
    const mark = await input.peek(4)
    if (mark.length === 0) return
    const number = mark.length === 4 ? mark.readUInt32LE(0) : 0
    if (number === magic) await unpackFrame(input, take)
    else if (number >>> 4 === 0x184d2a5) await input.skip((await input.take(8)).readUInt32LE(4))
    else if (isFirst) throw new StreamError('its beginning is broken')
    else {
      onBehind()
      return
    }
  }
}

async function unpackFrame(input: ByteInput, take: (chunk: Buffer) => void): Promise<void> {
  const inflater = createZstdDecompress({ chunkSize: chunkBytes })
  const feeding = pipeline(frameOf(input), inflater)
  // Errors also surface in the loop below.
  feeding.catch(() => undefined)
  try {
    for await (const chunk of inflater) if (Buffer.isBuffer(chunk)) take(chunk)
    await feeding
  } finally {
    inflater.destroy()
  }
}

/** Reads one frame, block by block. */
async function* frameOf(input: ByteInput): AsyncGenerator<Buffer> {
  const start = await input.take(5)
  const descriptor = start[4] ?? 0
  const isSingle = (descriptor & 0x20) !== 0
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0
  yield Buffer.concat([start, await input.take((isSingle ? 0 : 1) + dictionaryBytes + sizeBytes)])
  for (let isLast = false; !isLast; ) {
    const head = await input.peek(3)
    if (head.length < 3) throw new StreamError('it is cut off')
    const header = head.readUIntLE(0, 3)
    isLast = (header & 1) !== 0
    // A run is stored as one byte.
    const blockBytes = (header >> 1) % 4 === 1 ? 1 : header >> 3
    yield await input.take(3 + blockBytes)
  }
  if ((descriptor & 4) !== 0) yield await input.take(4)
}
