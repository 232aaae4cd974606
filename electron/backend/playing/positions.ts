import type { AccountId } from '../../../shared/account.ts'
import { AppError } from '../../../shared/errors.ts'
import type { ItemId } from '../../../shared/item.ts'
import { type Playback, watchedFrom } from '../../../shared/playback.ts'
import type { PutioClient, ServicePosition } from '../putio/client.ts'
import { minSeconds, type Playbacks, type PlayedTo, type StoredPlayback } from './playbacks.ts'

/** Where an item continues. */
export interface Position {
  /** Null if only its share is known. */
  seconds: number | null
  /** From 0 to 1; 0 if it is not known. */
  progress: number
  /** Null if it is not known: then the place may be behind the end. */
  durationSeconds: number | null
}

/** Longer than any film, for a place in one whose duration is not known. */
const maxSeconds = 24 * 60 * 60
/** A service keeps whole seconds. */
const sameSeconds = 1.5
/** How often a position is sent. Source: API v2 §7.1. */
const sendEveryMs = 15_000
/** How soon one is sent when the player pauses. */
const pauseEveryMs = 3000

/** Where this computer has left an item; null if nowhere. */
export function ownPosition(own: Playback | null): Position | null {
  if (own === null || own.progress <= 0 || own.progress >= watchedFrom) return null
  const { progress, durationSeconds } = own
  return { progress, durationSeconds, seconds: durationSeconds === null ? null : progress * durationSeconds }
}

/**
 * Where an item continues: at the service's position if another device has set it, that is, if it is not the one that this computer last
 * told or heard; or else where this computer has left it. If it never told or heard one, the further of the two counts. A position of the
 * service that is not in the film, or hardly begun, does not count.
 */
export function positionOf(own: StoredPlayback | null, service: ServicePosition | null): Position | null {
  const mine = ownPosition(own)
  const seconds = service?.seconds ?? null
  const durationSeconds = own?.durationSeconds ?? lengthOf(service?.durationSeconds ?? null)
  const endSeconds = durationSeconds === null ? maxSeconds : durationSeconds * watchedFrom
  if (seconds === null || seconds < minSeconds || seconds >= endSeconds) return mine
  const theirs = { seconds, durationSeconds, progress: durationSeconds === null ? 0 : seconds / durationSeconds }
  if (own?.toldSeconds !== undefined) return Math.abs(own.toldSeconds - seconds) < sameSeconds ? mine : theirs
  if (mine === null) return theirs
  const isFurther = mine.seconds === null ? theirs.progress > mine.progress : seconds > mine.seconds
  return isFurther ? theirs : mine
}

function lengthOf(seconds: number | null): number | null {
  return seconds !== null && seconds > 0 && seconds <= maxSeconds ? seconds : null
}

interface Options {
  accountId: AccountId
  client: Pick<PutioClient, 'setPosition'>
  playbacks: Pick<Playbacks, 'note' | 'noteTold'>
  /** Where the service said that an item is; null if it did not. It counts as heard once that item is played: the player may not start. */
  heard: { itemId: ItemId; seconds: number } | null
  onError(error: unknown): void
  now?(): number
}

/** Notes here how far items are played, and tells the service: now and then, when the player pauses, and at the end. */
export class PositionReports {
  readonly #options: Options
  readonly #told = new Map<ItemId, number>()
  #waiting: { itemId: ItemId; seconds: number } | null = null
  #sending: Promise<void> = Promise.resolve()
  #sentAtMs: number
  #heard: Options['heard']
  #isRefused = false

  constructor(options: Options) {
    this.#options = options
    this.#heard = options.heard
    this.#sentAtMs = this.#now()
  }

  note(accountId: AccountId, itemId: ItemId, to: PlayedTo): void {
    if (this.#heard?.itemId === itemId) {
      this.#options.playbacks.noteTold(accountId, itemId, this.#heard.seconds)
      this.#heard = null
    }
    this.#options.playbacks.note(accountId, itemId, to)
    // What is only estimated is not told.
    if (!('positionSeconds' in to) || this.#isRefused) return
    const isWatched = to.positionSeconds >= to.durationSeconds * watchedFrom
    if (!Number.isFinite(to.positionSeconds) || (!isWatched && to.positionSeconds < minSeconds)) return
    if (this.#waiting !== null && this.#waiting.itemId !== itemId) this.#send()
    // Nothing is left of what was watched.
    this.#waiting = { itemId, seconds: isWatched ? 0 : Math.floor(to.positionSeconds) }
    if (this.#now() - this.#sentAtMs >= sendEveryMs) this.#send()
  }

  pause(): void {
    if (this.#now() - this.#sentAtMs >= pauseEveryMs) this.#send()
  }

  /** Resolves when the service has been told the last position, as far as it can be. */
  async end(): Promise<void> {
    this.#send()
    await this.#sending
  }

  #send(): void {
    const waiting = this.#waiting
    this.#waiting = null
    if (waiting === null || this.#isRefused || this.#told.get(waiting.itemId) === waiting.seconds) return
    const { itemId, seconds } = waiting
    const { client, playbacks, accountId, onError } = this.#options
    this.#sentAtMs = this.#now()
    this.#told.set(itemId, seconds)
    this.#sending = this.#sending.then(async () => {
      try {
        await client.setPosition(itemId, seconds === 0 ? null : seconds)
        playbacks.noteTold(accountId, itemId, seconds)
      } catch (error) {
        this.#told.delete(itemId)
        if (!(error instanceof AppError)) onError(error)
        else if (error.code === 'refused') this.#isRefused = true
      }
    })
  }

  #now(): number {
    return this.#options.now?.() ?? performance.now()
  }
}
