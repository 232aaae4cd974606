import type { Transfer } from '../../../shared/transfer.ts'

/** What a person can do about a failure: tell the password, try once more, or keep the archive as it is. */
type Act = 'password' | 'retry' | 'keep'

/** The acts that a transfer offers. One that is still shared can have failed too: then only its archives did. */
export function actsFor({ status, failure, canRetry }: Pick<Transfer, 'status' | 'failure' | 'canRetry'>): Act[] {
  // The question for the password offers to keep the archive as well.
  if (failure === 'needs-password' || failure === 'wrong-password') return ['password']
  if (failure !== null && failure !== 'other') return ['retry', 'keep']
  return canRetry && (status === 'error' || failure !== null) ? ['retry'] : []
}
