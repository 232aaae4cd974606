import { createSocket } from 'node:dgram'
import http from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { until } from './support/service.ts'
import {
  cleanUp,
  countConnections,
  makeTorrent,
  onCleanUp,
  serve,
  startEngine,
  startLibtorrent,
  stored,
  watch,
} from './support/torrents.ts'

afterEach(cleanUp)

/** Counts the datagrams that reach an address. */
async function countDatagrams(address: string): Promise<{ port: number; count: () => number }> {
  let count = 0
  const socket = createSocket('udp4')
  socket.on('message', () => {
    count += 1
  })
  await new Promise<void>((resolve) => socket.bind(0, address, resolve))
  onCleanUp(() => new Promise<void>((resolve) => socket.close(() => resolve())))
  return { port: socket.address().port, count: () => count }
}

it('reaches no address that is not allowed, whether a tracker, web seed, peer, node or redirect leads there', async () => {
  const forbidden = await countConnections('127.0.0.2')
  const datagrams = await countDatagrams('127.0.0.2')
  const asked: string[] = []
  const port = await serve(
    http.createServer((request, response) => {
      asked.push(request.url ?? '')
      response.writeHead(302, { location: `http://127.0.0.2:${forbidden.port}${request.url}` }).end()
    }),
  )
  const torrent = await makeTorrent({ sizeBytes: 300_000 })
  const at = `127.0.0.2:${forbidden.port}`
  const links = [
    ...[
      `http://${at}/announce`,
      `http://2130706434:${forbidden.port}/announce`,
      `http://0x7f.0.0.2:${forbidden.port}/announce`,
    ].map((url) => ['tr', url]),
    ...[
      `http://127.0.0.1:${port}/announce`,
      `udp://127.0.0.2:${datagrams.port}/announce`,
      `https://${at}/announce`,
    ].map((url) => ['tr', url]),
    ...[`http://${at}/file`, `http://127.0.0.1:${port}/file`].map((url) => ['ws', url]),
    ...[at, `[::ffff:127.0.0.2]:${forbidden.port}`].map((peer) => ['x.pe', peer]),
    ['xs', `http://${at}/file.torrent`],
  ]
  const parameters = links
    .map(([name, value = '']) => `&${name}=${name === 'x.pe' ? value : encodeURIComponent(value)}`)
    .join('')
  const engine = startEngine({ allowHosts: ['127.0.0.1'], dht: { bootstrap: [`127.0.0.2:${datagrams.port}`] } })
  const magnet = `${torrent.magnet}${parameters}`
  await engine.lookUp({ magnet }, { signal: AbortSignal.timeout(700) }).catch(() => null)
  const seed = await startLibtorrent(torrent)
  const watched = await watch(engine, { magnet: `${magnet}&x.pe=127.0.0.1:${seed.port}` })
  await watched.running.done
  await until(
    async () => asked.filter((url) => url.startsWith('/announce')).length,
    (count) => count > 0,
  )
  // Nothing may happen in this time.
  await wait(500)
  expect({ connections: forbidden.count(), datagrams: datagrams.count() }).toEqual({ connections: 0, datagrams: 0 })
})

it('reaches an address from the moment that it is allowed', async () => {
  const torrent = await makeTorrent({ sizeBytes: 300_000 })
  const seed = await startLibtorrent(torrent, { address: '127.0.0.2' })
  const engine = startEngine({ allowHosts: [] })
  const source = { magnet: `${torrent.magnet}&x.pe=127.0.0.2:${seed.port}` }
  const refused = engine.lookUp(source, { signal: AbortSignal.timeout(500) })
  await expect(refused).rejects.toThrow()
  engine.allow(['127.0.0.2'])
  const watched = await watch(engine, source)
  await watched.running.done
  const [bytes] = await stored(watched, 1)
  expect(bytes?.equals(torrent.contents[0] ?? Buffer.alloc(0))).toBe(true)
})

it('fetches from a web seed through the gate, with the fetch that is built in', async () => {
  const torrent = await makeTorrent({ sizeBytes: 300_000 })
  let requests = 0
  const port = await serve(
    http.createServer((request, response) => {
      requests += 1
      const [, start, end] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? []
      response.writeHead(206).end(torrent.contents[0]?.subarray(Number(start), Number(end) + 1))
    }),
  )
  const engine = startEngine({ allowHosts: [] })
  const signal = AbortSignal.timeout(500)
  const seed = `&ws=${encodeURIComponent(`http://127.0.0.1:${port}/album`)}`
  const refused = await watch(engine, {
    torrentFile: (await makeTorrent({ extra: { 'url-list': `http://127.0.0.1:${port}/album` } })).bytes,
  })
  await engine.lookUp({ magnet: `${torrent.magnet}${seed}` }, { signal }).catch(() => null)
  await refused.running.stop()
  const before = requests
  engine.allow(['127.0.0.1'])
  const allowed = await watch(engine, {
    torrentFile: Buffer.concat([
      torrent.bytes.subarray(0, -1),
      Buffer.from(`8:url-list${`http://127.0.0.1:${port}/album`.length}:http://127.0.0.1:${port}/album`),
      Buffer.from('e'),
    ]),
  })
  await allowed.running.done
  expect({ before, after: requests > 0 }).toEqual({ before: 0, after: true })
})
