import { NotFound, Refusal } from '../errors/refusal.ts'
import type { KnownSizes } from './known-sizes.ts'
import { next, plannedContents } from './life.ts'
import { torrentLinkStart, unfetchableReason } from './links.ts'
import { addRows, firstUnfetchableReason } from './new-transfers.ts'
import { reasonsOf } from './queue-reasons.ts'
import { countsAsActive, type Transfer } from './transfer.ts'
import { TransferFiles } from './transfer-files.ts'
import type { FinishedTransfer } from './transfer-rows.ts'
import { type RunnerOptions, TransferRunner } from './transfer-runner.ts'
import { tryOrReport } from './try-or-report.ts'

export interface TransfersOptions extends RunnerOptions {
  /** How many transfers may be active while the load is high. Source: API v1 §7.4. */
  activeLimit: number
  isBusy(): boolean
  sizes: KnownSizes
}

/** Longer than most servers and torrents take to start. */
const stalledAfterMs = 10_000

/** The transfers of one user, and the only writer of their rows. Every acknowledged change survives a crash. */
export class TransferList {
  readonly #options: TransfersOptions
  readonly #runner: TransferRunner
  /** What can be read of transfers while they arrive. */
  readonly files: TransferFiles
  #reservedAtVersion = -1
  #newestId = 0

  constructor(options: TransfersOptions) {
    this.#options = options
    this.#runner = new TransferRunner(options, () => this.advance())
    const { arrivals, content, space } = options
    this.files = new TransferFiles({ active: this.#runner.active, arrivals, content, space })
  }

  /** All transfers, oldest first, each with the reason why it waits. */
  list(): Transfer[] {
    const isOwn = (transfer: Transfer) => this.#runner.active.get(transfer.id) === transfer
    const all = this.#all()
    const waiting = all.filter(({ status }) => status === 'waiting')
    const { slots: delivering, activeLimit } = this.#options
    const reasonOf = reasonsOf({ fetching: this.#runner.fetchQueue, delivering, isOwn, waiting, activeLimit })
    return all.map((transfer) => {
      const reason = reasonOf(transfer)
      return reason === transfer.reason ? transfer : { ...transfer, reason }
    })
  }

  /** Resumes all transfers. */
  start(): void {
    const transfers = this.#options.rows.active()
    for (const transfer of transfers) this.#runner.active.set(transfer.id, transfer)
    // Reserves everything again before anyone else can.
    for (const transfer of transfers) this.#reserveAgain(transfer)
    for (const transfer of transfers) tryOrReport(() => this.#runner.resume(transfer), this.#options.report)
    this.advance()
  }

  /**
   * Adds one transfer for each link, in order, but the parts of an archive as one. Those that cannot be fetched start
   * in Error.
   */
  add(links: readonly string[], folderId: number): Transfer[] {
    const { space } = this.#options
    if (space.get(folderId).content !== null) throw new Refusal(`“${space.get(folderId).name}” is not a folder.`)
    const added = addRows(links, folderId, this.#options)
    for (const transfer of added) this.#runner.active.set(transfer.id, transfer)
    this.#newestId = added.at(-1)?.id ?? this.#newestId
    this.advance()
    return added
  }

  /** Adds the transfer of a torrent file; null if it is none. */
  addTorrent(bytes: Uint8Array, folderId: number): Transfer | null {
    const link = `${torrentLinkStart}${Buffer.from(bytes).toString('base64')}`
    if (unfetchableReason(link) !== null) return null
    return this.add([link], folderId)[0] ?? null
  }

  /** What transfers will need of the disk space and the bandwidth that they have not reserved yet, as far as it is known. */
  queued(): { bytes: number; paidBytes: number } {
    const { quota, hosters } = this.#options
    let [bytes, paidBytes] = [0, 0]
    for (const { id, stage, status, sizeBytes, links, paidBytes: paid } of this.#all()) {
      if (stage !== 'fetching' || status === 'error' || sizeBytes === null) continue
      bytes += Math.max(0, sizeBytes - quota.reservedFor(id))
      if (links.some((link) => hosters.isPaid(link))) paidBytes += Math.max(0, sizeBytes - paid)
    }
    return { bytes, paidBytes }
  }

  /** The id of the transfer that was added last since the start; 0 if there is none. */
  newestId(): number {
    return this.#newestId
  }

  /** Finished transfers, newest first. They are forgotten after a while. */
  finished(): FinishedTransfer[] {
    return this.#options.rows.finished()
  }

  /** Forgets finished transfers, or all of them. Their files stay. Returns the ids of those that were there. */
  forget(ids: readonly number[] | null): number[] {
    return this.#options.rows.removeFinished(ids)
  }

  /** The torrent file of a transfer; null if it has none, or not yet. */
  torrentFile(id: number): Uint8Array | null {
    return this.#options.rows.torrentFile(this.#get(id).id)
  }

  /** Asks the trackers of a torrent for peers again. Throws a `Refusal` if it does not run, or was asked a moment ago. */
  announce(id: number): void {
    this.#options.swarms.announce(this.#get(id).id)
  }

  /**
   * Removes transfers for good, all or none, in any state. One that is only being shared leaves its content in the
   * space; if that is still on its way, it only stops being shared.
   */
  cancel(ids: readonly number[]): Transfer[] {
    const { db, rows, content } = this.#options
    const transfers = [...new Set(ids)].map((id) => this.#get(id))
    const steps = transfers.map((transfer) => ({ transfer, step: next(transfer, { type: 'cancelled' }) }))
    db.transact(() => {
      for (const { transfer, step } of steps) {
        if (!step.effects.some(({ type }) => type === 'remove')) continue
        rows.remove(transfer.id)
        this.#runner.refund(transfer)
        content.recordRemovals(plannedContents(transfer))
      }
    })
    // Only saved steps are carried out: on a full disk the transfer continues, and the person gets the reason.
    for (const { transfer, step } of steps) this.#runner.apply(transfer, step)
    return transfers
  }

  /** Retries a failed transfer from what is left of it: its archives with a password, or without unpacking. */
  retry(id: number, options: { password: string | null; isUnpacked: boolean }): Transfer {
    const { db, rows, content, hosters } = this.#options
    const transfer = this.#get(id)
    const obstacle = firstUnfetchableReason(transfer.links, hosters)
    const step = next(transfer, { type: 'retried', ...options, obstacle })
    // Saved before it is applied, because the client gets an answer.
    db.transact(() => {
      rows.save({ ...transfer, ...step.changes })
      for (const effect of step.effects) if (effect.type === 'discard') content.recordRemovals(effect.contents)
    })
    Object.assign(transfer, step.changes)
    this.#runner.runEffects(transfer, step.effects)
    this.advance()
    return transfer
  }

  /**
   * Admits waiting transfers, oldest first, as far as the limits allow. Never throws, because earlier work must still
   * be acknowledged; on a full disk, a later call does it.
   */
  advance(): void {
    if (!this.#runner.isStopped) tryOrReport(() => this.#advance(), this.#options.report)
  }

  #advance(): void {
    const { isBusy, activeLimit, db, rows } = this.#options
    const active = this.#all().filter(
      (transfer) => countsAsActive(transfer.status) && !this.#isStalled(transfer),
    ).length
    const slots = isBusy() ? Math.max(0, activeLimit - active) : Number.POSITIVE_INFINITY
    const admitted = this.#all()
      .filter(({ status }) => status === 'waiting')
      .slice(0, slots)
      .map((transfer) => ({ transfer, step: next(transfer, { type: 'admitted' }) }))
    if (admitted.length > 0) {
      db.transact(() => {
        for (const { transfer, step } of admitted) rows.save({ ...transfer, ...step.changes })
      })
      for (const { transfer, step } of admitted) Object.assign(transfer, step.changes)
    }
    // The client that added them gets its response first.
    setImmediate(() => tryOrReport(() => this.#runner.startQueued(), this.#options.report))
  }

  /** True for a transfer that has not moved for a while: it is no burden, so others need not wait for it. */
  #isStalled(transfer: Transfer): boolean {
    return (
      transfer.stage === 'fetching' && this.#runner.fetchQueue.poolOf(transfer).stalledMs(transfer) >= stalledAfterMs
    )
  }

  /** Called every few seconds. */
  tick(): void {
    this.advance()
    const version = this.#options.space.version()
    if (version === this.#reservedAtVersion) return
    this.#reservedAtVersion = version
    for (const transfer of this.#runner.active.values()) {
      // The person may have deleted what is still being shared: then only the transfer holds it.
      if (transfer.isSharing && transfer.stage === 'delivered') this.#runner.reserveHeldBytes(transfer)
    }
  }

  /** Stops everything in a state that can be resumed. */
  async stop(): Promise<void> {
    await this.#runner.stop()
    tryOrReport(() => this.#options.rows.flush(), this.#options.report)
  }

  #all(): Transfer[] {
    return [...this.#runner.active.values()]
  }

  #get(id: number): Transfer {
    const transfer = this.#runner.active.get(id)
    if (transfer === undefined) throw new NotFound(`There is no transfer with the id ${id}.`)
    return transfer
  }

  #reserveAgain(transfer: Transfer): void {
    const { quota } = this.#options
    if (transfer.stage !== 'fetching') {
      this.#runner.reserveHeldBytes(transfer)
      return
    }
    const isUntouched = transfer.status === 'in-queue' && transfer.downloadedBytes === 0
    if (!countsAsActive(transfer.status) || isUntouched) return
    quota.reserve(transfer.id, transfer.sizeBytes ?? transfer.downloadedBytes)
    quota.use(transfer.id, transfer.downloadedBytes)
  }
}
