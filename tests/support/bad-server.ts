import { createServer, type Socket } from 'node:net'

/** A request as it arrived, parsed as loosely as the answers are made. */
export interface BadRequest {
  method: string
  path: string
  headers: Record<string, string>
  /** The requested range. The end is exclusive, and null for everything from the start on. */
  range: { start: number; end: number | null } | null
  /** The number of requests before this one. */
  index: number
  atMs: number
}

export interface BadServer {
  port: number
  url: (path: string) => string
  requests: BadRequest[]
  /** How many bytes of bodies were written to connections. */
  sentBytes: () => number
  /** Breaks all open connections. */
  breakAll: () => void
  stop: () => Promise<void>
}

/** Bytes a second, read fifty times a second. */
export type Speed = number | (() => number)

/** Controls a connection byte by byte. */
export interface Wire {
  socket: Socket
  /** Writes a head, with the given lines as they are. */
  head: (status: string, lines: string[]) => void
  /** Writes body bytes, at a limited rate if one is given. */
  body: (bytes: Buffer, bytesPerSecond?: Speed) => Promise<void>
}

/** A server on loopback that answers as a real one never would. Each connection carries one request. */
export async function startBadServer(
  answer: (request: BadRequest, wire: Wire) => void | Promise<void>,
): Promise<BadServer> {
  const sockets = new Set<Socket>()
  const requests: BadRequest[] = []
  let sentBytes = 0
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    let text = ''
    const read = (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (!text.includes('\r\n\r\n')) return
      socket.off('data', read)
      socket.resume()
      const request = parse(text, requests.length)
      requests.push(request)
      const wire: Wire = {
        socket,
        head: (status, lines) => {
          socket.write(`HTTP/1.1 ${[status, ...lines].join('\r\n')}\r\nConnection: close\r\n\r\n`, 'latin1')
        },
        body: async (bytes, speed) => {
          for (let at = 0; at < bytes.length && !socket.destroyed; ) {
            const bytesPerSecond = typeof speed === 'function' ? speed() : speed
            const step = bytesPerSecond === undefined ? 256 * 1024 : Math.max(1, Math.ceil(bytesPerSecond / 50))
            const piece = bytes.subarray(at, at + step)
            await Promise.race([gone, new Promise<void>((resolve) => socket.write(piece, () => resolve()))])
            if (!socket.destroyed) sentBytes += piece.length
            if (bytesPerSecond !== undefined) await new Promise((resolve) => setTimeout(resolve, 20))
            at += step
          }
        },
      }
      Promise.resolve(answer(request, wire)).catch(() => socket.destroy())
    }
    socket.on('data', read)
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  const breakAll = () => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  return {
    port: address.port,
    url: (path) => `http://127.0.0.1:${address.port}${path}`,
    requests,
    sentBytes: () => sentBytes,
    breakAll,
    stop: async () => {
      breakAll()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function parse(text: string, index: number): BadRequest {
  const [first = '', ...lines] = text.split('\r\n')
  const [method = '', path = ''] = first.split(' ')
  const headers = Object.fromEntries(
    lines
      .filter((line) => line.includes(':'))
      .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '')
  return {
    method,
    path,
    headers,
    range: range === null ? null : { start: Number(range[1]), end: range[2] === '' ? null : Number(range[2]) + 1 },
    index,
    atMs: performance.now(),
  }
}

/** Answers as a good server does: with a range if one is requested and the version is still the same. */
export async function giveFile(
  request: BadRequest,
  wire: Wire,
  file: { bytes: Buffer; etag: string; bytesPerSecond?: Speed },
): Promise<void> {
  const { bytes, etag } = file
  const isPart = request.range !== null && [undefined, etag].includes(request.headers['if-range'])
  const start = isPart ? (request.range?.start ?? 0) : 0
  const end = isPart ? (request.range?.end ?? bytes.length) : bytes.length
  const shared = [`Content-Length: ${end - start}`, `ETag: ${etag}`, 'Accept-Ranges: bytes']
  if (isPart) wire.head('206 Partial Content', [...shared, `Content-Range: bytes ${start}-${end - 1}/${bytes.length}`])
  else wire.head('200 OK', shared)
  await wire.body(bytes.subarray(start, end), file.bytesPerSecond)
  wire.socket.end()
}

/** Counts the connections that are open at the same time, and their maximum. */
export function countOpen(answer: (request: BadRequest, wire: Wire) => Promise<void>) {
  const seen = { now: 0, most: 0 }
  return {
    seen,
    answer: async (request: BadRequest, wire: Wire) => {
      seen.now += 1
      seen.most = Math.max(seen.most, seen.now)
      wire.socket.once('close', () => {
        seen.now -= 1
      })
      await answer(request, wire)
    },
  }
}
