import { AppError } from '../../../shared/errors.ts'
import type { Secrets } from '../secrets/secrets.ts'
import type { StreamPurpose } from './client.ts'

/** No host name is longer. Source: RFC 1035 §2.3.4. */
const maxHostName = 253
/** Other characters that a URL may have in its host would let an address pass for a sentence. */
const hostName = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])$/

export const did: Record<StreamPurpose, string> = { play: 'played', save: 'saved', read: 'read' }

/** A file whose address has to be on a host that may get the account's token. */
export interface AskedHost {
  name: string
  purpose: StreamPurpose
  /** Of the account's own server. */
  baseUrl: string
  /** True for an origin that the person agreed to. */
  isTrusted(origin: string): boolean
  secrets: Secrets
}

/** Throws `untrusted-host`, or `refused` if the address is invalid. */
export function checkHost(streamUrl: string, { name, purpose, baseUrl, isTrusted, secrets }: AskedHost): void {
  const stream = URL.canParse(streamUrl) ? new URL(streamUrl) : null
  if (stream === null || !isUsable(stream) || secrets.isIn(streamUrl.split('/', 3).join('/')))
    throw new AppError('refused', `“${name}” cannot be ${did[purpose]}: the server gave no usable address for it.`)
  const server = new URL(baseUrl)
  if (isOwnStreamHost(server, stream) || isTrusted(stream.origin)) return
  const where =
    stream.host === server.host
      ? `${stream.host} without encryption, unlike everything else of this account. Whoever is on the way gets its access token.`
      : `${stream.host}, which is not the server of this account (${server.host}). Whoever runs it gets the access token of your account.`
  const isWeaker = stream.host !== server.host && server.protocol === 'https:' && stream.protocol !== 'https:'
  const also = isWeaker ? ' The connection to it is not encrypted, so others on the way get it, too.' : ''
  throw new AppError('untrusted-host', `“${name}” would be ${did[purpose]} from ${where}${also}`, {
    origin: stream.origin,
  })
}

function isUsable({ protocol, hostname }: URL): boolean {
  return /^https?:$/.test(protocol) && hostname.length <= maxHostName && hostName.test(hostname)
}

/**
 * True if an account's token may be sent to this host without asking: to the account's own server, and between sites of Put.io,
 * which streams from its own hosts; never from HTTPS to HTTP. Source: API v1 §12.
 */
export function isOwnStreamHost(server: URL, stream: URL): boolean {
  if (server.protocol === 'https:' && stream.protocol !== 'https:') return false
  const isSame = stream.hostname === server.hostname && stream.port === server.port
  return isSame || (isPutio(server.hostname) && isPutio(stream.hostname))
}

function isPutio(hostname: string): boolean {
  return hostname === 'put.io' || hostname.endsWith('.put.io')
}
