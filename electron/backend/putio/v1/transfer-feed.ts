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

/** Rows of the list that could not be read: they are there all the same. */
type UnreadTransfer = { id: TransferId | null; name: string | null }

/** What the feed asks a v1 server. */
export interface V1TransferFeedOptions {
  list(): Promise<{ transfers: V1Transfer[]; unread: readonly UnreadTransfer[] }>
  messages(): Promise<V1Message[]>
  item(itemId: ItemId): Promise<Item>
  /** Transfers that were listed, or added here, and have not been seen to leave. */
  remembered(): readonly RememberedTransfer[]
  /** What the server can do, as far as is known by now. */
  capabilities(): Capabilities
}

/**
 * Concludes what v1 does not tell. A transfer leaves the list the moment it is done (API v1 §7.3), so one that vanishes without having
 * been cancelled here has finished; one that vanishes while in Error was cancelled elsewhere. What it became is told by a message on
 * the dashboard that names the transfer or, on a server that names none, a file of its name.
 */
export class V1TransferFeed implements TransferFeed {
  readonly #options: V1TransferFeedOptions
  /** As each was last listed. */
  readonly #seen = new Map<TransferId, V1Transfer>()
  readonly #cancelled = new Set<TransferId>()
  readonly #retrying = new Set<TransferId>()
  /** Failed ones that go on, as far as no look at the list has shown yet. */
  readonly #retried = new Set<TransferId>()
  /** What those became whose files have arrived while they are still shared. */
  readonly #arrivals = new Map<TransferId, ItemId | null>()
  /** How the archives of what is still shared were doing at the last look. */
  readonly #sharedAs = new Map<TransferId, TransferFailure | null>()
  #newestMessage = 0

  constructor(options: V1TransferFeedOptions) {
    this.#options = options
  }

  /** Cancels a transfer: from now on, that it is gone means that it was cancelled. One that is only shared has finished then. */
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
      // A server that gave no answer may have cancelled it all the same.
      if (!(error instanceof AppError) || error.code !== 'unreachable') this.#cancelled.delete(transferId)
      throw error
    }
  }

  /** Tries a failed transfer again: should it be gone at the next look, it has finished. */
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
    }
  }

  /** Drops what was noted of transfers that nobody remembers any more. */
  #forgetAllBut(ids: ReadonlySet<TransferId>): void {
    for (const noted of [this.#seen, this.#cancelled, this.#retried, this.#arrivals, this.#sharedAs])
      for (const id of noted.keys()) if (!ids.has(id)) noted.delete(id)
  }

  /** True where a row that could not be read may be that of this transfer: then it may be there still. */
  #mayBeUnread({ transferId, name }: RememberedTransfer, unread: readonly UnreadTransfer[]): boolean {
    if (this.#cancelled.has(transferId)) return false
    const lastName = this.#seen.get(transferId)?.name ?? name
    return unread.some((row) => (row.id === null ? row.name === null || row.name === lastName : row.id === transferId))
  }

  /** Of a torrent that is only shared any more, the service tells that its files are there, or a message does. */
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

  /** A transfer that was over between two looks at the list has the size of what it became. */
  async #sizeOf(itemId: ItemId | null): Promise<number | null> {
    const item = itemId === null ? null : await this.#options.item(itemId).catch(() => null)
    return item?.sizeBytes ?? null
  }

  /** Folders into which files of what is still shared may have come since the last look. */
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
 * What another message says of what a transfer became: one that names the transfer, or, of a service that names none, the file's id. It names
 * no file.
 */
function noteOn(transferId: TransferId, itemId: ItemId | null, messages: readonly V1Message[]): string | null {
  const notes = messages.filter(({ fileName }) => fileName === null)
  const isOn = (note: V1Message) => note.transferId === null && itemId !== null && note.itemId === itemId
  return (notes.find((note) => note.transferId === transferId) ?? notes.find(isOn))?.title ?? null
}

/**
 * The dashboard's message that tells that a transfer's file has arrived: the first one that names the transfer, or, of a service that
 * names none, one of a file of its name. What an archive holds has other names than the archive.
 */
function arrivalOf(transfer: Pick<V1Transfer, 'id' | 'name'>, messages: readonly V1Message[]): V1Message | undefined {
  const arrivals = messages.filter(({ isArrival, fileName }) => isArrival && fileName !== null)
  return (
    arrivals.findLast(({ transferId }) => transferId === transfer.id) ??
    arrivals.find(({ transferId, fileName }) => transferId === null && fileName === transfer.name)
  )
}
