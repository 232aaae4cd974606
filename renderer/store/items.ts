import type { AccountId } from '../../shared/account.ts'
import type { Crumb, ItemId } from '../../shared/item.ts'
import { type FolderKey, folderKey, folderOfKey } from './keys.ts'
import { indexOfId, type Listing, listingOf } from './listing.ts'
import { keepExisting } from './selection.ts'
import { sentenceOf } from './sentence.ts'
import type { Slice } from './store.ts'

/** A folder as last fetched, and how its fetching goes. */
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
  /** The way to a folder, the root first. */
  paths: ReadonlyMap<FolderKey, readonly Crumb[]>
  search: SearchState | null
  loadFolder(accountId: AccountId, folderId: ItemId): Promise<void>
  loadPath(accountId: AccountId, folderId: ItemId): Promise<void>
  /** A way known before it is asked for, so that the crumbs do not jump. */
  expectPath(accountId: AccountId, path: readonly Crumb[]): void
  runSearch(accountId: AccountId, query: string): Promise<void>
  reloadAccount(accountId: AccountId): void
}

/** So many folders are kept to be shown at once; the rest are fetched again. */
const keptFolders = 24

/** Folders and searches: fetched, the newest request wins, and fetched again when the backend tells of a change. */
export const itemsSlice: Slice<ItemsSlice> = (client) => (set, get) => {
  const newest = new Map<FolderKey, number>()
  let requests = 0
  let newestSearch = 0

  function put(key: FolderKey, change: Partial<FolderState>) {
    set((state) => {
      const folders = new Map(state.folders)
      const before = folders.get(key) ?? { listing: null, isLoading: false, problem: null }
      folders.delete(key)
      folders.set(key, { ...before, ...change })
      for (const old of folders.keys()) {
        if (folders.size <= keptFolders) break
        if (old !== key) folders.delete(old)
      }
      return { folders }
    })
  }

  function keepSelection(listing: Listing) {
    set((state) => ({ selection: keepExisting(state.selection, (id) => indexOfId(listing, id) !== -1) }))
  }

  client.on('items.changed', ({ accountId, folderIds }) => {
    const { place, folders, tree } = get()
    for (const folderId of folderIds) {
      const key = folderKey(accountId, folderId)
      const isShown = place?.accountId === accountId && place.folderId === folderId && place.query === null
      if (isShown) void get().loadFolder(accountId, folderId)
      else if (folders.has(key)) {
        set((state) => ({ folders: new Map([...state.folders].filter(([other]) => other !== key)) }))
      }
      if (tree.has(key)) void get().loadChildren(accountId, folderId)
    }
    if (place?.accountId === accountId && place.query !== null) void get().runSearch(accountId, place.query)
  })

  return {
    folders: new Map(),
    paths: new Map(),
    search: null,
    loadFolder: async (accountId, folderId) => {
      const key = folderKey(accountId, folderId)
      const request = ++requests
      newest.set(key, request)
      put(key, { isLoading: true })
      try {
        const listing = listingOf(await client.call('items.list', { accountId, folderId }))
        if (newest.get(key) !== request) return
        put(key, { listing, isLoading: false, problem: null })
        const { place } = get()
        if (place?.accountId === accountId && place.folderId === folderId && place.query === null)
          keepSelection(listing)
      } catch (error) {
        if (newest.get(key) === request) put(key, { isLoading: false, problem: sentenceOf(error) })
      }
    },
    loadPath: async (accountId, folderId) => {
      try {
        get().expectPath(accountId, await client.call('items.path', { accountId, folderId }))
      } catch {
        // The list itself says what is wrong with the folder; the crumbs keep what they had.
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
      const request = ++newestSearch
      set(({ search }) => {
        const isSame = search?.accountId === accountId && search.query === query
        return { search: { accountId, query, listing: isSame ? search.listing : null, isLoading: true, problem: null } }
      })
      try {
        const listing = listingOf(await client.call('items.search', { accountId, query }))
        if (request !== newestSearch) return
        set({ search: { accountId, query, listing, isLoading: false, problem: null } })
        keepSelection(listing)
      } catch (error) {
        if (request !== newestSearch) return
        set({ search: { accountId, query, listing: null, isLoading: false, problem: sentenceOf(error) } })
      }
    },
    reloadAccount: (accountId) => {
      for (const key of get().tree.keys()) {
        const folder = folderOfKey(key)
        if (folder?.accountId === accountId) void get().loadChildren(accountId, folder.folderId)
      }
      const { place } = get()
      if (place?.accountId !== accountId) return
      if (place.query === null) void get().loadFolder(accountId, place.folderId)
      else void get().runSearch(accountId, place.query)
      void get().loadPath(accountId, place.folderId)
    },
  }
}
