import type { ItemColumns } from '../../shared/item.ts'
import { nothingYet } from './items.ts'
import { folderKey } from './keys.ts'
import { listingOf } from './listing.ts'
import { parseRemembered, type Remembered, version } from './parse-remembered.ts'
import type { AppState, AppStore } from './store.ts'

const storageKey = 'last-window'
/** Larger folders are not stored. */
const maxItems = 2000
const saveAfterMs = 400

/** The stored form, as plain data. */
interface Stored extends Omit<Remembered, 'items'> {
  version: number
  items: { [Column in keyof ItemColumns]: ItemColumns[Column] extends string ? string : (number | null)[] } | null
}

/**
 * Restores the last state of the window immediately, while the backend and the service are still starting, and stores it from then
 * on. Events from the backend replace all of it. Returns a function that deletes the stored state, for when it cannot be rendered.
 */
export function rememberWindow(store: AppStore, openStorage: () => Storage, page: EventTarget): () => void {
  let storage: Storage
  try {
    storage = openStorage()
  } catch {
    // Chromium's storage is damaged: nothing is remembered.
    return () => undefined
  }
  const remembered = read(storage)
  if (remembered !== null) show(store, remembered)
  let timer: ReturnType<typeof setTimeout> | undefined
  const stop = store.subscribe((state, before) => {
    const isSame =
      state.accounts === before.accounts &&
      state.settings === before.settings &&
      state.place === before.place &&
      state.folders === before.folders &&
      state.paths === before.paths &&
      state.tree === before.tree &&
      state.expanded === before.expanded
    if (isSame) return
    clearTimeout(timer)
    timer = setTimeout(() => save(store.getState(), storage), saveAfterMs)
  })
  const saveNow = () => save(store.getState(), storage)
  page.addEventListener('pagehide', saveNow)
  return () => {
    stop()
    clearTimeout(timer)
    page.removeEventListener('pagehide', saveNow)
    forget(storage)
  }
}

function show(store: AppStore, { accounts, settings, place, path, expanded, tree, items }: Remembered): void {
  const { accountId, folderId } = place
  store.setState({
    accounts,
    settings,
    place: { accountId, folderId, query: null },
    expanded: new Set(expanded),
    tree: new Map(tree.map(([key, folders]) => [key, { folders, isLoading: false, problem: null }])),
  })
  store.getState().expectPath(accountId, path)
  if (items === null) return
  const listing = listingOf(items)
  store.setState({ folders: new Map([[folderKey(accountId, folderId), { ...nothingYet, listing, isLoading: true }]]) })
}

function save(state: AppState, storage: Storage): void {
  const { accounts, settings, place, folders, paths, tree, expanded } = state
  if (accounts === null || settings === null) return
  if (place === null) {
    forget(storage)
    return
  }
  const key = folderKey(place.accountId, place.folderId)
  const folder = folders.get(key)
  const columns = folder?.isPartial === false ? (folder.listing?.columns ?? null) : null
  const remembered: Stored = {
    version,
    accounts,
    settings,
    place: { accountId: place.accountId, folderId: place.folderId },
    path: paths.get(key) ?? [],
    expanded: [...expanded],
    tree: [...tree].flatMap(([branch, { folders: children }]) =>
      children === null ? [] : [[branch, children] as const],
    ),
    items: columns === null || columns.ids.length > maxItems ? null : { ...plain(columns), names: columns.names },
  }
  try {
    storage.setItem(storageKey, JSON.stringify(remembered))
  } catch {
    // It exceeds the storage quota: the next window starts without it.
    forget(storage)
  }
}

function plain({ ids, parentIds, kinds, sizesBytes, addedAtMs }: ItemColumns) {
  return {
    ids: [...ids],
    parentIds: [...parentIds],
    kinds: [...kinds],
    sizesBytes: [...sizesBytes],
    addedAtMs: Array.from(addedAtMs, (value) => (Number.isNaN(value) ? null : value)),
  }
}

/** Reads the stored state; null if it is missing, damaged or of another version. */
function read(storage: Storage): Remembered | null {
  try {
    return parseRemembered(JSON.parse(storage.getItem(storageKey) ?? 'null'))
  } catch {
    // It is not JSON, or cannot be read.
    return null
  }
}

function forget(storage: Storage): void {
  try {
    storage.removeItem(storageKey)
  } catch {
    // A storage that cannot be written stores nothing new either.
    return
  }
}
