import type { Capabilities } from '../../../shared/capabilities.ts'
import type { Transfer } from '../../../shared/transfer.ts'

/** What a person can do about a failure: tell the password, try once more, or keep the archive as it is. */
type Act = 'password' | 'retry' | 'keep'

/** The acts that a transfer offers. One that is still shared can have failed too: then only its archives did. */
export function actsFor(
  { status, failure, areLinksKnown }: Pick<Transfer, 'status' | 'failure' | 'areLinksKnown'>,
  { canRetryInPlace }: Capabilities,
): Act[] {
  if (status !== 'error' && failure === null) return []
  if (!canRetryInPlace) return areLinksKnown ? ['retry'] : []
  // The question for the password offers to keep the archive as well.
  if (failure === 'needs-password' || failure === 'wrong-password') return ['password']
  return failure === null || failure === 'other' ? ['retry'] : ['retry', 'keep']
}
