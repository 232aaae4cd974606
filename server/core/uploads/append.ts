import type { Hash } from 'node:crypto'
import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { openPlain } from '../../../engine/disk/open-plain.ts'
import { UploadTooLarge } from './upload-errors.ts'

/** How much of a file has been received. */
export interface Received {
  bytes: number
  /** The CRC-32 of these bytes. */
  crc32: number
}

/** A hash of the first bytes of a file. */
export interface RunningHash {
  hash: Hash
  bytes: number
}

/** How a file is written. */
export interface AppendOptions {
  /** No more than this is taken, the part that is there already included. */
  limitBytes: number
  /** Continued with every byte that is written. */
  sha1: RunningHash | null
  /** Called when more of the file would survive a power cut. */
  onSaved(received: Received): void
}

/** Written in pieces of about this size. */
const pieceBytes = 1024 * 1024
/** Synced after this much, so that a kill loses little. */
const syncBytes = 8 * 1024 * 1024

/**
 * Writes bytes as they arrive behind what is in a file. When the sender or the disk fails, what has arrived is kept, and the error is
 * thrown after that. The file is cut to `from` first, because what is behind it was never confirmed.
 */
export async function append(
  path: string,
  from: Received,
  source: AsyncIterable<Uint8Array>,
  options: AppendOptions,
): Promise<Received> {
  const { limitBytes } = options
  const file = await openPlain(path, constants.O_RDWR | constants.O_CREAT)
  try {
    await file.truncate(from.bytes)
    const writer = createWriter(file, from, options)
    let failure: { error: unknown } | null = null
    let arrivedBytes = from.bytes
    try {
      for await (const chunk of source) {
        arrivedBytes += chunk.length
        if (arrivedBytes > limitBytes) throw new UploadTooLarge('More bytes arrived than this file may have.')
        await writer.add(chunk)
      }
    } catch (error) {
      failure = { error }
    }
    const received = await writer.end()
    if (failure !== null) throw failure.error
    return received
  } finally {
    await file.close()
  }
}

function createWriter(file: FileHandle, from: Received, { sha1, onSaved }: AppendOptions) {
  let piece: Uint8Array[] = []
  let pieceLength = 0
  let written = from
  let saved = from
  let writing: Promise<void> = Promise.resolve()
  let syncing: Promise<void> = Promise.resolve()
  const sync = async () => {
    const now = written
    if (now.bytes === saved.bytes) return
    await file.datasync()
    onSaved(now)
    saved = now
  }
  const write = async (chunks: Uint8Array[], length: number) => {
    await writeAll(file, chunks, written.bytes)
    let sum = written.crc32
    for (const chunk of chunks) {
      sum = crc32(chunk, sum)
      sha1?.hash.update(chunk)
    }
    if (sha1 !== null) sha1.bytes += length
    written = { bytes: written.bytes + length, crc32: sum }
    if (written.bytes - saved.bytes < syncBytes) return
    await syncing
    syncing = sync()
    // Its error is seen by whoever waits for it next.
    syncing.catch(() => undefined)
  }
  const flush = async () => {
    await writing
    if (pieceLength === 0) return
    writing = write(piece, pieceLength)
    writing.catch(() => undefined)
    piece = []
    pieceLength = 0
  }
  return {
    /** While one piece is written, the next one arrives. */
    add: async (chunk: Uint8Array) => {
      piece.push(chunk)
      pieceLength += chunk.length
      if (pieceLength >= pieceBytes) await flush()
    },
    end: async (): Promise<Received> => {
      const errors: unknown[] = []
      for (const step of [flush, () => writing, () => syncing]) {
        try {
          await step()
        } catch (error) {
          errors.push(error)
        }
      }
      await sync()
      if (errors.length > 0) throw errors[0]
      return written
    },
  }
}

async function writeAll(file: FileHandle, chunks: Uint8Array[], position: number): Promise<void> {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  const { bytesWritten } = await file.writev(chunks, position)
  if (bytesWritten === length) return
  // A disk that is getting full takes less than it was given.
  const rest = Buffer.concat(chunks)
  for (let done = bytesWritten; done < length; ) {
    const more = await file.write(rest, done, length - done, position + done)
    if (more.bytesWritten === 0) throw Object.assign(new Error('The disk takes no more bytes.'), { code: 'ENOSPC' })
    done += more.bytesWritten
  }
}
