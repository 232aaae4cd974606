import { AppError } from '../../../../shared/errors.ts'
import { InvalidScope } from './request.ts'

/** The answer to a request. Calls `onOutOfScope` if the sign-in turns out not to allow it. Source: API v2 §2.4. */
export async function inScope<T>(asked: Promise<T>, onOutOfScope: () => void): Promise<T> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof AppError && error.cause instanceof InvalidScope) onOutOfScope()
    throw error
  }
}
