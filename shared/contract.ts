import * as z from 'zod'
import { Account, AccountId, Friend, Quota, SecretKeeping } from './account.ts'
import { Analysis, Link, TorrentFile } from './analysis.ts'
import { Hoster, HosterSignIn } from './hoster.ts'
import { Crumb, Item, ItemColumns, ItemId } from './item.ts'
import { maxItemIds, maxLinks, maxTextLength } from './limits.ts'
import { HostName, Settings, SettingsChange } from './settings.ts'
import { HistoryEntry, Transfer, TransferId } from './transfer.ts'

const inAccount = { accountId: AccountId }
const nothing = z.null()

/** Why one of several items failed; the others succeeded. */
export const RefusedItem = z.object({ itemId: ItemId, sentence: z.string() })
export type RefusedItem = z.infer<typeof RefusedItem>

/** A player on this computer that can open streams. */
export const Player = z.object({ id: z.string(), name: z.string() })
export type Player = z.infer<typeof Player>

/** How the local service is doing. */
export const ServiceState = z.object({
  state: z.enum(['off', 'starting', 'running', 'restarting', 'failed', 'unavailable']),
  /** Why it is not running, and what to do, in one sentence. */
  problem: z.string().nullable(),
})
export type ServiceState = z.infer<typeof ServiceState>

/** Something the person should know that has no other place, such as a damaged settings file that was restored. */
export const Notice = z.object({ id: z.string(), sentence: z.string() })
export type Notice = z.infer<typeof Notice>

/** The progress of an action on many items. */
export const Steps = z.object({ done: z.number().int(), total: z.number().int() })
export type Steps = z.infer<typeof Steps>

/**
 * All that a window may ask of the backend. Every method can also fail with `internal`, `cancelled` and `bad-input`, and those that ask an
 * account's service with `signed-out`, `unreachable`, or `not-found` where there is no such account. A service that cannot tell that an item
 * or a transfer is missing gives `refused` in place of `not-found`; Putdesk's own can. `progress` is what a long one tells while it runs.
 */
export const methods = {
  /** Sends all pushed state again, as events. */
  sync: { input: z.object({}), output: nothing },

  /** Starts the local service and adds it as an account. Errors: unavailable. */
  'accounts.addThisComputer': { input: z.object({}), output: AccountId },
  /**
   * Adds a server that speaks API v1, after one verifying call; with `accountId`, signs that account in again. `isKept` asks for
   * the secret to outlive the app: by the OS's protection where there is one, else in a plain private file if `mayBePlain`.
   * Errors: bad-input, signed-out (with the server's own sentence), unreachable; refused where `accountId` is another user's.
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
  /** Removes an account and forgets its secret. What the account holds stays where it is. */
  'accounts.remove': { input: z.object(inAccount), output: nothing },
  /** How a secret kept on this computer would be protected here. */
  'accounts.secretProtection': { input: z.object({}), output: SecretKeeping.exclude(['session']) },

  /**
   * A folder's items, unsorted, and the path to it from the root, both included; the path is null where the service does not tell.
   * With `isReload`, whatever is remembered of the account's folders is asked for again. Errors: not-found.
   */
  'items.open': {
    input: z.object({ ...inAccount, folderId: ItemId, isReload: z.boolean() }),
    output: z.object({ items: ItemColumns, path: z.array(Crumb).nullable() }),
  },
  /** The folders in a folder, by name, for the tree; remembered until they change. Errors: not-found. */
  'items.folders': { input: z.object({ ...inAccount, folderId: ItemId }), output: z.array(Crumb) },
  /** The path from the root to a folder, both included. Errors: not-found. */
  'items.path': { input: z.object({ ...inAccount, folderId: ItemId }), output: z.array(Crumb) },
  /** Items of the whole space whose name holds the words; understands Put.io's search operators. */
  'items.search': { input: z.object({ ...inAccount, query: z.string().max(1024) }), output: ItemColumns },
  /** Errors: refused, bad-input, not-found. */
  'items.createFolder': {
    input: z.object({ ...inAccount, parentId: ItemId, name: z.string().max(4096) }),
    output: Item,
  },
  /** Errors: refused, bad-input, not-found. */
  'items.rename': { input: z.object({ ...inAccount, itemId: ItemId, name: z.string().max(4096) }), output: Item },
  /** Moves items into a folder one after the other; answers with those that could not be moved. */
  'items.move': {
    input: z.object({ ...inAccount, itemIds: z.array(ItemId).max(maxItemIds), folderId: ItemId }),
    progress: Steps,
    output: z.array(RefusedItem),
  },
  /** Deletes items for good, folders with all they hold; answers with those that could not be deleted. */
  'items.delete': {
    input: z.object({ ...inAccount, itemIds: z.array(ItemId).max(maxItemIds) }),
    progress: Steps,
    output: z.array(RefusedItem),
  },
  /** Friends who share with this account. */
  'friends.list': { input: z.object(inAccount), output: z.array(Friend) },

  /** The links in text or in a piece of HTML, each once, in order of appearance. */
  'links.extract': {
    input: z.object({ text: z.string().max(maxTextLength), html: z.string().max(maxTextLength).nullable() }),
    output: z.array(Link),
  },
  /** Takes a torrent file; what it answers with stands for it as a link while the app runs. Errors: bad-input. */
  'links.fromFile': {
    input: z.object({ name: z.string().min(1).max(1024), base64: z.string().max(maxTextLength) }),
    output: TorrentFile,
  },
  /** Put.io's report on links. Nothing is fetched. Errors: unreachable. */
  'analysis.run': { input: z.object({ ...inAccount, links: z.array(Link).min(1).max(maxLinks) }), output: Analysis },

  /** Adds one transfer per link, in order; a link that cannot be fetched becomes a transfer in Error. Errors: refused, not-found (the folder). */
  'transfers.add': {
    input: z.object({ ...inAccount, links: z.array(Link).min(1).max(maxLinks), folderId: ItemId }),
    output: z.array(TransferId),
  },
  /**
   * Removes transfers from the list permanently. A seeding one stops seeding; its files stay. One that has already left the list counts
   * as cancelled.
   */
  'transfers.cancel': {
    input: z.object({ ...inAccount, transferIds: z.array(TransferId).max(maxItemIds) }),
    progress: Steps,
    output: nothing,
  },
  /**
   * Tries a failed transfer again from what is left of it: its archives with `password`, or, without `isUnpacked`, kept as they
   * are. A server that cannot do that has the links added again, and the failed transfer taken off the list. The password is
   * handed to the service and kept nowhere. Errors: refused, not-found.
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

  /** Transfers that left the list, newest first. */
  'history.list': { input: z.object(inAccount), output: z.array(HistoryEntry) },
  /** Forgets the history of an account; files stay. */
  'history.clear': { input: z.object(inAccount), output: nothing },

  /** Players found on this computer, best first. */
  'players.list': { input: z.object({}), output: z.array(Player) },
  /**
   * Hands an item's stream to a player; null: the person's choice, else the first found. Answers with its name. A stream on a host
   * that is not the account's own is refused with `untrusted-host`; asked again with `isHostTrusted`, the account's token goes to the
   * host that was named then, now and later. Errors: no-player, not-found, untrusted-host.
   */
  'play.item': {
    input: z.object({
      ...inAccount,
      itemId: ItemId,
      playerId: z.string().max(1024).nullable(),
      isHostTrusted: z.boolean(),
    }),
    output: z.string(),
  },

  /** The paid hosters that the local service uses, by name. */
  'hosters.list': { input: z.object({}), output: z.array(Hoster) },
  /**
   * Has the local service use a paid hoster from now on, in place of what was stored for the host. `isKept` asks for it to outlive
   * the app: by the OS's protection where there is one, else in a plain private file if `mayBePlain`. Answers with all hosters.
   */
  'hosters.put': {
    input: HosterSignIn.extend({ isKept: z.boolean(), mayBePlain: z.boolean() }),
    output: z.array(Hoster),
  },
  /** Forgets a paid hoster. Answers with those that are left. */
  'hosters.remove': { input: z.object({ host: HostName }), output: z.array(Hoster) },

  /** Changes some settings. Errors: bad-input. */
  'settings.change': { input: SettingsChange, output: nothing },
  /** Starts the local service again after it failed. Errors: unavailable. */
  'service.restart': { input: z.object({}), output: nothing },
  /** The person has dismissed a notice. */
  'notices.dismiss': { input: z.object({ id: z.string().max(1024) }), output: nothing },
} satisfies Record<string, { input: z.ZodType; output: z.ZodType; progress?: z.ZodType }>

/** A transfer whose files have arrived: they are in the space. `itemId` is what it became, when the service told. */
const Arrival = z.object({
  transferId: TransferId,
  name: z.string(),
  itemId: ItemId.nullable(),
  folderId: ItemId.nullable(),
})

/** All that the backend tells every window by itself. */
export const events = {
  'accounts.changed': z.array(Account),
  /** An account's quota; null when it is no longer known. */
  'quota.changed': z.object({ ...inAccount, quota: Quota.nullable() }),
  /**
   * What changed in an account's transfer list since the last one sent; `isReset` starts from nothing. Each transfer is in `arrived`
   * once, when its files have arrived, whether it is still listed, because it is shared, or not.
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
  'settings.changed': Settings,
  'service.changed': ServiceState,
  'notices.changed': z.array(Notice),
  /**
   * Links and torrent files that came from outside (a `magnet:` link, a second start of the app): only shown for analysis, never
   * fetched unasked. `problems` are sentences on files that could not be taken.
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

/** What a handler has of the request it answers. */
export interface Request<M extends Method> {
  /** Aborted when the window cancels the request or closes, or when nothing was heard of it for too long. */
  signal: AbortSignal
  /** Reports progress to the window. May be called as often as needed. */
  tell(progress: Progress<M>): void
}

/** A handler for every method; a missing one does not compile. */
export type Handlers = { [M in Method]: (input: Input<M>, request: Request<M>) => Promise<Output<M>> }

/** The handlers of the methods that begin with a noun. */
export type HandlersOf<N extends string> = Pick<Handlers, Extract<Method, `${N}.${string}` | N>>
