import type { Friend, Quota } from '../../../shared/account.ts'
import type { Analysis } from '../../../shared/analysis.ts'
import type { Crumb, Item, ItemId } from '../../../shared/item.ts'
import type { Transfer, TransferId } from '../../../shared/transfer.ts'

/** A line of the dashboard. `itemId` and `fileName` are set when it tells of a file that has arrived. */
export interface Message {
  id: number
  /** Plain text. */
  title: string
  itemId: ItemId | null
  fileName: string | null
  isFileArrived: boolean
  /** The transfer that it tells of; null where the service does not tell. */
  transferId: TransferId | null
}

/** A feed that the service follows. */
export interface Subscription {
  id: number
  name: string
  url: string
  folderId: ItemId
  doFilters: string
  dontFilters: string
  isPaused: boolean
  lastUpdateAtMs: number | null
  nextUpdateAtMs: number | null
}

export type SubscriptionDraft = Pick<
  Subscription,
  'name' | 'url' | 'folderId' | 'doFilters' | 'dontFilters' | 'isPaused'
>

/**
 * An account's Put.io, in the domain's words; which version of the API lies below does not show. Every call can fail with
 * `signed-out`, `unreachable`, `refused` or `not-found`.
 */
export interface PutioClient {
  /** The same client for calls that end when a signal is aborted; they then reject with its reason. */
  during(signal: AbortSignal): PutioClient

  account(): Promise<Quota>
  friends(): Promise<Friend[]>
  /** A fresh access token for stream URLs. */
  accessToken(): Promise<string>

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

  listTransfers(): Promise<TransferListing>
  /** What was added, in the order of the links; null for one whose row could not be read. */
  addTransfers(links: readonly string[], folderId: ItemId): Promise<(ListedTransfer | null)[]>
  cancelTransfer(transferId: TransferId): Promise<void>
  /** Tries a failed transfer again from what is left of it; false where the service has no such act. */
  retryTransfer(transferId: TransferId, how: { password: string | null; isUnpacked: boolean }): Promise<boolean>

  analyzeLinks(links: readonly string[]): Promise<Omit<Analysis, 'report'>>
  extractLinks(text: string): Promise<string[]>

  listMessages(): Promise<Message[]>
  deleteMessage(messageId: number): Promise<void>

  listSubscriptions(): Promise<Subscription[]>
  subscription(id: number): Promise<Subscription>
  createSubscription(draft: SubscriptionDraft): Promise<Subscription>
  editSubscription(id: number, draft: SubscriptionDraft): Promise<Subscription>
  toggleSubscription(id: number): Promise<Subscription>
  deleteSubscription(id: number): Promise<void>

  /**
   * The URL that plays a file, with the token of this moment. A secret: for the backend's own requests only. A host that is not the
   * service's own gets the token only where `isTrusted` says so of its origin. Errors: untrusted-host.
   */
  streamUrl(itemId: ItemId, isTrusted: (origin: string) => boolean): Promise<string>
}

/** The transfers that are listed, and what can be told of those whose rows could not be read: they are there all the same. */
export interface TransferListing {
  transfers: ListedTransfer[]
  unread: { id: TransferId | null; name: string | null }[]
}

/** A transfer as the service lists it, before our own memory of it is added. */
export interface ListedTransfer extends Omit<Transfer, 'canRetry' | 'statusSinceMs'> {
  /** The links it was made of, when the service tells. */
  links: string[]
  /** True for a service that can try a transfer again from what is left of it. */
  canRetryInPlace: boolean
  /** Whether all its files are in the space; null where the service does not tell. */
  isDelivered: boolean | null
}
