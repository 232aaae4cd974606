import type { IncomingMessage } from 'node:http'
import type { CookieJar } from 'tough-cookie'

/**
 * Cookies that servers set while they redirect: each is sent back only where its server, path and protection allow it, for as long as
 * one link is followed. What reads cookies is loaded when the first one comes. Source: RFC 6265.
 */
export class RedirectCookies {
  #jar: CookieJar | null = null

  /** Keeps what an answer sets; what is no proper cookie, or not one for its own site, is left out. */
  async keep(response: IncomingMessage, url: URL): Promise<void> {
    const set = response.headers['set-cookie'] ?? []
    if (set.length === 0) return
    if (this.#jar === null) {
      const { CookieJar } = await import('tough-cookie')
      this.#jar = new CookieJar(undefined, { allowSecureOnLocal: false })
    }
    for (const cookie of set) await this.#jar.setCookie(cookie, url.href, { ignoreError: true })
  }

  /** The value of the header for a request, after what is `kept` for its server; undefined when there is nothing to send. */
  async header(url: URL, kept: string | undefined): Promise<string | undefined> {
    const set = (await this.#jar?.getCookies(url.href)) ?? []
    const renewed = new Set(set.map(({ key }) => key))
    const old = (kept ?? '').split(';').filter((pair) => pair.trim() !== '' && !renewed.has(keyOf(pair)))
    const all = [...old.map((pair) => pair.trim()), ...set.map((cookie) => cookie.cookieString())]
    // Node refuses a whole request for one character that no header can hold.
    const sendable = all.filter((pair) => /^[\x20-\x7e\x80-\xff]*$/.test(pair))
    return sendable.length === 0 ? undefined : sendable.join('; ')
  }
}

function keyOf(pair: string): string {
  return pair.split('=', 1)[0]?.trim() ?? ''
}
