import type { AccountId } from '../../shared/account.ts'
import type { ItemId } from '../../shared/item.ts'

/** Identifies a folder among all accounts. */
export type FolderKey = `${AccountId}:${ItemId}`

export interface Folder {
  accountId: AccountId
  folderId: ItemId
}

export function folderKey(accountId: AccountId, folderId: ItemId): FolderKey {
  return `${accountId}:${folderId}`
}

/** Identifies an item among all accounts. */
export function itemKey(accountId: AccountId, itemId: ItemId): string {
  return `${accountId}:${itemId}`
}

/** Parses a key; null if it is not one. */
export function folderOfKey(key: string): Folder | null {
  const at = key.lastIndexOf(':')
  const folderId = Number(key.slice(at + 1))
  return at > 0 && Number.isSafeInteger(folderId) ? { accountId: key.slice(0, at), folderId } : null
}
