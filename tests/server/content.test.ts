import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fromBuffer } from 'yauzl'
import { until } from '../support/service.ts'
import { ownApi, rowsOf, servicesForTests, usedBytes } from '../support/services.ts'
import { file, startWeb, type Web } from '../support/web.ts'

const { start } = servicesForTests()
const [whole, other] = [Buffer.alloc(1_000_000, 'whole'), Buffer.alloc(4096, 'other')]
let web: Web
beforeAll(async () => {
  web = await startWeb()
  web.on('/whole.mp4', file(whole))
  web.on('/other.txt', file(other))
})
afterAll(() => web.stop())

/** A service with two files, and the paths of their contents. */
async function filled() {
  const service = await start()
  await service.ask('transfers.add', { links: [web.url('/whole.mp4'), web.url('/other.txt')] })
  const { rows } = await until(
    () => service.ask('files.list', { orderby: 'name_asc' }),
    (answer) => answer.rows.length === 2,
  )
  const token = /[0-9a-f]{40}/.exec(JSON.stringify((await service.ask('user.acctoken')).results))?.[0] ?? ''
  const content = join(service.data, 'content')
  const places = readdirSync(content).flatMap((shelf) =>
    readdirSync(join(content, shelf)).map((name) => join(content, shelf, name)),
  )
  const placeOf = (size: number) => places.find((path) => statSync(path).size === size) ?? ''
  const urls = rows.map(({ stream_url }) => `${String(stream_url)}atk/${token}`)
  return { service, token, urls, otherPlace: placeOf(other.length), wholePlace: placeOf(whole.length) }
}

const damages: [what: string, damage: (path: string) => void, sentence: RegExp][] = [
  ['cut to 5 bytes', (path) => truncateSync(path, 5), /it has 5 bytes instead of 1000000/],
  ['empty', (path) => truncateSync(path, 0), /it has 0 bytes instead of 1000000/],
  ['longer', (path) => writeFileSync(path, Buffer.alloc(1_000_001)), /it has 1000001 bytes instead of 1000000/],
  ['missing', (path) => rmSync(path), /its content is missing on the disk/],
  [
    'a folder',
    (path) => {
      rmSync(path)
      mkdirSync(path)
    },
    /something else is in the place of its content/,
  ],
]

it.each(damages)(
  'answers 410 with the reason, never with bytes, for a stored file that is %s',
  async (_what, damage, sentence) => {
    const { service, token, urls, wholePlace } = await filled()
    const [otherUrl = '', url = ''] = urls
    damage(wholePlace)
    for (const headers of [{}, { range: 'bytes=0-3' }, { range: 'bytes=500000-' }]) {
      const answer = await fetch(url, { headers })
      expect([answer.status, await answer.text()]).toEqual([410, expect.stringMatching(sentence)])
    }
    expect((await fetch(url, { method: 'HEAD' })).status).toBe(410)
    expect((await fetch(otherUrl)).status).toBe(200)
    const { files } = await ownApi(service)('GET', '/v2/files/list', { sort_by: 'NAME_ASC' })
    const marks = { added_at: expect.any(Number), address: expect.any(String), user_id: 1 }
    expect(rowsOf(files).map(({ putdesk }) => putdesk)).toEqual([
      { ...marks, content: expect.stringMatching(/^[0-9a-f]{32}$/) },
      { ...marks, content: null, missing: true },
    ])
    const zip = Buffer.from(await (await fetch(`${service.url}/stream-basket/1/0/atk/${token}`)).arrayBuffer())
    expect(await namesIn(zip)).toEqual(['Missing files.txt', 'other.txt'])
    expect(zip.includes('whole.mp4')).toBe(true)
    expect(await usedBytes(service)).toBe(whole.length + other.length)
  },
)

it('serves a stored file again once it is back', async () => {
  const { service, urls, wholePlace } = await filled()
  const [, url = ''] = urls
  renameSync(wholePlace, `${wholePlace}.away`)
  expect((await fetch(url)).status).toBe(410)
  await service.stop()
  const again = await start({ data: service.data })
  expect(again.notice).toBe('The content of a file is missing on the disk; the file stays in the list.')
  renameSync(`${wholePlace}.away`, wholePlace)
  const [path = ''] = /\/stream-file.*/.exec(url) ?? []
  const answer = await fetch(`${again.url}${path}`)
  expect(Buffer.from(await answer.arrayBuffer()).equals(readFileSync(wholePlace))).toBe(true)
  const { files } = await ownApi(again)('GET', '/v2/files/list')
  expect(rowsOf(files).map(({ putdesk }) => 'missing' in Object(putdesk))).toEqual([false, false])
})

it('erases a file at the next start when it was deleted while another program had it open, and never lists it again', async () => {
  const { service, otherPlace, wholePlace } = await filled()
  // While SQLite has a file open, Windows does not let anyone remove it.
  const holder = new DatabaseSync(otherPlace)
  expect(() => holder.exec('PRAGMA schema_version')).toThrow('file is not a database')
  const { rows } = await service.ask('files.list')
  for (const { id } of rows) await service.ask('files.delete', { id })
  await until(
    async () => existsSync(wholePlace),
    (isThere) => !isThere,
  )
  holder.close()
  await service.stop()
  const again = await start({ data: service.data })
  await until(
    async () => existsSync(otherPlace),
    (isThere) => !isThere,
  )
  expect([again.notice, (await again.ask('files.list')).rows]).toEqual([null, []])
})

function namesIn(zip: Buffer): Promise<string[]> {
  return new Promise((resolve, reject) => {
    fromBuffer(zip, { lazyEntries: false }, (error, archive) => {
      if (error) return reject(error)
      const names: string[] = []
      archive.on('entry', ({ fileName }) => names.push(fileName))
      archive.on('end', () => resolve(names.sort()))
      archive.on('error', reject)
    })
  })
}
