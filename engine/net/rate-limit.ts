/** How far ahead of the limit bytes may be, so that not every chunk costs a timer. */
const burstMs = 50

/**
 * A limit in bytes per second for everything that shares it. It can be changed at any time: those that wait then continue at the new
 * rate.
 */
export class RateLimit {
  #bytesPerSecond: number | null
  /** When all bytes so far would have passed at exactly the limit. */
  #paidUntilMs = 0
  readonly #waiting = new Set<() => void>()

  /** Null means no limit. */
  constructor(bytesPerSecond: number | null) {
    this.#bytesPerSecond = bytesPerSecond
  }

  get bytesPerSecond(): number | null {
    return this.#bytesPerSecond
  }

  /** How much should pass at once: a tenth of a second's worth. */
  get chunkBytes(): number {
    return this.#bytesPerSecond === null ? Number.POSITIVE_INFINITY : this.#bytesPerSecond / 10
  }

  set(bytesPerSecond: number | null): void {
    if (bytesPerSecond === this.#bytesPerSecond) return
    this.#bytesPerSecond = bytesPerSecond
    // The debt was run up at another rate.
    this.#paidUntilMs = 0
    for (const wake of [...this.#waiting]) wake()
  }

  /**
   * Accounts for bytes that are passing now. Returns a promise for when more may pass, or null if that is now. It resolves at once when the
   * signal aborts.
   */
  pass(bytes: number, signal?: AbortSignal): Promise<void> | null {
    if (this.#bytesPerSecond === null) return null
    const now = performance.now()
    this.#paidUntilMs = Math.max(this.#paidUntilMs, now) + (bytes / this.#bytesPerSecond) * 1000
    const waitMs = this.#paidUntilMs - burstMs - now
    return waitMs <= 0 || signal?.aborted === true ? null : this.#wait(waitMs, signal)
  }

  #wait(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', wake)
        this.#waiting.delete(wake)
        resolve()
      }
      signal?.addEventListener('abort', wake)
      // A timer drops fractions, and would end too early.
      const timer = setTimeout(wake, Math.ceil(ms))
      this.#waiting.add(wake)
    })
  }
}
