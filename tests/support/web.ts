import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** Answers one request to a test's web server. */
export type Handler = (request: IncomingMessage, response: ServerResponse, socket: Socket) => void | Promise<void>

export interface Web {
  port: number
  url: (path: string) => string
  /** Sets what a path answers from now on. */
  on: (path: string, handler: Handler) => void
  /** Every request received, in order. */
  requests: { method: string; path: string; headers: IncomingHttpHeaders }[]
  /** Resolves when `count` requests for the path have been received in all. */
  asked: (path: string, count?: number) => Promise<void>
  stop: () => Promise<void>
}

/** Starts a real web server on a free loopback port, which behaves as badly as a test wants. */
export async function startWeb(): Promise<Web> {
  const handlers = new Map<string, Handler>()
  const requests: Web['requests'] = []
  let watchers: (() => void)[] = []
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').replace(/\?.*$/, '')
    requests.push({ method: request.method ?? '', path, headers: request.headers })
    for (const watch of watchers) watch()
    response.on('error', () => response.destroy())
    const handler = handlers.get(path)
    if (handler === undefined) response.writeHead(404, { 'content-type': 'text/plain' }).end('there is nothing here')
    else Promise.resolve(handler(request, response, request.socket)).catch(() => request.socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the web server has no port')
  const { port } = address
  const count = (path: string) => requests.filter((request) => request.path === path).length
  return {
    port,
    url: (path) => `http://127.0.0.1:${port}${path}`,
    on: (path, handler) => handlers.set(path, handler),
    requests,
    asked: (path, times = 1) =>
      new Promise((resolve) => {
        const watch = () => {
          if (count(path) < times) return
          watchers = watchers.filter((other) => other !== watch)
          resolve()
        }
        watchers.push(watch)
        watch()
      }),
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export interface FileBehaviour {
  /** Null: not sent. */
  etag?: string | null
  lastModified?: string
  type?: string
  headers?: Record<string, string>
  /** The rate, in bytes a second. */
  bytesPerSecond?: number
  /** Breaks the connection after this many bytes of each of the first `cuts` answers. Default: of every answer. */
  cutAfter?: number
  cuts?: number
  /** The announced size, if not the real one; null: none (chunked). */
  announce?: number | null
  /** Answers 200 with the whole file, whatever range was requested. */
  ignoresRange?: boolean
  /** Waits for this after the first 64 KiB before it sends the rest. */
  holdUntil?: Promise<void>
}

/** Serves a file as a real server does (Range, If-Range, HEAD), or wrongly, as configured. */
export function file(bytes: Buffer, behaviour: FileBehaviour = {}): Handler {
  let cutsLeft = behaviour.cuts ?? Number.POSITIVE_INFINITY
  const etag = behaviour.etag === undefined ? `"${bytes.length.toString(16)}"` : behaviour.etag
  return async (request, response, socket) => {
    if (etag !== null) response.setHeader('etag', etag)
    if (behaviour.lastModified !== undefined) response.setHeader('last-modified', behaviour.lastModified)
    response.setHeader('content-type', behaviour.type ?? 'application/octet-stream')
    for (const [name, value] of Object.entries(behaviour.headers ?? {})) response.setHeader(name, value)
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
    const ifRange = request.headers['if-range']
    const isSame = ifRange === undefined || ifRange === etag || ifRange === behaviour.lastModified
    const isPart = range !== null && isSame && behaviour.ignoresRange !== true
    const start = isPart ? Number(range[1]) : 0
    const end = isPart && range[2] !== '' ? Math.min(Number(range[2]) + 1, bytes.length) : bytes.length
    if (isPart && start >= bytes.length) {
      response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end()
      return
    }
    if (isPart) response.setHeader('content-range', `bytes ${start}-${end - 1}/${bytes.length}`)
    if (behaviour.announce !== null) response.setHeader('content-length', behaviour.announce ?? end - start)
    response.strictContentLength = false
    response.writeHead(isPart ? 206 : 200)
    if (request.method === 'HEAD') {
      response.end()
      return
    }
    const stopAt = behaviour.cutAfter !== undefined && cutsLeft-- > 0 ? Math.min(end, start + behaviour.cutAfter) : end
    await send(response, bytes.subarray(start, stopAt), behaviour)
    if (stopAt < end) socket.resetAndDestroy()
    else if (behaviour.announce === undefined || behaviour.announce === null) response.end()
    else socket.end()
  }
}

/** Serves a file of any size that repeats a block of bytes, with ranges. */
export function repeated(block: Buffer, sizeBytes: number): Handler {
  const many = Buffer.concat(Array.from({ length: Math.ceil(1_000_000 / block.length) + 1 }, () => block))
  return async (request, response) => {
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
    const start = range === null ? 0 : Number(range[1])
    const end = range?.[2] ? Math.min(Number(range[2]) + 1, sizeBytes) : sizeBytes
    if (range !== null) response.setHeader('content-range', `bytes ${start}-${end - 1}/${sizeBytes}`)
    response.setHeader('etag', '"repeated"')
    response.setHeader('content-length', end - start)
    response.writeHead(range === null ? 200 : 206)
    if (request.method === 'HEAD') return void response.end()
    for (let at = start; at < end && !response.destroyed; ) {
      const piece = many.subarray(at % block.length, (at % block.length) + Math.min(end - at, 900_000))
      await write(response, piece)
      at += piece.length
    }
    response.end()
  }
}

/** Sends a body that never ends, without announcing a size. */
export const endless: Handler = async (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/octet-stream' })
  const block = Buffer.alloc(256 * 1024, 'endless ')
  while (!response.destroyed) await write(response, block)
}

/** Redirects to another URL. */
export function redirect(location: string, status = 302): Handler {
  return (_request, response) => {
    response.writeHead(status, { location }).end()
  }
}

/** Answers with a status and a text. */
export function status(code: number, headers: Record<string, string> = {}, text = ''): Handler {
  return (_request, response) => {
    response.writeHead(code, headers).end(text)
  }
}

async function send(response: ServerResponse, bytes: Buffer, behaviour: FileBehaviour): Promise<void> {
  const step = 64 * 1024
  for (let at = 0; at < bytes.length && !response.destroyed; at += step) {
    await write(response, bytes.subarray(at, at + step))
    if (behaviour.holdUntil !== undefined) await behaviour.holdUntil
    if (behaviour.bytesPerSecond !== undefined) await wait((step / behaviour.bytesPerSecond) * 1000)
  }
}

function write(response: ServerResponse, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    response.once('close', resolve)
    response.write(bytes, () => {
      response.off('close', resolve)
      resolve()
    })
  })
}
