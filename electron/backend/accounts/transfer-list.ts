import type { AccountId } from '../../../shared/account.ts'
import { AppError } from '../../../shared/errors.ts'
import type { ItemId } from '../../../shared/item.ts'
import type { Transfer, TransferId } from '../../../shared/transfer.ts'
import type { History } from '../history/history.ts'
import type { PutioClient } from '../putio/client.ts'
import type {
  AddedTransfer,
  ExpectedSize,
  ListedTransfer,
  TransferChanges,
  TransferFeed,
} from '../putio/transfer-feed.ts'
import { HeldCancels } from './held-cancels.ts'
import {
  isEmpty,
  type MirrorOptions,
  reflect,
  reflectSome,
  type TransferDelta,
  type TransferMirror,
} from './transfer-mirror.ts'

/** How often the list is fetched while the service announces its changes: then it only shows that none was missed. */
const livePollMs = 60_000
/** How long announcements are collected before the list is fetched. */
const announcedMs = 150
/** When a list that may be older than an announcement is fetched once more. */
const doubtMs = 1000
/** How many transfers that have left are remembered: answers come late by seconds only. */
const maxLeft = 10_000

/** The parts of the backend that a transfer list depends on. */
export interface TransferListOptions {
  accountId: AccountId
  client: PutioClient
  history: History
  onDelta(delta: TransferDelta): void
  /** Called when files of transfers that are still being shared may have arrived in folders. */
  onTouched(folderIds: readonly ItemId[]): void
  /** How long a cancellation is held back. */
  cancelHoldMs: number
  /** Called after the service was told about cancellations. */
  onCancelled(): void
  /** Called when a transfer could not be cancelled. */
  onNotCancelled(sentence: string, error: unknown): void
  /** Called after each successful fetch of the list. */
  onFetched(): void
  /** Called when the list could not be fetched. The fetch is retried automatically. */
  onProblem(error: unknown): void
  nowMs(): number
}

/** A transfer, and what is known of it that the service may not report. */
export interface NotedTransfer extends ExpectedSize {
  transfer: AddedTransfer
  links: readonly string[]
}

/** Polls an account's transfers: sends changes to the window, and records in the history what has left the list. */
export class TransferList {
  readonly #options: TransferListOptions
  readonly #feed: TransferFeed
  readonly #cancels: HeldCancels
  #mirror: TransferMirror = new Map()
  /** Transfers that have left the list. */
  readonly #left = new Set<TransferId>()
  #timer: ReturnType<typeof setTimeout> | null = null
  #refreshing: Promise<void> | null = null
  #isStopped = true
  #isLive = false
  #announced: ReturnType<typeof setTimeout> | null = null
  #doubtful: ReturnType<typeof setTimeout> | null = null

  constructor(options: TransferListOptions) {
    this.#options = options
    const { accountId, client, history } = options
    this.#feed = client.followTransfers(() => history.allPending(accountId))
    this.#cancels = new HeldCancels({
      holdMs: options.cancelHoldMs,
      send: (id) => this.#cancelNow(id),
      onChange: (ids) => this.#showAgain(ids),
      onSent: async () => {
        await this.refresh().catch((error: unknown) => options.onProblem(error))
        options.onCancelled()
      },
      onProblem: (id, error) => {
        // One that has left the list needs no cancelling.
        const name = this.#mirror.get(id)?.transfer.name
        if (name !== undefined) options.onNotCancelled(sentenceOnCancel(name, error), error)
      },
    })
  }

  /** Cancels transfers: at once here, and after a while at the service. Those that are not listed count as cancelled. */
  async cancel(transferIds: readonly TransferId[]): Promise<void> {
    const isListed = (id: TransferId) => this.#mirror.has(id)
    this.#cancels.hold(transferIds.filter(isListed))
    const others = transferIds.filter((id) => !isListed(id))
    if (others.length === 0) return
    // One that was added a moment ago may not be listed here yet.
    await this.refresh()
    this.#cancels.hold(others.filter(isListed))
  }

  /** Takes cancellations back. Returns the transfers for which it is too late. */
  keep(transferIds: readonly TransferId[]): TransferId[] {
    const sent = new Set(this.#cancels.release(transferIds))
    return transferIds.filter((id) => sent.has(id) || !this.#mirror.has(id))
  }

  /** Tells the service about all cancellations now. */
  async sendCancels(): Promise<void> {
    await this.#cancels.flush()
  }

  start(): void {
    if (!this.#isStopped) return
    this.#isStopped = false
    this.#poll()
  }

  /** Whether the service announces changes: then the list is fetched rarely without one. */
  setLive(isLive: boolean): void {
    this.#isLive = isLive
    this.#pollLater()
  }

  /** Shows a moment later what was announced until then. */
  noteAnnounced(): void {
    if (this.#isStopped) return
    this.#announced ??= setTimeout(() => {
      this.#announced = null
      this.#showAnnounced()
    }, announcedMs)
  }

  /** Fetches the list a moment later, once for all doubts that there are until then. */
  noteDoubtful(): void {
    if (this.#isStopped) return
    this.#doubtful ??= setTimeout(() => {
      this.#doubtful = null
      this.#poll()
    }, announcedMs)
  }

  stop(): void {
    this.#isStopped = true
    for (const timer of [this.#announced, this.#doubtful]) if (timer !== null) clearTimeout(timer)
    this.#announced = null
    this.#doubtful = null
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  /** The whole list as a delta, for a window that has just subscribed. */
  snapshot(): TransferDelta {
    return { upserted: [...this.#mirror.values()].map(({ transfer }) => transfer), removed: [], arrived: [] }
  }

  /** The links a transfer was created from and its target folder, from the service or the history; null if unknown. */
  originOf(transferId: TransferId): { links: readonly string[]; folderId: ItemId } | null {
    const { accountId, history } = this.#options
    const mirrored = this.#mirror.get(transferId)
    const noted = history.pending(accountId, transferId)
    const links = mirrored?.links ?? noted?.links ?? []
    return links.length === 0 ? null : { links, folderId: mirrored?.transfer.folderId ?? noted?.folderId ?? 0 }
  }

  /** Remembers the links that transfers were created from, and what is known of their sizes. */
  noteAdded(added: readonly NotedTransfer[], folderId: ItemId): void {
    const { accountId, history, nowMs } = this.#options
    for (const { transfer, links, sizeBytes, unpackedBytes } of added) {
      const { id: transferId, name } = transfer
      // It may have been listed, and have ended, before the answer came.
      if (this.#left.has(transferId)) continue
      const record = { accountId, transferId, name, links: [...links], folderId, atMs: nowMs() }
      history.added({
        ...record,
        ...(sizeBytes === null ? {} : { sizeBytes }),
        ...(unpackedBytes === null ? {} : { unpackedBytes }),
      })
    }
  }

  /** Fetches the list now and reschedules polling. A call during a running fetch waits for a fetch that starts after the call. */
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
    const isBusy = [...this.#mirror.values()].some(({ transfer }) => transfer.status !== 'error')
    const { busyMs, idleMs } = this.#options.client.polling
    const pollMs = isBusy ? busyMs : idleMs
    this.#timer = setTimeout(() => this.#poll(), this.#isLive ? Math.max(pollMs, livePollMs) : pollMs)
  }

  async #fetch(): Promise<void> {
    const { onDelta, onTouched, onFetched } = this.#options
    const changes = await this.#feed.changes()
    if (this.#isStopped) return
    onFetched()
    this.#record(changes)
    const { after, delta } = reflect(this.#mirror, changes, this.#mirrorOptions())
    this.#mirror = after
    if (changes.touchedFolderIds.length > 0) onTouched(changes.touchedFolderIds)
    if (!isEmpty(delta)) onDelta(delta)
    this.#fetchIfDoubtful(changes)
  }

  #showAnnounced(): void {
    const changes = this.#feed.announced?.() ?? null
    if (changes === null || this.#isStopped) return
    const { onDelta, onTouched } = this.#options
    this.#record(changes)
    const { after, delta } = reflectSome(this.#mirror, changes, this.#mirrorOptions())
    this.#mirror = after
    if (changes.touchedFolderIds.length > 0) onTouched(changes.touchedFolderIds)
    if (!isEmpty(delta)) onDelta(delta)
    this.#fetchIfDoubtful(changes)
  }

  #fetchIfDoubtful({ isSure }: Pick<TransferChanges, 'isSure'>): void {
    if (!isSure) setTimeout(() => this.noteDoubtful(), doubtMs).unref()
  }

  #record({ left, listed }: Pick<TransferChanges, 'left' | 'listed'>): void {
    const { accountId, history, nowMs } = this.#options
    for (const one of left) {
      history.left({ accountId, atMs: nowMs(), ...one })
      this.#left.add(one.transferId)
      const [oldest] = this.#left
      if (this.#left.size > maxLeft && oldest !== undefined) this.#left.delete(oldest)
    }
    for (const transfer of listed) this.#remember(transfer)
  }

  #mirrorOptions(): MirrorOptions {
    const { accountId, history, nowMs } = this.#options
    return {
      nowMs: nowMs(),
      isCancelled: (id) => this.#cancels.has(id),
      remembered: (id) => history.pending(accountId, id),
    }
  }

  async #cancelNow(transferId: TransferId): Promise<void> {
    // One that has left the list has finished, or was cancelled elsewhere.
    if (this.#mirror.has(transferId)) await this.#options.client.cancelTransfer(transferId)
  }

  /** Shows whether transfers are cancelled. */
  #showAgain(transferIds: readonly TransferId[]): void {
    const mirror = new Map(this.#mirror)
    const upserted: Transfer[] = []
    for (const id of transferIds) {
      const mirrored = mirror.get(id)
      const isCancelled = this.#cancels.has(id)
      if (mirrored === undefined || mirrored.transfer.isCancelled === isCancelled) continue
      const transfer = { ...mirrored.transfer, isCancelled }
      mirror.set(id, { ...mirrored, transfer })
      upserted.push(transfer)
    }
    this.#mirror = mirror
    if (upserted.length > 0) this.#options.onDelta({ upserted, removed: [], arrived: [] })
  }

  /** Also remembers transfers that other programs added, so that their end is noticed even if this app was closed. */
  #remember(transfer: ListedTransfer): void {
    if (this.#options.history.pending(this.#options.accountId, transfer.id) !== null) return
    const { links, folderId } = transfer
    this.noteAdded([{ transfer, links, sizeBytes: null, unpackedBytes: null }], folderId ?? 0)
  }
}

function sentenceOnCancel(name: string, error: unknown): string {
  const why =
    error instanceof AppError ? error.message : 'Something went wrong inside Putdesk. The log has the details.'
  return `“${name}” was not cancelled. ${why}`
}
