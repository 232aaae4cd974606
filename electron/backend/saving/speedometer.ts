/** Over how long the speed is averaged. */
const windowMs = 4000

/** The speed of a save, from the bytes that it has reached and when. */
export class Speedometer {
  #points: { atMs: number; bytes: number }[] = []

  /** Returns bytes per second; null before there is anything to compare. */
  reach(bytes: number, atMs = performance.now()): number | null {
    const last = this.#points.at(-1)
    // What was there before it was resumed is not speed.
    if (last !== undefined && bytes < last.bytes) this.#points = []
    this.#points.push({ atMs, bytes })
    while (this.#points.length > 2 && atMs - (this.#points[0]?.atMs ?? atMs) > windowMs) this.#points.shift()
    const [first] = this.#points
    if (first === undefined || atMs - first.atMs < 250) return null
    return ((bytes - first.bytes) / (atMs - first.atMs)) * 1000
  }
}
