import { createServer, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'

/** A request to a scripted server. */
export interface Asked {
  method: string
  url: string
  headers: IncomingMessage['headers']
  body: string
}

export type Answer = { status?: number; headers?: Record<string, string>; body: string }

/** A server on loopback that answers as scripted and records its requests. */
export async function startScriptedServer(
  answer: (asked: Asked) => Answer,
): Promise<{ url: string; asked: Asked[]; idle(): Promise<void>; stop(): Promise<void> }> {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body }
    asked.push(one)
    const { status = 200, headers = {}, body: answered } = answer(one)
    response.writeHead(status, headers)
    response.end(answered)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening')
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    /** Resolves when no connection is open any more. */
    idle: async () => {
      // Connections are accepted in the order in which they were made: those before this one are counted below.
      await new Promise<void>((resolve) => {
        server.once('connection', () => resolve())
        const probe = connect(address.port, '127.0.0.1', () => probe.destroy())
      })
      await new Promise((resolve) => setTimeout(resolve, 20))
      const count = () => new Promise<number>((resolve) => server.getConnections((_error, open) => resolve(open)))
      while ((await count()) > 0) {
        server.closeIdleConnections()
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
