import type { AccountId } from '../../shared/account.ts'
import type { Progress } from '../../shared/contract.ts'
import type { Crumb, ItemId } from '../../shared/item.ts'
import { type FolderKey, folderKey, folderOfKey } from './keys.ts'
import { folderKind, type Listing, listingOf, nameAt } from './listing.ts'
import { isFolderShown } from './navigation.ts'
import { keepExisting } from './selection.ts'
import { filteredIds, shownFolder } from './selectors.ts'
import { isNotFound, sentenceOf } from './sentence.ts'
import type { Slice } from './store.ts'

/** A folder as last fetched, and the state of its request. */
export interface FolderState {
  listing: Listing | null
  /** True while the listing has only the first items. */
  isPartial: boolean
  /** How many items there will be; null if that is not known, or if the listing is whole. */
  total: number | null
  isLoading: boolean
  problem: string | null
}

interface SearchState extends FolderState {
  accountId: AccountId
  query: string
}

export interface ItemsSlice {
  folders: ReadonlyMap<FolderKey, FolderState>
  /** The path to each folder, starting at the root. */
  paths: ReadonlyMap<FolderKey, readonly Crumb[]>
  search: SearchState | null
  /** Loads a folder with its path and its branch of the tree in one call. */
  loadFolder(accountId: AccountId, folderId: ItemId, isReload?: boolean): Promise<void>
  loadPath(accountId: AccountId, folderId: ItemId): Promise<void>
  /** Stores a path that is already known, so that the breadcrumb does not flicker. */
  expectPath(accountId: AccountId, path: readonly Crumb[]): void
  runSearch(accountId: AccountId, query: string): Promise<void>
  reloadAccount(accountId: AccountId): void
}

/** A folder of which nothing has come. */
export const nothingYet = { listing: null, isPartial: false, total: null, problem: null }

function isWhole(folder: FolderState | null | undefined): boolean {
  return folder != null && folder.listing !== null && !folder.isPartial
}

/** How many folders are cached, to be shown immediately. */
const maxCachedFolders = 24

/** Folders and searches. The newest request wins; they are fetched again when the backend reports a change. */
export const itemsSlice: Slice<ItemsSlice> = (client) => (set, get) => {
  const loading = new Map<FolderKey, AbortController>()
  let searching: AbortController | null = null

  function put(key: FolderKey, change: Partial<FolderState>) {
    set((state) => {
      const folders = new Map(state.folders)
      const before = folders.get(key) ?? { ...nothingYet, isLoading: false }
      folders.delete(key)
      folders.set(key, { ...before, ...change })
      for (const old of folders.keys()) {
        if (folders.size <= maxCachedFolders) break
        if (old !== key) folders.delete(old)
      }
      return { folders }
    })
  }

  function keepSelection(listing: Listing) {
    const ids = new Set(listing.columns.ids)
    set((state) => ({ selection: keepExisting(state.selection, (id) => ids.has(id)) }))
    get().cutSelection()
  }

  /** Selects what has come since everything was selected. */
  function selectRest() {
    const { selection } = get()
    if (selection.isWhole !== true) return
    const ids = filteredIds(get()) ?? new Set(shownFolder(get())?.listing?.columns.ids ?? [])
    set({ selection: { ...selection, ids } })
  }

  function isShown(accountId: AccountId, folderId: ItemId): boolean {
    return isFolderShown(get().place, accountId, folderId)
  }

  /** Stores a path. Reveals the current folder in the tree only if its path is new: a branch that the person closed stays closed. */
  function storePath(accountId: AccountId, path: readonly Crumb[]) {
    const { place, paths } = get()
    const folder = path.at(-1)
    if (folder === undefined) return
    const known = paths.get(folderKey(accountId, folder.id))
    const isNew = known?.length !== path.length || path.some(({ id }, depth) => id !== known[depth]?.id)
    get().expectPath(accountId, path)
    if (isNew && place?.accountId === accountId && place.folderId === folder.id) get().reveal(accountId, path)
  }

  client.on('items.changed', ({ accountId, folderIds }) => {
    const { place, folders, tree } = get()
    for (const folderId of folderIds) {
      const key = folderKey(accountId, folderId)
      const isOpen = isShown(accountId, folderId)
      if (isOpen) void get().loadFolder(accountId, folderId)
      else if (folders.has(key)) {
        set((state) => ({ folders: new Map([...state.folders].filter(([other]) => other !== key)) }))
      }
      if (!isOpen && tree.has(key)) void get().loadChildren(accountId, folderId)
    }
    if (place?.accountId === accountId && place.query !== null) void get().runSearch(accountId, place.query)
  })

  return {
    folders: new Map(),
    paths: new Map(),
    search: null,
    loadFolder: async (accountId, folderId, isReload = false) => {
      const key = folderKey(accountId, folderId)
      loading.get(key)?.abort()
      const controller = new AbortController()
      loading.set(key, controller)
      const { signal } = controller
      put(key, { isLoading: true })
      try {
        const onProgress = ({ items, total }: Progress<'items.open'>) => {
          // A list that is shown whole stays so until it can be replaced.
          if (signal.aborted || isWhole(get().folders.get(key))) return
          put(key, { listing: listingOf(items), isPartial: true, total, problem: null })
          if (isShown(accountId, folderId)) selectRest()
        }
        const input = { accountId, folderId, isReload }
        const { items, path } = await client.call('items.open', input, { signal, onProgress })
        if (signal.aborted) return
        const listing = listingOf(items)
        const wasPartial = get().folders.get(key)?.isPartial === true
        put(key, { listing, isPartial: false, total: null, isLoading: false, problem: null })
        get().learnBranch(accountId, folderId, foldersIn(listing))
        if (isShown(accountId, folderId)) {
          if (wasPartial) selectRest()
          keepSelection(listing)
        }
        if (path === null) void get().loadPath(accountId, folderId)
        else storePath(accountId, path)
      } catch (error) {
        if (signal.aborted) return
        put(key, { isLoading: false, problem: sentenceOf(error) })
        if (isNotFound(error)) get().leaveGone(accountId, folderId)
      } finally {
        if (loading.get(key) === controller) loading.delete(key)
      }
    },
    loadPath: async (accountId, folderId) => {
      try {
        storePath(accountId, await client.call('items.path', { accountId, folderId }))
      } catch {
        // The list shows the error; the breadcrumb stays as it is.
        return
      }
    },
    expectPath: (accountId, path) =>
      set((state) => {
        const paths = new Map(state.paths)
        path.forEach((crumb, depth) => {
          paths.set(folderKey(accountId, crumb.id), path.slice(0, depth + 1))
        })
        return { paths }
      }),
    runSearch: async (accountId, query) => {
      searching?.abort()
      const controller = new AbortController()
      searching = controller
      const { signal } = controller
      set(({ search }) => {
        const isSame = search?.accountId === accountId && search.query === query
        const before = isSame ? search : nothingYet
        return { search: { ...before, accountId, query, isLoading: true, problem: null } }
      })
      try {
        const onProgress = ({ items, total }: Progress<'items.search'>) => {
          if (signal.aborted || isWhole(get().search)) return
          const listing = listingOf(items)
          set({ search: { accountId, query, listing, isPartial: true, total, isLoading: true, problem: null } })
          selectRest()
        }
        const listing = listingOf(await client.call('items.search', { accountId, query }, { signal, onProgress }))
        if (signal.aborted) return
        const wasPartial = get().search?.isPartial === true
        set({ search: { ...nothingYet, accountId, query, listing, isLoading: false } })
        if (wasPartial) selectRest()
        keepSelection(listing)
      } catch (error) {
        if (signal.aborted) return
        // What was found before stays, as in a folder.
        const problem = sentenceOf(error)
        set(({ search }) => ({ search: { ...(search ?? nothingYet), accountId, query, isLoading: false, problem } }))
      }
    },
    reloadAccount: (accountId) => {
      const { place, tree } = get()
      const shownId = place?.accountId === accountId ? place.folderId : null
      // Must come first: it drops the backend's cache of the account's folders.
      if (shownId !== null) void get().loadFolder(accountId, shownId, true)
      for (const key of tree.keys()) {
        const folder = folderOfKey(key)
        if (folder?.accountId === accountId && folder.folderId !== shownId)
          void get().loadChildren(accountId, folder.folderId)
      }
      if (place !== null && shownId !== null && place.query !== null) void get().runSearch(accountId, place.query)
    },
  }
}

/** The folders of a listing, for the tree. */
function foldersIn({ columns, names }: Listing): Crumb[] {
  const folders: Crumb[] = []
  const { kinds, ids } = columns
  for (let index = kinds.indexOf(folderKind); index !== -1; index = kinds.indexOf(folderKind, index + 1))
    folders.push({ id: ids[index] ?? 0, name: nameAt(names, index) })
  return folders
}
