import { setTimeout as wait } from 'node:timers/promises'
import type { Gate } from '../../engine/net/gate.ts'
import { bootId } from '../../engine/part/boot-id.ts'
import type { TorrentEngine } from '../torrent/engine.ts'
import { type Account, type Credentials, createAccount } from './account/account.ts'
import { type Bandwidth, createBandwidth } from './account/bandwidth.ts'
import { type Configs, createConfigs } from './account/configs.ts'
import { createDeviceCodes, type DeviceCodes } from './account/device-codes.ts'
import { createEvents, type Events } from './account/events.ts'
import { createMessages, type Messages } from './account/messages.ts'
import { createDiskQuota, type DiskQuota } from './account/quota.ts'
import { createSettings, type Settings } from './account/settings.ts'
import { createSortOrders, type SortOrders } from './account/sort-orders.ts'
import { createTokens, type Tokens } from './account/tokens.ts'
import { userIds } from './account/users.ts'
import { type Database, openDatabase } from './data/database.ts'
import { isDamageError, isStatementError } from './data/database-file.ts'
import { toFolderError } from './data/folder-error.ts'
import { once } from './once.ts'
import { BackgroundSums } from './space/background-sums.ts'
import { type Content, openContent } from './space/content.ts'
import { createFriends, type Friends, type LocalUser } from './space/friends.ts'
import { type ItemWatch, watchItems } from './space/item-watch.ts'
import { createPublicShares, type PublicShares } from './space/public-shares.ts'
import { recover } from './space/recovery.ts'
import { createShares } from './space/shares.ts'
import { createSpace, type Space } from './space/space.ts'
import { createTrashExpiry } from './space/trash-expiry.ts'
import { createZips, type Zips } from './space/zips.ts'
import { Arrivals } from './transfers/arrivals.ts'
import { createDeliverySlots } from './transfers/delivery.ts'
import { createExtractions, type Extractions } from './transfers/extractions.ts'
import type { Hosters } from './transfers/hosters.ts'
import { createKnownSizes, type KnownSizes } from './transfers/known-sizes.ts'
import { createLoadMeter, type LoadOptions } from './transfers/load.ts'
import { createSubscriptions, type Subscriptions } from './transfers/subscriptions.ts'
import { Swarms } from './transfers/swarms.ts'
import { openTransferRows } from './transfers/transfer-rows.ts'
import { TransferList } from './transfers/transfers.ts'
import { createUploads, receivedBytes, type Uploads } from './uploads/uploads.ts'

/** One user of the service, with their own limits. */
export interface UserOptions extends Credentials {
  /** Null for nine tenths of the volume's free space. */
  diskQuotaBytes: number | null
  bandwidthQuotaBytes: number | null
  activeLimit: number
  largestFileBytes: number | null
  /** The folder in the root that other users may read; null for none. */
  share: string | null
}

export interface CoreOptions {
  folder: string
  users: readonly UserOptions[]
  gate: Gate
  hosters: Hosters
  load: LoadOptions
  /** Creates the torrent engine when the first torrent is added. */
  openTorrents(): Promise<TorrentEngine>
  /** How long after the start the data is copied; 500 by default. The transfers come first. */
  firstCopyAfterMs?: number
  /** After how many days deleted items leave the trash; 0 for never. May change while the service runs. */
  trashDays(): number
  report(error: unknown): void
}

/** The service without HTTP, for one user: their space, transfers and quotas. */
export interface Core {
  account: Account
  space: Space
  friends: Friends
  zips: Zips
  /** The selections of which clients want links. */
  linkSets: Zips
  content: Content
  messages: Messages
  events: Events
  settings: Settings
  configs: Configs
  sortOrders: SortOrders
  transfers: TransferList
  subscriptions: Subscriptions
  uploads: Uploads
  extractions: Extractions
  quota: DiskQuota
  bandwidth: Bandwidth
  gate: Gate
  hosters: Hosters
  torrents(): Promise<TorrentEngine>
  activeLimit: number
  largestFileBytes: number | null
  sizes: KnownSizes
  /** After how many days deleted items leave the trash; 0 for never. */
  trashDays(): number
  /** What transfers will need that they have not reserved yet. */
  queued(): { bytes: number; paidBytes: number }
  report(error: unknown): void
}

/** All users of the service over one data folder. */
export interface Cores {
  users: Core[]
  /** Sign-ins of apps by API v2. */
  tokens: Tokens
  publicShares: PublicShares
  /** Devices that are about to sign in. */
  deviceCodes: DeviceCodes
  /** Counts how often changes were announced, also over restarts: what is answered after a tick is newer than what was announced in it. */
  ticks: { count: number }
  /** Begins to note changes of items. Only one can do so at a time. */
  watchItems(): ItemWatch
  /** What was done about a damaged database, or null. */
  notice: string | null
  report(error: unknown): void
  /** Starts what can wait until the service listens: resumes transfers and cleans up. */
  start(): Promise<void>
  close(): Promise<void>
}

const tickMs = 5000

/** Opens the data folder and wires the parts together. */
export function openCores(options: CoreOptions): Cores {
  const open = (isDamaged: boolean) => {
    const db = openDatabase(options.folder, options.report, { isDamaged })
    try {
      return openWith(db, options)
    } catch (error) {
      db.close()
      throw toFolderError(error, options.folder) ?? error
    }
  }
  try {
    return open(false)
  } catch (error) {
    if (!isDamageError(error) && !isStatementError(error)) throw error
    // SQLite's own checks do not read every word of a schema, or compare every value with its constraint.
    options.report(error)
    return open(true)
  }
}

function openWith(db: Database, options: CoreOptions): Cores {
  const { gate, hosters, report, load, firstCopyAfterMs = 500 } = options
  // Before anything can get the id of an item that is missing.
  const [shares, publicShares] = [createShares(db), createPublicShares(db)]
  const content = openContent(options.folder, db)
  const slots = createDeliverySlots()
  const isBusy = createLoadMeter(load)
  const boot = bootId()
  const stopping = new AbortController()
  const torrents = once(options.openTorrents)
  const ids = userIds(
    db,
    options.users.map(({ user }) => user),
  )
  const withSpaces = options.users.map((user, index) => {
    const userId = ids[index] ?? 0
    const purge = () => space.purge({ eraseContents: content.erase, signal: stopping.signal })
    const purgeSoon = () => {
      setImmediate(() => purge().catch(report))
    }
    const space = createSpace(db, userId, purgeSoon)
    if (user.share !== null && space.findFolder(0, user.share) === null) space.createFolder(user.share, 0)
    return { user, userId, userName: user.user, space, purge, share: user.share }
  })
  const users = withSpaces.map((localUser): Core => {
    const { user, userId, space } = localUser
    const { activeLimit, largestFileBytes } = user
    const messages = createMessages(db, userId)
    const trashBytes = () => space.trash.totals().sizeBytes
    const quota = createDiskQuota(options.folder, user.diskQuotaBytes, {
      storedBytes: space.storedBytes,
      trashBytes,
      uploadedBytes: () => receivedBytes(db, userId),
    })
    const bandwidth = createBandwidth(db, { userId, quotaBytes: user.bandwidthQuotaBytes })
    const rows = openTransferRows(db, userId, report)
    const shared = { db, content, gate, hosters, report, slots, isBusy, torrents: torrents.get, bootId: boot }
    const sizes = createKnownSizes()
    const events = createEvents(db, userId)
    const settings = createSettings(db, userId)
    const own = { rows, events, settings, space, quota, bandwidth, messages, activeLimit, largestFileBytes, sizes }
    const transfers = new TransferList({ ...shared, ...own, arrivals: new Arrivals(), swarms: new Swarms() })
    const addTorrent = (bytes: Uint8Array, folderId: number) => transfers.addTorrent(bytes, folderId)?.id ?? null
    const friends = createFriends(localUser, withSpaces satisfies LocalUser[], shares)
    return {
      ...own,
      account: createAccount(userId, user),
      configs: createConfigs(db, userId),
      sortOrders: createSortOrders(db, userId),
      friends,
      zips: createZips(friends),
      linkSets: createZips(friends),
      content,
      transfers,
      subscriptions: createSubscriptions({ ...shared, ...own, userId, transfers, signal: stopping.signal }),
      uploads: createUploads({ ...shared, ...own, userId, addTorrent }),
      extractions: createExtractions({ ...shared, ...own }),
      gate,
      hosters,
      torrents: torrents.get,
      trashDays: options.trashDays,
      queued: () => transfers.queued(),
      report,
    }
  })
  const notice =
    [db.restored, recoverForFirstUser(db, users, content)].filter((sentence) => sentence !== null).join(' ') || null
  if (notice !== null) {
    try {
      for (const { messages } of users) messages.addNotice(notice)
    } catch (error) {
      // Expected on a full disk. The window shows the notice anyway.
      report(error)
    }
  }
  let ticker: NodeJS.Timeout | null = null
  const spaces = new Map(withSpaces.map(({ userId, space }) => [userId, space]))
  const sums = new BackgroundSums({ db, content, spaces, report })
  const expiredBefore = createTrashExpiry({ wallMs: () => Date.now(), monotonicMs: () => performance.now() })
  const expireTrash = () => {
    const before = expiredBefore(options.trashDays())
    if (before !== null) for (const { space } of withSpaces) space.trash.expire(before).catch(report)
  }
  return {
    users,
    tokens: createTokens(db),
    publicShares,
    deviceCodes: createDeviceCodes(),
    ticks: { count: Date.now() },
    watchItems: () => watchItems(db),
    notice,
    report,
    start: async () => {
      // Space that is promised to uploads is reserved before transfers can take it.
      const uploading = users.map(({ uploads }) => uploads.start())
      for (const { transfers } of users) transfers.start()
      expireTrash()
      ticker = setInterval(() => {
        for (const { transfers, subscriptions, uploads } of users) {
          transfers.tick()
          subscriptions.poll().catch(report)
          uploads.expire().catch(report)
        }
        expireTrash()
        sums.work()
        for (const { purge } of withSpaces) purge().catch(report)
        db.backUp().catch(report)
      }, tickMs)
      await Promise.all(uploading.map((finished) => finished.catch(report)))
      // Neither failure should stop the service: on a full disk, both are retried later.
      await content.cleanUp().catch(report)
      await wait(firstCopyAfterMs, undefined, { signal: stopping.signal }).catch(() => undefined)
      if (!stopping.signal.aborted) await db.backUp().catch(report)
    },
    close: async () => {
      if (ticker !== null) clearInterval(ticker)
      stopping.abort(new Error('The service is stopping.'))
      await sums.stop()
      await Promise.all(
        users.flatMap(({ transfers, uploads, extractions }) => [transfers.stop(), uploads.stop(), extractions.stop()]),
      )
      await Promise.all(withSpaces.map(({ purge }) => purge().catch(report)))
      await db.copyFinished().catch(report)
      await torrents.opened()?.then((engine) => engine.close())
      db.close()
    },
  }
}

/** Orphaned content goes to the first user. */
function recoverForFirstUser(db: Database, users: readonly Core[], content: Content): string | null {
  const [first] = users
  return first === undefined ? null : recover(db, first.space, content)
}
