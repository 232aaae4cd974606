import { type Range, rangeAt } from '../ranges.ts'

const minSplitBytes = 4 * 1024 * 1024
/** A connection this close before a position gets there sooner than a new one. */
const nearBytes = 512 * 1024

/** The range of each connection near a reader: short, so that the reader soon gets what they all bring. */
const readerSplitBytes = 2 * 1024 * 1024
/** Nearer bytes are needed soon. */
const farBytes = 16 * 1024 * 1024

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

/** The place of the first bytes after a position that are worth a connection of their own. */
export function nearestPlace<S extends Filling>(position: number, missing: Missing<S>): Place<S> | null {
  const { gaps, running, totalBytes } = missing
  const places = gaps.map(([start, end]): Place<S> => {
    const isWithin = start < position && position < end
    return { range: [isWithin ? position : start, end], from: null }
  })
  for (const from of running) {
    const end = from.end ?? totalBytes
    if (end - from.position >= 2 * readerSplitBytes)
      places.push({ range: [from.position + readerSplitBytes, end], from })
  }
  const distance = ({ range: [start] }: Place<S>) => distanceFrom(position, start, totalBytes)
  const [nearest] = places.sort((a, b) => distance(a) - distance(b))
  return nearest ?? largestPlace(missing)
}

/** The connection that is of least use to a reader that waits at a position: the one farthest behind it. */
export function farthest<S extends Filling>(position: number, running: Iterable<S>, totalBytes: number): S | null {
  const distance = (one: S) => distanceFrom(position, one.position, totalBytes)
  return [...running].reduce<S | null>(
    (found, one) => (found === null || distance(one) > distance(found) ? one : found),
    null,
  )
}

/** True for a connection whose bytes a reader that waits at a position does not need soon, while others are missing that it does. */
export function isStray<S extends Filling>(one: S, position: number, missing: Missing<S>): boolean {
  const isFar = (place: number) => distanceFrom(position, place, missing.totalBytes) > farBytes
  const nearest = isFar(one.position) ? nearestPlace(position, missing) : null
  return nearest !== null && !isFar(nearest.range[0])
}

/** How far a reader at a position has to read to get somewhere. After the end of the file comes its beginning. */
function distanceFrom(position: number, place: number, totalBytes: number): number {
  return (place - position + totalBytes) % totalBytes
}
