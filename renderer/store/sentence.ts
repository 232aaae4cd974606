import { AppError } from '../../shared/errors.ts'
import { say } from '../words/say.ts'
import { visibleName } from '../words/visible-name.ts'

/** What to tell the person of a failure: the backend's sentence, or that it is ours. */
export function sentenceOf(error: unknown): string {
  return error instanceof AppError ? error.message : say('error.internal')
}

/** The same of an action on an item that the person knows by a name. */
export function sentenceAbout(name: string, error: unknown): string {
  return isNotFound(error) ? say('item.gone', { name: visibleName(name) }) : sentenceOf(error)
}

/** True when what was named is no longer there. */
export function isNotFound(error: unknown): boolean {
  return error instanceof AppError && error.code === 'not-found'
}

/** True when the person stopped what failed: there is nothing to tell. */
export function isCancelled(error: unknown): boolean {
  return error instanceof AppError && error.code === 'cancelled'
}
