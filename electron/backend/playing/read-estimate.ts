/** Shorter reads are of an index, or fill a buffer: they say nothing about the position. */
const minReadMs = 60_000

/** Estimates how far a file was played, from what a player has read of it. For players that do not report their position. */
export class ReadEstimate {
  readonly #reads = new Map<number, { sinceMs: number; share: number }>()
  #last: number | null = null

  /** Notes that a connection has read the file up to a byte. */
  note(connection: number, { to, total }: { to: number; total: number }, atMs = performance.now()): void {
    const read = this.#reads.get(connection)
    this.#reads.set(connection, { sinceMs: read?.sinceMs ?? atMs, share: to / total })
    if (atMs - (read?.sinceMs ?? atMs) >= minReadMs) this.#last = connection
  }

  /** The share of the file, 0 to 1, that the newest long read has reached; null if there was none. */
  progress(): number | null {
    return (this.#last === null ? null : this.#reads.get(this.#last)?.share) ?? null
  }
}
