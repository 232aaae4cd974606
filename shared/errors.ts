/** Every reason why an action can fail, as both sides of the pipe know them. */
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
 * A failure with a reason: `code` for the program, `message` a sentence for the person that names the thing and what can be
 * done. The `cause` is kept for the log and never crosses the pipe.
 */
export class AppError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, sentence: string, options?: { cause?: unknown }) {
    super(sentence, options)
    this.name = 'AppError'
    this.code = code
  }
}
