import { lookup } from 'node:dns/promises'
import ipaddr from 'ipaddr.js'

/** One address that a name resolved to. */
export interface Address {
  address: string
  family: 4 | 6
}

/** Asks the name service for every address of a host. */
export type Resolve = (host: string) => Promise<Address[]>

/** Why the gate refused: a sentence for the person. */
export class GateError extends Error {
  override name = 'GateError'
}

/**
 * The only way out: every outgoing connection, and every hop of a redirect, is checked here first. Connect to the returned
 * addresses; the name is never resolved again.
 */
export interface Gate {
  /** Rejects with a `GateError` for what must not be reached, or with the resolver's error. */
  check(url: URL): Promise<Address[]>
  /**
   * Throws a `GateError` unless a connection may go to this address. For connections that start from an address instead of a
   * link: peers, UDP trackers, the data connections of FTP. `host` is the name it was resolved from, if any.
   */
  admit(target: { address: string; port: number; host?: string }): void
  /** Replaces the hosts that may be reached although they are on the person's own network. */
  allow(hosts: readonly string[]): void
}

// Ports that browsers refuse, because services of other protocols listen there. Source: WHATWG Fetch, "bad port".
const badPorts = new Set([
  1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
  111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
  540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
  6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
])

/** The default port of each scheme; those of FTP are blocked for the others. */
const ownPorts: Record<string, number> = { 'http:': 80, 'https:': 443, 'ftp:': 21, 'ftps:': 990 }

/** Builds the gate. Hosts in `allowHosts` are compared whole, and may be names or addresses. */
export function createGate(options: { allowHosts: readonly string[]; resolve?: Resolve }): Gate {
  const resolve = options.resolve ?? resolveAll
  let allowed = new Set(options.allowHosts.map(hostKey))
  const isAdmitted = (address: string, host: string) => isPublicAddress(address) || allowed.has(hostKey(host))
  const refuseInner = (host: string) => {
    throw new GateError(
      `“${host}” is on this computer or a private network. Add it to the hosts that may be reached to fetch from it.`,
    )
  }
  return {
    allow: (hosts) => {
      allowed = new Set(hosts.map(hostKey))
    },
    check: async (url) => {
      if (!(url.protocol in ownPorts)) {
        throw new GateError(`Only http and ftp links can be fetched, and this one begins with “${url.protocol}”.`)
      }
      const port = Number(url.port)
      if (port !== ownPorts[url.protocol] && badPorts.has(port)) refusePort(port)
      const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
      const answers = ipaddr.isValid(host) ? [literal(host)] : await resolve(host)
      if (answers.length === 0) throw new GateError(`The host “${host}” has no address.`)
      if (!answers.every(({ address }) => isAdmitted(address, host))) refuseInner(host)
      return answers
    },
    admit: ({ address, port, host = address }) => {
      if (badPorts.has(port)) refusePort(port)
      if (!isAdmitted(address, host)) refuseInner(host)
    },
  }
}

function refusePort(port: number): never {
  throw new GateError(`Port ${port} is not used for files, so the link was refused.`)
}

/** True for an address that anyone on the internet may hold; false for this computer, private networks and special ranges. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.parse(address)
  if (parsed.range() !== 'unicast') return false
  return parsed.kind() === 'ipv4' || parsed.match(ipaddr.parseCIDR('2000::/3'))
}

function hostKey(host: string): string {
  const bare = host
    .trim()
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
  return ipaddr.isValid(bare) ? ipaddr.parse(bare).toString() : bare
}

function literal(host: string): Address {
  return { address: host, family: ipaddr.IPv6.isValid(host) ? 6 : 4 }
}

const lookups = new Map<string, Promise<Address[]>>()

/**
 * Concurrent requests for one host share one lookup: the system resolves few names at a time, and an unanswered one takes long.
 */
function resolveAll(host: string): Promise<Address[]> {
  const asked = lookups.get(host) ?? askSystem(host).finally(() => lookups.delete(host))
  lookups.set(host, asked)
  return asked
}

async function askSystem(host: string): Promise<Address[]> {
  const answers = await lookup(host, { all: true })
  return answers.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }))
}
