import { hash } from 'node:crypto'
import type { PieceStore } from './piece-store.ts'
import type { Torrent } from './torrent-file.ts'

const batchBytes = 1024 * 1024
const readers = 3

interface RecheckOptions {
  store: PieceStore
  torrent: Torrent
  /** In ascending order. */
  pieces: readonly number[]
  onValid: (piece: number) => void
  isStopped: () => boolean
}

/** Reads pieces from the files and verifies their hashes. The next batch is read while one is hashed. */
export async function recheck({ store, torrent, pieces, onValid, isStopped }: RecheckOptions): Promise<void> {
  const batches = inBatches(pieces, Math.max(1, Math.floor(batchBytes / torrent.pieceLength)))
  const largest = Math.max(0, ...batches.slice(0, 1).map((batch) => batch.length)) * torrent.pieceLength
  const work = async () => {
    const buffer = Buffer.allocUnsafeSlow(Math.max(largest, torrent.pieceLength, batchBytes))
    for (let batch = batches.shift(); batch !== undefined && !isStopped(); batch = batches.shift()) {
      const [first = 0] = batch
      const length = batch.reduce((sum, piece) => sum + store.lengthOf(piece), 0)
      const bytes = await store.readDirect(first, 0, length, buffer).catch(() => null)
      for (const piece of bytes === null ? [] : batch) {
        const start = (piece - first) * torrent.pieceLength
        const digest = hash('sha1', buffer.subarray(start, start + store.lengthOf(piece)), 'buffer')
        if (digest.equals(torrent.hashes.subarray(piece * 20, piece * 20 + 20))) onValid(piece)
      }
    }
  }
  await Promise.all(Array.from({ length: readers }, work))
}

/** Runs of consecutive pieces, of at most `size`. */
function inBatches(pieces: readonly number[], size: number): number[][] {
  const batches: number[][] = []
  for (const piece of pieces) {
    const batch = batches.at(-1)
    if (batch !== undefined && batch.length < size && batch.at(-1) === piece - 1) batch.push(piece)
    else batches.push([piece])
  }
  return batches
}
