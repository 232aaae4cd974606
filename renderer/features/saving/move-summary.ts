import type { Move } from './move.ts'

/** What all moves of a list are doing together. */
export interface MoveSummary {
  moving: number
  waiting: number
  paused: number
  bytesPerSecond: number
  /** Until everything that moves now or waits is there; null if it cannot be known. */
  secondsLeft: number | null
}

/** Sums up what is being saved, or sent up. */
export function summarize(moves: Iterable<Move>): MoveSummary {
  const sum = { moving: 0, waiting: 0, paused: 0, bytesPerSecond: 0 }
  let leftBytes: number | null = 0
  for (const { status, speedBytesPerSecond, sizeBytes, movedBytes } of moves) {
    if (status === 'paused') sum.paused += 1
    if (status !== 'moving' && status !== 'listing' && status !== 'waiting') continue
    if (status === 'waiting') sum.waiting += 1
    else sum.moving += 1
    if (status === 'moving') sum.bytesPerSecond += speedBytesPerSecond ?? 0
    leftBytes = leftBytes === null || sizeBytes === null ? null : leftBytes + Math.max(0, sizeBytes - movedBytes)
  }
  const isKnown = leftBytes !== null && leftBytes > 0 && sum.bytesPerSecond >= 1
  return { ...sum, secondsLeft: isKnown && leftBytes !== null ? Math.ceil(leftBytes / sum.bytesPerSecond) : null }
}
