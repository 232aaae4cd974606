import type { IncomingMessage } from 'node:http'

/** True for a request that a page in a browser made, or had made. */
export function isFromPage({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site']
  return headers.origin !== undefined || (site !== undefined && site !== 'none')
}

/**
 * True when the request was meant for this service: by an own name with the own port, or by one of Put.io's names, which old
 * clients have built in and reach us with through a proxy setting or a name look-up. Source: API v1 §1.1.
 */
export function isForUs({ headers, url = '' }: IncomingMessage, port: number): boolean {
  const authority = /^https?:\/\/([^/?#]*)/i.exec(url)?.[1] ?? headers.host
  if (authority === undefined) return true
  const [, host = '', saidPort] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(authority.toLowerCase()) ?? []
  if (['127.0.0.1', 'localhost', '[::1]'].includes(host)) return Number(saidPort ?? 80) === port
  return host === 'put.io' || host.endsWith('.put.io')
}
