import { randomBytes } from 'node:crypto'
import { createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { keepToken } from '../../../engine/http/token-redirect.ts'
import { endingOf, waitForResponse } from '../../../engine/http/wait-for-response.ts'
import type { Ending } from '../../../engine/source.ts'
import { AppError } from '../../../shared/errors.ts'
import type { Log } from '../host/log.ts'

const idleMs = 12 * 60 * 60 * 1000
const sweepMs = 10 * 60 * 1000
const maxRedirects = 5
/** How long to wait for the response of the service. */
const timeoutMs = 60_000
/** A player reads a file through a few connections; more would only burden the service. */
const maxConnections = 32
const maxKeptBytes = 4 * 1024 * 1024

/** Creates the stream URL when it is needed. */
export type StreamSource = () => Promise<string>

/** Learns what a player reads through a link. */
export interface LinkReader {
  /** A player has opened the link. */
  onOpen?(): void
  /** A player has read these bytes of the file, in order, through one connection. */
  onRead?(connection: number, range: { from: number; to: number; total: number }): void
  /** The file may be replaced while it is read: only one version of it, by its `ETag`, goes through the link. */
  readonly isOneVersion?: boolean
  /** True for an origin that may get the token when the service redirects there. By default, only the service's own does. */
  allows?(origin: string): boolean
}

interface Capability {
  source: StreamSource
  reader: LinkReader
  /** What is being read through it, and from which origins. */
  readings: Map<ServerResponse, string[]>
  /** The URL of the last request; created again when the service no longer accepts it. */
  streamUrl: string | null
  /** The `ETag` of what went through it. */
  version: string | null
  lastUsedAtMs: number
  /** A small file that was read before; null for one that is read when a player does. */
  kept: Buffer | null
}

/** Loopback links for players. Each opens one file and does not reveal where the file comes from. */
export interface Relay {
  /** Creates a link that plays `source`; `name` is only its last part, for the player's title. */
  link(source: StreamSource, name: string, reader?: LinkReader): Promise<string>
  /**
   * Reads a small text now, and creates a link to it, so that a player never waits for it. Null if it cannot be had: it is not there,
   * larger than 4 MiB, a page, or `signal` ends the wait. Never rejects.
   */
  keep(
    url: string,
    name: string,
    options: { allows(origin: string): boolean; signal: AbortSignal },
  ): Promise<string | null>
  /** Ends a link. What is being read through it goes on to its end. */
  release(link: string): void
  /** From now on, every link asks anew where its file is. What is being read from this origin ends. */
  renew(origin: string): void
  close(): Promise<void>
}

/**
 * Serves capability links on 127.0.0.1: `http://127.0.0.1:port/s/<128-bit random>/<safe name>`. HEAD and ranges are passed
 * through; the stream URL and its token never leave the relay. A link expires with the app, or after 12 hours without use, and serves
 * a limited number of connections at once.
 */
export function createRelay(log: Log): Relay {
  const capabilities = new Map<string, Capability>()
  let listening: Promise<Server> | null = null
  const sweep = setInterval(() => {
    for (const [id, capability] of capabilities) {
      if (performance.now() - capability.lastUsedAtMs > idleMs) capabilities.delete(id)
    }
  }, sweepMs)
  sweep.unref()

  const listen = () =>
    new Promise<Server>((resolve, reject) => {
      const server = createServer((request, response) => {
        answer(capabilities, request, response).catch((error: unknown) => {
          log.error('relay', error)
          if (!response.headersSent) response.writeHead(502)
          response.end()
        })
      })
      server.requestTimeout = 0
      server.once('error', reject)
      server.listen(0, '127.0.0.1', () => resolve(server))
    })

  const link = async (name: string, of: Pick<Capability, 'source' | 'reader' | 'kept'>) => {
    listening ??= listen()
    const server = await listening
    const address = server.address()
    if (address === null || typeof address === 'string')
      throw new AppError('internal', 'The link for the player could not be made.')
    const id = randomBytes(16).toString('hex')
    const lastUsedAtMs = performance.now()
    capabilities.set(id, { ...of, readings: new Map(), streamUrl: null, version: null, lastUsedAtMs })
    return `http://127.0.0.1:${address.port}/s/${id}/${safeName(name)}`
  }

  return {
    link: (source, name, reader = {}) => link(name, { source, reader, kept: null }),
    keep: async (url, name, { allows, signal }) => {
      try {
        const kept = await readSmall(url, { allows, signal })
        return kept === null ? null : await link(name, { source: async () => url, reader: {}, kept })
      } catch (error) {
        if (!signal.aborted) log.error('relay', error)
        return null
      }
    },
    release: (link) => {
      const id = idIn(new URL(link).pathname)
      if (id !== undefined) capabilities.delete(id)
    },
    renew: (origin) => {
      for (const capability of capabilities.values()) {
        capability.streamUrl = null
        for (const [response, origins] of capability.readings) if (origins.includes(origin)) response.destroy()
      }
    },
    async close() {
      clearInterval(sweep)
      capabilities.clear()
      const server = await listening
      server?.closeAllConnections()
      await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()))
    },
  }
}

/**
 * A file's name as the last part of a link. Characters other than letters, digits and a few marks become dashes; the result is
 * percent-encoded.
 */
function safeName(name: string): string {
  const plain = name.replaceAll(/[^\p{L}\p{N}._ ()[\]-]+/gu, '-').replaceAll(/^[.-]+/g, '') || 'stream'
  return encodeURIComponent(plain.normalize().slice(-120).toWellFormed())
}

function idIn(path: string): string | undefined {
  return /^\/s\/([0-9a-f]{32})\//.exec(path)?.[1]
}

async function answer(
  capabilities: ReadonlyMap<string, Capability>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const id = idIn(request.url ?? '')
  const capability = id === undefined ? undefined : capabilities.get(id)
  const isOurs = /^127\.0\.0\.1:\d+$/.test(request.headers.host ?? '') && request.headers.origin === undefined
  if (capability === undefined || !isOurs) return end(response, 404)
  if (request.method !== 'GET' && request.method !== 'HEAD') return end(response, 405)
  capability.lastUsedAtMs = performance.now()
  if (capability.readings.size >= maxConnections) return end(response, 503)
  const origins: string[] = []
  capability.readings.set(response, origins)
  response.once('close', () => capability.readings.delete(response))
  capability.reader.onOpen?.()
  const { kept } = capability
  if (kept !== null) {
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'content-length': kept.length })
    response.end(request.method === 'HEAD' ? undefined : kept)
    return
  }

  capability.streamUrl ??= await capability.source()
  const allows = (origin: string) => capability.reader.allows?.(origin) === true
  const headers: Record<string, string> = {}
  for (const name of ['range', 'if-range']) {
    const value = request.headers[name]
    if (typeof value === 'string') headers[name] = value
  }
  const onAbort = (stop: () => void) => void response.on('close', stop)
  const options = { method: request.method, headers, onAbort, origins, allows }
  let upstream = await ask(capability.streamUrl, options)
  if ([401, 403, 404].includes(upstream.answer.statusCode ?? 0)) {
    upstream.answer.resume()
    capability.streamUrl = await capability.source()
    upstream = await ask(capability.streamUrl, options)
  }
  const { etag = null } = upstream.answer.headers
  if (capability.reader.isOneVersion && etag !== null) {
    capability.version ??= etag
    if (etag !== capability.version) {
      upstream.answer.destroy()
      return end(response, 410)
    }
  }
  if (request.method === 'GET') follow(upstream.answer, capability.reader)
  passOn(upstream, response, request.method === 'HEAD')
}

let lastConnection = 0

/** Reports what is read of a file, about once per chunk. */
function follow(upstream: IncomingMessage, { onRead }: LinkReader): void {
  if (onRead === undefined) return
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(upstream.headers['content-range'] ?? '')
  const from = Number(range?.[1] ?? 0)
  const total = Number(range?.[2] ?? upstream.headers['content-length'])
  if (![200, 206].includes(upstream.statusCode ?? 0) || !(total > 0)) return
  const connection = ++lastConnection
  let to = from
  upstream.on('data', (chunk: Buffer) => {
    to += chunk.length
    onRead(connection, { from, to, total })
  })
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-length': 0 })
  response.end()
}

/** A response of the service. Call `ending` after the body has ended to learn whether it is complete. */
interface Upstream {
  answer: IncomingMessage
  ending(): Ending
}

interface Asked {
  method: string
  headers: Record<string, string>
  /** Is told what to call when the answer is not wanted any more. */
  onAbort(stop: () => void): void
  /** Gets the origins that are asked. */
  origins: string[]
  allows(origin: string): boolean
}

/** Forwards the player's request to the service. Follows redirects, but sends the token only to origins that may have it. */
async function ask(url: string, options: Asked): Promise<Upstream> {
  const check = keepToken(url, options.allows)
  let target = new URL(url)
  for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
    const upstream = await send(target, options)
    const { location } = upstream.answer.headers
    if (location === undefined || ![301, 302, 303, 307, 308].includes(upstream.answer.statusCode ?? 0)) return upstream
    upstream.answer.resume()
    const next = URL.canParse(location, target.href) ? new URL(location, target) : null
    if (next === null || !/^https?:$/.test(next.protocol))
      throw new AppError('unreachable', 'The stream redirects to something that is not a link.')
    check(next)
    target = next
  }
  throw new AppError('unreachable', 'The stream redirects too many times.')
}

/** Reads a text of a limited size; null if it is none. */
async function readSmall(
  url: string,
  { allows, signal }: { allows(origin: string): boolean; signal: AbortSignal },
): Promise<Buffer | null> {
  signal.throwIfAborted()
  const onAbort = (stop: () => void) => signal.addEventListener('abort', stop, { once: true })
  const { answer: upstream, ending } = await ask(url, { method: 'GET', headers: {}, onAbort, origins: [], allows })
  const isPage = /\bhtml\b/i.test(upstream.headers['content-type'] ?? '')
  const chunks: Buffer[] = []
  let length = 0
  if (upstream.statusCode === 200 && !isPage)
    for await (const chunk of upstream) {
      if (!(chunk instanceof Buffer)) continue
      chunks.push(chunk)
      length += chunk.length
      if (length > maxKeptBytes) break
    }
  const isWhole = length > 0 && length <= maxKeptBytes && ending() !== 'broken'
  upstream.destroy()
  return isWhole ? Buffer.concat(chunks) : null
}

/** One request. It is aborted when the player disconnects. */
async function send(target: URL, { method, headers: asked, onAbort, origins }: Asked): Promise<Upstream> {
  origins.push(target.origin)
  const headers = { accept: '*/*', 'accept-encoding': 'identity', ...asked }
  const open = target.protocol === 'https:' ? httpsRequest : httpRequest
  const upstream = open(target, { method, headers })
  const answered = waitForResponse(upstream, { host: target.hostname, timeoutMs })
  onAbort(() => upstream.destroy())
  upstream.end()
  const answer = await answered
  return { answer, ending: () => endingOf(upstream, answer) }
}

const passedHeaders = ['content-type', 'content-length', 'content-range', 'accept-ranges', 'last-modified', 'etag']

function passOn({ answer: upstream, ending }: Upstream, response: ServerResponse, isHead: boolean): void {
  const headers: Record<string, string> = { 'x-content-type-options': 'nosniff' }
  for (const name of passedHeaders) {
    const value = upstream.headers[name]
    if (typeof value === 'string') headers[name] = value
  }
  response.writeHead(upstream.statusCode ?? 502, headers)
  if (isHead) {
    upstream.resume()
    response.end()
    return
  }
  // The body of a file that is still being fetched can begin much later.
  response.flushHeaders()
  upstream.on('error', () => response.destroy())
  // An incomplete body must not look complete to the player.
  upstream.on('end', () => {
    if (ending() === 'broken') response.destroy()
    else response.end()
  })
  upstream.pipe(response, { end: false })
}
