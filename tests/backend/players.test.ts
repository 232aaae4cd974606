import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import * as z from 'zod'
import type { Input } from '../../shared/contract.ts'
import { namesOf } from '../../shared/item-kinds.ts'
import type { Playback } from '../../shared/playback.ts'
import { type ZipItem, zipOf } from '../support/archives.ts'
import { listItems, openBackend, type TestBackend } from '../support/backend.ts'
import { has } from '../support/facilities.ts'
import { headlessMpv, joinMpv } from '../support/mpv.ts'
import { commandLines, commandLinesWith } from '../support/processes.ts'
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
let playersFolder: string
const ids = new Map<string, number>()

beforeAll(async () => {
  if (!canPlay) return
  const folder = temporaryFolder('players')
  playersFolder = folder
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
  const film = makeFilm(folder)
  web.on('/film.mp4', file(film, { type: 'video/mp4' }))
  web.on('/two.mkv', file(withSubtitles(folder), { type: 'video/x-matroska' }))
  web.on('/season.zip', file(zipOf(seasonOf(film)), { type: 'application/zip' }))
  backend = openBackend({ allowHosts: ['127.0.0.1'] })
  accountId = await backend.client.call('accounts.addThisComputer', {})
  await add(['film.mp4', 'season.zip', 'two.mkv'], ['film.mp4', 'season', 'two.mkv'])
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

/** The same film with an English and a German track of subtitles in it. */
function withSubtitles(folder: string): Buffer {
  const path = join(folder, 'two.mkv')
  for (const language of ['eng', 'ger']) writeFileSync(join(folder, `${language}.srt`), subtitle)
  const inputs = ['film.mp4', 'eng.srt', 'ger.srt'].flatMap((name) => ['-i', join(folder, name)])
  const maps = [0, 1, 2].flatMap((input) => ['-map', `${input}`])
  const languages = ['eng', 'ger'].flatMap((language, at) => [`-metadata:s:s:${at}`, `language=${language}`])
  const { status } = spawnSync('ffmpeg', ['-v', 'error', ...inputs, ...maps, '-c', 'copy', ...languages, path])
  expect(status).toBe(0)
  return readFileSync(path)
}

const subtitle = Buffer.from('1\n00:00:00,000 --> 00:01:00,000\nHello\n')

/** 200 episodes, of which the first three can be played, with subtitles beside the first and in a folder for the second. */
function seasonOf(film: Buffer): ZipItem[] {
  const episodes = Array.from({ length: 200 }, (_, at) => ({
    name: `season/e${at + 1}.mp4`,
    bytes: at < 3 ? film : Buffer.from('no film'),
  }))
  const subtitles = ['e1.en.srt', 'e1.de.srt', 'e1.txt', 'Subs/e2.en.srt', 'Subs/e9.en.srt']
  return [...episodes.reverse(), ...subtitles.map((name) => ({ name: `season/${name}`, bytes: subtitle }))]
}

async function add(names: readonly string[], arriving: readonly string[]): Promise<void> {
  const links = names.map((name) => web.url(`/${name}`))
  await backend.client.call('transfers.add', { accountId, links, folderId: 0 })
  for (;;) {
    await note(0)
    if (arriving.every((name) => ids.has(name))) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Notes the ids of a folder's items. */
async function note(folderId: number): Promise<void> {
  const items = await listItems(backend.client, accountId, folderId)
  for (const [at, name] of namesOf(items).entries()) ids.set(name, items.ids[at] ?? 0)
}

function play(name: string, change: Partial<Input<'play.items'>> = {}) {
  const itemIds = [ids.get(name) ?? 0]
  const input = { accountId, itemIds, folderId: null, playerId: 'mpv', start: 'ask' as const }
  return backend.client.call('play.items', { ...input, ...change })
}

const played = (isWanted: (playback: Playback) => boolean) =>
  backend.next('playbacks.changed', ({ upserted }) => upserted.some(isWanted))
const positionOf = ({ progress, durationSeconds }: Playback) => progress * (durationSeconds ?? 0)

/** The processes that this test has started: other tests play films too. */
const ownProcesses = () => new Map([...commandLinesWith(dirname(socket)), ...commandLinesWith(backend.dataFolder)])

/** Neither arguments nor the environment of a player, nor the files it is given, hold a secret. */
function expectNoSecretAround(program: RegExp): void {
  const players = [...ownProcesses()].filter(([, line]) => program.test(line))
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
  expect(await play('film.mp4')).toEqual({ state: 'started', player: 'mpv', count: 1, total: 1, languages: [] })
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

  const answer = await play('film.mp4')
  expect(answer).toMatchObject({ state: 'asks', playback: { ...playback, progress: expect.closeTo(42 / seconds) } })
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
  await first.end()

  const answer = await play('film.mp4', { playerId: 'vlc' })
  if (answer.state !== 'asks') throw new Error('it does not ask')
  expect(positionOf(answer.playback)).toBeGreaterThan(60)
  expect(positionOf(answer.playback)).toBeLessThan(80)
  await play('film.mp4', { playerId: 'vlc', start: 'position' })
  const second = await joinVlc()
  expect((await second.until(({ time }) => time > 0)).time).toBeGreaterThan(58)
  await second.end()
})

it.runIf(canPlay)('plays a folder of 200 as one list in natural order, with the subtitles of each', async () => {
  const season = ids.get('season') ?? 0
  const started = await play('', { itemIds: [], folderId: season })
  expect(started).toEqual({ state: 'started', player: 'mpv', count: 200, total: 200, languages: ['de', 'en'] })
  const mpv = await joinMpv(socket)
  await mpv.until('track-list', (tracks) => subtitlesIn(tracks).length === 2)
  expect(subtitlesIn(await mpv.get('track-list'))).toEqual(['e1.de.srt, shown', 'e1.en.srt'])
  const list = await mpv.get('playlist')
  const titles = z.array(z.object({ title: z.string() })).parse(list)
  expect(titles.map(({ title }) => title)).toEqual(Array.from({ length: 200 }, (_, at) => `e${at + 1}.mp4`))
  expectNoSecretAround(/^\S*mpv .*play\.m3u8/)
  await mpv.command('set_property', 'pause', true)
  await mpv.command('playlist-next')
  await mpv.until('track-list', (tracks) => subtitlesIn(tracks).length === 1)
  expect(subtitlesIn(await mpv.get('track-list'))).toEqual(['e2.en.srt, shown'])
  await mpv.command('seek', 30, 'absolute+exact')
  await mpv.until('time-pos', (value) => Number(value) >= 30)
  await note(season)
  const left = played(({ itemId }) => itemId === ids.get('e2.mp4'))
  await mpv.command('quit')
  await left

  // A list continues with its first item where that was left, without a question.
  const rest = ['e2.mp4', 'e3.mp4'].map((name) => ids.get(name) ?? 0)
  expect(await play('', { itemIds: rest })).toMatchObject({ state: 'started', count: 2, languages: ['en'] })
  const second = await joinMpv(socket)
  await second.until('time-pos', (value) => Number(value) >= 29.5)
  await second.command('quit')
})

it.runIf(canPlay)('passes subtitles to mpv and VLC with the film', async () => {
  const playing = await play('e1.mp4')
  expect(playing).toMatchObject({ state: 'started', languages: ['de', 'en'] })
  const mpv = await joinMpv(socket)
  await mpv.until('track-list', (tracks) => subtitlesIn(tracks).length === 2)
  expect(subtitlesIn(await mpv.get('track-list'))).toEqual(['e1.de.srt, shown', 'e1.en.srt'])
  await mpv.command('quit')
  if (!canPlayInVlc) return
  await play('e1.mp4', { playerId: 'vlc', start: 'beginning' })
  const vlc = await joinVlc()
  await vlc.until(({ information }) => JSON.stringify(information).match(/"Type":"Subtitle"/g)?.length === 2)
  await vlc.end()
})

it.runIf(canPlay).each([
  [
    ['de', 'en'],
    ['eng', 'ger, shown'],
    ['English', 'German, shown'],
  ],
  [
    ['en-GB', 'de'],
    ['eng, shown', 'ger'],
    ['English, shown', 'German'],
  ],
  // What is wanted is not in it: the player shows the track that the film says.
  [['fr'], ['eng, shown', 'ger'], ['English, shown', 'German']],
  [[], ['eng, shown', 'ger'], ['English, shown', 'German']],
])(
  'offers both tracks of subtitles in a film, and shows the one in the person’s order of languages: %s',
  async (order, inMpv, inVlc) => {
    await backend.client.call('settings.change', { subtitleLanguages: order })
    await play('two.mkv', { start: 'beginning' })
    const mpv = await joinMpv(socket)
    const tracksOf = (value: unknown) =>
      z
        .array(z.object({ type: z.string(), lang: z.string().optional(), selected: z.boolean() }))
        .parse(value ?? [])
        .filter(({ type }) => type === 'sub')
        .map(({ lang, selected }) => `${lang}${selected ? ', shown' : ''}`)
    expect(tracksOf(await mpv.until('track-list', (value) => tracksOf(value).join() === inMpv.join()))).toEqual(inMpv)
    await mpv.command('quit')
    if (!canPlayInVlc) return
    await play('two.mkv', { playerId: 'vlc', start: 'beginning' })
    const vlc = await joinVlc()
    await vlc.until(({ time }) => time > 0)
    expect(await vlc.subtitles()).toEqual(inVlc)
    await vlc.end()
  },
)

/** The subtitles that mpv was given, by the ends of their links. */
function subtitlesIn(tracks: unknown): string[] {
  const Track = z.object({ type: z.string(), selected: z.boolean(), 'external-filename': z.string().optional() })
  return z
    .array(Track)
    .parse(tracks ?? [])
    .filter(({ type }) => type === 'sub')
    .map((track) => `${track['external-filename']?.split('/').at(-1)}${track.selected ? ', shown' : ''}`)
}

it.runIf(canPlay)('copies a link that plays a film, without its token, past the window', async () => {
  const itemId = ids.get('film.mp4') ?? 0
  expect(await backend.client.call('play.copyLink', { accountId, itemId })).toBeNull()
  const [link = ''] = backend.copied
  expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/s\/[0-9a-f]{32}\/film\.mp4$/)
  const answer = await fetch(link, { headers: { range: 'bytes=4-7' } })
  expect([answer.status, await answer.text()]).toEqual([206, 'ftyp'])
})

it.runIf(canPlay)('says why a player does not play', async () => {
  const folder = temporaryFolder('broken players')
  const failure = (name: string) => play('film.mp4', { playerId: name, start: 'beginning' }).catch((error) => error)
  writeFileSync(join(folder, 'mpv'), '#!/bin/sh\nexit 3\n', { mode: 0o755 })
  writeFileSync(join(folder, 'vlc'), '#!/nowhere/interpreter\n', { mode: 0o755 })
  const path = process.env.PATH
  vi.stubEnv('PATH', folder)
  expect(await failure('mpv')).toMatchObject({
    code: 'no-player',
    message: 'mpv closed at once, without opening “film.mp4”. Try another player, with “Open with”.',
  })
  expect(await failure('vlc')).toMatchObject({
    code: 'no-player',
    message: 'VLC could not be started. Choose another player in the settings.',
  })
  vi.stubEnv('PATH', temporaryFolder('no players'))
  expect(await failure('mpv')).toMatchObject({ code: 'no-player', message: expect.stringContaining('Install mpv') })
  expect(await backend.client.call('players.list', {})).toEqual([])
  vi.stubEnv('PATH', path)
  await backend.client.call('settings.change', { ownPlayer: 'player.cmd --x' })
  expect(await failure('own')).toMatchObject({ code: 'no-player', message: expect.stringContaining('is a script') })
  await backend.client.call('settings.change', { ownPlayer: 'mpv --start={seconds} {link}' })
  expect(await failure('own')).toMatchObject({ state: 'started', player: 'mpv' })
  const mpv = await joinMpv(socket)
  await mpv.command('quit')
})

/** Talks to the VLC that runs, with the password that only its private configuration has. */
async function joinVlc() {
  const [pid, line] = [...ownProcesses()].find(([, one]) => /^\/usr\/bin\/vlc .*--http-port/.test(one)) ?? [0, '']
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
  // It may hang when it is asked to exit before it has a window.
  const end = async () => {
    process.kill(pid, 'SIGKILL')
    while (commandLines().get(pid)) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  /** The tracks of subtitles, by their languages. */
  const subtitles = async () => {
    const socket = connect(join(playersFolder, `vlc-${pid}.sock`))
    socket.write('strack\n')
    let text = ''
    for await (const chunk of socket) {
      text += chunk
      if (text.includes('end of Subtitle Track')) break
    }
    return [...text.matchAll(/^\| \d+ - .*\[(\w+)\]( \*)?/gm)].map(
      ([, name, star]) => `${name}${star ? ', shown' : ''}`,
    )
  }
  return { ask, until, end, subtitles }
}

const VlcStatus = z.object({ time: z.number(), state: z.string(), information: z.unknown().optional() })
type VlcStatus = z.infer<typeof VlcStatus>
