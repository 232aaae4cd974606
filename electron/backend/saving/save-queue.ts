import { setTimeout as wait } from 'node:timers/promises'
import type { SavedFile } from './save-listing.ts'

const minRestMs = 1000
const maxRestMs = 60_000
/** The longest time that a timer takes. */
const maxTimerMs = 2 ** 31 - 1

/** A file that is due, and how often in a row it could not be had before. */
export interface Due {
  file: SavedFile
  failures: number
  /** False for one that was not saved together with others, and is not tried so again. */
  mayJoin: boolean
}

interface Resting {
  file: SavedFile
  failures: number
  dueAtMs: number
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
  readonly #files: SavedFile[]
  #begun = 0
  /** Files that rest, by how long they do: each list is in the order in which they are due. */
  readonly #resting = new Map<number, Resting[]>()
  /** Files that come before those that are not begun. */
  #first: Due[] = []
  /** Files that wait for the same thing, by its name. */
  readonly #held = new Map<string, SavedFile[]>()
  #heldFiles = 0
  /** Resolves when some of them need not wait any more. */
  #release = Promise.withResolvers<void>()

  constructor(files: readonly SavedFile[]) {
    this.#files = [...files]
  }

  /** How many files are not begun. */
  get size(): number {
    const resting = [...this.#resting.values()].reduce((sum, { length }) => sum + length, 0)
    return this.#first.length + this.#files.length - this.#begun + resting + this.#heldFiles
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
    const due = this.#nextDue()
    if (due === null || due.dueAtMs > nowMs) return null
    this.#resting.get(restMs(due.failures))?.shift()
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
    const ms = restMs(failures)
    const others = this.#resting.get(ms) ?? []
    others.push({ file, failures, dueAtMs: nowMs + ms })
    this.#resting.set(ms, others)
  }

  /** The file that rests and is due first. */
  #nextDue(): Resting | null {
    const firsts = [...this.#resting.values()].flatMap(([first]) => first ?? [])
    return firsts.reduce<Resting | null>(
      (next, one) => (next !== null && next.dueAtMs <= one.dueAtMs ? next : one),
      null,
    )
  }

  /** Puts a file back until `wait` has ended; it is called once for all files that wait for the same thing. */
  hold(file: SavedFile, what: string, wait: () => Promise<void>): void {
    this.#heldFiles += 1
    const held = this.#held.get(what)
    if (held !== undefined) {
      held.push(file)
      return
    }
    const files = [file]
    this.#held.set(what, files)
    wait().then(
      () => {
        this.#held.delete(what)
        this.#heldFiles -= files.length
        for (const one of files) this.#files.push(one)
        this.#release.resolve()
        this.#release = Promise.withResolvers()
      },
      // A wait that is stopped ends the save.
      () => undefined,
    )
  }

  /**
   * Resolves when a file that rests is due, when those that were held are not any more, or when one of `others` has ended. Rejects with
   * the reason when the signal aborts first.
   */
  async changed(others: Iterable<Promise<unknown>>, signal: AbortSignal): Promise<void> {
    const enough = new AbortController()
    const next = this.#nextDue()
    const stop = AbortSignal.any([signal, enough.signal])
    // A timer may end up to a millisecond early.
    const waitMs = next === null ? maxTimerMs : Math.max(0, next.dueAtMs - performance.now()) + 1
    try {
      await Promise.race([...others, this.#release.promise, wait(waitMs, undefined, { signal: stop })])
    } catch (error) {
      signal.throwIfAborted()
      throw error
    } finally {
      enough.abort()
    }
  }
}
