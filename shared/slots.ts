import type { Transfer, TransferStatus } from './transfer.ts'

/** True for statuses that hold a slot of the active limit: all but Waiting and Error. Source: API v1 §7.4. */
export function holdsSlot(status: TransferStatus): boolean {
  return status !== 'waiting' && status !== 'error'
}

/**
 * True for a torrent that is only shared any more: its files are in the space, and cancelling it loses nothing. A service that
 * does not tell of peers writes files into the space only after the sharing.
 */
export function isOnlyShared({ status, peers }: Pick<Transfer, 'status' | 'peers'>): boolean {
  return status === 'seeding' && peers !== null
}
