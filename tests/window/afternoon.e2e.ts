import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { type RunningApp, startApp } from '../support/app.ts'
import { zipOf } from '../support/archives.ts'
import { pdfOf, pngOf, wavOf } from '../support/contents.ts'
import { dragWithMouse, startDropTarget } from '../support/drop-target.ts'
import { type Home, makeHome, registerOpener } from '../support/home.ts'
import { headlessMpv, joinMpv } from '../support/mpv.ts'
import { addLinks, startOnThisComputer } from '../support/steps.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { file, startWeb, type Web } from '../support/web.ts'

// A person's afternoon: what arrives is looked at, opened, saved, dragged out and played, and nothing is lost on the way.

const episodes = ['episode-1.mp4', 'episode-2.mp4', 'episode-3.mp4']
/** The name and the bytes of each file in the folder that is saved. */
const photos = new Map(
  Array.from({ length: 300 }, (_, index) => [`${index % 10}/photo ${index}.raw`, randomBytes(5000 + index * 100)]),
)
const recording = randomBytes(6_000_000)
let web: Web
let folder: string
let home: Home
let opened: string
let environment: Record<string, string>
let socket: string
let running: RunningApp

beforeAll(async () => {
  folder = temporaryFolder('afternoon')
  web = await startWeb()
  const film = makeEpisode()
  for (const name of episodes) web.on(`/${name}`, file(film))
  web.on('/episode-1.de.srt', file(Buffer.from('1\n00:00:00,000 --> 00:01:00,000\nHallo\n')))
  web.on('/picture.png', file(pngOf(640, 360)))
  web.on('/notes.txt', file(Buffer.from('first line\nsecond line\n')))
  web.on('/paper.pdf', file(pdfOf(['First page'])))
  web.on('/sound.wav', file(wavOf(2)))
  web.on('/letter.doc', file(Buffer.from('Dear reader,\n')))
  web.on('/recording.bin', file(recording))
  web.on('/slow.iso', file(Buffer.alloc(50_000_000, 'i'), { bytesPerSecond: 200_000 }))
  web.on('/photos.zip', file(zipOf([...photos].map(([name, bytes]) => ({ name: `Photos/${name}`, bytes })))))
})
afterAll(() => web.stop())
beforeEach(async () => {
  const mpv = headlessMpv(folder)
  socket = mpv.socket
  home = makeHome('home')
  opened = registerOpener(home)
  environment = { ...mpv.environment, ...home.environment }
  running = await startApp({
    environment,
    settings: { hostsOnMyNetwork: ['127.0.0.1'], subtitleLanguages: ['de'], saveLimitBytesPerSecond: 1_500_000 },
  })
})
afterEach(() => running.dispose())

function makeEpisode(): Buffer {
  const path = join(folder, 'episode.mp4')
  const source = ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc=size=64x36:rate=5:duration=120']
  expect(spawnSync('ffmpeg', [...source, '-c:v', 'libx264', '-g', '5', '-movflags', '+faststart', path]).status).toBe(0)
  return readFileSync(path)
}

const row = (page: Page, name: string) => page.getByRole('row', { name: new RegExp(`^${name}`) })
const save = (page: Page, name: string, status: string) =>
  page.getByRole('listitem', { name: new RegExp(`^${name}, ${status}, `) })

/** Starts the app again after it was ended in some way. */
async function startAgain(): Promise<Page> {
  running = await startApp({ dataFolder: running.dataFolder, environment })
  return running.page
}

it('fetches, looks, opens, saves, drags, plays, deletes, cancels and quits, and every byte is right in the end', async () => {
  let { page } = running
  await startOnThisComputer(page)
  const five = ['notes.txt', 'paper.pdf', 'picture.png', 'sound.wav', 'letter.doc']
  await addLinks(page, ...five.map((name) => web.url(`/${name}`)))
  for (const name of five) await row(page, name).waitFor()
  await lookAtEach(page)
  await openCopy(page)

  await addLinks(
    page,
    ...[...episodes, 'episode-1.de.srt', 'photos.zip', 'recording.bin'].map((name) => web.url(`/${name}`)),
  )
  await row(page, 'Photos').waitFor()
  page = await saveFolderUnderKills(page)
  await dragOut(page)
  await playEpisodes(page)

  await row(page, 'Photos').click()
  await page.keyboard.press('Delete')
  await row(page, 'Photos').waitFor({ state: 'detached' })
  await page.keyboard.press('Control+z')
  await row(page, 'Photos').waitFor()

  await addLinks(page, web.url('/slow.iso'))
  await page.getByRole('tab', { name: /^Transfers/ }).click()
  await page.getByRole('button', { name: 'Cancel “slow.iso”' }).click()
  await page.getByRole('listitem', { name: /^slow\.iso, Cancelled/ }).waitFor()
  await page.keyboard.press('Control+z')
  await page.getByRole('listitem', { name: /^slow\.iso, Downloading/ }).waitFor()
  await quitWhileSaving(page)
})

async function lookAtEach(page: Page): Promise<void> {
  await row(page, 'letter.doc').click()
  await page.keyboard.press('Space')
  await page.getByRole('dialog', { name: 'letter.doc' }).getByText('Quick look cannot show this file').waitFor()
  await page.keyboard.press('ArrowRight')
  await page.getByRole('dialog', { name: 'notes.txt' }).getByText('second line').waitFor()
  await page.keyboard.press('ArrowRight')
  await page.getByRole('dialog', { name: 'paper.pdf' }).getByText('1 page').waitFor()
  await page.keyboard.press('ArrowRight')
  await page.getByRole('dialog', { name: 'picture.png' }).getByText('640 × 360').waitFor()
  await page.keyboard.press('ArrowRight')
  await page.getByRole('dialog', { name: 'sound.wav' }).waitFor()
  await page.waitForFunction(() => (document.querySelector('audio')?.currentTime ?? 0) > 0.2)
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
}

async function openCopy(page: Page): Promise<void> {
  await row(page, 'letter.doc').dblclick()
  await expect.poll(() => existsSync(opened)).toBe(true)
  const path = readFileSync(opened, 'utf8').trim()
  expect(readFileSync(path, 'utf8')).toBe('Dear reader,\n')
}

/** Saves the folder; the app is killed twice on the way. Returns the page of the last start. */
async function saveFolderUnderKills(first: Page): Promise<Page> {
  let page = first
  await row(page, 'Photos').click()
  await page.keyboard.press('Control+s')
  for (const count of [60, 150]) {
    await expect.poll(savedPhotos, { timeout: 30_000 }).toBeGreaterThan(count)
    await running.kill()
    expect(savedPhotos()).toBeLessThan(photos.size)
    page = await startAgain()
  }
  await page.getByRole('tab', { name: /^Saving here/ }).click()
  await save(page, 'Photos', 'Saved').waitFor()
  for (const [name, bytes] of photos) {
    const path = join(home.downloads, 'Photos', name)
    expect(readFileSync(path).equals(bytes), name).toBe(true)
  }
  expect(readdirSync(home.downloads)).toEqual(['Photos'])
  expect(filesBelow(join(home.downloads, 'Photos'))).toHaveLength(photos.size)
  return page
}

const savedPhotos = () => filesBelow(join(home.downloads, 'Photos')).filter((name) => name.endsWith('.raw')).length

function filesBelow(top: string): string[] {
  if (!existsSync(top)) return []
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
}

/** Drags the saved folder to another program with the mouse of the X server. */
async function dragOut(page: Page): Promise<void> {
  const { app } = running
  await app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()[0]?.setBounds({ x: 0, y: 0, width: 1000, height: 700 }),
  )
  await page.waitForFunction(() => window.innerWidth === 1000)
  const target = await startDropTarget({ x: 1040, y: 40 })
  const box = await save(page, 'Photos', 'Saved').boundingBox()
  const from = { x: Math.round((box?.x ?? 0) + 100), y: Math.round((box?.y ?? 0) + 10) }
  await dragWithMouse(from, { x: 1140, y: 110 })
  expect(await target.dropped).toBe(`file://${join(home.downloads, 'Photos')}`)
  target.stop()
}

/** Plays an episode with its subtitles, leaves it at 0:42, continues there, and plays all of them as one list. */
async function playEpisodes(page: Page): Promise<void> {
  await row(page, 'episode-1.mp4').dblclick()
  await page.getByText('Playing “episode-1.mp4” in mpv, with subtitles: German').waitFor()
  const first = await joinMpv(socket)
  await first.until('time-pos', (value) => typeof value === 'number')
  await first.until('sub-text', (value) => value === 'Hallo')
  await first.command('set_property', 'pause', true)
  await first.command('seek', 42, 'absolute+exact')
  await first.until('time-pos', (value) => Number(value) >= 42)
  await first.command('quit')
  await row(page, 'episode-1.mp4').getByRole('img', { name: '35 % watched' }).waitFor()

  await row(page, 'episode-1.mp4').dblclick()
  await page.getByRole('dialog', { name: 'Continue at 0:42?' }).getByRole('button', { name: 'Continue' }).click()
  const second = await joinMpv(socket)
  const continuedAt = Number(await second.until('time-pos', (value) => typeof value === 'number'))
  expect(Math.abs(continuedAt - 42)).toBeLessThan(5)
  await second.command('quit')

  await row(page, 'episode-2.mp4').click()
  await row(page, 'episode-3.mp4').click({ modifiers: ['Shift'] })
  await page.keyboard.press('Enter')
  await page.getByText('Playing 2 items in mpv').waitFor()
  const rest = await joinMpv(socket)
  await rest.until('playlist-count', (count) => count === 2)
  await rest.until('time-pos', (value) => typeof value === 'number')
  await rest.command('playlist-next')
  await rest.until('playlist-pos', (value) => value === 1)
  await rest.until('time-pos', (value) => typeof value === 'number')
  await rest.command('quit')
}

/** Quits while something is saved, which is asked about by name; it is finished after the next start. */
async function quitWhileSaving(first: Page): Promise<void> {
  await row(first, 'recording.bin').click()
  await first.keyboard.press('Control+s')
  await first.getByRole('tab', { name: /^Saving here/ }).click()
  await save(first, 'recording.bin', 'Saving').getByText(/MB\/s/).waitFor()
  const isAsked = running.app.evaluate(
    ({ app, dialog }) =>
      new Promise<string>((resolve) => {
        dialog.showMessageBox = async (...args: unknown[]) => {
          resolve(String(Object(args.at(-1)).detail))
          return { response: 2, checkboxChecked: false }
        }
        app.quit()
      }),
  )
  expect(await isAsked).toMatch(/“slow\.iso”.*“recording\.bin”/s)
  await running.close()
  expect(readdirSync(home.downloads)).not.toContain('recording.bin')
  const page = await startAgain()
  await page.getByRole('tab', { name: /^Saving here/ }).click()
  await save(page, 'recording.bin', 'Saved').waitFor()
  expect(readFileSync(join(home.downloads, 'recording.bin')).equals(recording)).toBe(true)
  expect(readdirSync(home.downloads).sort()).toEqual(['Photos', 'recording.bin'])
}
