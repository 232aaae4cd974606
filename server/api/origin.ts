import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/** True for a request that a page in a browser made, or had made. */
export function isFromPage({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site']
  return headers.origin !== undefined || (site !== undefined && site !== 'none')
}

/** What this service is called by those who reach it. */
export interface OwnNames {
  port: number
  /** Names beside the addresses, in lower case. */
  names: readonly string[]
  /** True when others than this computer can reach it, by any of its addresses. */
  isOpen: boolean
}

/**
 * True when the request was meant for this service: by an own name with the own port, or by one of Put.io's names, which old
 * clients have built in and reach us with through a proxy setting or a name look-up. An address cannot be made to mean another
 * computer, as a name can, so all of them are own ones where others may come. Source: API v1 §1.1.
 */
export function isForUs(request: IncomingMessage, own: OwnNames): boolean {
  const authority = authorityOf(request)
  return authority === null || isOwn(authority, own) || /(^|\.)put\.io(:\d+)?$/.test(authority)
}

/** Where this service is for the client that made a request, as it is to stand in URLs. */
export function baseFor(request: IncomingMessage, own: OwnNames): string {
  const authority = authorityOf(request)
  if (authority !== null && isOwn(authority, own)) return `http://${authority}`
  const { localAddress = '127.0.0.1' } = request.socket
  const address = localAddress.replace(/^::ffff:/, '')
  return `http://${address.includes(':') ? `[${address}]` : address}:${own.port}`
}

function authorityOf({ headers, url = '' }: IncomingMessage): string | null {
  const authority = /^https?:\/\/([^/?#]*)/i.exec(url)?.[1] ?? headers.host
  return authority === undefined ? null : authority.toLowerCase()
}

function isOwn(authority: string, { port, names, isOpen }: OwnNames): boolean {
  const [, host = '', saidPort] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(authority) ?? []
  const bare = host.replace(/^\[|\]$/g, '')
  if (names.includes(host)) return true
  if (isOpen && isIP(bare) !== 0) return true
  return ['127.0.0.1', 'localhost', '::1'].includes(bare) && Number(saidPort ?? 80) === port
}
