import type { Capabilities } from './capabilities.ts'
import type { Transfer, TransferStatus } from './transfer.ts'

/** True for statuses that count against the active limit: all but Waiting and Error. Source: API v1 §7.4. */
export function holdsSlot(status: TransferStatus): boolean {
  return status !== 'waiting' && status !== 'error'
}

/** True for a torrent whose files have arrived and that is only seeding: cancelling it loses nothing. */
export function isOnlyShared({ status }: Pick<Transfer, 'status'>, { arrivesWhileSeeding }: Capabilities): boolean {
  return arrivesWhileSeeding && status === 'seeding'
}
