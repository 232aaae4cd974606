const tickMs = 250

export interface SlotPoolOptions {
  /** How many users may have a slot at once. */
  limit: number
  /** How many more may be suspended, waiting for something. */
  maxSuspended: number
  /** A user that makes less than `minProgress` in this time is stalled, and gives up its slot. */
  graceMs: number
  minProgress: number
}

/** A user of the pool. */
export interface SlotUser {
  /** Ends the wait in the queue. */
  signal: AbortSignal
  /** A counter that grows while the user moves, such as received bytes. */
  progress(): number
  /** How many bytes would be lost if it had to stop now. */
  lossBytes?(): number
  /** Asks it to stop and queue again, because it is stalled and others wait. Without it, the user is never asked. */
  yieldSlot?(): void
}

interface Holder extends SlotUser {
  /** The counter at the start of the current window. */
  lastProgress: number
  windowStartMs: number
  lastMovedAtMs: number
}

interface Queued extends SlotUser {
  admitted: PromiseWithResolvers<void>
}

/** Nobody is asked to yield earlier, so that slow starters have a chance. */
const minStayMs = 20_000
/** A loss that does not matter, and a wait after which no loss does. */
const [smallLossBytes, longWaitMs] = [1024 * 1024, 10 * 60_000]

/**
 * A limited number of slots for users that move. A stalled user gives its slot to the next in the queue and continues
 * beside it, up to a limit; beyond that, the one that has been stalled longest is asked to yield and queues again. New
 * and returning users are admitted in turn, so that neither can starve the other. Keys are compared by identity.
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

  /** How many users may have a slot at once. */
  get limit(): number {
    return this.#options.limit
  }

  hasSlot(key: Key): boolean {
    return this.#active.has(key)
  }

  /** The users that have a slot now. */
  active(): Key[] {
    return [...this.#active.keys()]
  }

  /** For how many milliseconds a suspended user has not moved; 0 while it has a slot. */
  stalledMs(key: Key): number {
    const holder = this.#suspended.get(key)
    return holder === undefined ? 0 : performance.now() - holder.lastMovedAtMs
  }

  /** The queue, next first. */
  queued(): Key[] {
    return [...this.#order()].map(([key]) => key)
  }

  /** Resolves when a slot is free; rejects with the signal's reason. */
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

  /** Gives a slot to a user that is already under way, even if none is free. */
  acquireNow(key: Key, user: SlotUser): void {
    this.#seen.add(key)
    this.#suspended.delete(key)
    this.#active.set(key, newHolder(user))
    this.#updateTimer()
  }

  /** Gives the slot to others until the user acquires one again. */
  suspend(key: Key): void {
    const holder = this.#active.get(key)
    if (holder === undefined) return
    this.#active.delete(key)
    this.#suspended.set(key, holder)
    this.#admit()
  }

  /** Gives up the slot for good. */
  release(key: Key): void {
    this.#active.delete(key)
    this.#suspended.delete(key)
    this.#asked.delete(key)
    this.#admit()
  }

  /** Holds a slot while `work` runs. */
  async run<T>(key: Key, user: SlotUser, work: () => Promise<T>): Promise<T> {
    await this.acquire(key, user)
    try {
      return await work()
    } finally {
      this.release(key)
    }
  }

  /** Admits users while slots are free. */
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

  /** Keeps the timer running while the pool has users. */
  #updateTimer(): void {
    const isIdle = this.#active.size + this.#suspended.size + this.#newQueue.size + this.#returningQueue.size === 0
    if (!isIdle) this.#timer ??= setInterval(() => this.#check(), tickMs).unref()
    else if (this.#timer !== null) {
      clearInterval(this.#timer)
      this.#timer = null
    }
  }

  /** The next to admit. At the limit, only users that are suspended already. */
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

  /** Updates which users move, and asks stalled ones to yield to the queue. */
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
    // Less than before means that it started over.
    if (hasMoved || progress < holder.lastProgress || nowMs - holder.windowStartMs >= graceMs) {
      holder.lastProgress = progress
      holder.windowStartMs = nowMs
    }
    return nowMs - holder.lastMovedAtMs < graceMs
  }

  /** The users to ask first: those that lose least, then those that have been stalled longest. */
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
