import { setTimeout as wait } from 'node:timers/promises'
import type { SaveId } from '../../../shared/save.ts'

const flushMs = 2000

export interface HeldRemovalsOptions<T> {
  /** How long a removal is held back; with 0, it is done at once. */
  holdMs: number
  /** How many finished saves are kept. */
  maxFinished: number
  isFinished(save: T): boolean
  /** Where it is saved to: a disk that does not answer holds up only what is there. */
  folderOf(save: T): string
  /** Removes a save for good. */
  discard(save: T): Promise<void>
  onProblem(error: unknown): void
}

/**
 * Saves that were removed from the list, held for a while so that they can be put back and nothing that was fetched is lost. Finished ones
 * have nothing to delete, so they are held until the app quits.
 */
export class HeldRemovals<T> {
  readonly #options: HeldRemovalsOptions<T>
  readonly #held = new Map<SaveId, { save: T; timer: ReturnType<typeof setTimeout> | null }>()
  /** The last removal in each folder that is not over. */
  readonly #discarding = new Map<string, Promise<void>>()

  constructor(options: HeldRemovalsOptions<T>) {
    this.#options = options
  }

  /** Resolves at once, or with a `holdMs` of 0 when they are removed for good. */
  async hold(removed: readonly (readonly [id: SaveId, save: T])[]): Promise<void> {
    const { holdMs, maxFinished, isFinished } = this.#options
    if (holdMs === 0) {
      for (const [id, save] of removed) this.#held.set(id, { save, timer: null })
      return this.#discard(removed.map(([id]) => id))
    }
    const timer = setTimeout(() => void this.#discard(this.#heldBy(timer)), holdMs)
    for (const [id, save] of removed) this.#held.set(id, { save, timer: isFinished(save) ? null : timer })
    const finished = [...this.#held].filter(([, { save }]) => isFinished(save)).map(([id]) => id)
    void this.#discard(finished.slice(0, -maxFinished))
  }

  /** Takes removals back. Returns the saves for which it is not too late. */
  release(ids: readonly SaveId[]): T[] {
    return ids.flatMap((id) => {
      const held = this.#held.get(id)
      this.#held.delete(id)
      return held === undefined ? [] : [held.save]
    })
  }

  /** Removes everything for good now. Resolves after two seconds at most: a disk that does not answer must not hold up the end of the app. */
  async flush(): Promise<void> {
    await Promise.race([this.#discard([...this.#held.keys()]), wait(flushMs, undefined, { ref: false })])
  }

  #heldBy(timer: ReturnType<typeof setTimeout>): SaveId[] {
    return [...this.#held].filter(([, held]) => held.timer === timer).map(([id]) => id)
  }

  async #discard(ids: readonly SaveId[]): Promise<void> {
    for (const save of this.release(ids)) this.#discardAfterOthers(save)
    await Promise.all(this.#discarding.values())
  }

  #discardAfterOthers(save: T): void {
    const { discard, folderOf, onProblem } = this.#options
    const folder = folderOf(save)
    const others = this.#discarding.get(folder) ?? Promise.resolve()
    const own = others.then(() => discard(save).catch((error: unknown) => onProblem(error)))
    const last = own.finally(() => {
      if (this.#discarding.get(folder) === last) this.#discarding.delete(folder)
    })
    this.#discarding.set(folder, last)
  }
}
