import { NotFound, Refusal } from '../errors/refusal.ts'
import { attempt } from './attempt.ts'
import { next, settledOf } from './life.ts'
import { addRows, whyNotAny } from './new-transfers.ts'
import { reasonsOf } from './queue-reasons.ts'
import { holdsSlot, type Transfer } from './transfer.ts'
import type { FinishedTransfer } from './transfer-rows.ts'
import { type RunnerOptions, TransferRunner } from './transfer-runner.ts'

export interface TransfersOptions extends RunnerOptions {
  /** How many may be active while the load is high. Source: API v1 §7.4. */
  activeLimit: number
  isBusy(): boolean
}

/** Longer than most servers and torrents take to begin. */
const stillAfterMs = 10_000

/** The transfers of one user: the only writer of their rows. Every change that was answered survives a crash. */
export class TransferList {
  readonly #options: TransfersOptions
  readonly #runner: TransferRunner
  #heldAtVersion = -1

  constructor(options: TransfersOptions) {
    this.#options = options
    this.#runner = new TransferRunner(options, () => this.advance())
  }

  /** Oldest first, each with the reason why it stands still, if it does. */
  list(): Transfer[] {
    const isOwn = (transfer: Transfer) => this.#runner.active.get(transfer.id) === transfer
    const all = this.#all()
    const waiting = all.filter(({ status }) => status === 'waiting')
    const { turns: delivering, activeLimit } = this.#options
    const why = reasonsOf({ fetching: this.#runner.turns, delivering, isOwn, waiting, activeLimit })
    return all.map((transfer) => {
      const reason = why(transfer)
      return reason === transfer.reason ? transfer : { ...transfer, reason }
    })
  }

  /** Takes up every transfer where it was left. */
  start(): void {
    const transfers = this.#options.rows.active()
    for (const transfer of transfers) this.#runner.active.set(transfer.id, transfer)
    // What was promised before is promised again, before anyone else asks.
    for (const transfer of transfers) this.#promiseAgain(transfer)
    for (const transfer of transfers) attempt(() => this.#runner.resume(transfer), this.#options.report)
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
        this.#runner.giveBack(transfer)
        content.noteRemovals(settledOf(transfer))
      }
    })
    // Only what is written down is stopped: on a full disk it goes on, and the person hears why.
    for (const { transfer, step } of steps) this.#runner.take(transfer, step)
    return transfers
  }

  /** Tries a failed transfer again, from what is left of it; its archives with a password, or as they are. */
  retry(id: number, options: { password: string | null; isUnpacked: boolean }): Transfer {
    const { db, rows, content, hosters } = this.#options
    const transfer = this.#get(id)
    const obstacle = whyNotAny(transfer.links, hosters)
    const step = next(transfer, { type: 'retried', ...options, obstacle })
    // It is answered, so it is written down before it holds.
    db.transact(() => {
      rows.save({ ...transfer, ...step.changes })
      for (const effect of step.effects) if (effect.type === 'discard') content.noteRemovals(effect.contents)
    })
    Object.assign(transfer, step.changes)
    this.#runner.act(transfer, step.effects)
    this.advance()
    return transfer
  }

  /**
   * Lets waiting transfers go on, oldest first, as far as the limits allow. Never throws: what was done before is acknowledged all the
   * same, and where a full disk is in the way this is done at the next occasion.
   */
  advance(): void {
    if (!this.#runner.isStopped) attempt(() => this.#advance(), this.#options.report)
  }

  #advance(): void {
    const { isBusy, activeLimit, db, rows } = this.#options
    const active = this.#all().filter((transfer) => holdsSlot(transfer.status) && !this.#isStill(transfer)).length
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
    setImmediate(() => attempt(() => this.#runner.startQueued(), this.#options.report))
  }

  /** True for one that has not moved for a while: it is no burden, and those in line need not wait for it. */
  #isStill(transfer: Transfer): boolean {
    return transfer.stage === 'fetching' && this.#runner.turns.of(transfer).stillMs(transfer) >= stillAfterMs
  }

  /** What is done every few seconds. */
  tick(): void {
    this.advance()
    const version = this.#options.space.version()
    if (version === this.#heldAtVersion) return
    this.#heldAtVersion = version
    for (const transfer of this.#runner.active.values()) {
      // The person may have deleted what is still being shared: then the transfer alone holds it.
      if (transfer.isSharing && transfer.stage === 'delivered') this.#runner.hold(transfer)
    }
  }

  /** Stops everything where it is, so that it can be taken up again. */
  async stop(): Promise<void> {
    await this.#runner.stop()
    attempt(() => this.#options.rows.flush(), this.#options.report)
  }

  #all(): Transfer[] {
    return [...this.#runner.active.values()]
  }

  #get(id: number): Transfer {
    const transfer = this.#runner.active.get(id)
    if (transfer === undefined) throw new NotFound(`There is no transfer with the id ${id}.`)
    return transfer
  }

  #promiseAgain(transfer: Transfer): void {
    const { quota } = this.#options
    if (transfer.stage !== 'fetching') {
      this.#runner.hold(transfer)
      return
    }
    const isUntouched = transfer.status === 'in-queue' && transfer.downloadedBytes === 0
    if (!holdsSlot(transfer.status) || isUntouched) return
    quota.reserve(transfer.id, transfer.sizeBytes ?? transfer.downloadedBytes)
    quota.use(transfer.id, transfer.downloadedBytes)
  }
}
