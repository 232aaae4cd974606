import { isOutOfSpace, reasonOf } from '../../core/errors/reason.ts'
import { NotFound, Refusal, type RefusalCode } from '../../core/errors/refusal.ts'

/** An answer that is an error. `type` is the key that clients branch on. Source: API v2 §3.1, §3.2. */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly status: number
  readonly type: string
  readonly extra: Record<string, unknown>

  constructor(status: number, type: string, sentence: string, extra: Record<string, unknown> = {}) {
    super(sentence)
    this.status = status
    this.type = type
    this.extra = extra
  }
}

const types: Record<RefusalCode, string> = {
  'empty-name': 'EMPTY_NAME',
  'slash-in-name': 'SLASH_IN_NAME',
  'name-too-long': 'NAME_TOO_LONG',
  'name-taken': 'NAME_ALREADY_EXIST',
  'already-shared': 'ALREADY_SHARED',
  'too-many-links': 'PUBLIC_SHARE_LIMIT_REACHED',
}

/** The error to answer with; null for an internal one. */
export function toApiError(error: unknown): ApiError | null {
  if (error instanceof ApiError) return error
  if (error instanceof NotFound) return new ApiError(404, 'NotFound', error.message)
  if (isOutOfSpace(error)) return new ApiError(507, 'DISK_FULL', 'The disk of the service’s computer is full.')
  const reason = reasonOf(error)
  if (reason === null) return null
  const code = error instanceof Refusal ? error.code : null
  return new ApiError(code === 'too-many-links' ? 403 : 400, code === null ? 'BadRequest' : types[code], reason)
}
