import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { type Clock, install } from '@sinonjs/fake-timers'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { limitBodyTime, longBody } from './body-time.ts'

let clock: Clock
beforeEach(() => {
  clock = install({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => clock.uninstall())

/** A server that reads bodies, the ones for /long without a limit for the whole. */
async function startServer() {
  const bodies: string[] = []
  const server = createServer({ requestTimeout: 0 }, async (request, response) => {
    limitBodyTime(request, response)
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request.url === '/long' ? longBody(request, response) : request) chunks.push(chunk)
      response.end('whole')
    } catch {
      response.destroy()
    }
    bodies.push(Buffer.concat(chunks).toString())
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { server, port, bodies }
}

/** A client that sends ten bytes in all. */
async function send(port: number, path: string) {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined)
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk
  })
  const closed = once(socket, 'close')
  const write = async (bytes: string) => {
    await new Promise((resolve) => socket.write(bytes, resolve))
    // The server has read them.
    await new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))))
  }
  await write(`POST ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 10\r\n\r\n`)
  return { write, closed, answer: () => answer.split('\r\n')[0] }
}

it('ends a request whose body is not there after a minute, however steadily it arrives', async () => {
  const { server, port } = await startServer()
  const client = await send(port, '/short')
  for (let second = 0; second < 4; second++) {
    await client.write('x')
    clock.tick(14_000)
  }
  expect(client.answer()).toBe('')
  clock.tick(5000)
  await client.closed
  expect(client.answer()).toBe('HTTP/1.1 408 Request Timeout')
  server.close()
})

it('lets the body of an upload take as long as it likes, but not be silent for a minute', async () => {
  const { server, port, bodies } = await startServer()
  const [steady, silent] = [await send(port, '/long'), await send(port, '/long')]
  for (let sent = 0; sent < 9; sent++) {
    await steady.write('x')
    clock.tick(40_000)
  }
  await steady.write('x')
  await steady.closed
  expect(steady.answer()).toBe('HTTP/1.1 200 OK')
  await silent.closed
  expect([silent.answer(), bodies.toSorted()]).toEqual(['', ['', 'x'.repeat(10)]])
  server.close()
})
