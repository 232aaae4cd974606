import * as z from 'zod'
import { Account, AccountId, Friend, Origin, Quota, SecretKeeping } from './account.ts'
import { AccountSettings, AccountSettingsChange } from './account-settings.ts'
import { Analysis, Link, TorrentFile } from './analysis.ts'
import { Copy, CopyId } from './copy.ts'
import { Device, DeviceCode, DeviceId } from './device.ts'
import { DraggedFile } from './dragged-file.ts'
import { Feed, FeedAddress, FeedChange, FeedFilters, FeedId, FeedItem, FeedItemId, FeedPreview } from './feed.ts'
import { Hoster, HosterSignIn } from './hoster.ts'
import { Crumb, Item, ItemColumns, ItemId, ItemsSoFar } from './item.ts'
import {
  maxCopied,
  maxItemIds,
  maxLinks,
  maxPasswordLength,
  maxPathLength,
  maxPlayed,
  maxSaves,
  maxTextLength,
  maxThumbnailLength,
} from './limits.ts'
import { Playback } from './playback.ts'
import { Conflict, Save, SaveId, SaveMove, TakenName } from './save.ts'
import { Send, SendId } from './send.ts'
import { HostName, Settings, SettingsChange } from './settings.ts'
import { Audience, ItemAccess, PublicLink } from './sharing.ts'
import { ThumbnailOf } from './thumbnail.ts'
import { HistoryEntry, HistoryEntryId, Transfer, TransferId } from './transfer.ts'

const inAccount = { accountId: AccountId }
const nothing = z.null()
/** Absolute paths of files and folders of this computer. */
const LocalPaths = z.array(z.string().min(1).max(maxPathLength)).min(1).max(maxSaves)

/** An item that an action on several items failed for, and why. */
export const RefusedItem = z.object({ itemId: ItemId, sentence: z.string() })
export type RefusedItem = z.infer<typeof RefusedItem>

/** A link that a service refused, and why. It is empty if the service does not tell which. */
const RefusedLink = z.object({ link: z.string(), sentence: z.string() })
export type RefusedLink = z.infer<typeof RefusedLink>

/** An installed media player that can open streams. */
export const Player = z.object({ id: z.string(), name: z.string() })
export type Player = z.infer<typeof Player>

/** A player was started, or has to be told first where to start. */
const Started = z.discriminatedUnion('state', [
  /** `total` is larger than `count` if that was too many. `languages` has an entry for each subtitle of the first item; null if its language is not known. */
  z.object({
    state: z.literal('started'),
    player: z.string(),
    count: z.number().int(),
    total: z.number().int(),
    languages: z.array(z.string().nullable()),
  }),
  /** `positionSeconds` is where it continues; null if only the share is known. */
  z.object({ state: z.literal('asks'), playback: Playback, positionSeconds: z.number().min(0).nullable() }),
])

const Address = z.string().max(2048)

/** Where a service that speaks API v2 is, other than Put.io. What is null is expected at the address of the API. Source: API v2 §1. */
export const ServiceAddresses = z.object({
  api: Address,
  upload: Address.nullable(),
  tus: Address.nullable(),
  socket: Address.nullable(),
  web: Address.nullable(),
})
export type ServiceAddresses = z.infer<typeof ServiceAddresses>

/**
 * What every sign-in with an access token needs. With `accountId`, it signs in to that account again; then `service` is ignored. Without
 * a `service`, it is Put.io.
 */
const tokenSignIn = {
  accountId: AccountId.nullable(),
  service: ServiceAddresses.nullable(),
  isKept: z.boolean(),
  mayBePlain: z.boolean(),
}

/** The state of the local service. */
export const ServiceState = z.object({
  state: z.enum(['off', 'starting', 'running', 'restarting', 'failed', 'unavailable']),
  /** Why it is not running and what to do, in one sentence. */
  problem: z.string().nullable(),
})
export type ServiceState = z.infer<typeof ServiceState>

/** A message with no better place, such as that a damaged settings file was restored. */
export const Notice = z.object({ id: z.string(), sentence: z.string() })
export type Notice = z.infer<typeof Notice>

/** The progress of an action on many items. */
export const Steps = z.object({ done: z.number().int(), total: z.number().int() })
export type Steps = z.infer<typeof Steps>

/**
 * Everything a window may request from the backend. Every method can also fail with `internal`, `cancelled` and `bad-input`; methods that
 * contact an account's service can also fail with `signed-out`, `unreachable`, or `not-found` if the account does not exist. A service
 * of API v1 does not distinguish missing items and transfers, and fails with `refused` instead of `not-found`.
 * `untrusted-host`: the content is on a host that is not the account's own, and that does not get its token before `accounts.trust`.
 * `progress` is what a long method reports while it runs.
 */
export const methods = {
  /** Sends all pushed state again as events. */
  sync: { input: z.object({}), output: nothing },

  /** Starts the local service and adds it as an account. Errors: unavailable. */
  'accounts.addThisComputer': { input: z.object({}), output: AccountId },
  /**
   * Adds a server that speaks API v1, after verifying the credentials with one call; with `accountId`, signs in to that account again.
   * `isKept` stores the secret: encrypted by the OS if possible, otherwise in a plain private file if `mayBePlain`.
   * Errors: bad-input, signed-out (with the server's own message), unreachable; refused if `accountId` belongs to another user.
   */
  'accounts.addServer': {
    input: z.object({
      accountId: AccountId.nullable(),
      address: z.string().max(2048),
      apiKey: z.string().min(1).max(512),
      apiSecret: z.string().min(1).max(512),
      isKept: z.boolean(),
      mayBePlain: z.boolean(),
    }),
    output: AccountId,
  },
  /**
   * Signs in with a code that the person enters on a page of the service, on any device. The progress has the code, which changes when it
   * expires, where to enter it, `page`, an address with the code in it, when the sign-in ends, and the problem with the service that
   * it waits for to pass. The secret is kept as by `accounts.addServer`. Errors: unavailable without an app id for Put.io, bad-input (an address), refused if nobody approved it in time,
   * or if `accountId` belongs to another user; signed-out, unreachable.
   */
  'accounts.signInWithCode': {
    input: z.object(tokenSignIn),
    progress: z.object({
      code: z.string(),
      enterAt: z.string(),
      page: z.string(),
      endsAtMs: z.number(),
      problem: z.string().nullable(),
    }),
    output: AccountId,
  },
  /** Opens the page of a running `accounts.signInWithCode` in the system's browser. Errors: refused if no sign-in has this code. */
  'accounts.openSignInPage': { input: z.object({ code: z.string().max(64) }), output: nothing },
  /** Signs in on a page that it opens in the system's browser, which then hands the token to the app. Errors: as `accounts.signInWithCode`. */
  'accounts.signInWithBrowser': {
    input: z.object(tokenSignIn),
    progress: z.object({ endsAtMs: z.number() }),
    output: AccountId,
  },
  /** Signs in with a token that the person has. Errors: as `accounts.signInWithCode`; bad-input for what is no token. */
  'accounts.signInWithToken': {
    input: z.object({ ...tokenSignIn, token: z.string().min(1).max(4096) }),
    output: AccountId,
  },
  /**
   * Removes an account and its secret; its service is told to forget an access token, but not waited for for long. Its files stay where
   * they are.
   */
  'accounts.remove': { input: z.object(inAccount), output: nothing },
  /**
   * Allows an account's token to be sent, from now on, to an origin that was refused with `untrusted-host`. What waits for that goes on.
   * Errors: refused if that origin was not refused before.
   */
  'accounts.trust': { input: z.object({ ...inAccount, origin: Origin }), output: nothing },
  /** Withdraws that. What is being read or saved goes on to its end. */
  'accounts.distrust': { input: z.object({ ...inAccount, origin: Origin }), output: nothing },
  /** What is set for an account at its service. Errors: refused if the account has no such settings. */
  'accounts.settings': { input: z.object(inAccount), output: AccountSettings },
  /** Changes some of that. Whether the account `hasTrash` follows. Errors: refused, also for a folder that does not exist. */
  'accounts.changeSettings': { input: AccountSettingsChange.extend(inAccount), output: nothing },
  /** How a stored secret would be protected on this computer. */
  'accounts.secretProtection': { input: z.object({}), output: SecretKeeping.exclude(['session']) },

  /**
   * A new code with which one device is signed in to an account that `canApprove`, on a page of its service; the code before is void.
   * Errors: refused if the account cannot do that.
   */
  'devices.code': { input: z.object(inAccount), output: DeviceCode },
  /** The devices that are signed in to such an account, newest first. Errors: refused. */
  'devices.list': { input: z.object(inAccount), output: z.array(Device) },
  /** Signs a device out. One that is signed out already stays so. Errors: refused. */
  'devices.signOut': { input: z.object({ ...inAccount, deviceId: DeviceId }), output: nothing },

  /**
   * A folder's items, unsorted, and the path from the root to it, both included; the path is null if the service does not report it.
   * The progress is what has come of a long list.
   * `isReload` drops the cache of the account's folders first. Errors: not-found.
   */
  'items.open': {
    input: z.object({ ...inAccount, folderId: ItemId, isReload: z.boolean() }),
    progress: ItemsSoFar,
    output: z.object({ items: ItemColumns, path: z.array(Crumb).nullable() }),
  },
  /** The subfolders of a folder by name, for the tree; cached until they change. Errors: not-found. */
  'items.folders': { input: z.object({ ...inAccount, folderId: ItemId }), output: z.array(Crumb) },
  /** The path from the root to a folder, both included. Errors: not-found. */
  'items.path': { input: z.object({ ...inAccount, folderId: ItemId }), output: z.array(Crumb) },
  /** All items whose name contains the words; supports Put.io's search operators. */
  'items.search': {
    input: z.object({ ...inAccount, query: z.string().max(1024) }),
    progress: ItemsSoFar,
    output: ItemColumns,
  },
  /** Errors: refused, bad-input, not-found. */
  'items.createFolder': {
    input: z.object({ ...inAccount, parentId: ItemId, name: z.string().max(4096) }),
    output: Item,
  },
  /** Errors: refused, bad-input, not-found. */
  'items.rename': { input: z.object({ ...inAccount, itemId: ItemId, name: z.string().max(4096) }), output: Item },
  /** Moves items into a folder, one by one. Returns those that could not be moved. */
  'items.move': {
    input: z.object({ ...inAccount, itemIds: z.array(ItemId).max(maxItemIds), folderId: ItemId }),
    progress: Steps,
    output: z.array(RefusedItem),
  },
  /**
   * Copies items into a folder at the service, one by one, under free names; folders with their contents. It may be the folder that they
   * are in. Returns the copies, those that could not be copied, and why it ended early, if it did. A cancelled request does not tell which
   * copies it has made: ask for a few at a time. Errors: refused if the account copies no items.
   */
  'items.copy': {
    input: z.object({ ...inAccount, itemIds: z.array(ItemId).max(maxCopied), folderId: ItemId }),
    progress: Steps,
    output: z.object({ copyIds: z.array(ItemId), refused: z.array(RefusedItem), problem: z.string().nullable() }),
  },
  /**
   * Unpacks an archive at the service into a new folder beside it, all of it or nothing. Other volumes beside it are used. The progress is
   * in percent, and stays at 0 if the service does not tell. A cancelled request stops it there. Returns the folder, null if the service
   * does not tell it, and what was left out. Errors: not-found, and refused with the reason.
   */
  'items.extract': {
    input: z.object({ ...inAccount, itemId: ItemId, password: z.string().min(1).max(maxPasswordLength).nullable() }),
    progress: Steps,
    output: z.object({
      outcome: z.enum(['unpacked', 'needs-password', 'wrong-password']),
      folderId: ItemId.nullable(),
      note: z.string().nullable(),
    }),
  },
  /**
   * Deletes items, folders with their contents, so that `items.restore` can undo it. They go to the trash of an account that
   * `hasTrash`. Elsewhere they are hidden at once, and deleted for good after ten seconds, or when the app quits. Returns those that
   * could not be deleted.
   */
  'items.delete': {
    input: z.object({ ...inAccount, itemIds: z.array(ItemId).max(maxItemIds) }),
    progress: Steps,
    output: z.array(RefusedItem),
  },
  /**
   * Undoes `items.delete`, the last item first: each comes back to its old folder, or to the nearest one around it that still exists.
   * Returns the folders that they are in now, and those that could not be restored.
   */
  'items.restore': {
    input: z.object({ ...inAccount, itemIds: z.array(ItemId).max(maxItemIds) }),
    progress: Steps,
    output: z.object({ folderIds: z.array(ItemId), refused: z.array(RefusedItem) }),
  },
  /** Deletes items permanently, folders with their contents. Returns those that could not be deleted. */
  'items.deleteForGood': {
    input: z.object({ ...inAccount, itemIds: z.array(ItemId).max(maxItemIds) }),
    progress: Steps,
    output: z.array(RefusedItem),
  },
  /**
   * The items in the trash, newest first; `addedAtMs` is when they were deleted. `folders` has the old path of each below the root,
   * with slashes, all joined by NUL. Errors: refused if the account has no trash.
   */
  'trash.list': { input: z.object(inAccount), output: z.object({ items: ItemColumns, folders: z.string() }) },
  /** Deletes items in the trash permanently. Those that have left it are ignored. Errors: refused if the account has no trash. */
  'trash.delete': { input: z.object({ ...inAccount, itemIds: z.array(ItemId).max(maxItemIds) }), output: nothing },
  /** The feeds that an account follows. Errors: refused if its service has no feeds. The same holds for all that follow. */
  'feeds.list': { input: z.object(inAccount), output: z.array(Feed) },
  /** The entries of a feed that matched, the newest first. Errors: not-found. */
  'feeds.items': { input: z.object({ ...inAccount, feedId: FeedId }), output: z.array(FeedItem) },
  /** What of a feed would be fetched, without adding it. Errors: refused, also if the feed cannot be read. */
  'feeds.preview': { input: FeedFilters.extend({ ...inAccount, address: FeedAddress }), output: FeedPreview },
  /** Follows a feed. With `isFromNowOn`, nothing is fetched that is in it already. Errors: refused, not-found (the folder). */
  'feeds.add': {
    input: FeedChange.extend({ ...inAccount, address: FeedAddress, isFromNowOn: z.boolean() }),
    output: Feed,
  },
  /** Errors: refused, not-found. */
  'feeds.change': { input: FeedChange.extend({ ...inAccount, feedId: FeedId }), output: nothing },
  /** Stops a feed for as long as the person wants. Errors: not-found. */
  'feeds.pause': { input: z.object({ ...inAccount, feedId: FeedId }), output: nothing },
  /** Follows a paused feed again. Errors: not-found. */
  'feeds.resume': { input: z.object({ ...inAccount, feedId: FeedId }), output: nothing },
  /** Removes a feed. What it has fetched stays. Errors: not-found. */
  'feeds.remove': { input: z.object({ ...inAccount, feedId: FeedId }), output: nothing },
  /**
   * Adds a feed again that was removed since the start of the app, from now on, without the list of its entries. It has a new id. Errors:
   * refused if it was not removed here.
   */
  'feeds.restore': { input: z.object({ ...inAccount, feedId: FeedId }), output: Feed },
  /** Fetches an entry again that has failed. Errors: not-found. */
  'feeds.retry': { input: z.object({ ...inAccount, feedId: FeedId, itemId: FeedItemId }), output: nothing },
  /**
   * Who can read an item. Errors: not-found, refused if the account can neither share nor link publicly, or if the item is someone else's.
   * The same holds for the next two.
   */
  'sharing.access': { input: z.object({ ...inAccount, itemId: ItemId }), output: ItemAccess },
  /** Shares an item with exactly these, or with nobody. Errors: not-found, refused. */
  'sharing.share': { input: z.object({ ...inAccount, itemId: ItemId, audience: Audience }), output: nothing },
  /** The public link of an item: the one that it has, or a new one. Errors: not-found, refused. */
  'sharing.makeLink': { input: z.object({ ...inAccount, itemId: ItemId }), output: PublicLink },
  /** Ends a public link for good. One that has ended already stays so. Errors: refused. */
  'sharing.removeLink': { input: z.object({ ...inAccount, linkId: z.number().int() }), output: nothing },
  /** Friends who share with this account. */
  'friends.list': { input: z.object(inAccount), output: z.array(Friend) },

  /** The links in text or HTML, each once, in order of appearance. */
  'links.extract': {
    input: z.object({ text: z.string().max(maxTextLength), html: z.string().max(maxTextLength).nullable() }),
    output: z.array(Link),
  },
  /** Accepts a torrent file. The returned link represents it while the app runs. Errors: bad-input. */
  'links.fromFile': {
    input: z.object({ name: z.string().min(1).max(1024), base64: z.string().max(maxTextLength) }),
    output: TorrentFile,
  },
  /** Keeps links that were not added yet, over a restart. Where secrets cannot be protected, links that may contain some are not kept. */
  'draft.keep': { input: z.object({ text: z.string().max(maxTextLength) }), output: nothing },
  /** Analyzes links without fetching them. Errors: unreachable. */
  'analysis.run': { input: z.object({ ...inAccount, links: z.array(Link).min(1).max(maxLinks) }), output: Analysis },

  /**
   * Adds one transfer per link, in order; a link that cannot be fetched becomes a transfer in Error. Returns the transfers, and the links
   * that the service refused; it fails only if it added none. Errors: refused, not-found (the folder).
   */
  'transfers.add': {
    input: z.object({ ...inAccount, links: z.array(Link).min(1).max(maxLinks), folderId: ItemId }),
    output: z.object({ ids: z.array(TransferId), refused: z.array(RefusedLink) }),
  },
  /**
   * Cancels transfers. They are marked at once and leave the list after `undoMs`, when the service is told; until then,
   * `transfers.keep` takes it back. A seeding one stops seeding; its files stay. One that has already left the list counts as
   * cancelled.
   */
  'transfers.cancel': {
    input: z.object({ ...inAccount, transferIds: z.array(TransferId).max(maxItemIds) }),
    output: nothing,
  },
  /** Takes cancellations back. Returns the transfers for which it is too late. */
  'transfers.keep': {
    input: z.object({ ...inAccount, transferIds: z.array(TransferId).max(maxItemIds) }),
    output: z.array(TransferId),
  },
  /**
   * Retries a failed transfer from where it stopped: its archives are unpacked with `password`, or kept packed if `isUnpacked` is false.
   * On a server that cannot do that, adds the links again and removes the failed transfer from the list. The password is passed to
   * the service and not stored. Errors: refused, not-found.
   */
  'transfers.retry': {
    input: z.object({
      ...inAccount,
      transferId: TransferId,
      password: z.string().min(1).max(1024).nullable(),
      isUnpacked: z.boolean(),
    }),
    output: nothing,
  },
  /**
   * Asks the trackers of a torrent for peers at once. A service may do that only now and then. Errors: not-found, refused, also if the
   * service cannot do it.
   */
  'transfers.reannounce': { input: z.object({ ...inAccount, transferId: TransferId }), output: nothing },

  /**
   * Saves items on this computer: to the folder used last, or to one that the person is asked for. If names are taken there and
   * `conflict` is null, saves nothing and returns them; folders of these names are merged unless both are kept. With `isZip`, the items become one zip. `folder` is null if the person chose none. Errors: not-found.
   */
  'saves.add': {
    input: z.object({
      ...inAccount,
      itemIds: z.array(ItemId).min(1).max(maxSaves),
      target: z.enum(['last', 'ask']),
      conflict: Conflict.nullable(),
      isZip: z.boolean().optional(),
    }),
    progress: Steps,
    output: z.object({ folder: z.string().nullable(), saveIds: z.array(SaveId), taken: z.array(TakenName) }),
  },
  /**
   * Which names of files and folders of this computer are taken in a folder of an account. Errors: bad-input, not-found, refused if the
   * account takes no files.
   */
  'sends.check': {
    input: z.object({ ...inAccount, folderId: ItemId, paths: LocalPaths }),
    output: z.array(TakenName),
  },
  /** Asks the person for files or folders of this computer; none if they choose nothing. */
  'sends.choose': {
    input: z.object({ what: z.enum(['files', 'folders']) }),
    progress: Steps,
    output: z.array(z.string()),
  },
  /**
   * Sends files and folders of this computer up into a folder of an account. Folders are merged with those of the same name unless both are
   * kept; `conflict` says what happens to files whose name is taken. Links are not followed. What cannot be read is listed as failed.
   * Errors: bad-input if nothing can be read, refused.
   */
  'sends.add': {
    input: z.object({ ...inAccount, folderId: ItemId, paths: LocalPaths, conflict: Conflict }),
    output: z.array(SendId),
  },
  /** Stops sends for as long as the person wants. */
  'sends.pause': { input: z.object({ sendIds: z.array(SendId).max(maxItemIds) }), output: nothing },
  /** Continues paused sends, and tries failed ones again. What was sent is not sent again. */
  'sends.resume': { input: z.object({ sendIds: z.array(SendId).max(maxItemIds) }), output: nothing },
  /**
   * Removes sends from the list, and stops them. What was sent stays in the account. For `undoMs`, `sends.keep` takes it back. Returns what
   * they were in the end.
   */
  'sends.remove': { input: z.object({ sendIds: z.array(SendId).max(maxItemIds) }), output: z.array(Send) },
  /** Puts removed sends back into the list, and continues what was running. Returns those for which it is too late. */
  'sends.keep': { input: z.object({ sendIds: z.array(SendId).max(maxItemIds) }), output: z.array(SendId) },

  /** Stops saves for as long as the person wants. What is there already stays. */
  'saves.pause': { input: z.object({ saveIds: z.array(SaveId).max(maxItemIds) }), output: nothing },
  /** Continues paused saves, and tries failed ones again. */
  'saves.resume': { input: z.object({ saveIds: z.array(SaveId).max(maxItemIds) }), output: nothing },
  /**
   * Moves saves in the list. The first in the list get their turn first. Nothing is moved before a save that is no longer in the list.
   */
  'saves.move': { input: z.object({ saveIds: z.array(SaveId).max(maxItemIds), to: SaveMove }), output: nothing },
  /**
   * Removes saves from the list, and stops them. Files that are complete stay; what is not complete is deleted after `undoMs`, or when
   * the app quits. Until then, `saves.keep` takes it back.
   */
  'saves.remove': { input: z.object({ saveIds: z.array(SaveId).max(maxItemIds) }), output: nothing },
  /**
   * Puts removed saves back into the list, and continues what was running. Returns those for which it is too late; finished ones can be
   * put back until the app quits.
   */
  'saves.keep': { input: z.object({ saveIds: z.array(SaveId).max(maxItemIds) }), output: z.array(SaveId) },
  /**
   * Saves something in another folder, which the person is asked for, and removes the save that was to go to the old one; `saves.keep`
   * takes that back. Returns the new save, which has its place in the list; null if they chose no folder. Errors: not-found, refused.
   */
  'saves.elsewhere': {
    input: z.object({ saveId: SaveId }),
    progress: Steps,
    output: z.object({ saveId: SaveId.nullable() }),
  },
  /**
   * Opens a finished save in the system's program for it. What can run code, by its name or its first bytes, is not opened, and neither
   * is a folder: they are shown in their folder. `isOpened` is false for what can run code. Errors: not-found, refused.
   */
  'saves.open': { input: z.object({ saveId: SaveId }), output: z.object({ isOpened: z.boolean() }) },
  /** Shows a save in its folder, in the system's file manager. Errors: not-found. */
  'saves.show': { input: z.object({ saveId: SaveId }), output: nothing },
  /** Starts dragging finished saves, as files, out of the window that has the focus. Errors: refused if they are no longer there. */
  'saves.drag': { input: z.object({ saveIds: z.array(SaveId).min(1).max(maxSaves) }), output: nothing },

  /** Transfers that left the list, newest first. */
  'history.list': { input: z.object(inAccount), output: z.array(HistoryEntry) },
  /** The links of a transfer that left the list, to be added again. They may contain secrets. Errors: not-found. */
  'history.links': { input: z.object({ ...inAccount, entryId: HistoryEntryId }), output: z.array(Link) },
  /** Clears the history of an account; files stay. Returns the time, with which it can be restored. */
  'history.clear': { input: z.object(inAccount), output: z.number() },
  /** Brings back what was cleared at a time. Errors: refused. */
  'history.restore': { input: z.object({ ...inAccount, clearedAtMs: z.number() }), output: nothing },

  /** Players found on this computer, best first. */
  'players.list': { input: z.object({}), output: z.array(Player) },
  /**
   * Plays items in their order, or the films and sounds of a folder, in a player; null means the preferred one, or the first found.
   * With `ask`, one item that was left in the middle is not played: its position is returned instead. Errors: no-player, not-found,
   * refused, untrusted-host.
   */
  'play.items': {
    input: z.object({
      ...inAccount,
      itemIds: z.array(ItemId).max(maxPlayed),
      folderId: ItemId.nullable(),
      playerId: z.string().max(1024).nullable(),
      start: z.enum(['ask', 'position', 'beginning']),
    }),
    output: Started,
  },
  /**
   * Plays the films of a transfer that `canPlay`, or its sounds, while they arrive; what has become an item is played as one, so that its
   * position may be returned instead. Errors: no-player, not-found, refused, untrusted-host.
   */
  'play.transfer': { input: z.object({ ...inAccount, transferId: TransferId }), output: Started },
  /**
   * Puts a link that plays an item on the system's clipboard. It works on this computer, and expires with the app or after 12 hours
   * without use. Errors: not-found, refused, untrusted-host.
   */
  'play.copyLink': { input: z.object({ ...inAccount, itemId: ItemId }), output: nothing },
  /** Marks items as watched or not. Both forget their positions. */
  'playbacks.mark': {
    input: z.object({ ...inAccount, itemIds: z.array(ItemId).max(maxItemIds), isWatched: z.boolean() }),
    output: nothing,
  },

  /**
   * A link of the window's content scheme, `content://<id>/`, which reads one file. GET with one range; what is not played yields at most
   * `maxReadBytes` in all. It expires with the app, or after an hour without use. Errors: refused, not-found, untrusted-host.
   */
  'contents.open': { input: z.object({ ...inAccount, itemId: ItemId, isPlayed: z.boolean() }), output: z.string() },

  /**
   * Opens a file in the system's program for it, from a private copy that is fetched first; the progress is in bytes. What can run code,
   * by its name or its first bytes, is not opened: then the outcome is `runs`. Errors: refused, not-found, untrusted-host.
   */
  'copies.open': {
    input: z.object({ ...inAccount, itemId: ItemId }),
    progress: Steps,
    output: z.object({ outcome: z.enum(['opened', 'runs', 'no-program']) }),
  },
  /** Saves a copy that was changed in another program under a name that the person is asked for; null if they choose none. */
  'copies.saveElsewhere': { input: z.object({ copyId: CopyId }), output: z.object({ path: z.string().nullable() }) },
  /**
   * Sends a copy that was changed in another program up, in place of the file that it was made from. Returns the send. Errors: not-found,
   * refused if the account takes no files.
   */
  'copies.sendUp': { input: z.object({ copyId: CopyId }), output: z.object({ sendId: SendId }) },
  /** Does not mention the last change of a copy again. */
  'copies.dismiss': { input: z.object({ copyId: CopyId }), output: nothing },

  /**
   * Starts dragging files of an account, as real files, out of the window that has the focus: those that are on this disk already, as
   * finished saves or opened copies, and small ones of the service on this computer. Aborting the request before it has begun stops it.
   * The progress is told once, when it begins, with the files. Resolves when the drag has begun or, where the system tells
   * that, when it is over. `rest` are the items that are not here.
   */
  'files.drag': {
    input: z.object({ ...inAccount, itemIds: z.array(ItemId).min(1).max(maxSaves) }),
    progress: z.object({ files: z.array(DraggedFile) }),
    output: z.object({ isDragged: z.boolean(), rest: z.array(ItemId) }),
  },
  /**
   * Puts a text on the system's clipboard and then, once they are here, the files of an account, as real files. What is not here is
   * fetched first; the progress is in bytes. `rest` are the items that cannot be: folders, and what is too large. `names` are those of
   * the files on the clipboard; there are none if something else has been copied in the meantime. Errors: not-found, refused,
   * untrusted-host.
   */
  'files.copy': {
    input: z.object({
      ...inAccount,
      itemIds: z.array(ItemId).min(1).max(maxSaves),
      text: z.string().max(maxTextLength),
    }),
    progress: Steps,
    output: z.object({ names: z.array(z.string()), rest: z.array(ItemId) }),
  },

  /** The stored thumbnail of a file, as WebP; empty if none can be made, null if none was made yet. */
  'thumbnails.find': { input: ThumbnailOf, output: z.instanceof(Uint8Array).nullable() },
  /** Stores a thumbnail that the window made; empty if none can be made. Errors: bad-input. */
  'thumbnails.put': {
    input: z.object({ of: ThumbnailOf, base64: z.base64().max(maxThumbnailLength) }),
    output: nothing,
  },

  /** The paid hosters that the local service uses, sorted by name. */
  'hosters.list': { input: z.object({}), output: z.array(Hoster) },
  /**
   * Adds a paid hoster for the local service, or replaces the credentials for its host. `isKept` stores them: encrypted by the OS if
   * possible, otherwise in a plain private file if `mayBePlain`. Returns all hosters.
   */
  'hosters.put': {
    input: HosterSignIn.extend({ isKept: z.boolean(), mayBePlain: z.boolean() }),
    output: z.array(Hoster),
  },
  /** Removes a paid hoster and its credentials. Returns the remaining ones. */
  'hosters.remove': { input: z.object({ host: HostName }), output: z.array(Hoster) },

  /** Changes some settings. Errors: bad-input. */
  'settings.change': { input: SettingsChange, output: nothing },
  /** Starts the local service again after it failed. Errors: unavailable. */
  'service.restart': { input: z.object({}), output: nothing },
  /** Dismisses a notice. */
  'notices.dismiss': { input: z.object({ id: z.string().max(1024) }), output: nothing },
} satisfies Record<string, { input: z.ZodType; output: z.ZodType; progress?: z.ZodType }>

/** A transfer whose files have arrived in the space. `itemId` is what it became, if the service reported it. */
const Arrival = z.object({
  transferId: TransferId,
  name: z.string(),
  itemId: ItemId.nullable(),
  folderId: ItemId.nullable(),
})

/** Everything the backend sends to every window unasked. */
export const events = {
  'accounts.changed': z.array(Account),
  /** An account's quota; null when it is no longer known. */
  'quota.changed': z.object({ ...inAccount, quota: Quota.nullable() }),
  /**
   * What changed in an account's transfer list since the last event; with `isReset`, the list starts empty. Each transfer is in
   * `arrived` once, when its files have arrived; it may still be listed because it is seeding.
   */
  'transfers.changed': z.object({
    ...inAccount,
    isReset: z.boolean(),
    upserted: z.array(Transfer),
    removed: z.array(TransferId),
    arrived: z.array(Arrival),
  }),
  /** Folders whose content changed. */
  'items.changed': z.object({ ...inAccount, folderIds: z.array(ItemId) }),
  /** What changed in the list of what is saved on this computer; with `isReset`, the list starts empty. */
  'saves.changed': z.object({ isReset: z.boolean(), upserted: z.array(Save), removed: z.array(SaveId) }),
  /** What changed in the list of what is sent up; with `isReset`, the list starts empty. */
  'sends.changed': z.object({ isReset: z.boolean(), upserted: z.array(Send), removed: z.array(SendId) }),
  /** The copies that were changed in other programs and not saved elsewhere. */
  'copies.changed': z.array(Copy),
  /** Links that were not added before the last restart. */
  'draft.changed': z.object({ text: z.string() }),
  /** The person clicked on a notification: what it is about. */
  'place.wanted': z.object({
    accountId: AccountId.nullable(),
    folderId: ItemId.nullable(),
    itemId: ItemId.nullable(),
    transferId: TransferId.nullable(),
    saveId: SaveId.nullable(),
    sendId: SendId.nullable(),
  }),
  /** How far items of an account were played; with `isReset`, that is all. */
  'playbacks.changed': z.object({ ...inAccount, isReset: z.boolean(), upserted: z.array(Playback) }),
  'settings.changed': Settings,
  'service.changed': ServiceState,
  'notices.changed': z.array(Notice),
  /**
   * Links and torrent files from other programs (a `magnet:` link, a second start of the app). They are only offered for analysis, never
   * fetched unasked. `problems` are sentences about files that could not be used.
   */
  'links.offered': z.object({ text: z.string(), files: z.array(TorrentFile), problems: z.array(z.string()) }),
}

type Methods = typeof methods
export type Method = keyof Methods
export type Input<M extends Method> = z.infer<Methods[M]['input']>
export type Output<M extends Method> = z.infer<Methods[M]['output']>
type Events = typeof events
export type EventName = keyof Events
export type EventData<E extends EventName> = z.infer<Events[E]>

/** The progress that a method reports while it runs; never for most. */
export type Progress<M extends Method> = Methods[M] extends { progress: infer P extends z.ZodType } ? z.infer<P> : never

/** A handler's view of its request. */
export interface Request<M extends Method> {
  /** Aborted when the window cancels the request or closes, or when the handler has been silent for too long. */
  signal: AbortSignal
  /** Reports progress to the window. May be called as often as needed. */
  tell(progress: Progress<M>): void
}

/** A handler for every method; a missing one does not compile. */
export type Handlers = { [M in Method]: (input: Input<M>, request: Request<M>) => Promise<Output<M>> }

/** The handlers of the methods of one noun. */
export type HandlersOf<N extends string> = Pick<Handlers, Extract<Method, `${N}.${string}` | N>>
