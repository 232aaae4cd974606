import type { IncomingMessage } from 'node:http'
import type { CookieJar } from 'tough-cookie'

/**
 * Cookies that servers set while they redirect: each is sent back only where its server, path and security flags allow it, for as
 * long as one link is followed. The cookie parser is loaded with the first cookie. Source: RFC 6265.
 */
export class RedirectCookies {
  #jar: CookieJar | null = null

  /** Stores the cookies of a response; invalid ones, and those for other sites, are ignored. */
  async keep(response: IncomingMessage, url: URL): Promise<void> {
    const set = response.headers['set-cookie'] ?? []
    if (set.length === 0) return
    if (this.#jar === null) {
      const { CookieJar } = await import('tough-cookie')
      this.#jar = new CookieJar(undefined, { allowSecureOnLocal: false })
    }
    for (const cookie of set) await this.#jar.setCookie(cookie, url.href, { ignoreError: true })
  }

  /** The header for a request, after the `kept` cookies of its server; undefined when there is nothing to send. */
  async header(url: URL, kept: string | undefined): Promise<string | undefined> {
    const set = (await this.#jar?.getCookies(url.href)) ?? []
    const renewed = new Set(set.map(({ key }) => key))
    const old = (kept ?? '').split(';').filter((pair) => pair.trim() !== '' && !renewed.has(keyOf(pair)))
    const all = [...old.map((pair) => pair.trim()), ...set.map((cookie) => cookie.cookieString())]
    // Node rejects a whole request for one character that a header cannot contain.
    const sendable = all.filter((pair) => /^[\x20-\x7e\x80-\xff]*$/.test(pair))
    return sendable.length === 0 ? undefined : sendable.join('; ')
  }
}

function keyOf(pair: string): string {
  return pair.split('=', 1)[0]?.trim() ?? ''
}
