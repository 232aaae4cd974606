import { trimEnd } from '../../../engine/text/trim-end.ts'
import { AppError } from '../../../shared/errors.ts'

/** Turns a typed address into a base URL. Without a scheme it is http for this computer and https elsewhere. Throws `bad-input`. */
export function toBaseUrl(typed: string): string {
  const text = typed.trim()
  const isLocal = /^(localhost|127\.|\[::1\])/.test(text)
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `${isLocal ? 'http' : 'https'}://${text}`
  const url = URL.canParse(withScheme) ? new URL(withScheme) : null
  const isPlain = url !== null && url.username === '' && url.search === '' && url.hash === ''
  if (!isPlain || !/^https?:$/.test(url.protocol)) {
    throw new AppError(
      'bad-input',
      `“${text}” is not the address of a server. It looks like http://127.0.0.1:8088 or https://files.example.org.`,
    )
  }
  return trimEnd(url.href, '/').replace(/\/v[12]$/, '')
}

/** The address of a WebSocket; `http` and `https` become `ws` and `wss`. Throws `bad-input`. */
export function toSocketUrl(typed: string): string {
  const text = typed.trim()
  const plain = toBaseUrl(text.replace(/^ws(s?):\/\//i, 'http$1://'))
  return plain.replace(/^http/, 'ws')
}
