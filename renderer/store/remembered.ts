import type { Account } from '../../shared/account.ts'
import type { Crumb, ItemColumns, ItemId } from '../../shared/item.ts'
import type { Settings } from '../../shared/settings.ts'
import { type FolderKey, folderKey } from './keys.ts'
import { listingOf } from './listing.ts'
import type { AppState, AppStore } from './store.ts'

const storageKey = 'last-window'
const version = 1
/** A larger folder is fetched before it is shown. */
const mostItems = 2000
const saveAfterMs = 400

/** What the window showed last, as plain data. Nothing in it is secret: it is what was on the screen. */
interface Remembered {
  version: number
  accounts: readonly Account[]
  settings: Settings
  place: { accountId: string; folderId: ItemId }
  path: readonly Crumb[]
  expanded: readonly string[]
  tree: readonly (readonly [FolderKey, readonly Crumb[]])[]
  items: { [Column in keyof ItemColumns]: ItemColumns[Column] extends string ? string : (number | null)[] } | null
}

/**
 * Shows at once what the window showed last, while the backend and the service are still starting, and keeps it in mind from
 * here on. All of it is replaced by what the backend tells.
 */
export function rememberWindow(store: AppStore, storage: Storage, page: EventTarget): void {
  const remembered = read(storage)
  if (remembered !== null) show(store, remembered)
  let timer: ReturnType<typeof setTimeout> | undefined
  store.subscribe((state, before) => {
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
  page.addEventListener('pagehide', () => save(store.getState(), storage))
}

function show(store: AppStore, { accounts, settings, place, path, expanded, tree, items }: Remembered): void {
  const { accountId, folderId } = place
  store.setState({
    accounts: accounts.map((account) => ({ ...account, state: 'connecting', problem: null })),
    settings,
    place: { accountId, folderId, query: null },
    expanded: new Set(expanded),
    tree: new Map(tree.map(([key, folders]) => [key, { folders, isLoading: false, problem: null }])),
  })
  store.getState().expectPath(accountId, path)
  if (items === null) return
  const columns: ItemColumns = {
    ids: Float64Array.from(items.ids, Number),
    parentIds: Float64Array.from(items.parentIds, Number),
    kinds: Uint8Array.from(items.kinds, Number),
    sizesBytes: Float64Array.from(items.sizesBytes, Number),
    addedAtMs: Float64Array.from(items.addedAtMs, (value) => value ?? Number.NaN),
    names: items.names,
  }
  const listing = listingOf(columns)
  store.setState({ folders: new Map([[folderKey(accountId, folderId), { listing, isLoading: true, problem: null }]]) })
}

function save(state: AppState, storage: Storage): void {
  const { accounts, settings, place, folders, paths, tree, expanded } = state
  if (accounts === null || settings === null) return
  if (place === null) {
    storage.removeItem(storageKey)
    return
  }
  const key = folderKey(place.accountId, place.folderId)
  const columns = folders.get(key)?.listing?.columns ?? null
  const remembered: Remembered = {
    version,
    accounts,
    settings,
    place: { accountId: place.accountId, folderId: place.folderId },
    path: paths.get(key) ?? [],
    expanded: [...expanded],
    tree: [...tree].flatMap(([branch, { folders: children }]) =>
      children === null ? [] : [[branch, children] as const],
    ),
    items: columns === null || columns.ids.length > mostItems ? null : { ...plain(columns), names: columns.names },
  }
  try {
    storage.setItem(storageKey, JSON.stringify(remembered))
  } catch {
    // Too much for the page's storage: the next window starts without it.
    storage.removeItem(storageKey)
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

/** What this same page wrote. Damaged or of another version, it is as if there were nothing. */
function read(storage: Storage): Remembered | null {
  try {
    const value: unknown = JSON.parse(storage.getItem(storageKey) ?? 'null')
    return isRemembered(value) ? value : null
  } catch {
    // Not JSON.
    return null
  }
}

function isRemembered(value: unknown): value is Remembered {
  if (typeof value !== 'object' || value === null) return false
  const parts = new Map<string, unknown>(Object.entries(value))
  const areLists = ['accounts', 'path', 'expanded', 'tree'].every((name) => Array.isArray(parts.get(name)))
  const areObjects = ['settings', 'place'].every(
    (name) => typeof parts.get(name) === 'object' && parts.get(name) !== null,
  )
  const items = parts.get('items')
  const hasItems = items === null || (typeof items === 'object' && 'names' in items && typeof items.names === 'string')
  return parts.get('version') === version && areLists && areObjects && hasItems
}
