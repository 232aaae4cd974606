import { FTPError } from 'basic-ftp'
import { errorCode, FetchError, translateError } from '../fetch-error.ts'

/** True when the server rejected a command permanently, so that an alternative can be tried. */
export function isRefusal(error: unknown): boolean {
  return error instanceof FetchError && error.cause instanceof FTPError && error.cause.code >= 500
}

/** Turns an error of an FTP connection into a sentence. Other errors are returned unchanged. */
export function translateFtpError(error: unknown, host: string): unknown {
  if (error instanceof FTPError) return refusal(error, host)
  const translated = translateError(error, host)
  if (translated instanceof FetchError || !(error instanceof Error) || !/^\d*$/.test(errorCode(error)))
    return translated
  if (/timeout/i.test(error.message))
    return new FetchError(`“${host}” does not answer.`, { isPassing: true, cause: error })
  if (/FIN packet|closed/i.test(error.message)) {
    return new FetchError(`“${host}” broke the connection.`, { isPassing: true, cause: error })
  }
  return new FetchError(`“${host}” does not answer in proper FTP.`, { cause: error })
}

/** Source: RFC 959 §4.2; codes from 500 on are permanent. */
function refusal(error: FTPError, host: string): FetchError {
  const { code } = error
  const failure = (what: string, isPassing: boolean) =>
    new FetchError(`“${host}” ${what} (${code}).`, { isPassing, cause: error })
  if (code === 421) return failure('has no room for another connection just now', true)
  if (code === 530 || code === 532 || code === 332 || code === 331) return failure('does not let this user in', false)
  if (code === 550) return failure('says there is no such file', false)
  if (code === 425 || code === 426) return failure('closed the connection early', true)
  return code < 500 ? failure('cannot give the file just now', true) : failure('refuses to give the file', false)
}
