/** The bytes of a file from `start` up to `end`, exclusive. */
export type Range = [start: number, end: number]

/** Adds a range to a list of ordered, separate ranges; adjacent ones are merged. */
export function addRange(ranges: readonly Range[], [start, end]: Range): Range[] {
  if (end <= start) return [...ranges]
  const before = ranges.filter((range) => range[1] < start)
  const after = ranges.filter((range) => range[0] > end)
  const touched = ranges.filter((range) => range[1] >= start && range[0] <= end)
  const joined: Range = [
    Math.min(start, ...touched.map(([from]) => from)),
    Math.max(end, ...touched.map(([, to]) => to)),
  ]
  return [...before, joined, ...after]
}

/** The ranges minus another one. */
export function withoutRange(ranges: readonly Range[], [start, end]: Range): Range[] {
  const left = ranges.flatMap(([from, to]): Range[] => [
    [from, Math.min(to, start)],
    [Math.max(from, end), to],
  ])
  return left.filter(([from, to]) => to > from)
}

/** The parts of the ranges below `limit`. */
export function cutRanges(ranges: readonly Range[], limit: number): Range[] {
  const cut = ranges.map(([start, end]): Range => [start, Math.min(end, limit)])
  return cut.filter(([start, end]) => end > start)
}

/** The gaps between the ranges, up to `size`. */
export function gapsOf(ranges: readonly Range[], size: number): Range[] {
  const gaps: Range[] = []
  let at = 0
  for (const [start, end] of ranges) {
    if (start > at) gaps.push([at, Math.min(start, size)])
    at = Math.max(at, end)
  }
  if (at < size) gaps.push([at, size])
  return gaps.filter(([start, end]) => end > start)
}

/** The range that contains a position. */
export function rangeAt(ranges: readonly Range[], position: number): Range | undefined {
  return ranges.find(([start, end]) => start <= position && position < end)
}

/** The total number of bytes in the ranges. */
export function sizeOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, [start, end]) => sum + end - start, 0)
}

/** The number of bytes from the beginning of the file to the first gap. */
export function headOf(ranges: readonly Range[]): number {
  const [first] = ranges
  return first?.[0] === 0 ? first[1] : 0
}

/** True for a list of ordered, separate ranges of integers, as this program writes them. */
export function isRangeList(value: unknown): value is Range[] {
  if (!Array.isArray(value)) return false
  let at = -1
  return value.every((range: unknown) => {
    if (!Array.isArray(range) || range.length !== 2) return false
    const [start, end]: unknown[] = range
    const isNext =
      Number.isSafeInteger(start) && Number.isSafeInteger(end) && Number(start) > at && Number(end) > Number(start)
    at = Number(end)
    return isNext
  })
}
