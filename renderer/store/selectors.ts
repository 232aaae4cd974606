import type { Account } from '../../shared/account.ts'
import { type Capabilities, noCapabilities } from '../../shared/capabilities.ts'
import type { Crumb, ItemId } from '../../shared/item.ts'
import { say } from '../words/say.ts'
import type { FolderState } from './items.ts'
import { folderKey, folderOfKey } from './keys.ts'
import { type Row, rowOfId } from './listing.ts'
import type { AppState } from './store.ts'
import type { Transfers } from './transfers.ts'

/** What the list shows: the folder or the search that the person stands in. */
export function shownFolder({ place, folders, search }: AppState): FolderState | null {
  if (place === null) return null
  if (place.query === null) return folders.get(folderKey(place.accountId, place.folderId)) ?? null
  return search?.accountId === place.accountId && search.query === place.query ? search : null
}

export function shownAccount({ accounts, place }: AppState): Account | null {
  return accounts?.find(({ id }) => id === place?.accountId) ?? null
}

/** What the service of the shown account can do. */
export function shownCapabilities(state: AppState): Capabilities {
  return shownAccount(state)?.capabilities ?? noCapabilities
}

const noTransfers: Transfers = new Map()

export function shownTransfers({ place, transfers }: AppState): Transfers {
  return (place === null ? null : transfers.get(place.accountId)) ?? noTransfers
}

export function crumbName(crumb: Crumb): string {
  return crumb.id === 0 ? say('place.root') : crumb.name
}

/** The name of a folder as far as it is known: from the way to it, the tree, or the list it stands in. */
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

/** The way to a folder below the root, for a label: "Films / 2026". */
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

/** Selected items as rows, in no order. */
export function selectedRows(state: AppState): Row[] {
  const listing = shownFolder(state)?.listing
  if (!listing) return []
  return [...state.selection.ids].map((id) => rowOfId(listing, id)).filter((row) => row !== null)
}
