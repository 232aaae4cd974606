import { randomUUID } from 'node:crypto'
import { type FSWatcher, watch } from 'node:fs'
import type { AccountId } from '../../../shared/account.ts'
import type { HandlersOf } from '../../../shared/contract.ts'
import { AppError } from '../../../shared/errors.ts'
import type { Item, ItemId } from '../../../shared/item.ts'
import type { SendId } from '../../../shared/send.ts'
import type { Accounts } from '../accounts/accounts.ts'
import { storedContent } from '../accounts/stored-content.ts'
import type { Emit } from '../host/emit.ts'
import type { Host } from '../host/host.ts'
import type { Log } from '../host/log.ts'
import type { SaverClient } from '../saving/saver-process.ts'
import { runsByContent, runsByName } from './can-run.ts'
import { Copies } from './copies.ts'
import type { StoredCopy } from './copy-list.ts'

const checkAfterMs = 800
const maxWatched = 50
/** To how many origins the server of a file may redirect with the token, one after the other. */
const maxTokenOrigins = 5

export interface OpeningOptions {
  accounts: Accounts
  host: Host
  log: Log
  saver: SaverClient
  emit: Emit
  tell(sentence: string): void
  onSaved(problem: string | null): void
  /** Sends a file of this computer up, in place of the file of an account that has this name. Resolves to the send. */
  sendUp(accountId: AccountId, folderId: ItemId, file: { path: string; name: string }): Promise<SendId>
  /** True for a path that is still to be sent. */
  isNeeded(path: string): boolean
}

interface FetchRequest {
  signal: AbortSignal
  tell(doneBytes: number): void
}

/** Hands files to other programs, as private copies. */
export class Opening {
  readonly #options: OpeningOptions
  readonly #copies: Copies
  /** The folder of each item that was sent up. */
  readonly #folders = new Map<string, ItemId>()
  readonly #fetching = new Map<string, { copy: Promise<StoredCopy>; signal: AbortSignal }>()
  readonly #watched = new Map<string, FSWatcher>()
  /** The copies in whose folder something has changed. */
  readonly #touched = new Set<string>()
  #timer: ReturnType<typeof setTimeout> | null = null

  constructor(options: OpeningOptions) {
    this.#options = options
    this.#copies = new Copies(options.host.dataFolder, options)
  }

  /** Looks for copies that were changed while Putdesk was closed. */
  async open(hasAccount: (accountId: string) => boolean): Promise<void> {
    await this.#copies.tidy(hasAccount)
    await this.emitAll()
  }

  async emitAll(): Promise<void> {
    this.#options.emit('copies.changed', await this.#copies.findChanged())
  }

  /** Removes what is known of an account, but no copy that was changed. */
  removeAccount(accountId: string): Promise<void> {
    return this.#copies.removeAccount(accountId)
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    for (const watcher of this.#watched.values()) watcher.close()
    this.#copies.close()
  }

  /** The path of a copy of a file as it is in the account, or null if there is none. It may be handed to another program. */
  async pathOf(accountId: string, item: Item): Promise<string | null> {
    const copy = await this.#copies.find(accountId, item)
    return copy === null ? null : this.#handOut(copy)
  }

  /** The same, but a copy that is not there is fetched first. */
  async fetch(accountId: string, item: Item, request: FetchRequest): Promise<string> {
    return this.#handOut(await this.#copyOf(accountId, item, { ...request, isUnchanged: true }))
  }

  /** The items of an account that there are copies of. */
  itemsOf(accountId: string): ItemId[] {
    return this.#copies.itemsOf(accountId)
  }

  /** How much can be fetched before the copies exceed their limits. */
  room(): { bytes: number; files: number } {
    return this.#copies.room()
  }

  #handOut(copy: StoredCopy): string {
    this.#watch(copy)
    return this.#copies.pathOf(copy)
  }

  handlers(): HandlersOf<'copies'> {
    const { accounts, host } = this.#options
    return {
      'copies.open': async ({ accountId, itemId }, { signal, tell }) => {
        const item = await accounts.session(accountId).client().during(signal).item(itemId)
        if (item.kind === 'folder') throw new AppError('refused', `“${item.name}” is a folder.`)
        if (runsByName(item.name)) return { outcome: 'runs' }
        const copy = await this.#copyOf(accountId, item, {
          signal,
          tell: (done) => tell({ done, total: item.sizeBytes }),
          isUnchanged: false,
        })
        if (runsByContent(item.name, await this.#copies.headOf(copy))) {
          await this.#copies.removeUnchanged(copy)
          return { outcome: 'runs' }
        }
        signal.throwIfAborted()
        this.#watch(copy)
        const isOpened = await host.openWithSystem(this.#copies.pathOf(copy)).then(
          () => true,
          () => false,
        )
        return { outcome: isOpened ? 'opened' : 'no-program' }
      },
      'copies.saveElsewhere': async ({ copyId }) => {
        const copy = this.#copies.one(copyId)
        const path = await host.chooseFile(copy.name)
        if (path === null) return { path }
        await this.#copies.saveTo(copy, path)
        await this.emitAll()
        return { path }
      },
      'copies.sendUp': async ({ copyId }) => {
        const copy = this.#copies.one(copyId)
        const item = await this.#itemOf(copy)
        const file = { path: this.#copies.pathOf(copy), name: item.name }
        const sendId = await this.#options.sendUp(copy.accountId, item.parentId, file)
        await this.#copies.ignore(copy)
        await this.emitAll()
        return { sendId }
      },
      'copies.dismiss': async ({ copyId }) => {
        await this.#copies.ignore(this.#copies.one(copyId))
        await this.emitAll()
        return null
      },
    }
  }

  /** The item of a copy. One that was replaced, such as by an earlier version of the copy, is found by its name. */
  async #itemOf({ accountId, itemId, name }: StoredCopy): Promise<Item> {
    const client = this.#options.accounts.session(accountId).client()
    const folderId = this.#folders.get(`${accountId}/${itemId}`)
    try {
      const item = await client.item(itemId)
      this.#folders.set(`${accountId}/${itemId}`, item.parentId)
      return item
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'not-found' || folderId === undefined) throw error
      const items = await client.listItems(folderId)
      const found = items.find((item) => item.name === name && item.kind !== 'folder')
      if (found === undefined) throw error
      return found
    }
  }

  /** Two requests for one item share a copy. */
  #copyOf(accountId: string, item: Item, request: FetchRequest & { isUnchanged: boolean }): Promise<StoredCopy> {
    const { isUnchanged } = request
    const key = `${accountId}/${item.id}/${isUnchanged}`
    const running = this.#fetching.get(key)
    // One that was stopped is still ending.
    if (running !== undefined && !running.signal.aborted) return running.copy
    const fetching = {
      signal: request.signal,
      copy: this.#copies[isUnchanged ? 'takeUnchanged' : 'take'](accountId, item, (paths) =>
        this.#fetch(accountId, item, { ...paths, ...request }),
      ).finally(() => {
        if (this.#fetching.get(key) === fetching) this.#fetching.delete(key)
      }),
    }
    this.#fetching.set(key, fetching)
    return fetching.copy
  }

  async #fetch(
    accountId: string,
    item: Item,
    how: { partPath: string; targetPath: string } & FetchRequest,
  ): Promise<void> {
    const { accounts, saver } = this.#options
    const { partPath, targetPath, signal, tell } = how
    const client = () => accounts.session(accountId).client().during(signal)
    const isTrusted = (origin: string) => accounts.origins.allows(accountId, origin)
    const sizeBytes = item.sizeBytes === 0 ? null : item.sizeBytes
    const original = await storedContent(
      this.#options,
      accountId,
      { itemId: item.id, sizeBytes: item.sizeBytes },
      signal,
    )
    // The origins that servers redirect to with the token, and that may have it.
    const tokenOrigins = new Set<string>()
    for (;;) {
      const { url } = await client().stream(item.id, 'read', isTrusted)
      signal.throwIfAborted()
      const request = {
        id: randomUUID(),
        link: url,
        tokenOrigins: [...tokenOrigins],
        root: null,
        partPath,
        targetPath,
        isReplacing: false,
        sizeBytes,
        resume: null,
        original,
        zip: null,
      }
      const withdrawals = [new URL(url).origin, ...tokenOrigins].map((origin) =>
        accounts.origins.untilWithdrawn(accountId, origin),
      )
      const ending = await saver.save(request, AbortSignal.any([signal, ...withdrawals]), (message) => {
        if (message.kind === 'progress') tell(message.bytes)
      })
      if (ending.kind === 'done') return
      if (withdrawals.some(({ aborted }) => aborted) && !signal.aborted) {
        // Where the token may be sent is found out anew.
        tokenOrigins.clear()
        continue
      }
      if (ending.kind === 'cancelled') throw new AppError('cancelled', 'Fetching was stopped.')
      const { tokenOrigin, sentence } = ending
      if (tokenOrigin === null || tokenOrigins.has(tokenOrigin) || tokenOrigins.size >= maxTokenOrigins)
        throw new AppError('refused', `“${item.name}” could not be fetched. ${sentence}`)
      await client().checkAddress({ name: item.name, address: `${tokenOrigin}/` }, 'read', isTrusted)
      tokenOrigins.add(tokenOrigin)
    }
  }

  /** Programs save by writing the file or by replacing it, so the folder is watched. */
  #watch(copy: StoredCopy): void {
    if (this.#watched.has(copy.id)) return
    try {
      const watcher = watch(this.#copies.folderOf(copy), () => this.#check(copy.id))
      watcher.on('error', () => watcher.close())
      watcher.unref()
      this.#watched.set(copy.id, watcher)
    } catch (error) {
      // Without it, the change is found at the next start.
      this.#options.log.error('copies', error)
    }
    const [oldest] = this.#watched
    if (this.#watched.size <= maxWatched || oldest === undefined) return
    oldest[1].close()
    this.#watched.delete(oldest[0])
  }

  #check(copyId: string): void {
    this.#touched.add(copyId)
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      const ids = [...this.#touched]
      this.#touched.clear()
      this.#copies
        .lookAt(ids)
        .then((changed) => this.#options.emit('copies.changed', changed))
        .catch((error: unknown) => this.#options.log.error('copies', error))
    }, checkAfterMs)
  }
}
