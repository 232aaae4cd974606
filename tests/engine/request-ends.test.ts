import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createLog } from '../../electron/backend/host/log.ts'
import { createRelay, type Relay } from '../../electron/backend/playing/relay.ts'
import { send } from '../../electron/backend/putio/http.ts'
import { Secrets } from '../../electron/backend/secrets/secrets.ts'
import { createGate } from '../../engine/net/gate.ts'
import { fetchText } from '../../server/core/transfers/fetch/fetch-text.ts'
import { type BadServer, startBadServer, type Wire } from '../support/bad-server.ts'
import { has } from '../support/facilities.ts'
import { type Service, startService, until } from '../support/service.ts'

const body = Buffer.from(JSON.stringify({ text: 'x'.repeat(100_000) }))
const gate = createGate({ allowHosts: ['127.0.0.1'] })
let server: BadServer
let relay: Relay | null = null
let service: Service | null = null
afterEach(async () => {
  await relay?.close()
  await service?.stop()
  relay = service = null
  await server.stop()
})

/** Sends a head and all but the last bytes of a body, and breaks the connection. */
const breakOff = (head: string) => async (wire: Wire) => {
  wire.socket.write(head)
  await wire.body(body.subarray(0, body.length - 10))
  setTimeout(() => wire.socket.resetAndDestroy(), 30)
}
const endings: [string, (wire: Wire) => unknown][] = [
  [
    '101 Switching Protocols',
    (wire) => wire.socket.write('HTTP/1.1 101 Switch\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
  ],
  ['half a status line', (wire) => wire.socket.end('HTTP/1.1 2')],
  ['a body without a length that ends in a reset', breakOff('HTTP/1.0 200 OK\r\n\r\n')],
  ['a body shorter than its Content-Length', breakOff(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`)],
]

describe.each(endings)('a request that is answered with %s', (_what, lie) => {
  it('fails when it is a call to Put.io’s API', async () => {
    server = await startBadServer((_request, wire) => void lie(wire))
    const request = { method: 'POST', headers: {}, body: 'request={}', timeoutMs: 60_000 }
    await expect(send(new URL(server.url('/v1/user')), request)).rejects.toThrow()
  })

  it('fails for the player when it is for a stream', async () => {
    server = await startBadServer((_request, wire) => void lie(wire))
    relay = createRelay(createLog(() => undefined, new Secrets()))
    const link = await relay.link(async () => server.url('/film'), 'film.mp4')
    const played = fetch(link).then(async (response) => {
      if (!response.ok) throw new Error(`${response.status}`)
      return response.arrayBuffer()
    })
    await expect(played).rejects.toThrow()
  })

  it('fails, rather than returning half, when it is for a page or a feed', async () => {
    server = await startBadServer((_request, wire) => void lie(wire))
    const text = fetchText(server.url('/feed'), { gate, signal: new AbortController().signal, maxBytes: 1_000_000 })
    await expect(text).rejects.toThrow(/127\.0\.0\.1/)
  })
})

it('ends a transfer that is answered with 101 in Error, leaves nothing when it is cancelled, and exits cleanly', async () => {
  server = await startBadServer((_request, wire) => {
    wire.socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n')
  })
  const running = await startService()
  service = running
  await running.ask('transfers.add', { links: [server.url('/a'), server.url('/b')] })
  const rows = await until(
    async () => (await running.ask('transfers.list')).rows,
    (listed) => listed.length === 2 && listed.every(({ status }) => status === 'Error'),
  )
  for (const { id } of rows) await running.ask('transfers.cancel', { id })
  const parts = await until(
    () => readdir(join(running.data, 'parts')),
    (names) => names.length === 0,
  )
  service = null
  expect([parts, await running.stop()]).toEqual([[], has('signals of Unix') ? 0 : null])
})
