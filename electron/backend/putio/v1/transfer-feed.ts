import type { Capabilities } from '../../../../shared/capabilities.ts'
import { AppError } from '../../../../shared/errors.ts'
import type { Item, ItemId } from '../../../../shared/item.ts'
import { isOnlyShared } from '../../../../shared/slots.ts'
import type { TransferFailure, TransferId } from '../../../../shared/transfer.ts'
import type {
  LeftTransfer,
  ListedTransfer,
  RememberedTransfer,
  TransferChanges,
  TransferFeed,
} from '../transfer-feed.ts'
import type { V1Message, V1Transfer } from './transfers.ts'

/** A row of the list that could not be parsed. Its transfer is still listed. */
type UnreadTransfer = { id: TransferId | null; name: string | null }

/** The requests that the feed makes to a v1 server, and what it needs to know. */
export interface V1TransferFeedOptions {
  list(): Promise<{ transfers: V1Transfer[]; unread: readonly UnreadTransfer[] }>
  messages(): Promise<V1Message[]>
  item(itemId: ItemId): Promise<Item>
  /** Transfers that were listed or added here and have not left yet. */
  remembered(): readonly RememberedTransfer[]
  /** What the server can do, as far as known. */
  capabilities(): Capabilities
}

/**
 * Infers what v1 does not report. A transfer leaves the list as soon as it is done (API v1 §7.3), so one that disappears without
 * having been cancelled here has finished; one that disappears while in Error was cancelled elsewhere. The item it produced comes from
 * a dashboard message that names the transfer or, on a server that does not name transfers, a file with the same name.
 */
export class V1TransferFeed implements TransferFeed {
  readonly #options: V1TransferFeedOptions
  /** The last known row of each transfer. */
  readonly #seen = new Map<TransferId, V1Transfer>()
  readonly #cancelled = new Set<TransferId>()
  readonly #retrying = new Set<TransferId>()
  /** Failed transfers that were retried since the list was last fetched. */
  readonly #retried = new Set<TransferId>()
  /** The items of transfers whose files have arrived while they are still being shared. */
  readonly #arrivals = new Map<TransferId, ItemId | null>()
  /** The failure of each transfer that is still being shared, as of the last fetch. */
  readonly #sharedAs = new Map<TransferId, TransferFailure | null>()
  #newestMessage = 0

  constructor(options: V1TransferFeedOptions) {
    this.#options = options
  }

  /** Cancels a transfer and records it as cancelled. A transfer that is only being shared counts as finished instead. */
  async cancelling(transferId: TransferId, cancel: () => Promise<unknown>): Promise<void> {
    const seen = this.#seen.get(transferId)
    const isStopped = seen !== undefined && isOnlyShared(seen, this.#options.capabilities()) && seen.failure === null
    if (isStopped) {
      await cancel()
      return
    }
    this.#cancelled.add(transferId)
    try {
      await cancel()
    } catch (error) {
      // A server that did not answer may still have cancelled it.
      if (!(error instanceof AppError) || error.code !== 'unreachable') this.#cancelled.delete(transferId)
      throw error
    }
  }

  /** Retries a failed transfer: if it is gone at the next fetch, it has finished. */
  async retrying(transferId: TransferId, retry: () => Promise<unknown>): Promise<void> {
    this.#retrying.add(transferId)
    try {
      await retry()
      this.#retried.add(transferId)
    } finally {
      this.#retrying.delete(transferId)
    }
  }

  async changes(): Promise<TransferChanges> {
    const { list, messages: listMessages, remembered, capabilities } = this.#options
    const before = remembered()
    const retried = [...this.#retried]
    this.#forgetAllBut(new Set(before.map(({ transferId }) => transferId)))
    const { transfers, unread } = await list()
    const present = new Set(transfers.map(({ id }) => id))
    const gone = before.filter(({ transferId }) => !present.has(transferId))
    const vanished = gone.filter((transfer) => !this.#mayBeUnread(transfer, unread))
    const hidden = gone.filter((transfer) => !vanished.includes(transfer))
    const shared = transfers.filter((one) => isOnlyShared(one, capabilities()) && !this.#arrivals.has(one.id))
    const isTold = shared.length > 0 || vanished.some(({ transferId }) => !this.#cancelled.has(transferId))
    const messages = isTold ? await listMessages() : []

    const left = await Promise.all(vanished.map((transfer) => this.#toLeft(transfer, messages)))
    for (const transfer of shared) this.#noteArrival(transfer, messages)
    for (const transfer of transfers) this.#seen.set(transfer.id, transfer)
    for (const id of retried) if (present.has(id)) this.#retried.delete(id)
    const kept = hidden.flatMap(({ transferId }) => this.#seen.get(transferId) ?? [])
    return {
      listed: [...transfers, ...kept].map((transfer) => this.#toListed(transfer)),
      left,
      touchedFolderIds: this.#touchedFolders(shared, messages),
      isSure: true,
    }
  }

  /** Drops the state of transfers that are no longer remembered. */
  #forgetAllBut(ids: ReadonlySet<TransferId>): void {
    for (const noted of [this.#seen, this.#cancelled, this.#retried, this.#arrivals, this.#sharedAs])
      for (const id of noted.keys()) if (!ids.has(id)) noted.delete(id)
  }

  /** True if an unreadable row may belong to this transfer, so that it may still be listed. */
  #mayBeUnread({ transferId, name }: RememberedTransfer, unread: readonly UnreadTransfer[]): boolean {
    if (this.#cancelled.has(transferId)) return false
    const lastName = this.#seen.get(transferId)?.name ?? name
    return unread.some((row) => (row.id === null ? row.name === null || row.name === lastName : row.id === transferId))
  }

  /** Records the arrival of a torrent that is only being shared, as reported by the service or by a message. */
  #noteArrival(transfer: V1Transfer, messages: readonly V1Message[]): void {
    const message = arrivalOf(transfer, messages)
    if (transfer.hasArrived ?? message !== undefined) this.#arrivals.set(transfer.id, message?.itemId ?? null)
  }

  #toListed(transfer: V1Transfer): ListedTransfer {
    const { id } = transfer
    return { ...transfer, hasArrived: this.#arrivals.has(id), itemId: this.#arrivals.get(id) ?? null }
  }

  async #toLeft(transfer: RememberedTransfer, messages: readonly V1Message[]): Promise<LeftTransfer> {
    const { transferId: id } = transfer
    const seen = this.#seen.get(id)
    const name = seen?.name ?? transfer.name
    const hasFailed = seen?.status === 'error' && !this.#retried.has(id) && !this.#retrying.has(id)
    const known = {
      transferId: id,
      name,
      folderId: seen?.folderId ?? transfer.folderId,
      links: [...(seen !== undefined && seen.links.length > 0 ? seen.links : transfer.links)],
    }
    const sizeBytes = seen?.sizeBytes ?? null
    if (this.#cancelled.has(id) || hasFailed)
      return { ...known, outcome: 'cancelled', sizeBytes, itemId: null, note: null }
    const itemId = arrivalOf({ id, name }, messages)?.itemId ?? this.#arrivals.get(id) ?? null
    return {
      ...known,
      outcome: 'finished',
      sizeBytes: sizeBytes ?? (await this.#sizeOf(itemId)),
      itemId,
      note: noteOn(id, itemId, messages),
    }
  }

  /** The size of the item, for a transfer that finished between two fetches. */
  async #sizeOf(itemId: ItemId | null): Promise<number | null> {
    const item = itemId === null ? null : await this.#options.item(itemId).catch(() => null)
    return item?.sizeBytes ?? null
  }

  /** Folders in which files of shared transfers may have arrived since the last fetch. */
  #touchedFolders(shared: readonly V1Transfer[], messages: readonly V1Message[]): ItemId[] {
    const newest = messages.reduce((largest, { id }) => Math.max(largest, id), 0)
    const isNews = newest > this.#newestMessage
    this.#newestMessage = Math.max(newest, this.#newestMessage)
    const touched = shared.filter(({ id, failure }) => isNews || this.#sharedAs.get(id) !== failure)
    for (const { id, failure } of shared) this.#sharedAs.set(id, failure)
    return [...new Set(touched.flatMap(({ folderId }) => folderId ?? []))]
  }
}

/**
 * The note on a transfer: the title of a message without a file name that names the transfer or, on a service that does not name
 * transfers, the item's id.
 */
function noteOn(transferId: TransferId, itemId: ItemId | null, messages: readonly V1Message[]): string | null {
  const notes = messages.filter(({ fileName }) => fileName === null)
  const isOn = (note: V1Message) => note.transferId === null && itemId !== null && note.itemId === itemId
  return (notes.find((note) => note.transferId === transferId) ?? notes.find(isOn))?.title ?? null
}

/**
 * The dashboard message that reports the arrival of a transfer's file: the first one that names the transfer or, on a service that
 * does not name transfers, a file with the same name. Files in an archive have other names than the archive.
 */
function arrivalOf(transfer: Pick<V1Transfer, 'id' | 'name'>, messages: readonly V1Message[]): V1Message | undefined {
  const arrivals = messages.filter(({ isArrival, fileName }) => isArrival && fileName !== null)
  return (
    arrivals.findLast(({ transferId }) => transferId === transfer.id) ??
    arrivals.find(({ transferId, fileName }) => transferId === null && fileName === transfer.name)
  )
}
