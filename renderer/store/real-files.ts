import type { AccountId } from '../../shared/account.ts'
import type { Progress } from '../../shared/contract.ts'
import type { DraggedFile } from '../../shared/dragged-file.ts'
import type { ItemId } from '../../shared/item.ts'
import { maxSaves, maxTextLength } from '../../shared/limits.ts'
import type { Save, SaveId } from '../../shared/save.ts'
import { formatSize } from '../words/format.ts'
import { say } from '../words/say.ts'
import { visibleName } from '../words/visible-name.ts'
import type { Row } from './listing.ts'
import { capabilitiesOf } from './selectors.ts'
import type { Slice } from './store.ts'

export interface RealFilesSlice {
  /**
   * Lets the system drag items as real files, if some are on this disk. Aborting before `onBegin` stops it. Resolves to the items that
   * are not here; to all of them if nothing was dragged.
   */
  dragOut(accountId: AccountId, itemIds: readonly ItemId[], options: DragOutOptions): Promise<readonly ItemId[]>
  /** Offers to save the items of a drag that are not here. */
  offerRest(accountId: AccountId, rows: readonly Row[]): void
  /** Saves items that were dragged out and are not here, so that they can be dragged from the list of saves. */
  shelve(accountId: AccountId, rows: readonly Row[]): Promise<void>
  /** Puts the names of items on the clipboard at once, and then their files. `onCopied` gets the names of these. */
  copyOut(accountId: AccountId, rows: readonly Row[], text: string, onCopied: OnCopied): Promise<void>
}

type OnCopied = (names: readonly string[]) => void

interface DragOutOptions {
  signal: AbortSignal
  /** Gets the files. */
  onBegin(files: readonly DraggedFile[]): void
}

/** What was dragged out and is being saved, and the message about it. */
interface Shelf {
  unsaved: Set<SaveId>
  /** False once a part of it has been stopped. */
  isWhole: boolean
  /** Called once nothing of it is left to save. */
  onEnd(isWhole: boolean): void
}

/** Hands items to other programs as real files. */
export const realFilesSlice: Slice<RealFilesSlice> = (client) => (_set, get) => {
  let shelf: Shelf | null = null

  function followSaves(saves: Iterable<Pick<Save, 'id' | 'status'>>, removed: readonly SaveId[]) {
    if (shelf === null) return
    for (const { id, status } of saves) if (status === 'saved') shelf.unsaved.delete(id)
    for (const id of removed) if (shelf.unsaved.delete(id)) shelf.isWhole = false
    if (shelf.unsaved.size > 0) return
    shelf.onEnd(shelf.isWhole)
    shelf = null
  }

  client.on('saves.changed', ({ upserted, removed }) => followSaves(upserted, removed))

  return {
    dragOut: async (accountId, itemIds, { signal, onBegin }) => {
      const onProgress = ({ files }: Progress<'files.drag'>) => onBegin(files)
      const input = { accountId, itemIds: itemIds.slice(0, maxSaves) }
      const { rest } = await client.call('files.drag', input, { signal, onProgress })
      return [...rest, ...itemIds.slice(maxSaves)]
    },
    offerRest: (accountId, rows) => {
      const count = rows.length
      const save = { label: say('copy.saveRest', { count }), run: () => void get().shelve(accountId, rows) }
      get().toast(say('drag.rest', { count }), [save])
    },
    shelve: async (accountId, rows) => {
      const [first] = rows
      const saveIds = await get().saveItems(
        accountId,
        rows.map(({ id }) => id),
        'last',
      )
      if (first === undefined || saveIds.length === 0) return
      const words = { count: rows.length, name: visibleName(first.name) }
      const unsaved = new Set(saveIds)
      const stop = { label: say('action.stop'), run: () => void get().removeSaves([...unsaved]) }
      const toastId = get().toast(say('drag.shelved', words), [stop])
      // Then there is nothing to stop.
      const onEnd = (isWhole: boolean) => {
        if (isWhole) get().changeToast(toastId, { sentence: say('drag.onShelf', words), actions: [] })
        else get().dismissToast(toastId)
      }
      shelf = { unsaved, isWhole: true, onEnd }
      followSaves(get().saves.values(), [])
    },
    copyOut: (accountId, rows, text, onCopied) => {
      const tell = get().toastLater()
      const run = async () => {
        const itemIds = rows.map(({ id }) => id)
        // A longer text is on the clipboard already; only its files are not.
        const count = text.length > maxTextLength ? 0 : maxSaves
        const input = { accountId, itemIds: itemIds.slice(0, count), text }
        const answer = await get().follow(
          ({ done, total }) => say('copy.fetching', { done: formatSize(done), total: formatSize(total) }),
          async (options) => (count === 0 ? { names: [], rest: [] } : client.call('files.copy', input, options)),
        )
        const { names } = answer
        const rest = [...answer.rest, ...itemIds.slice(count)]
        onCopied(names)
        const save = {
          label: say('copy.saveRest', { count: rest.length }),
          run: () => void get().saveItems(accountId, rest, 'last'),
        }
        const { canCopy } = capabilitiesOf(get(), accountId)
        const [ofNone, ofSome] = canCopy
          ? (['copy.items', 'copy.filesOrItems'] as const)
          : (['copy.names', 'copy.files'] as const)
        const sentence = names.length === 0 ? ofNone : ofSome
        const actions = rest.length === 0 ? [] : [save]
        tell({ sentence: say(sentence, { count: names.length || rows.length }), actions })
      }
      return get().attemptThere({ accountId, name: null, label: 'trust.copy', run })
    },
  }
}
