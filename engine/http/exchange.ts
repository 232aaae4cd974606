import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import type { LookupFunction } from 'node:net'
import { errorCode, FetchError, translateError } from '../fetch-error.ts'
import type { Address, Gate } from '../net/gate.ts'
import { connectWithLargeReads, type LargeReads } from '../net/large-read-socket.ts'
import type { Ending } from '../source.ts'
import { escapeBytes, percentBytes } from '../text/percent.ts'
import { decodeAs } from '../text/text-bytes.ts'
import type { KeptConnections } from './kept-connections.ts'
import { RedirectCookies } from './redirect-cookies.ts'
import { endingOf, isInvalidHttp, waitForResponse } from './wait-for-response.ts'

const maxRedirects = 20
/** How long to wait for what a server sends beyond the end of a body. */
export const excessWaitMs = 100
/** Parser errors of Node for heads that are odd but unambiguous. Contradicting lengths are not among them. */
const oddForms = new Set(['HPE_INVALID_HEADER_TOKEN', 'HPE_CR_EXPECTED', 'HPE_LF_EXPECTED', 'HPE_INVALID_VERSION'])

/** What a server wants to see before it delivers a file. */
export interface HttpCredentials {
  /** The complete value of the header. */
  authorization?: string
  cookie?: string
}

export interface ExchangeOptions {
  gate: Gate
  method?: 'GET' | 'HEAD'
  headers?: Record<string, string>
  /** Credentials for the link's own server; a redirect to another origin never carries them. */
  credentialsFor?: ((url: URL) => HttpCredentials | null) | undefined
  /** Throws for a redirect that is not followed. */
  checkRedirect?: ((to: URL) => void) | undefined
  /** How long to wait for the head of each response. */
  timeoutMs: number
  signal: AbortSignal
  /** Used where one to the server is open. By default each request has a connection of its own. */
  connections?: KeptConnections | undefined
}

/** The head of a response; its body still has to be read or destroyed. */
export interface Exchange {
  response: IncomingMessage
  /** The connection that it came over, if it is of no other use. */
  connection: LargeReads | null
  /** Where the answer came from, after redirects, without a user name or password. */
  url: URL
  /** Call after the end of the body: true when the server sent more than it announced. */
  sentMore: () => Promise<boolean>
  /** Call after the end of the body: what that end is worth. */
  ending: () => Ending
}

/**
 * Requests a link and follows up to 20 redirects, each hop through the gate. A user name and password in the link are sent only
 * to the link's own origin, and cookies set on the way only where they belong. The body is requested uncompressed.
 */
export async function exchange(link: string, options: ExchangeOptions): Promise<Exchange> {
  let url = parseLink(link)
  const home = url.origin
  const credentials =
    url.username === ''
      ? null
      : Buffer.concat([percentBytes(url.username), Buffer.from(':'), percentBytes(url.password)]).toString('base64')
  const cookies = new RedirectCookies()
  const seen = new Set<string>()
  for (let hop = 0; hop <= maxRedirects; hop++) {
    url.username = url.password = url.hash = ''
    const shown = url.origin === home ? credentialsFor(url, options, credentials) : {}
    const cookie = await cookies.header(url, shown.cookie)
    // The same URL with another cookie can give another response.
    const asked = `${url.href} ${cookie}`
    if (seen.has(asked)) throw new FetchError(`“${url.hostname}” redirects in a circle.`)
    seen.add(asked)
    const headers = { ...options.headers, ...shown, ...(cookie === undefined ? {} : { cookie }) }
    const { response, ...answer } = await requestLeniently(url, { ...options, headers })
    const next = nextHop(response, url)
    if (next === null) return { response, url, ...answer }
    response.destroy()
    options.checkRedirect?.(next)
    await cookies.keep(response, url)
    url = next
  }
  throw new FetchError(`“${url.hostname}” redirects more than ${maxRedirects} times.`)
}

function parseLink(link: string): URL {
  if (!URL.canParse(link)) throw new FetchError(`“${link.slice(0, 100)}” is not a link.`)
  return new URL(link)
}

/** The link's own user name and password take precedence over stored credentials for its server. */
function credentialsFor(url: URL, options: ExchangeOptions, credentials: string | null): HttpCredentials {
  const { authorization, cookie } = options.credentialsFor?.(new URL(url)) ?? {}
  const own = credentials === null ? authorization : `Basic ${credentials}`
  return { ...(own === undefined ? {} : { authorization: own }), ...(cookie === undefined ? {} : { cookie }) }
}

function nextHop(response: IncomingMessage, url: URL): URL | null {
  const { location } = response.headers
  if (![301, 302, 303, 307, 308].includes(response.statusCode ?? 0) || location === undefined) return null
  const target = originalBytes(location)
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

/**
 * A `Location` header as Node gives it, one character per byte, as a link to the same bytes: whatever their encoding, the server
 * wants them back unchanged. In some encodings a backslash is the second byte of a character, not a separator.
 */
function originalBytes(location: string): string {
  const isUtf8 = decodeAs(Buffer.from(location, 'latin1'), 'utf-8') !== null
  return escapeBytes(isUtf8 ? location : location.replace(/(?<=[^\0-\x7f])\\/g, '%5C'))
}

/** Retries with a lenient parser when the head breaks a rule of form (folded lines, bare line feeds, odd versions). */
async function requestLeniently(url: URL, options: ExchangeOptions): ReturnType<typeof ask> {
  try {
    return await ask(url, options)
  } catch (error) {
    if (!(error instanceof FetchError) || !oddForms.has(errorCode(error.cause))) throw error
    const answer = await ask(url, { ...options, isLenient: true })
    // The parser treats a name with a trailing blank like the one without, but returns it as written.
    const { headers } = answer.response
    for (const [name, value] of Object.entries(headers)) headers[name.trim()] ??= value
    return answer
  }
}

async function ask(url: URL, options: ExchangeOptions & { isLenient?: boolean }): Promise<Omit<Exchange, 'url'>> {
  const addresses = await options.gate.check(url).catch((error: unknown) => {
    throw translateError(error, url.hostname)
  })
  options.signal.throwIfAborted()
  let connection: LargeReads | null = null
  const settings: RequestOptions = {
    method: options.method ?? 'GET',
    ...route(url, addresses, options.connections, (opened) => {
      connection = opened
    }),
    signal: options.signal,
    insecureHTTPParser: options.isLenient === true,
    headers: { 'user-agent': 'Putdesk', accept: '*/*', 'accept-encoding': 'identity', ...options.headers },
  }
  // An import would load all of Node's fetch with it, and take longer than the rest of a start.
  const { request: send } = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http')
  const request = send(url, settings)
  const sentMore = excessOf(request)
  const answered = waitForResponse(request, { host: url.hostname, timeoutMs: options.timeoutMs })
  request.end()
  const response = await answered.catch((error: unknown) => {
    if (options.signal.aborted) throw options.signal.reason
    if (wasClosed(request, error)) return null
    throw error
  })
  if (response === null) return ask(url, options)
  return { response, connection, sentMore, ending: () => endingOf(request, response) }
}

/**
 * True when a server closed a kept connection, as it may at any time, before it answered: another one may be tried, which is then a new
 * one. Source: RFC 9112 §9.3.1.
 */
function wasClosed(request: ClientRequest, error: unknown): boolean {
  const cause = error instanceof FetchError ? error.cause : null
  return request.reusedSocket && ['ECONNRESET', 'EPIPE'].includes(errorCode(cause))
}

/** Tells whether more follows the end of a body: Node then reports invalid HTTP. */
function excessOf(request: ClientRequest): Exchange['sentMore'] {
  const over = Promise.withResolvers<void>()
  let hasMore = false
  request.on('error', (error) => {
    hasMore ||= isInvalidHttp(error)
  })
  request.on('close', () => over.resolve())
  return async () => {
    const enough = setTimeout(() => over.resolve(), excessWaitMs)
    await over.promise
    clearTimeout(enough)
    return hasMore
  }
}

/** How the connection is made: only to the checked addresses. */
function route(
  url: URL,
  addresses: Address[],
  connections: KeptConnections | undefined,
  onOpen: (connection: LargeReads) => void,
): RequestOptions {
  const lookup = pinned(addresses)
  if (connections !== undefined) return { agent: connections.agentFor(url.protocol), lookup }
  if (url.protocol === 'https:') return { agent: false, lookup }
  const target = { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 80), lookup }
  const createConnection = () => {
    const connection = connectWithLargeReads(target, { isCopied: true })
    onOpen(connection)
    return connection.stream
  }
  return { createConnection }
}

/** Resolves the connection's lookup to the addresses that the gate checked, so that the name is not resolved again. */
function pinned(addresses: Address[]): LookupFunction {
  return (_host, options, done) => {
    const [first] = addresses
    if (options.all === true) done(null, addresses)
    else if (first !== undefined) done(null, first.address, first.family)
  }
}
