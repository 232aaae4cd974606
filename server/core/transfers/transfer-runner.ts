import { failureOf, reasonOf } from '../errors/reason.ts'
import { Refusal } from '../errors/refusal.ts'
import { Activities } from './activities.ts'
import { type DeliveryOptions, deliver, hasAllBytes, heldBytes, isUnmodified } from './delivery.ts'
import { FetchQueue, type FetchSlot, unlimitedSlot } from './fetch-queue.ts'
import { type FetchingOptions, fetchTransfer } from './fetching.ts'
import { type Effect, next, plannedContents, type Step, type TransferEvent } from './life.ts'
import { stallReason } from './queue-reasons.ts'
import { retryWhenDiskFull } from './retry-when-disk-full.ts'
import type { DeliveryStatus, SwarmStatus, Transfer } from './transfer.ts'
import { tryOrReport } from './try-or-report.ts'

export interface RunnerOptions extends FetchingOptions, DeliveryOptions {
  /** Called with errors that have no sentence for the person. */
  report(error: unknown): void
}

const cancelled = new Refusal('The transfer was cancelled.')

/**
 * Runs the active transfers of one user: fetches, shares, delivers and removes them. How an event changes a transfer
 * and which effects follow is decided in `life.ts`.
 */
export class TransferRunner {
  readonly fetchQueue = new FetchQueue()
  /** The active transfers by id. */
  readonly active = new Map<number, Transfer>()
  readonly #options: RunnerOptions
  readonly #onEnd: () => void
  readonly #fetching: Activities
  readonly #delivering: Activities
  readonly #background = new Set<Promise<void>>()
  readonly #stopping = new AbortController()

  /** `onEnd` is called when something has ended, so that others can have its slot. */
  constructor(options: RunnerOptions, onEnd: () => void) {
    this.#options = options
    this.#onEnd = onEnd
    const { report } = options
    this.#fetching = new Activities({ onEnd, report })
    this.#delivering = new Activities({ onEnd, report })
  }

  /** Resumes a transfer where the last run of the service left it. */
  resume(transfer: Transfer): void {
    const areKept = transfer.stage === 'delivering' || transfer.stage === 'undelivered'
    this.handle(transfer, { type: 'restarted', hasAllBytes: !areKept || hasAllBytes(transfer, this.#options.content) })
  }

  /** Starts fetching the transfers in the queue. */
  startQueued(): void {
    if (this.isStopped) return
    for (const transfer of this.active.values()) {
      if (transfer.status === 'in-queue' && !this.#fetching.has(transfer.id)) this.#fetch(transfer)
    }
  }

  /** Stops everything in a state that can be resumed. */
  async stop(): Promise<void> {
    const reason = new Refusal('The service is stopping.')
    this.#stopping.abort(reason)
    await Promise.all([this.#fetching.stopAll(reason), this.#delivering.stopAll(reason)])
    await Promise.all(this.#background)
  }

  get isStopped(): boolean {
    return this.#stopping.signal.aborted
  }

  /** Applies an event to a transfer, saves the change and runs the effects. */
  handle(transfer: Transfer, event: TransferEvent): void {
    this.apply(transfer, next(transfer, event))
  }

  /** The same for a step that is known already. */
  apply(transfer: Transfer, { changes, effects }: Step): void {
    Object.assign(transfer, changes)
    if (!isEmpty(changes) && this.active.has(transfer.id)) this.#options.rows.saveWhenPossible(transfer)
    this.runEffects(transfer, effects)
  }

  /** Runs the effects of an event. */
  runEffects(transfer: Transfer, effects: readonly Effect[]): void {
    for (const effect of effects) this.#runEffect(transfer, effect)
  }

  /** Reserves quota for what the transfer has on the disk and the space has not. */
  reserveHeldBytes(transfer: Transfer): void {
    this.#options.quota.setReservation(transfer.id, heldBytes(transfer, this.#options.content))
  }

  /** Refunds the bandwidth of a transfer that never arrived. */
  refund(transfer: Transfer): void {
    if (transfer.paidBytes > 0 && transfer.stage !== 'delivered') this.#options.bandwidth.refund(transfer.paidBytes)
  }

  #fetch(transfer: Transfer): void {
    const work = async (signal: AbortSignal) => {
      if (transfer.isSharing) await this.#fetchInSlot(transfer, unlimitedSlot(signal))
      else {
        await this.fetchQueue.run(transfer, {
          signal,
          onQueued: () => this.handle(transfer, { type: 'queued', reason: transfer.reason }),
          onSlot: () => this.handle(transfer, { type: 'fetch-started' }),
          onYield: () => this.handle(transfer, { type: 'queued', reason: transfer.reason ?? stallReason(transfer) }),
          work: (slot) => this.#fetchInSlot(transfer, slot),
        })
      }
      if (!signal.aborted) this.handle(transfer, { type: 'fetch-ended' })
    }
    this.#fetching.start(transfer.id, work, (error) => this.#fail(transfer, error))
  }

  #fetchInSlot(transfer: Transfer, slot: FetchSlot): Promise<void> {
    const { content, rows } = this.#options
    const callbacks = {
      slot,
      onSharing: () => {
        slot.release()
        this.handle(transfer, { type: 'sharing-started' })
      },
      onSwarm: (status: SwarmStatus) => {
        const { changes } = next(transfer, { type: 'swarm-changed', status })
        if (isEmpty(changes)) return
        Object.assign(transfer, changes)
        rows.saveSoon(transfer)
      },
    }
    const run = () => fetchTransfer(transfer, this.#options, callbacks)
    return retryWhenDiskFull(run, { transfer, folder: content.folder, signal: slot.signal, sleep: slot.pause })
  }

  /** With `isResumed`, first checks whether another program changed the bytes: those are fetched again. */
  #deliver(transfer: Transfer, { isResumed }: { isResumed: boolean }): void {
    const { content, bootId } = this.#options
    const { folder } = content
    const onStatus = (status: DeliveryStatus) => this.handle(transfer, { type: 'delivery-advanced', status })
    const work = async (signal: AbortSignal) => {
      if (isResumed && !(await isUnmodified(transfer, { content, bootId, signal }))) {
        return this.#fetchAgain(transfer, 'Another program changed what had been fetched, so it is fetched again.')
      }
      const run = () => deliver(transfer, this.#options, { signal, onStatus, isResumed })
      this.runEffects(transfer, await retryWhenDiskFull(run, { transfer, folder, signal }))
    }
    this.#delivering.start(transfer.id, work, (error) => this.#failDelivery(transfer, error))
  }

  #refetch(transfer: Transfer): void {
    const work = () => this.#fetchAgain(transfer, null)
    this.#delivering.start(transfer.id, work, (error) => this.#failDelivery(transfer, error))
  }

  /**
   * Fetches missing and changed bytes again. First discards contents that are in place already, because their plan is
   * dropped.
   */
  async #fetchAgain(transfer: Transfer, reason: string | null): Promise<void> {
    const { content } = this.#options
    await content.erase(plannedContents(transfer))
    if (transfer.isSharing) await this.#fetching.stop(transfer.id, new Refusal('It is fetched again.'))
    this.handle(transfer, { type: 'bytes-lost', reason, areGone: !hasAllBytes(transfer, content) })
  }

  /** Everything is in the space and shared: removes the transfer and what it kept for itself. */
  #leave(transfer: Transfer): void {
    const { db, rows, slots, content } = this.#options
    const { signal } = this.#stopping
    const end = () =>
      slots.complete.run(transfer, { signal, progress: () => 0 }, async () => {
        if (!this.active.has(transfer.id)) return
        this.handle(transfer, { type: 'leaving' })
        const step = next(transfer, { type: 'left' })
        db.transact(() => rows.save({ ...transfer, ...step.changes }))
        Object.assign(transfer, step.changes)
        this.runEffects(transfer, step.effects)
      })
    this.#runInBackground(async () => {
      await retryWhenDiskFull(end, { transfer, folder: content.folder, signal })
      this.#onEnd()
    })
  }

  /** Removes a transfer from the active ones, and what it kept for itself. */
  #forget(transfer: Transfer): void {
    this.active.delete(transfer.id)
    this.#options.quota.release(transfer.id)
    this.#runInBackground(() => this.#options.content.removeWorkFolder(transfer.content))
  }

  /** Stops all work on a transfer, and removes everything it has. */
  #remove(transfer: Transfer, contents: readonly string[]): void {
    const { content, quota, arrivals } = this.#options
    const { id } = transfer
    this.active.delete(id)
    arrivals.end(id, cancelled.message)
    this.#runInBackground(async () => {
      await Promise.all([this.#fetching.stop(id, cancelled), this.#delivering.stop(id, cancelled)])
      await content.removeWorkFolder(transfer.content)
      quota.release(id)
      await content.remove(contents)
      this.#onEnd()
    })
  }

  async #fail(transfer: Transfer, error: unknown): Promise<void> {
    const { report, content, quota, db, arrivals } = this.#options
    const sentence = reasonOf(error)
    if (sentence === null) report(error)
    const reason = sentence ?? 'The service had an internal error while fetching this.'
    if (transfer.stage === 'fetching') {
      arrivals.end(transfer.id, reason)
      // Removes the bytes first: on a full disk nothing can be saved before.
      await content.removeWorkFolder(transfer.content)
      quota.release(transfer.id)
      if (!this.active.has(transfer.id)) return
      const refund = () => {
        db.transact(() => this.refund(transfer))
        transfer.paidBytes = 0
      }
      tryOrReport(refund, report)
    }
    this.handle(transfer, { type: 'fetch-failed', reason })
  }

  #failDelivery(transfer: Transfer, error: unknown): void {
    const sentence = reasonOf(error)
    if (sentence === null) this.#options.report(error)
    const reason = sentence ?? 'The service had an internal error while unpacking this.'
    this.reserveHeldBytes(transfer)
    this.handle(transfer, { type: 'delivery-failed', reason, failure: failureOf(error) })
  }

  #runEffect(transfer: Transfer, effect: Effect): void {
    const { id } = transfer
    switch (effect.type) {
      case 'fetch':
        if (!this.#fetching.has(id)) this.#fetch(transfer)
        break
      case 'stop-fetching':
        this.#runInBackground(() => this.#fetching.stop(id, cancelled))
        break
      case 'deliver':
        this.#deliver(transfer, effect)
        break
      case 'refetch':
        this.#refetch(transfer)
        break
      case 'discard':
        this.#runInBackground(() => this.#options.content.remove(effect.contents))
        break
      case 'leave':
        this.#leave(transfer)
        break
      case 'forget':
        this.#forget(transfer)
        break
      case 'remove':
        this.#remove(transfer, effect.contents)
        break
      default:
        effect satisfies never
    }
  }

  #runInBackground(work: () => Promise<void>): void {
    const ended = work().catch((error: unknown) => {
      // What was stopped is resumed at the next start.
      if (!this.isStopped) this.#options.report(error)
    })
    this.#background.add(ended)
    ended.finally(() => this.#background.delete(ended)).catch(this.#options.report)
  }
}

function isEmpty(changes: object): boolean {
  return Object.keys(changes).length === 0
}
