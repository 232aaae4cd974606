import type { Gate } from '../../../engine/net/gate.ts'
import type { Messages } from '../account/messages.ts'
import type { Database } from '../data/database.ts'
import { number, numberOrNull, type Row, text, textOrNull } from '../data/row.ts'
import { reasonOf } from '../errors/reason.ts'
import { NotFound, Refusal } from '../errors/refusal.ts'
import type { Space } from '../space/space.ts'
import type { FeedEntry } from './feed.ts'
import type { TransferList } from './transfers.ts'

const intervalSeconds = 60 * 60
const maxAtOnce = 8
/** How many entries of each feed are kept in its list. */
const maxItems = 500
const maxFeedBytes = 8 * 1024 * 1024

/** A feed whose new entries are fetched. Source: API v1 §10. */
export interface Subscription {
  id: number
  name: string
  url: string
  doFilters: string
  dontFilters: string
  folderId: number
  isPaused: boolean
  lastAtSeconds: number | null
  nextAtSeconds: number | null
  /** Why the last check failed, or null. */
  reason: string | null
  createdAtSeconds: number
}

/** An entry of a feed that was fetched, or should have been. */
export interface FeedItem {
  id: number
  title: string
  link: string
  transferId: number | null
  detectedAtSeconds: number
}

/** An entry of a feed that nobody follows yet. */
interface PreviewEntry {
  title: string
  isMatch: boolean
}

export type SubscriptionDraft = Pick<
  Subscription,
  'name' | 'url' | 'doFilters' | 'dontFilters' | 'folderId' | 'isPaused'
>

export interface Subscriptions {
  list(): Subscription[]
  get(id: number): Subscription
  /** With `isFromNowOn`, entries that are in the feed already are not fetched. */
  create(draft: SubscriptionDraft, options?: { isFromNowOn?: boolean }): Subscription
  edit(id: number, changes: Partial<SubscriptionDraft>): Subscription
  remove(id: number): void
  /** Entries that matched, the newest first. */
  items(id: number): FeedItem[]
  clearItems(id: number): void
  /**
   * Fetches a feed that nobody follows yet. Returns its entries, the newest first, and whether a subscription with these filters would
   * fetch them. Rejects with a sentence if it cannot be read.
   */
  preview(url: string, filters: Pick<SubscriptionDraft, 'doFilters' | 'dontFilters'>): Promise<PreviewEntry[]>
  /** Adds an entry again that is no longer a transfer. */
  fetchAgain(id: number, itemId: number): void
  /** Checks the feeds that are due, several at once. Resolves when the checks that it started are done. */
  poll(): Promise<void>
}

export interface SubscriptionsOptions {
  db: Database
  userId: number
  gate: Gate
  space: Space
  transfers: TransferList
  messages: Messages
  signal: AbortSignal
  report(error: unknown): void
}

export function createSubscriptions(options: SubscriptionsOptions): Subscriptions {
  const { db, userId, space, report } = options
  const { sql } = db
  const find = sql.prepare('SELECT * FROM subscriptions WHERE user_id = ? AND id = ?')
  const get = (id: number): Subscription => {
    const row = find.get(userId, id)
    if (row === undefined) throw new NotFound(`There is no subscription with the id ${id}.`)
    return toSubscription(row)
  }
  const check = ({ url, name, folderId }: SubscriptionDraft) => {
    checkAddress(url)
    if (name.trim() === '') throw new Refusal('A subscription needs a title.')
    if (space.get(folderId).content !== null) throw new Refusal(`“${space.get(folderId).name}” is not a folder.`)
  }
  const write = (id: number, draft: SubscriptionDraft) => {
    const { name, url, doFilters, dontFilters, folderId, isPaused } = draft
    // A changed subscription is checked again at once.
    sql
      .prepare(
        `UPDATE subscriptions SET name = ?, url = ?, do_filters = ?, dont_filters = ?, folder_id = ?, paused = ?, next_at = NULL
         WHERE user_id = ? AND id = ?`,
      )
      .run(name, url, doFilters, dontFilters, folderId, isPaused ? 1 : 0, userId, id)
  }
  const due = sql.prepare(
    'SELECT * FROM subscriptions WHERE user_id = ? AND paused = 0 AND coalesce(next_at, 0) <= ? ORDER BY next_at, id',
  )
  const inFlight = new Map<number, Promise<void>>()
  // Several at once, so that a feed that does not respond does not delay the others.
  const poll = async () => {
    const started: Promise<void>[] = []
    for (const row of options.signal.aborted ? [] : due.all(userId, nowSeconds())) {
      if (inFlight.size >= maxAtOnce) break
      const subscription = toSubscription(row)
      const { id } = subscription
      if (inFlight.has(id)) continue
      const checked = checkFeed(subscription, options).finally(() => inFlight.delete(id))
      inFlight.set(id, checked)
      started.push(checked)
      // Checks the next one that is due, or this one again if it was changed meanwhile.
      checked.then(pollSoon, () => undefined)
    }
    await Promise.all(started)
  }
  const pollSoon = () => {
    setImmediate(() => poll().catch(report))
  }
  return {
    get,
    poll,
    list: () =>
      sql.prepare('SELECT * FROM subscriptions WHERE user_id = ? ORDER BY id').all(userId).map(toSubscription),
    create: (draft, { isFromNowOn = false } = {}) => {
      check(draft)
      const { lastInsertRowid } = sql
        .prepare('INSERT INTO subscriptions (user_id, name, url, skip, created_at) VALUES (?, ?, ?, ?, ?)')
        .run(userId, draft.name, draft.url, isFromNowOn ? 1 : 0, nowSeconds())
      write(Number(lastInsertRowid), draft)
      pollSoon()
      return get(Number(lastInsertRowid))
    },
    edit: (id, changes) => {
      const next = { ...get(id), ...changes }
      check(next)
      write(id, next)
      pollSoon()
      return get(id)
    },
    items: (id) =>
      sql
        .prepare('SELECT * FROM feed_items WHERE subscription_id = ? ORDER BY id DESC')
        .all(get(id).id)
        .map(toFeedItem),
    clearItems: (id) => {
      db.transact(() => sql.prepare('DELETE FROM feed_items WHERE subscription_id = ?').run(get(id).id))
    },
    preview: async (url, filters) => {
      checkAddress(url)
      const { entries, matches } = await fetchEntries(url, options)
      return entries.map(({ title }) => ({ title, isMatch: matches(title, filters) }))
    },
    fetchAgain: (id, itemId) => {
      const { folderId } = get(id)
      const row = sql.prepare('SELECT * FROM feed_items WHERE subscription_id = ? AND id = ?').get(id, itemId)
      if (row === undefined) throw new NotFound('There is no such entry of the feed.')
      db.transact(() => {
        const [added] = options.transfers.add([toFeedItem(row).link], space.has(folderId) ? folderId : 0)
        sql.prepare('UPDATE feed_items SET transfer_id = ? WHERE id = ?').run(added?.id ?? null, itemId)
      })
    },
    remove: (id) => {
      sql.prepare('DELETE FROM subscriptions WHERE user_id = ? AND id = ?').run(userId, id)
    },
  }
}

/**
 * Checks a feed: new entries that match are added and remembered in one transaction, so that nothing is added twice.
 */
async function checkFeed(subscription: Subscription, options: SubscriptionsOptions): Promise<void> {
  const { db, messages, signal } = options
  const { id, name, url } = subscription
  const written = db.sql.prepare(
    'UPDATE subscriptions SET last_at = ?, next_at = ?, reason = ? WHERE id = ? AND url = ?',
  )
  const now = nowSeconds()
  try {
    const { entries, matches } = await fetchEntries(url, options)
    db.transact(() => {
      written.run(now, now + intervalSeconds, null, id, url)
      addNewEntries(
        subscription,
        entries.filter(({ title }) => matches(title, subscription)),
        options,
      )
    })
  } catch (error) {
    if (signal.aborted) return
    const sentence = reasonOf(error)
    if (sentence === null) options.report(error)
    const reason = sentence ?? 'The service had an internal error while reading this feed.'
    if (subscription.reason !== reason) messages.addNotice(`The subscription “${name}” could not be read: ${reason}`)
    written.run(now, now + intervalSeconds, reason, id, url)
  }
}

function checkAddress(url: string): void {
  const isWeb = URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)
  if (!isWeb) throw new Refusal(`“${url.slice(0, 100)}” is not the address of a feed.`)
}

/** The entries of a feed, and what tells whether a title passes filters. Loads the code for it on first use. */
async function fetchEntries(url: string, { gate, signal }: Pick<SubscriptionsOptions, 'gate' | 'signal'>) {
  const [{ fetchDocument }, { matchesFilters, readFeed }] = await Promise.all([
    import('./fetch/fetch-text.ts'),
    import('./feed.ts'),
  ])
  const feed = await fetchDocument(url, { gate, signal, maxBytes: maxFeedBytes })
  return { entries: await readFeed(feed.text, feed.url), matches: matchesFilters }
}

function addNewEntries(
  subscription: Subscription,
  entries: FeedEntry[],
  { db, transfers, space }: SubscriptionsOptions,
): void {
  const { id, folderId } = subscription
  const markSeen = db.sql.prepare('INSERT OR IGNORE INTO seen_entries (subscription_id, entry) VALUES (?, ?)')
  const still = db.sql.prepare('SELECT skip FROM subscriptions WHERE id = ? AND paused = 0').get(id)
  if (still === undefined) return
  const isSkipping = still.skip === 1
  if (isSkipping) db.sql.prepare('UPDATE subscriptions SET skip = 0 WHERE id = ?').run(id)
  // A feed lists the newest first; they are added in the order of their publication.
  const fresh = entries.filter((entry) => markSeen.run(id, entry.id).changes === 1).reverse()
  for (const { otherId } of entries) markSeen.run(id, otherId)
  if (isSkipping) return
  const links = fresh.map(({ link }) => link)
  const added = links.length === 0 ? [] : transfers.add(links, space.has(folderId) ? folderId : 0)
  const note = db.sql.prepare(
    'INSERT INTO feed_items (subscription_id, title, link, transfer_id, created_at) VALUES (?, ?, ?, ?, ?)',
  )
  for (const { title, link } of fresh) {
    // A torrent file that is a link of its own is not in the links of its transfer.
    const transfer = added.find(({ links: own }) => own.includes(link)) ?? (added.length === 1 ? added[0] : undefined)
    note.run(id, title, link, transfer?.id ?? null, nowSeconds())
  }
  db.sql
    .prepare(
      `DELETE FROM feed_items WHERE subscription_id = ?1 AND id <= (
         SELECT id FROM feed_items WHERE subscription_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ${maxItems})`,
    )
    .run(id)
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}

function toSubscription(row: Row): Subscription {
  return {
    id: number(row, 'id'),
    name: text(row, 'name'),
    url: text(row, 'url'),
    doFilters: text(row, 'do_filters'),
    dontFilters: text(row, 'dont_filters'),
    folderId: number(row, 'folder_id'),
    isPaused: row.paused === 1,
    lastAtSeconds: numberOrNull(row, 'last_at'),
    nextAtSeconds: numberOrNull(row, 'next_at'),
    reason: textOrNull(row, 'reason'),
    createdAtSeconds: number(row, 'created_at'),
  }
}

function toFeedItem(row: Row): FeedItem {
  return {
    id: number(row, 'id'),
    title: text(row, 'title'),
    link: text(row, 'link'),
    transferId: numberOrNull(row, 'transfer_id'),
    detectedAtSeconds: number(row, 'created_at'),
  }
}
