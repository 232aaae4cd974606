import { Bits } from './bits.ts'
import { readTorrent, type Torrent } from './torrent-file.ts'

/** How far ahead of a reader pieces are fetched first. */
const aheadBytes = 4 * 1024 * 1024
const minAheadPieces = 2

/** Which bytes of a torrent's files are verified and written. */
export class PieceMap {
  readonly #torrent: Torrent
  readonly #offsets: ReadonlyMap<number | null, number>
  #verified: Bits

  /** `pieces` as in a `TorrentResume`. */
  constructor(torrentFile: Uint8Array, pieces: string) {
    this.#torrent = readTorrent(torrentFile)
    this.#offsets = new Map(this.#torrent.placed.map(({ index, offset }) => [index, offset]))
    this.#verified = Bits.fromBase64(this.#torrent.pieceCount, pieces)
  }

  update(pieces: string): void {
    this.#verified = Bits.fromBase64(this.#torrent.pieceCount, pieces)
  }

  /** Where the verified bytes of a file at a position end, or the piece at `limit`; null when there are none. */
  endAfter(file: number, position: number, limit: number): number | null {
    const { pieceLength } = this.#torrent
    const { offset, sizeBytes } = this.#place(file)
    const end = offset + Math.min(sizeBytes, limit)
    let piece = Math.floor((offset + position) / pieceLength)
    if (position >= sizeBytes || !this.#verified.has(piece)) return null
    while (piece * pieceLength < end && this.#verified.has(piece)) piece += 1
    return Math.min(sizeBytes, piece * pieceLength - offset)
  }

  /** The missing pieces among the next ones of a file. */
  missingFrom(file: number, position: number): number[] {
    const { pieceLength } = this.#torrent
    const { offset, sizeBytes } = this.#place(file)
    const first = Math.floor((offset + position) / pieceLength)
    const end = Math.ceil((offset + sizeBytes) / pieceLength)
    const count = Math.max(minAheadPieces, Math.ceil(aheadBytes / pieceLength))
    const pieces = Array.from({ length: Math.min(count, end - first) }, (_, index) => first + index)
    return pieces.filter((piece) => !this.#verified.has(piece))
  }

  #place(file: number): { offset: number; sizeBytes: number } {
    return { offset: this.#offsets.get(file) ?? 0, sizeBytes: this.#torrent.info.files[file]?.sizeBytes ?? 0 }
  }
}
