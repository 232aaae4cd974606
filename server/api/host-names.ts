import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

/** A host, and a port if one was given. */
interface Authority {
  /** Lower case, without a final dot; an IPv6 address without brackets. */
  host: string
  port: number | null
}

/** A name under which the service is reached. */
export interface HostName extends Authority {
  /** Null when none was given. */
  scheme: 'http' | 'https' | null
}

/** How the service can be reached. */
export interface Reachability {
  port: number
  hostNames: readonly HostName[]
  /** Proxies whose `X-Forwarded-…` headers are trusted. */
  proxies: BlockList
  /** True when other computers can reach it, by any of its addresses. */
  isOpen: boolean
}

const maxAuthorityLength = 300
const maxKnown = 100

/** Decides for each request whether it is meant for this service, and which base its links get. */
export function createHostNames(reached: Reachability) {
  const { port, hostNames, proxies, isOpen } = reached
  const [firstName] = hostNames
  // Clients repeat the same name.
  const known = new Map<string, Authority | null>()
  const read = (text: string) => {
    const before = known.get(text)
    if (before !== undefined) return before
    const authority = readAuthority(text)
    const own = authority !== null && isOwn(authority) ? authority : null
    if (known.size >= maxKnown) known.clear()
    if (text.length <= maxAuthorityLength) known.set(text, own)
    return own
  }
  const nameOf = ({ host }: Authority) => hostNames.find((name) => name.host === host)

  /**
   * Old clients have a name of Put.io built in, and reach this service with it through a proxy setting or DNS. Unlike a
   * name, an IP address cannot be made to point to another computer, so every address is accepted when other computers
   * may connect. Source: API v1 §1.1.
   */
  function isOwn(authority: Authority): boolean {
    const { host } = authority
    if (nameOf(authority) !== undefined || host === 'put.io' || host.endsWith('.put.io')) return true
    if (isOpen && (isIP(host) !== 0 || host === 'localhost')) return true
    return (isLoopback(host) || host === 'localhost') && (authority.port ?? 80) === port
  }

  const hasProxies = proxies.rules.length > 0
  const isProxied = ({ socket }: IncomingMessage) => {
    if (!hasProxies) return false
    const address = plainAddress(socket.remoteAddress)
    return isIP(address) !== 0 && proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  }

  return {
    /** The base URL for links; null for a request that is not meant for this service. */
    baseFor: (request: IncomingMessage): string | null => {
      const forwarded = isProxied(request) ? forwardedBy(request) : null
      const authority = forwarded?.host ?? requestAuthority(request)
      const own = authority === null ? null : read(authority)
      if (authority !== null && own === null) return null
      const name = (own === null ? undefined : nameOf(own)) ?? firstName
      const scheme = name?.scheme ?? forwarded?.scheme ?? 'http'
      if (name !== undefined) {
        const isBySameName = own?.host === name.host
        const otherPort = isBySameName ? (forwarded?.port ?? own.port) : forwarded === null ? port : null
        return formatUrl(scheme, { host: name.host, port: name.scheme === null ? (name.port ?? otherPort) : name.port })
      }
      if (own === null || isUnspecified(own.host)) {
        return formatUrl(scheme, { host: plainAddress(request.socket.localAddress), port })
      }
      return formatUrl(scheme, { host: own.host, port: forwarded?.port ?? own.port })
    },
    /** The client's address: behind a trusted proxy, the one that the proxy reports. */
    clientAddress: (request: IncomingMessage): string => {
      const address = plainAddress(request.socket.remoteAddress)
      if (!isProxied(request)) return address
      const last = `${request.headers['x-forwarded-for'] ?? ''}`.split(',').at(-1)?.trim() ?? ''
      return isIP(last) === 0 ? address : last
    },
  }
}

/** Parses `nas.local`, `nas.local:8080`, `[::1]:80`, `::1` or `https://nas.example`; null for anything else. */
export function readHostName(text: string): HostName | null {
  const [, schemeText, rest = ''] = /^(?:(https?):\/\/)?([^/]*)\/?$/i.exec(text.trim()) ?? []
  const authority = readAuthority(isIP(rest) === 6 ? `[${rest}]` : rest)
  if (authority === null) return null
  const scheme = schemeText === undefined ? null : schemeText.toLowerCase() === 'https' ? 'https' : 'http'
  return { ...authority, scheme }
}

/** Parses addresses, and networks such as 172.16.0.0/12. Null when one of them is invalid. */
export function readProxies(texts: readonly string[]): BlockList | null {
  const list = new BlockList()
  for (const text of texts) {
    const [address = '', bits = isIP(text) === 6 ? '128' : '32', ...rest] = text.split('/')
    const kind = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    const isSound = isIP(address) !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (kind === 'ipv6' ? 128 : 32)
    if (!isSound || rest.length > 0) return null
    list.addSubnet(address, Number(bits), kind)
  }
  return list
}

/** True for an address that only this computer can reach. */
export function isLoopback(address: string): boolean {
  return address === '::1' || (isIP(address) === 4 && address.startsWith('127.'))
}

/** The authority of an absolute target, as sent to a proxy, or else the `Host` header. Source: RFC 9112 §3.2.2. */
function requestAuthority({ headers, url = '' }: IncomingMessage): string | null {
  const absolute = /^https?:\/\/([^/?#]*)/i.exec(url)?.[1]
  return absolute === undefined ? (headers.host ?? null) : absolute.slice(absolute.lastIndexOf('@') + 1)
}

function forwardedBy({ headers }: IncomingMessage) {
  const last = (name: string) => `${headers[name] ?? ''}`.split(',').at(-1)?.trim() ?? ''
  const scheme: 'http' | 'https' | null = last('x-forwarded-proto') === 'https' ? 'https' : null
  const port = last('x-forwarded-port')
  return { host: last('x-forwarded-host') || null, scheme, port: /^\d{1,5}$/.test(port) ? Number(port) : null }
}

function readAuthority(text: string): Authority | null {
  if (text.length > maxAuthorityLength || !/^[^\s/?#@\\]+$/.test(text)) return null
  const url = `http://${text}`
  if (!URL.canParse(url)) return null
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  const port = /:(\d{1,5})$/.exec(text)?.[1]
  const isSound = isIP(host) !== 0 || /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/.test(host)
  return !isSound ? null : { host, port: port === undefined || isIP(text) === 6 ? null : Number(port) }
}

function formatUrl(scheme: 'http' | 'https', { host, port }: Authority): string {
  const isUsual = port === null || port === (scheme === 'https' ? 443 : 80)
  return `${scheme}://${isIP(host) === 6 ? `[${host}]` : host}${isUsual ? '' : `:${port}`}`
}

function isUnspecified(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

function plainAddress(address: string | undefined): string {
  return (address ?? '127.0.0.1').replace(/^::ffff:/, '')
}
