import type { Friend, Quota } from '../../../shared/account.ts'
import type { Analysis } from '../../../shared/analysis.ts'
import type { Capabilities } from '../../../shared/capabilities.ts'
import type { Crumb, Item, ItemId } from '../../../shared/item.ts'
import type { TransferId } from '../../../shared/transfer.ts'
import type { AddedTransfer, RememberedTransfer, TransferFeed } from './transfer-feed.ts'

/** Who is signed in, and what the service can do. */
interface SignedIn {
  /** The same as long as it is the same user of the service: the id it tells, or else the name. */
  userId: string
  quota: Quota
  capabilities: Capabilities
}

/**
 * An account's Put.io, in the domain's words; which version of the API lies below does not show. Every call can fail with
 * `signed-out`, `unreachable` or `refused`, and with `not-found` where it names an item or a transfer. A service that cannot tell
 * whether something is missing says `refused` instead.
 */
export interface PutioClient {
  /** The same client for calls that end when a signal is aborted; they then reject with its reason. */
  during(signal: AbortSignal): PutioClient

  account(): Promise<SignedIn>
  friends(): Promise<Friend[]>

  listItems(folderId: ItemId): Promise<Item[]>
  listFolders(folderId: ItemId): Promise<Crumb[]>
  item(itemId: ItemId): Promise<Item>
  createFolder(parentId: ItemId, name: string): Promise<Item>
  renameItem(itemId: ItemId, name: string): Promise<Item>
  moveItem(itemId: ItemId, folderId: ItemId): Promise<Item>
  deleteItem(itemId: ItemId): Promise<void>
  searchItems(query: string): Promise<Item[]>
  /** All folders of the space, each with its parent's id; the root first. */
  folderMap(): Promise<{ id: ItemId; name: string; parentId: ItemId | null }[]>

  /** Follows the account's transfers. `remembered` answers with those that were listed and have not been seen to leave. */
  followTransfers(remembered: () => readonly RememberedTransfer[]): TransferFeed
  /** What was added, in the order of the links; null for one whose row could not be read. */
  addTransfers(links: readonly string[], folderId: ItemId): Promise<(AddedTransfer | null)[]>
  cancelTransfer(transferId: TransferId): Promise<void>
  /** Tries a failed transfer again from what is left of it. Only for a service that `canRetryInPlace`. */
  retryTransfer(transferId: TransferId, how: { password: string | null; isUnpacked: boolean }): Promise<void>

  analyzeLinks(links: readonly string[]): Promise<Omit<Analysis, 'report'>>

  /**
   * A file's name and the URL that plays it, with the token of this moment. The URL is a secret: for the backend's own requests only. A
   * host that is not the service's own gets the token only if `isTrusted` says so of its origin. Errors: refused for what cannot be
   * played, not-found, untrusted-host.
   */
  stream(itemId: ItemId, isTrusted: (origin: string) => boolean): Promise<{ name: string; url: string }>
}
