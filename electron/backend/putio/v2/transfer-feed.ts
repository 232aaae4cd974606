import { AppError } from '../../../../shared/errors.ts'
import type { Item, ItemId } from '../../../../shared/item.ts'
import type { TransferId } from '../../../../shared/transfer.ts'
import type {
  LeftTransfer,
  ListedTransfer,
  RememberedTransfer,
  TransferChanges,
  TransferFeed,
} from '../transfer-feed.ts'
import type { V2Transfer } from './transfers.ts'

/** The requests that the feed makes to a v2 server, and what it needs to know. */
export interface V2TransferFeedOptions {
  /**
   * The transfers, with those that have finished since a time, or all if it is null; and the ids of those whose row could not be parsed,
   * null if that is not known either.
   */
  list(finishedAfterMs: number | null): Promise<{ transfers: V2Transfer[]; unread: readonly (TransferId | null)[] }>
  item(itemId: ItemId): Promise<Item>
  /** Transfers that were listed or added here and have not left yet. */
  remembered(): readonly RememberedTransfer[]
}

/**
 * Reports what v2 lists. Finished transfers stay in its list until they are cleared, here they leave it at once. One that is not
 * listed any more was cleared: as finished if it was cancelled while it was only being seeded, as cancelled otherwise.
 */
export class V2TransferFeed implements TransferFeed {
  readonly #options: V2TransferFeedOptions
  /** The last known row of each transfer. */
  readonly #seen = new Map<TransferId, V2Transfer>()
  /** Those that finished before are known: their end was reported. */
  #finishedAfterMs: number | null = null
  /** Folders in which files of transfers that are still seeded have arrived, and were reported. */
  readonly #touched = new Set<TransferId>()

  constructor(options: V2TransferFeedOptions) {
    this.#options = options
  }

  async changes(): Promise<TransferChanges> {
    const before = this.#options.remembered()
    let { transfers, unread } = await this.#options.list(this.#finishedAfterMs)
    const ids = new Set(transfers.map(({ id }) => id))
    const isMissing = before.some(({ transferId }) => !ids.has(transferId))
    // It may have finished earlier than the last one that is known.
    if (this.#finishedAfterMs !== null && isMissing) ({ transfers, unread } = await this.#options.list(null))
    const byId = new Map(transfers.map((transfer) => [transfer.id, transfer]))
    const isUnread = (id: TransferId) => unread.some((one) => one === null || one === id)
    const left: LeftTransfer[] = []
    const kept: V2Transfer[] = []
    for (const remembered of before) {
      const { transferId: id } = remembered
      const row = byId.get(id)
      if (row?.isFinished === true) left.push(await this.#toFinished(remembered, row))
      if (row !== undefined) continue
      const seen = this.#seen.get(id)
      if (isUnread(id)) kept.push(...(seen === undefined ? [] : [seen]))
      else left.push(this.#toCleared(remembered, seen))
    }
    const listed = [...transfers.filter(({ isFinished }) => !isFinished), ...kept]
    this.#seen.clear()
    for (const transfer of listed) this.#seen.set(transfer.id, transfer)
    const arrived = listed.filter(({ id, hasArrived }) => hasArrived && !this.#touched.has(id))
    this.#touched.clear()
    for (const { id, hasArrived } of listed) if (hasArrived) this.#touched.add(id)
    // Times are whole seconds, and another one may finish in the same.
    const lastMs = Math.max(0, ...transfers.map(({ finishedAtMs }) => finishedAtMs ?? 0))
    if (lastMs > 0) this.#finishedAfterMs = Math.max(this.#finishedAfterMs ?? 0, lastMs - 1000)
    return {
      listed: listed.map(toListed),
      left,
      touchedFolderIds: [...new Set(arrived.flatMap(({ folderId }) => folderId ?? []))],
    }
  }

  async #toFinished(remembered: RememberedTransfer, row: V2Transfer): Promise<LeftTransfer> {
    return {
      ...pastOf(remembered, row),
      outcome: 'finished',
      sizeBytes: row.sizeBytes ?? (await this.#sizeOf(row.itemId)),
      itemId: row.itemId,
      note: row.note ?? row.reason,
    }
  }

  #toCleared(remembered: RememberedTransfer, seen: V2Transfer | undefined): LeftTransfer {
    const hasArrived = seen?.hasArrived === true && seen.failure === null
    return {
      ...pastOf(remembered, seen),
      outcome: hasArrived ? 'finished' : 'cancelled',
      sizeBytes: seen?.sizeBytes ?? null,
      itemId: hasArrived ? seen.itemId : null,
      note: null,
    }
  }

  async #sizeOf(itemId: ItemId | null): Promise<number | null> {
    if (itemId === null) return null
    try {
      return (await this.#options.item(itemId)).sizeBytes
    } catch (error) {
      // It may be deleted by now, and its size is only for the history.
      if (error instanceof AppError) return null
      throw error
    }
  }
}

function pastOf(
  { transferId, name, links, folderId }: RememberedTransfer,
  row: V2Transfer | undefined,
): Pick<LeftTransfer, 'transferId' | 'name' | 'links' | 'folderId'> {
  return {
    transferId,
    name: row?.name ?? name,
    folderId: row?.folderId ?? folderId,
    links: [...(row !== undefined && row.links.length > 0 ? row.links : links)],
  }
}

function toListed({
  isFinished: _finished,
  finishedAtMs: _at,
  note: _note,
  word: _word,
  ...listed
}: V2Transfer): ListedTransfer {
  return listed
}
