import type { IncomingMessage, RequestOptions } from 'node:http'
import type { LookupFunction } from 'node:net'
import { errorCode, FetchError, translateFault } from './fetch-error.ts'
import type { Address, Gate } from './gate.ts'
import { connectWide } from './wide-socket.ts'

const maxRedirects = 20
const excessWaitMs = 100

/** What a server wants to see before it gives a file. */
export interface Credentials {
  /** The whole value of the header. */
  authorization?: string
  cookie?: string
}

export interface ExchangeOptions {
  gate: Gate
  method?: 'GET' | 'HEAD'
  headers?: Record<string, string>
  /** What to show the link's own server; a redirect to another origin never carries it. */
  credentialsFor?: ((url: URL) => Credentials | null) | undefined
  /** How long to wait for each answer's head. */
  timeoutMs: number
  signal: AbortSignal
}

/** An answer's head; its body is still to be read, or destroyed. */
export interface Exchange {
  response: IncomingMessage
  /** Where the answer came from, after redirects, without a user name or password. */
  url: URL
  /** Asked after the body's end: true when the server went on sending past what it had announced. */
  sentMore: () => Promise<boolean>
}

/**
 * Asks for a link and follows up to 20 redirects by hand, each hop through the gate. A user name and password in the link are
 * sent to the link's own origin only. The body is asked for as it is, never compressed.
 */
export async function exchange(link: string, options: ExchangeOptions): Promise<Exchange> {
  let url = parseLink(link)
  const home = url.origin
  const credentials = url.username === '' ? null : `${decodePart(url.username)}:${decodePart(url.password)}`
  const seen = new Set<string>()
  for (let hop = 0; hop <= maxRedirects; hop++) {
    url.username = url.password = url.hash = ''
    if (seen.has(url.href)) throw new FetchError(`“${url.hostname}” redirects in a circle.`)
    seen.add(url.href)
    const isHome = url.origin === home
    const headers = { ...options.headers, ...(isHome ? headersFor(url, options, credentials) : {}) }
    const { response, sentMore } = await ask(url, { ...options, headers })
    const next = nextHop(response, url)
    if (next === null) return { response, url, sentMore }
    response.destroy()
    url = next
  }
  throw new FetchError(`“${url.hostname}” redirects more than ${maxRedirects} times.`)
}

function parseLink(link: string): URL {
  if (!URL.canParse(link)) throw new FetchError(`“${link.slice(0, 100)}” is not a link.`)
  return new URL(link)
}

/** A user name or password as it was meant; one that is not properly encoded is meant as it stands. */
export function decodePart(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The link's own user name and password win over what is kept for its server. */
function headersFor(url: URL, options: ExchangeOptions, credentials: string | null): Record<string, string> {
  const { authorization, cookie } = options.credentialsFor?.(new URL(url)) ?? {}
  const own = credentials === null ? authorization : `Basic ${Buffer.from(credentials).toString('base64')}`
  return { ...(own === undefined ? {} : { authorization: own }), ...(cookie === undefined ? {} : { cookie }) }
}

function nextHop(response: IncomingMessage, url: URL): URL | null {
  const { location } = response.headers
  if (![301, 302, 303, 307, 308].includes(response.statusCode ?? 0) || location === undefined) return null
  const target = Buffer.from(location, 'latin1').toString('utf8')
  if (!URL.canParse(target, url.href)) {
    response.destroy()
    throw new FetchError(`“${url.hostname}” redirects to something that is not a link.`)
  }
  const next = new URL(target, url)
  const where = `“${url.hostname}” redirects`
  const refuse = (why: string) => {
    response.destroy()
    throw new FetchError(why)
  }
  if (/^ftps?:$/.test(next.protocol))
    refuse(`${where} to an ${next.protocol.slice(0, -1)} link, which is not followed.`)
  if (url.protocol === 'https:' && next.protocol === 'http:') {
    refuse(`${where} from a protected link to one that is not, which is not followed.`)
  }
  return next
}

async function ask(url: URL, options: ExchangeOptions): Promise<Pick<Exchange, 'response' | 'sentMore'>> {
  const addresses = await options.gate.check(url).catch((fault: unknown) => {
    throw translateFault(fault, url.hostname)
  })
  options.signal.throwIfAborted()
  const settings: RequestOptions = {
    method: options.method ?? 'GET',
    ...route(url, addresses),
    signal: options.signal,
    headers: { 'user-agent': 'Putdesk', accept: '*/*', 'accept-encoding': 'identity', ...options.headers },
  }
  // An import would load all of Node's fetch with it, and take longer than the rest of a start.
  const { request: send } = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http')
  return new Promise((resolve, reject) => {
    const request = send(url, settings)
    let isOver = false
    let hasMore = false
    const late = setTimeout(() => {
      request.destroy(new FetchError(`“${url.hostname}” does not answer.`, { isPassing: true }))
    }, options.timeoutMs)
    request.on('response', (response) => {
      clearTimeout(late)
      const sentMore = () =>
        new Promise<boolean>((tell) => {
          if (isOver) tell(hasMore)
          const enough = setTimeout(() => tell(hasMore), excessWaitMs)
          request.on('close', () => {
            clearTimeout(enough)
            tell(hasMore)
          })
        })
      resolve({ response, sentMore })
    })
    request.on('close', () => {
      isOver = true
    })
    request.on('error', (fault) => {
      clearTimeout(late)
      hasMore ||= errorCode(fault).startsWith('HPE_')
      reject(options.signal.aborted ? options.signal.reason : translateFault(fault, url.hostname))
    })
    request.end()
  })
}

/** How the connection is made: to the checked addresses only. */
function route(url: URL, addresses: Address[]): RequestOptions {
  const lookup = pinned(addresses)
  if (url.protocol === 'https:') return { agent: false, lookup }
  const target = { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 80), lookup }
  return { createConnection: () => connectWide(target).stream }
}

/** Answers the connection's look-up with the addresses that the gate checked, so that a name cannot change its mind. */
function pinned(addresses: Address[]): LookupFunction {
  return (_host, options, done) => {
    const [first] = addresses
    if (options.all === true) done(null, addresses)
    else if (first !== undefined) done(null, first.address, first.family)
  }
}
