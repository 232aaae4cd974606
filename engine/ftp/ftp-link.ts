import { FetchError } from '../fetch-error.ts'
import { percentBytes } from '../text/percent.ts'
import { decodeAs } from '../text/text-bytes.ts'

/** The file on an FTP server that a link points to. Texts to send are the link's own bytes, one character each. */
export interface FtpTarget {
  url: URL
  host: string
  isSecure: boolean
  user: string
  password: string
  /** Relative to the user's home directory on the server, unless it begins with a slash. */
  path: string
  isUtf8: boolean
}

/**
 * Parses an FTP link. Line breaks would be separate commands, so a path, name or password that contains one is refused. A
 * question mark is part of a name: FTP has no query. Source: RFC 1738 §3.2; `ftps` means TLS from the first byte.
 */
export function parseFtpLink(link: string): FtpTarget {
  if (!URL.canParse(link)) throw new FetchError(`“${link.slice(0, 100)}” is not a link.`)
  const url = new URL(link)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const encoded = `${url.pathname.slice(1)}${url.search}`.replace(/;type=[aid]$/i, '')
  const bytes = percentBytes(encoded)
  const path = bytes.toString('latin1')
  const user = url.username === '' ? 'anonymous' : percentBytes(url.username).toString('latin1')
  const password = url.username === '' ? 'putdesk@' : percentBytes(url.password).toString('latin1')
  if ([path, user, password].some((text) => /[\r\n\0]/.test(text))) {
    throw new FetchError(`The link to “${host}” hides a line break, so it was refused.`)
  }
  if (path === '' || path.endsWith('/')) throw new FetchError(`The link to “${host}” names a folder and not a file.`)
  url.username = url.password = url.hash = url.search = ''
  url.pathname = `/${encoded}`
  return {
    url,
    host,
    isSecure: url.protocol === 'ftps:',
    user,
    password,
    path,
    isUtf8: decodeAs(bytes, 'utf-8') !== null,
  }
}
