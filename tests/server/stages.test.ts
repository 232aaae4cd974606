import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { has } from '../support/facilities.ts'
import { freePort } from '../support/free-port.ts'
import { itemsOf } from '../support/items.ts'
import { makeArchive, manyFiles } from '../support/made-archive.ts'
import { type Service, until } from '../support/service.ts'
import { figuresOf, listed, servicesForTests } from '../support/services.ts'
import { cleanUp, makeTorrent, newFolder, startLibtorrent } from '../support/torrents.ts'
import { file, startWeb, type Web } from '../support/web.ts'

const { start } = servicesForTests()
let web: Web
beforeAll(async () => {
  web = await startWeb()
})
afterAll(() => web.stop())
afterEach(cleanUp)

const never = new Promise<void>(() => undefined)
const add = (service: Service, ...links: string[]) => service.ask('transfers.add', { links })

/** All statuses except Error, in the order in which a transfer passes through them. */
const inOrder = [
  'Waiting',
  'In queue',
  'Looking for peers',
  'Downloading',
  'Downloading and seeding',
  'Seeding',
  'In complete queue',
  'In extraction queue',
  'Extracting',
  'Completing',
]

/** Waits until API v1 lists a transfer in a status. Returns its list, with the figures that only our own client gets from API v2. */
async function inStatus(service: Service, id: string, status: string): Promise<Record<string, unknown>[]> {
  const { rows } = await until(
    () => service.ask('transfers.list'),
    (answer) => answer.rows.find((row) => row.id === id)?.status === status,
  )
  const figures = new Map((await listed(service)).map((row) => [row.id, row.putdesk]))
  return rows.map((row) => ({ ...row, putdesk: figures.get(`${row.id}`) }))
}

/** Every status that a transfer was seen in until it left the list, in order. */
async function statusesOf(service: Service, id: string): Promise<unknown[]> {
  const seen: unknown[] = []
  await until(
    () => service.ask('transfers.list'),
    ({ rows }) => {
      const row = rows.find((one) => one.id === id)
      if (row !== undefined && seen.at(-1) !== row.status) seen.push(row.status)
      return row === undefined
    },
  )
  return seen
}

describe('the status in transfers.list', () => {
  it('is Waiting over the active limit while the load is high, oldest first', async () => {
    web.on('/held.bin', file(randomBytes(200_000), { holdUntil: never }))
    const service = await start({ busy: 'always', activeLimit: 1 })
    await add(service, web.url('/held.bin'), web.url('/held.bin'))
    const rows = await inStatus(service, '1', 'Downloading')
    expect(rows.map(({ status }) => status)).toEqual(['Downloading', 'Waiting'])
  })

  it('is In queue behind those that run', async () => {
    web.on('/held.bin', file(randomBytes(200_000), { holdUntil: never }))
    const service = await start()
    await add(service, ...Array.from({ length: 9 }, () => web.url('/held.bin')))
    const rows = await inStatus(service, '8', 'Downloading')
    expect(rows.at(-1)?.status).toBe('In queue')
  })

  it('is Looking for peers for a torrent without peers', async () => {
    const { magnet } = await makeTorrent({ name: 'rare film.mkv', sizeBytes: 40_000 })
    const service = await start()
    await add(service, magnet)
    const rows = await inStatus(service, '1', 'Looking for peers')
    expect([rows[0]?.percent_done, figuresOf(rows[0]).peers]).toEqual(['0', 0])
  })

  it.runIf(has('libtorrent'))(
    'is Downloading, then Downloading and seeding, for a torrent that one peer has and another wants',
    async () => {
      const torrent = await makeTorrent({ name: 'film.mkv', sizeBytes: 4_000_000 })
      const seed = await startLibtorrent(torrent)
      const port = await freePort()
      const service = await start({
        flags: ['--download-limit', '500000', '--listen-peers', `127.0.0.1:${port}`],
      })
      await add(service, `${torrent.magnet}&x.pe=127.0.0.1:${seed.port}`)
      await inStatus(service, '1', 'Downloading')
      await startLibtorrent(torrent, { into: await newFolder(), peers: [`127.0.0.1:${port}`] })
      const rows = await inStatus(service, '1', 'Downloading and seeding')
      expect([Number(rows[0]?.percent_done) < 100, Number(figuresOf(rows[0]).uploaded) > 0]).toEqual([true, true])
    },
  )

  it.runIf(has('libtorrent'))(
    'is Seeding for a complete torrent, whose file is in the space already, until it is shared 1:1',
    async () => {
      const torrent = await makeTorrent({ name: 'song.flac', sizeBytes: 2_000_000 })
      const seed = await startLibtorrent(torrent)
      const service = await start()
      await add(service, `${torrent.magnet}&x.pe=127.0.0.1:${seed.port}`)
      const rows = await inStatus(service, '1', 'Seeding')
      expect([rows[0]?.percent_done, figuresOf(rows[0]).stage_percent]).toEqual(['100', 0])
      const items = await until(
        () => itemsOf(service),
        (all) => all.length === 1,
      )
      expect(items).toEqual([['song.flac', torrent.contents[0]?.toString('hex')]])
      const [user] = (await service.ask('user.info')).rows
      expect(Number(user?.disk_quota) - Number(user?.disk_quota_available)).toBe(2_000_000)
    },
  )

  it('is In extraction queue, Extracting, Completing and In complete queue for archives, one after the other', async () => {
    // PPMd is slow, so that a queue builds up.
    const big = await makeArchive('big.7z', { 'big.bin': randomBytes(20_000_000) }, '-m0=PPMd', '-mx=1')
    const full = await makeArchive('full.zip', manyFiles(6000), '-mx=0')
    const small = await makeArchive('small.zip', { 'a.txt': Buffer.from('a'), 'b.txt': Buffer.from('b') })
    const last = Promise.withResolvers<void>()
    web.on('/big.7z', file(big))
    web.on('/full.zip', file(full))
    web.on('/small.zip', file(small))
    web.on('/plain.bin', file(randomBytes(200_000), { holdUntil: last.promise }))
    const service = await start()
    await add(service, web.url('/big.7z'), web.url('/plain.bin'))
    await inStatus(service, '1', 'Extracting')
    await add(service, web.url('/full.zip'), web.url('/small.zip'))
    await inStatus(service, '3', 'In extraction queue')
    await inStatus(service, '3', 'Completing')
    last.resolve()
    await inStatus(service, '2', 'In complete queue')
    await until(
      () => listed(service),
      (rows) => rows.length === 0,
    )
    const names = (await service.ask('files.list', { limit: 100, orderby: 'name_asc' })).rows.map(({ name }) => name)
    expect(names).toEqual(['big.bin', 'many', 'plain.bin', 'small'])
  })

  it('is Error with the reason until the transfer is cancelled', async () => {
    const service = await start()
    await add(service, web.url('/nothing.bin'))
    const rows = await inStatus(service, '1', 'Error')
    expect(figuresOf(rows[0]).reason).toBe('“127.0.0.1” says there is no such file (404).')
    await service.ask('transfers.cancel', { id: 1 })
    expect(await listed(service)).toEqual([])
  })
})

describe('a transfer from start to end', () => {
  it('of an archive passes through the statuses in order, and leaves a folder and a message', async () => {
    const archive = await makeArchive('Album.zip', { ...manyFiles(3000), 'cover.jpg': randomBytes(3000) }, '-mx=0')
    web.on('/Album.zip', file(archive, { bytesPerSecond: 4_000_000 }))
    const service = await start()
    const [added] = (await add(service, web.url('/Album.zip'))).rows
    const seen = [added?.status, ...(await statusesOf(service, '1'))]
    expect(seen).toEqual(inOrder.filter((status) => seen.includes(status)))
    // The others may pass between two polls.
    expect(seen).toEqual(expect.arrayContaining(['In queue', 'Downloading', 'Extracting', 'Completing']))
    const [folder, ...others] = (await service.ask('files.list')).rows
    const [message] = (await service.ask('messages.list')).rows
    expect([folder?.name, folder?.is_dir, others, message?.file_name]).toEqual(['Album', true, [], 'Album'])
  })

  it.runIf(has('libtorrent'))(
    'of a magnet with a zip in it is unpacked at once, shared 1:1 with a second peer, and then gone from the list',
    async () => {
      const zip = await makeArchive('photos.zip', { 'one.jpg': randomBytes(5000), 'two.jpg': randomBytes(6000) })
      const film = randomBytes(1_500_000)
      const torrent = await makeTorrent({
        name: 'Holiday',
        files: [
          { path: ['film.mkv'], bytes: film },
          { path: ['extra', 'photos.zip'], bytes: zip },
        ],
      })
      const seed = await startLibtorrent(torrent)
      const port = await freePort()
      const service = await start({ flags: ['--listen-peers', `127.0.0.1:${port}`] })
      await add(service, `${torrent.magnet}&x.pe=127.0.0.1:${seed.port}`)
      await inStatus(service, '1', 'Seeding')
      // All of it is usable while it is shared.
      const paths = ['Holiday/extra/photos/one.jpg', 'Holiday/extra/photos/two.jpg', 'Holiday/film.mkv']
      const items = await until(
        () => itemsOf(service),
        (all) => all.length === 3,
      )
      expect(items.map(([path]) => path)).toEqual(paths)
      expect(items.at(-1)?.[1]).toBe(film.toString('hex'))
      const rows = await inStatus(service, '1', 'Seeding')
      seed.stop()
      const other = await startLibtorrent(torrent, { into: await newFolder(), peers: [`127.0.0.1:${port}`] })
      const seen = await statusesOf(service, '1')
      expect([figuresOf(rows[0]).stage_percent, seen[0]]).toEqual([0, 'Seeding'])
      expect(seen).toEqual(inOrder.filter((status) => seen.includes(status)))
      await until(
        async () => other.says().isDone,
        (isDone) => isDone,
      )
      expect((await itemsOf(service)).map(([path]) => path)).toEqual(paths)
      const [user] = (await service.ask('user.info')).rows
      expect(Number(user?.disk_quota) - Number(user?.disk_quota_available)).toBe(film.length + 11_000)
    },
  )
})
