import type { Friend, Quota } from '../../../shared/account.ts'
import type { AccountSettings, AccountSettingsChange } from '../../../shared/account-settings.ts'
import type { Analysis } from '../../../shared/analysis.ts'
import type { Capabilities } from '../../../shared/capabilities.ts'
import type { Device, DeviceCode, DeviceId } from '../../../shared/device.ts'
import type { Crumb, Item, ItemId, ItemKind, TrashedItem } from '../../../shared/item.ts'
import type { Audience, ItemAccess, PublicLink } from '../../../shared/sharing.ts'
import type { TransferId } from '../../../shared/transfer.ts'
import type { Extraction } from './extraction.ts'
import type { FeedClient } from './feed-client.ts'
import type { AddedTransfer, RememberedTransfer, TransferFeed } from './transfer-feed.ts'
import type { Upload } from './upload.ts'

/** Who is signed in, and what the service can do. */
interface SignedIn {
  /** Stable for a user of the service: the id that the service reports, or else the user name. */
  userId: string
  quota: Quota
  capabilities: Capabilities
}

/**
 * The API of an account in domain terms, independent of the API version. Every call can fail with `signed-out`, `unreachable` or
 * `refused`, and with `not-found` if it names an item or a transfer. A service that cannot tell whether something is missing fails
 * with `refused` instead.
 */
export interface PutioClient extends FeedClient {
  /** The same client, but its calls are aborted by a signal; they then reject with the signal's reason. */
  during(signal: AbortSignal): PutioClient

  account(): Promise<SignedIn>
  friends(): Promise<Friend[]>

  /** What is set for the account. This and the next are only for a service that `hasAccountSettings`; another one refuses. */
  settings(): Promise<AccountSettings>
  changeSettings(change: AccountSettingsChange): Promise<void>

  /** A code that signs in one device. This and the next two are only for a service that `canApprove`. */
  deviceCode(): Promise<DeviceCode>
  devices(): Promise<Device[]>
  /** Signs a device out, if it is signed in. */
  signOutDevice(deviceId: DeviceId): Promise<void>

  listItems(folderId: ItemId, onMore?: OnMore): Promise<Item[]>
  /** The same, each with its address, which `streamAt` takes; null where the service lists none. */
  listWithAddresses(folderId: ItemId): Promise<{ item: Item; address: string | null }[]>
  listFolders(folderId: ItemId): Promise<Crumb[]>
  item(itemId: ItemId): Promise<Item>
  createFolder(parentId: ItemId, name: string): Promise<Item>
  renameItem(itemId: ItemId, name: string): Promise<Item>
  moveItem(itemId: ItemId, folderId: ItemId): Promise<Item>
  /** Copies an item, a folder with all that is in it, under a free name. Only for a service that `canCopy`. Returns the copy. */
  copyItem(itemId: ItemId, folderId: ItemId): Promise<Item>
  /** Begins to unpack an archive beside itself. This and the next two are only for a service that `canExtract`; another one refuses. */
  extract(itemId: ItemId, password: string | null): Promise<Extraction>
  extractions(): Promise<Extraction[]>
  /** Stops an extraction, or forgets it. What it has become stays. */
  dismissExtraction(id: number): Promise<void>
  /** Deletes an item for good. */
  deleteItem(itemId: ItemId): Promise<void>
  /** Moves an item to the trash. This and the next three are only for a service that `hasTrash`; another one refuses. */
  trashItem(itemId: ItemId): Promise<void>
  listTrash(): Promise<TrashedItem[]>
  /** Takes an item out of the trash. Returns it in its new place. */
  restoreItem(itemId: ItemId): Promise<Item>
  /** Deletes items in the trash for good. */
  deleteTrashed(itemIds: readonly ItemId[]): Promise<void>
  /** Who can read an item. This and the next three are only for a service that `canShare` or `canLinkPublicly`; another one refuses. */
  access(itemId: ItemId): Promise<ItemAccess>
  /** Shares an item with exactly these. */
  share(itemId: ItemId, audience: Audience): Promise<void>
  /** The public link of an item: the one that it has, or a new one. */
  makePublicLink(itemId: ItemId): Promise<PublicLink>
  /** Ends a public link, if it has not ended. */
  removePublicLink(linkId: number): Promise<void>
  searchItems(query: string, onMore?: OnMore): Promise<Item[]>
  /** All folders of the account, each with its parent's id; the root first. */
  folderMap(): Promise<{ id: ItemId; name: string; parentId: ItemId | null }[]>

  /** Sends a file of this computer. Only for a service that `canUpload`; another one refuses. Returns its id; null if the service does not tell it. */
  upload(upload: Upload): Promise<ItemId | null>
  /** Discards what the service has of a file that was begun, so that its space is free at once. */
  discardUpload(place: string): Promise<void>

  /** Follows the account's transfers. `remembered` returns those that were recorded and have not left yet. */
  followTransfers(remembered: () => readonly RememberedTransfer[]): TransferFeed
  /** How often to ask for the transfers: while some are moving, and while none is. */
  readonly polling: { busyMs: number; idleMs: number }
  /** Listens to what the service announces. Only for a service that `hasPush`. The returned function ends it. */
  listen(listener: AnnouncementListener): () => void
  /** Adds transfers. Some links may be refused while others are added; it rejects only if none was. */
  addTransfers(links: readonly string[], folderId: ItemId): Promise<AddedTransfers>
  cancelTransfer(transferId: TransferId): Promise<void>
  /** Resumes a failed transfer. Only for a service that `canRetryInPlace`; another one refuses. */
  retryTransfer(transferId: TransferId, how: { password: string | null; isUnpacked: boolean }): Promise<void>
  /** Asks the trackers of a torrent for peers at once. Only for a service that `canReannounce`; another one refuses. */
  reannounce(transferId: TransferId): Promise<void>

  /** The films and sounds of a transfer that `canPlay`. Their URLs are secrets, as that of `stream` is. */
  transferFiles(transferId: TransferId, isTrusted: (origin: string) => boolean): Promise<TransferFile[]>

  analyzeLinks(links: readonly string[]): Promise<Omit<Analysis, 'report'>>

  /**
   * A file and its stream URL with the current token, to play it, to save it or to read parts of it. The URL is a secret, for the backend's own requests
   * only. A host that is not the service's own gets the token only if `isTrusted` accepts its origin. Errors: refused if the service
   * gives no address for it, not-found, untrusted-host.
   */
  stream(
    itemId: ItemId,
    purpose: StreamPurpose,
    isTrusted: (origin: string) => boolean,
  ): Promise<{ item: Item; url: string }>

  /** How far an item was played, as the service knows. This and the next are only for one that `keepsPositions`; another one refuses. */
  position(itemId: ItemId): Promise<ServicePosition>
  /** Sets how far an item was played, in whole seconds; null for no position, as of what was watched. */
  setPosition(itemId: ItemId, seconds: number | null): Promise<void>
  /**
   * The subtitles of a film that the service knows, in these languages (codes of three letters), each with a URL that is a secret. The
   * URLs hold until the next list. Only for a service that `hasSubtitles`; another one refuses.
   */
  subtitles(itemId: ItemId, languages: readonly string[]): Promise<ServiceSubtitle[]>

  /**
   * The name of a file's content in the data folder of the local service, 32 hexadecimal digits; null where there is none. Only for that
   * service; another one may refuse.
   */
  contentOf(itemId: ItemId): Promise<string | null>

  /** Checks whether an address that a file is at, or that its server redirects to, may get the token: refused, untrusted-host. */
  checkAddress(
    file: { name: string; address: string },
    purpose: StreamPurpose,
    isTrusted: (origin: string) => boolean,
  ): Promise<void>

  /**
   * The stream URL of a file with the address that was listed a moment ago. It asks less of the service than `stream`, and may be out of
   * date. The same errors.
   */
  streamAt(
    file: { name: string; address: string },
    purpose: StreamPurpose,
    isTrusted: (origin: string) => boolean,
  ): Promise<string>
}

/** What a service says has changed. `everything`: what was announced until now may have been missed. */
export type Announcement =
  /** `transfer`: what is new about a transfer is known, and its feed has it. */
  { what: 'transfer' | 'transfers' | 'account' | 'everything' } | { what: 'items'; folderIds: readonly ItemId[] }

/** Is told what a service announces. */
interface AnnouncementListener {
  onAnnouncement(announcement: Announcement): void
  /** Called when announcements begin to come, and when they cannot come any more until the next call. */
  onLive(isLive: boolean): void
}

/**
 * Called with what has come of a long list so far, each time with at least twice as many items as the last time, and with how many there
 * will be; null if the service does not report that.
 */
export type OnMore = (items: readonly Item[], total: number | null) => void

/** What became of links that were added. */
interface AddedTransfers {
  /** In the order of their links; null for one whose row could not be read. */
  added: (AddedTransfer | null)[]
  refused: { link: string; sentence: string }[]
}

/** A film or a sound of a transfer, readable while it arrives. */
export interface TransferFile {
  /** Its place among the transfer's files. */
  index: number
  name: string
  kind: ItemKind
  sizeBytes: number
  /** The item that it has become; null before it is in the space. */
  itemId: ItemId | null
  url: string
}

/** How far an item was played, as a service tells: anything, as long as it is a number. */
export interface ServicePosition {
  /** Null if it has none. */
  seconds: number | null
  durationSeconds: number | null
}

/** Subtitles that a service has found. */
export interface ServiceSubtitle {
  name: string
  /** A code such as `eng`; null if it is not known. */
  language: string | null
  /** `folder` for a file beside the film, `film` for those in the film itself. */
  source: 'folder' | 'film' | 'other'
  url: string
}

/** Why a file is read. It decides how an error is worded. */
export type StreamPurpose = 'play' | 'save' | 'read'
