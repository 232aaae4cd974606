import { AppError } from '../../../../shared/errors.ts'
import { InvalidScope } from './request.ts'

/** The answer to a request. Calls `onOutOfScope` if the sign-in turns out not to allow it. Source: API v2 §2.4. */
export async function inScope<T>(asked: Promise<T>, onOutOfScope: () => void): Promise<T> {
  try {
    return await asked
  } catch (error) {
    if (isOutOfScope(error)) onOutOfScope()
    throw error
  }
}

/** The answer to a request, or something else if the sign-in does not allow it. */
export async function unlessOutOfScope<T>(asked: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await asked
  } catch (error) {
    if (isOutOfScope(error)) return otherwise
    throw error
  }
}

function isOutOfScope(error: unknown): boolean {
  return error instanceof AppError && error.cause instanceof InvalidScope
}
