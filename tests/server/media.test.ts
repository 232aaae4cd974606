import { randomBytes } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fromBuffer } from 'yauzl'
import { type Service, startService, until } from '../support/service.ts'
import { file, startWeb, type Web } from '../support/web.ts'

const film = randomBytes(1_300_007)
const script = Buffer.from('<script>alert(1)</script>')
let service: Service
let web: Web
let token: string
let folderId: string
let filmUrl: string

beforeAll(async () => {
  web = await startWeb()
  service = await startService({ user: 'me', password: 'pass:word' })
  token = /[0-9a-f]{40}/.exec(JSON.stringify((await service.ask('user.acctoken')).results))?.[0] ?? ''
  web.on('/film.mp4', file(film))
  web.on('/evil.html', file(script, { type: 'text/html' }))
  web.on('/evil.svg', file(script, { type: 'image/svg+xml' }))
  folderId = String((await service.ask('files.create_dir', { name: 'Films' })).rows[0]?.id)
  await service.ask('files.create_dir', { name: 'Empty', parent_id: folderId })
  const links = ['/film.mp4', '/film.mp4', '/evil.html', '/evil.svg'].map(web.url)
  await service.ask('transfers.add', { links, to_folder: folderId })
  await until(
    () => service.ask('transfers.list'),
    ({ rows }) => rows.length === 0,
  )
  filmUrl = await urlOf('film.mp4', 'stream_url')
})
afterAll(async () => {
  await service.stop()
  await web.stop()
})

async function urlOf(name: string, field: string): Promise<string> {
  const { rows } = await service.ask('files.list', { parent_id: folderId })
  return String(rows.find((row) => row.name === name)?.[field])
}
const bodyOf = async (response: Response) => Buffer.from(await response.arrayBuffer())
const withToken = (url: string) => `${url.replace(/\/+$/, '')}/atk/${token}`

describe('a stream URL', () => {
  it('plays with one slash or two before atk, with ?token=, and as a download', async () => {
    const download = await urlOf('film.mp4', 'download_url')
    const urls = [
      `${filmUrl}atk/${token}`,
      `${filmUrl}/atk/${token}`,
      `${filmUrl}?token=${token}`,
      `${download}/atk/${token}`,
    ]
    for (const url of urls) {
      const response = await fetch(url)
      expect([response.status, (await bodyOf(response)).equals(film)]).toEqual([200, true])
    }
    expect(filmUrl).toMatch(new RegExp(`^${service.url}/stream-file/1/\\d+/$`))
  })

  it('answers HEAD with the length', async () => {
    const { status, headers } = await fetch(withToken(filmUrl), { method: 'HEAD' })
    expect([status, headers.get('content-length'), headers.get('accept-ranges'), headers.get('content-type')]).toEqual([
      200,
      `${film.length}`,
      'bytes',
      'video/mp4',
    ])
  })

  it.each([
    ['bytes=0-0', 206, 0, 1],
    ['bytes=100-299', 206, 100, 300],
    ['bytes=1300000-', 206, 1_300_000, film.length],
    ['bytes=1300000-9999999', 206, 1_300_000, film.length],
    ['bytes=-7', 206, film.length - 7, film.length],
    ['bytes=0-1,5-6', 200, 0, film.length],
    ['bytes=9-3', 200, 0, film.length],
    ['lines=1-2', 200, 0, film.length],
  ])('answers the range %s with %i', async (range, status, start, end) => {
    const response = await fetch(withToken(filmUrl), { headers: { range } })
    const contentRange = status === 206 ? `bytes ${start}-${end - 1}/${film.length}` : null
    expect([response.status, response.headers.get('content-range'), response.headers.get('content-length')]).toEqual([
      status,
      contentRange,
      `${end - start}`,
    ])
    expect((await bodyOf(response)).equals(film.subarray(start, end))).toBe(true)
  })

  it('has a strong validator, with which a broken download continues, and without which it begins again', async () => {
    const { headers } = await fetch(withToken(filmUrl), { method: 'HEAD' })
    const etag = headers.get('etag') ?? ''
    expect(etag).toMatch(/^"[0-9a-f]{32}"$/)
    const statusWith = async (ifRange: string) => {
      const response = await fetch(withToken(filmUrl), { headers: { range: 'bytes=100-', 'if-range': ifRange } })
      await bodyOf(response)
      return [response.status, response.headers.get('etag')]
    }
    expect(await statusWith(etag)).toEqual([206, etag])
    for (const other of ['"another"', `W/${etag}`, 'Sat, 28 Nov 2026 00:00:00 GMT'])
      expect(await statusWith(other)).toEqual([200, etag])
    expect(
      (await fetch(withToken(await urlOf('film (2).mp4', 'stream_url')), { method: 'HEAD' })).headers.get('etag'),
    ).not.toBe(etag)
  })

  it('answers a range past the end with 416', async () => {
    const response = await fetch(withToken(filmUrl), { headers: { range: `bytes=${film.length}-` } })
    expect([response.status, response.headers.get('content-range')]).toEqual([416, `bytes */${film.length}`])
  })

  it('keeps serving after clients disconnect', async () => {
    for (let n = 0; n < 30; n++) {
      await new Promise<void>((resolve) => {
        const request = httpRequest(withToken(filmUrl), (response) => {
          response.once('data', () => request.destroy())
          response.on('close', resolve)
          response.on('error', () => undefined)
        })
        request.on('error', () => undefined)
        request.end()
      })
    }
    expect((await bodyOf(await fetch(withToken(filmUrl)))).equals(film)).toBe(true)
    const errors = service
      .log()
      .split('\n')
      .filter((line) => !/^\S+ (GET|HEAD|POST) \S+ \d{3}( \S+)?$/.test(line))
    expect(errors).toEqual([''])
  })
})

describe('a wrong media URL', () => {
  it.each([
    ['no token', () => filmUrl, 403],
    ['a wrong token', () => `${filmUrl}atk/${'0'.repeat(40)}`, 403],
    ['another user', () => withToken(filmUrl).replace('/1/', '/2/'), 404],
    ['an unknown item', () => withToken(`${service.url}/stream-file/1/4242`), 404],
    ['an invalid id', () => withToken(`${service.url}/stream-file/1/..%2f..`), 404],
    ['a folder', () => withToken(`${service.url}/stream-file/1/${folderId}`), 404],
    ['nothing else', () => `${service.url}/stream-file/`, 404],
  ])('with %s is refused', async (_what, url, status) => {
    expect((await fetch(url())).status).toBe(status)
  })

  it('is refused as a POST', async () => {
    expect((await fetch(withToken(filmUrl), { method: 'POST' })).status).toBe(405)
  })
})

describe('a download without a token', () => {
  it('asks for the user name and password in the old realm, and accepts them', async () => {
    const url = await urlOf('film.mp4', 'download_url')
    const asked = await fetch(url)
    expect([asked.status, asked.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="Put.io File Space"'])
    const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
    expect((await fetch(url, { headers: basic('me:wrong') })).status).toBe(401)
    expect((await fetch(url, { headers: basic('test-key:test-secret') })).status).toBe(401)
    expect((await bodyOf(await fetch(url, { headers: basic('me:pass:word') }))).equals(film)).toBe(true)
  })
})

describe('a stored file', () => {
  it.each([
    ['film.mp4', 'inline'],
    ['evil.html', 'attachment'],
    ['evil.svg', 'attachment'],
  ])('%s never runs as a page: %s', async (name, kind) => {
    const { headers } = await fetch(withToken(await urlOf(name, 'stream_url')), { method: 'HEAD' })
    expect([
      headers.get('content-security-policy'),
      headers.get('x-content-type-options'),
      headers.get('cross-origin-resource-policy'),
      headers.get('content-disposition')?.split(';')[0],
    ]).toEqual(["sandbox; default-src 'none'", 'nosniff', 'same-origin', kind])
  })
})

describe('the zip of a folder', () => {
  it('holds everything below it, with the announced length', async () => {
    const response = await fetch(`${service.url}/stream-basket/1/${folderId}/atk/${token}`)
    const zip = await bodyOf(response)
    expect([response.headers.get('content-length'), response.headers.get('content-type')]).toEqual([
      `${zip.length}`,
      'application/zip',
    ])
    expect(await entries(zip)).toEqual([
      ['Empty/', 0],
      ['evil.html', script.length],
      ['evil.svg', script.length],
      ['film (2).mp4', film.length],
      ['film.mp4', film.length],
    ])
    const head = await fetch(`${service.url}/stream-basket/1/${folderId}/atk/${token}`, { method: 'HEAD' })
    expect(head.headers.get('content-length')).toBe(`${zip.length}`)
  })
})

it.each(['folder', 'movie', 'unknown', 'constructor'])('serves the icon of %s as a PNG of 32 × 32', async (type) => {
  const response = await fetch(`${service.url}/images/file_types/${type}.png`)
  const bytes = await bodyOf(response)
  expect([response.headers.get('content-type'), bytes.toString('latin1', 1, 4), bytes.readUInt32BE(16)]).toEqual([
    'image/png',
    'PNG',
    32,
  ])
})

function entries(zip: Buffer): Promise<[string, number][]> {
  return new Promise((resolve, reject) => {
    fromBuffer(zip, { lazyEntries: false }, (error, archive) => {
      if (error) return reject(error)
      const found: [string, number][] = []
      archive.on('entry', ({ fileName, uncompressedSize }) => found.push([fileName, uncompressedSize]))
      archive.on('end', () => resolve(found.sort(([a], [b]) => (a < b ? -1 : 1))))
      archive.on('error', reject)
    })
  })
}
