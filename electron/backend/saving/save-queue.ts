import { setTimeout as wait } from 'node:timers/promises'
import type { SavedFile } from './save-listing.ts'

const minRestMs = 1000
const maxRestMs = 60_000

/** A file that is due, and how often in a row it could not be had before. */
export interface Due {
  file: SavedFile
  failures: number
  /** False for one that was not saved together with others, and is not tried so again. */
  mayJoin: boolean
}

/** How long to wait after so many failures in a row. */
export function restMs(failures: number): number {
  return Math.min(minRestMs * 2 ** failures, maxRestMs)
}

/**
 * The files of a save that are not begun, in their order. One that cannot be had now makes room for the others, and comes back later: so
 * any number of such files holds up no other.
 */
export class SaveQueue {
  readonly #files: readonly SavedFile[]
  #begun = 0
  #resting: (Omit<Due, 'mayJoin'> & { dueAtMs: number })[] = []
  /** Files that come before those that are not begun. */
  #first: Due[] = []

  constructor(files: readonly SavedFile[]) {
    this.#files = files
  }

  /** How many files are not begun. */
  get size(): number {
    return this.#first.length + this.#files.length - this.#begun + this.#resting.length
  }

  /** Takes the next file that is due; null if there is none now. */
  take(nowMs = performance.now()): Due | null {
    const first = this.#first.shift()
    if (first !== undefined) return first
    const file = this.#files[this.#begun]
    if (file !== undefined) {
      this.#begun += 1
      return { file, failures: 0, mayJoin: true }
    }
    const due = this.#resting.find(({ dueAtMs }) => dueAtMs <= nowMs)
    if (due === undefined) return null
    this.#resting = this.#resting.filter((other) => other !== due)
    return { file: due.file, failures: due.failures, mayJoin: false }
  }

  /** Takes the file that comes next as well, if it may be saved together with others, and is wanted. */
  takeNext(isWanted: (file: SavedFile) => boolean): SavedFile | null {
    const [first] = this.#first
    const next = first ?? this.#files[this.#begun]
    if (next === undefined) return null
    const file = 'file' in next ? next.file : next
    if ((first !== undefined && !first.mayJoin) || !isWanted(file)) return null
    if (first === undefined) this.#begun += 1
    else this.#first.shift()
    return file
  }

  /** Puts a file back that comes next. */
  putBack(file: SavedFile, { mayJoin }: { mayJoin: boolean }): void {
    this.#first.push({ file, failures: 0, mayJoin })
  }

  /** Puts a file back, to be tried again later. */
  rest(file: SavedFile, failures: number, nowMs = performance.now()): void {
    this.#resting.push({ file, failures, dueAtMs: nowMs + restMs(failures) })
  }

  /** Resolves when a file that rests is due, or when one of `others` has ended. Rejects with the reason when the signal aborts first. */
  async changed(others: Iterable<Promise<unknown>>, signal: AbortSignal): Promise<void> {
    const enough = new AbortController()
    const dueAtMs = this.#resting.reduce((least, one) => Math.min(least, one.dueAtMs), Number.POSITIVE_INFINITY)
    const stop = AbortSignal.any([signal, enough.signal])
    const due = Number.isFinite(dueAtMs)
      ? [wait(Math.max(0, dueAtMs - performance.now()), undefined, { signal: stop })]
      : []
    try {
      await Promise.race([...others, ...due])
    } catch (error) {
      signal.throwIfAborted()
      throw error
    } finally {
      enough.abort()
    }
  }
}
