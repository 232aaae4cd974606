import type { Account, Quota } from '../../../shared/account.ts'
import type { Capabilities } from '../../../shared/capabilities.ts'
import { AppError } from '../../../shared/errors.ts'
import type { ItemId } from '../../../shared/item.ts'
import type { History } from '../history/history.ts'
import type { Emit } from '../host/emit.ts'
import type { Log } from '../host/log.ts'
import type { PutioClient } from '../putio/client.ts'
import { FolderIndex } from './folder-index.ts'
import { TransferList } from './transfer-list.ts'

const quotaEveryMs = 60_000
const retryFirstMs = 1000
const maxRetryMs = 30_000

/** What a session needs of the backend around it. */
export interface SessionOptions {
  account: Account
  /** Who this is at the service, as far as it was told. */
  userId: string | null
  /** Null while the secret is missing. */
  client: PutioClient | null
  history: History
  log: Log
  emit: Emit
  /** The account has changed, or who it is at the service is known now. */
  onChange(session: Session): void
}

/**
 * An account that is open: its client, its transfers, its quota, and whether the service answers. What fails for a while is
 * tried again by itself. A refused secret is not: it is asked with again only when the person does something.
 */
export class Session {
  readonly #options: SessionOptions
  readonly #parents = new Map<ItemId, ItemId>()
  readonly transfers: TransferList | null
  readonly folders = new FolderIndex(() => this.client())
  #account: Account
  #userId: string | null
  #quota: Quota | null = null
  #retry: ReturnType<typeof setTimeout> | null = null
  #retryMs = retryFirstMs
  #quotaTimer: ReturnType<typeof setInterval> | null = null
  #isOpen = false

  constructor(options: SessionOptions) {
    this.#options = options
    this.#account = options.account
    this.#userId = options.userId
    this.transfers = options.client === null ? null : this.#followTransfers(options.client)
  }

  get account(): Account {
    return this.#account
  }

  get userId(): string | null {
    return this.#userId
  }

  get quota(): Quota | null {
    return this.#quota
  }

  /** The client of an account that is signed in. Throws `signed-out` with what to do. */
  client(): PutioClient {
    const { client } = this.#options
    if (client === null)
      throw new AppError('signed-out', `“${this.#account.name}” needs its key and secret again. Sign in to go on.`)
    return client
  }

  /** Makes one verifying call, then follows the account. Rejects with why it could not. */
  async open(): Promise<void> {
    this.#isOpen = true
    await this.refreshQuota()
  }

  /** Like `open`, but goes on trying until the service answers. */
  openPatiently(): void {
    this.open().catch((error: unknown) => this.#fail(error))
  }

  close(): void {
    this.#isOpen = false
    this.#rest()
  }

  async refreshQuota(): Promise<void> {
    const { userId, quota, capabilities } = await this.client().account()
    if (!this.#isOpen) return
    const isChanged = JSON.stringify(quota) !== JSON.stringify(this.#quota)
    const isNewUser = userId !== this.#userId
    this.#quota = quota
    this.#userId = userId
    this.#isFine({ name: nameOf(this.#account, quota.userName), capabilities })
    if (isNewUser) this.#options.onChange(this)
    if (isChanged) this.emitQuota()
  }

  /** What the service can do. One that has not been asked yet, as it is still starting, is asked. */
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

  /** Remembers where items lie, so that what is moved or deleted later refreshes the right folders. */
  noteParents(items: readonly { id: ItemId; parentId: ItemId }[]): void {
    for (const { id, parentId } of items) this.#parents.set(id, parentId)
  }

  /** Tells the window that folders changed: those given, and those the items lay in. */
  tellChanged(folderIds: readonly ItemId[], itemIds: readonly ItemId[] = []): void {
    const all = new Set(folderIds)
    for (const id of itemIds) {
      const parentId = this.#parents.get(id)
      if (parentId !== undefined) all.add(parentId)
    }
    this.folders.expire([...all])
    this.#options.emit('items.changed', { accountId: this.#account.id, folderIds: [...all] })
    this.refreshQuota().catch((error: unknown) => this.#fail(error))
  }

  #followTransfers(client: PutioClient): TransferList {
    const { account, history, emit, log } = this.#options
    return new TransferList({
      accountId: account.id,
      client,
      history,
      nowMs: Date.now,
      onFetched: () => this.#isFine({}),
      onProblem: (error) => {
        if (!(error instanceof AppError)) log.error('transfers', error)
        this.#fail(error)
      },
      onTouched: (folderIds) => this.tellChanged(folderIds),
      onDelta: (delta) => {
        emit('transfers.changed', { accountId: account.id, isReset: false, ...delta })
        const folderIds = new Set(delta.arrived.flatMap(({ folderId }) => folderId ?? []))
        if (folderIds.size > 0) this.tellChanged([...folderIds])
      },
    })
  }

  /** The service answers as it should, so it is followed. */
  #isFine(told: Partial<Account>): void {
    this.#retryMs = retryFirstMs
    this.#update({ ...told, state: 'signed-in', problem: null })
    if (!this.#isOpen) return
    this.transfers?.start()
    this.#quotaTimer ??= setInterval(
      () => this.refreshQuota().catch((error: unknown) => this.#fail(error)),
      quotaEveryMs,
    )
  }

  #fail(error: unknown): void {
    if (!this.#isOpen) return
    const isRefused = error instanceof AppError && error.code === 'signed-out'
    const sentence =
      error instanceof AppError ? error.message : 'Something went wrong inside Putdesk. The log has the details.'
    this.#update({ state: isRefused ? 'signed-out' : 'unreachable', problem: sentence })
    if (isRefused) {
      this.#rest()
      return
    }
    if (this.#retry !== null) return
    this.#retry = setTimeout(() => {
      this.#retry = null
      this.openPatiently()
    }, this.#retryMs)
    this.#retryMs = Math.min(this.#retryMs * 2, maxRetryMs)
  }

  /** Ends all that asks the service by itself. */
  #rest(): void {
    this.transfers?.stop()
    if (this.#retry !== null) clearTimeout(this.#retry)
    if (this.#quotaTimer !== null) clearInterval(this.#quotaTimer)
    this.#retry = null
    this.#quotaTimer = null
  }

  #update(change: Partial<Account>): void {
    const next = { ...this.#account, ...change }
    if (JSON.stringify(next) === JSON.stringify(this.#account)) return
    this.#account = next
    this.#options.onChange(this)
  }
}

/** This computer keeps its own name; a server is named by who is signed in and where. */
function nameOf(account: Account, userName: string): string {
  if (account.address === null) return account.name
  return `${userName} · ${new URL(account.address).host}`
}
