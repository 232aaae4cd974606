import { Activities } from './activities.ts'
import { type DeliveryOptions, deliver, heldBytes, isAsFetched, isHere } from './delivery.ts'
import { FetchTurns, freeTurn, type Turn } from './fetch-turns.ts'
import { type FetchingOptions, fetchTransfer } from './fetching.ts'
import { addRows, whyNotAny } from './new-transfers.ts'
import { reasonsOf, whyStill } from './queue-reasons.ts'
import { failureOf, reasonOf } from './reason.ts'
import { NotFound, Refusal } from './refusal.ts'
import { whenThereIsRoom } from './room.ts'
import { holdsSlot, type Status, type Transfer } from './transfer.ts'

export interface TransfersOptions extends FetchingOptions, DeliveryOptions {
  /** How many may be active while the load is high. Source: API v1 §7.4. */
  activeLimit: number
  isBusy: () => boolean
  /** Told of faults that have no sentence. */
  report: (fault: unknown) => void
}

/** Longer than most servers and torrents take to begin. */
const stillAfterMs = 10_000

/** The transfers of one user: the only writer of their rows. Every change that was answered survives a crash. */
export class TransferList {
  readonly #options: TransfersOptions
  readonly #live = new Map<number, Transfer>()
  readonly #turns = new FetchTurns()
  readonly #fetching: Activities
  readonly #delivering: Activities
  readonly #leaving = new Set<Promise<void>>()
  readonly #stopping = new AbortController()
  #heldAtVersion = -1

  constructor(options: TransfersOptions) {
    this.#options = options
    const { report } = options
    const onEnd = () => this.advance()
    this.#fetching = new Activities({ onEnd, report })
    this.#delivering = new Activities({ onEnd, report })
  }

  /** Oldest first, each with the reason why it stands still, if it does. */
  list(): Transfer[] {
    const isOwn = (transfer: Transfer) => this.#live.get(transfer.id) === transfer
    const all = this.#all()
    const waiting = all.filter(({ status }) => status === 'waiting')
    const { turns: delivering, activeLimit } = this.#options
    const why = reasonsOf({ fetching: this.#turns, delivering, isOwn, waiting, activeLimit })
    return all.map((transfer) => {
      const reason = why(transfer)
      return reason === transfer.reason ? transfer : { ...transfer, reason }
    })
  }

  /** Takes up every transfer where it was left. */
  start(): void {
    const transfers = this.#options.rows.all()
    for (const transfer of transfers) this.#live.set(transfer.id, transfer)
    // What was promised before is promised again, before anyone else asks.
    for (const transfer of transfers) this.#promiseAgain(transfer)
    for (const transfer of transfers) attempt(() => this.#takeUp(transfer), this.#options.report)
    this.advance()
  }

  /** Adds one transfer a link, in order, the parts of one archive as one; those that cannot be fetched are there in Error. */
  add(links: readonly string[], folderId: number): Transfer[] {
    const { space } = this.#options
    if (space.get(folderId).content !== null) throw new Refusal(`“${space.get(folderId).name}” is not a folder.`)
    const added = addRows(links, folderId, this.#options)
    for (const transfer of added) this.#live.set(transfer.id, transfer)
    this.advance()
    return added
  }

  /**
   * Takes a transfer off the list for good, whatever it is doing. One that is only shared any more leaves its content in the space;
   * if that is still on its way there, it only stops being shared.
   */
  cancel(id: number): Transfer {
    const { db, rows, content } = this.#options
    const transfer = this.#get(id)
    const reason = new Refusal('The transfer was cancelled.')
    if (transfer.isSharing && transfer.stage === 'delivering') {
      this.#afterwards(() => this.#fetching.stop(id, reason))
      this.#endSharing(transfer)
      return transfer
    }
    const settled = settledOf(transfer)
    db.transact(() => {
      rows.remove(id)
      this.#giveBack(transfer)
      content.noteRemovals(settled)
    })
    // Only what is written down is stopped: on a full disk it goes on, and the person hears why.
    this.#live.delete(id)
    this.#afterwards(async () => {
      await Promise.all([this.#fetching.stop(id, reason), this.#delivering.stop(id, reason)])
      await content.removeWork(transfer.content)
      this.#options.quota.release(id)
      await content.remove(settled)
      this.advance()
    })
    return transfer
  }

  /** Tries a failed transfer again, from what is left of it; its archives with a password, or as they are. */
  retry(id: number, { password, isUnpacked }: { password: string | null; isUnpacked: boolean }): Transfer {
    const { db, content } = this.#options
    const transfer = this.#get(id)
    const { stage, status, failure } = transfer
    if (status !== 'error' && stage !== 'undelivered') throw new Refusal(`“${transfer.name}” has not failed.`)
    // Another look at the same bytes would not mend them.
    const isLost = isUnpacked && password === null && failure === 'damaged' && !transfer.isSharing
    const changes = { isUnpacked, failure: null, reason: null, password: password ?? transfer.password }
    if (stage === 'undelivered' && !isLost) {
      const next = transfer.isSharing ? 'seeding' : 'in-complete-queue'
      this.#setNow(transfer, next, { ...changes, stage: 'delivering', deliveryStatus: 'in-complete-queue' })
      this.#deliver(transfer, { hasWaited: true })
      return transfer
    }
    if (transfer.kind === 'links' && transfer.links.length === 0)
      throw new Refusal('The links of this transfer are no longer known. Add them again.')
    const reason = whyNotAny(transfer.links, this.#options.hosters)
    if (reason !== null) throw new Refusal(reason)
    const settled = settledOf(transfer)
    db.transact(() => {
      this.#setNow(transfer, 'waiting', { ...changes, stage: 'fetching', ...unfetched(transfer) })
      content.noteRemovals(settled)
    })
    this.#afterwards(() => content.remove(settled))
    this.advance()
    return transfer
  }

  /**
   * Lets waiting transfers go on, oldest first, as far as the limits allow. Never throws: what was done before is acknowledged all the
   * same, and where a full disk is in the way this is done at the next occasion.
   */
  advance(): void {
    if (!this.#isStopped) attempt(() => this.#advance(), this.#options.report)
  }

  #advance(): void {
    const { isBusy, activeLimit, db } = this.#options
    const active = this.#all().filter((transfer) => holdsSlot(transfer.status) && !this.#isStill(transfer)).length
    const slots = isBusy() ? Math.max(0, activeLimit - active) : Number.POSITIVE_INFINITY
    const next = this.#all()
      .filter(({ status }) => status === 'waiting')
      .slice(0, slots)
    if (next.length > 0) {
      db.transact(() => {
        for (const transfer of next) this.#options.rows.save({ ...transfer, status: 'in-queue' })
      })
      for (const transfer of next) transfer.status = 'in-queue'
    }
    setImmediate(() => attempt(() => this.#startQueued(), this.#options.report))
  }

  /** True for one that has not moved for a while: it is no burden, and those in line need not wait for it. */
  #isStill(transfer: Transfer): boolean {
    return transfer.stage === 'fetching' && this.#turns.of(transfer).stillMs(transfer) >= stillAfterMs
  }

  /** What is done every few seconds. */
  tick(): void {
    this.advance()
    const version = this.#options.space.version()
    if (version === this.#heldAtVersion) return
    this.#heldAtVersion = version
    for (const transfer of this.#live.values()) {
      // The person may have deleted what is still being shared: then the transfer alone holds it.
      if (transfer.isSharing && transfer.stage === 'delivered') this.#hold(transfer)
    }
  }

  /** Stops everything where it is, so that it can be taken up again. */
  async stop(): Promise<void> {
    const reason = new Refusal('The service is stopping.')
    this.#stopping.abort(reason)
    await Promise.all([this.#fetching.stopAll(reason), this.#delivering.stopAll(reason)])
    await Promise.all(this.#leaving)
    attempt(() => this.#options.rows.flush(), this.#options.report)
  }

  #all(): Transfer[] {
    return [...this.#live.values()]
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted
  }

  #get(id: number): Transfer {
    const transfer = this.#live.get(id)
    if (transfer === undefined) throw new NotFound(`There is no transfer with the id ${id}.`)
    return transfer
  }

  #promiseAgain(transfer: Transfer): void {
    const { quota } = this.#options
    if (transfer.stage !== 'fetching') {
      this.#hold(transfer)
      return
    }
    const isUntouched = transfer.status === 'in-queue' && transfer.downloadedBytes === 0
    if (!holdsSlot(transfer.status) || isUntouched) return
    quota.reserve(transfer.id, transfer.sizeBytes ?? transfer.downloadedBytes)
    quota.use(transfer.id, transfer.downloadedBytes)
  }

  #takeUp(transfer: Transfer): void {
    const { stage, status, isSharing } = transfer
    if (stage === 'fetching') {
      if (holdsSlot(status)) this.#fetch(transfer)
      return
    }
    if (stage !== 'delivered' && !isHere(transfer, this.#options.content)) {
      this.#delivering.begin(
        transfer.id,
        () => this.#fetchAgain(transfer, null),
        (fault) => this.#failDelivery(transfer, fault),
      )
      return
    }
    if (isSharing) this.#fetch(transfer)
    if (stage === 'delivering') this.#deliver(transfer, { hasWaited: true })
    if (stage === 'delivered' && !isSharing) this.#leave(transfer)
  }

  /** Those in the queue get in line. */
  #startQueued(): void {
    if (this.#isStopped) return
    for (const transfer of this.#live.values()) {
      if (transfer.status === 'in-queue' && !this.#fetching.has(transfer.id)) this.#fetch(transfer)
    }
  }

  #fetch(transfer: Transfer): void {
    const work = async (signal: AbortSignal) => {
      if (transfer.isSharing) await this.#fetchInTurn(transfer, freeTurn(signal))
      else {
        await this.#turns.run(transfer, {
          signal,
          onLine: () => this.#queue(transfer, transfer.reason),
          onTurn: () => {
            if (transfer.status !== 'in-queue') return
            this.#set(transfer, transfer.kind === 'torrent' ? 'looking-for-peers' : 'downloading', { reason: null })
          },
          onYield: () => this.#queue(transfer, transfer.reason ?? whyStill(transfer)),
          work: (turn) => this.#fetchInTurn(transfer, turn),
        })
      }
      if (signal.aborted) return
      if (transfer.isSharing) this.#endSharing(transfer)
      else this.#beginDelivery(transfer)
    }
    this.#fetching.begin(transfer.id, work, (fault) => this.#fail(transfer, fault))
  }

  #fetchInTurn(transfer: Transfer, turn: Turn): Promise<void> {
    const onSharing = () => {
      turn.end()
      this.#beginSharing(transfer)
    }
    const { folder } = this.#options.content
    const run = () => fetchTransfer(transfer, this.#options, { turn, onSharing })
    return whenThereIsRoom(run, { transfer, folder, signal: turn.signal, sleep: turn.pause })
  }

  #queue(transfer: Transfer, reason: string | null): void {
    transfer.peers = 0
    if (transfer.status !== 'in-queue' || transfer.reason !== reason) this.#set(transfer, 'in-queue', { reason })
  }

  #beginSharing(transfer: Transfer): void {
    if (transfer.isSharing) return
    transfer.isSharing = true
    this.#beginDelivery(transfer)
  }

  #beginDelivery(transfer: Transfer): void {
    transfer.stage = 'delivering'
    transfer.deliveryStatus = 'in-complete-queue'
    this.#set(transfer, transfer.isSharing ? 'seeding' : 'in-complete-queue', { reason: null })
    this.#deliver(transfer)
  }

  #endSharing(transfer: Transfer): void {
    transfer.isSharing = false
    if (transfer.stage === 'delivered') this.#leave(transfer)
    else this.#set(transfer, transfer.stage === 'undelivered' ? 'error' : transfer.deliveryStatus)
  }

  /** With `hasWaited`, first sees whether another program changed its bytes meanwhile: then those are fetched again. */
  #deliver(transfer: Transfer, { hasWaited = false } = {}): void {
    const { content, bootId } = this.#options
    const { folder } = content
    const show = (status: Status) => {
      transfer.deliveryStatus = status
      this.#set(transfer, transfer.isSharing ? 'seeding' : status)
    }
    const work = async (signal: AbortSignal) => {
      if (hasWaited && !(await isAsFetched(transfer, { content, bootId, signal }))) {
        return this.#fetchAgain(transfer, 'Another program changed what had been fetched, so it is fetched again.')
      }
      const run = () => deliver(transfer, this.#options, { signal, show, hasWaited })
      const hasLeft = await whenThereIsRoom(run, { transfer, folder, signal })
      if (hasLeft) await this.#forget(transfer)
    }
    this.#delivering.begin(transfer.id, work, (fault) => this.#failDelivery(transfer, fault))
  }

  /** Fetches what is not here, or not as it was. A file that is in its place already goes first: its plan is given up. */
  async #fetchAgain(transfer: Transfer, reason: string | null): Promise<void> {
    const { content } = this.#options
    await content.erase(settledOf(transfer))
    if (transfer.isSharing) await this.#fetching.stop(transfer.id, new Refusal('It is fetched again.'))
    const isLost = !isHere(transfer, content)
    this.#set(transfer, 'in-queue', {
      stage: 'fetching',
      isSharing: false,
      reason,
      plan: null,
      ...(isLost ? unfetched(transfer) : {}),
    })
  }

  /** Everything is in the space and shared back: what the transfer kept for itself goes, and it with it. */
  #leave(transfer: Transfer): void {
    this.#set(transfer, 'in-complete-queue')
    const occupant = { signal: this.#stopping.signal, progress: () => 0 }
    const end = () =>
      this.#options.turns.complete.run(transfer, occupant, async () => {
        if (!this.#live.has(transfer.id)) return
        this.#set(transfer, 'completing')
        this.#options.rows.remove(transfer.id)
        await this.#forget(transfer)
      })
    const { folder } = this.#options.content
    this.#afterwards(async () => {
      await whenThereIsRoom(end, { transfer, folder, signal: this.#stopping.signal })
      this.advance()
    })
  }

  async #forget(transfer: Transfer): Promise<void> {
    this.#live.delete(transfer.id)
    this.#options.quota.release(transfer.id)
    await this.#options.content.removeWork(transfer.content)
  }

  async #fail(transfer: Transfer, fault: unknown): Promise<void> {
    const { report, content, quota, db } = this.#options
    const sentence = reasonOf(fault)
    if (sentence === null) report(fault)
    // Its content is in the space, or on its way: only the sharing has ended.
    if (transfer.isSharing) return this.#endSharing(transfer)
    const reason = sentence ?? 'The service had an error of its own while fetching this.'
    // First the bytes go: on a full disk there is no room to write down anything before.
    await content.removeWork(transfer.content)
    quota.release(transfer.id)
    if (!this.#live.has(transfer.id)) return
    attempt(() => db.transact(() => this.#giveBack(transfer)), report)
    this.#set(transfer, 'error', { reason, ...unfetched(transfer) })
  }

  #failDelivery(transfer: Transfer, fault: unknown): void {
    const sentence = reasonOf(fault)
    if (sentence === null) this.#options.report(fault)
    const reason = sentence ?? 'The service had an error of its own while unpacking this.'
    this.#hold(transfer)
    const changes = { reason, failure: failureOf(fault), stage: 'undelivered' as const }
    this.#set(transfer, transfer.isSharing ? 'seeding' : 'error', changes)
  }

  /** The quota counts what the transfer has on the disk and the space has not. */
  #hold(transfer: Transfer): void {
    this.#options.quota.settle(transfer.id, heldBytes(transfer, this.#options.content))
  }

  /** What was paid for something that never came is given back. */
  #giveBack(transfer: Transfer): void {
    if (transfer.paidBytes > 0 && transfer.stage !== 'delivered') this.#options.bandwidth.giveBack(transfer.paidBytes)
    transfer.paidBytes = 0
  }

  #set(transfer: Transfer, status: Status, more: Partial<Transfer> = {}): void {
    Object.assign(transfer, more, { status, bytesPerSecond: 0 })
    if (this.#live.has(transfer.id)) this.#options.rows.saveWhenPossible(transfer)
  }

  /** The same for what a person is answered: it is written down before it holds. */
  #setNow(transfer: Transfer, status: Status, more: Partial<Transfer> = {}): void {
    const changes = { ...more, status, bytesPerSecond: 0 }
    this.#options.rows.save({ ...transfer, ...changes })
    Object.assign(transfer, changes)
  }

  #afterwards(work: () => Promise<void>): void {
    const ended = work().catch((fault: unknown) => {
      // What was stopped is taken up at the next start.
      if (!this.#isStopped) this.#options.report(fault)
    })
    this.#leaving.add(ended)
    ended.finally(() => this.#leaving.delete(ended)).catch(this.#options.report)
  }
}

/** Does something that nobody waits for: what goes wrong, such as a full disk, is told, and it is done at the next occasion. */
function attempt(work: () => void, report: (fault: unknown) => void): void {
  try {
    work()
  } catch (fault) {
    report(fault)
  }
}

/** The names of content that a transfer's files have, or are to get, while they are on their way into the space. */
function settledOf({ plan }: Transfer): string[] {
  return plan?.trees.flatMap(({ files }) => files.map((file) => file.content)) ?? []
}

/** A transfer of which nothing is here. */
function unfetched({ files, kind }: Transfer): Partial<Transfer> {
  const again = kind === 'torrent' ? [] : files.map((file) => ({ ...file, isWhole: false, resume: null }))
  return { files: again, torrentResume: null, downloadedBytes: 0, plan: null }
}
