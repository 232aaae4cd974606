/** Reproducible random numbers from 0 to 1. The seed is printed, and can be set with `PUTDESK_SEED`. */
export function seededRandom(): () => number {
  const seed = Number(process.env.PUTDESK_SEED ?? Math.floor(Math.random() * 2 ** 31))
  console.info(`PUTDESK_SEED=${seed}`)
  let state = seed >>> 0
  // Source: mulberry32, by Tommy Ettinger, public domain.
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
