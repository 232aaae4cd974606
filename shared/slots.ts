import type { TransferStatus } from './transfer.ts'

/** True for statuses that hold a slot of the active limit: all but Waiting and Error. Source: API v1 §7.4. */
export function holdsSlot(status: TransferStatus): boolean {
  return status !== 'waiting' && status !== 'error'
}
