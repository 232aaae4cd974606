import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createLog } from '../../electron/backend/host/log.ts'
import { findPlayers } from '../../electron/backend/playing/players.ts'
import { createRelay } from '../../electron/backend/playing/relay.ts'
import { ownLink, startPlayer } from '../../electron/backend/playing/start-player.ts'
import { Secrets } from '../../electron/backend/secrets/secrets.ts'
import { has } from '../support/facilities.ts'

const film = Buffer.from(Array.from({ length: 5000 }, (_, index) => index % 251))
const token = 'bebe56e6b3455440f90bf9dec14b7c6be814c7c0'
let upstream: Server
let base: string
const asked: { method: string | undefined; url: string | undefined; range: string | undefined }[] = []
/** Redirects to another origin, which is this server under another name. */
const awayTo = new Map([
  [`/plain/atk/${token}`, `http://localhost:PORT/film/atk/${token}`],
  [`/slashes/atk/${token}`, `//localhost:PORT/film/atk//${token}`],
  [`/encoded/atk/${token}`, `http://localhost:PORT/film?to=%2561tk%252F${token.replace('b', '%62')}`],
  [`/upper/atk/${token}`, `http://localhost:PORT/${token.toUpperCase()}`],
  [`/file/atk/${token}`, 'file:///etc/passwd'],
  [`/broken/atk/${token}`, 'http://['],
  [`/without/atk/${token}`, `http://localhost:PORT/cdn/film`],
])
const relay = createRelay(createLog(() => undefined, new Secrets()))

beforeAll(async () => {
  upstream = createServer((request, response) => {
    asked.push({ method: request.method, url: request.url, range: request.headers.range })
    const port = new URL(base).port
    const away = awayTo.get(request.url ?? '')
    if (away !== undefined) return response.writeHead(302, { location: away.replace('PORT', port) }).end()
    if (request.url === '/moved') return response.writeHead(302, { location: `/film/atk/${token}` }).end()
    if (request.url !== `/film/atk/${token}` && request.url !== '/cdn/film') return response.writeHead(403).end()
    const range = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '')
    const from = Number(range?.[1] ?? 0)
    const to = range?.[2] ? Number(range[2]) : film.length - 1
    const part = film.subarray(from, to + 1)
    response.writeHead(range ? 206 : 200, {
      'content-type': 'video/mp4',
      'content-length': part.length,
      'accept-ranges': 'bytes',
      'set-cookie': 'secret=1',
      ...(range ? { 'content-range': `bytes ${from}-${to}/${film.length}` } : {}),
    })
    response.end(request.method === 'HEAD' ? undefined : part)
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const address = upstream.address()
  base = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`
})
afterAll(async () => {
  await relay.close()
  upstream.closeAllConnections()
  upstream.close()
})

it('serves whole files, ranges and HEAD through a link that reveals nothing of the token', async () => {
  const link = await relay.link(async () => `${base}/film/atk/${token}`, 'big "buck"\n/../bunny.mp4')
  expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/s\/[0-9a-f]{32}\/big%20-buck-..-bunny\.mp4$/)
  const whole = await fetch(link)
  expect(Buffer.from(await whole.arrayBuffer()).equals(film)).toBe(true)
  expect(whole.headers.get('set-cookie')).toBeNull()
  const part = await fetch(link, { headers: { range: 'bytes=100-199' } })
  expect([
    part.status,
    part.headers.get('content-range'),
    Buffer.from(await part.arrayBuffer()).equals(film.subarray(100, 200)),
  ]).toEqual([206, 'bytes 100-199/5000', true])
  const head = await fetch(link, { method: 'HEAD' })
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '5000', ''])
  expect(asked.at(-1)?.method).toBe('HEAD')
})

it('builds a new stream URL when the service rejects the old token, and follows redirects', async () => {
  const urls = [`${base}/film/atk/stale`, `${base}/moved`]
  const link = await relay.link(async () => urls.shift() ?? '', 'a.mp4')
  const answer = await fetch(link)
  expect([answer.status, (await answer.arrayBuffer()).byteLength, urls.length]).toEqual([200, 5000, 0])
})

it('passes the head of a response on before its body begins', async () => {
  const late = createServer((_request, response) => response.writeHead(200, { 'content-length': 5 }).flushHeaders())
  await new Promise<void>((resolve) => late.listen(0, '127.0.0.1', resolve))
  const at = late.address()
  const url = `http://127.0.0.1:${at !== null && typeof at === 'object' ? at.port : 0}/`
  const client = new AbortController()
  const response = await fetch(await relay.link(async () => url, 'a.mp4'), { signal: client.signal })
  expect([response.status, response.headers.get('content-length')]).toEqual([200, '5'])
  client.abort()
  late.closeAllConnections()
  late.close()
})

it('lets only one version of a file through, where it may be replaced', async () => {
  const etags = ['"1"', '"1"', '"2"', '"1"']
  const changing = createServer((_request, response) => response.writeHead(200, { etag: etags.shift() }).end(film))
  await new Promise<void>((resolve) => changing.listen(0, '127.0.0.1', resolve))
  const address = changing.address()
  const url = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}/film`
  const link = await relay.link(async () => url, 'a.mp4', { isOneVersion: true })
  const statuses: number[] = []
  while (etags.length > 0) statuses.push((await fetch(link)).status)
  expect(statuses).toEqual([200, 200, 410, 200])
  changing.closeAllConnections()
  changing.close()
})

it.each(['plain', 'slashes', 'encoded', 'upper', 'file', 'broken'])(
  'never carries the token to another origin: %s',
  async (way) => {
    const count = asked.length
    const link = await relay.link(async () => `${base}/${way}/atk/${token}`, 'a.mp4')
    expect((await fetch(link)).status).toBe(502)
    expect(asked.slice(count).map(({ url }) => url)).toEqual([`/${way}/atk/${token}`])
  },
)

it('follows a redirect to another origin that has no token in it', async () => {
  const link = await relay.link(async () => `${base}/without/atk/${token}`, 'a.mp4')
  expect((await (await fetch(link)).arrayBuffer()).byteLength).toBe(5000)
})

it.each([
  ['an unknown link', { path: `/s/${'0'.repeat(32)}/a.mp4` }],
  ['a short link', { path: '/s/00/a.mp4' }],
  ['a page of another origin', { headers: { origin: 'https://evil.example' } }],
  ['a POST', { method: 'POST' }],
])('refuses %s', async (_what, change) => {
  const good = new URL(await relay.link(async () => `${base}/film/atk/${token}`, 'a.mp4'))
  const { path = good.pathname, ...init }: { path?: string; method?: string; headers?: Record<string, string> } = change
  expect([404, 405]).toContain((await fetch(new URL(path, good), init)).status)
})

const hostileNames = [
  '--script=/tmp/x.lua',
  '-',
  '--',
  'a b.mp4',
  '"; rm -rf ~; ".mp4',
  '$(touch /tmp/pwned).mp4',
  '`id`.mp4',
  'a\nb.mp4',
  '../../etc/passwd',
  'av://lavfi:x',
  'file:///etc/passwd',
  '\u202Egpj.exe',
  '%00.mp4',
  '%2e%2e%2f',
  '😀 film.mkv',
  '\ud800broken.mkv',
  '.',
  '',
  'x'.repeat(5000),
  '#EXTM3U',
  '&calc.exe&.mp4',
  "it's.mp4",
  '?a=b#c',
  '\\\\host\\share',
]

it.runIf(has('shell scripts')).each(hostileNames.map((name) => [name.slice(0, 40), name]))(
  'starts a player with exactly one positional argument for %j',
  async (_shown, name) => {
    const folder = mkdtempSync(join(tmpdir(), 'putdesk-player-'))
    const written = join(folder, 'argv')
    const player = join(folder, 'mpv')
    writeFileSync(
      player,
      `#!/bin/sh\nfor a in "$@"; do printf '%s\\0' "$a"; done > "${written}.new"\nmv "${written}.new" "${written}"\n`,
    )
    chmodSync(player, 0o755)
    const [found] = findPlayers({ PATH: folder })
    expect(found?.path).toBe(player)
    const link = await relay.link(async () => `${base}/film/atk/${token}`, name)
    if (found === undefined) throw new Error('no player')
    const start = startPlayer(found, {
      target: ownLink(link),
      start: { seconds: 1, percent: null, subtitles: [link], languages: ['de'] },
      name: 'a film',
      events: {
        onFile: () => ({ startSeconds: null, subtitles: Promise.resolve([]) }),
        onPosition: () => undefined,
        onPause: () => undefined,
      },
      opened: new Promise(() => undefined),
      makeFolder: () => folder,
      log: createLog(() => undefined, new Secrets()),
    })
    await expect(start).rejects.toThrow('mpv closed at once, without opening “a film”.')
    const argv = readFileSync(written, 'utf8').split('\0').slice(0, -1)
    const end = argv.indexOf('--')
    expect(argv.slice(0, end).every((argument) => argument.startsWith('--'))).toBe(true)
    expect(argv.slice(end + 1)).toEqual([link])
    expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/s\/[0-9a-f]{32}\/[\w%.()~'!*-]+$/)
    rmSync(folder, { recursive: true })
  },
)

it('passes only its own loopback links to a player', () => {
  expect(() => ownLink('http://s01.put.io/stream-file/1/2/atk/bebe')).toThrow('Only links of Putdesk itself')
})

it('serves a player that opens 200 connections through a few of them, and recovers', async () => {
  const released: (() => void)[] = []
  const slow = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': 2 })
    response.write('a')
    released.push(() => response.end('b'))
  })
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve))
  const at = slow.address()
  const port = at !== null && typeof at === 'object' ? at.port : 0
  const link = await relay.link(async () => `http://127.0.0.1:${port}/`, 'a.mp4')
  const answers = await Promise.all(Array.from({ length: 200 }, () => fetch(link)))
  const statuses = answers.map(({ status }) => status)
  expect([statuses.filter((status) => status === 200).length, released.length]).toEqual([32, 32])
  expect(statuses.filter((status) => status === 503).length).toBe(168)
  for (const release of released.splice(0)) release()
  await Promise.all(answers.map((answer) => answer.text()))
  const again = await fetch(link)
  expect(again.status).toBe(200)
  for (const release of released) release()
  await again.text()
  slow.close()
})
