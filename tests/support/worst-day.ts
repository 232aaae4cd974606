import {
  type ClientRequest,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import type { Service } from './service.ts'

/** What goes wrong with a request or its answer. */
export type Failure =
  /** Answers itself; the request does not reach the service. */
  | { status: number; headers?: Record<string, string>; body: string }
  /** Never answers. With `isDone`, the service has carried the request out. */
  | { silence: true; isDone: boolean }
  /** Breaks off in the middle of the answer, or before it. The service has carried the request out. */
  | { cutAt: number }
  /** Changes the answer. */
  | { change(body: unknown): unknown }

/** A service behind which a real one has its worst days: a proxy that a test tells what goes wrong. */
export interface WorstDay {
  url: string
  /** Decides for each request what goes wrong; null for nothing. */
  plan(failure: (asked: { verb: string; path: string; count: number }) => Failure | null): void
  /** How often the service itself has been asked, by verb and path, without the query. */
  reached: Map<string, number>
  stop(): Promise<void>
}

export async function startWorstDay(service: Pick<Service, 'port'>): Promise<WorstDay> {
  let plan: Parameters<WorstDay['plan']>[0] = () => null
  const counts = new Map<string, number>()
  const reached = new Map<string, number>()
  const waiting = new Set<ServerResponse>()
  const pass = async (request: IncomingMessage, body: Buffer) => {
    const { method = 'GET', url = '/', headers } = request
    const key = `${method} ${url.split('?')[0]}`
    reached.set(key, (reached.get(key) ?? 0) + 1)
    return await new Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer }>(
      (resolve, reject) => {
        const forwarded: ClientRequest = httpRequest(
          {
            host: '127.0.0.1',
            port: service.port,
            path: url,
            method,
            headers: { ...headers, host: `127.0.0.1:${service.port}` },
          },
          async (response) => {
            const chunks: Buffer[] = []
            for await (const chunk of response) chunks.push(chunk)
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) })
          },
        )
        forwarded.on('error', reject)
        forwarded.end(body)
      },
    )
  }
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const [path = '/'] = (request.url ?? '/').split('?')
    const key = `${request.method} ${path}`
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    const failure = plan({ verb: request.method ?? '', path, count })
    if (failure !== null && 'status' in failure) {
      response.writeHead(failure.status, { 'content-type': 'application/json', ...failure.headers }).end(failure.body)
      return
    }
    if (failure !== null && 'silence' in failure) {
      waiting.add(response)
      if (failure.isDone) await pass(request, Buffer.concat(chunks))
      return
    }
    const answer = await pass(request, Buffer.concat(chunks))
    const { 'content-length': _length, connection: _connection, ...headers } = answer.headers
    // Where a file is to be sent is here, too.
    if (headers.location !== undefined)
      headers.location = headers.location.replace(`127.0.0.1:${service.port}`, request.headers.host ?? '')
    if (failure !== null && 'cutAt' in failure) {
      if (failure.cutAt > 0) {
        response.writeHead(answer.status, { ...headers, 'content-length': answer.body.length + 10 })
        response.write(answer.body.subarray(0, failure.cutAt), () => response.destroy())
      } else response.destroy()
      return
    }
    const body =
      failure === null ? answer.body : Buffer.from(JSON.stringify(failure.change(JSON.parse(`${answer.body}`))))
    response.writeHead(answer.status, { ...headers, 'content-length': body.length }).end(body)
  }
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening')
  return {
    url: `http://127.0.0.1:${address.port}`,
    reached,
    plan: (next) => {
      plan = next
      counts.clear()
      reached.clear()
    },
    stop: async () => {
      for (const response of waiting) response.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
