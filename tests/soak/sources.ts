import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Vsftpd } from '../support/ftp.ts'
import { makeArchive, makeParts } from '../support/made-archive.ts'
import { makeTorrent, newFolder, startLibtorrent } from '../support/torrents.ts'
import { type FileBehaviour, file, status, type Web } from '../support/web.ts'
import type { HostileServer } from './hostile.ts'
import type { Chance } from './random.ts'

/** Something to add, and its expected result. */
export interface Source {
  what: string
  links: string[]
  /** The hashes of the files that it becomes; null: it must end in Error. */
  hashes: string[] | null
  /** The password for a retry after its first Error. */
  password?: string
  /** For a source that can be resumed at any point: its size, and how many bytes its server has sent so far. */
  resumable?: { sizeBytes: number; sentBytes: () => number }
}

export const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

/** The servers that sources come from. */
export interface World {
  web: Web
  hostile: HostileServer
  ftp: Vsftpd
  /** The folder that vsftpd serves. */
  ftpFolder: string
  /** The address at which the service listens for peers. */
  listenPeers: string
}

/** Makes a random source on a server that behaves well or badly. Every name and byte is new. */
export async function makeSource(n: number, chance: Chance, world: World): Promise<Source> {
  const { web, ftp, listenPeers } = world
  const bytes = chance.bytes(4 * chance.below(120_000))
  const at = (name: string) => web.url(`/${n}/${name}`)
  const serve = (name: string, content: Buffer, behaviour: FileBehaviour = {}) => {
    web.on(`/${n}/${name}`, file(content, { etag: `"${hashOf(content).slice(0, 16)}"`, ...behaviour }))
    return at(name)
  }
  const good = (what: string, behaviour: FileBehaviour = {}): Source => ({
    what,
    links: [serve('file.bin', bytes, behaviour)],
    hashes: [hashOf(bytes)],
  })
  const contents = Object.fromEntries(
    Array.from({ length: 1 + chance.below(30) }, (_, index) => [
      `in/${index}.dat`,
      chance.bytes(4 * chance.below(9000)),
    ]),
  )
  const inside = Object.values(contents).map(hashOf)
  const kinds: [() => Source | Promise<Source>, ...(() => Source | Promise<Source>)[]] = [
    () => good('plain'),
    () => good('plain'),
    () => good('slow', { bytesPerSecond: 150_000 + chance.below(400_000) }),
    () => good('cut twice', { cutAfter: 60_000 + chance.below(60_000), cuts: 2 }),
    () => good('cut, not resumable', { cutAfter: 50_000, cuts: 2, etag: null }),
    () => good('no size', { announce: null }),
    () => good('no ranges', { ignoresRange: true, cutAfter: 70_000, cuts: 1 }),
    () => {
      let failures = 2
      const handler = file(bytes, { etag: '"late"' })
      web.on(`/${n}/file.bin`, (request, response, socket) =>
        failures-- > 0 ? status(503)(request, response, socket) : handler(request, response, socket),
      )
      return { what: 'busy at first', links: [at('file.bin')], hashes: [hashOf(bytes)] }
    },
    () => {
      const other = chance.bytes(200_000)
      const [before, after] = [
        file(chance.bytes(200_000), { etag: '"before"', cutAfter: 90_000 }),
        file(other, { etag: '"after"' }),
      ]
      let asked = 0
      web.on(`/${n}/file.bin`, (request, response, socket) =>
        (asked++ === 0 ? before : after)(request, response, socket),
      )
      return { what: 'replaced meanwhile', links: [at('file.bin')], hashes: [hashOf(other)] }
    },
    () => large(n, chance, web),
    () => ({ what: 'not there', links: [at('nothing.bin')], hashes: null }),
    () => ({
      what: 'more than announced',
      links: [serve('file.bin', chance.bytes(80_000), { announce: 40_000 })],
      hashes: null,
    }),
    async () => ({ what: 'zip', links: [serve('tree.zip', await makeArchive('tree.zip', contents))], hashes: inside }),
    async () => ({
      what: '7z',
      links: [serve('tree.7z', await makeArchive('tree.7z', contents, '-mx=1'))],
      hashes: inside,
    }),
    async () => {
      const archive = await makeArchive('locked.7z', contents, '-psesame', '-mhe=on')
      return { what: 'locked', links: [serve('locked.7z', archive)], hashes: inside, password: 'sesame' }
    },
    async () => {
      const archive = await makeArchive('cut.zip', { ...contents, 'last.dat': chance.bytes(50_000) })
      return { what: 'damaged', links: [serve('cut.zip', archive.subarray(0, archive.length - 30_000))], hashes: null }
    },
    async () => {
      const parts = await makeParts('set.7z', { ...contents, 'more.dat': bytes }, 100_000)
      const links = Object.entries(parts).map(([name, part]) => serve(name, part))
      return { what: 'parts', links: links.toReversed(), hashes: [...inside, hashOf(bytes)] }
    },
    () => {
      writeFileSync(join(world.ftpFolder, `${n}.bin`), bytes)
      return { what: 'ftp', links: [ftp.url(`/${n}.bin`)], hashes: [hashOf(bytes)] }
    },
    () => world.hostile.make(n, chance),
    () => world.hostile.make(n, chance),
    () => world.hostile.make(n, chance),
    () => torrent(chance, listenPeers),
    () => torrent(chance, listenPeers),
    async () => {
      const files = [0, 1].map((index) => ({
        path: [`${index}.flac`],
        bytes: chance.bytes(4 * (1 + chance.below(20_000))),
      }))
      for (const { path, bytes: content } of files) serve(`seed/Record/${path[0]}`, content)
      const made = await makeTorrent({ name: 'Record', files, isStored: false, extra: { 'url-list': at('seed/') } })
      const isAddress = chance.below(2) === 0
      const data = `data:application/x-bittorrent;base64,${made.bytes.toString('base64')}`
      return {
        what: 'torrent from a web seed',
        links: [isAddress ? serve('a.torrent', made.bytes) : data],
        hashes: files.map((one) => hashOf(one.bytes)),
      }
    },
  ]
  return chance.pick(kinds)()
}

/** A file that takes seconds over several connections, whose server counts what it sends. */
function large(n: number, chance: Chance, web: Web): Source {
  const block = chance.bytes(1024 * 1024)
  const bytes = Buffer.concat(
    Array.from({ length: 12 + chance.below(12) }, () => Buffer.concat([chance.bytes(16), block])),
  )
  const handler = file(bytes, { etag: `"${hashOf(bytes).slice(0, 16)}"`, bytesPerSecond: 2_000_000 })
  let sentBytes = 0
  web.on(`/${n}/large.bin`, (request, response, socket) => {
    const before = socket.bytesWritten
    response.once('close', () => {
      sentBytes += socket.bytesWritten - before
    })
    return handler(request, response, socket)
  })
  return {
    what: 'large',
    links: [web.url(`/${n}/large.bin`)],
    hashes: [hashOf(bytes)],
    resumable: { sizeBytes: bytes.length, sentBytes: () => sentBytes },
  }
}

/** A torrent that one peer has and another fetches from the service, so that it is shared back. */
async function torrent(chance: Chance, listenPeers: string): Promise<Source> {
  const files = Array.from({ length: 1 + chance.below(4) }, (_, index) => ({
    path: ['disc', `${index}.flac`],
    bytes: chance.bytes(4 + 4 * chance.below(60_000)),
  }))
  const made = await makeTorrent({ name: `Torrent ${chance.below(2 ** 31)}`, files })
  const seed = await startLibtorrent(made)
  await startLibtorrent(made, { into: await newFolder(), peers: [listenPeers] })
  return {
    what: 'torrent',
    links: [`${made.magnet}&x.pe=127.0.0.1:${seed.port}`],
    hashes: files.map(({ bytes }) => hashOf(bytes)),
  }
}
