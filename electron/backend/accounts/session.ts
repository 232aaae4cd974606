import { setTimeout as wait } from 'node:timers/promises'
import type { Account, Quota } from '../../../shared/account.ts'
import type { Capabilities } from '../../../shared/capabilities.ts'
import { AppError } from '../../../shared/errors.ts'
import type { ItemId } from '../../../shared/item.ts'
import { putioAddress } from '../../../shared/putio-app.ts'
import type { History } from '../history/history.ts'
import type { Emit } from '../host/emit.ts'
import type { Log } from '../host/log.ts'
import type { OwnBases } from '../putio/bases.ts'
import type { PutioClient } from '../putio/client.ts'
import { FolderIndex } from './folder-index.ts'
import { TransferList } from './transfer-list.ts'

const quotaPollMs = 60_000
const minRetryMs = 1000
const maxRetryMs = 30_000
/** A service that does not answer must not keep the app from quitting. */
const closeWithinMs = 3000
/** How long announcements are collected before the window hears of them. */
const announcedMs = 150

/** What a session knows of its account. */
export type OpenAccount = Omit<Account, 'trustedOrigins'>

/** The account of a session and the parts of the backend that it depends on. */
export interface SessionOptions {
  account: OpenAccount
  /** The user's id at the service; null while unknown. */
  userId: string | null
  /** Addresses of its service that are not where they would be expected. */
  bases: OwnBases
  /** Null while the secret is missing. */
  client: PutioClient | null
  /** Makes the service forget an access token. */
  revoke(): Promise<void>
  history: History
  log: Log
  emit: Emit
  /** How long a cancellation of a transfer is held back. */
  cancelHoldMs: number
  /** Tells the person that something went wrong after it had been accepted. */
  tell(sentence: string): void
  /** Called when the account changes or its user id becomes known. */
  onChange(session: Session): void
}

/**
 * An open account: its client, transfers and quota, and whether the service is reachable. Temporary failures are retried
 * automatically. A refused secret is not: it is tried again only when the user acts.
 */
export class Session {
  readonly #options: SessionOptions
  readonly #parents = new Map<ItemId, ItemId>()
  readonly transfers: TransferList | null
  readonly folders = new FolderIndex(() => this.client())
  #account: OpenAccount
  #userId: string | null
  #quota: Quota | null = null
  #retry: ReturnType<typeof setTimeout> | null = null
  #retryMs = minRetryMs
  #quotaTimer: ReturnType<typeof setInterval> | null = null
  #isOpen = false
  /** How often the account was asked for, and the last time that was answered. */
  #quotaAsked = 0
  #quotaAnswered = 0
  #stopListening: (() => void) | null = null
  /** Folders of which changes were announced a moment ago. */
  readonly #announced = new Set<ItemId>()
  #announcing: ReturnType<typeof setTimeout> | null = null
  #wasLive = false
  /** Folders that the window has asked for. */
  readonly #opened = new Set<ItemId>()

  constructor(options: SessionOptions) {
    this.#options = options
    this.#account = options.account
    this.#userId = options.userId
    this.transfers = options.client === null ? null : this.#followTransfers(options.client)
  }

  get account(): OpenAccount {
    return this.#account
  }

  get userId(): string | null {
    return this.#userId
  }

  get bases(): OwnBases {
    return this.#options.bases
  }

  get quota(): Quota | null {
    return this.#quota
  }

  /** The client of a signed-in account. Throws `signed-out` with a sentence that says what to do. */
  client(): PutioClient {
    const { client } = this.#options
    if (client === null)
      throw new AppError('signed-out', `“${this.#account.name}” is signed out. Sign in again to go on.`)
    return client
  }

  /** Verifies the account with one request, then starts polling. Rejects if the request fails. */
  async open(): Promise<void> {
    this.#isOpen = true
    await this.refreshQuota()
  }

  /** Like `open`, but retries until the service answers. */
  openWithRetry(): void {
    this.open().catch((error: unknown) => this.#fail(error))
  }

  /** Stops all requests, except that the service is told about cancellations that were held back. */
  async close(): Promise<void> {
    await Promise.race([this.transfers?.sendCancels(), wait(closeWithinMs, undefined, { ref: false })])
    this.#isOpen = false
    this.#stopPolling()
  }

  /** Makes the service forget the account's access token, if it has one. Rejects if it does not say that it has. */
  async revoke(): Promise<void> {
    await this.#options.revoke()
  }

  async refreshQuota(): Promise<void> {
    this.#quotaAsked += 1
    const asked = this.#quotaAsked
    const { userId, quota, capabilities } = await this.client().account()
    // An older answer can come later.
    if (!this.#isOpen || asked < this.#quotaAnswered) return
    this.#quotaAnswered = asked
    const isChanged = JSON.stringify(quota) !== JSON.stringify(this.#quota)
    const isNewUser = userId !== this.#userId
    this.#quota = quota
    this.#userId = userId
    this.#markSignedIn({ name: nameOfAccount(this.#account, quota.userName), capabilities })
    if (isNewUser) this.#options.onChange(this)
    if (isChanged) this.emitQuota()
  }

  /** What the service can do. Requested first if not known yet, such as while the service is starting. */
  async capabilities(): Promise<Capabilities> {
    if (this.#quota === null) await this.refreshQuota()
    return this.#account.capabilities
  }

  emitQuota(): void {
    this.#options.emit('quota.changed', { accountId: this.#account.id, quota: this.#quota })
  }

  emitTransfers(): void {
    if (this.transfers !== null)
      this.#options.emit('transfers.changed', {
        accountId: this.#account.id,
        isReset: true,
        ...this.transfers.snapshot(),
      })
  }

  /** Remembers the parents of items, so that moving or deleting them later refreshes the right folders. */
  noteParents(items: readonly { id: ItemId; parentId: ItemId }[]): void {
    for (const { id, parentId } of items) this.#parents.set(id, parentId)
  }

  /** Remembers that the window has asked for a folder. */
  noteOpened(folderId: ItemId): void {
    this.#opened.add(folderId)
  }

  /** The last known parent of an item; null if it is not known. */
  parentOf(itemId: ItemId): ItemId | null {
    return this.#parents.get(itemId) ?? null
  }

  /** Notifies the window that folders changed: the given ones, and the last known parents of the items. */
  notifyChanged(folderIds: readonly ItemId[], itemIds: readonly ItemId[] = []): void {
    const all = new Set(folderIds)
    for (const id of itemIds) {
      const parentId = this.#parents.get(id)
      if (parentId !== undefined) all.add(parentId)
    }
    this.folders.expire([...all])
    this.#options.emit('items.changed', { accountId: this.#account.id, folderIds: [...all] })
    this.refreshQuota().catch((error: unknown) => this.#fail(error))
  }

  /**
   * Asks the service for something that not every one can do. Rejects with `refused` and this sentence if it cannot. When it refuses, its
   * capabilities are looked at again: it may have just told that this sign-in is not allowed to do that.
   */
  async ifAble<T>(
    isAble: (capabilities: Capabilities) => boolean,
    sentence: string,
    act: (client: PutioClient) => Promise<T>,
  ): Promise<T> {
    const client = this.client()
    if (!isAble(await this.capabilities())) throw new AppError('refused', sentence)
    try {
      return await act(client)
    } catch (error) {
      if (error instanceof AppError && error.code === 'refused') this.notifyChanged([])
      throw error
    }
  }

  #followTransfers(client: PutioClient): TransferList {
    const { account, history, emit, log, tell, cancelHoldMs } = this.#options
    return new TransferList({
      cancelHoldMs,
      onCancelled: () => {
        this.refreshQuota().catch((error: unknown) => this.#fail(error))
      },
      onNotCancelled: (sentence, error) => {
        log.error('cancel', error)
        tell(sentence)
      },
      accountId: account.id,
      client,
      history,
      nowMs: Date.now,
      onFetched: () => this.#markSignedIn({}),
      onProblem: (error) => {
        if (!(error instanceof AppError)) log.error('transfers', error)
        this.#fail(error)
      },
      onTouched: (folderIds) => this.notifyChanged(folderIds),
      onDelta: (delta) => {
        emit('transfers.changed', { accountId: account.id, isReset: false, ...delta })
        const folderIds = new Set(delta.arrived.flatMap(({ folderId }) => folderId ?? []))
        if (folderIds.size > 0) this.notifyChanged([...folderIds])
      },
    })
  }

  /** Marks the account as signed in and starts polling. */
  #markSignedIn(update: Partial<OpenAccount>): void {
    this.#retryMs = minRetryMs
    this.#update({ ...update, state: 'signed-in', problem: null })
    if (!this.#isOpen) return
    this.transfers?.start()
    this.#listen()
    this.#quotaTimer ??= setInterval(
      () => this.refreshQuota().catch((error: unknown) => this.#fail(error)),
      quotaPollMs,
    )
  }

  /** Listens to what the service announces, if it does. Whatever is announced only makes the truth be asked for sooner. */
  #listen(): void {
    if (this.#stopListening !== null || !this.#account.capabilities.hasPush) return
    this.#stopListening = this.client().listen({
      onLive: (isLive) => {
        this.transfers?.setLive(isLive)
        // What was announced in between is unknown.
        if (isLive && this.#wasLive) this.#noteAnnounced([...this.#opened])
        this.#wasLive ||= isLive
      },
      onAnnouncement: (announcement) => {
        if (!this.#isOpen) return
        const { what } = announcement
        if (what === 'transfer') this.transfers?.noteAnnounced()
        if (what === 'transfers' || what === 'everything') this.transfers?.noteDoubtful()
        if (what === 'account' || what === 'everything')
          this.refreshQuota().catch((error: unknown) => this.#fail(error))
        if (what === 'items') this.#noteAnnounced(announcement.folderIds)
      },
    })
  }

  #noteAnnounced(folderIds: readonly ItemId[]): void {
    for (const id of folderIds) this.#announced.add(id)
    this.#announcing ??= setTimeout(() => {
      this.#announcing = null
      const announced = [...this.#announced]
      this.#announced.clear()
      if (this.#isOpen) this.notifyChanged(announced)
    }, announcedMs)
  }

  #fail(error: unknown): void {
    if (!this.#isOpen) return
    const isRefused = error instanceof AppError && error.code === 'signed-out'
    const sentence =
      error instanceof AppError ? error.message : 'Something went wrong inside Putdesk. The log has the details.'
    this.#update({ state: isRefused ? 'signed-out' : 'unreachable', problem: sentence })
    if (isRefused) {
      this.#stopPolling()
      return
    }
    if (this.#retry !== null) return
    this.#retry = setTimeout(() => {
      this.#retry = null
      this.openWithRetry()
    }, this.#retryMs)
    this.#retryMs = Math.min(this.#retryMs * 2, maxRetryMs)
  }

  /** Stops all automatic requests to the service. */
  #stopPolling(): void {
    this.#stopListening?.()
    this.#stopListening = null
    if (this.#announcing !== null) clearTimeout(this.#announcing)
    this.#announcing = null
    this.transfers?.stop()
    if (this.#retry !== null) clearTimeout(this.#retry)
    if (this.#quotaTimer !== null) clearInterval(this.#quotaTimer)
    this.#retry = null
    this.#quotaTimer = null
  }

  #update(change: Partial<OpenAccount>): void {
    const next = { ...this.#account, ...change }
    if (JSON.stringify(next) === JSON.stringify(this.#account)) return
    this.#account = next
    this.#options.onChange(this)
  }
}

/** An account on a server is named after its user and host; this computer has a name of its own. */
export function nameOfAccount(
  { name = '', address, signsInWith }: Pick<OpenAccount, 'address' | 'signsInWith'> & { name?: string },
  userName: string,
): string {
  if (address === null) return name
  const isPutio = address === putioAddress && signsInWith === 'token'
  return `${userName} · ${isPutio ? 'Put.io' : new URL(address).host}`
}
