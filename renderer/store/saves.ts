import type { AccountId } from '../../shared/account.ts'
import type { Input } from '../../shared/contract.ts'
import type { ItemId } from '../../shared/item.ts'
import { maxSaves } from '../../shared/limits.ts'
import type { Conflict, Save, SaveId, SaveMove } from '../../shared/save.ts'
import { say } from '../words/say.ts'
import { visibleName } from '../words/visible-name.ts'
import { saveActs } from './save-acts.ts'
import type { Slice } from './store.ts'

/** What the dock shows. */
export type DockTab = 'transfers' | 'saves' | 'sends'

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
  /** Saves something that is not finished in another folder, which the person is asked for. */
  saveElsewhere(saveId: SaveId): Promise<void>
  showSave(saveId: SaveId): Promise<void>
  /** Opens a finished save in the system's program for it. What can run code is shown in its folder instead. */
  openSave(saveId: SaveId): Promise<void>
  /** The save that the list scrolls to, because the person started it; null once it has. */
  wantedSave: SaveId | null
  /** The list has scrolled there. */
  foundWantedSave(): void
  /** Starts dragging finished saves out of the window, as files. */
  dragSaves(saveIds: readonly SaveId[]): Promise<void>
}

/** What is saved on this computer, a mirror of the backend's list. */
export const savesSlice: Slice<SavesSlice> = (client) => (set, get) => {
  /** Those that are shown in their folder when they are saved. */
  const shownLater = new Set<SaveId>()
  const acts = saveActs(client, get)

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

  /** Adds saves as one act, or asks what to do with names that are taken. Resolves to the saves. */
  async function add(input: Input<'saves.add'>, isQuiet: boolean): Promise<readonly SaveId[]> {
    const { accountId, itemIds, isZip = false } = input
    let added: readonly SaveId[] = []
    await get().act(async () => {
      const { folder, saveIds, taken } = await client.call('saves.add', input)
      if (folder !== null && taken.length > 0)
        get().open({ kind: 'save-conflict', accountId, itemIds, folder, taken, isZip })
      added = saveIds
      const newest = saveIds.at(-1)
      if (newest === undefined) return null
      set({ wantedSave: newest })
      get().setDockTab('saves')
      return acts.added(saveIds, isQuiet)
    })
    return added
  }

  const isShown = () => get().settings?.isDockOpen !== false

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
        added = await add({ accountId, itemIds: [...itemIds], target, conflict: null, isZip }, isShown())
      })
      return added
    },
    saveAndShow: async (accountId, itemId) => {
      // Its caller has said what happens.
      const saveIds = await add({ accountId, itemIds: [itemId], target: 'last', conflict: 'keep-both' }, true)
      for (const saveId of saveIds) shownLater.add(saveId)
    },
    saveTaken: (accountId, itemIds, conflict, isZip) =>
      get().attempt(
        async () => void (await add({ accountId, itemIds: [...itemIds], target: 'last', conflict, isZip }, isShown())),
      ),
    wantedSave: null,
    foundWantedSave: () => set({ wantedSave: null }),
    pauseSaves: (saveIds) => get().attempt(() => get().act(() => acts.pause(saveIds))),
    resumeSaves: (saveIds) => get().attempt(() => get().act(() => acts.resume(saveIds))),
    moveSaves: (saveIds, to) => get().attempt(() => get().act(() => acts.move(saveIds, to))),
    removeSaves: (saveIds) => get().attempt(() => get().act(() => acts.remove(saveIds))),
    saveElsewhere: (saveId) =>
      get().attempt(() => get().act(() => acts.elsewhere(saveId, (wantedSave) => set({ wantedSave })))),
    openSave: (saveId) =>
      get().attempt(async () => {
        const name = get().saves.get(saveId)?.name ?? ''
        const { isOpened } = await client.call('saves.open', { saveId })
        if (!isOpened) get().toast(say('open.runs', { name: visibleName(name) }))
      }),
    dragSaves: (saveIds) =>
      get().attempt(async () => {
        if (saveIds.length > 0) await client.call('saves.drag', { saveIds: [...saveIds] })
      }),
    showSave: (saveId) => get().attempt(async () => void (await client.call('saves.show', { saveId }))),
  }
}
