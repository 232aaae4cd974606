import { constants } from 'node:os'

/** Why bytes could not be fetched. The message is a sentence for the person. */
export class FetchError extends Error {
  override name = 'FetchError'
  /** True for faults that may be gone in a moment: worth another try. */
  readonly isPassing: boolean
  /** How long the server asked to wait before that, or null. */
  readonly retryAfterMs: number | null

  constructor(sentence: string, options: { isPassing?: boolean; retryAfterMs?: number | null; cause?: unknown } = {}) {
    super(sentence, { cause: options.cause })
    this.isPassing = options.isPassing ?? false
    this.retryAfterMs = options.retryAfterMs ?? null
  }
}

const networkFaults: Record<string, [sentence: string, isPassing: boolean]> = {
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

/** Translates what Node says about a connection or a disk into a sentence; anything it does not know is given back as it is. */
export function translateFault(fault: unknown, host: string): unknown {
  if (fault instanceof FetchError || !(fault instanceof Error)) return fault
  const code = errorCode(fault)
  const known = networkFaults[code]
  if (known !== undefined) return new FetchError(`“${host}” ${known[0]}.`, { isPassing: known[1], cause: fault })
  if (isFullDisk(fault)) return new FetchError('This computer’s disk is full.', { cause: fault })
  if (code === 'ELOOP')
    return new FetchError('A link to another place lies where the file should be kept.', { cause: fault })
  if (code === 'EFBIG') return new FetchError('The file is larger than this computer’s disk allows.', { cause: fault })
  if (code.startsWith('HPE_')) {
    return new FetchError(`“${host}” does not answer in proper HTTP.`, { cause: fault })
  }
  if (code.startsWith('CERT_') || /CERT|SIGNATURE|ERR_TLS|SELF_SIGNED|EPROTO|ERR_SSL/.test(code)) {
    return new FetchError(`“${host}” has no valid certificate, so nothing was fetched from it.`, { cause: fault })
  }
  return fault
}

/**
 * True when there was no room to write. Node has no name for a full quota, only its number, and SQLite says it in its own way.
 * Source: sqlite.org/rescode.html, SQLITE_FULL.
 */
export function isFullDisk(fault: unknown): boolean {
  const isFullQuota = fault instanceof Error && 'errno' in fault && fault.errno === -constants.errno.EDQUOT
  const isFullDatabase = fault instanceof Error && 'errcode' in fault && fault.errcode === 13
  return isFullQuota || isFullDatabase || ['ENOSPC', 'EDQUOT'].includes(errorCode(fault))
}

/** The code of a Node error, or an empty string; looks into an error that stands for several. */
export function errorCode(fault: unknown): string {
  if (fault instanceof AggregateError && fault.errors.length > 0) return errorCode(fault.errors[0])
  return typeof fault === 'object' && fault !== null && 'code' in fault && typeof fault.code === 'string'
    ? fault.code
    : ''
}
