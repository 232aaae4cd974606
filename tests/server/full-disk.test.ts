import { randomBytes } from 'node:crypto'
import { statfsSync } from 'node:fs'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { has } from '../support/facilities.ts'
import { freePort } from '../support/free-port.ts'
import { itemsOf } from '../support/items.ts'
import { makeArchive } from '../support/made-archive.ts'
import { until } from '../support/service.ts'
import { figuresOf, listed, servicesForTests, usedBytes, whenEmpty } from '../support/services.ts'
import { mountSmallDisk } from '../support/small-disk.ts'
import { cleanUp, makeTorrent, newFolder, startLibtorrent } from '../support/torrents.ts'
import { file, startWeb, type Web } from '../support/web.ts'

const { start } = servicesForTests()
let web: Web
beforeAll(async () => {
  web = await startWeb()
})
afterAll(() => web.stop())
afterEach(cleanUp)

/** A data folder on a real disk, which another file fills except for `freeMebibytes`. */
async function crowdedDisk(mebibytes: number, freeMebibytes: number) {
  const disk = mountSmallDisk(mebibytes)
  onTestFinished(disk.stop)
  const ballast = join(disk.folder, 'of another program')
  await writeFile(ballast, Buffer.alloc((mebibytes - freeMebibytes) * 1024 * 1024))
  return { data: join(disk.folder, 'data'), makeRoom: () => rm(ballast) }
}

describe.runIf(has('tmpfs'))('a full disk', () => {
  it('pauses a fetch with the reason, leaves other things working, and lets it resume when there is room', async () => {
    const bytes = randomBytes(12_000_000)
    web.on('/film.mkv', file(bytes))
    const { data, makeRoom } = await crowdedDisk(24, 8)
    const service = await start({ data, diskQuota: 100_000_000 })
    await service.ask('transfers.add', { links: [web.url('/film.mkv')] })
    const [row] = await until(
      () => listed(service),
      ([one]) => /disk is full/.test(`${figuresOf(one).reason}`),
    )
    expect([row?.status, figuresOf(row).reason]).toEqual([
      'Downloading',
      expect.stringMatching(
        /^This computer’s disk is full: .* needs .*, .* free\. It continues when there is space\.$/,
      ),
    ])
    expect((await service.ask('files.create_dir', { name: 'Still here' })).error).toBe(false)
    await makeRoom()
    await whenEmpty(service)
    expect((await itemsOf(service)).map(([, hex]) => hex === bytes.toString('hex'))).toEqual([true])
    expect(web.requests.filter(({ path, method }) => path === '/film.mkv' && method === 'GET').length).toBeLessThan(3)
  })

  it('does not keep the service from starting after a kill, with everything that was there', async () => {
    const { data } = await crowdedDisk(24, 16)
    const service = await start({ data })
    const names = Array.from({ length: 40 }, (_, index) => `folder ${index}`)
    for (const name of names) await service.ask('files.create_dir', { name })
    await service.kill9()
    const { bavail, bsize } = statfsSync(data)
    for (const [index, bytes] of [bavail * bsize - 8 * bsize, 8 * bsize].entries()) {
      // The last block may not be available.
      await writeFile(join(data, '..', `more of another program ${index}`), Buffer.alloc(bytes)).catch(() => undefined)
    }
    const again = await start({ data })
    expect((await again.ask('files.list', { limit: 100 })).rows.map(({ name }) => name).sort()).toEqual(names.sort())
    expect((await readdir(data)).filter((name) => /damaged|kept|^putdesk\.db\./.test(name))).toEqual([])
  })

  it('pauses twelve transfers, each with the reason, and lets all of them resume when there is room', async () => {
    const bytes = randomBytes(3_000_000)
    web.on('/one-of-many.mkv', file(bytes))
    const { data, makeRoom } = await crowdedDisk(64, 8)
    const service = await start({ data, diskQuota: 100_000_000 })
    await service.ask('transfers.add', { links: Array.from({ length: 12 }, () => web.url('/one-of-many.mkv')) })
    const rows = await until(
      () => listed(service),
      (all) => all.every((one) => /disk is full/.test(`${figuresOf(one).reason}`)),
    )
    expect(rows.length).toBeGreaterThan(8)
    await makeRoom()
    await whenEmpty(service)
    expect((await itemsOf(service)).filter(([, hex]) => hex === bytes.toString('hex'))).toHaveLength(12)
  })

  it('pauses unpacking with the reason, and the tree is delivered once there is room', async () => {
    const archive = await makeArchive('Wide.7z', { 'zeros.bin': Buffer.alloc(12_000_000), 'a.txt': Buffer.from('a') })
    web.on('/Wide.7z', file(archive))
    const { data, makeRoom } = await crowdedDisk(32, 6)
    const service = await start({ data, diskQuota: 100_000_000 })
    await service.ask('transfers.add', { links: [web.url('/Wide.7z')] })
    await until(
      () => listed(service),
      ([one]) => /disk is full/.test(`${figuresOf(one).reason}`),
    )
    await makeRoom()
    await whenEmpty(service)
    expect((await itemsOf(service)).map(([path]) => path)).toEqual(['Wide/a.txt', 'Wide/zeros.bin'])
    expect(await usedBytes(service)).toBe(12_000_001)
  })

  it.runIf(has('libtorrent'))('pauses a torrent with the reason, and lets it resume when there is room', async () => {
    const torrent = await makeTorrent({ name: 'film.mkv', sizeBytes: 12_000_000 })
    const port = await freePort()
    await startLibtorrent(torrent)
    const seed = await startLibtorrent(torrent)
    const { data, makeRoom } = await crowdedDisk(24, 6)
    const service = await start({ data, diskQuota: 100_000_000, flags: ['--listen-peers', `127.0.0.1:${port}`] })
    await service.ask('transfers.add', { links: [`${torrent.magnet}&x.pe=127.0.0.1:${seed.port}`] })
    await until(
      () => listed(service),
      ([one]) => /disk is full/.test(`${figuresOf(one).reason}`),
    )
    await makeRoom()
    await until(
      () => listed(service),
      ([one]) => one?.status === 'Seeding',
    )
    await startLibtorrent(torrent, { into: await newFolder(), peers: [`127.0.0.1:${port}`] })
    await whenEmpty(service)
    expect((await itemsOf(service)).map(([path]) => path)).toEqual(['film.mkv'])
  })
})
