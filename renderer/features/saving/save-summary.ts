import type { Save } from '../../../shared/save.ts'

/** What all saves are doing together. */
export interface SaveSummary {
  saving: number
  waiting: number
  paused: number
  bytesPerSecond: number
  /** Until everything that is saved now or waits is here; null if it cannot be known. */
  secondsLeft: number | null
}

/** Sums up what is being saved. */
export function summarizeSaves(saves: Iterable<Save>): SaveSummary {
  const sum = { saving: 0, waiting: 0, paused: 0, bytesPerSecond: 0 }
  let leftBytes: number | null = 0
  for (const { status, speedBytesPerSecond, sizeBytes, savedBytes } of saves) {
    if (status === 'paused') sum.paused += 1
    if (status !== 'saving' && status !== 'listing' && status !== 'waiting') continue
    if (status === 'waiting') sum.waiting += 1
    else sum.saving += 1
    if (status === 'saving') sum.bytesPerSecond += speedBytesPerSecond ?? 0
    leftBytes = leftBytes === null || sizeBytes === null ? null : leftBytes + Math.max(0, sizeBytes - savedBytes)
  }
  const isKnown = leftBytes !== null && leftBytes > 0 && sum.bytesPerSecond >= 1
  return { ...sum, secondsLeft: isKnown && leftBytes !== null ? Math.ceil(leftBytes / sum.bytesPerSecond) : null }
}
