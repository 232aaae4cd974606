import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer, request, type ServerResponse } from 'node:http'
import { delimiter, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import type { StoredPlayback } from '../../electron/backend/playing/playbacks.ts'
import { PositionReports, positionOf } from '../../electron/backend/playing/positions.ts'
import { withoutKnown } from '../../electron/backend/playing/subtitles.ts'
import type { ServiceSubtitle } from '../../electron/backend/putio/client.ts'
import { AppError } from '../../shared/errors.ts'
import { apiV2 } from '../support/api-v2.ts'
import { openBackend, type TestBackend } from '../support/backend.ts'
import { has } from '../support/facilities.ts'
import { headlessMpv, joinMpv } from '../support/mpv.ts'
import { commandLinesWith } from '../support/processes.ts'
import { type Service, startService, until } from '../support/service.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { tusClient } from '../support/uploads.ts'

const stored = (change: Partial<StoredPlayback>): StoredPlayback => ({
  ...{ accountId: 'a', itemId: 1, progress: 0.5, durationSeconds: 1000, isWatched: false, atMs: 0 },
  ...change,
})
const at = (seconds: number | null, durationSeconds: number | null = null) => ({ seconds, durationSeconds })

it('continues where another device was last, or else where this computer was', () => {
  // Never heard of the service's position: the further one.
  expect(positionOf(stored({}), at(700))?.seconds).toBe(700)
  expect(positionOf(stored({}), at(300))?.seconds).toBe(500)
  // What this computer told is no news; anything else is, also if it is nearer to the beginning.
  expect(positionOf(stored({ toldSeconds: 700 }), at(700))?.seconds).toBe(500)
  expect(positionOf(stored({ toldSeconds: 500 }), at(300))?.seconds).toBe(300)
  expect(positionOf(null, at(300))).toEqual({ seconds: 300, durationSeconds: null, progress: 0 })
  expect(positionOf(null, at(300, 600))).toEqual({ seconds: 300, durationSeconds: 600, progress: 0.5 })
  expect(positionOf(null, null)).toBe(null)
})

it.each([
  ['none', at(null)],
  ['negative', at(-5)],
  ['hardly begun', at(3)],
  ['at the end', at(960)],
  ['far behind the end', at(1e15)],
])('does not take a position that is %s', (_what, service) => {
  expect(positionOf(stored({}), service)?.seconds).toBe(500)
  expect(positionOf(null, { ...service, durationSeconds: 1000 })).toBe(null)
})

it('takes no position that no film has, if the length is unknown or nonsense', () => {
  for (const duration of [null, -1, 0, 1e12]) expect(positionOf(null, at(90_000, duration))).toBe(null)
})

function reporting(
  setPosition: (itemId: number, seconds: number | null) => Promise<void>,
  heard: { itemId: number; seconds: number } | null = null,
) {
  const told: string[] = []
  let nowMs = 0
  const reports = new PositionReports({
    accountId: 'a',
    client: { setPosition },
    heard,
    playbacks: { note: () => undefined, noteTold: (_account, id, seconds) => void told.push(`${id}: ${seconds}`) },
    onError: (error) => void told.push(`${error}`),
    now: () => nowMs,
  })
  const playTo = (itemId: number, positionSeconds: number) => {
    nowMs += 1000
    reports.note('a', itemId, { positionSeconds, durationSeconds: 100 })
  }
  const wait = (ms: number) => {
    nowMs += ms
  }
  return { reports, told, playTo, wait }
}

it('tells the service every 15 seconds, at a pause, for the next item and at the end, and forgets what was watched', async () => {
  const sent: string[] = []
  const { reports, told, playTo, wait } = reporting(async (id, seconds) => void sent.push(`${id}: ${seconds}`))
  for (let second = 1; second <= 40; second += 1) playTo(1, second)
  expect(await reports.end().then(() => sent.splice(0))).toEqual(['1: 15', '1: 30', '1: 40'])
  reports.pause()
  playTo(1, 41)
  reports.pause()
  await reports.end()
  wait(5000)
  playTo(1, 42)
  reports.pause()
  reports.pause()
  playTo(1, 97)
  playTo(2, 50)
  playTo(2, Number.NaN)
  await reports.end()
  expect(sent).toEqual(['1: 41', '1: 42', '1: null', '2: 50'])
  expect(told.slice(-2)).toEqual(['1: 0', '2: 50'])
})

it('asks no more when the service refuses, and goes on when it does not answer', async () => {
  const codes = ['unreachable', 'refused', 'refused'] as const
  let asked = 0
  const { reports, told, playTo } = reporting(async () => {
    throw new AppError(codes[asked++] ?? 'internal', 'no')
  })
  for (let second = 11; second < 80; second += 1) {
    playTo(1, second)
    await new Promise(setImmediate)
  }
  await reports.end()
  expect([asked, told]).toEqual([2, []])
})

it('takes the position of another device as heard only once something is played, because a player may not start', async () => {
  const silent = reporting(async () => undefined, { itemId: 1, seconds: 600 })
  await silent.reports.end()
  expect(silent.told).toEqual([])
  const { told, playTo } = reporting(async () => undefined, { itemId: 1, seconds: 600 })
  playTo(2, 5)
  expect(told).toEqual([])
  playTo(1, 5)
  playTo(1, 6)
  expect(told).toEqual(['1: 600'])
})

it('lists no subtitles twice, and those of the person’s languages first', () => {
  const item = { id: 2, parentId: 0, name: 'film.en.srt', kind: 'text', sizeBytes: 1, addedAtMs: null } as const
  const found = (name: string, language: string | null, source: ServiceSubtitle['source'] = 'other') => ({
    ...{ name, language, source },
    url: 'http://127.0.0.1/',
  })
  const all = [
    ...[found('x', null), found('Film.EN.srt', 'eng'), found('beside', 'ger', 'folder'), found('track', 'eng', 'film')],
    ...[found('y', 'fre'), found('z', 'ger'), found('odd', '<script>')],
  ]
  const shown = (files: { item: typeof item; language: string }[]) =>
    withoutKnown(all, { files, languages: ['de-AT', 'en'] }).map(({ name, language }) => `${name} ${language}`)
  expect(shown([{ item, language: 'en' }])).toEqual(['z de', 'x null', 'y fr', 'odd null'])
  expect(shown([])).toEqual(['beside de', 'z de', 'Film.EN.srt en', 'x null', 'y fr', 'odd null'])
  expect(withoutKnown(Array(50).fill(found('x', null)), { files: [], languages: [] }).length).toBe(8)
})

const canPlay = has('mpv', 'ffmpeg', 'shell scripts')
let service: Service
let backend: TestBackend
let accountId: string
let film: number
let socket: string
let call: ReturnType<typeof apiV2>
let proxy: Awaited<ReturnType<typeof startProxy>>
type Answer = (response: ServerResponse) => void

/** Stands before the real service, and answers some requests as on a bad day. */
async function startProxy() {
  const bad = new Map<RegExp, Answer>()
  const asked: string[] = []
  const server = createServer((incoming, response) => {
    const what = `${incoming.method} ${incoming.url}`
    asked.push(what)
    const answer = [...bad].find(([pattern]) => pattern.test(what))?.[1]
    if (answer !== undefined) {
      incoming.resume()
      return answer(response)
    }
    const { method, url = '' } = incoming
    const headers = { ...incoming.headers, host: new URL(service.url).host }
    const forwarded = request(`${service.url}${url}`, { method, headers }, async (upstream) => {
      const { 'content-length': _length, ...others } = upstream.headers
      const isJson = upstream.headers['content-type'] === 'application/json'
      response.writeHead(upstream.statusCode ?? 502, isJson ? others : upstream.headers)
      if (!isJson) return upstream.pipe(response)
      // Its addresses lead here, too.
      response.end((await text(upstream)).replaceAll(service.url, `http://${incoming.headers.host}`))
    })
    forwarded.on('error', () => response.destroy())
    response.on('close', () => forwarded.destroy())
    incoming.pipe(forwarded)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const stop = () => {
    server.closeAllConnections()
    server.close()
  }
  return { url: `http://127.0.0.1:${port}`, asked, bad, stop }
}

const json = (body: object): Answer => {
  const answer = JSON.stringify({ status: 'OK', ...body })
  return (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(answer)
}

beforeAll(async () => {
  if (!canPlay) return
  const folder = temporaryFolder('positions')
  socket = headlessMpv(folder).socket
  vi.stubEnv('MPV_HOME', folder)
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`)
  service = await startService({ user: 'ann', diskQuota: 10_000_000 })
  call = apiV2(service)
  proxy = await startProxy()
  const path = join(folder, 'film.mp4')
  const source = ['-f', 'lavfi', '-i', 'testsrc=size=64x36:rate=5:duration=120']
  expect(spawnSync('ffmpeg', ['-v', 'error', ...source, '-c:v', 'libx264', '-g', '5', path]).status).toBe(0)
  const sent = await tusClient(service).send(readFileSync(path), { name: 'film.mp4' })
  film = Number(sent.headers.get('putio-file-id'))
  backend = openBackend()
  accountId = await backend.client.call('accounts.signInWithToken', {
    ...{ accountId: null, isKept: false, mayBePlain: false, token: service.token },
    service: { api: proxy.url, upload: null, tus: null, socket: null, web: null },
  })
}, 30_000)
afterAll(async () => {
  vi.unstubAllEnvs()
  await backend?.close()
  proxy?.stop()
  await service?.stop()
})
beforeEach(() => proxy?.bad.clear())

const play = (start: 'ask' | 'position' | 'beginning' = 'ask') =>
  backend.client.call('play.items', { accountId, itemIds: [film], folderId: null, playerId: 'mpv', start })
const positionAtService = async () => (await call('GET', `/v2/files/${film}/start-from`)).body.start_from
const setAtService = (time: number) => call('POST', `/v2/files/${film}/start-from`, { time })
const isPlaying = (value: unknown) => typeof value === 'number'

async function quit(mpv: Awaited<ReturnType<typeof joinMpv>>): Promise<void> {
  await mpv.command('quit')
  await until(
    () => mpv.get('pid'),
    (pid) => pid === null,
  )
}

it.runIf(canPlay)('continues where another device was, although nothing is known here of the film', async () => {
  await setAtService(60)
  expect(await play()).toMatchObject({ state: 'asks', positionSeconds: 60, playback: { durationSeconds: null } })
  await play('position')
  const mpv = await joinMpv(socket)
  await mpv.until('time-pos', (value) => Number(value) >= 60)
  await mpv.command('seek', 80, 'absolute+exact')
  await mpv.until('time-pos', (value) => Number(value) >= 80)
  await quit(mpv)
  await until(positionAtService, (value) => Number(value) >= 80)
  // What this computer has told is where it continues, and what another device tells afterwards.
  expect(await play()).toMatchObject({ state: 'asks', playback: { durationSeconds: 120 } })
  await setAtService(20)
  expect(await play()).toMatchObject({ state: 'asks', positionSeconds: 20 })
})

it.runIf(canPlay)('tells the service to forget the position of what was watched, and nothing else', async () => {
  await setAtService(30)
  await play('beginning')
  const mpv = await joinMpv(socket)
  await mpv.until('time-pos', isPlaying)
  await mpv.command('seek', 118, 'absolute+exact')
  await mpv.until('time-pos', (value) => Number(value) >= 118)
  await quit(mpv)
  await until(positionAtService, (value) => value === 0)
  expect(await play()).toMatchObject({ state: 'started' })
  await quit(await joinMpv(socket))
  expect(proxy.asked.filter((what) => what.includes('watch'))).toEqual([])
})

const badPositions: [string, Answer][] = [
  ['silence', () => undefined],
  ['HTML', (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')],
  ['a refusal', (response) => void response.writeHead(403).end('{"status":"ERROR","error_type":"no"}')],
  ['a text', json({ file: { start_from: 'NaN' } })],
  ['a negative number', json({ file: { start_from: -40 } })],
  ['a place far behind the end', json({ file: { start_from: 1e9, media_metadata: { duration: 'long' } } })],
  ['nothing', json({})],
]
it.runIf(canPlay).each(badPositions)(
  'plays at once from the beginning after %s in place of a position',
  async (_what, bad) => {
    proxy.bad.set(/GET .*start_from=1/, bad)
    const startedAtMs = performance.now()
    expect(await play()).toMatchObject({ state: 'started' })
    expect(performance.now() - startedAtMs).toBeLessThan(6000)
    const mpv = await joinMpv(socket)
    await mpv.until('time-pos', isPlaying)
    await quit(mpv)
  },
)

it.runIf(canPlay)(
  'plays a film from its beginning if the service’s place is behind the end, and keeps it unwatched',
  async () => {
    const path = join(temporaryFolder('short'), 'short.mp4')
    const source = ['-f', 'lavfi', '-i', 'testsrc=size=64x36:rate=5:duration=60']
    spawnSync('ffmpeg', ['-v', 'error', ...source, '-c:v', 'libx264', path])
    const sent = await tusClient(service).send(readFileSync(path), { name: 'short.mp4' })
    const itemId = Number(sent.headers.get('putio-file-id'))
    await call('POST', `/v2/files/${itemId}/start-from`, { time: 5000 })
    const input = { accountId, itemIds: [itemId], folderId: null, playerId: 'mpv' }
    expect(await backend.client.call('play.items', { ...input, start: 'ask' })).toMatchObject({ positionSeconds: 5000 })
    await backend.client.call('play.items', { ...input, start: 'position' })
    const mpv = await joinMpv(socket)
    await mpv.until('time-pos', (value) => Number(value) > 0.3)
    expect(Number(await mpv.get('time-pos'))).toBeLessThan(40)
    await quit(mpv)
    expect(readFileSync(join(backend.dataFolder, 'playbacks.json'), 'utf8')).not.toContain(
      `"itemId":${itemId},"progress":0,"durationSeconds":60,"isWatched":true`,
    )
  },
)

const subtitle = '1\n00:00:00,000 --> 00:01:00,000\nHello\n'
const listed = (rows: unknown[]) => json({ default: null, subtitles: rows })
const row = (key: string, language: string) => ({
  ...{ key, name: `${key} name`, language, language_code: language, format: 'srt', source: 'opensubtitles' },
  url: 'https://elsewhere.example/',
})

it.runIf(canPlay)(
  'gives mpv the subtitles of the service through the relay, and leaves out what cannot be had',
  async () => {
    const rows = [row('eng/1?', 'eng'), row('ger', 'ger'), row('page', 'fre'), row('late', 'spa'), row('gone', 'ita')]
    proxy.bad.set(/GET \/v2\/files\/\d+\/subtitles\?/, listed([...rows, null, { key: 5 }, 'x', { name: 'no key' }]))
    const fine: Answer = (response) => void response.writeHead(200, { 'content-type': 'text/plain' }).end(subtitle)
    proxy.bad.set(/subtitles\/(eng%2F1%3F|ger)\?/, fine)
    proxy.bad.set(
      /subtitles\/page\?/,
      (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
    )
    proxy.bad.set(/subtitles\/late\?/, () => undefined)
    proxy.bad.set(/subtitles\/gone\?/, (response) => void response.writeHead(404).end('{}'))
    expect(await play('beginning')).toMatchObject({ state: 'started', languages: ['de', 'en'] })
    const mpv = await joinMpv(socket)
    const tracks = await mpv.until(
      'track-list',
      (value) => JSON.stringify(value).split('external-filename').length === 3,
    )
    expect(JSON.stringify(tracks)).toMatch(/http:\/\/127\.0\.0\.1:\d+\/s\/[0-9a-f]{32}\/ger%20name\.srt/)
    const lines = [...commandLinesWith(dirname(socket))].map(([, line]) => line).join('\n')
    expect(lines).toContain('mpv')
    expect(lines).toContain('--sub-file=http://127.0.0.1:')
    expect(lines).not.toMatch(/oauth_token|\/atk\/|subtitles\?/)
    await quit(mpv)
  },
)

it.runIf(canPlay)('asks no more for subtitles and positions that the sign-in does not allow', async () => {
  const outOfScope: Answer = (response) =>
    void response
      .writeHead(401, { 'content-type': 'application/json' })
      .end('{"status":"ERROR","status_code":401,"error_type":"invalid_scope"}')
  proxy.bad.set(/\/subtitles\?|start_from=1/, outOfScope)
  const before = proxy.asked.length
  for (let round = 0; round < 2; round += 1) {
    expect(await play()).toMatchObject({ state: 'started' })
    await quit(await joinMpv(socket))
  }
  const asks = proxy.asked.slice(before).filter((what) => /\/subtitles\?|start_from=1/.test(what))
  expect(asks.length).toBe(2)
  const changed = backend.next('accounts.changed', (accounts) =>
    accounts.some(({ capabilities }) => !capabilities.hasSubtitles && !capabilities.keepsPositions),
  )
  await backend.client.call('accounts.settings', { accountId })
  await backend.client.call('accounts.changeSettings', { accountId, isHistoryEnabled: true })
  await changed
})

it.runIf(canPlay)('tells the service where a player is when the app quits', async () => {
  const own = openBackend()
  const ownId = await own.client.call('accounts.signInWithToken', {
    ...{ accountId: null, isKept: false, mayBePlain: false, token: service.token },
    service: { api: proxy.url, upload: null, tus: null, socket: null, web: null },
  })
  await setAtService(20)
  const input = { accountId: ownId, itemIds: [film], folderId: null, playerId: 'mpv', start: 'beginning' as const }
  await own.client.call('play.items', input)
  const mpv = await joinMpv(socket)
  await mpv.until('time-pos', isPlaying)
  await mpv.command('seek', 70, 'absolute+exact')
  await mpv.until('time-pos', (value) => Number(value) >= 71)
  await own.close()
  expect(await positionAtService()).toBeGreaterThanOrEqual(70)
  await quit(mpv)
})
