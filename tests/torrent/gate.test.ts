import { createSocket } from 'node:dgram'
import { readdir, readFile, readlink } from 'node:fs/promises'
import http from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { has } from '../support/facilities.ts'
import { until } from '../support/service.ts'
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
} from '../support/torrents.ts'

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

it.runIf(has('libtorrent'))(
  'reaches no address that is not allowed, whether a tracker, web seed, peer, node or redirect leads there (S13)',
  async () => {
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
  },
)

it.runIf(has('libtorrent'))('reaches an address as soon as it is allowed (S13)', async () => {
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

it('fetches from a web seed through the gate, with the built-in fetch (S13)', async () => {
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
  const extra = { 'url-list': `http://127.0.0.1:${port}/album` }
  const refused = await watch(engine, { torrentFile: (await makeTorrent({ extra })).bytes })
  await until(
    async () => refused.state()?.phase,
    (phase) => phase !== undefined && phase !== 'checking',
  )
  // Nothing may happen in this time.
  await wait(500)
  const before = requests
  engine.allow(['127.0.0.1'])
  const file = { path: [], bytes: torrent.contents[0] ?? Buffer.alloc(0) }
  const allowed = await watch(engine, { torrentFile: (await makeTorrent({ files: [file], extra })).bytes })
  await allowed.running.done
  expect({ before, after: requests > 0 }).toEqual({ before: 0, after: true })
})

/** The local addresses of this process's sockets, as `address:port`, from the system's own tables. */
async function ownSockets(kind: 'tcp' | 'udp'): Promise<string[]> {
  const names = await readdir('/proc/self/fd')
  const targets = await Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')))
  const inodes = new Set(targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []))
  const tables = await Promise.all([kind, `${kind}6`].map((table) => readFile(`/proc/self/net/${table}`, 'utf8')))
  return tables
    .flatMap((table) => table.split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode = '']) => inodes.has(inode) && (kind === 'udp' || state === '0A'))
    .map(([, local = '']) => {
      const [address = '', port = ''] = local.split(':')
      return `${address.replace(/../g, (byte) => `${Number.parseInt(byte, 16)}.`)}:${Number.parseInt(port, 16)}`
    })
}

it.runIf(has('/proc'))('listens on this computer only, and does not answer unsolicited datagrams (S13)', async () => {
  const before = new Set([...(await ownSockets('tcp')), ...(await ownSockets('udp'))])
  const engine = startEngine({ dht: { bootstrap: [] } })
  const watched = await watch(engine, { torrentFile: (await makeTorrent()).bytes })
  await until(
    async () => watched.state(),
    (state) => state !== undefined,
  )
  const listening = (await ownSockets('tcp')).filter((local) => !before.has(local))
  expect(listening.map((local) => local.replace(/:\d+$/, ''))).toEqual(['1.0.0.127.'])
  const datagrams = (await ownSockets('udp')).filter((local) => !before.has(local))
  expect(datagrams.length).toBe(1)
  const socket = createSocket('udp4')
  onCleanUp(() => new Promise<void>((resolve) => socket.close(() => resolve())))
  let answers = 0
  socket.on('message', () => {
    answers += 1
  })
  const ping = 'd1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe'
  socket.send(ping, Number(datagrams[0]?.split(':').at(-1)), '127.0.0.1')
  // Nothing may happen in this time.
  await wait(300)
  expect(answers).toBe(0)
})

it('announces a public torrent to the DHT and never a private one (S13)', async () => {
  const heard: Buffer[] = []
  const node = createSocket('udp4')
  node.on('message', (message) => heard.push(message))
  await new Promise<void>((resolve) => node.bind(0, '127.0.0.1', resolve))
  onCleanUp(() => new Promise<void>((resolve) => node.close(() => resolve())))
  const secret = await makeTorrent({ info: { private: 1 } })
  const open = await makeTorrent()
  const engine = startEngine({ dht: { bootstrap: [`127.0.0.1:${node.address().port}`] } })
  const isHeard = (infoHash: string) => heard.some((message) => message.includes(Buffer.from(infoHash, 'hex')))
  await watch(engine, { torrentFile: secret.bytes })
  await watch(engine, { torrentFile: open.bytes })
  await until(
    async () => isHeard(open.infoHash),
    (is) => is,
  )
  expect(isHeard(secret.infoHash)).toBe(false)
})
