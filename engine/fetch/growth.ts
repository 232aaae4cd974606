const tickMs = 100
/** A shorter window says too little about the speed; a new connection needs a longer one to reach its own. */
const windowMs = 300
const trialMs = 2000
const fastBytesPerSecond = 32 * 1024 * 1024
const minRemainingSeconds = 2
const worthFactor = 1.1

/** The part of a fetch that decides how many connections it has. */
interface Growing {
  readonly count: number
  readonly limit: number
  readonly canGrow: boolean
  readonly haveAllBegun: boolean
  add: () => boolean
  shrinkTo: (count: number) => void
}

export interface GrowthOptions {
  segments: Growing
  arrivedBytes: () => number
  remainingBytes: () => number
}

/**
 * Finds how many connections are worthwhile: doubles them while the server is slow and each doubling raises the speed, and goes
 * back one step when it does not. A fast server, or a fetch that is nearly done, is left alone.
 */
export class Growth {
  readonly #options: GrowthOptions
  readonly #ticking: NodeJS.Timeout
  #isSettled = false
  #trial: { from: number; bytesPerSecond: number } | null = null
  /** Where the current measurement began; null while there is nothing to measure. */
  #since: { bytes: number; ms: number } | null = null

  constructor(options: GrowthOptions) {
    this.#options = options
    this.#ticking = setInterval(() => this.#tick(), tickMs)
  }

  stop(): void {
    clearInterval(this.#ticking)
  }

  #tick(): void {
    const { segments, arrivedBytes } = this.#options
    if (this.#isSettled || !segments.canGrow || !segments.haveAllBegun || segments.count === 0) {
      this.#since = null
      return
    }
    const now = { bytes: arrivedBytes(), ms: performance.now() }
    this.#since ??= now
    const passedMs = now.ms - this.#since.ms
    const bytesPerSecond = ((now.bytes - this.#since.bytes) / passedMs) * 1000
    if (passedMs < windowMs || bytesPerSecond <= 0) return
    if (!this.#passes(bytesPerSecond) && passedMs < trialMs) return
    this.#judge(bytesPerSecond)
    this.#grow(bytesPerSecond)
  }

  /** True when nothing is on trial, or when the trial has raised the speed. */
  #passes(bytesPerSecond: number): boolean {
    return this.#trial === null || bytesPerSecond >= this.#trial.bytesPerSecond * worthFactor
  }

  /** Keeps the added connections, or removes them when they did not help. */
  #judge(bytesPerSecond: number): void {
    const { segments } = this.#options
    const isKept = this.#passes(bytesPerSecond)
    const from = this.#trial?.from ?? segments.count
    this.#trial = null
    this.#since = null
    if (isKept) return
    this.#isSettled = true
    if (segments.count > from) segments.shrinkTo(from)
  }

  #grow(bytesPerSecond: number): void {
    const { segments, remainingBytes } = this.#options
    const isWorthIt =
      bytesPerSecond < fastBytesPerSecond && remainingBytes() / bytesPerSecond > minRemainingSeconds && !this.#isSettled
    if (!isWorthIt) return
    const from = segments.count
    const target = Math.min(from * 2, segments.limit)
    let isMore = false
    while (segments.count < target && segments.add()) isMore = true
    if (!isMore) return
    this.#trial = { from, bytesPerSecond }
  }
}
