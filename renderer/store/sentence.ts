import { AppError } from '../../shared/errors.ts'
import { say } from '../words/say.ts'
import { visibleName } from '../words/visible-name.ts'

/** The sentence to show for an error: the backend's, or a generic one. */
export function sentenceOf(error: unknown): string {
  return error instanceof AppError ? error.message : say('error.internal')
}

/** The same for an action on an item with this name. */
export function sentenceAbout(name: string, error: unknown): string {
  return isNotFound(error) ? say('item.gone', { name: visibleName(name) }) : sentenceOf(error)
}

/** True when the item, transfer or account no longer exists. */
export function isNotFound(error: unknown): boolean {
  return error instanceof AppError && error.code === 'not-found'
}

/** True when the service could not be asked, so that trying again may help. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof AppError && error.code === 'unreachable'
}

/** True when the person cancelled the action, so that there is nothing to show. */
export function isCancelled(error: unknown): boolean {
  return error instanceof AppError && error.code === 'cancelled'
}
