import { failureOf, reasonOf } from '../errors/reason.ts'
import { Refusal } from '../errors/refusal.ts'
import { Activities } from './activities.ts'
import { attempt } from './attempt.ts'
import { type DeliveryOptions, deliver, heldBytes, isAsFetched, isHere } from './delivery.ts'
import { FetchTurns, freeTurn, type Turn } from './fetch-turns.ts'
import { type FetchingOptions, fetchTransfer } from './fetching.ts'
import { type Effect, next, type Step, settledOf, type TransferEvent } from './life.ts'
import { whyStill } from './queue-reasons.ts'
import { whenThereIsRoom } from './room.ts'
import type { DeliveryStatus, SwarmStatus, Transfer } from './transfer.ts'

export interface RunnerOptions extends FetchingOptions, DeliveryOptions {
  /** Told of errors that have no sentence. */
  report(error: unknown): void
}

const cancelled = new Refusal('The transfer was cancelled.')

/**
 * Does for the active transfers of one user what is to be done: fetches, shares, delivers and removes them. What an event makes of a
 * transfer, and what is to be done then, is decided in `life.ts`.
 */
export class TransferRunner {
  readonly turns = new FetchTurns()
  /** The active ones, by their ids. */
  readonly active = new Map<number, Transfer>()
  readonly #options: RunnerOptions
  readonly #onEnd: () => void
  readonly #fetching: Activities
  readonly #delivering: Activities
  readonly #afterworks = new Set<Promise<void>>()
  readonly #stopping = new AbortController()

  /** `onEnd` is called when something has ended, so that others can have its place. */
  constructor(options: RunnerOptions, onEnd: () => void) {
    this.#options = options
    this.#onEnd = onEnd
    const { report } = options
    this.#fetching = new Activities({ onEnd, report })
    this.#delivering = new Activities({ onEnd, report })
  }

  /** Takes a transfer up where the last run of the service left it. */
  resume(transfer: Transfer): void {
    const areKept = transfer.stage === 'delivering' || transfer.stage === 'undelivered'
    this.happen(transfer, { type: 'restarted', isHere: !areKept || isHere(transfer, this.#options.content) })
  }

  /** Those in the queue get in line. */
  startQueued(): void {
    if (this.isStopped) return
    for (const transfer of this.active.values()) {
      if (transfer.status === 'in-queue' && !this.#fetching.has(transfer.id)) this.#fetch(transfer)
    }
  }

  /** Stops everything where it is, so that it can be taken up again. */
  async stop(): Promise<void> {
    const reason = new Refusal('The service is stopping.')
    this.#stopping.abort(reason)
    await Promise.all([this.#fetching.stopAll(reason), this.#delivering.stopAll(reason)])
    await Promise.all(this.#afterworks)
  }

  get isStopped(): boolean {
    return this.#stopping.signal.aborted
  }

  /** Lets an event change a transfer, writes that down, and begins what follows from it. */
  happen(transfer: Transfer, event: TransferEvent): void {
    this.take(transfer, next(transfer, event))
  }

  /** The same for what was found out already. */
  take(transfer: Transfer, { changes, effects }: Step): void {
    Object.assign(transfer, changes)
    if (!isEmpty(changes) && this.active.has(transfer.id)) this.#options.rows.saveWhenPossible(transfer)
    this.act(transfer, effects)
  }

  /** Begins what follows from an event. */
  act(transfer: Transfer, effects: readonly Effect[]): void {
    for (const effect of effects) this.#perform(transfer, effect)
  }

  /** The quota counts what the transfer has on the disk and the space has not. */
  hold(transfer: Transfer): void {
    this.#options.quota.settle(transfer.id, heldBytes(transfer, this.#options.content))
  }

  /** What was paid for something that never came is given back. */
  giveBack(transfer: Transfer): void {
    if (transfer.paidBytes > 0 && transfer.stage !== 'delivered') this.#options.bandwidth.giveBack(transfer.paidBytes)
  }

  #fetch(transfer: Transfer): void {
    const work = async (signal: AbortSignal) => {
      if (transfer.isSharing) await this.#fetchInTurn(transfer, freeTurn(signal))
      else {
        await this.turns.run(transfer, {
          signal,
          onLine: () => this.happen(transfer, { type: 'lined-up', reason: transfer.reason }),
          onTurn: () => this.happen(transfer, { type: 'fetch-started' }),
          onYield: () => this.happen(transfer, { type: 'lined-up', reason: transfer.reason ?? whyStill(transfer) }),
          work: (turn) => this.#fetchInTurn(transfer, turn),
        })
      }
      if (!signal.aborted) this.happen(transfer, { type: 'fetch-ended' })
    }
    this.#fetching.begin(transfer.id, work, (error) => this.#fail(transfer, error))
  }

  #fetchInTurn(transfer: Transfer, turn: Turn): Promise<void> {
    const { content, rows } = this.#options
    const watch = {
      turn,
      onSharing: () => {
        turn.end()
        this.happen(transfer, { type: 'sharing-started' })
      },
      onSwarm: (status: SwarmStatus) => {
        const { changes } = next(transfer, { type: 'swarm-changed', status })
        if (isEmpty(changes)) return
        Object.assign(transfer, changes)
        rows.saveSoon(transfer)
      },
    }
    const run = () => fetchTransfer(transfer, this.#options, watch)
    return whenThereIsRoom(run, { transfer, folder: content.folder, signal: turn.signal, sleep: turn.pause })
  }

  /** With `hasWaited`, first sees whether another program changed its bytes meanwhile: then those are fetched again. */
  #deliver(transfer: Transfer, { hasWaited }: { hasWaited: boolean }): void {
    const { content, bootId } = this.#options
    const { folder } = content
    const show = (status: DeliveryStatus) => this.happen(transfer, { type: 'delivery-advanced', status })
    const work = async (signal: AbortSignal) => {
      if (hasWaited && !(await isAsFetched(transfer, { content, bootId, signal }))) {
        return this.#fetchAgain(transfer, 'Another program changed what had been fetched, so it is fetched again.')
      }
      const run = () => deliver(transfer, this.#options, { signal, show, hasWaited })
      this.act(transfer, await whenThereIsRoom(run, { transfer, folder, signal }))
    }
    this.#delivering.begin(transfer.id, work, (error) => this.#failDelivery(transfer, error))
  }

  #refetch(transfer: Transfer): void {
    const work = () => this.#fetchAgain(transfer, null)
    this.#delivering.begin(transfer.id, work, (error) => this.#failDelivery(transfer, error))
  }

  /** Fetches what is not here, or not as it was. A file that is in its place already goes first: its plan is given up. */
  async #fetchAgain(transfer: Transfer, reason: string | null): Promise<void> {
    const { content } = this.#options
    await content.erase(settledOf(transfer))
    if (transfer.isSharing) await this.#fetching.stop(transfer.id, new Refusal('It is fetched again.'))
    this.happen(transfer, { type: 'bytes-lost', reason, areGone: !isHere(transfer, content) })
  }

  /** Everything is in the space and shared back: what the transfer kept for itself goes, and it with it. */
  #leave(transfer: Transfer): void {
    const { db, rows, turns, content } = this.#options
    const { signal } = this.#stopping
    const end = () =>
      turns.complete.run(transfer, { signal, progress: () => 0 }, async () => {
        if (!this.active.has(transfer.id)) return
        this.happen(transfer, { type: 'leaving' })
        const step = next(transfer, { type: 'left' })
        db.transact(() => rows.save({ ...transfer, ...step.changes }))
        Object.assign(transfer, step.changes)
        this.act(transfer, step.effects)
      })
    this.#afterwards(async () => {
      await whenThereIsRoom(end, { transfer, folder: content.folder, signal })
      this.#onEnd()
    })
  }

  /** It is active no more: what it kept for itself goes. */
  #forget(transfer: Transfer): void {
    this.active.delete(transfer.id)
    this.#options.quota.release(transfer.id)
    this.#afterwards(() => this.#options.content.removeWork(transfer.content))
  }

  /** Everything that is done for it ends, and all that it has goes. */
  #remove(transfer: Transfer, contents: readonly string[]): void {
    const { content, quota } = this.#options
    const { id } = transfer
    this.active.delete(id)
    this.#afterwards(async () => {
      await Promise.all([this.#fetching.stop(id, cancelled), this.#delivering.stop(id, cancelled)])
      await content.removeWork(transfer.content)
      quota.release(id)
      await content.remove(contents)
      this.#onEnd()
    })
  }

  async #fail(transfer: Transfer, error: unknown): Promise<void> {
    const { report, content, quota, db } = this.#options
    const sentence = reasonOf(error)
    if (sentence === null) report(error)
    const reason = sentence ?? 'The service had an error of its own while fetching this.'
    if (transfer.stage === 'fetching') {
      // First the bytes go: on a full disk there is no room to write down anything before.
      await content.removeWork(transfer.content)
      quota.release(transfer.id)
      if (!this.active.has(transfer.id)) return
      const giveBack = () => {
        db.transact(() => this.giveBack(transfer))
        transfer.paidBytes = 0
      }
      attempt(giveBack, report)
    }
    this.happen(transfer, { type: 'fetch-failed', reason })
  }

  #failDelivery(transfer: Transfer, error: unknown): void {
    const sentence = reasonOf(error)
    if (sentence === null) this.#options.report(error)
    const reason = sentence ?? 'The service had an error of its own while unpacking this.'
    this.hold(transfer)
    this.happen(transfer, { type: 'delivery-failed', reason, failure: failureOf(error) })
  }

  #perform(transfer: Transfer, effect: Effect): void {
    const { id } = transfer
    switch (effect.type) {
      case 'fetch':
        if (!this.#fetching.has(id)) this.#fetch(transfer)
        break
      case 'stop-fetching':
        this.#afterwards(() => this.#fetching.stop(id, cancelled))
        break
      case 'deliver':
        this.#deliver(transfer, effect)
        break
      case 'refetch':
        this.#refetch(transfer)
        break
      case 'discard':
        this.#afterwards(() => this.#options.content.remove(effect.contents))
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

  #afterwards(work: () => Promise<void>): void {
    const ended = work().catch((error: unknown) => {
      // What was stopped is taken up at the next start.
      if (!this.isStopped) this.#options.report(error)
    })
    this.#afterworks.add(ended)
    ended.finally(() => this.#afterworks.delete(ended)).catch(this.#options.report)
  }
}

function isEmpty(changes: object): boolean {
  return Object.keys(changes).length === 0
}
