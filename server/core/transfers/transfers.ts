import { NotFound, Refusal } from '../errors/refusal.ts'
import { next, plannedContents } from './life.ts'
import { addRows, firstUnfetchableReason } from './new-transfers.ts'
import { reasonsOf } from './queue-reasons.ts'
import { countsAsActive, type Transfer } from './transfer.ts'
import type { FinishedTransfer } from './transfer-rows.ts'
import { type RunnerOptions, TransferRunner } from './transfer-runner.ts'
import { tryOrReport } from './try-or-report.ts'

export interface TransfersOptions extends RunnerOptions {
  /** How many may be active while the load is high. Source: API v1 §7.4. */
  activeLimit: number
  isBusy(): boolean
}

/** Longer than most servers and torrents take to begin. */
const stalledAfterMs = 10_000

/** The transfers of one user: the only writer of their rows. Every change that was answered survives a crash. */
export class TransferList {
  readonly #options: TransfersOptions
  readonly #runner: TransferRunner
  #reservedAtVersion = -1

  constructor(options: TransfersOptions) {
    this.#options = options
    this.#runner = new TransferRunner(options, () => this.advance())
  }

  /** Oldest first, each with the reason why it stands still, if it does. */
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

  /** Takes up every transfer where it was left. */
  start(): void {
    const transfers = this.#options.rows.active()
    for (const transfer of transfers) this.#runner.active.set(transfer.id, transfer)
    // What was promised before is promised again, before anyone else asks.
    for (const transfer of transfers) this.#reserveAgain(transfer)
    for (const transfer of transfers) tryOrReport(() => this.#runner.resume(transfer), this.#options.report)
    this.advance()
  }

  /** Adds one transfer a link, in order, the parts of one archive as one; those that cannot be fetched are there in Error. */
  add(links: readonly string[], folderId: number): Transfer[] {
    const { space } = this.#options
    if (space.get(folderId).content !== null) throw new Refusal(`“${space.get(folderId).name}” is not a folder.`)
    const added = addRows(links, folderId, this.#options)
    for (const transfer of added) this.#runner.active.set(transfer.id, transfer)
    this.advance()
    return added
  }

  /** Those that are done, the newest first. They are forgotten after a while. */
  finished(): FinishedTransfer[] {
    return this.#options.rows.finished()
  }

  /**
   * Takes transfers off the list for good, all or none, whatever they are doing. One that is only shared any more leaves its content
   * in the space; if that is still on its way there, it only stops being shared.
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
    // Only what is written down is stopped: on a full disk it goes on, and the person hears why.
    for (const { transfer, step } of steps) this.#runner.apply(transfer, step)
    return transfers
  }

  /** Tries a failed transfer again, from what is left of it; its archives with a password, or as they are. */
  retry(id: number, options: { password: string | null; isUnpacked: boolean }): Transfer {
    const { db, rows, content, hosters } = this.#options
    const transfer = this.#get(id)
    const obstacle = firstUnfetchableReason(transfer.links, hosters)
    const step = next(transfer, { type: 'retried', ...options, obstacle })
    // It is answered, so it is written down before it holds.
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
   * Lets waiting transfers go on, oldest first, as far as the limits allow. Never throws: what was done before is acknowledged all the
   * same, and where a full disk is in the way this is done at the next occasion.
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
    // Whoever added them is answered first.
    setImmediate(() => tryOrReport(() => this.#runner.startQueued(), this.#options.report))
  }

  /** True for one that has not moved for a while: it is no burden, and those in line need not wait for it. */
  #isStalled(transfer: Transfer): boolean {
    return (
      transfer.stage === 'fetching' && this.#runner.fetchQueue.poolOf(transfer).stalledMs(transfer) >= stalledAfterMs
    )
  }

  /** What is done every few seconds. */
  tick(): void {
    this.advance()
    const version = this.#options.space.version()
    if (version === this.#reservedAtVersion) return
    this.#reservedAtVersion = version
    for (const transfer of this.#runner.active.values()) {
      // The person may have deleted what is still being shared: then the transfer alone holds it.
      if (transfer.isSharing && transfer.stage === 'delivered') this.#runner.reserveHeldBytes(transfer)
    }
  }

  /** Stops everything where it is, so that it can be taken up again. */
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
