import type { AccountId } from '../../shared/account.ts'
import type { ItemId } from '../../shared/item.ts'
import { maxSaves } from '../../shared/limits.ts'
import type { Conflict, Save, SaveId, SaveMove } from '../../shared/save.ts'
import { say } from '../words/say.ts'
import type { Slice } from './store.ts'

/** What the dock shows. */
export type DockTab = 'transfers' | 'saves'

export interface SavesSlice {
  /** What is saved on this computer, of all accounts, in the order in which it gets its turn. */
  saves: ReadonlyMap<SaveId, Save>
  dockTab: DockTab
  setDockTab(tab: DockTab): void
  /**
   * Saves items on this computer: to the folder used last, or to one that the person is asked for. Asks when names are taken. Resolves
   * to the saves that were added.
   */
  saveItems(
    accountId: AccountId,
    itemIds: readonly ItemId[],
    target: 'last' | 'ask',
    isZip?: boolean,
  ): Promise<readonly SaveId[]>
  /** Saves an item, and shows it in its folder once it is there. */
  saveAndShow(accountId: AccountId, itemId: ItemId): Promise<void>
  /** Continues with items whose names are taken. */
  saveTaken(accountId: AccountId, itemIds: readonly ItemId[], conflict: Conflict, isZip: boolean): Promise<void>
  pauseSaves(saveIds: readonly SaveId[]): Promise<void>
  resumeSaves(saveIds: readonly SaveId[]): Promise<void>
  moveSaves(saveIds: readonly SaveId[], to: SaveMove): Promise<void>
  removeSaves(saveIds: readonly SaveId[]): Promise<void>
  showSave(saveId: SaveId): Promise<void>
  /** Starts dragging finished saves out of the window, as files. */
  dragSaves(saveIds: readonly SaveId[]): Promise<void>
}

/** What is saved on this computer, a mirror of the backend's list. */
export const savesSlice: Slice<SavesSlice> = (client) => (set, get) => {
  /** Those that are shown in their folder when they are saved. */
  const shownLater = new Set<SaveId>()

  client.on('saves.changed', ({ isReset, upserted, removed }) => {
    const before = get().saves
    set((state) => {
      const saves = new Map(isReset ? [] : state.saves)
      for (const id of removed) saves.delete(id)
      for (const save of upserted) saves.set(save.id, save)
      return { saves }
    })
    if (isReset) return
    for (const save of upserted) {
      const was = before.get(save.id)
      if (save.status === 'saved' && shownLater.delete(save.id)) void get().showSave(save.id)
      if (save.status === 'saved' && was !== undefined && was.status !== 'saved')
        get().addNews({
          sentence: say('saves.saved', { name: save.name }),
          actions: [{ label: say('saves.show'), run: () => void get().showSave(save.id) }],
        })
    }
  })

  async function add(
    accountId: AccountId,
    itemIds: readonly ItemId[],
    target: 'last' | 'ask',
    conflict: Conflict | null,
    isZip: boolean,
  ) {
    const { folder, saveIds, taken } = await client.call('saves.add', {
      accountId,
      itemIds: [...itemIds],
      target,
      conflict,
      isZip,
    })
    if (folder === null) return []
    if (taken.length > 0) get().open({ kind: 'save-conflict', accountId, itemIds, folder, taken, isZip })
    else if (saveIds.length > 0) get().setDockTab('saves')
    return saveIds
  }

  return {
    saves: new Map(),
    dockTab: 'transfers',
    setDockTab: (dockTab) => set({ dockTab }),
    saveItems: async (accountId, itemIds, target, isZip = false) => {
      let added: readonly SaveId[] = []
      if (itemIds.length > maxSaves) {
        get().showError(say('save.tooMany', { max: maxSaves }))
        return added
      }
      await get().attempt(async () => {
        added = await add(accountId, itemIds, target, null, isZip)
      })
      return added
    },
    saveAndShow: async (accountId, itemId) => {
      const { saveIds } = await client.call('saves.add', {
        accountId,
        itemIds: [itemId],
        target: 'last',
        conflict: 'keep-both',
      })
      for (const saveId of saveIds) shownLater.add(saveId)
      get().setDockTab('saves')
    },
    saveTaken: (accountId, itemIds, conflict, isZip) =>
      get().attempt(async () => void (await add(accountId, itemIds, 'last', conflict, isZip))),
    pauseSaves: (saveIds) =>
      get().attempt(async () => void (await client.call('saves.pause', { saveIds: [...saveIds] }))),
    resumeSaves: (saveIds) =>
      get().attempt(async () => void (await client.call('saves.resume', { saveIds: [...saveIds] }))),
    moveSaves: (saveIds, to) =>
      get().attempt(async () => void (await client.call('saves.move', { saveIds: [...saveIds], to }))),
    removeSaves: (saveIds) =>
      get().attempt(() =>
        get().act(async () => {
          const unsaved = saveIds.flatMap((id) => get().saves.get(id) ?? []).filter(({ status }) => status !== 'saved')
          await client.call('saves.remove', { saveIds: [...saveIds] })
          const [first] = unsaved
          if (first === undefined) return null
          const sentence = say('saves.stopped', { count: unsaved.length, name: first.name })
          return { sentence, undo: null, redo: null, isQuiet: true }
        }),
      ),
    dragSaves: (saveIds) =>
      get().attempt(async () => {
        if (saveIds.length > 0) await client.call('saves.drag', { saveIds: [...saveIds] })
      }),
    showSave: (saveId) => get().attempt(async () => void (await client.call('saves.show', { saveId }))),
  }
}
