import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { has } from '../support/facilities.ts'
import { freePort } from '../support/free-port.ts'
import { filesOf, itemsOf } from '../support/items.ts'
import { makeArchive, manyFiles } from '../support/made-archive.ts'
import { type Service, until } from '../support/service.ts'
import { inStatus, listed, reaches, servicesForTests, usedBytes, whenEmpty } from '../support/services.ts'
import { cleanUp, makeTorrent, newFolder, startLibtorrent } from '../support/torrents.ts'
import { file, startWeb, type Web } from '../support/web.ts'

const { start, restart } = servicesForTests()
let web: Web
beforeAll(async () => {
  web = await startWeb()
})
afterAll(() => web.stop())
afterEach(cleanUp)

/** What must hold in the end: the used quota is the sum of what is stored, and nothing partial is left behind. */
async function expectTidy(service: Service): Promise<void> {
  const items = await filesOf(service)
  const storedBytes = items.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const left = await until(
    () => readdir(join(service.data, 'parts')),
    (names) => names.length === 0,
  )
  const shelves = await readdir(join(service.data, 'content'))
  const contents = await Promise.all(shelves.map((shelf) => readdir(join(service.data, 'content', shelf))))
  expect([await usedBytes(service), left, contents.flat().length]).toEqual([storedBytes, [], items.length])
}

describe('a restart after kill -9 (F24)', () => {
  it.each(['In extraction queue', 'Extracting', 'Completing'])(
    'while %s delivers the same tree once, with one message and nothing fetched again',
    async (status) => {
      const busy = await makeArchive('busy.7z', { 'busy.bin': randomBytes(15_000_000) }, '-m0=PPMd', '-mx=1')
      const archive = await makeArchive('Tree.zip', { ...manyFiles(2000), 'top.txt': Buffer.from('top') }, '-mx=0')
      web.on('/busy.7z', file(busy))
      web.on('/Tree.zip', file(archive))
      const first = await start()
      const isQueued = status === 'In extraction queue'
      if (isQueued) {
        await first.ask('transfers.add', { links: [web.url('/busy.7z')] })
        await reaches(first, '1', 'Extracting')
      }
      await first.ask('transfers.add', { links: [web.url('/Tree.zip')] })
      await reaches(first, isQueued ? '2' : '1', status)
      const requests = web.requests.length
      const second = await restart(first)
      await whenEmpty(second)
      const paths = (await filesOf(second)).map(({ path }) => path)
      expect(paths.filter((path) => path.startsWith('Tree/')).length).toBe(2001)
      expect([paths.length, (await second.ask('messages.list')).rows.length, web.requests.length]).toEqual(
        isQueued ? [2002, 2, requests] : [2001, 1, requests],
      )
      await expectTidy(second)
    },
  )

  it('while Completing delivers the right tree once, even when another program changed what was unpacked', async () => {
    const contents = manyFiles(2000)
    web.on('/Tree.zip', file(await makeArchive('Tree.zip', contents, '-mx=0')))
    const first = await start()
    await first.ask('transfers.add', { links: [web.url('/Tree.zip')] })
    await reaches(first, '1', 'Completing')
    await first.kill9()
    const parts = await readdir(join(first.data, 'parts'), { recursive: true, withFileTypes: true })
    const unpacked = parts.filter((entry) => entry.isFile() && entry.parentPath.includes('unpacked'))
    expect(unpacked.length).toBeGreaterThan(0)
    for (const { parentPath, name } of unpacked) await writeFile(join(parentPath, name), 'of another program')
    const second = await restart(first)
    await whenEmpty(second)
    const stored = (await itemsOf(second)).map(([, hex]) => hex).sort()
    expect(stored).toEqual(
      Object.values(contents)
        .map((bytes) => bytes.toString('hex'))
        .sort(),
    )
    await expectTidy(second)
  })

  it.runIf(has('libtorrent'))(
    'while a torrent waits to be saved delivers the right file, even when another program changed it',
    async () => {
      const torrent = await makeTorrent({ name: 'film.mkv', sizeBytes: 2_000_000 })
      const busy = await makeArchive('busy.zip', manyFiles(8000), '-mx=0')
      web.on('/busy.zip', file(busy))
      const seed = await startLibtorrent(torrent)
      const first = await start()
      await first.ask('transfers.add', { links: [web.url('/busy.zip')] })
      await reaches(first, '1', 'Completing')
      await first.ask('transfers.add', { links: [`${torrent.magnet}&x.pe=127.0.0.1:${seed.port}`] })
      await reaches(first, '2', 'Seeding')
      await first.ask('transfers.cancel', { id: 2 })
      await reaches(first, '2', 'In complete queue')
      await first.kill9()
      const parts = await readdir(join(first.data, 'parts'), { recursive: true, withFileTypes: true })
      const [film] = parts
        .filter((entry) => entry.isFile() && entry.name === '0' && !entry.parentPath.includes('unpacked'))
        .map(({ parentPath, name }) => join(parentPath, name))
        .filter((path) => statSync(path).size === 2_000_000)
      await writeFile(film ?? '', Buffer.alloc(2_000_000))
      const second = await restart(first)
      await until(
        async () => {
          const rows = await listed(second)
          // No peer downloads it, so seeding would not end.
          if (rows.some(({ id, status }) => id === '2' && status === 'Seeding'))
            await second.ask('transfers.cancel', { id: 2 })
          return rows
        },
        (rows) => rows.length === 0,
      )
      const { rows } = await second.ask('files.list', { parent_id: 0, limit: 100_000 })
      const stored = await itemsOf(second, rows.find(({ name }) => name === 'film.mkv') ?? {})
      expect(stored).toEqual([['film.mkv', torrent.contents[0]?.toString('hex')]])
      await expectTidy(second)
    },
  )

  it('while In complete queue delivers each file once', async () => {
    web.on('/plain.bin', file(randomBytes(100_000)))
    const first = await start()
    await first.ask('transfers.add', { links: Array.from({ length: 20 }, () => web.url('/plain.bin')) })
    await until(
      () => listed(first),
      (rows) => rows.some(({ status }) => status === 'In complete queue'),
    )
    const second = await restart(first)
    await whenEmpty(second)
    expect([(await filesOf(second)).length, (await second.ask('messages.list')).rows.length]).toEqual([20, 20])
    await expectTidy(second)
  })

  it.runIf(has('libtorrent'))(
    'resumes a torrent in its stage, with its counters: Looking for peers, Downloading, Downloading and seeding, Seeding',
    async () => {
      const torrent = await makeTorrent({ name: 'film.mkv', sizeBytes: 5_000_000 })
      const port = await freePort()
      const flags = ['--listen-peers', `127.0.0.1:${port}`]
      const slow = { flags: [...flags, '--download-limit', '700000'] }
      let service = await start(slow)
      await service.ask('transfers.add', { links: [torrent.magnet] })
      await reaches(service, '1', 'Looking for peers')
      service = await restart(service, slow)
      await reaches(service, '1', 'Looking for peers')

      let seed = await startLibtorrent(torrent, { peers: [`127.0.0.1:${port}`] })
      const halfway = await until(
        () => listed(service),
        ([row]) => Number(row?.percent_done) >= 40,
      )
      expect(halfway[0]?.status).toBe('Downloading')
      seed.stop()
      service = await restart(service, slow)
      // No peer is there to send it again: it was kept.
      await until(
        () => listed(service),
        ([row]) => Number(row?.percent_done) >= 30,
      )
      let taker = await startLibtorrent(torrent, { into: await newFolder(), peers: [`127.0.0.1:${port}`] })
      seed = await startLibtorrent(torrent, { peers: [`127.0.0.1:${port}`] })
      await reaches(service, '1', 'Downloading and seeding')
      taker.stop()
      // Slow enough that it is not complete before a peer downloads from it.
      service = await restart(service, { flags: [...flags, '--download-limit', '300000'] })
      taker = await startLibtorrent(torrent, { into: await newFolder(), peers: [`127.0.0.1:${port}`] })
      await reaches(service, '1', 'Downloading and seeding')
      taker.stop()
      await reaches(service, '1', 'Seeding')
      seed.stop()

      service = await restart(service, slow)
      await reaches(service, '1', 'Seeding')
      const items = await until(
        () => itemsOf(service),
        (all) => all.length > 0,
      )
      expect(items.map(([path]) => path)).toEqual(['film.mkv'])
      const other = await startLibtorrent(torrent, { into: await newFolder(), peers: [`127.0.0.1:${port}`] })
      await whenEmpty(service)
      await until(
        async () => other.says().isDone,
        (isDone) => isDone,
      )
      expect((await service.ask('messages.list')).rows.length).toBe(1)
      await expectTidy(service)
    },
  )

  it.runIf(has('libtorrent'))('half way through sharing back shares only the other half', async () => {
    const torrent = await makeTorrent({ name: 'film.mkv', sizeBytes: 6_000_000 })
    const port = await freePort()
    const options = { flags: ['--listen-peers', `127.0.0.1:${port}`] }
    const seed = await startLibtorrent(torrent)
    let service = await start(options)
    await service.ask('transfers.add', { links: [`${torrent.magnet}&x.pe=127.0.0.1:${seed.port}`] })
    await reaches(service, '1', 'Seeding')
    seed.stop()
    const slowly = { into: await newFolder(), peers: [`127.0.0.1:${port}`], limit: 700_000 }
    const partly = await startLibtorrent(torrent, slowly)
    await until(
      () => listed(service),
      ([row]) => Object(row?.putdesk).uploaded > 2_000_000,
    )
    partly.stop()
    service = await restart(service, options)
    const [row] = await inStatus(service, '1', 'Seeding')
    expect(Object(row?.putdesk).uploaded).toBeGreaterThan(500_000)
    const other = await startLibtorrent(torrent, { ...slowly, into: await newFolder() })
    await whenEmpty(service)
    expect(other.says().downloaded).toBeLessThan(5_800_000)
    await expectTidy(service)
  })
})
