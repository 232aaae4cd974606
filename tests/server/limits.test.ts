import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createBandwidth } from '../../server/core/account/bandwidth.ts'
import { openDatabase } from '../../server/core/data/database.ts'
import { has } from '../support/facilities.ts'
import { itemsOf } from '../support/items.ts'
import { until } from '../support/service.ts'
import { figuresOf, inStatus, listed, servicesForTests, usedBytes, whenEmpty } from '../support/services.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { cleanUp, makeTorrent, startLibtorrent } from '../support/torrents.ts'
import { file, startWeb, type Web } from '../support/web.ts'

const megabyte = randomBytes(1_000_000)
const { start, restart } = servicesForTests()
let web: Web
beforeAll(async () => {
  web = await startWeb()
  web.on('/mb.bin', file(megabyte))
  web.on('/unsized.bin', file(megabyte, { announce: null }))
})
afterAll(() => web.stop())
afterEach(cleanUp)

describe('the disk quota', () => {
  it('admits exactly as many of 50 racing transfers as fit, refuses the others, and never goes below zero (F28)', async () => {
    const service = await start({ diskQuota: 7_500_000 })
    const links = Array.from({ length: 50 }, (_, n) => web.url(n % 5 === 4 ? '/unsized.bin' : '/mb.bin'))
    await service.ask('transfers.add', { links })
    let lowest = Number.POSITIVE_INFINITY
    const rows = await until(
      async () => {
        const [user] = (await service.ask('user.info')).rows
        lowest = Math.min(lowest, Number(user?.disk_quota_available))
        return listed(service)
      },
      (all) => all.every(({ status }) => status === 'Error'),
    )
    const stored = await itemsOf(service)
    const reasons = new Set(rows.map((row) => `${figuresOf(row).reason}`.replace(/[\d.]+ (bytes|[kMG]B)/g, 'N')))
    expect([stored.length, rows.length, lowest >= 0]).toEqual([7, 43, true])
    expect(await usedBytes(service)).toBe(stored.length * megabyte.length)
    expect([...reasons].every((reason) => reason.startsWith('There is not enough disk space: “'))).toBe(true)
  })

  it.runIf(has('libtorrent'))('counts the size of a torrent before its first byte is fetched', async () => {
    const torrent = await makeTorrent({ name: 'large.mkv', sizeBytes: 3_000_000 })
    const seed = await startLibtorrent(torrent)
    const service = await start({ diskQuota: 2_000_000 })
    await service.ask('transfers.add', { links: [`${torrent.magnet}&x.pe=127.0.0.1:${seed.port}`] })
    const [row] = await inStatus(service, '1', 'Error')
    expect([figuresOf(row).reason, seed.says().uploaded]).toEqual([
      'There is not enough disk space: “large.mkv” needs 3 MB, and 2 MB is free.',
      0,
    ])
  })
})

describe('the maximum file size', () => {
  it.each(['/mb.bin', '/unsized.bin'])('refuses %s, which exceeds it, and names the limit', async (path) => {
    const service = await start({ flags: ['--largest-file', '500000'] })
    await service.ask('transfers.add', { links: [web.url(path)] })
    const [row] = await inStatus(service, '1', 'Error')
    expect(figuresOf(row).reason).toBe(`“${path.slice(1)}” is too large: no file may be larger than 500 kB here.`)
  })

  it.runIf(has('libtorrent'))('refuses a torrent with a file that exceeds it', async () => {
    const files = [{ path: ['small.txt'], bytes: randomBytes(1000) }]
    const torrent = await makeTorrent({ name: 'Mixed', files: [...files, { path: ['big.mkv'], bytes: megabyte }] })
    const seed = await startLibtorrent(torrent)
    const service = await start({ flags: ['--largest-file', '500000'] })
    await service.ask('transfers.add', { links: [`${torrent.magnet}&x.pe=127.0.0.1:${seed.port}`] })
    const [row] = await inStatus(service, '1', 'Error')
    expect(figuresOf(row).reason).toBe(
      '“Mixed” holds a file that is too large: no file may be larger than 500 kB here.',
    )
  })
})

describe('a paid hoster', () => {
  const withAccount = async () => {
    const path = join(temporaryFolder('hosters'), 'putdesk.json')
    const hosters = [{ host: '127.0.0.1', user: 'me', password: 'paid' }]
    await writeFile(path, JSON.stringify({ hosters }))
    return ['--config', path, '--paid-host', '127.0.0.1', '--bandwidth-quota', '2500000']
  }
  const paid = `Basic ${Buffer.from('me:paid').toString('base64')}`

  it('is refused without an account there, with the reason, in the analysis and as a transfer', async () => {
    const service = await start({ flags: ['--paid-host', '127.0.0.1'] })
    const reason = '“127.0.0.1” gives files only to its paying users: enter your account there first.'
    const { results } = await service.ask('urls.analyze', { links: [web.url('/mb.bin')] })
    await service.ask('transfers.add', { links: [web.url('/mb.bin')] })
    const [row] = await listed(service)
    expect([Object(results).items.error, row?.status, figuresOf(row).reason]).toEqual([
      [{ url: web.url('/mb.bin'), error: reason }],
      'Error',
      reason,
    ])
  })

  it('is signed in to with an account, and uses up the bandwidth, which is remembered across kill -9', async () => {
    const service = await start({ flags: await withAccount() })
    web.on('/paid.bin', (request, response, socket) =>
      request.headers.authorization === paid
        ? file(megabyte)(request, response, socket)
        : void response.writeHead(401).end(),
    )
    const link = web.url('/paid.bin')
    const { results } = await service.ask('urls.analyze', { links: [link] })
    expect([Object(results).items.singleurl[0].paid_bw, Object(results).bw_avail]).toEqual(['1000000', '2500000'])
    await service.ask('transfers.add', { links: [link, link] })
    await whenEmpty(service)
    const next = await restart(service, { flags: await withAccount() })
    const available = async () => (await next.ask('user.info')).rows[0]?.bw_quota_available
    expect(await available()).toBe('500000')
    await next.ask('transfers.add', { links: [link] })
    const [row] = await inStatus(next, '3', 'Error')
    expect(figuresOf(row).reason).toMatch(
      /^There is not enough bandwidth: “paid\.bin” needs 1 MB more, and 500 kB is left/,
    )
    expect(await available()).toBe('500000')
    expect(next.log() + service.log()).not.toContain('paid:')
  })

  it('costs no bandwidth for a file that never arrived', async () => {
    const service = await start({ flags: await withAccount() })
    web.on('/half.bin', file(megabyte, { etag: null, cutAfter: 500_000 }))
    await service.ask('transfers.add', { links: [web.url('/half.bin')] })
    await until(
      () => listed(service),
      ([row]) => Number(figuresOf(row).downloaded) > 0,
    )
    expect((await service.ask('user.info')).rows[0]?.bw_quota_available).toBe('1500000')
    await service.ask('transfers.cancel', { id: 1 })
    expect((await service.ask('user.info')).rows[0]?.bw_quota_available).toBe('2500000')
  })
})

describe('transfers that wait', () => {
  it('keep the size that the analysis found, over kill -9 too, and leave that much less for others', async () => {
    web.on('/held.bin', file(megabyte, { holdUntil: new Promise(() => undefined) }))
    const options = { busy: 'always', activeLimit: 1, diskQuota: 3_500_000 } as const
    const service = await start(options)
    const torrent = await makeTorrent({ name: 'song.flac', sizeBytes: 300_000 })
    const data = `data:application/x-bittorrent;base64,${torrent.bytes.toString('base64')}`
    const [held, waiting] = [web.url('/held.bin'), web.url('/mb.bin')]
    const fits = async (on: typeof service, link: string) => {
      const { results } = await on.ask('urls.analyze', { links: [link] })
      return Object(results).items.error.map(({ error }: { error: string }) => error)
    }
    await service.ask('urls.analyze', { links: [held, waiting] })
    await service.ask('transfers.add', { links: [held, waiting, data] })
    await inStatus(service, '1', 'Downloading')
    const sizes = async (on: typeof service) =>
      (await listed(on)).map((row) => [row.status, Object(figuresOf(row)).size])
    const expected = [
      ['Downloading', 1_000_000],
      ['Waiting', 1_000_000],
      ['Waiting', 300_000],
    ]
    expect(await sizes(service)).toEqual(expected)
    expect(await fits(service, waiting)).toEqual([])
    await service.ask('transfers.add', { links: [waiting] })
    expect(await fits(service, waiting)).toEqual(['“mb.bin” does not fit: it needs 1 MB, and 200 kB is free.'])
    const next = await restart(service, options)
    await inStatus(next, '1', 'Downloading')
    expect(await sizes(next)).toEqual([...expected, ['Waiting', 1_000_000]])
    expect(await fits(next, waiting)).toEqual(['“mb.bin” does not fit: it needs 1 MB, and 200 kB is free.'])
  })
})

describe('the monthly bandwidth', () => {
  it('carries over what is left, with a full quota for each month in between', async () => {
    const db = openDatabase(temporaryFolder('month'))
    db.sql.exec("INSERT INTO users (id, name) VALUES (1, 'you')")
    let now = new Date('2026-01-31T23:59:59Z')
    const bandwidth = createBandwidth(db, { userId: 1, quotaBytes: 100, now: () => now })
    const results = [bandwidth.spend(30), bandwidth.balance()]
    now = new Date('2026-02-01T00:00:00Z')
    results.push(bandwidth.balance(), bandwidth.spend(171), bandwidth.spend(170), bandwidth.balance())
    now = new Date('2026-05-10T00:00:00Z')
    results.push(bandwidth.balance())
    db.close()
    expect(results).toEqual([
      true,
      { carriedBytes: 0, availableBytes: 70 },
      { carriedBytes: 70, availableBytes: 170 },
      false,
      true,
      { carriedBytes: 70, availableBytes: 0 },
      { carriedBytes: 200, availableBytes: 300 },
    ])
  })
})

describe('the active limit', () => {
  it.each([
    ['under a high load, the second transfer waits', ['--busy-load', '0'], ['Downloading', 'Waiting']],
    ['under a low load, both run', ['--busy-load', '100000', '--busy-disk', '100000'], ['Downloading', 'Downloading']],
  ])('follows the load: %s', async (_what, flags, statuses) => {
    web.on('/held.bin', file(megabyte, { holdUntil: new Promise(() => undefined) }))
    const service = await start({ busy: 'auto', activeLimit: 1, flags })
    await service.ask('transfers.add', { links: [web.url('/held.bin'), web.url('/held.bin')] })
    const rows = await until(
      () => listed(service),
      (all) => all.every(({ status }) => status !== 'In queue'),
    )
    expect(rows.map(({ status }) => status)).toEqual(statuses)
  })

  it.runIf(has('libtorrent'))('counts a transfer that is seeding: the next one waits until it has ended', async () => {
    const torrent = await makeTorrent({ name: 'song.flac', sizeBytes: 300_000 })
    const seed = await startLibtorrent(torrent)
    const service = await start({ busy: 'always', activeLimit: 1 })
    await service.ask('transfers.add', {
      links: [`${torrent.magnet}&x.pe=127.0.0.1:${seed.port}`, web.url('/mb.bin')],
    })
    const rows = await inStatus(service, '1', 'Seeding')
    expect(rows.map(({ status }) => status)).toEqual(['Seeding', 'Waiting'])
    await service.ask('transfers.cancel', { id: 1 })
    await whenEmpty(service)
    expect((await itemsOf(service)).map(([path]) => path)).toEqual(['mb.bin', 'song.flac'])
  })
})
