const tickMs = 250

export interface SlotPoolOptions {
  /** How many may move at once. */
  limit: number
  /** How many more may be under way while they wait for something. */
  maxSuspended: number
  /** Who makes less than `minProgress` in so long does not move, and lends its place. */
  graceMs: number
  minProgress: number
}

/** What the places know of one of those who use them. */
export interface SlotUser {
  /** Ends the wait in line. */
  signal: AbortSignal
  /** A counter that grows while it moves, such as received bytes. */
  progress(): number
  /** What would be lost if it had to stop now, in bytes. */
  lossBytes?(): number
  /** Asks it to stop and to get in line again: others wait, and it does not move. Not given: it is never asked. */
  yieldSlot?(): void
}

interface Holder extends SlotUser {
  /** The counter when the current window began. */
  lastProgress: number
  windowStartMs: number
  lastMovedAtMs: number
}

interface Queued extends SlotUser {
  admitted: PromiseWithResolvers<void>
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
export class SlotPool<Key extends object> {
  readonly #options: SlotPoolOptions
  readonly #active = new Map<Key, Holder>()
  readonly #suspended = new Map<Key, Holder>()
  readonly #newQueue = new Map<Key, Queued>()
  readonly #returningQueue = new Map<Key, Queued>()
  readonly #seen = new WeakSet<Key>()
  readonly #asked = new Set<Key>()
  #isReturningNext = false
  #timer: NodeJS.Timeout | null = null

  constructor(options: SlotPoolOptions) {
    this.#options = options
  }

  /** How many may move at once. */
  get limit(): number {
    return this.#options.limit
  }

  hasSlot(key: Key): boolean {
    return this.#active.has(key)
  }

  /** Who has a place now. */
  active(): Key[] {
    return [...this.#active.keys()]
  }

  /** For how long one that is under way has not moved, in milliseconds; 0 while it has a place. */
  stalledMs(key: Key): number {
    const holder = this.#suspended.get(key)
    return holder === undefined ? 0 : performance.now() - holder.lastMovedAtMs
  }

  /** Those in line, the next one first. */
  queued(): Key[] {
    return [...this.#order()].map(([key]) => key)
  }

  /** Resolves when there is a place, at once where one is free; rejects with the signal's reason. */
  async acquire(key: Key, user: SlotUser): Promise<void> {
    user.signal.throwIfAborted()
    if (this.#active.has(key)) return
    const queued = this.#newQueue.get(key) ?? this.#returningQueue.get(key)
    if (queued !== undefined) return queued.admitted.promise
    const queue = this.#seen.has(key) ? this.#returningQueue : this.#newQueue
    this.#seen.add(key)
    const admitted = Promise.withResolvers<void>()
    const onAbort = () => {
      queue.delete(key)
      this.#updateTimer()
      admitted.reject(user.signal.reason)
    }
    user.signal.addEventListener('abort', onAbort, { once: true })
    queue.set(key, { ...user, admitted })
    this.#admit()
    try {
      await admitted.promise
    } finally {
      user.signal.removeEventListener('abort', onAbort)
    }
  }

  /** Gives a place to one that is under way already, although there may be none free. */
  acquireNow(key: Key, user: SlotUser): void {
    this.#seen.add(key)
    this.#suspended.delete(key)
    this.#active.set(key, newHolder(user))
    this.#updateTimer()
  }

  /** It waits for something, and others may have its place until it takes one again. */
  suspend(key: Key): void {
    const holder = this.#active.get(key)
    if (holder === undefined) return
    this.#active.delete(key)
    this.#suspended.set(key, holder)
    this.#admit()
  }

  /** It has ended. */
  release(key: Key): void {
    this.#active.delete(key)
    this.#suspended.delete(key)
    this.#asked.delete(key)
    this.#admit()
  }

  /** Takes a place for as long as a work lasts. */
  async run<T>(key: Key, user: SlotUser, work: () => Promise<T>): Promise<T> {
    await this.acquire(key, user)
    try {
      return await work()
    } finally {
      this.release(key)
    }
  }

  /** Lets in as many as there are places for. */
  #admit(): void {
    while (this.#active.size < this.#options.limit) {
      const next = this.#next()
      if (next === null) break
      const [key, entry] = next
      this.#isReturningNext = !this.#returningQueue.delete(key)
      this.#newQueue.delete(key)
      this.acquireNow(key, entry)
      entry.admitted.resolve()
    }
    this.#updateTimer()
  }

  /** Looks now and then as long as there is anybody. */
  #updateTimer(): void {
    const isIdle = this.#active.size + this.#suspended.size + this.#newQueue.size + this.#returningQueue.size === 0
    if (!isIdle) this.#timer ??= setInterval(() => this.#check(), tickMs).unref()
    else if (this.#timer !== null) {
      clearInterval(this.#timer)
      this.#timer = null
    }
  }

  /** Who is next. When enough are under way, only those who are among them already. */
  #next(): [Key, Queued] | null {
    const isFull = this.#active.size + this.#suspended.size >= this.#options.limit + this.#options.maxSuspended
    for (const entry of this.#order()) if (!isFull || this.#suspended.has(entry[0])) return entry
    return null
  }

  *#order(): Generator<[Key, Queued]> {
    const queues = [this.#newQueue.entries(), this.#returningQueue.entries()]
    if (this.#isReturningNext) queues.reverse()
    for (;;) {
      const entries = queues.map((line) => line.next())
      if (entries.every(({ done }) => done)) return
      for (const { done, value } of entries) if (!done) yield value
    }
  }

  /** Sees who moves. */
  #check(): void {
    const nowMs = performance.now()
    for (const [key, holder] of this.#active) if (!this.#isMoving(holder, nowMs)) this.#moveToSuspended(key, holder)
    for (const [key, holder] of this.#suspended) {
      if (this.#isMoving(holder, nowMs) && !this.#returningQueue.has(key)) {
        this.#suspended.delete(key)
        this.#active.set(key, holder)
      }
    }
    this.#admit()
    const free = Math.min(this.#options.limit - this.#active.size, this.#newQueue.size + this.#returningQueue.size)
    for (const [key, { yieldSlot }] of this.#yieldCandidates(nowMs).slice(0, Math.max(0, free - this.#asked.size))) {
      this.#asked.add(key)
      yieldSlot?.()
    }
  }

  #moveToSuspended(key: Key, holder: Holder): void {
    this.#active.delete(key)
    this.#suspended.set(key, holder)
  }

  #isMoving(holder: Holder, nowMs: number): boolean {
    const { graceMs, minProgress } = this.#options
    const progress = holder.progress()
    const hasMoved = progress - holder.lastProgress >= minProgress
    if (hasMoved) holder.lastMovedAtMs = nowMs
    // Less than before: it started over.
    if (hasMoved || progress < holder.lastProgress || nowMs - holder.windowStartMs >= graceMs) {
      holder.lastProgress = progress
      holder.windowStartMs = nowMs
    }
    return nowMs - holder.lastMovedAtMs < graceMs
  }

  /** The ones that lose least, and of those the ones that have waited longest. */
  #yieldCandidates(nowMs: number): [Key, Holder][] {
    const cost = ({ lossBytes }: Holder) => {
      const bytes = lossBytes?.() ?? 0
      return bytes <= smallLossBytes ? 0 : bytes
    }
    return [...this.#suspended]
      .filter(([key, holder]) => {
        const waitedMs = nowMs - holder.lastMovedAtMs
        const isCheap = cost(holder) === 0 || waitedMs >= longWaitMs
        return holder.yieldSlot !== undefined && !this.#asked.has(key) && waitedMs >= minStayMs && isCheap
      })
      .sort(([, a], [, b]) => cost(a) - cost(b) || a.lastMovedAtMs - b.lastMovedAtMs)
  }
}

function newHolder(user: SlotUser): Holder {
  const nowMs = performance.now()
  return { ...user, lastProgress: user.progress(), windowStartMs: nowMs, lastMovedAtMs: nowMs }
}
