import { createHash, randomBytes } from 'node:crypto'
import http from 'node:http'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { has } from '../support/facilities.ts'
import { itemsOf } from '../support/items.ts'
import { inStatus, servicesForTests, whenEmpty } from '../support/services.ts'
import {
  bencode,
  cleanUp,
  makeTorrent,
  serve,
  startEngine,
  startLibtorrent,
  stored,
  watch,
} from '../support/torrents.ts'
import { file, startWeb, type Web } from '../support/web.ts'

const { start } = servicesForTests()
let web: Web
beforeAll(async () => {
  web = await startWeb()
})
afterAll(() => web.stop())
afterEach(cleanUp)

const gbk = Buffer.from('bacdc6bdb7a2d5b9', 'hex')
const percent = '%BA%CD%C6%BD%B7%A2%D5%B9'

it('requests files from a web seed by the original bytes of their names, and decodes the names as declared', async () => {
  const [one, other] = [randomBytes(50_000), randomBytes(20_000)]
  const whole = Buffer.concat([one, other])
  const pieces = [whole.subarray(0, 32_768), whole.subarray(32_768, 65_536), whole.subarray(65_536)]
  const bytes = bencode({
    encoding: 'GBK',
    'url-list': web.url('/seed/'),
    info: {
      name: gbk,
      'piece length': 32_768,
      pieces: Buffer.concat(pieces.map((piece) => createHash('sha1').update(piece).digest())),
      files: [
        { length: one.length, path: [gbk, Buffer.concat([gbk, Buffer.from('.mp4')])] },
        { length: 0, path: ['empty'] },
        { length: other.length, path: ['b.nfo'] },
      ],
    },
  })
  web.on(`/seed/${percent}/${percent}/${percent}.mp4`, file(one))
  web.on(`/seed/${percent}/b.nfo`, file(other))
  web.on('/gbk.torrent', file(Buffer.concat([bytes, Buffer.from('\n')])))
  const service = await start()
  await service.ask('transfers.add', { links: [web.url('/gbk.torrent')] })
  await inStatus(service, '1', 'Seeding')
  await service.ask('transfers.cancel', { id: 1 })
  await whenEmpty(service)
  expect(await itemsOf(service)).toEqual([
    ['和平发展/b.nfo', other.toString('hex')],
    ['和平发展/empty', ''],
    ['和平发展/和平发展/和平发展.mp4', one.toString('hex')],
  ])
})

it('keeps the folder of a torrent with only one file in it', async () => {
  const bytes = randomBytes(90_000)
  web.on('/one/Record/a.flac', file(bytes))
  const torrent = await makeTorrent({
    name: 'Record',
    files: [{ path: ['a.flac'], bytes }],
    extra: { 'url-list': web.url('/one/') },
  })
  const service = await start()
  const data = `data:application/x-bittorrent;base64,${torrent.bytes.toString('base64')}`
  await service.ask('transfers.add', { links: [data] })
  await inStatus(service, '1', 'Seeding')
  await service.ask('transfers.cancel', { id: 1 })
  await whenEmpty(service)
  expect(await itemsOf(service)).toEqual([['Record/a.flac', bytes.toString('hex')]])
})

it.runIf(has('libtorrent'))(
  'accepts a tracker response with blanks around it, a duplicate key, a huge number and an interval of years',
  async () => {
    const torrent = await makeTorrent({ name: 'a.bin', sizeBytes: 60_000 })
    const seed = await startLibtorrent(torrent)
    const peer = Buffer.from([127, 0, 0, 1, seed.port >> 8, seed.port & 255])
    const answer = Buffer.concat([
      Buffer.from('\n d8:intervali99999999999e1:xi99999999999999999999e1:yle1:yle5:peers6:'),
      peer,
      Buffer.from('e\r\n'),
    ])
    let asked = 0
    const port = await serve(
      http.createServer((request, response) => {
        asked += request.url?.startsWith('/announce') === true ? 1 : 0
        response.end(answer)
      }),
    )
    const torrentFile = Buffer.concat([
      bencode({ announce: ` http://127.0.0.1:${port}/announce` }).subarray(0, -1),
      Buffer.from('4:info'),
      torrent.infoBytes,
      Buffer.from('e \n'),
    ])
    const engine = startEngine()
    const watched = await watch(engine, { torrentFile })
    await watched.running.done
    expect((await stored(watched, 1))[0]?.equals(torrent.contents[0] ?? peer)).toBe(true)
    // It is told of the start and the end. If the interval became a millisecond, there would be many more requests.
    const metadata = await engine.lookUp({ torrentFile }, { signal: AbortSignal.timeout(10_000) })
    expect([metadata.infoHash, asked <= 2]).toEqual([torrent.infoHash, true])
  },
)
