/** How many files are saved at once. Who waits longest is next. */
export class Slots {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(count: number) {
    this.#free = count
  }

  /** Resolves when it is one's turn. Rejects when the signal aborts. */
  async take(signal: AbortSignal): Promise<Slot> {
    const slot = new Slot({ acquire: (stop) => this.#acquire(stop), release: () => this.#release() })
    await slot.hold(signal)
    return slot
  }

  async #acquire(signal: AbortSignal): Promise<void> {
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
        this.#waiting.splice(this.#waiting.indexOf(next), 1)
        reject(signal.reason)
      }
      this.#waiting.push(next)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  #release(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free += 1
    else next()
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
