import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import http from 'node:http'
import { afterEach, expect, it } from 'vitest'
import { has } from '../support/facilities.ts'
import { rawMessage, startHostilePeer } from '../support/hostile-peer.ts'
import { until } from '../support/service.ts'
import {
  cleanUp,
  errors,
  magnetTo,
  makeTorrent,
  serve,
  startEngine,
  startLibtorrent,
  stored,
  watch,
} from '../support/torrents.ts'

afterEach(cleanUp)

it.runIf(has('libtorrent'))('finishes from a good peer and bans one that sends damaged pieces (F27)', async () => {
  const torrent = await makeTorrent({ sizeBytes: 4_000_000, pieceLength: 64 * 1024 })
  const bad = await startHostilePeer(torrent, { isCorrupt: true })
  const engine = startEngine({ downloadLimit: 4_000_000 })
  const good = await startLibtorrent(torrent)
  const watched = await watch(engine, magnetTo(torrent, bad, good))
  await watched.running.done
  const [bytes] = await stored(watched, 1)
  expect(bytes?.equals(torrent.contents[0] ?? Buffer.alloc(0))).toBe(true)
  const asked = bad.blocks()
  // It is asked for a few pieces at most before it is banned, and never connected to again.
  expect({ wasAsked: asked > 0, few: asked < 250, connections: bad.connections() }).toEqual({
    wasAsked: true,
    few: true,
    connections: 1,
  })
})

it('stores nothing and looks for other peers when all of them send damaged pieces (F27)', async () => {
  const torrent = await makeTorrent({ sizeBytes: 1_000_000 })
  const bad = [
    await startHostilePeer(torrent, { isCorrupt: true }),
    await startHostilePeer(torrent, { isCorrupt: true }, '127.0.0.3'),
  ]
  const watched = await watch(startEngine(), magnetTo(torrent, ...bad))
  await until(
    async () => bad.every(({ blocks }) => blocks() > 0) && watched.state()?.peers === 0,
    (isBanned) => isBanned,
  )
  expect({ state: watched.state(), files: await readdir(watched.folder) }).toMatchObject({
    state: { phase: 'looking-for-peers', downloadedBytes: 0 },
    files: [],
  })
})

it('finishes beside a peer that answers nothing (F27)', async () => {
  const torrent = await makeTorrent({ sizeBytes: 1_000_000 })
  const silent = await startHostilePeer(torrent, { isSilent: true })
  const watched = await watch(startEngine(), magnetTo(torrent, silent))
  await until(
    async () => watched.state()?.peers,
    (peers) => peers === 1,
  )
  const good = await startHostilePeer(torrent, {}, '127.0.0.3')
  await watched.running.stop()
  const again = await watch(startEngine(), magnetTo(torrent, silent, good))
  await again.running.done
  const [bytes] = await stored(again, 1)
  expect(bytes?.equals(torrent.contents[0] ?? Buffer.alloc(0))).toBe(true)
})

it.each([
  ['other metadata', { metadata: Buffer.from('d4:name5:wrong12:piece lengthi16384e6:pieces0:e') }],
  ['metadata that would make a decoder loop forever', { metadata: Buffer.from('l-3:') }],
  ['a metadata size of four gigabytes', { metadataSize: 4_000_000_000 }],
  ['a negative metadata size', { metadataSize: -5 }],
])('gets the metadata from an honest peer when another sends %s (F27)', async (_what, lies) => {
  const torrent = await makeTorrent({ sizeBytes: 200_000 })
  const liar = await startHostilePeer(torrent, lies)
  const engine = startEngine()
  const watched = await watch(engine, magnetTo(torrent, liar))
  await until(
    async () => liar.connections(),
    (count) => count > 0,
  )
  const honest = await startHostilePeer(torrent, {}, '127.0.0.3')
  await engine.lookUp(magnetTo(torrent), { signal: AbortSignal.timeout(50) }).catch(() => null)
  await watched.running.stop()
  const again = await watch(engine, magnetTo(torrent, liar, honest))
  await again.running.done
  expect(errors).toEqual([])
})

const bigHead = Buffer.alloc(4)
bigHead.writeUInt32BE(0x7fffffff)
it.each([
  [
    'an extension handshake that would make a decoder loop forever',
    rawMessage(20, Buffer.concat([Buffer.from([0]), Buffer.from('d1:ml-3:')])),
  ],
  ['a message of two gigabytes', bigHead],
  ['a message of a negative length', Buffer.from([0xff, 0xff, 0xff, 0xff])],
  ['a piece outside the torrent', rawMessage(4, Buffer.from([0x7f, 0xff, 0xff, 0xff]))],
  ['a bitfield of a megabyte', rawMessage(5, Buffer.alloc(1_000_000, 0xff))],
  [
    'a metadata block that is out of range',
    rawMessage(20, Buffer.concat([Buffer.from([1]), Buffer.from('d8:msg_typei1e5:piecei9999999e10:total_sizei1eeX')])),
  ],
  ['an endlessly nested peer exchange', rawMessage(20, Buffer.concat([Buffer.from([2]), Buffer.alloc(900_000, 'l')]))],
  ['a request outside the torrent', rawMessage(6, Buffer.alloc(12, 0x7f))],
])('drops only the peer that sends %s (F27)', async (_what, raw) => {
  const torrent = await makeTorrent({ sizeBytes: 200_000 })
  const hostile = await startHostilePeer(torrent, { raw, isSilent: true })
  const engine = startEngine()
  const watched = await watch(engine, {
    magnet: `${torrent.magnet}&x.pe=127.0.0.2:${hostile.port}&x.pe=127.0.0.3:${(await startHostilePeer(torrent, {}, '127.0.0.3')).port}`,
  })
  await watched.running.done
  const known = await watch(engine, { torrentFile: (await makeTorrent({ sizeBytes: 100_000 })).bytes })
  await known.running.stop()
  expect({ connections: hostile.connections() > 0, errors: errors.length }).toEqual({ connections: true, errors: 0 })
})

it.runIf(has('libtorrent'))(
  'keeps fetching when its trackers are dead, or send garbage, endless data or data that would make a decoder loop forever (F27)',
  async () => {
    const port = await serve(
      http.createServer((request, response) => {
        if (request.url?.startsWith('/garbage')) response.end(randomBytes(5000))
        else if (request.url?.startsWith('/circles')) response.end('d5:peersl-3:e')
        else {
          const chunk = Buffer.alloc(65_536, 'l')
          const more = () => {
            while (!response.destroyed && response.write(chunk));
            response.once('drain', more)
          }
          more()
        }
      }),
    )
    const announce = ['garbage', 'circles', 'endless'].map((name) => `http://127.0.0.1:${port}/${name}/announce`)
    const dead = [
      'http://127.0.0.1:1/announce',
      'udp://127.0.0.1:1/announce',
      'http://nowhere.invalid/announce',
      'wss://127.0.0.1/x',
    ]
    const torrent = await makeTorrent({ sizeBytes: 300_000 })
    const seed = await startLibtorrent(torrent)
    const trackers = [...announce, ...dead].map((url) => `&tr=${encodeURIComponent(url)}`).join('')
    const watched = await watch(startEngine(), { magnet: `${torrent.magnet}${trackers}&x.pe=127.0.0.1:${seed.port}` })
    await watched.running.done
    expect(errors).toEqual([])
  },
)

it('gives safe and distinct names to paths that leave the folder, repeat or differ only in case, and stores files under none of them (F27)', async () => {
  const names = [
    ['..', '..', 'etc', 'passwd'],
    ['a.txt'],
    ['a.txt'],
    ['A.TXT'],
    ['con'],
    ['a.txt', 'inner'],
    ['x\0y'],
    [''],
  ]
  const files = names.map((path) => ({ path, bytes: randomBytes(3000) }))
  const torrent = await makeTorrent({ files, isStored: false, name: '../up' })
  const seed = await startHostilePeer(torrent, {}, '127.0.0.3')
  const watched = await watch(startEngine(), magnetTo(torrent, seed))
  await watched.running.done
  expect(watched.infos[0]?.files.map(({ path }) => path)).toEqual([
    ['__', '__', 'etc', 'passwd'],
    ['a.txt'],
    ['a (2).txt'],
    ['A (3).TXT'],
    ['_con'],
    ['a (4).txt', 'inner'],
    ['x_y'],
    ['unnamed'],
  ])
  expect((await readdir(watched.folder)).sort()).toEqual(names.map((_, index) => `${index}`))
})

it('fetches beside a peer without metadata, whichever peer connects first (F27)', async () => {
  const engine = startEngine()
  for (let round = 0; round < 12; round += 1) {
    const torrent = await makeTorrent({ sizeBytes: 200_000 })
    const mute = await startHostilePeer(torrent, { metadataSize: -5 })
    const other = await startHostilePeer(torrent, {}, '127.0.0.3')
    const watched = await watch(engine, magnetTo(torrent, mute, other))
    await watched.running.done
    await watched.running.stop()
  }
})
