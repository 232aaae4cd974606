import type { AccountId } from '../../shared/account.ts'
import type { Crumb, ItemId } from '../../shared/item.ts'
import { type FolderKey, folderKey, folderOfKey } from './keys.ts'
import { folderKind, indexOfId, type Listing, listingOf, nameAt } from './listing.ts'
import { isFolderShown } from './navigation.ts'
import { keepExisting } from './selection.ts'
import { isNotFound, sentenceOf } from './sentence.ts'
import type { Slice } from './store.ts'

/** A folder as last fetched, and the state of its request. */
export interface FolderState {
  listing: Listing | null
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

/** How many folders are cached, to be shown immediately. */
const maxCachedFolders = 24

/** Folders and searches. The newest request wins; they are fetched again when the backend reports a change. */
export const itemsSlice: Slice<ItemsSlice> = (client) => (set, get) => {
  const loading = new Map<FolderKey, AbortController>()
  let searching: AbortController | null = null

  function put(key: FolderKey, change: Partial<FolderState>) {
    set((state) => {
      const folders = new Map(state.folders)
      const before = folders.get(key) ?? { listing: null, isLoading: false, problem: null }
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
    set((state) => ({ selection: keepExisting(state.selection, (id) => indexOfId(listing, id) !== -1) }))
    get().cutSelection()
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
        const { items, path } = await client.call('items.open', { accountId, folderId, isReload }, { signal })
        if (signal.aborted) return
        const listing = listingOf(items)
        put(key, { listing, isLoading: false, problem: null })
        get().learnBranch(accountId, folderId, foldersIn(listing))
        if (isShown(accountId, folderId)) keepSelection(listing)
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
        return { search: { accountId, query, listing: isSame ? search.listing : null, isLoading: true, problem: null } }
      })
      try {
        const listing = listingOf(await client.call('items.search', { accountId, query }, { signal }))
        if (signal.aborted) return
        set({ search: { accountId, query, listing, isLoading: false, problem: null } })
        keepSelection(listing)
      } catch (error) {
        if (signal.aborted) return
        set({ search: { accountId, query, listing: null, isLoading: false, problem: sentenceOf(error) } })
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
