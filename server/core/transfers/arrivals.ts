import { Arrival } from '../../../engine/fetch/arrival.ts'

/** Enough for everything that a player may still have open. */
const maxDelivered = 200

/** The files of transfers while they arrive, and the items that they became. */
export class Arrivals {
  readonly #arriving = new Map<number, Map<number, Arrival>>()
  /** By transfer and file index, the oldest delivery first. Lasts as long as the service runs. */
  readonly #itemIds = new Map<number, ReadonlyMap<number, number>>()

  /** A file of a transfer, by its index. */
  of(transferId: number, index: number): Arrival {
    const files = this.#arriving.get(transferId) ?? new Map<number, Arrival>()
    this.#arriving.set(transferId, files)
    const arrival = files.get(index) ?? new Arrival()
    files.set(index, arrival)
    return arrival
  }

  /** Null when nobody has begun to fetch it. */
  find(transferId: number, index: number): Arrival | null {
    return this.#arriving.get(transferId)?.get(index) ?? null
  }

  /** The item that a file became; null before it is in the space. */
  itemId(transferId: number, index: number): number | null {
    return this.#itemIds.get(transferId)?.get(index) ?? null
  }

  /** The indexes of a transfer's files that are in the space. */
  deliveredOf(transferId: number): number[] {
    return [...(this.#itemIds.get(transferId)?.keys() ?? [])]
  }

  /** Files of a transfer are in the space. Whoever reads them goes on reading. */
  deliver(transferId: number, itemIds: ReadonlyMap<number, number>): void {
    this.#itemIds.delete(transferId)
    this.#itemIds.set(transferId, itemIds)
    const [oldest] = this.#itemIds.keys()
    if (this.#itemIds.size <= maxDelivered || oldest === undefined) return
    this.#itemIds.delete(oldest)
    this.#arriving.delete(oldest)
  }

  /** What was fetched of a transfer is discarded. Its readers get an error. */
  end(transferId: number, why: string): void {
    for (const arrival of this.#arriving.get(transferId)?.values() ?? []) arrival.startOver(why)
    this.#arriving.delete(transferId)
    this.#itemIds.delete(transferId)
  }
}
