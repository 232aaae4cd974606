import { PieceMap } from '../../../torrent/piece-map.ts'
import type { TorrentInfo } from '../../../torrent/types.ts'
import type { Arrivals } from '../arrivals.ts'
import { mediaIndexes } from '../media-indexes.ts'
import type { Transfer } from '../transfer.ts'

type Downloaded = Pick<Transfer, 'id' | 'files' | 'kind'>

/** Lets the films and sounds of a torrent be read while it is fetched. */
export class TorrentArrivals {
  readonly #transfer: Downloaded
  readonly #arrivals: Arrivals
  /** Requests pieces before all others, the most urgent first. */
  readonly #want: (pieces: readonly number[]) => void
  #indexes: readonly number[] = []
  #torrentFile: Uint8Array | null = null
  #pieces = ''
  #isWanting = false
  /** Made for the first reader. */
  #map: PieceMap | null = null

  constructor(transfer: Downloaded, arrivals: Arrivals, want: (pieces: readonly number[]) => void) {
    this.#transfer = transfer
    this.#arrivals = arrivals
    this.#want = want
  }

  /** The content of the torrent is known, and is being fetched. */
  begin({ torrentFile, files }: TorrentInfo): void {
    this.#torrentFile = torrentFile
    this.#indexes = mediaIndexes(this.#transfer)
    for (const index of this.#indexes) {
      const arrival = this.#arrivals.of(this.#transfer.id, index)
      arrival.attach({
        sizeBytes: () => files[index]?.sizeBytes ?? null,
        endAfter: (position, limit) => this.#mapped()?.endAfter(index, position, limit) ?? null,
        canJump: () => true,
      })
      arrival.onWanted = () => this.wantAgain()
    }
  }

  /** More pieces are verified and written. `pieces` as in a `TorrentResume`. */
  update(pieces: string): void {
    this.#pieces = pieces
    this.#map?.update(pieces)
    for (const index of this.#indexes) this.#arrivals.find(this.#transfer.id, index)?.grew()
  }

  /** Asks for what readers wait for, also of an engine that has started again, and for nothing once nobody waits. */
  wantAgain(): void {
    const pieces = this.#indexes.flatMap((index) => {
      const wanted = this.#arrivals.find(this.#transfer.id, index)?.wanted ?? []
      return wanted.flatMap((position) => this.#mapped()?.missingFrom(index, position) ?? [])
    })
    if (pieces.length > 0 || this.#isWanting) this.#want([...new Set(pieces)])
    this.#isWanting = pieces.length > 0
  }

  /** The fetch is over. */
  end(isWhole: boolean): void {
    const { id, files } = this.#transfer
    if (isWhole) {
      for (const index of mediaIndexes(this.#transfer))
        this.#arrivals.of(id, index).detach(files[index]?.sizeBytes ?? null)
    } else {
      // A cancelled transfer has none left.
      for (const index of this.#indexes) this.#arrivals.find(id, index)?.detach(null)
    }
    this.#indexes = []
  }

  #mapped(): PieceMap | null {
    if (this.#torrentFile !== null) this.#map ??= new PieceMap(this.#torrentFile, this.#pieces)
    return this.#map
  }
}
