import type { Capabilities } from './capabilities.ts'
import type { Transfer, TransferStatus } from './transfer.ts'

/** True for statuses that hold a slot of the active limit: all but Waiting and Error. Source: API v1 §7.4. */
export function holdsSlot(status: TransferStatus): boolean {
  return status !== 'waiting' && status !== 'error'
}

/** True for a torrent that is only shared any more: cancelling it ends the sharing, and loses nothing. */
export function isOnlyShared({ status }: Pick<Transfer, 'status'>, { arrivesWhileSeeding }: Capabilities): boolean {
  return arrivesWhileSeeding && status === 'seeding'
}
