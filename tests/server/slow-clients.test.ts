import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { has } from '../support/facilities.ts'
import { rawPost, sendRaw } from '../support/raw-http.ts'
import { type Service, startService } from '../support/service.ts'
import { servicesForTests } from '../support/services.ts'

const { start } = servicesForTests()
const sockets = new Set<Socket>()
let service: Service
let opened: { atMs: number; waits: Promise<unknown>[] }
beforeAll(async () => {
  service = await startService()
  const atMs = performance.now()
  const slow = [...many(300, ''), ...many(20, 'POST /v1/user?method=info HTTP/1.1\r\nHost: api.put.io\r\nX-')]
  opened = { atMs, waits: slow.map((socket) => once(socket, 'close')) }
})
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  await service.stop()
})

/** Connections of clients that send these bytes and nothing after them. */
function many(count: number, bytes: string | Buffer, port = service.port): Socket[] {
  return Array.from({ length: count }, () => {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined)
    sockets.add(socket)
    socket.resume().write(bytes)
    return socket
  })
}

const post = (lengthBytes: number) =>
  `POST /v1/user?method=info HTTP/1.1\r\nHost: api.put.io\r\nContent-Length: ${lengthBytes}\r\n\r\n`

describe('slow clients', () => {
  it('do not keep the service from answering others, even in their hundreds', async () => {
    for (let n = 0; n < 20; n++) expect((await service.ask('user.info')).error).toBe(false)
  })

  it('are refused when their unfinished large bodies exceed the memory limit, while small requests are answered', async () => {
    const own = await start()
    const bytes = 4 * 1024 * 1024 - 1
    let answers = ''
    const slow = many(24, Buffer.concat([Buffer.from(post(bytes + 1)), Buffer.alloc(bytes, 'x')]), own.port)
    for (const socket of slow) socket.on('data', (chunk) => (answers += chunk.toString('latin1')))
    await Promise.all(slow.map((socket) => (socket.writableLength === 0 ? null : once(socket, 'drain'))))
    // In the meantime the service reads what has arrived.
    for (let n = 0; n < 50; n++) expect((await own.ask('user.info')).error).toBe(false)
    const closed = slow.map((socket) => once(socket, 'close'))
    // The refused ones get their answer when their body ends.
    for (const socket of slow) socket.end('x')
    await Promise.all(closed)
    expect(answers.split('HTTP/1.1 503').length - 1).toBeGreaterThan(5)
    const next = await sendRaw(own.port, rawPost('/v1/user?method=info', Buffer.alloc(bytes, 'x')))
    expect(next.status).toBe(200)
  })

  it.runIf(has('signals of Unix'))('do not delay a clean exit on SIGTERM, even 500 of them', async () => {
    const own = await start()
    const clients = [
      ...many(400, '', own.port),
      ...many(50, 'GET / HTTP/1.1\r\nHost:', own.port),
      ...many(50, `${post(100_000)}request=`, own.port),
    ]
    await Promise.all(clients.map((socket) => (socket.connecting ? once(socket, 'connect') : null)))
    expect((await own.ask('user.info')).error).toBe(false)
    const started = performance.now()
    const code = await own.stop()
    expect([code, performance.now() - started < 3000, own.log()]).toEqual([0, true, ''])
  })

  it('are disconnected when they do not finish their request', async () => {
    await Promise.all(opened.waits)
    expect(performance.now() - opened.atMs).toBeLessThan(20_000)
  })
})
