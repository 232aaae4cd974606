import type { AccountId } from '../../shared/account.ts'
import type { EventData } from '../../shared/contract.ts'
import type { ItemId } from '../../shared/item.ts'
import { isOnlyShared } from '../../shared/slots.ts'
import type { Transfer, TransferFailure, TransferId, TransferStatus } from '../../shared/transfer.ts'
import type { History } from './history.ts'
import type { ListedTransfer, Message, PutioClient, TransferListing } from './putio/client.ts'

type Delta = Omit<EventData<'transfers.changed'>, 'accountId'>

const busyPollMs = 700
const idlePollMs = 4000

/** What a transfer list needs to know of the world around it. */
export interface TransferListOptions {
  accountId: AccountId
  client: PutioClient
  history: History
  onDelta(delta: Delta): void
  /** Files of what is still shared may have come into folders. */
  onTouched(folderIds: readonly ItemId[]): void
  /** The list has just been fetched. */
  onFetched(): void
  /** The list could not be fetched; it is tried again by itself. */
  onProblem(error: unknown): void
  nowMs(): number
}

/**
 * Follows an account's transfers and tells what changed. Put.io drops a transfer from its list the moment it is done (API v1
 * §7.3), so one that vanishes without having been cancelled here is told as finished, and written into the history; one that
 * vanishes while in Error was cancelled elsewhere.
 */
export class TransferList {
  readonly #options: TransferListOptions
  readonly #listed = new Map<TransferId, ListedTransfer>()
  readonly #cancelledHere = new Set<TransferId>()
  /** Failed ones that go on, as far as no look at the list has shown yet. */
  readonly #retriedHere = new Set<TransferId>()
  /** Whose files have arrived while it is still shared. */
  readonly #arrived = new Set<TransferId>()
  /** How the archives of what is still shared were doing at the last look. */
  readonly #sharedAs = new Map<TransferId, TransferFailure | null>()
  #newestMessage = 0
  readonly #since = new Map<TransferId, { status: TransferStatus; atMs: number }>()
  #timer: ReturnType<typeof setTimeout> | null = null
  #refreshing: Promise<void> | null = null
  #isStopped = true
  #isFirst = true

  constructor(options: TransferListOptions) {
    this.#options = options
  }

  start(): void {
    if (!this.#isStopped) return
    this.#isStopped = false
    this.#poll()
  }

  stop(): void {
    this.#isStopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  /** Everything, as the first delta of a window that has just begun to listen. */
  snapshot(): Delta {
    return {
      isReset: true,
      upserted: [...this.#listed.values()].map((transfer) => this.#toTransfer(transfer)),
      arrived: [],
      finished: [],
      cancelled: [],
    }
  }

  get(transferId: TransferId): ListedTransfer | null {
    return this.#listed.get(transferId) ?? null
  }

  /** Remembers the links that transfers were made of, and shows the transfers at once. */
  noteAdded(added: readonly { transfer: ListedTransfer; links: string[] }[], folderId: number): void {
    const { accountId, history, nowMs } = this.#options
    for (const { transfer, links } of added) {
      history.added({ accountId, transferId: transfer.id, name: transfer.name, links, folderId, atMs: nowMs() })
    }
  }

  /** From now on, that this transfer is gone means that it was cancelled. */
  noteCancelled(transferId: TransferId): void {
    this.#cancelledHere.add(transferId)
  }

  /** It goes on from its Error: should it be gone at the next look, it has finished. */
  noteRetried(transferId: TransferId): void {
    this.#retriedHere.add(transferId)
  }

  /** Fetches the list now, and from here on at the pace that fits. A call during a running fetch waits for one that begins after it. */
  async refresh(): Promise<void> {
    while (this.#refreshing !== null) await this.#refreshing.catch(() => undefined)
    this.#refreshing = this.#fetch().finally(() => {
      this.#refreshing = null
      this.#pollLater()
    })
    await this.#refreshing
  }

  #poll(): void {
    this.refresh().catch((error: unknown) => this.#options.onProblem(error))
  }

  #pollLater(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#isStopped) return
    const isBusy = [...this.#listed.values()].some(({ status }) => status !== 'error')
    this.#timer = setTimeout(() => this.#poll(), isBusy ? busyPollMs : idlePollMs)
  }

  async #fetch(): Promise<void> {
    const { accountId, client, history, onDelta, onTouched, onFetched } = this.#options
    const retried = [...this.#retriedHere]
    const { transfers: listed, unread } = await client.listTransfers()
    const present = new Set(listed.map(({ id }) => id))
    const before = [...this.#listed.values()].filter(({ id }) => !present.has(id))
    const gone = this.#isFirst ? [...before, ...this.#vanishedWhileAway(present)] : before
    const vanished = gone.filter((transfer) => !this.#mayBeUnread(transfer, unread))
    const shared = listed.filter((transfer) => isOnlyShared(transfer) && !this.#arrived.has(transfer.id))
    const isTold = shared.length > 0 || vanished.some(({ id }) => !this.#cancelledHere.has(id))
    const messages = isTold ? await client.listMessages() : []
    if (this.#isStopped) return
    onFetched()
    for (const transfer of listed) this.#noteStatus(transfer)

    const upserted = listed
      .filter((transfer) => this.#isChanged(transfer))
      .map((transfer) => this.#toTransfer(transfer))
    const arrived = shared.flatMap((transfer) => this.#arrivalWhileShared(transfer, messages))
    const finished: Delta['finished'] = []
    const cancelled: TransferId[] = []
    for (const transfer of vanished) {
      const entry = this.#recordLeft(await this.#withFinalSize(transfer, messages), messages)
      const wasReady = this.#arrived.delete(transfer.id)
      if (entry.outcome === 'finished') finished.push({ ...entry, transferId: transfer.id, wasReady })
      else cancelled.push(transfer.id)
      this.#listed.delete(transfer.id)
      this.#cancelledHere.delete(transfer.id)
      this.#since.delete(transfer.id)
      this.#sharedAs.delete(transfer.id)
    }
    for (const transfer of listed) {
      this.#listed.set(transfer.id, transfer)
      // A transfer that another program added is remembered as well, so that its end is noticed even while this app is closed.
      if (history.pending(accountId, transfer.id) === null)
        this.noteAdded([{ transfer, links: transfer.links }], transfer.folderId ?? 0)
    }
    for (const id of retried) this.#retriedHere.delete(id)
    if (vanished.length === gone.length) this.#isFirst = false
    const touched = this.#touchedFolders(shared, messages)
    if (touched.length > 0) onTouched(touched)
    if (upserted.length + arrived.length + finished.length + cancelled.length > 0)
      onDelta({ isReset: false, upserted, arrived, finished, cancelled })
  }

  /** True where a row that could not be read may be that of this transfer: then it may be there still, as it last was. */
  #mayBeUnread(transfer: ListedTransfer, unread: TransferListing['unread']): boolean {
    if (this.#cancelledHere.has(transfer.id)) return false
    return unread.some(({ id, name }) => (id === null ? name === null || name === transfer.name : id === transfer.id))
  }

  /** A transfer that is new here has been in its status since it was added, as far as anybody knows. */
  #noteStatus({ id, status, addedAtMs }: ListedTransfer): void {
    const known = this.#since.get(id)
    if (known?.status === status) return
    const nowMs = this.#options.nowMs()
    this.#since.set(id, { status, atMs: known === undefined ? Math.min(addedAtMs ?? nowMs, nowMs) : nowMs })
  }

  /** Of a torrent that is only shared any more, the service tells that its files are there, or a message does. */
  #arrivalWhileShared(transfer: ListedTransfer, messages: readonly Message[]): Delta['arrived'] {
    const message = arrivalOf(transfer, messages)
    const { id, name, folderId, isDelivered } = transfer
    if (!(isDelivered ?? message !== undefined)) return []
    this.#arrived.add(id)
    return [{ id: `${id}`, transferId: id, name, itemId: message?.itemId ?? null, folderId }]
  }

  /** Folders into which files of what is still shared may have come since the last look. */
  #touchedFolders(shared: readonly ListedTransfer[], messages: readonly Message[]): ItemId[] {
    const newest = messages.reduce((largest, { id }) => Math.max(largest, id), 0)
    const isNews = newest > this.#newestMessage
    this.#newestMessage = Math.max(newest, this.#newestMessage)
    const touched = shared.filter(({ id, failure }) => isNews || this.#sharedAs.get(id) !== failure)
    for (const { id, failure } of shared) this.#sharedAs.set(id, failure)
    return [...new Set(touched.flatMap(({ folderId }) => folderId ?? []))]
  }

  /** A transfer that was over between two looks at the list has the size of what it became. */
  async #withFinalSize(transfer: ListedTransfer, messages: readonly Message[]): Promise<ListedTransfer> {
    const itemId = arrivalOf(transfer, messages)?.itemId ?? null
    if (transfer.sizeBytes !== null || itemId === null) return transfer
    const item = await this.#options.client.item(itemId).catch(() => null)
    return { ...transfer, sizeBytes: item?.sizeBytes ?? null }
  }

  #recordLeft(transfer: ListedTransfer, messages: readonly Message[]) {
    const { accountId, history, nowMs } = this.#options
    const added = history.pending(accountId, transfer.id)
    const hasFailed = transfer.status === 'error' && !this.#retriedHere.has(transfer.id)
    const isCancelled = this.#cancelledHere.has(transfer.id) || hasFailed
    const message = isCancelled ? undefined : arrivalOf(transfer, messages)
    return history.left({
      accountId,
      transferId: transfer.id,
      name: transfer.name,
      outcome: isCancelled ? 'cancelled' : 'finished',
      sizeBytes: transfer.sizeBytes,
      itemId: message?.itemId ?? null,
      folderId: transfer.folderId ?? added?.folderId ?? null,
      links: transfer.links.length > 0 ? transfer.links : (added?.links ?? []),
      atMs: nowMs(),
      note: isCancelled ? null : noteOn(transfer, message, messages),
    })
  }

  /** Transfers that were listed when the app was last open and no longer are. */
  #vanishedWhileAway(present: ReadonlySet<TransferId>): ListedTransfer[] {
    const { accountId, history } = this.#options
    return history
      .allPending(accountId)
      .filter(({ transferId }) => !present.has(transferId) && !this.#listed.has(transferId))
      .map(({ transferId, name, links, folderId }) => ({
        id: transferId,
        name,
        status: 'completing',
        percentDone: 100,
        sizeBytes: null,
        downloadedBytes: null,
        speedBytesPerSecond: null,
        uploadedBytes: null,
        peers: null,
        stagePercent: null,
        secondsLeft: null,
        reason: null,
        failure: null,
        addedAtMs: null,
        host: null,
        folderId,
        links,
        canRetryInPlace: false,
        isDelivered: null,
      }))
  }

  #isChanged(transfer: ListedTransfer): boolean {
    const known = this.#listed.get(transfer.id)
    return known === undefined || JSON.stringify(known) !== JSON.stringify(transfer)
  }

  #toTransfer({ links, canRetryInPlace, isDelivered: _, ...transfer }: ListedTransfer): Transfer {
    const added = this.#options.history.pending(this.#options.accountId, transfer.id)
    return {
      ...transfer,
      folderId: transfer.folderId ?? added?.folderId ?? null,
      statusSinceMs: this.#since.get(transfer.id)?.atMs ?? null,
      canRetry: canRetryInPlace || links.length > 0 || (added?.links.length ?? 0) > 0,
    }
  }
}

/**
 * What another message says of what a transfer became: one that names the transfer, or, of a service that names none, the file's id. It names
 * no file.
 */
function noteOn({ id }: ListedTransfer, arrival: Message | undefined, messages: readonly Message[]): string | null {
  const notes = messages.filter(({ fileName }) => fileName === null)
  const itemId = arrival?.itemId ?? null
  const isOn = (note: Message) => note.transferId === null && itemId !== null && note.itemId === itemId
  return (notes.find(({ transferId }) => transferId === id) ?? notes.find(isOn))?.title ?? null
}

/**
 * The dashboard's message that tells that a transfer's file has arrived: the first one that names the transfer, or, of a service that
 * names none, one of a file of its name. What an archive holds has other names than the archive.
 */
function arrivalOf(transfer: ListedTransfer, messages: readonly Message[]): Message | undefined {
  const arrivals = messages.filter(({ isFileArrived, fileName }) => isFileArrived && fileName !== null)
  return (
    arrivals.findLast(({ transferId }) => transferId === transfer.id) ??
    arrivals.find(({ transferId, fileName }) => transferId === null && fileName === transfer.name)
  )
}
