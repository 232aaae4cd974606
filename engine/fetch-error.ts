import { constants } from 'node:os'

/** Why bytes could not be fetched. The message is a sentence for the person. */
export class FetchError extends Error {
  override name = 'FetchError'
  /** True for transient errors, which are worth a retry. */
  readonly isPassing: boolean
  /** How long the server asked to wait before a retry, or null. */
  readonly retryAfterMs: number | null

  constructor(sentence: string, options: { isPassing?: boolean; retryAfterMs?: number | null; cause?: unknown } = {}) {
    super(sentence, { cause: options.cause })
    this.isPassing = options.isPassing ?? false
    this.retryAfterMs = options.retryAfterMs ?? null
  }
}

const networkErrors: Record<string, [sentence: string, isPassing: boolean]> = {
  ECONNRESET: ['broke the connection', true],
  EPIPE: ['broke the connection', true],
  ECONNREFUSED: ['does not accept connections', true],
  ETIMEDOUT: ['does not answer', true],
  EHOSTUNREACH: ['cannot be reached', true],
  ENETUNREACH: ['cannot be reached: there is no network', true],
  EAI_AGAIN: ['cannot be looked up just now', true],
  ENOTFOUND: ['does not exist', false],
  ENODATA: ['does not exist', false],
}

/** Turns Node's errors of connections and disks into a sentence. Unknown errors are returned unchanged. */
export function translateError(error: unknown, host: string): unknown {
  if (error instanceof FetchError || !(error instanceof Error)) return error
  const code = errorCode(error)
  const known = networkErrors[code]
  if (known !== undefined) return new FetchError(`“${host}” ${known[0]}.`, { isPassing: known[1], cause: error })
  if (isFullDisk(error)) return new FetchError('This computer’s disk is full.', { cause: error })
  if (code === 'ELOOP')
    return new FetchError('A link to another place lies where the file should be kept.', { cause: error })
  if (code === 'EFBIG') return new FetchError('The file is larger than this computer’s disk allows.', { cause: error })
  if (code.startsWith('HPE_')) {
    return new FetchError(`“${host}” does not answer in proper HTTP.`, { cause: error })
  }
  if (code.startsWith('CERT_') || /CERT|SIGNATURE|ERR_TLS|SELF_SIGNED|EPROTO|ERR_SSL/.test(code)) {
    return new FetchError(`“${host}” has no valid certificate, so nothing was fetched from it.`, { cause: error })
  }
  return error
}

/**
 * True when there was no space to write. Node has no name for a full quota, only its number, and SQLite has a code of its own.
 * Source: sqlite.org/rescode.html, SQLITE_FULL.
 */
export function isFullDisk(error: unknown): boolean {
  const isFullQuota = error instanceof Error && 'errno' in error && error.errno === -constants.errno.EDQUOT
  const isFullDatabase = error instanceof Error && 'errcode' in error && error.errcode === 13
  return isFullQuota || isFullDatabase || ['ENOSPC', 'EDQUOT'].includes(errorCode(error))
}

/** The code of a Node error, or an empty string. For an aggregate error, the code of its first one. */
export function errorCode(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return errorCode(error.errors[0])
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : ''
}
