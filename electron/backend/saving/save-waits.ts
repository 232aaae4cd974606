import { setTimeout as wait } from 'node:timers/promises'
import { AppError } from '../../../shared/errors.ts'
import type { ItemId } from '../../../shared/item.ts'
import type { SavePaths } from './save-paths.ts'
import type { Place, PlaceId, SavePlaces } from './save-places.ts'
import { restMs } from './save-queue.ts'
import type { Slot } from './slots.ts'
import type { StoredSave } from './stored-save.ts'

const lookAgainMs = 1000

const otherFolder =
  'The disk of the folder to save in is not there. To save in the folder that is in its place, pause and resume.'

export interface WaitOptions {
  save: StoredSave
  places: SavePlaces
  /** Called when it is known which folder the target is. */
  onPlace(id: PlaceId): void
  onChange(): void
}

/** Who waits. */
export interface Waiting {
  /** Null for the whole save. */
  itemId: ItemId | null
  /** What others get in the meantime. */
  slot: Slot | null
  stop: AbortSignal
}

/** What a save or its files wait for, and why: the folder to save in, its disk, or the service. Every wait rejects when it is stopped. */
export class SaveWaits {
  readonly #options: WaitOptions
  readonly #paths: SavePaths
  #place: PlaceId | null
  /** Why files wait; for null, why all of them do. Of files that are saved together, the first stands for all of them. */
  readonly #reasons = new Map<ItemId | null, string>()
  /** The reasons that are about the folder. */
  readonly #ofFolder = new Set<string>()

  constructor(options: WaitOptions, paths: SavePaths) {
    this.#options = options
    this.#paths = paths
    this.#place = options.save.place
  }

  /** Why the first of them waits; null if none does. */
  get reason(): string | null {
    const [first] = this.#reasons.values()
    return first ?? null
  }

  /** True while another folder is in the place of the one in which the save began. */
  get isElsewhere(): boolean {
    return [...this.#reasons.values()].includes(otherFolder)
  }

  /** True while the folder to save in is not there, or cannot be used. */
  get lacksFolder(): boolean {
    return [...this.#reasons.values()].some((reason) => this.#ofFolder.has(reason))
  }

  has(itemId: ItemId): boolean {
    return this.#reasons.has(itemId)
  }

  /** Why a file or the whole save waits; null when it does not any more. */
  setReason(itemId: ItemId | null, sentence: string | null): void {
    if ((this.#reasons.get(itemId) ?? null) === sentence) return
    if (sentence === null) this.#reasons.delete(itemId)
    else this.#reasons.set(itemId, sentence)
    this.#options.onChange()
  }

  /** Waits until the target folder is there and nothing else speaks against it. */
  async untilReady(
    { itemId, slot, stop }: Waiting,
    problemOf: (place: Place) => string | null = () => null,
  ): Promise<Place> {
    for (;;) {
      const place = await this.look(stop)
      const ofFolder = place.problem ?? (await this.#identityProblem(place))
      if (ofFolder !== null) this.#ofFolder.add(ofFolder)
      const problem = ofFolder ?? problemOf(place)
      this.setReason(itemId, problem)
      if (problem === null) {
        await slot?.hold(stop)
        return place
      }
      slot?.free()
      await wait(lookAgainMs, undefined, { signal: stop })
    }
  }

  /** Looks at the target folder. */
  look(stop: AbortSignal): Promise<Place> {
    const { places, save } = this.#options
    return during(stop, places.look(save.folder))
  }

  /**
   * Why a folder is not the one in which the save began: a disk that is not mounted leaves an empty folder in its place. Numbers of a
   * disk may change from time to time, so another folder is accepted if something of this save is in it.
   */
  async #identityProblem({ id }: Place): Promise<string | null> {
    const before = this.#place
    if (id === null || (before?.dev === id.dev && before.ino === id.ino)) return null
    const isOther = before !== null && before.dev !== id.dev && before.ino !== id.ino
    if (isOther && !(await this.#paths.hasSomething())) return otherFolder
    this.#place = id
    this.#options.onPlace(id)
    return null
  }

  /** Asks the service again until it answers. What it refuses is not asked again. */
  async patiently<T>(waiting: Waiting, ask: () => Promise<T>): Promise<T> {
    for (let failures = 0; ; failures++) {
      try {
        return await ask()
      } catch (error) {
        waiting.stop.throwIfAborted()
        if (!(error instanceof AppError) || error.code !== 'unreachable') throw error
        await this.pause(waiting, failures, error.message)
      }
    }
  }

  /** Waits before another attempt, the longer the more have failed. */
  async pause({ itemId, slot, stop }: Waiting, failures: number, sentence: string): Promise<void> {
    this.setReason(itemId, sentence)
    slot?.free()
    await wait(restMs(failures), undefined, { signal: stop })
    await slot?.hold(stop)
    this.setReason(itemId, null)
  }
}

/** The same, but rejects at once when the signal aborts. */
function during<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const leave = () => reject(signal.reason)
    signal.addEventListener('abort', leave, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}
