import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Cores } from '../core/core.ts'
import { once } from '../core/once.ts'
import { createAttempts } from './attempts.ts'
import { mediaRoute } from './media/route.ts'
import { baseFor, isForUs, isFromPage, type OwnNames } from './origin.ts'
import { failure, write } from './v1/envelope.ts'

// Loaded when first asked for; even to ask for a loaded module again takes its time.
const media = once(() => import('./media/media.ts'))
const v1 = once(() => import('./v1/handle.ts'))

/** The service on its port. */
export interface Listening {
  port: number
  url: string
  close: () => Promise<void>
}

/** Where to listen. */
export interface ListenOptions {
  address: string
  port: number
  hostNames: readonly string[]
  /** True when others than this computer can reach the address. */
  isOpen: boolean
}

/** Listens, and leads each request to API v1 or to media. */
export async function listen(cores: Cores, options: ListenOptions): Promise<Listening> {
  // An import would load all of Node's fetch with it, and double the time to start.
  const { createServer } = process.getBuiltinModule('node:http')
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 60_000, maxHeaderSize: 64 * 1024 })
  const port = await bind(server, options)
  const names = options.hostNames.map((name) => name.toLowerCase())
  const own: OwnNames = { port, names, isOpen: options.isOpen }
  const attempts = createAttempts()
  const route = async (request: IncomingMessage, response: ServerResponse) => {
    if (!isForUs(request, own)) return refuse(response, 403, 'This address is not one of this service.')
    const target = request.url ?? ''
    const wanted = mediaRoute(target)
    const isPage = isFromPage(request)
    if (wanted !== null) {
      const { handleMedia } = await media.get()
      return handleMedia(request, response, { cores, attempts, route: wanted, isFromPage: isPage })
    }
    if (isPage) return refuse(response, 403, 'Pages in a browser may not use this service.')
    const path = target.replace(/^https?:\/\/[^/?#]*/i, '')
    if (/^\/*v1(?=[/?]|$)/.test(path)) {
      const { handleV1 } = await v1.get()
      return handleV1(request, response, { cores, attempts, base: baseFor(request, own) })
    }
    if (path === '/health') return serveHealth(response)
    const icon = /^\/images\/file_types\/([a-z_]+)\.png$/.exec(path)?.[1]
    if (icon !== undefined) return serveIcon(response, icon)
    return refuse(response, 404, 'There is nothing at this address.')
  }
  server.on('request', (request, response) => {
    // A client that goes away is no fault of ours.
    response.on('error', () => response.destroy())
    route(request, response).catch((fault: unknown) => {
      if (response.destroyed || request.destroyed) return response.destroy()
      cores.report(fault)
      if (response.headersSent) response.destroy()
      else refuse(response, 500, 'The service had a fault of its own. Its log has the details.')
    })
  })
  return {
    port,
    url: `http://${options.address.includes(':') ? `[${options.address}]` : options.address}:${port}`,
    close: async () => {
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

function refuse(response: ServerResponse, status: number, sentence: string): void {
  const { contentType, bytes } = write(failure(sentence, null, status), null)
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': bytes.length,
    'X-Content-Type-Options': 'nosniff',
  })
  response.end(bytes)
}

/** Tells whoever watches over the service that it answers, and nothing else. */
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
