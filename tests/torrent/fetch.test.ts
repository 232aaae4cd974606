import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdir, readlink, writeFile } from 'node:fs/promises'
import http from 'node:http'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { Bits } from '../../server/torrent/bits.ts'
import type { TorrentEngine } from '../../server/torrent/engine.ts'
import type { TorrentMetadata } from '../../server/torrent/types.ts'
import { has } from '../support/facilities.ts'
import { freePort } from '../support/free-port.ts'
import { until } from '../support/service.ts'
import {
  cleanUp,
  type MadeTorrent,
  magnetTo,
  makeTorrent,
  newFolder,
  onCleanUp,
  portOf,
  serve,
  startEngine,
  startLibtorrent,
  stored,
  watch,
} from '../support/torrents.ts'
import { startTracker } from '../support/tracker.ts'

afterEach(cleanUp)

/** Expects the files of a complete torrent. */
async function expectWhole(watched: { folder: string }, torrent: MadeTorrent, files = torrent.contents): Promise<void> {
  const found = await stored(watched, files.length)
  expect(found.map((bytes, index) => bytes?.equals(files[index] ?? Buffer.alloc(0)))).toEqual(files.map(() => true))
}

/** Waits until the torrent’s tracker knows of one seed. */
function untilListed(engine: TorrentEngine, torrent: MadeTorrent): Promise<TorrentMetadata> {
  const signal = AbortSignal.timeout(20_000)
  return until(
    () => engine.lookUp({ torrentFile: torrent.bytes }, { signal }),
    ({ seeds }) => seeds === 1,
  )
}

it.runIf(has('libtorrent'))('fetches a torrent from a libtorrent peer that a tracker names', async () => {
  const tracker = await startTracker()
  const torrent = await makeTorrent({ sizeBytes: 3_000_001, extra: { announce: tracker } })
  await startLibtorrent(torrent)
  const engine = startEngine()
  await untilListed(engine, torrent)
  const watched = await watch(engine, { torrentFile: torrent.bytes })
  await watched.running.done
  await expectWhole(watched, torrent)
  await until(
    async () => watched.state()?.phase,
    (phase) => phase === 'seeding',
  )
  expect(watched.state()).toMatchObject({ phase: 'seeding', downloadedBytes: 3_000_001, uploadedBytes: 0 })
})

it.runIf(has('aria2'))('fetches from aria2 by a magnet link with a tracker', async () => {
  const tracker = await startTracker()
  const torrent = await makeTorrent({ sizeBytes: 2_000_000, extra: { announce: tracker } })
  const child = spawn('aria2c', [
    ...['--enable-dht=false', '--enable-dht6=false', '--bt-enable-lpd=false', '--enable-peer-exchange=false'],
    ...['--check-integrity=true', '--seed-ratio=0.0', '--bt-seed-unverified=true', `--dir=${torrent.folder}`],
    ...['--interface=127.0.0.1', '--bt-external-ip=127.0.0.1', '--quiet=true', torrent.path],
  ])
  onCleanUp(async () => child.kill('SIGKILL'))
  const engine = startEngine()
  await untilListed(engine, torrent)
  const watched = await watch(engine, { magnet: `${torrent.magnet}&tr=${encodeURIComponent(tracker)}` })
  await watched.running.done
  await expectWhole(watched, torrent)
})

it.runIf(has('libtorrent'))('fetches by a magnet link that names only a peer', async () => {
  const torrent = await makeTorrent({ sizeBytes: 500_000 })
  const watched = await watch(startEngine(), magnetTo(torrent, await startLibtorrent(torrent)))
  await watched.running.done
  await expectWhole(watched, torrent)
  expect(watched.infos.map(({ name, sizeBytes, isFolder }) => ({ name, sizeBytes, isFolder }))).toEqual([
    { name: 'album', sizeBytes: 500_000, isFolder: false },
  ])
})

it('finds peers through a UDP tracker, here another engine that found its files complete', async () => {
  const tracker = await startTracker('udp')
  const torrent = await makeTorrent({ sizeBytes: 300_000, extra: { announce: tracker } })
  const folder = await newFolder()
  await writeFile(join(folder, '0'), torrent.contents[0] ?? '')
  const sharing = await watch(startEngine(), { torrentFile: torrent.bytes }, { folder })
  await sharing.running.done
  const engine = startEngine()
  await untilListed(engine, torrent)
  const watched = await watch(engine, { torrentFile: torrent.bytes })
  await watched.running.done
  await expectWhole(watched, torrent)
})

it.runIf(has('libtorrent'))('fetches the pieces first that are wanted', async () => {
  const pieceLength = 256 * 1024
  const torrent = await makeTorrent({ sizeBytes: 24_000_000, pieceLength })
  const engine = startEngine({ downloadLimit: 1_000_000 })
  const watched = await watch(engine, magnetTo(torrent, await startLibtorrent(torrent)))
  await until(
    async () => watched.state()?.downloadedBytes ?? 0,
    (bytes) => bytes > 0,
  )
  const wanted = [91, 90, 45].filter((piece) => !hasPiece(watched.resume()?.pieces, piece))
  watched.running.want(wanted)
  await until(
    async () => watched.resume()?.pieces,
    (pieces) => wanted.every((piece) => hasPiece(pieces, piece)),
  )
  expect(watched.state()?.downloadedBytes).toBeLessThan(torrent.sizeBytes / 4)
  engine.limit({ downloadLimit: 0, uploadLimit: 0 })
  await watched.running.done
  await expectWhole(watched, torrent)
})

function hasPiece(pieces: string | undefined, piece: number): boolean {
  return Bits.fromBase64(92, pieces ?? '').has(piece)
}

it.runIf(has('libtorrent'))('finds peers through the DHT', async () => {
  const torrent = await makeTorrent({ sizeBytes: 300_000 })
  const other = await makeTorrent({ sizeBytes: 50_000 })
  const node = await startLibtorrent(other, { dht: [], address: '127.0.0.2' })
  await startLibtorrent(torrent, { dht: [`127.0.0.2:${node.port}`], address: '127.0.0.3' })
  const engine = startEngine({ dht: { bootstrap: [`127.0.0.2:${node.port}`] } })
  const watched = await watch(engine, { magnet: torrent.magnet })
  await watched.running.done
  await expectWhole(watched, torrent)
})

it.runIf(has('libtorrent'))('finds peers by exchange with a peer that has hardly any pieces', async () => {
  const torrent = await makeTorrent({ sizeBytes: 2_000_000 })
  const seed = await startLibtorrent(torrent, { address: '127.0.0.2' })
  const [into, peers] = [await newFolder(), [`${seed.address}:${seed.port}`]]
  const poor = await startLibtorrent(torrent, { address: '127.0.0.3', into, peers, limit: 20_000 })
  await until(
    async () => poor.says().downloaded,
    (bytes) => bytes > 0,
  )
  const watched = await watch(startEngine(), magnetTo(torrent, poor))
  await watched.running.done
  await expectWhole(watched, torrent)
  // What the named peer cannot have had came from the one that it named.
  expect(poor.says().downloaded).toBeLessThan(torrent.sizeBytes / 2)
})

it.runIf(has('libtorrent'))('fetches from a peer that requires encryption', async () => {
  const torrent = await makeTorrent({ sizeBytes: 300_000 })
  const seed = await startLibtorrent(torrent, { isEncrypted: true })
  const watched = await watch(startEngine(), magnetTo(torrent, seed))
  await watched.running.done
  await expectWhole(watched, torrent)
})

it.runIf(has('libtorrent'))('shares with a peer that requires encryption', async () => {
  const torrent = await makeTorrent({ sizeBytes: 300_000 })
  const [folder, port] = [await newFolder(), await freePort()]
  await writeFile(join(folder, '0'), torrent.contents[0] ?? '')
  const engine = startEngine({ listen: { address: '127.0.0.1', port } })
  await (await watch(engine, { torrentFile: torrent.bytes }, { folder })).running.done
  const options = { address: '127.0.0.2', into: await newFolder(), peers: [`127.0.0.1:${port}`], isEncrypted: true }
  const taker = await startLibtorrent(torrent, options)
  await until(
    async () => taker.says().isDone,
    (isDone) => isDone,
  )
})

it.runIf(has('libtorrent'))('fetches from a peer with an IPv6 address', async () => {
  const torrent = await makeTorrent({ sizeBytes: 300_000 })
  const seed = await startLibtorrent(torrent, { address: '[::1]' })
  const watched = await watch(startEngine({ allowHosts: ['::1'] }), magnetTo(torrent, seed))
  await watched.running.done
  await expectWhole(watched, torrent)
})

it('fetches from a web seed alone, with names that need escaping and padding files that it does not have', async () => {
  const files = [
    { path: ['CD 1', 'so, what?.flac'], bytes: randomBytes(100_000) },
    { path: ['.pad', '31072'], bytes: Buffer.alloc(31_072), attributes: 'p' },
    { path: ['#2.flac'], bytes: randomBytes(70_000) },
  ]
  const byPath = new Map(files.map(({ path, bytes }) => [['album', ...path].join('/'), bytes]))
  const asked: string[] = []
  const port = await serve(
    http.createServer((request, response) => {
      const path = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname.slice(1))
      const [, start, end] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? []
      asked.push(path)
      const bytes = byPath.get(path)?.subarray(Number(start), Number(end) + 1)
      response.writeHead(bytes === undefined ? 404 : 206).end(bytes)
    }),
  )
  const torrent = await makeTorrent({ files, isStored: false, extra: { 'url-list': `http://127.0.0.1:${port}/` } })
  const watched = await watch(startEngine(), { torrentFile: torrent.bytes })
  await watched.running.done
  await expectWhole(watched, torrent, [files[0]?.bytes ?? Buffer.alloc(0), files[2]?.bytes ?? Buffer.alloc(0)])
  expect({
    files: watched.infos[0]?.files,
    stored: (await readdir(watched.folder)).sort(),
    pads: asked.filter((path) => path.includes('.pad')),
  }).toEqual({
    files: [
      { path: ['CD 1', 'so, what_.flac'], sizeBytes: 100_000 },
      { path: ['#2.flac'], sizeBytes: 70_000 },
    ],
    stored: ['0', '1'],
    pads: [],
  })
})

it.each([
  ['a folder of one file', { files: [{ path: ['a b.flac'], bytes: randomBytes(90_000) }] }, '/album/a%20b.flac'],
  ['one file below the URL of a folder', { name: 'a b.flac', sizeBytes: 90_000 }, '/a%20b.flac'],
])('fetches %s from a web seed', async (_what, options, path) => {
  let content: Buffer = Buffer.alloc(0)
  const port = await serve(
    http.createServer((request, response) => {
      const [, start, end] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? []
      const isIt = request.url === path
      response.writeHead(isIt ? 206 : 404).end(isIt ? content.subarray(Number(start), Number(end) + 1) : '')
    }),
  )
  const torrent = await makeTorrent({ ...options, extra: { 'url-list': `http://127.0.0.1:${port}/` } })
  content = torrent.contents[0] ?? content
  const watched = await watch(startEngine(), { torrentFile: torrent.bytes })
  await watched.running.done
  await expectWhole(watched, torrent)
})

it.runIf(has('libtorrent'))(
  'fetches many files across piece boundaries, some of them empty, with few files open',
  async () => {
    const files = Array.from({ length: 150 }, (_, index) => ({
      path: [`${index}.bin`],
      bytes: randomBytes(index % 10 === 0 ? 0 : 5000 + index),
    }))
    const torrent = await makeTorrent({ files })
    const watched = await watch(startEngine(), magnetTo(torrent, await startLibtorrent(torrent)))
    await watched.running.done
    const open = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''))
    const ofTorrent = (await Promise.all(open)).filter((path) => path.startsWith(watched.folder))
    expect(ofTorrent.length).toBeLessThanOrEqual(64)
    await expectWhole(watched, torrent)
  },
)

it.runIf(has('libtorrent'))('fetches nothing of a torrent that is refused once its metadata is known', async () => {
  const torrent = await makeTorrent({ sizeBytes: 500_000 })
  const seed = await startLibtorrent(torrent)
  const refusal = new Error('There is not enough disk space.')
  const watched = await watch(startEngine(), magnetTo(torrent, seed), { onMetadata: () => Promise.reject(refusal) })
  await expect(watched.running.failed).rejects.toBe(refusal)
  await expect(watched.running.done).rejects.toBe(refusal)
  expect({ files: await readdir(watched.folder), uploaded: seed.says().uploaded }).toEqual({ files: [], uploaded: 0 })
})

it.runIf(has('libtorrent'))(
  'looks up a magnet link without fetching its content, and a torrent file without connecting to peers',
  async () => {
    const tracker = await startTracker()
    const torrent = await makeTorrent({ sizeBytes: 500_000, extra: { announce: tracker } })
    const seed = await startLibtorrent(torrent)
    const engine = startEngine()
    const signal = AbortSignal.timeout(20_000)
    const ofFile = await untilListed(engine, torrent)
    const ofMagnet = await engine.lookUp({ magnet: `${torrent.magnet}&tr=${encodeURIComponent(tracker)}` }, { signal })
    const shown = ({ name, infoHash, sizeBytes, files, seeds, peers }: typeof ofFile) => ({
      name,
      infoHash,
      sizeBytes,
      files,
      seeds,
      peers,
    })
    const expected = {
      name: 'album',
      infoHash: torrent.infoHash,
      sizeBytes: 500_000,
      files: [{ path: ['album'], sizeBytes: 500_000 }],
      seeds: 1,
      peers: 0,
    }
    expect([shown(ofFile), { ...shown(ofMagnet), peers: 0 }, seed.says().uploaded]).toEqual([expected, expected, 0])
  },
)

it.runIf(has('libtorrent'))('starts to fetch a torrent while another lookup of it is still running', async () => {
  const torrent = await makeTorrent({ sizeBytes: 300_000 })
  const engine = startEngine()
  const stopLookup = new AbortController()
  const early = engine.lookUp({ magnet: torrent.magnet }, { signal: stopLookup.signal })
  const given = engine.lookUp({ magnet: torrent.magnet }, { signal: AbortSignal.timeout(20_000) })
  stopLookup.abort(new Error('enough'))
  await expect(early).rejects.toThrow('enough')
  const watched = await watch(engine, magnetTo(torrent, await startLibtorrent(torrent)))
  const [metadata] = await Promise.all([given, watched.running.done])
  expect(metadata.infoHash).toBe(torrent.infoHash)
})

it.runIf(has('libtorrent'))(
  'refuses a torrent that is already being fetched, and accepts it once that was stopped',
  async () => {
    const torrent = await makeTorrent({ sizeBytes: 300_000 })
    const engine = startEngine()
    const first = await watch(engine, { torrentFile: torrent.bytes })
    const second = await watch(engine, { magnet: torrent.magnet })
    await expect(second.running.failed).rejects.toThrow('This torrent is being fetched already.')
    await first.running.stop()
    const third = await watch(engine, magnetTo(torrent, await startLibtorrent(torrent)))
    await third.running.done
    await expectWhole(third, torrent)
  },
)

it('asks its trackers for peers again when it is told to, and no more once it has stopped', async () => {
  let asked = 0
  const tracker = http.createServer((_request, response) => {
    asked += 1
    response.end('d8:intervali1800e5:peers0:e')
  })
  await new Promise<void>((resolve) => tracker.listen(0, '127.0.0.1', resolve))
  onCleanUp(() => new Promise<void>((resolve) => tracker.close(() => resolve())))
  const announce = `http://127.0.0.1:${portOf(tracker)}/announce`
  const torrent = await makeTorrent({ sizeBytes: 50_000, extra: { announce } })
  const watched = await watch(startEngine(), { torrentFile: torrent.bytes })
  const untilAsked = (times: number) =>
    until(
      async () => asked,
      (count) => count === times,
    )
  await untilAsked(1)
  watched.running.announce()
  await untilAsked(2)
  // It tells its tracker that it leaves.
  await watched.running.stop()
  await untilAsked(3)
  watched.running.announce()
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(asked).toBe(3)
})
