import type { AccountId } from '../../shared/account.ts'
import type { ItemId } from '../../shared/item.ts'
import { say } from '../words/say.ts'
import { visibleName } from '../words/visible-name.ts'
import { folderKey } from './keys.ts'
import { keepExisting, noSelection, type Selection } from './selection.ts'
import { filteredIds } from './selectors.ts'
import type { Slice } from './store.ts'

const rootFolderId: ItemId = 0

/** What the window shows: a folder, a search of the whole space that was started there, the trash or the feeds. */
interface Place {
  accountId: AccountId
  /** The root folder for the trash and the feeds. */
  folderId: ItemId
  query: string | null
  isTrash?: boolean
  isFeeds?: boolean
}

/** Where an account was left. */
interface Left {
  place: Place
  selection: Selection
  top: number
}

export interface NavigationSlice {
  place: Place | null
  back: readonly Place[]
  forward: readonly Place[]
  selection: Selection
  /** The text of the filter field. The list is filtered while it is typed. */
  filter: string
  /** How far the list is scrolled when it shows the current place. */
  startTop: number
  /** The list was scrolled. */
  noteScroll(top: number): void
  /** Returns to where an account was left, or goes to its root. */
  goToAccount(accountId: AccountId): void
  goTo(accountId: AccountId, folderId: ItemId, selectId?: ItemId): void
  goToTrash(accountId: AccountId): void
  goToFeeds(accountId: AccountId): void
  goBack(): void
  goForward(): void
  goUp(): void
  /** Leaves a folder that no longer exists for its parent, and shows an error. Does nothing if another folder is shown. */
  leaveGone(accountId: AccountId, folderId: ItemId): void
  searchEverywhere(query: string): void
  refresh(): void
  setSelection(selection: Selection): void
  setFilter(filter: string): void
  /** Deselects what the list does not show, so that no action can touch it. */
  cutSelection(): void
  /** Goes to the remembered account at startup, and to the first account when the shown one is gone. */
  ensurePlace(): void
}

/** True for a folder or a search. */
export function isFolderPlace({ isTrash, isFeeds }: Pick<Place, 'isTrash' | 'isFeeds'>): boolean {
  return isTrash !== true && isFeeds !== true
}

function isSamePlace(one: Place, other: Place): boolean {
  const isSameFolder = one.accountId === other.accountId && one.folderId === other.folderId
  const isSameKind = isFolderPlace(one)
    ? isFolderPlace(other)
    : one.isTrash === other.isTrash && one.isFeeds === other.isFeeds
  return isSameFolder && one.query === other.query && isSameKind
}

/** True if the list shows this folder. */
export function isFolderShown(place: Place | null, accountId: AccountId, folderId: ItemId): boolean {
  return place !== null && isSamePlace(place, { accountId, folderId, query: null })
}

/** The current place, its history, and the selection there. */
export const navigationSlice: Slice<NavigationSlice> = (client) => (set, get) => {
  client.on('place.wanted', ({ accountId, folderId, itemId, transferId, saveId, sendId }) => {
    set({ dialog: null, menu: null })
    if (saveId !== null) get().setDockTab('saves')
    if (sendId !== null) get().setDockTab('sends')
    if (accountId === null || !get().accounts?.some(({ id }) => id === accountId)) return
    if (folderId !== null) get().goTo(accountId, folderId, itemId ?? undefined)
    else if (get().place?.accountId !== accountId) get().goTo(accountId, rootFolderId)
    if (folderId === null && transferId !== null) get().showTransfer(transferId)
  })

  let top = 0
  const left = new Map<AccountId, Left>()

  function show(place: Place, selectId: ItemId | null, as: Pick<Left, 'selection' | 'top'> | null = null) {
    const from = get().place
    if (from !== null && from.accountId !== place.accountId)
      left.set(from.accountId, { place: from, selection: get().selection, top })
    const selected =
      selectId === null ? noSelection : { ids: new Set([selectId]), anchorId: selectId, focusId: selectId }
    const selection = as?.selection ?? selected
    top = as?.top ?? 0
    set({ place, selection, filter: place.query ?? '', renaming: null, startTop: top })
    const path = get().paths.get(folderKey(place.accountId, place.folderId))
    if (path !== undefined) get().reveal(place.accountId, path)
    if (place.isTrash) void get().loadTrash(place.accountId)
    else if (place.isFeeds) void get().loadFeeds(place.accountId)
    else if (place.query === null) void get().loadFolder(place.accountId, place.folderId)
    else void get().runSearch(place.accountId, place.query)
    if (get().settings?.accountId !== place.accountId) void get().changeSettings({ accountId: place.accountId })
  }

  function go(place: Place, selectId: ItemId | null, as: Left | null = null) {
    const from = get().place
    if (from !== null && !isSamePlace(from, place)) set({ back: [...get().back.slice(-99), from], forward: [] })
    show(place, selectId, as)
  }

  /** Shows a place of the history: as it was left, if its account was left there. */
  function showAgain(place: Place, selectId: ItemId | null) {
    const was = get().place?.accountId === place.accountId ? undefined : left.get(place.accountId)
    show(place, selectId, was !== undefined && isSamePlace(was.place, place) ? was : null)
  }

  return {
    place: null,
    back: [],
    forward: [],
    selection: noSelection,
    filter: '',
    startTop: 0,
    noteScroll: (to) => {
      top = to
    },
    goToAccount: (accountId) => {
      const { place, accounts } = get()
      if (place?.accountId === accountId || !accounts?.some(({ id }) => id === accountId)) return
      const was = left.get(accountId)
      go(was?.place ?? { accountId, folderId: rootFolderId, query: null }, null, was ?? null)
    },
    goTo: (accountId, folderId, selectId) => go({ accountId, folderId, query: null }, selectId ?? null),
    goToTrash: (accountId) => go({ accountId, folderId: rootFolderId, query: null, isTrash: true }, null),
    goToFeeds: (accountId) => go({ accountId, folderId: rootFolderId, query: null, isFeeds: true }, null),
    goBack: () => {
      const { back, forward, place } = get()
      const to = back.at(-1)
      if (to === undefined || place === null) return
      set({ back: back.slice(0, -1), forward: [...forward, place] })
      const isInside = place.query === null && place.accountId === to.accountId
      showAgain(to, isInside ? place.folderId : null)
    },
    goForward: () => {
      const { back, forward, place } = get()
      const to = forward.at(-1)
      if (to === undefined || place === null) return
      set({ back: [...back, place], forward: forward.slice(0, -1) })
      showAgain(to, null)
    },
    goUp: () => {
      const { place, paths } = get()
      if (place === null) return
      const { accountId, folderId } = place
      if (place.query !== null || !isFolderPlace(place)) return go({ accountId, folderId, query: null }, null)
      const parent = paths.get(folderKey(place.accountId, place.folderId))?.at(-2)
      if (parent) go({ ...place, folderId: parent.id }, folderId)
    },
    leaveGone: (accountId, folderId) => {
      const { accounts, place, paths } = get()
      const isShown = isFolderShown(place, accountId, folderId)
      if (!isShown || folderId === rootFolderId || !accounts?.some(({ id }) => id === accountId)) return
      const isOther = (other: Place) => other.accountId !== accountId || other.folderId !== folderId
      set({ back: get().back.filter(isOther), forward: get().forward.filter(isOther) })
      const path = paths.get(folderKey(accountId, folderId))
      const name = path?.at(-1)?.name
      get().showError(name === undefined ? say('place.goneSomewhere') : say('place.gone', { name: visibleName(name) }))
      const parentId = path?.at(-2)?.id ?? rootFolderId
      show({ accountId, folderId: parentId, query: null }, null)
    },
    searchEverywhere: (query) => {
      const { place } = get()
      const words = query.trim()
      if (place === null || words === '') return
      go({ accountId: place.accountId, folderId: place.folderId, query: words }, null)
    },
    refresh: () => {
      const { place } = get()
      if (place === null) return
      get().reloadAccount(place.accountId)
      void get().loadFriends(place.accountId)
      if (place.isTrash) void get().loadTrash(place.accountId)
      if (place.isFeeds) void get().loadFeeds(place.accountId)
    },
    setSelection: (selection) => set({ selection }),
    setFilter: (filter) => {
      set({ filter })
      get().cutSelection()
    },
    cutSelection: () => {
      // What is hidden is not selected: no action may touch it.
      const { selection } = get()
      const shown = filteredIds(get())
      if (shown !== null) set({ selection: keepExisting(selection, (id) => shown.has(id)) })
    },
    ensurePlace: () => {
      const { accounts, place, settings } = get()
      if (accounts === null || settings === null) return
      if (place !== null && accounts.some(({ id }) => id === place.accountId)) return
      const account = accounts.find(({ id }) => id === settings.accountId) ?? accounts[0]
      if (account === undefined) {
        set({ place: null, back: [], forward: [], selection: noSelection, filter: '' })
        return
      }
      const isThere = ({ accountId }: Place) => accounts.some(({ id }) => id === accountId)
      set({ back: get().back.filter(isThere), forward: get().forward.filter(isThere) })
      get().setExpanded(folderKey(account.id, 0), true)
      const was = left.get(account.id)
      show(was?.place ?? { accountId: account.id, folderId: 0, query: null }, null, was ?? null)
      get().openWaiting()
    },
  }
}
