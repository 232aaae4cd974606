/** Reproducible random choices: the same seed gives the same course. */
export interface Chance {
  /** From 0 (inclusive) to 1 (exclusive). */
  next: () => number
  below: (most: number) => number
  pick: <T>(choices: readonly [T, ...T[]]) => T
  bytes: (length: number) => Buffer
}

/** A small generator with 32 bits of state. Source: mulberry32, public domain. */
export function createChance(seed: number): Chance {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (most: number) => Math.floor(next() * most)
  return {
    next,
    below,
    pick: (choices) => choices[below(choices.length)] ?? choices[0],
    bytes: (length) => {
      const bytes = Buffer.alloc(length)
      for (let at = 0; at + 4 <= length; at += 4) bytes.writeUInt32LE(Math.floor(next() * 2 ** 32), at)
      return bytes
    },
  }
}
