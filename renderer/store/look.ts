import type { AccountId } from '../../shared/account.ts'
import type { Copy, CopyId } from '../../shared/copy.ts'
import type { ItemId } from '../../shared/item.ts'
import { say } from '../words/say.ts'
import { visibleName } from '../words/visible-name.ts'
import { itemKey } from './keys.ts'
import type { Row } from './listing.ts'
import type { Slice } from './store.ts'
import { final } from './undo.ts'

/** A file that is fetched to be opened. */
interface Opening {
  percent: number
  stop(): void
}

export interface LookSlice {
  /** Opens quick look at the item with this place among `ids`. */
  look(accountId: AccountId, ids: readonly ItemId[], at: number): void
  /** Goes to the next item of quick look, or to the previous one. The selection follows. */
  lookOn(step: 1 | -1): void
  /** A link that reads a file. Rejects with a sentence. */
  openContent(accountId: AccountId, itemId: ItemId, isPlayed: boolean): Promise<string>
  /** The files that are fetched to be opened, by `itemKey`. */
  opening: ReadonlyMap<string, Opening>
  /** Plays a film or a sound; opens another file in the system's program for it, from a private copy. */
  openItem(accountId: AccountId, row: Row): Promise<void>
  /** Copies that were changed in other programs. */
  changedCopies: readonly Copy[]
  saveCopy(copyId: CopyId): Promise<void>
  dismissCopy(copyId: CopyId): Promise<void>
}

/** Looking at items in the window, and opening them in other programs. */
export const lookSlice: Slice<LookSlice> = (client) => (set, get) => {
  client.on('copies.changed', (changedCopies) => set({ changedCopies }))

  function setOpening(key: string, opening: Opening | null) {
    set((state) => {
      const all = new Map(state.opening)
      if (opening === null) all.delete(key)
      else all.set(key, opening)
      return { opening: all }
    })
  }

  async function openInProgram(accountId: AccountId, row: Row) {
    const key = itemKey(accountId, row.id)
    if (get().opening.has(key)) return
    const controller = new AbortController()
    const stop = () => controller.abort()
    setOpening(key, { percent: 0, stop })
    try {
      const { outcome } = await client.call(
        'copies.open',
        { accountId, itemId: row.id },
        {
          signal: controller.signal,
          onProgress: ({ done, total }) => setOpening(key, { percent: total === 0 ? 0 : (done / total) * 100, stop }),
        },
      )
      if (outcome === 'opened') return
      const name = visibleName(row.name)
      const save = () => get().saveAndShow(accountId, row.id)
      if (outcome === 'no-program') {
        const action = { label: say('action.save'), run: () => void get().attempt(save) }
        get().showError(say('open.noProgram', { name }), [action])
        return
      }
      get().toast(say('open.runs', { name }))
      await save()
    } finally {
      setOpening(key, null)
    }
  }

  return {
    look: (accountId, ids, at) => get().open({ kind: 'look', accountId, ids, at }),
    lookOn: (step) => {
      const { dialog, setSelection, selection } = get()
      if (dialog?.kind !== 'look') return
      const at = dialog.at + step
      const id = dialog.ids[at]
      if (id === undefined) return
      set({ dialog: { ...dialog, at } })
      const isOneOfSelected = selection.ids.size > 1 && selection.ids.has(id)
      setSelection({ ids: isOneOfSelected ? selection.ids : new Set([id]), anchorId: id, focusId: id })
    },
    openContent: (accountId, itemId, isPlayed) => client.call('contents.open', { accountId, itemId, isPlayed }),
    opening: new Map(),
    openItem: async (accountId, row) => {
      if (row.kind === 'movie' || row.kind === 'audio') await get().play(accountId, row.id, row.name, null)
      else {
        const run = () => openInProgram(accountId, row)
        await get().attemptThere({ accountId, name: row.name, label: 'trust.open', run })
      }
    },
    changedCopies: [],
    saveCopy: (copyId) =>
      get().attempt(() =>
        get().act(async () => {
          const { path } = await client.call('copies.saveElsewhere', { copyId })
          return path === null ? null : { ...final(say('open.saved', { path })), isQuiet: false }
        }),
      ),
    dismissCopy: (copyId) => get().attempt(async () => void (await client.call('copies.dismiss', { copyId }))),
  }
}
