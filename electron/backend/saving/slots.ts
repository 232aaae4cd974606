/** How many files are saved at once. Who waits longest is next. */
export class Slots {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(count: number) {
    this.#free = count
  }

  /** Resolves when it is one's turn, with a function that gives the slot back. Rejects when the signal aborts. */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    if (this.#free === 0) {
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
    } else this.#free -= 1
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      const next = this.#waiting.shift()
      if (next === undefined) this.#free += 1
      else next()
    }
  }
}
