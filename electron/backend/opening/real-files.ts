import { basename } from 'node:path'
import type { AccountId } from '../../../shared/account.ts'
import type { HandlersOf } from '../../../shared/contract.ts'
import type { Item, ItemId } from '../../../shared/item.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { Host } from '../host/host.ts'
import type { Saving } from '../saving/saving.ts'
import type { Opening } from './opening.ts'

/** How much of the service on this computer is copied for a drag: it takes less time than a drag to another window. */
const maxForDragBytes = 64 * 1024 ** 2

export interface RealFilesOptions {
  accounts: Accounts
  host: Pick<Host, 'startDrag' | 'copyText' | 'copiedText' | 'copyFiles'>
  opening: Pick<Opening, 'pathOf' | 'itemsOf' | 'fetch' | 'freeBytes'>
  saving: Pick<Saving, 'pathOf' | 'itemsOf'>
}

/** Hands files of an account to other programs as real files: by drag and drop, and by the clipboard. */
export class RealFiles {
  readonly #options: RealFilesOptions

  constructor(options: RealFilesOptions) {
    this.#options = options
  }

  handlers(): HandlersOf<'files'> {
    const { accounts, host, opening } = this.#options
    return {
      'files.drag': async ({ accountId, itemIds }, { signal, tell }) => {
        const isHere = accounts.session(accountId).account.kind === 'this-computer'
        const maxBytes = isHere ? Math.min(maxForDragBytes, opening.freeBytes()) : 0
        const { paths, rest } = await this.#take(accountId, itemIds, { maxBytes, signal, tell: () => undefined })
        // The button may be up by now.
        signal.throwIfAborted()
        if (paths.length > 0) {
          tell({ names: paths.map((path) => basename(path)) })
          await host.startDrag(paths)
        }
        return { isDragged: paths.length > 0, rest }
      },
      'files.copy': async ({ accountId, itemIds, text }, { signal, tell }) => {
        host.copyText(text)
        const maxBytes = opening.freeBytes()
        const { paths, rest } = await this.#take(accountId, itemIds, { maxBytes, signal, tell })
        signal.throwIfAborted()
        const isReplaced = (await host.copiedText()) !== text
        if (paths.length === 0 || isReplaced) return { names: [], rest }
        await host.copyFiles(paths)
        return { names: paths.map((path) => basename(path)), rest }
      },
    }
  }

  /** Finds the files of items, and fetches up to `maxBytes` of those that are not here. Returns the rest. */
  async #take(
    accountId: AccountId,
    itemIds: readonly ItemId[],
    { maxBytes, signal, tell }: TakeOptions,
  ): Promise<{ paths: string[]; rest: ItemId[] }> {
    const { accounts, opening, saving } = this.#options
    const client = accounts.session(accountId).client().during(signal)
    const found = new Map<ItemId, string>()
    const wanted: Item[] = []
    let total = 0
    const known = new Set([...saving.itemsOf(accountId), ...opening.itemsOf(accountId)])
    for (const itemId of itemIds) {
      if (maxBytes === 0 && !known.has(itemId)) continue
      const item = await client.item(itemId)
      if (item.kind === 'folder') continue
      const path = (await saving.pathOf(accountId, item)) ?? (await opening.pathOf(accountId, item))
      if (path !== null) found.set(itemId, path)
      else if (total + item.sizeBytes <= maxBytes) {
        wanted.push(item)
        total += item.sizeBytes
      }
    }
    let before = 0
    for (const item of wanted) {
      const request = { signal, tell: (bytes: number) => tell({ done: before + bytes, total }) }
      found.set(item.id, await opening.fetch(accountId, item, request))
      before += item.sizeBytes
      tell({ done: before, total })
    }
    const paths = itemIds.flatMap((itemId) => found.get(itemId) ?? [])
    return { paths, rest: itemIds.filter((itemId) => !found.has(itemId)) }
  }
}

interface TakeOptions {
  maxBytes: number
  signal: AbortSignal
  tell(steps: { done: number; total: number }): void
}
