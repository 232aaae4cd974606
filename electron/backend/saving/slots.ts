/** How many files are saved at once. Who has the lowest rank is next; among equals, who waits longest. */
export class Slots {
  #free: number
  readonly #waiting: { rank: () => number; next: () => void }[] = []

  constructor(count: number) {
    this.#free = count
  }

  /** Resolves when it is one's turn. Rejects when the signal aborts. `rank` may change while one waits. */
  async take(signal: AbortSignal, rank: () => number = () => 0): Promise<Slot> {
    const slot = new Slot({ acquire: (stop) => this.#acquire(stop, rank), release: () => this.#release() })
    await slot.hold(signal)
    return slot
  }

  async #acquire(signal: AbortSignal, rank: () => number): Promise<void> {
    signal.throwIfAborted()
    if (this.#free > 0) {
      this.#free -= 1
      return
    }
    await new Promise<void>((resolve, reject) => {
      const next = () => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
        reject(signal.reason)
      }
      const waiter = { rank, next }
      this.#waiting.push(waiter)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  #release(): void {
    const ranks = this.#waiting.map(({ rank }) => rank())
    const [first] = this.#waiting.splice(ranks.indexOf(ranks.reduce((low, rank) => Math.min(low, rank), Infinity)), 1)
    if (first === undefined) this.#free += 1
    else first.next()
  }
}

/** A slot that is given up while its file waits for something else, and taken again. */
export class Slot {
  readonly #pool: { acquire(signal: AbortSignal): Promise<void>; release(): void }
  #isHeld = false

  constructor(pool: { acquire(signal: AbortSignal): Promise<void>; release(): void }) {
    this.#pool = pool
  }

  async hold(signal: AbortSignal): Promise<void> {
    if (this.#isHeld) return
    await this.#pool.acquire(signal)
    this.#isHeld = true
  }

  free(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    this.#pool.release()
  }
}
