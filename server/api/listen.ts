import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { BlockList } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Cores } from '../core/core.ts'
import { once } from '../core/once.ts'
import { callerAt, createAttempts } from './attempts.ts'
import { limitBodyTime } from './body-time.ts'
import { createHostNames, type HostName } from './host-names.ts'
import { mediaRoute } from './media/route.ts'
import { corsHeaders, isFromPage } from './origin.ts'
import { isTooLarge } from './read-body.ts'
import { failure, write } from './v1/envelope.ts'
import type { createSocket } from './v2/socket.ts'

// Loaded on first use and kept, because even importing a loaded module again takes time.
const media = once(() => import('./media/media.ts'))
const v1 = once(() => import('./v1/handle.ts'))
const v2 = once(() => import('./v2/handle.ts'))
const v2Socket = once(() => import('./v2/socket.ts'))

/** The running service. */
export interface Listening {
  port: number
  url: string
  close(): Promise<void>
}

/** Where to listen, and which requests to accept. */
export interface ListenOptions {
  address: string
  port: number
  hostNames: readonly HostName[]
  proxies: BlockList
  /** Origins of browser extensions that may use the service, as browsers send them. */
  allowedOrigins: ReadonlySet<string>
  /** True when other computers can reach the address. */
  isOpen: boolean
}

/** The time limit for a complete head, checked every two seconds. Bodies have one of their own. */
const timeLimits = { headersTimeout: 10_000, requestTimeout: 0, connectionsCheckingInterval: 2000 }

/** Listens, and routes each request to its version of the API or to media. */
export async function listen(cores: Cores, options: ListenOptions): Promise<Listening> {
  // An import would also load Node's fetch, and double the start-up time.
  const { createServer } = process.getBuiltinModule('node:http')
  // Any other request that offers to upgrade is answered as usual.
  const shouldUpgradeCallback = isForSocket
  const server = createServer({ ...timeLimits, maxHeaderSize: 64 * 1024, shouldUpgradeCallback })
  // Some clients close their side right after the request. Source: nodejs/node, lib/_http_server.js.
  Object.assign(server, { httpAllowHalfOpen: true })
  const port = await bind(server, options)
  const names = createHostNames({ ...options, port })
  const { allowedOrigins } = options
  const attempts = createAttempts()
  const route = async (request: IncomingMessage, response: ServerResponse) => {
    if (hasTwoHosts(request)) return refuse(response, 400, 'The request names its host twice.')
    const base = names.baseFor(request)
    if (base === null) {
      return refuse(response, 403, 'This address is not one of this service. Its settings can name it: host-name.')
    }
    const cors = corsHeaders(request, allowedOrigins)
    for (const [name, value] of Object.entries(cors ?? {})) response.setHeader(name, value)
    const isPage = isFromPage(request, allowedOrigins)
    if (request.method === 'OPTIONS' && !isPage) return serveOptions(request, response)
    const target = request.url ?? ''
    const wanted = mediaRoute(target)
    const caller = () => callerAt(names.clientAddress(request))
    if (wanted !== null) {
      const { handleMedia } = await media.get()
      return handleMedia(request, response, { cores, attempts, caller, route: wanted, isFromPage: isPage })
    }
    const isApproval = /^\/*link\/?(?:\?|$)/.test(pathOf(request))
    // The page for approving devices checks itself where a request comes from. That of a public link only reads, and is no part of other pages.
    const dest = request.headers['sec-fetch-dest'] ?? 'document'
    const isShare = request.method === 'GET' && dest === 'document' && /^\/*share\//.test(pathOf(request))
    if (isPage && !isApproval && !isShare) {
      return refuse(
        response,
        403,
        'Pages in a browser may not use this service. Its settings can allow one: allow-origin.',
      )
    }
    const path = pathOf(request)
    if (/^\/*v1(?=[/?]|$)/.test(path)) {
      const { handleV1 } = await v1.get()
      return handleV1(request, response, { cores, attempts, caller, base })
    }
    if (
      /^\/*(?:v2|files|link|share|kodi)(?=[/?]|$)/.test(path) ||
      (request.method === 'POST' && /^\/*(?:\?|$)/.test(path))
    ) {
      const { handleV2 } = await v2.get()
      return handleV2(request, response, { cores, attempts, caller, base })
    }
    if (path === '/health') return serveHealth(response)
    const icon = /^\/images\/file_types\/([a-z_]+)\.png$/.exec(path)?.[1]
    if (icon !== undefined) return serveIcon(response, icon)
    return refuse(response, 404, 'There is nothing at this address.')
  }
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    // A client that disconnects is not an error of the service.
    response.on('error', () => response.destroy())
    limitBodyTime(request, response)
    route(request, response).catch((error: unknown) => {
      if (response.destroyed || request.destroyed) return response.destroy()
      cores.report(error)
      if (response.headersSent) response.destroy()
      else refuse(response, 500, 'The service had an internal error. Its log has the details.')
    })
  }
  server.on('request', handle)
  server.on('checkContinue', (request, response) => {
    if (isUpload(request)) handle(request, response)
    else if (!isTooLarge(request)) {
      response.writeContinue()
      handle(request, response)
    } else refuse(response, 413, 'The request is larger than this service reads (4 MiB).')
  })
  server.on('connect', refuseTunnel)
  let sockets: Promise<ReturnType<typeof createSocket>> | null = null
  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const base = hasTwoHosts(request) ? null : names.baseFor(request)
    if (base === null || isFromPage(request, allowedOrigins)) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      return
    }
    sockets ??= v2Socket.get().then(({ createSocket }) => createSocket({ cores, attempts }))
    const { accept } = await sockets
    accept({ request, socket, head, base, caller: callerAt(names.clientAddress(request)) })
  }
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    upgrade(request, socket, head).catch((error: unknown) => {
      cores.report(error)
      socket.destroy()
    })
  })
  return {
    port,
    url: `http://${options.address.includes(':') ? `[${options.address}]` : options.address}:${port}`,
    close: async () => {
      const opened = await sockets
      opened?.close()
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

function bind(server: Server, { address: host, port }: ListenOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address()
      resolve(address === null || typeof address === 'string' ? port : address.port)
    })
  })
}

/** True for a request to the socket of API v2. Source: API v2 §17. */
function isForSocket(request: IncomingMessage): boolean {
  return pathOf(request).split('?')[0] === '/socket/sockjs/websocket'
}

/** The path and the query of a request, without the address of the service. */
function pathOf({ url }: IncomingMessage): string {
  return (url ?? '').replace(/^https?:\/\/[^/?#]*/i, '')
}

/** True for a request whose body is a file. Whoever reads it asks the client to continue. Source: API v2 §8. */
function isUpload(request: IncomingMessage): boolean {
  const [path = ''] = pathOf(request).split('?')
  if (request.method === 'PATCH') return /^\/*files\//.test(path)
  return request.method === 'POST' && /^\/*(?:v2\/+files\/+upload\/*)?$/.test(path)
}

/** The client and a proxy in between could choose different ones. Source: RFC 9112 §3.2. */
function hasTwoHosts({ rawHeaders }: IncomingMessage): boolean {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    if (name.length === 4 && name.toLowerCase() === 'host') count += 1
  }
  return count > 1
}

/** Refuses a program that uses this service as its proxy and wants to speak TLS with Put.io through it. */
function refuseTunnel(_request: IncomingMessage, socket: Duplex): void {
  const sentence = 'This service takes only http:// addresses.\n'
  socket.on('error', () => socket.destroy())
  socket.end(
    `HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nContent-Length: ${sentence.length}\r\n\r\n${sentence}`,
  )
}

function serveOptions(request: IncomingMessage, response: ServerResponse): void {
  // Source: tus.io, protocol 1.0.
  const isTus = /^\/*files(?=[/?]|$)/.test(pathOf(request))
  const tus = { 'Tus-Resumable': '1.0.0', 'Tus-Version': '1.0.0', 'Tus-Extension': 'creation,expiration,termination' }
  const allowed = isTus ? 'HEAD, POST, PATCH, DELETE, OPTIONS' : 'GET, HEAD, POST, OPTIONS'
  response.writeHead(204, { Allow: allowed, 'Content-Length': 0, ...(isTus && tus) }).end()
}

function refuse(response: ServerResponse, status: number, sentence: string): void {
  const { contentType, bytes } = write(failure(sentence, null, status), null)
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': bytes.length,
    'X-Content-Type-Options': 'nosniff',
    // Discards the rest of the request.
    Connection: 'close',
  })
  response.end(bytes)
}

/** Tells a monitor that the service responds, and nothing else. */
function serveHealth(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
  response.end('{"status":"ok"}')
}

async function serveIcon(response: ServerResponse, name: string): Promise<void> {
  const { icons } = await import('./media/icons.ts')
  const bytes = Buffer.from((Object.hasOwn(icons, name) ? icons[name] : icons.unknown) ?? '', 'base64')
  response.writeHead(200, {
    'Content-Type': 'image/png',
    'Content-Length': bytes.length,
    'Cache-Control': 'private, max-age=86400',
    'X-Content-Type-Options': 'nosniff',
  })
  response.end(bytes)
}
