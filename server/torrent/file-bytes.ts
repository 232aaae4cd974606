import type { FileHandle } from 'node:fs/promises'
import { TorrentError } from './types.ts'

/** The bytes of consecutive blocks from `start` on, without copying them. */
export function cut(blocks: readonly Uint8Array[], start: number, length: number): Uint8Array[] {
  const end = start + length
  const pieces: Uint8Array[] = []
  let at = 0
  for (const block of blocks) {
    const from = Math.max(start - at, 0)
    const to = Math.min(end - at, block.length)
    if (from < to) pieces.push(from === 0 && to === block.length ? block : block.subarray(from, to))
    at += block.length
  }
  return pieces
}

/** Writes all blocks at a position. */
export async function writeFully(file: FileHandle, blocks: Uint8Array[], position: number): Promise<void> {
  let rest = blocks
  let at = position
  while (rest.length > 0) {
    // The system accepts at most 1,024 buffers per call.
    const batch = rest.slice(0, 1024)
    const { bytesWritten } = await file.writev(batch, at)
    at += bytesWritten
    const left = cut(batch, bytesWritten, Number.MAX_SAFE_INTEGER - bytesWritten)
    rest = [...left, ...rest.slice(1024)]
  }
}

/** Fills a buffer from a position on; rejects when the file ends before that. */
export async function readFully(file: FileHandle, buffer: Buffer, position: number): Promise<void> {
  let done = 0
  while (done < buffer.length) {
    const { bytesRead } = await file.read(buffer, done, buffer.length - done, position + done)
    if (bytesRead === 0) throw new Error('the file is shorter than its torrent says')
    done += bytesRead
  }
}

/** Converts a disk error to a sentence, with the system's error code. */
export function diskError(cause: unknown): TorrentError {
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : null
  const isFull = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG'
  const sentence = isFull
    ? 'There is no room left on the disk for this torrent.'
    : 'The disk did not take what was fetched.'
  return new TorrentError(sentence, { code, cause })
}
