import { holdsSlot } from '../../shared/slots.ts'
import type { Transfer } from '../../shared/transfer.ts'
import type { Transfers } from './transfers.ts'

/** What active transfers will still take. */
export interface Running {
  bytes: number
  unknownCount: number
}

/** What a transfer takes now. Unknown counts as nothing. */
function takenBytes({ status, sizeBytes, downloadedBytes, percentDone }: Transfer): number {
  if (status === 'waiting') return 0
  return downloadedBytes ?? ((sizeBytes ?? 0) * percentDone) / 100
}

/** What a transfer takes in the end; null if it is unknown. */
function finalBytes({ sizeBytes, unpackedBytes }: Transfer): number | null {
  return unpackedBytes ?? sizeBytes
}

/** True for a transfer that takes more space in the end than now. */
function isGrowing({ status, isCancelled }: Transfer): boolean {
  return !isCancelled && status !== 'error' && status !== 'seeding' && (holdsSlot(status) || status === 'waiting')
}

/** The disk space that the active transfers will still use. */
export function runningOf(transfers: Iterable<Transfer>): Running {
  let bytes = 0
  let unknownCount = 0
  for (const transfer of transfers) {
    if (!isGrowing(transfer)) continue
    const final = finalBytes(transfer)
    if (final === null) unknownCount++
    else bytes += Math.max(0, final - takenBytes(transfer))
  }
  return { bytes: Math.round(bytes), unknownCount }
}

/**
 * The disk space that is free after a change of the list of transfers. One that has left the list counts as finished: if it was
 * cancelled, the service soon reports that more is free.
 */
export function freeAfter(freeBytes: number, before: Transfers, after: Transfers): number {
  let free = freeBytes
  for (const [id, transfer] of after) {
    const known = before.get(id)
    free -= takenBytes(transfer) - (known === undefined ? 0 : takenBytes(known))
  }
  for (const [id, transfer] of before) {
    if (after.has(id) || !isGrowing(transfer)) continue
    free -= Math.max(0, (finalBytes(transfer) ?? 0) - takenBytes(transfer))
  }
  return free
}
