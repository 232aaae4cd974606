import type { Capabilities } from '../../../shared/capabilities.ts'
import type { Transfer, TransferFailure } from '../../../shared/transfer.ts'

/** An action on a transfer: enter the password, retry, keep the archive packed, or ask for peers again. */
type Action = 'password' | 'retry' | 'keep' | 'reannounce'

/** The actions for each kind of failure, if the service can retry in place. */
const actionsByFailure: Record<TransferFailure, Action[]> = {
  // The password dialog also offers to keep the archive.
  'needs-password': ['password'],
  'wrong-password': ['password'],
  damaged: ['retry', 'keep'],
  'missing-part': ['retry', 'keep'],
  unsafe: ['retry', 'keep'],
  'too-large': ['retry', 'keep'],
  'unknown-method': ['retry', 'keep'],
  failed: ['retry', 'keep'],
  other: ['retry'],
}

/** The actions that a transfer offers. A seeding transfer can have failed too, if its archives could not be unpacked. */
export function actionsFor(
  { status, failure, areLinksKnown }: Pick<Transfer, 'status' | 'failure' | 'areLinksKnown'>,
  { canRetryInPlace, canReannounce }: Capabilities,
): Action[] {
  if (status === 'looking-for-peers' && canReannounce) return ['reannounce']
  if (status !== 'error' && failure === null) return []
  if (!canRetryInPlace) return areLinksKnown ? ['retry'] : []
  return failure === null ? ['retry'] : actionsByFailure[failure]
}
