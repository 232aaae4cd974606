import { decodePart } from './exchange.ts'
import { FetchError } from './fetch-error.ts'

/** What a link says about a file on an FTP server. */
export interface FtpPlace {
  url: URL
  host: string
  isSecure: boolean
  user: string
  password: string
  /** As it is sent: relative to where the server puts the user, unless it begins with a slash. */
  path: string
  isUtf8: boolean
}

/**
 * Reads an FTP link. Line breaks would be commands of their own, so a path, name or password with one is refused.
 * Source: RFC 1738 §3.2; `ftps` means TLS from the first byte on.
 */
export function ftpPlace(link: string): FtpPlace {
  if (!URL.canParse(link)) throw new FetchError(`“${link.slice(0, 100)}” is not a link.`)
  const url = new URL(link)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const encoded = url.pathname.slice(1).replace(/;type=[aid]$/i, '')
  const isUtf8 = isProperUtf8(encoded)
  const path = isUtf8 ? decodeURIComponent(encoded) : decodeBytes(encoded)
  const user = url.username === '' ? 'anonymous' : decodePart(url.username)
  const password = url.username === '' ? 'putdesk@' : decodePart(url.password)
  if ([path, user, password].some((text) => /[\r\n\0]/.test(text))) {
    throw new FetchError(`The link to “${host}” hides a line break, so it was refused.`)
  }
  if (path === '' || path.endsWith('/')) throw new FetchError(`The link to “${host}” names a folder and not a file.`)
  url.username = url.password = url.hash = ''
  url.pathname = `/${encoded}`
  return { url, host, isSecure: url.protocol === 'ftps:', user, password, path, isUtf8 }
}

function isProperUtf8(encoded: string): boolean {
  try {
    decodeURIComponent(encoded)
    return true
  } catch {
    return false
  }
}

function decodeBytes(encoded: string): string {
  return encoded.replace(/%([0-9a-f]{2})/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
