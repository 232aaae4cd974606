import { joined, LookError } from '../../../contents/content.ts'
import { unpackBzip2 } from './bzip2.ts'
import { Fields } from './fields.ts'
import { Lzma } from './lzma.ts'

/** How much is unpacked of a compressed archive for its list. */
const maxUnpackedBytes = 8 * 1024 * 1024
/** How much goes into the browser's decoder at once: each byte may become a thousand. */
const pieceBytes = 4096

/** What was unpacked; `isWhole` if that is all there is in the file. */
export interface Unpacked {
  bytes: Uint8Array
  isWhole: boolean
}

/** The beginning of a packed file, and if it is all of it. */
export interface Packed {
  bytes: Uint8Array
  isWhole: boolean
}

/** Unpacks the beginning of a gz. Damage ends it. */
export async function unpackGzip({ bytes, isWhole }: Packed): Promise<Unpacked> {
  const stream = new DecompressionStream('gzip')
  const reader = stream.readable.getReader()
  const writer = stream.writable.getWriter()
  const chunks: Uint8Array[] = []
  let length = 0
  let isOver = false
  const reading = (async () => {
    while (length < maxUnpackedBytes) {
      const { done, value } = await reader.read()
      if (done) {
        isOver = true
        return
      }
      chunks.push(value)
      length += value.length
    }
    await reader.cancel()
  })()
  // Awaited below; a damaged stream fails on both sides.
  const end = reading.catch(() => undefined)
  try {
    for (let at = 0; at < bytes.length && length < maxUnpackedBytes; at += pieceBytes) {
      await writer.write(bytes.slice(at, at + pieceBytes))
      // What has been unpacked is read before an error could discard it.
      await new Promise((resolve) => setTimeout(resolve))
    }
    if (isWhole) await writer.close()
    else await writer.abort()
  } catch {
    // Damaged: what came before is kept.
  }
  await end
  return { bytes: joined(chunks, Math.min(length, maxUnpackedBytes)), isWhole: isOver && isWhole }
}

/** Unpacks the beginning of an xz. Source: the xz file format 1.2.0. */
export function unpackXz({ bytes, isWhole }: Packed): Unpacked {
  const out = new Uint8Array(maxUnpackedBytes)
  const lzma = new Lzma(out)
  const sumBytes = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64][(bytes[7] ?? 0) & 15] ?? 0
  let at = 12
  try {
    // A zero begins the index behind the blocks.
    while (at < bytes.length && bytes[at] !== 0) {
      const headBytes = ((bytes[at] ?? 0) + 1) * 4
      const head = new Fields(bytes.subarray(at, at + headBytes), 1)
      const flags = head.u8()
      if ((flags & 0x40) !== 0) head.vint()
      if ((flags & 0x80) !== 0) head.vint()
      // Only LZMA2; a filter in front of it is for programs.
      if ((flags & 3) !== 0 || head.vint() !== 0x21) throw new LookError('unlistedArchive')
      const next = lzma.unpack2(bytes, at + headBytes)
      if (next === null) return { bytes: out.subarray(0, lzma.length), isWhole: false }
      at += headBytes + Math.ceil((next - at - headBytes) / 4) * 4 + sumBytes
    }
  } catch (error) {
    if (lzma.length === 0) throw error
    return { bytes: out.subarray(0, lzma.length), isWhole: false }
  }
  return { bytes: out.subarray(0, lzma.length), isWhole: isWhole && at < bytes.length }
}

/** Unpacks the beginning of a bz2, whole blocks only. */
export function unpackBz2({ bytes, isWhole }: Packed): Unpacked {
  const out = new Uint8Array(maxUnpackedBytes)
  const { length, isOver } = unpackBzip2(bytes, out)
  return { bytes: out.subarray(0, length), isWhole: isWhole && isOver }
}
