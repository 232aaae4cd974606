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

interface Pool {
  acquire(signal: AbortSignal): Promise<void>
  release(): void
}

/** A slot that is given up while its file waits for something else, and taken again. */
export class Slot {
  readonly #pool: Pool
  #isHeld = false
  #isEnded = false
  /** While it waits for its turn. */
  #waiting: { turn: Promise<void>; cancel: AbortController } | null = null

  constructor(pool: Pool) {
    this.#pool = pool
  }

  /** Resolves when it is held. Rejects when the signal aborts, or when it is given up before. */
  async hold(signal: AbortSignal): Promise<void> {
    if (this.#isEnded) throw new Error('the slot is not used any more')
    if (this.#isHeld) return
    this.#waiting ??= this.#wait(signal)
    await this.#waiting.turn
  }

  /** Gives it up, also while it waits. */
  free(): void {
    this.#waiting?.cancel.abort(new Error('the slot was given up'))
    this.#waiting = null
    if (!this.#isHeld) return
    this.#isHeld = false
    this.#pool.release()
  }

  /** Gives it up for good. */
  end(): void {
    this.free()
    this.#isEnded = true
  }

  #wait(signal: AbortSignal): { turn: Promise<void>; cancel: AbortController } {
    const cancel = new AbortController()
    const acquired = this.#pool.acquire(AbortSignal.any([signal, cancel.signal])).then(() => {
      // Given up in the moment in which its turn came.
      if (cancel.signal.aborted) {
        this.#pool.release()
        throw cancel.signal.reason
      }
      this.#isHeld = true
    })
    const turn = acquired.finally(() => {
      if (this.#waiting?.cancel === cancel) this.#waiting = null
    })
    // Not everyone who gives it up waits for it.
    turn.catch(() => undefined)
    return { turn, cancel }
  }
}
