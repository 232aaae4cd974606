import { type Range, rangeAt } from '../ranges.ts'

const minSplitBytes = 4 * 1024 * 1024
/** A connection this close before a position gets there sooner than a new one. */
const nearBytes = 512 * 1024

/** The range that a connection is filling. */
interface Filling {
  /** Bytes up to here are written or being written. */
  position: number
  /** Exclusive; null for the end of the file. */
  end: number | null
}

/** Where one more connection begins and ends, and the connection whose range that shortens, if any. */
interface Place<S> {
  range: Range
  from: S | null
}

/** What a file lacks: gaps that no connection fills, and the ranges that connections are filling. */
interface Missing<S> {
  gaps: readonly Range[]
  running: Iterable<S>
  totalBytes: number
}

/** The place that brings a position first; null when a connection is about to get there, or it is written. */
export function placeAt<S extends Filling>(
  position: number,
  { gaps, running, totalBytes }: Missing<S>,
): Place<S> | null {
  for (const segment of running) {
    const end = segment.end ?? totalBytes
    if (position < segment.position || position >= end) continue
    return position - segment.position < nearBytes ? null : { range: [position, end], from: segment }
  }
  const gap = rangeAt(gaps, position)
  return gap === undefined ? null : { range: [position, gap[1]], from: null }
}

/** The largest gap; without gaps, the second half of the largest range that is worth a connection of its own, or null. */
export function largestPlace<S extends Filling>({ gaps, running, totalBytes }: Missing<S>): Place<S> | null {
  const [largest] = [...gaps].sort((a, b) => b[1] - b[0] - (a[1] - a[0]))
  if (largest !== undefined) return { range: largest, from: null }
  let best: { segment: S; end: number; rest: number } | null = null
  for (const segment of running) {
    const end = segment.end ?? totalBytes
    const rest = end - segment.position
    if (rest >= minSplitBytes && rest > (best?.rest ?? 0)) best = { segment, end, rest }
  }
  return best === null ? null : { range: [best.end - Math.floor(best.rest / 2), best.end], from: best.segment }
}

/** The place of the first bytes after a position that are worth a connection of their own. After the end of the file comes its beginning. */
export function nearestPlace<S extends Filling>(position: number, missing: Missing<S>): Place<S> | null {
  const { gaps, running, totalBytes } = missing
  const after = (start: number) => (start - position + totalBytes) % totalBytes
  const [gap] = [...gaps].sort((a, b) => after(a[0]) - after(b[0]))
  if (gap !== undefined) return { range: gap, from: null }
  const worthwhile = [...running].filter((one) => (one.end ?? totalBytes) - one.position >= 2 * minSplitBytes)
  const [nearest] = worthwhile.sort((a, b) => after(a.position) - after(b.position))
  if (nearest === undefined) return largestPlace(missing)
  return { range: [nearest.position + minSplitBytes, nearest.end ?? totalBytes], from: nearest }
}

/** The connection that is of least use to a reader that waits at a position: the one farthest behind it. */
export function farthest<S extends Filling>(position: number, running: Iterable<S>, totalBytes: number): S | null {
  const distance = (one: S) => (one.position - position + totalBytes) % totalBytes
  return [...running].reduce<S | null>(
    (found, one) => (found === null || distance(one) > distance(found) ? one : found),
    null,
  )
}
