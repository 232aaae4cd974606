/** The clock and the timers of a queue; tests replace them. */
export interface QueueClock {
  nowMs(): number
  /** Resolves after a while, or rejects with the reason of the abort. */
  wait(ms: number, signal: AbortSignal | undefined): Promise<void>
}

/** Source: API v2 §3.3. */
const maxInFlight = 4

/** What a request waits for besides a free place. */
interface Order {
  /** True for deletes and restores, of which the service does one at a time. Source: API v2 §3.4. */
  isSerial: boolean
  signal: AbortSignal | undefined
}

interface Waiting {
  isSerial: boolean
  start(): void
}

/**
 * The requests of one account: a few at a time, in the order in which they came, and none before the time that the service has asked to
 * wait for.
 */
export class RequestQueue {
  readonly #clock: QueueClock
  readonly #waiting: Waiting[] = []
  #inFlight = 0
  #serialInFlight = false
  #pausedUntilMs = 0

  constructor(clock: QueueClock) {
    this.#clock = clock
  }

  /** How long no request may be sent, in milliseconds. */
  get pauseMs(): number {
    return Math.max(0, this.#pausedUntilMs - this.#clock.nowMs())
  }

  /** Sends no request for a while. A shorter pause does not end a longer one. */
  pauseFor(ms: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#clock.nowMs() + ms)
  }

  /** Runs a request when it is its turn. Rejects with the reason of the abort if that comes first. */
  async run<T>({ isSerial, signal }: Order, send: () => Promise<T>): Promise<T> {
    await this.#turn(isSerial, signal)
    try {
      // A pause can begin while others are waiting for their turn, or grow during another.
      while (this.pauseMs > 0) await this.#clock.wait(this.pauseMs, signal)
      signal?.throwIfAborted()
      return await send()
    } finally {
      this.#inFlight -= 1
      if (isSerial) this.#serialInFlight = false
      this.#next()
    }
  }

  #turn(isSerial: boolean, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    return new Promise((resolve, reject) => {
      const abort = () => {
        const at = this.#waiting.indexOf(waiting)
        if (at !== -1) this.#waiting.splice(at, 1)
        reject(signal?.reason)
      }
      const waiting: Waiting = {
        isSerial,
        start: () => {
          signal?.removeEventListener('abort', abort)
          resolve()
        },
      }
      signal?.addEventListener('abort', abort, { once: true })
      this.#waiting.push(waiting)
      this.#next()
    })
  }

  #next(): void {
    while (this.#inFlight < maxInFlight) {
      const at = this.#waiting.findIndex(({ isSerial }) => !isSerial || !this.#serialInFlight)
      const [next] = at === -1 ? [] : this.#waiting.splice(at, 1)
      if (next === undefined) return
      this.#inFlight += 1
      if (next.isSerial) this.#serialInFlight = true
      next.start()
    }
  }
}
