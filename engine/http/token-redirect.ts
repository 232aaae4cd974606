import { FetchError } from '../fetch-error.ts'

/** A redirect would carry the token in a link to an origin that may not have it. */
export class TokenRedirect extends FetchError {
  override name = 'TokenRedirect'
  readonly origin: string

  constructor(from: string, to: URL) {
    super(`“${from}” redirects to “${to.host}” with the access token, which is not sent there.`)
    this.origin = to.origin
  }
}

/**
 * Checks the redirects of a stream URL, `…/atk/<token>` or `…?oauth_token=<token>`: the returned function throws `TokenRedirect` for an address that has the token,
 * in any encoding of a URL, on another origin than the link's own, unless `allows` accepts that.
 */
export function keepToken(link: string, allows: (origin: string) => boolean): (to: URL) => void {
  return (to) => {
    const { origin, host, href } = new URL(link)
    const [, inPath, inQuery] = /\/atk\/+([^/?#]+)|[?&]oauth_token=([^&#]+)/i.exec(decoded(href)) ?? []
    const token = (inPath ?? inQuery)?.toLowerCase()
    if (token === undefined || to.origin === origin || !decoded(to.href).toLowerCase().includes(token)) return
    if (!allows(to.origin)) throw new TokenRedirect(host, to)
  }
}

/** A percent-decoded address. Handles repeated encoding. */
function decoded(address: string): string {
  let text = address
  for (let round = 0; round < 3; round += 1) {
    text = text.replaceAll(/%([0-9a-f]{2})/gi, (_code, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  }
  return text
}
