import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { AccountId } from '../../../shared/account.ts'
import type { HandlersOf } from '../../../shared/contract.ts'
import type { DraggedFile } from '../../../shared/dragged-file.ts'
import { AppError } from '../../../shared/errors.ts'
import type { Item, ItemId } from '../../../shared/item.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { Host } from '../host/host.ts'
import type { Saving } from '../saving/saving.ts'
import type { Opening } from './opening.ts'

/** How much of the service on this computer is copied for a drag: it takes less time than a drag to another window. */
const maxForDragBytes = 64 * 1024 ** 2

export interface RealFilesOptions {
  accounts: Accounts
  host: Pick<Host, 'prepareDrag' | 'copyText' | 'copiedText' | 'copyFiles'>
  opening: Pick<Opening, 'pathOf' | 'itemsOf' | 'fetch' | 'room'>
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
        const free = opening.room()
        const room = isHere ? { ...free, bytes: Math.min(maxForDragBytes, free.bytes) } : { bytes: 0, files: 0 }
        const { paths, rest } = await this.#take(accountId, itemIds, { room, signal, tell: () => undefined })
        if (paths.length === 0) return { isDragged: false, rest }
        const startDrag = await host.prepareDrag(paths)
        const files = await Promise.all(paths.map(describe))
        // The button may be up by now. From here on the page leaves the drag to the system, so nothing is waited for.
        signal.throwIfAborted()
        tell({ files })
        startDrag()
        return { isDragged: true, rest }
      },
      'files.copy': async ({ accountId, itemIds, text }, { signal, tell }) => {
        host.copyText(text)
        const { paths, rest, error } = await this.#take(accountId, itemIds, { room: opening.room(), signal, tell })
        signal.throwIfAborted()
        if (paths.length === 0 && error !== null) throw error
        const isReplaced = (await host.copiedText()) !== text
        if (paths.length === 0 || isReplaced) return { names: [], rest }
        await host.copyFiles(paths)
        return { names: paths.map((path) => basename(path)), rest }
      },
    }
  }

  /**
   * Finds the files of items, and fetches those that are not here and for which there is room. Returns the rest, and the first error:
   * an item that is gone or cannot be fetched does not keep back the others.
   */
  async #take(accountId: AccountId, itemIds: readonly ItemId[], { room, signal, tell }: TakeOptions): Promise<Taken> {
    const { opening } = this.#options
    const found = new Map<ItemId, string>()
    const tries = new Tries(signal)
    const { here, wanted } = await this.#find(accountId, itemIds, { room, signal, tries })
    for (const [itemId, path] of here) found.set(itemId, path)
    const total = wanted.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    let before = 0
    for (const item of wanted) {
      const request = { signal, tell: (bytes: number) => tell({ done: before + bytes, total }) }
      const path = await tries.run(() => opening.fetch(accountId, item, request))
      if (path !== null) found.set(item.id, path)
      before += item.sizeBytes
      tell({ done: before, total })
    }
    const paths = itemIds.flatMap((itemId) => found.get(itemId) ?? [])
    return { paths, rest: itemIds.filter((itemId) => !found.has(itemId)), error: tries.error }
  }

  /** The paths of the files that are here, and the items that can be fetched. */
  async #find(
    accountId: AccountId,
    itemIds: readonly ItemId[],
    { room, signal, tries }: Pick<TakeOptions, 'room' | 'signal'> & { tries: Tries },
  ): Promise<{ here: Map<ItemId, string>; wanted: Item[] }> {
    const { accounts, opening, saving } = this.#options
    const client = accounts.session(accountId).client().during(signal)
    const here = new Map<ItemId, string>()
    const wanted: Item[] = []
    let bytes = 0
    const known = new Set([...saving.itemsOf(accountId), ...opening.itemsOf(accountId)])
    for (const itemId of itemIds) {
      if (room.files === 0 && !known.has(itemId)) continue
      const item = await tries.run(() => client.item(itemId))
      if (item === null || item.kind === 'folder') continue
      const path = (await saving.pathOf(accountId, item)) ?? (await opening.pathOf(accountId, item))
      if (path !== null) here.set(itemId, path)
      else if (wanted.length < room.files && bytes + item.sizeBytes <= room.bytes) {
        wanted.push(item)
        bytes += item.sizeBytes
      }
    }
    return { here, wanted }
  }
}

async function describe(path: string): Promise<DraggedFile> {
  const { size, mtimeMs } = await stat(path)
  return { name: basename(path), sizeBytes: size, modifiedAtMs: Math.floor(mtimeMs) }
}

interface TakeOptions {
  room: { bytes: number; files: number }
  signal: AbortSignal
  tell(steps: { done: number; total: number }): void
}

interface Taken {
  paths: string[]
  rest: ItemId[]
  error: unknown
}

/** Steps that may fail one by one. After an error that is not about one item, no other is tried. */
class Tries {
  readonly #signal: AbortSignal
  #isOver = false
  error: unknown = null

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  async run<Value>(step: () => Promise<Value>): Promise<Value | null> {
    if (this.#isOver) return null
    try {
      return await step()
    } catch (error) {
      this.#signal.throwIfAborted()
      this.error ??= error
      this.#isOver = !(error instanceof AppError && (error.code === 'not-found' || error.code === 'refused'))
      return null
    }
  }
}
