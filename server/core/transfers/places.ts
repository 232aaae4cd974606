const tickMs = 250

export interface PlacesOptions {
  /** How many may move at once. */
  limit: number
  /** How many more may be under way while they wait for something. */
  maxWaiting: number
  /** Who makes less than `minProgress` in so long does not move, and lends its place. */
  graceMs: number
  minProgress: number
}

/** What the places know of one of those who use them. */
export interface Occupant {
  /** Ends the wait in line. */
  signal: AbortSignal
  /** A counter that grows while it moves, such as received bytes. */
  progress(): number
  /** What would be lost if it had to stop now, in bytes. */
  lossBytes?(): number
  /** Asks it to stop and to get in line again: others wait, and it does not move. Not given: it is never asked. */
  yieldTurn?(): void
}

interface Holder extends Occupant {
  /** The counter when the current window began. */
  counted: number
  windowAtMs: number
  movedAtMs: number
}

interface InLine extends Occupant {
  entered: PromiseWithResolvers<void>
}

/** Nobody is asked to stop before this, so that slow starters have a chance. */
const minStayMs = 20_000
/** A loss that does not matter, and a wait after which no loss does. */
const [smallLossBytes, longWaitMs] = [1024 * 1024, 10 * 60_000]

/**
 * A limited number of places for what moves. Who does not move lends its place to the next in line and goes on beside it, up to
 * a limit; beyond that, the one that has waited longest is asked to stop and gets in line again. Newcomers and those who come
 * again are let in by turns, so neither can starve the other. Keys are compared by identity.
 */
export class Places<Key extends object> {
  readonly #options: PlacesOptions
  readonly #moving = new Map<Key, Holder>()
  readonly #waiting = new Map<Key, Holder>()
  readonly #newcomers = new Map<Key, InLine>()
  readonly #returning = new Map<Key, InLine>()
  readonly #known = new WeakSet<Key>()
  readonly #yielding = new Set<Key>()
  #isReturnersTurn = false
  #ticking: NodeJS.Timeout | null = null

  constructor(options: PlacesOptions) {
    this.#options = options
  }

  /** How many may move at once. */
  get limit(): number {
    return this.#options.limit
  }

  hasPlace(key: Key): boolean {
    return this.#moving.has(key)
  }

  /** Who has a place now. */
  moving(): Key[] {
    return [...this.#moving.keys()]
  }

  /** For how long one that is under way has not moved, in milliseconds; 0 while it has a place. */
  stillMs(key: Key): number {
    const holder = this.#waiting.get(key)
    return holder === undefined ? 0 : performance.now() - holder.movedAtMs
  }

  /** Those in line, the next one first. */
  inLine(): Key[] {
    return [...this.#order()].map(([key]) => key)
  }

  /** Resolves when there is a place, at once where one is free; rejects with the signal's reason. */
  async take(key: Key, occupant: Occupant): Promise<void> {
    occupant.signal.throwIfAborted()
    if (this.#moving.has(key)) return
    const inLine = this.#newcomers.get(key) ?? this.#returning.get(key)
    if (inLine !== undefined) return inLine.entered.promise
    const line = this.#known.has(key) ? this.#returning : this.#newcomers
    this.#known.add(key)
    const entered = Promise.withResolvers<void>()
    const onAbort = () => {
      line.delete(key)
      this.#rest()
      entered.reject(occupant.signal.reason)
    }
    occupant.signal.addEventListener('abort', onAbort, { once: true })
    line.set(key, { ...occupant, entered })
    this.#serve()
    try {
      await entered.promise
    } finally {
      occupant.signal.removeEventListener('abort', onAbort)
    }
  }

  /** Gives a place to one that is under way already, although there may be none free. */
  enter(key: Key, occupant: Occupant): void {
    this.#known.add(key)
    this.#waiting.delete(key)
    this.#moving.set(key, begin(occupant))
    this.#rest()
  }

  /** It waits for something, and others may have its place until it takes one again. */
  lend(key: Key): void {
    const holder = this.#moving.get(key)
    if (holder === undefined) return
    this.#moving.delete(key)
    this.#waiting.set(key, holder)
    this.#serve()
  }

  /** It has ended. */
  leave(key: Key): void {
    this.#moving.delete(key)
    this.#waiting.delete(key)
    this.#yielding.delete(key)
    this.#serve()
  }

  /** Takes a place for as long as a work lasts. */
  async run<T>(key: Key, occupant: Occupant, work: () => Promise<T>): Promise<T> {
    await this.take(key, occupant)
    try {
      return await work()
    } finally {
      this.leave(key)
    }
  }

  /** Lets in as many as there are places for. */
  #serve(): void {
    while (this.#moving.size < this.#options.limit) {
      const next = this.#next()
      if (next === null) break
      const [key, entry] = next
      this.#isReturnersTurn = !this.#returning.delete(key)
      this.#newcomers.delete(key)
      this.enter(key, entry)
      entry.entered.resolve()
    }
    this.#rest()
  }

  /** Looks now and then as long as there is anybody. */
  #rest(): void {
    const isIdle = this.#moving.size + this.#waiting.size + this.#newcomers.size + this.#returning.size === 0
    if (!isIdle) this.#ticking ??= setInterval(() => this.#look(), tickMs).unref()
    else if (this.#ticking !== null) {
      clearInterval(this.#ticking)
      this.#ticking = null
    }
  }

  /** Who is next. When enough are under way, only those who are among them already. */
  #next(): [Key, InLine] | null {
    const isFull = this.#moving.size + this.#waiting.size >= this.#options.limit + this.#options.maxWaiting
    for (const entry of this.#order()) if (!isFull || this.#waiting.has(entry[0])) return entry
    return null
  }

  *#order(): Generator<[Key, InLine]> {
    const lines = [this.#newcomers.entries(), this.#returning.entries()]
    if (this.#isReturnersTurn) lines.reverse()
    for (;;) {
      const entries = lines.map((line) => line.next())
      if (entries.every(({ done }) => done)) return
      for (const { done, value } of entries) if (!done) yield value
    }
  }

  /** Sees who moves. */
  #look(): void {
    const nowMs = performance.now()
    for (const [key, holder] of this.#moving) if (!this.#moves(holder, nowMs)) this.#lendQuietly(key, holder)
    for (const [key, holder] of this.#waiting) {
      if (this.#moves(holder, nowMs) && !this.#returning.has(key)) {
        this.#waiting.delete(key)
        this.#moving.set(key, holder)
      }
    }
    this.#serve()
    const free = Math.min(this.#options.limit - this.#moving.size, this.#newcomers.size + this.#returning.size)
    for (const [key, { yieldTurn }] of this.#whoCanYield(nowMs).slice(0, Math.max(0, free - this.#yielding.size))) {
      this.#yielding.add(key)
      yieldTurn?.()
    }
  }

  #lendQuietly(key: Key, holder: Holder): void {
    this.#moving.delete(key)
    this.#waiting.set(key, holder)
  }

  #moves(holder: Holder, nowMs: number): boolean {
    const { graceMs, minProgress } = this.#options
    const counted = holder.progress()
    const isNow = counted - holder.counted >= minProgress
    if (isNow) holder.movedAtMs = nowMs
    // Less than before: it started over.
    if (isNow || counted < holder.counted || nowMs - holder.windowAtMs >= graceMs) {
      holder.counted = counted
      holder.windowAtMs = nowMs
    }
    return nowMs - holder.movedAtMs < graceMs
  }

  /** The ones that lose least, and of those the ones that have waited longest. */
  #whoCanYield(nowMs: number): [Key, Holder][] {
    const cost = ({ lossBytes }: Holder) => {
      const bytes = lossBytes?.() ?? 0
      return bytes <= smallLossBytes ? 0 : bytes
    }
    return [...this.#waiting]
      .filter(([key, holder]) => {
        const waitedMs = nowMs - holder.movedAtMs
        const isCheap = cost(holder) === 0 || waitedMs >= longWaitMs
        return holder.yieldTurn !== undefined && !this.#yielding.has(key) && waitedMs >= minStayMs && isCheap
      })
      .sort(([, a], [, b]) => cost(a) - cost(b) || a.movedAtMs - b.movedAtMs)
  }
}

function begin(occupant: Occupant): Holder {
  const nowMs = performance.now()
  return { ...occupant, counted: occupant.progress(), windowAtMs: nowMs, movedAtMs: nowMs }
}
