import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import * as z from 'zod'
import type { Input } from '../../shared/contract.ts'
import { namesOf } from '../../shared/item-kinds.ts'
import type { Playback } from '../../shared/playback.ts'
import { listItems, openBackend, type TestBackend } from '../support/backend.ts'
import { has } from '../support/facilities.ts'
import { headlessMpv, joinMpv } from '../support/mpv.ts'
import { commandLines } from '../support/processes.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { headlessVlc } from '../support/vlc.ts'
import { file, startWeb, type Web } from '../support/web.ts'

// Real players, with the real local service.

const seconds = 120
const canPlay = has('mpv', 'ffmpeg', 'shell scripts')
const canPlayInVlc = canPlay && has('vlc')
let web: Web
let backend: TestBackend
let accountId: string
let socket: string
const ids = new Map<string, number>()

beforeAll(async () => {
  if (!canPlay) return
  const folder = temporaryFolder('players')
  const mpv = headlessMpv(folder)
  socket = mpv.socket
  headlessVlc(folder)
  vi.stubEnv('MPV_HOME', folder)
  vi.stubEnv('HOME', folder)
  vi.stubEnv('XDG_CONFIG_HOME', join(folder, 'config'))
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`)
  mkdirSync(join(folder, 'config', 'vlc'), { recursive: true })
  writeFileSync(join(folder, 'config', 'vlc', 'vlcrc'), 'network-caching=300\nhttp-password=mine\n')
  web = await startWeb()
  web.on('/film.mp4', file(makeFilm(folder), { type: 'video/mp4' }))
  backend = openBackend({ allowHosts: ['127.0.0.1'] })
  accountId = await backend.client.call('accounts.addThisComputer', {})
  await add(['film.mp4'])
}, 30_000)
afterAll(async () => {
  vi.unstubAllEnvs()
  await backend?.close()
  await web?.stop()
})

/** Two minutes that are quickly made and small. */
function makeFilm(folder: string): Buffer {
  const path = join(folder, 'film.mp4')
  const args = ['-v', 'error', '-f', 'lavfi', '-i', `testsrc=size=64x36:rate=5:duration=${seconds}`]
  const { status } = spawnSync('ffmpeg', [...args, '-c:v', 'libx264', '-g', '5', '-movflags', '+faststart', path])
  expect(status).toBe(0)
  return readFileSync(path)
}

async function add(names: readonly string[]): Promise<void> {
  const links = names.map((name) => web.url(`/${name}`))
  await backend.client.call('transfers.add', { accountId, links, folderId: 0 })
  for (;;) {
    const items = await listItems(backend.client, accountId, 0)
    for (const [at, name] of namesOf(items).entries()) ids.set(name, items.ids[at] ?? 0)
    if (names.every((name) => ids.has(name))) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function play(name: string, change: Partial<Input<'play.items'>> = {}) {
  const itemIds = [ids.get(name) ?? 0]
  const input = { accountId, itemIds, folderId: null, playerId: 'mpv', start: 'ask' as const, isHostTrusted: false }
  return backend.client.call('play.items', { ...input, ...change })
}

const played = (isWanted: (playback: Playback) => boolean) =>
  backend.next('playbacks.changed', ({ upserted }) => upserted.some(isWanted))
const positionOf = ({ progress, durationSeconds }: Playback) => progress * (durationSeconds ?? 0)

/** Neither arguments nor the environment of a player, nor the files it is given, hold a secret. */
function expectNoSecretAround(program: RegExp): void {
  const players = [...commandLines()].filter(([, line]) => program.test(line))
  expect(players.length).toBeGreaterThan(0)
  const told = JSON.stringify(backend.starts.map((start) => start.told))
  const secrets = [...told.matchAll(/"(?:key|secret)":"([^"]+)"/g)].map(([, secret]) => secret ?? '')
  expect(secrets.length).toBeGreaterThan(1)
  const folder = join(backend.dataFolder, 'playing')
  const names = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : []
  const paths = names.map((name) => join(folder, name))
  const files = paths.filter((path) => statSync(path).isFile())
  expect(files.map((path) => statSync(path).mode & 0o777)).toEqual(files.map(() => 0o600))
  const texts = players.flatMap(([pid, line]) => [line, readFileSync(`/proc/${pid}/environ`, 'utf8')])
  for (const text of [...texts, ...files.map((path) => readFileSync(path, 'utf8'))])
    expect(secrets.filter((secret) => text.includes(secret)).concat(text.match(/\/atk\/|[0-9a-f]{40}/g) ?? [])).toEqual(
      [],
    )
  const passwords = files.flatMap((path) => /http-password=(\w+)/.exec(readFileSync(path, 'utf8'))?.[1] ?? [])
  expect(passwords.filter((password) => texts.some((text) => text.includes(password)))).toEqual([])
}

it.runIf(canPlay)('asks whether to continue where mpv was closed, does so, and marks what was watched', async () => {
  expect(await play('film.mp4')).toEqual({ state: 'started', player: 'mpv', count: 1, languages: [] })
  const first = await joinMpv(socket)
  await first.until('time-pos', (value) => typeof value === 'number')
  await first.command('set_property', 'pause', true)
  await first.command('seek', 42, 'absolute+exact')
  await first.until('time-pos', (value) => Number(value) >= 42)
  expectNoSecretAround(/^\S*mpv .*127\.0\.0\.1/)
  const left = played(({ isWatched }) => !isWatched)
  await first.command('quit')
  const [playback] = (await left).upserted
  expect(playback).toMatchObject({ itemId: ids.get('film.mp4'), durationSeconds: seconds, isWatched: false })
  expect(positionOf(playback as Playback)).toBeCloseTo(42, 0)

  expect(await play('film.mp4')).toEqual({ state: 'asks', playback })
  expect(await play('film.mp4', { start: 'position' })).toMatchObject({ state: 'started' })
  const second = await joinMpv(socket)
  await second.until('time-pos', (value) => Number(value) >= 41.5)
  const watched = played(({ isWatched }) => isWatched)
  await second.command('seek', 118, 'absolute+exact')
  expect((await watched).upserted).toMatchObject([{ progress: 0, isWatched: true }])
  await second.command('quit')

  const unmarked = played(({ isWatched }) => !isWatched)
  await backend.client.call('playbacks.mark', { accountId, itemIds: [ids.get('film.mp4') ?? 0], isWatched: false })
  expect((await unmarked).upserted).toMatchObject([{ progress: 0, isWatched: false }])
})

it.runIf(canPlayInVlc)('continues in VLC where it was closed', async () => {
  expect(await play('film.mp4', { playerId: 'vlc' })).toMatchObject({ state: 'started', player: 'VLC' })
  const first = await joinVlc()
  await first.until(({ time }) => time > 0)
  await first.ask('?command=seek&val=60s')
  // It is asked for its position every second.
  await first.until(({ time }) => time >= 63)
  expectNoSecretAround(/^\/usr\/bin\/vlc .*127\.0\.0\.1/)
  const left = played(() => true)
  first.quit()
  const [playback] = (await left).upserted
  expect(positionOf(playback as Playback)).toBeGreaterThan(60)
  expect(positionOf(playback as Playback)).toBeLessThan(70)

  expect(await play('film.mp4', { playerId: 'vlc' })).toEqual({ state: 'asks', playback })
  await play('film.mp4', { playerId: 'vlc', start: 'position' })
  const second = await joinVlc()
  expect((await second.until(({ time }) => time > 0)).time).toBeGreaterThan(58)
  second.quit()
})

/** Talks to the VLC that runs, with the password that only its private configuration has. */
async function joinVlc() {
  const [pid, line] = [...commandLines()].find(([, one]) => /^\/usr\/bin\/vlc .*--http-port/.test(one)) ?? [0, '']
  const [, config = ''] = /--config=(\S+)/.exec(line) ?? []
  const [, port] = /--http-port=(\d+)/.exec(line) ?? []
  const text = readFileSync(config, 'utf8')
  expect(text).toContain('network-caching=300')
  const [, password] = /http-password=(\w+)/.exec(text) ?? []
  const headers = { authorization: `Basic ${Buffer.from(`:${password}`).toString('base64')}` }
  const ask = async (query: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}/requests/status.json${query}`, { headers }).catch(() => null)
    return answer === null ? null : VlcStatus.parse(await answer.json())
  }
  const until = async (isWanted: (status: VlcStatus) => boolean): Promise<VlcStatus> => {
    for (;;) {
      const status = await ask('')
      if (status !== null && isWanted(status)) return status
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  return { ask, until, quit: () => process.kill(pid) }
}

const VlcStatus = z.object({ time: z.number(), state: z.string() })
type VlcStatus = z.infer<typeof VlcStatus>
