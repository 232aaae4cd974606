export interface Turn {
  /** May change while one waits. */
  rank(): number
  /** How many connections the file may open. */
  connections: number
}

/**
 * How many files are saved at once, by the connections that they may open: many small ones, or a few large ones. Who has the lowest rank
 * is next; among equals, who waits longest. Nobody overtakes who needs more.
 */
export class Slots {
  #free: number
  #waiting: (Turn & { next: () => void })[] = []

  constructor(connections: number) {
    this.#free = connections
  }

  /** Resolves when it is one's turn. Rejects when the signal aborts. */
  async take(signal: AbortSignal, turn: Turn = { rank: () => 0, connections: 1 }): Promise<Slot> {
    const slot = new Slot({
      acquire: (stop) => this.#acquire(stop, turn),
      release: () => {
        this.#free += turn.connections
        this.#wake()
      },
    })
    await slot.hold(signal)
    return slot
  }

  async #acquire(signal: AbortSignal, turn: Turn): Promise<void> {
    signal.throwIfAborted()
    await new Promise<void>((resolve, reject) => {
      const next = () => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const leave = () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiter)
        reject(signal.reason)
        this.#wake()
      }
      const waiter = { ...turn, next }
      this.#waiting.push(waiter)
      signal.addEventListener('abort', leave, { once: true })
      this.#wake()
    })
  }

  /** Gives slots to those who are next, as long as there are enough. */
  #wake(): void {
    for (;;) {
      const first = lowest(this.#waiting)
      if (first === null || first.connections > this.#free) return
      this.#waiting = this.#waiting.filter((other) => other !== first)
      this.#free -= first.connections
      first.next()
    }
  }
}

function lowest<T extends Turn>(turns: readonly T[]): T | null {
  return turns.reduce<T | null>((low, turn) => (low === null || turn.rank() < low.rank() ? turn : low), null)
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
