import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { has } from '../support/facilities.ts'
import { makeCertificate, startVsftpd, type Vsftpd } from '../support/ftp.ts'
import { itemsOf } from '../support/items.ts'
import { startNginx } from '../support/nginx.ts'
import type { Service } from '../support/service.ts'
import { figuresOf, inStatus, servicesForTests, whenEmpty } from '../support/services.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { cleanUp, makeTorrent, startLibtorrent } from '../support/torrents.ts'
import { file, startWeb, type Web } from '../support/web.ts'

const song = randomBytes(300_000)
const { start } = servicesForTests()
let web: Web
let home: string
let ftp: Vsftpd
beforeAll(async () => {
  web = await startWeb()
  home = temporaryFolder('sources')
  await mkdir(join(home, 'files'), { recursive: true })
  await writeFile(join(home, 'files', 'song one.flac'), song)
  if (has('vsftpd')) ftp = await startVsftpd(home)
})
afterAll(async () => {
  await web.stop()
  await ftp?.stop()
})
afterEach(cleanUp)

const add = (service: Service, ...links: string[]) => service.ask('transfers.add', { links })

describe('a transfer', () => {
  it.runIf(has('nginx', 'vsftpd'))('fetches a file from nginx, and one over FTP from vsftpd', async () => {
    const nginx = await startNginx(join(home, 'files'))
    const service = await start({ allowHosts: ['127.0.0.1', 'localhost'] })
    await add(service, nginx.url('/song%20one.flac'), ftp.url('/song%20one.flac'))
    await whenEmpty(service)
    await nginx.stop()
    expect(await itemsOf(service)).toEqual([
      ['song one (2).flac', song.toString('hex')],
      ['song one.flac', song.toString('hex')],
    ])
  })

  it.runIf(has('vsftpd'))('fetches over FTPS only with a trusted certificate', async () => {
    const folder = temporaryFolder('ftps')
    await mkdir(join(folder, 'files'), { recursive: true })
    await writeFile(join(folder, 'files', 'song.flac'), song)
    const certificate = makeCertificate(folder)
    const ftps = await startVsftpd(folder, { certificate })
    const link = ftps.url('/song.flac').replace(/^ftps?:\/\/[^:/]+/, 'ftps://localhost')
    const allowHosts = ['localhost']
    const trusting = await start({ allowHosts, environment: { NODE_EXTRA_CA_CERTS: `${certificate}.crt` } })
    const other = await start({ allowHosts })
    await Promise.all([add(trusting, link), add(other, link)])
    await whenEmpty(trusting)
    const [row] = await inStatus(other, '1', 'Error')
    await ftps.stop()
    expect([(await itemsOf(trusting)).length, figuresOf(row).reason]).toEqual([
      1,
      '“localhost” has no valid certificate, so nothing was fetched from it.',
    ])
  })

  it.each([
    ['given by its URL', '/a.torrent'],
    ['given by a URL that does not look like one', '/1a1112'],
    ['given as a data URL', null],
  ])('fetches a torrent whose file is %s', async (_how, path) => {
    const cover = randomBytes(20_000)
    web.on('/seed/Record/a.flac', file(song))
    web.on('/seed/Record/cover.jpg', file(cover))
    const torrent = await makeTorrent({
      name: 'Record',
      files: [
        { path: ['a.flac'], bytes: song },
        { path: ['cover.jpg'], bytes: cover },
      ],
      extra: { 'url-list': web.url('/seed/') },
    })
    if (path !== null) web.on(path, file(torrent.bytes))
    const service = await start()
    const data = `data:application/x-bittorrent;base64,${torrent.bytes.toString('base64')}`
    await add(service, path === null ? data : web.url(path))
    const [row] = await inStatus(service, '1', 'Seeding')
    expect([row?.name, figuresOf(row).size]).toEqual(['Record', 320_000])
    await service.ask('transfers.cancel', { id: 1 })
    await whenEmpty(service)
    expect(await itemsOf(service)).toEqual([
      ['Record/a.flac', song.toString('hex')],
      ['Record/cover.jpg', cover.toString('hex')],
    ])
  })
})

describe('bad input', () => {
  it('reports a .torrent URL that returns something else', async () => {
    web.on('/fake.torrent', file(randomBytes(1000)))
    const service = await start()
    await add(service, web.url('/fake.torrent'))
    const [row] = await inStatus(service, '1', 'Error')
    expect(figuresOf(row).reason).toBe('“fake.torrent” is not a torrent file, although its name says so.')
  })

  it.runIf(has('libtorrent'))(
    'rejects a torrent that is being fetched already, and leaves the first one untouched',
    async () => {
      const torrent = await makeTorrent({ name: 'once.mkv', sizeBytes: 200_000 })
      const seed = await startLibtorrent(torrent)
      const service = await start()
      const link = `${torrent.magnet}&x.pe=127.0.0.1:${seed.port}`
      await add(service, link)
      await inStatus(service, '1', 'Seeding')
      await add(service, link)
      const rows = await inStatus(service, '2', 'Error')
      expect([rows[0]?.status, figuresOf(rows[1]).reason]).toEqual([
        'Seeding',
        'This torrent is being fetched already.',
      ])
    },
  )
})
