import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import * as z from 'zod'
import { startApp } from '../support/app.ts'
import { makeFilm } from '../support/film.ts'
import { headlessMpv, joinMpv } from '../support/mpv.ts'
import { addLinks, startOnThisComputer } from '../support/steps.ts'
import { headlessVlc } from '../support/vlc.ts'
import { file, startWeb } from '../support/web.ts'
import { inPlace } from './content.ts'
import { median, type Row } from './measure.ts'
import { startScreen } from './screen.ts'
import type { BenchOptions } from './service.bench.ts'

const limitMs = 1000
const players = ['mpv', 'vlc'] as const
type Player = (typeof players)[number]
const Status = z.object({ stats: z.object({ displayedpictures: z.number() }).nullish() })

/** P32: from the double-click on a film until its first frame, in mpv and in VLC, as each of them reports it. */
export function benchPlay({ folder, pairs }: BenchOptions): Promise<Row[]> {
  return inPlace(folder, 'p32', async (place) => {
    const screen = await startScreen(join(place, 'screen'))
    const web = await startWeb()
    web.on('/film.mp4', file(makeFilm(place, { seconds: 60 }).bytes))
    const rows: Row[] = []
    try {
      for (const player of players) {
        const times = await withPlayer(join(place, player), player, screen.name, web.url('/film.mp4'), pairs)
        rows.push({
          id: 'P32',
          what: `double-click on a film until its first frame in ${player}`,
          ours: `${median(times).toFixed(0)} ms, at most ${Math.max(...times).toFixed(0)} ms`,
          peer: `limit ${limitMs} ms`,
          ratio: median(times) / limitMs,
          noise: null,
          isMoreBetter: false,
          gate: 1,
          goal: 1,
        })
      }
      return rows
    } finally {
      await web.stop()
      screen.stop()
    }
  })
}

/** Plays the film several times, after once that does not count. Returns the times in milliseconds. */
async function withPlayer(
  place: string,
  player: Player,
  display: string,
  link: string,
  rounds: number,
): Promise<number[]> {
  mkdirSync(place, { recursive: true })
  const mpv = headlessMpv(place)
  headlessVlc(place)
  const told = join(place, 'told')
  tellArguments(join(place, 'vlc'), told)
  const running = await startApp({
    environment: { ...mpv.environment, DISPLAY: display, PATH: `${place}:${process.env.PATH}` },
    settings: { hostsOnMyNetwork: ['127.0.0.1'], playerId: player },
  })
  try {
    const { page } = running
    await startOnThisComputer(page)
    await addLinks(page, link)
    await page.getByRole('row', { name: /^film\.mp4/ }).waitFor()
    const times: number[] = []
    for (let round = 0; round <= rounds; round += 1) {
      const startedAtMs = performance.now()
      await page.getByRole('row', { name: /^film\.mp4/ }).dblclick()
      const shownAtMs = player === 'mpv' ? await firstFrameInMpv(mpv.socket) : await firstFrameInVlc(told)
      if (round > 0) times.push(shownAtMs - startedAtMs)
      await toastIsGone(page)
    }
    return times
  } finally {
    await running.dispose()
  }
}

/** Waits until nothing of the last round is on the screen or runs. */
async function toastIsGone(page: Page): Promise<void> {
  await page.getByText(/^Playing “film\.mp4”/).waitFor({ state: 'detached' })
}

async function firstFrameInMpv(socket: string): Promise<number> {
  const mpv = await joinMpv(socket)
  await mpv.until('vo-configured', (value) => value === true)
  const atMs = performance.now()
  await mpv.command('quit')
  return atMs
}

/** Has a script write down its process and its arguments before it starts its program. */
function tellArguments(script: string, told: string): void {
  const text = readFileSync(script, 'utf8')
  const tell = `printf '%s\\n' "$$" "$@" > '${told}.new'; mv '${told}.new' '${told}'`
  writeFileSync(
    script,
    text.replace('\n', () => `\n${tell}\n`),
  )
}

async function firstFrameInVlc(told: string): Promise<number> {
  while (!existsSync(told)) await wait(10)
  const [pid, ...args] = readFileSync(told, 'utf8').split('\n')
  const argument = (name: string) => args.find((one) => one.startsWith(`--${name}=`))?.slice(name.length + 3) ?? ''
  const [, password = ''] = /^http-password=(.*)$/m.exec(readFileSync(argument('config'), 'utf8')) ?? []
  const url = `http://127.0.0.1:${argument('http-port')}/requests/status.json`
  const headers = { authorization: `Basic ${Buffer.from(`:${password}`).toString('base64')}` }
  for (;;) {
    // At first it is not there, or answers with an error.
    const answer: unknown = await fetch(url, { headers })
      .then((response) => response.json())
      .catch(() => null)
    const seen = Status.safeParse(answer).data
    if ((seen?.stats?.displayedpictures ?? 0) > 0) break
    await wait(20)
  }
  const atMs = performance.now()
  process.kill(Number(pid))
  rmSync(told)
  return atMs
}
