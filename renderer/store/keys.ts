import type { AccountId } from '../../shared/account.ts'
import type { ItemId } from '../../shared/item.ts'

/** Names a folder among all accounts. */
export type FolderKey = `${AccountId}:${ItemId}`

export interface Folder {
  accountId: AccountId
  folderId: ItemId
}

export function folderKey(accountId: AccountId, folderId: ItemId): FolderKey {
  return `${accountId}:${folderId}`
}

/** The folder that a key names, or null where the text is no key. */
export function folderOfKey(key: string): Folder | null {
  const at = key.lastIndexOf(':')
  const folderId = Number(key.slice(at + 1))
  return at > 0 && Number.isSafeInteger(folderId) ? { accountId: key.slice(0, at), folderId } : null
}

/** The kind of drag that carries items of ours; what they are stands in the store. */
export const itemsType = 'application/x-putdesk-items'
