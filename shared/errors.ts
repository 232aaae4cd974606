/** Every reason why an action can fail, known to both sides of the pipe. */
export type ErrorCode =
  | 'bad-input'
  | 'signed-out'
  | 'refused'
  | 'not-found'
  | 'unreachable'
  | 'no-player'
  | 'untrusted-host'
  | 'unavailable'
  | 'cancelled'
  | 'internal'

/**
 * An expected error: `code` is for the program, `message` is a sentence for the person that names the thing and what to do. The
 * `cause` is only for the log and never crosses the pipe. `untrusted-host` comes with the `origin` that would get the account's token.
 */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly origin: string | null

  constructor(code: ErrorCode, sentence: string, options?: { cause?: unknown; origin?: string | null }) {
    super(sentence, options)
    this.name = 'AppError'
    this.code = code
    this.origin = options?.origin ?? null
  }
}
