import { FTPError } from 'basic-ftp'
import { errorCode, FetchError, translateFault } from '../fetch-error.ts'

/** True when the server refused a command for good, so that another way can be tried. */
export function isRefusal(fault: unknown): boolean {
  return fault instanceof FetchError && fault.cause instanceof FTPError && fault.cause.code >= 500
}

/** A fault of an FTP connection as a sentence; whatever has another reason stays as it is. */
export function translateFtpFault(fault: unknown, host: string): unknown {
  if (fault instanceof FTPError) return refusal(fault, host)
  const translated = translateFault(fault, host)
  if (translated instanceof FetchError || !(fault instanceof Error) || !/^\d*$/.test(errorCode(fault)))
    return translated
  if (/timeout/i.test(fault.message))
    return new FetchError(`“${host}” does not answer.`, { isPassing: true, cause: fault })
  if (/FIN packet|closed/i.test(fault.message)) {
    return new FetchError(`“${host}” broke the connection.`, { isPassing: true, cause: fault })
  }
  return new FetchError(`“${host}” does not answer in proper FTP.`, { cause: fault })
}

/** Source: RFC 959 §4.2; codes from 500 on are for good. */
function refusal(fault: FTPError, host: string): FetchError {
  const { code } = fault
  const said = (what: string, isPassing: boolean) =>
    new FetchError(`“${host}” ${what} (${code}).`, { isPassing, cause: fault })
  if (code === 421) return said('has no room for another connection just now', true)
  if (code === 530 || code === 532 || code === 332 || code === 331) return said('does not let this user in', false)
  if (code === 550) return said('says there is no such file', false)
  if (code === 425 || code === 426) return said('broke off before the end', true)
  return code < 500 ? said('cannot give the file just now', true) : said('refuses to give the file', false)
}
