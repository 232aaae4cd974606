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
import type { V1Message } from './transfers.ts'

/** A row of the list that could not be parsed. Its transfer is still listed. */
type UnreadTransfer = { id: TransferId | null; name: string | null }

/** The requests that the feed makes to a v1 server, and what it needs to know. */
export interface V1TransferFeedOptions {
  list(): Promise<{ transfers: ListedTransfer[]; unread: readonly UnreadTransfer[] }>
  messages(): Promise<V1Message[]>
  item(itemId: ItemId): Promise<Item>
  /** Transfers that were listed or added here and have not left yet. */
  remembered(): readonly RememberedTransfer[]
}

/**
 * Infers what v1 does not report. A transfer leaves the list as soon as it is done (API v1 §7.3), so one that disappears without
 * having been cancelled here has finished; one that disappears while in Error was cancelled elsewhere. The item it produced comes from
 * a dashboard message about a file with the same name.
 */
export class V1TransferFeed implements TransferFeed {
  readonly #options: V1TransferFeedOptions
  /** The last known row of each transfer. */
  readonly #seen = new Map<TransferId, ListedTransfer>()
  readonly #cancelled = new Set<TransferId>()

  constructor(options: V1TransferFeedOptions) {
    this.#options = options
  }

  /** Cancels a transfer and records it as cancelled. */
  async cancelling(transferId: TransferId, cancel: () => Promise<unknown>): Promise<void> {
    this.#cancelled.add(transferId)
    try {
      await cancel()
    } catch (error) {
      // A server that did not answer may still have cancelled it.
      if (!(error instanceof AppError) || error.code !== 'unreachable') this.#cancelled.delete(transferId)
      throw error
    }
  }

  async changes(): Promise<TransferChanges> {
    const { list, messages: listMessages, remembered } = this.#options
    const before = remembered()
    this.#forgetAllBut(new Set(before.map(({ transferId }) => transferId)))
    const { transfers, unread } = await list()
    const present = new Set(transfers.map(({ id }) => id))
    const gone = before.filter(({ transferId }) => !present.has(transferId))
    const vanished = gone.filter((transfer) => !this.#mayBeUnread(transfer, unread))
    const hidden = gone.filter((transfer) => !vanished.includes(transfer))
    const mayHaveFinished = vanished.some(({ transferId }) => !this.#cancelled.has(transferId))
    const messages = mayHaveFinished ? await listMessages() : []

    const left = await Promise.all(vanished.map((transfer) => this.#toLeft(transfer, messages)))
    for (const transfer of transfers) this.#seen.set(transfer.id, transfer)
    const kept = hidden.flatMap(({ transferId }) => this.#seen.get(transferId) ?? [])
    return { listed: [...transfers, ...kept], left, touchedFolderIds: [], isSure: true }
  }

  /** Drops the state of transfers that are no longer remembered. */
  #forgetAllBut(ids: ReadonlySet<TransferId>): void {
    for (const noted of [this.#seen, this.#cancelled]) for (const id of noted.keys()) if (!ids.has(id)) noted.delete(id)
  }

  /** True if an unreadable row may belong to this transfer, so that it may still be listed. */
  #mayBeUnread({ transferId, name }: RememberedTransfer, unread: readonly UnreadTransfer[]): boolean {
    if (this.#cancelled.has(transferId)) return false
    const lastName = this.#seen.get(transferId)?.name ?? name
    return unread.some((row) => (row.id === null ? row.name === null || row.name === lastName : row.id === transferId))
  }

  async #toLeft(transfer: RememberedTransfer, messages: readonly V1Message[]): Promise<LeftTransfer> {
    const { transferId, folderId, links } = transfer
    const seen = this.#seen.get(transferId)
    const name = seen?.name ?? transfer.name
    const known = { transferId, name, folderId, links: [...links] }
    if (this.#cancelled.has(transferId) || seen?.status === 'error')
      return { ...known, outcome: 'cancelled', sizeBytes: null, itemId: null, note: null }
    const itemId = arrivalOf(name, messages)?.itemId ?? null
    return {
      ...known,
      outcome: 'finished',
      sizeBytes: await this.#sizeOf(itemId),
      itemId,
      note: itemId === null ? null : noteOn(itemId, messages),
    }
  }

  async #sizeOf(itemId: ItemId | null): Promise<number | null> {
    const item = itemId === null ? null : await this.#options.item(itemId).catch(() => null)
    return item?.sizeBytes ?? null
  }
}

/** The note on a transfer: the title of a message about the item that it produced, and about no file. */
function noteOn(itemId: ItemId, messages: readonly V1Message[]): string | null {
  return messages.find((message) => message.fileName === null && message.itemId === itemId)?.title ?? null
}

/** The dashboard message that reports the arrival of a transfer's file, which has the same name. */
function arrivalOf(name: string, messages: readonly V1Message[]): V1Message | undefined {
  return messages.find(({ isArrival, fileName }) => isArrival && fileName === name)
}
