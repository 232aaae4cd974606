import { AppError } from '../../shared/errors.ts'
import { say } from '../words/say.ts'

/** What to tell the person of a failure: the backend's sentence, or that it is ours. */
export function sentenceOf(error: unknown): string {
  return error instanceof AppError ? error.message : say('error.internal')
}

/** True when the person stopped what failed: there is nothing to tell. */
export function isCancelled(error: unknown): boolean {
  return error instanceof AppError && error.code === 'cancelled'
}
