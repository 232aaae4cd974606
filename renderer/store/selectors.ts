import type { Account } from '../../shared/account.ts'
import { type Capabilities, noCapabilities } from '../../shared/capabilities.ts'
import type { Crumb, ItemId } from '../../shared/item.ts'
import { holdsSlot } from '../../shared/slots.ts'
import { say } from '../words/say.ts'
import type { FolderState } from './items.ts'
import { folderKey, folderOfKey } from './keys.ts'
import { type Row, rowAt, rowOfId } from './listing.ts'
import { filterIndexes } from './order.ts'
import type { AppState } from './store.ts'
import type { Transfers } from './transfers.ts'

/** The folder, the search or the trash that the list shows; null while the feeds are shown. */
export function shownFolder({ place, folders, search, trash }: AppState): FolderState | null {
  if (place === null || place.isFeeds) return null
  if (place.isTrash) return trash?.accountId === place.accountId ? trash : null
  if (place.query === null) return folders.get(folderKey(place.accountId, place.folderId)) ?? null
  return search?.accountId === place.accountId && search.query === place.query ? search : null
}

export function shownAccount({ accounts, place }: AppState): Account | null {
  return accounts?.find(({ id }) => id === place?.accountId) ?? null
}

/** Why a list of the shown account is not up to date; null if the banner of the account says the same already. */
export function listProblem(state: AppState, problem: string | null): string | null {
  const account = shownAccount(state)
  return account !== null && account.state !== 'signed-in' && account.problem === problem ? null : problem
}

/** The capabilities of the shown account's service. */
export function shownCapabilities(state: AppState): Capabilities {
  return shownAccount(state)?.capabilities ?? noCapabilities
}

export function capabilitiesOf({ accounts }: Pick<AppState, 'accounts'>, accountId: string): Capabilities {
  return accounts?.find(({ id }) => id === accountId)?.capabilities ?? noCapabilities
}

const noTransfers: Transfers = new Map()

export function shownTransfers({ place, transfers }: AppState): Transfers {
  return (place === null ? null : transfers.get(place.accountId)) ?? noTransfers
}

/** How many transfers of the shown account hold a slot. */
export function activeTransfers(state: AppState): number {
  return [...shownTransfers(state).values()].filter(({ status, isCancelled }) => holdsSlot(status) && !isCancelled)
    .length
}

/** How many saves are not finished, paused or failed. */
export function activeSaves({ saves }: AppState): number {
  return [...saves.values()].filter(({ status }) => ['waiting', 'listing', 'saving'].includes(status)).length
}

/** How many sends are not finished, paused or failed. */
export function activeSends({ sends }: AppState): number {
  return [...sends.values()].filter(({ status }) => ['waiting', 'listing', 'sending'].includes(status)).length
}

export function crumbName(crumb: Crumb): string {
  return crumb.id === 0 ? say('place.root') : crumb.name
}

/** The name of a folder if it is known from a path, the tree or the shown list; otherwise a generic word. */
export function folderName(state: AppState, accountId: string, folderId: ItemId): string {
  if (folderId === 0) return say('place.root')
  const crumb = state.paths.get(folderKey(accountId, folderId))?.at(-1)
  if (crumb) return crumb.name
  for (const [key, { folders }] of state.tree) {
    const found = folderOfKey(key)?.accountId === accountId ? folders?.find(({ id }) => id === folderId) : undefined
    if (found) return found.name
  }
  const listing = state.place?.accountId === accountId ? shownFolder(state)?.listing : null
  return (listing && rowOfId(listing, folderId)?.name) ?? say('place.folder')
}

/** The path of a folder below the root, as a label: "Films / 2026". */
export function folderPath({ paths }: Pick<AppState, 'paths'>, accountId: string, folderId: ItemId): string | null {
  if (folderId === 0) return say('place.root')
  const path = paths.get(folderKey(accountId, folderId))
  return path === undefined
    ? null
    : path
        .filter(({ id }) => id !== 0)
        .map(({ name }) => name)
        .join(' / ')
}

/** The filter of the shown list. The words of a search stay in the field, and do not filter its results. */
export function shownFilter({ place, filter }: Pick<AppState, 'place' | 'filter'>): string {
  return place?.query === filter ? '' : filter
}

/** The ids of the items that match the filter; null if the list is not filtered. */
export function filteredIds(state: AppState): ReadonlySet<ItemId> | null {
  const listing = shownFolder(state)?.listing
  const filter = shownFilter(state)
  if (!listing || filter.trim() === '') return null
  const { ids } = listing.columns
  const all = Uint32Array.from(ids, (_, index) => index)
  return new Set([...filterIndexes(listing, all, filter)].map((index) => ids[index] ?? -1))
}

/** Every row of the shown list, whatever the filter hides. */
export function allRows(state: AppState): Row[] {
  const listing = shownFolder(state)?.listing
  return listing
    ? Array.from({ length: listing.count }, (_, index) => rowAt(listing, index)).filter((row) => row !== null)
    : []
}

/** The rows of the selected items, in no particular order. */
export function selectedRows(state: AppState): Row[] {
  const listing = shownFolder(state)?.listing
  if (!listing) return []
  return [...state.selection.ids].map((id) => rowOfId(listing, id)).filter((row) => row !== null)
}
