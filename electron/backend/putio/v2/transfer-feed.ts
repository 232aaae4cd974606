import { AppError } from '../../../../shared/errors.ts'
import type { Item, ItemId } from '../../../../shared/item.ts'
import type { TransferId } from '../../../../shared/transfer.ts'
import type {
  AnnouncedChanges,
  LeftTransfer,
  ListedTransfer,
  RememberedTransfer,
  TransferChanges,
  TransferFeed,
} from '../transfer-feed.ts'
import type { TransferNews } from './socket.ts'
import type { V2Transfer } from './transfers.ts'

/** Announcements come late by seconds, not by thousands of transfers. */
const maxEnded = 10_000

/** How far the clocks of the service and this computer may be apart. */
const clockSkewMs = 60_000

/** What a v2 server lists. */
export interface TransferPage {
  transfers: V2Transfer[]
  /** The ids of those whose row could not be parsed; null if that is not known either. */
  unread: readonly (TransferId | null)[]
  /** Orders it among announcements of our own service; null elsewhere. */
  tick: number | null
}

/** A transfer that has ended well, as the service's list of events tells it. */
export interface CompletedTransfer {
  /** The link that it was made from, and its name; empty if they are not told. */
  link: string
  name: string
  atMs: number
  itemId: ItemId | null
  sizeBytes: number | null
}

/** The requests that the feed makes to a v2 server, and what it needs to know. */
export interface V2TransferFeedOptions {
  /** The transfers, with those that have finished since a time, or all if it is null. */
  list(finishedAfterMs: number | null): Promise<TransferPage>
  item(itemId: ItemId): Promise<Item>
  /** The transfers that have ended well lately, newest first; none if the service does not tell. */
  completed(): Promise<CompletedTransfer[]>
  /** Transfers that were listed or added here and have not left yet. */
  remembered(): readonly RememberedTransfer[]
}

/**
 * Reports what v2 lists. Finished transfers stay in its list until they are cleared, here they leave it at once. One that is not
 * listed any more was cleared: as finished if it was cancelled while it was only being seeded, or if an event of the service says so, as
 * cancelled otherwise.
 */
export class V2TransferFeed implements TransferFeed {
  readonly #options: V2TransferFeedOptions
  /** The last known row of each transfer. */
  readonly #seen = new Map<TransferId, V2Transfer>()
  /** Those that finished before are known: their end was reported. */
  #finishedAfterMs: number | null = null
  /** Folders in which files of transfers that are still seeded have arrived, and were reported. */
  readonly #touched = new Set<TransferId>()
  /** What was announced and not reported yet; null for one that is gone. */
  readonly #news = new Map<TransferId, TransferNews>()
  /** What was announced since the list was asked for, which may be newer than the answer; null while it is not. */
  #meanwhile: Map<TransferId, TransferNews> | null = null
  /** True if something was announced that may be late. */
  #isDoubtful = false
  /** Of the last answer. */
  #tick: number | null = null
  /** Those that have ended, of which an announcement that comes late says nothing new. */
  readonly #ended = new Set<TransferId>()

  constructor(options: V2TransferFeedOptions) {
    this.#options = options
  }

  /** Takes in what the service has announced of a transfer. */
  note(news: TransferNews): void {
    const { id, tick } = news
    const isOld = tick !== null && this.#tick !== null && tick <= this.#tick
    if (isOld || this.#ended.has(id)) return
    const seen = this.#seen.get(id)
    // Without an order, what goes backwards may only be late: the list has to tell.
    if (tick === null && news.row !== null && seen !== undefined && isBehind(news.row, seen)) {
      this.#isDoubtful = true
      return
    }
    this.#news.set(id, news)
    this.#meanwhile?.set(id, news)
  }

  announced(): AnnouncedChanges | null {
    const isSure = !this.#isDoubtful
    this.#isDoubtful = false
    if (this.#news.size === 0 && isSure) return null
    const news = [...this.#news.values()]
    this.#news.clear()
    const remembered = new Map(this.#options.remembered().map((one) => [one.transferId, one]))
    const listed: V2Transfer[] = []
    const left: LeftTransfer[] = []
    const goneIds: TransferId[] = []
    for (const { id, row } of news) {
      const past = remembered.get(id)
      const seen = this.#seen.get(id)
      if (row !== null && !row.isFinished) {
        listed.push(row)
        this.#seen.set(id, row)
        continue
      }
      goneIds.push(id)
      this.#end(id)
      if (past !== undefined)
        left.push(row === null ? this.#toCleared(past, seen) : toFinished(past, row, row.sizeBytes))
    }
    return { listed: listed.map(toListed), left, goneIds, touchedFolderIds: this.#touchedBy(listed), isSure }
  }

  async changes(): Promise<TransferChanges> {
    this.#meanwhile = new Map()
    try {
      return await this.#fetch(this.#meanwhile)
    } finally {
      this.#meanwhile = null
    }
  }

  async #fetch(meanwhile: ReadonlyMap<TransferId, TransferNews>): Promise<TransferChanges> {
    const earlier = new Map(this.#news)
    const wasRemembered = new Set(this.#options.remembered().map(({ transferId }) => transferId))
    let { transfers, unread, tick } = await this.#options.list(this.#finishedAfterMs)
    const ids = new Set(transfers.map(({ id }) => id))
    const isMissing = [...wasRemembered].some((id) => !ids.has(id))
    // It may have finished earlier than the last one that is known.
    if (this.#finishedAfterMs !== null && isMissing) ({ transfers, unread, tick } = await this.#options.list(null))
    const listedIds = new Set(transfers.map(({ id }) => id))
    const isUnread = (id: TransferId) => unread.some((one) => one === null || one === id)
    // What was never seen has left while the app was closed. Only events can tell how.
    const isUnseen = [...wasRemembered].some((id) => !listedIds.has(id) && !isUnread(id) && !this.#seen.has(id))
    const completed = isUnseen ? await this.#options.completed() : []
    // What was announced before is older than the answer.
    for (const [id, news] of earlier) if (this.#news.get(id) === news) this.#news.delete(id)
    this.#tick = tick
    const byId = new Map(transfers.map((transfer) => [transfer.id, transfer]))
    for (const id of byId.keys()) if (byId.get(id)?.isFinished === false) this.#ended.delete(id)
    // Without an order, what was announced meanwhile may be older than the answer: it is shown, and the list fetched once more.
    let isSure = true
    for (const { id, row, tick: at } of meanwhile.values()) {
      const isOld = at !== null && tick !== null && at <= tick
      isSure &&= at !== null && tick !== null
      if (isOld) this.#news.delete(id)
      if (isOld || byId.get(id)?.isFinished === true) continue
      if (row === null) byId.delete(id)
      else byId.set(id, row)
    }
    transfers = [...byId.values()]
    const left: LeftTransfer[] = []
    const kept: V2Transfer[] = []
    // As it is now: the end of some was announced meanwhile, and is recorded.
    for (const remembered of this.#options.remembered()) {
      const { transferId: id } = remembered
      const row = byId.get(id)
      if (row?.isFinished === true)
        left.push(toFinished(remembered, row, row.sizeBytes ?? (await this.#sizeOf(row.itemId))))
      // One that was added meanwhile may be newer than the answer.
      if (row !== undefined || !wasRemembered.has(id)) continue
      const seen = this.#seen.get(id)
      if (isUnread(id)) kept.push(...(seen === undefined ? [] : [seen]))
      else {
        const event = seen === undefined ? takeEvent(completed, remembered) : null
        left.push(event === null ? this.#toCleared(remembered, seen) : toCompleted(remembered, event))
        this.#end(id)
      }
    }
    for (const { id, isFinished } of transfers) if (isFinished) this.#end(id)
    const listed = [...transfers.filter(({ isFinished }) => !isFinished), ...kept]
    this.#seen.clear()
    for (const transfer of listed) this.#seen.set(transfer.id, transfer)
    const touchedFolderIds = this.#touchedBy(listed)
    for (const id of this.#touched) if (!this.#seen.has(id)) this.#touched.delete(id)
    // Times are whole seconds, and another one may finish in the same.
    const lastMs = Math.max(0, ...transfers.map(({ finishedAtMs }) => finishedAtMs ?? 0))
    if (lastMs > 0) this.#finishedAfterMs = Math.max(this.#finishedAfterMs ?? 0, lastMs - 1000)
    return {
      listed: listed.map(toListed),
      left,
      touchedFolderIds,
      isSure,
    }
  }

  #end(id: TransferId): void {
    this.#seen.delete(id)
    this.#news.delete(id)
    this.#ended.add(id)
    const [oldest] = this.#ended
    if (this.#ended.size > maxEnded && oldest !== undefined) this.#ended.delete(oldest)
  }

  /** The folders in which something has arrived that had not before. */
  #touchedBy(listed: readonly V2Transfer[]): ItemId[] {
    const arrived = listed.filter(({ id, hasArrived }) => hasArrived && !this.#touched.has(id))
    for (const { id } of arrived) this.#touched.add(id)
    return [...new Set(arrived.flatMap(({ folderId }) => folderId ?? []))]
  }

  #toCleared(remembered: RememberedTransfer, seen: V2Transfer | undefined): LeftTransfer {
    const hasArrived = seen?.hasArrived === true && seen.failure === null
    return {
      ...pastOf(remembered, seen),
      outcome: hasArrived ? 'finished' : 'cancelled',
      sizeBytes: seen?.sizeBytes ?? null,
      itemId: hasArrived ? seen.itemId : null,
      note: null,
    }
  }

  async #sizeOf(itemId: ItemId | null): Promise<number | null> {
    if (itemId === null) return null
    try {
      return (await this.#options.item(itemId)).sizeBytes
    } catch (error) {
      // It may be deleted by now, and its size is only for the history.
      if (error instanceof AppError) return null
      throw error
    }
  }
}

/** The order in which transfers pass through the statuses. Source: API v2 §9.2. */
const course = [
  'WAITING',
  'IN_QUEUE',
  'WAITING_FOR_DOWNLOADER',
  'PREPARING_DOWNLOAD',
  'DOWNLOADING',
  'WAITING_FOR_COMPLETE_QUEUE',
  'COMPLETING',
  'PREPARING_SEED',
  'SEEDING',
  'STOPPING',
  'COMPLETED',
]

/** True if a transfer would go back in its course, or to or from an error: it can be tried again. */
function isBehind(row: V2Transfer, seen: V2Transfer): boolean {
  if (row.status === 'error' || seen.status === 'error') return row.status !== seen.status
  const [at, before] = [course.indexOf(row.word), course.indexOf(seen.word)]
  return at < before || (at === before && row.percentDone < seen.percentDone)
}

function toFinished(remembered: RememberedTransfer, row: V2Transfer, sizeBytes: number | null): LeftTransfer {
  return {
    ...pastOf(remembered, row),
    outcome: 'finished',
    sizeBytes,
    itemId: row.itemId,
    note: row.note ?? row.reason,
  }
}

/** Takes the event of a transfer out of a list; null if there is none. */
function takeEvent(events: CompletedTransfer[], remembered: RememberedTransfer): CompletedTransfer | null {
  const { links, name, atMs } = remembered
  if (atMs === undefined) return null
  const at = events.findIndex((event) => {
    const isSame = links.length > 0 && event.link !== '' ? links.includes(event.link) : event.name === name
    // An earlier one is of another transfer of the same link.
    return isSame && event.atMs >= atMs - clockSkewMs
  })
  return at === -1 ? null : (events.splice(at, 1)[0] ?? null)
}

function toCompleted(remembered: RememberedTransfer, event: CompletedTransfer): LeftTransfer {
  const past = pastOf(remembered, undefined)
  const { name, sizeBytes, itemId } = event
  return { ...past, name: name === '' ? past.name : name, outcome: 'finished', sizeBytes, itemId, note: null }
}

function pastOf(
  { transferId, name, links, folderId }: RememberedTransfer,
  row: V2Transfer | undefined,
): Pick<LeftTransfer, 'transferId' | 'name' | 'links' | 'folderId'> {
  return {
    transferId,
    name: row?.name ?? name,
    folderId: row?.folderId ?? folderId,
    links: [...(row !== undefined && row.links.length > 0 ? row.links : links)],
  }
}

function toListed({
  isFinished: _finished,
  finishedAtMs: _at,
  note: _note,
  word: _word,
  ...listed
}: V2Transfer): ListedTransfer {
  return listed
}
