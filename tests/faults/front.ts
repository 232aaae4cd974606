import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { Service } from '../support/service.ts'

/** The bytes of a file that were requested. The end is exclusive. */
export interface Requested {
  start: number
  end: number
}

/** A server with API v1, of which this program gives the files itself, at a limited speed per connection, and counts what is asked for. */
export interface Front {
  url: string
  requests: Requested[]
  /** How many connections were sending at once, at most. */
  maxAtOnce(): number
  stop(): Promise<void>
}

/** Stands in front of a local service whose only file has this content. */
export async function startFront(service: Service, content: Buffer, bytesPerSecond: number): Promise<Front> {
  const requests: Requested[] = []
  let [sending, maxAtOnce] = [0, 0]
  const server = createServer((request, response) => {
    response.on('error', () => response.destroy())
    const answer = (request.url ?? '').startsWith('/stream-file/') ? give : forward
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  const url = `http://127.0.0.1:${address.port}`

  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const type = request.headers['content-type'] ?? 'application/x-www-form-urlencoded'
    const answer = await fetch(`${service.url}${request.url}`, {
      method: request.method ?? 'GET',
      headers: { 'content-type': type, connection: 'close' },
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
    })
    const body = (await answer.text()).replaceAll(service.url, url).replaceAll(service.url.replaceAll('/', '\\/'), url)
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' }).end(body)
  }

  async function give(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
    const isPart = asked !== null && [undefined, etag].includes(request.headers['if-range']?.toString())
    const start = isPart ? Number(asked[1]) : 0
    const end = isPart && asked[2] !== '' ? Number(asked[2]) + 1 : content.length
    requests.push({ start, end })
    const range = isPart ? { 'content-range': `bytes ${start}-${end - 1}/${content.length}` } : {}
    response.writeHead(isPart ? 206 : 200, {
      etag,
      'accept-ranges': 'bytes',
      'content-length': end - start,
      'content-type': 'application/octet-stream',
      ...range,
    })
    sending += 1
    maxAtOnce = Math.max(maxAtOnce, sending)
    response.once('close', () => {
      sending -= 1
    })
    const step = Math.ceil(bytesPerSecond / stepsPerSecond)
    const beganMs = performance.now()
    for (let at = start; at < end && !response.destroyed; at += step) {
      const isFull = !response.write(content.subarray(at, Math.min(end, at + step)))
      const dueMs = beganMs + ((at + step - start) / bytesPerSecond) * 1000
      const pauseMs = dueMs - performance.now()
      if (pauseMs > 1) await wait(pauseMs)
      if (isFull && response.writableNeedDrain)
        await new Promise<void>((resolve) => {
          response.once('drain', resolve)
          response.once('close', resolve)
        })
    }
    response.end()
  }

  return {
    url,
    requests,
    maxAtOnce: () => maxAtOnce,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const etag = '"the only version"'
const stepsPerSecond = 40
