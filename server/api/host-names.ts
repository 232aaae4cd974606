import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

/** A host, and the port where one was said. */
interface Authority {
  /** Lower case, without a dot at its end; an IPv6 address without brackets. */
  host: string
  port: number | null
}

/** A name that people reach this service by. */
export interface HostName extends Authority {
  /** Null where it was not said. */
  scheme: 'http' | 'https' | null
}

/** How this service can be reached. */
export interface Reachability {
  port: number
  hostNames: readonly HostName[]
  /** Proxies in front of it, whose `X-Forwarded-…` headers are believed. */
  proxies: BlockList
  /** True when others than this computer can reach it, by any of its addresses. */
  isOpen: boolean
}

const maxAuthorityLength = 300
const maxKnown = 100

/** Tells for each request whether it is meant for this service, and what the service is called in the links of its answer. */
export function createHostNames(reached: Reachability) {
  const { port, hostNames, proxies, isOpen } = reached
  const [firstName] = hostNames
  // A client says the same name again and again.
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
   * A name of Put.io is built into old clients, which reach us with it through a proxy setting or a name lookup. An address cannot
   * be made to mean another computer, as a name can, so all of them are own ones where others may come. Source: API v1 §1.1.
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
    /** How the service is called in links; null for a request that is not meant for it. */
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
    /** The address of the client: behind a proxy the one that the proxy names. */
    clientAddress: (request: IncomingMessage): string => {
      const address = plainAddress(request.socket.remoteAddress)
      if (!isProxied(request)) return address
      const last = `${request.headers['x-forwarded-for'] ?? ''}`.split(',').at(-1)?.trim() ?? ''
      return isIP(last) === 0 ? address : last
    },
  }
}

/** Reads `nas.local`, `nas.local:8080`, `[::1]:80`, `::1` or `https://nas.example`; null when it is nothing like it. */
export function readHostName(text: string): HostName | null {
  const [, schemeText, rest = ''] = /^(?:(https?):\/\/)?([^/]*)\/?$/i.exec(text.trim()) ?? []
  const authority = readAuthority(isIP(rest) === 6 ? `[${rest}]` : rest)
  if (authority === null) return null
  const scheme = schemeText === undefined ? null : schemeText.toLowerCase() === 'https' ? 'https' : 'http'
  return { ...authority, scheme }
}

/** Reads addresses, and networks such as 172.16.0.0/12. Null when one of them is neither. */
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

/** True for an address that only this computer reaches. */
export function isLoopback(address: string): boolean {
  return address === '::1' || (isIP(address) === 4 && address.startsWith('127.'))
}

/** The authority of an absolute target (as sent to a proxy), or else of the `Host` header. Source: RFC 9112 §3.2.2. */
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
