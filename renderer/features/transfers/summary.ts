import type { Transfer, TransferStatus } from '../../../shared/transfer.ts'
import { runningOf } from '../../store/disk-space.ts'

/** What the transfers of an account are doing, all together. */
export interface Summary {
  /** How many are fetched now, are fetched and being processed, wait, are only shared, or have failed. */
  fetching: number
  finishing: number
  queued: number
  sharing: number
  failed: number
  /** The sum of the speeds at which they are fetched. */
  bytesPerSecond: number
  /** Until all of them are fetched, at this speed; null if it cannot be known. */
  secondsLeft: number | null
}

type Group = 'fetching' | 'finishing' | 'queued' | 'sharing' | 'failed'

const groups: Record<TransferStatus, Group> = {
  waiting: 'queued',
  'in-queue': 'queued',
  'looking-for-peers': 'fetching',
  downloading: 'fetching',
  'downloading-and-seeding': 'fetching',
  seeding: 'sharing',
  'in-complete-queue': 'finishing',
  'in-extraction-queue': 'finishing',
  extracting: 'finishing',
  completing: 'finishing',
  error: 'failed',
  unknown: 'fetching',
}

/** Lower speeds are protocol overhead, not content. */
const minSpeed = 1000

/** Sums up the transfers. Those that were cancelled a moment ago do not count. */
export function summarize(transfers: Iterable<Transfer>): Summary {
  const kept = [...transfers].filter(({ isCancelled }) => !isCancelled)
  const counts = { fetching: 0, finishing: 0, queued: 0, sharing: 0, failed: 0 }
  const unfetched: Transfer[] = []
  let bytesPerSecond = 0
  for (const transfer of kept) {
    const group = groups[transfer.status]
    counts[group]++
    if (group !== 'fetching' && group !== 'queued') continue
    unfetched.push({ ...transfer, unpackedBytes: null })
    if (group === 'fetching') bytesPerSecond += transfer.speedBytesPerSecond ?? 0
  }
  const { bytes, unknownCount } = runningOf(unfetched)
  const isKnown = bytesPerSecond >= minSpeed && unknownCount === 0 && bytes > 0
  return {
    ...counts,
    bytesPerSecond: bytesPerSecond >= minSpeed ? bytesPerSecond : 0,
    secondsLeft: isKnown ? Math.ceil(bytes / bytesPerSecond) : null,
  }
}
