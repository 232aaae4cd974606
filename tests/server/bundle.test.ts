import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { readOptions } from '../../server/options.ts'
import { has } from '../support/facilities.ts'
import { itemsOf } from '../support/items.ts'
import { makeArchive } from '../support/made-archive.ts'
import { reaches, servicesForTests, whenEmpty } from '../support/services.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { cleanUp, makeTorrent, startLibtorrent } from '../support/torrents.ts'
import { file, startWeb } from '../support/web.ts'

const root = join(import.meta.dirname, '../..')
const built = join(root, 'dist', 'server')
const { start } = servicesForTests()
let folder = ''
beforeAll(async () => {
  if (!existsSync(join(built, 'main.cjs'))) throw new Error('build first: npm run build')
  folder = temporaryFolder('built')
  await cp(built, folder, { recursive: true })
})
afterEach(cleanUp)

describe('the service as it is built, in an empty folder', () => {
  it.runIf(has('libtorrent'))('fetches a torrent, and unpacks with its bundled 7-Zip', async () => {
    const archive = await makeArchive('Locked.7z', { 'a.txt': randomBytes(100), 'b.txt': randomBytes(200) }, '-mx=1')
    const web = await startWeb()
    web.on('/Locked.7z', file(archive))
    // A name in GBK without a declared charset: the encoding detection is bundled too.
    const named = '/%BA%DA%BF%CD%B5%DB%B9%FA.bin'
    web.on(named, file(randomBytes(1000)))
    const torrent = await makeTorrent({ name: 'song.flac', sizeBytes: 100_000 })
    const seed = await startLibtorrent(torrent)
    // No native 7-Zip: what is left is the one for every system.
    const service = await start({ entry: join(folder, 'main.cjs'), environment: { PUTDESK_7ZIP: '' } })
    await service.ask('transfers.add', {
      links: [web.url('/Locked.7z'), web.url(named), `${torrent.magnet}&x.pe=127.0.0.1:${seed.port}`],
    })
    await reaches(service, '3', 'Seeding')
    await service.ask('transfers.cancel', { id: 3 })
    await whenEmpty(service)
    expect((await itemsOf(service)).map(([path]) => path)).toEqual([
      'Locked/a.txt',
      'Locked/b.txt',
      'song.flac',
      '黑客帝国.bin',
    ])
    await web.stop()
  })
})

describe('the examples', () => {
  it('include a settings file that the service accepts', () => {
    const { users, listen, torrents } = readOptions(['--config', join(root, 'examples', 'putdesk.json')])
    expect([users?.map(({ user }) => user), listen, torrents.listen]).toEqual([
      ['ann', 'bob'],
      '0.0.0.0',
      { address: '0.0.0.0', port: 6881 },
    ])
  })

  it.each(['putdesk.service', 'Dockerfile'])(
    'include %s, which names only files that exist after a build',
    async (name) => {
      const text = await readFile(join(root, 'examples', name), 'utf8')
      const named = [...text.matchAll(/(?:dist|node_modules|examples)\/[\w./-]+/g)].map(([path]) => path)
      expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([])
      expect(named.length).toBeGreaterThan(1)
    },
  )
})
