/** True when chunks that begin at `at` match the known head. */
export function isAt(head: Buffer, at: number, chunks: Buffer[]): boolean {
  let place = at
  for (const chunk of chunks) {
    if (place >= head.length) return true
    const length = Math.min(chunk.length, head.length - place)
    if (chunk.compare(head, place, place + length, 0, length) !== 0) return false
    place += length
  }
  return true
}

/** As many of the first chunks as make up a number of bytes. */
export function firstBytes(chunks: Buffer[], bytes: number): Buffer[] {
  let rest = bytes
  const kept: Buffer[] = []
  for (const chunk of chunks) {
    if (rest <= 0) break
    kept.push(chunk.subarray(0, rest))
    rest -= chunk.length
  }
  return kept
}
