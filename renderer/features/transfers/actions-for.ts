import type { Capabilities } from '../../../shared/capabilities.ts'
import type { Transfer, TransferFailure } from '../../../shared/transfer.ts'

/** What a person can do about a failure: enter the password, retry, or keep the archive as it is. */
type Action = 'password' | 'retry' | 'keep'

/** What helps against each kind of failure, where the service can try a transfer again in place. */
const actsOnFailure: Record<TransferFailure, Action[]> = {
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

/** The actions that a transfer offers. A seeding transfer can have failed too: then only its archives did. */
export function actionsFor(
  { status, failure, areLinksKnown }: Pick<Transfer, 'status' | 'failure' | 'areLinksKnown'>,
  { canRetryInPlace }: Capabilities,
): Action[] {
  if (status !== 'error' && failure === null) return []
  if (!canRetryInPlace) return areLinksKnown ? ['retry'] : []
  return failure === null ? ['retry'] : actsOnFailure[failure]
}
