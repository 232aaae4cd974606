import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RunningApp, startApp } from '../support/app.ts'
import { giveFile, startBadServer } from '../support/bad-server.ts'
import { makeFilm } from '../support/film.ts'
import { headlessMpv, joinMpv } from '../support/mpv.ts'
import { addLinks, startOnThisComputer } from '../support/steps.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { file, startWeb, type Web } from '../support/web.ts'

// Playing in the window, with a real mpv.

let web: Web
let running: RunningApp
let socket: string
let folder: string
beforeAll(async () => {
  folder = temporaryFolder('playing')
  const path = join(folder, 'film.mp4')
  const source = ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc=size=64x36:rate=5:duration=120']
  expect(spawnSync('ffmpeg', [...source, '-c:v', 'libx264', '-g', '5', '-movflags', '+faststart', path]).status).toBe(0)
  web = await startWeb()
  for (const name of ['episode-1.mp4', 'episode-2.mp4']) web.on(`/${name}`, file(readFileSync(path)))
  web.on('/episode-1.de.srt', file(Buffer.from('1\n00:00:00,000 --> 00:01:00,000\nHallo\n')))
  const mpv = headlessMpv(folder)
  socket = mpv.socket
  running = await startApp({
    environment: mpv.environment,
    settings: { hostsOnMyNetwork: ['127.0.0.1'], subtitleLanguages: ['de'] },
  })
})
afterAll(async () => {
  await running.dispose()
  await web.stop()
})

async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.PUTDESK_PICTURES
  if (!folder) return
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.screenshot({ path: join(folder, `playing-${name}-${colorScheme}.png`) })
  }
  await page.emulateMedia({ colorScheme: 'light' })
}

it('asks whether to continue, marks what was watched, and plays what is selected as one list', async () => {
  const { page } = running
  await startOnThisComputer(page)
  await addLinks(page, ...['episode-1.mp4', 'episode-2.mp4', 'episode-1.de.srt'].map((name) => web.url(`/${name}`)))
  const row = (name: string) => page.getByRole('row', { name: new RegExp(`^${name}`) })
  for (const name of ['episode-1.mp4', 'episode-2.mp4', 'episode-1.de.srt']) await row(name).waitFor()

  await row('episode-1.mp4').dblclick()
  await page.getByText('Playing “episode-1.mp4” in mpv, with subtitles: German').waitFor()
  const first = await joinMpv(socket)
  await first.until('time-pos', (value) => typeof value === 'number')
  await first.command('set_property', 'pause', true)
  await first.command('seek', 42, 'absolute+exact')
  await first.until('time-pos', (value) => Number(value) >= 42)
  await first.command('quit')
  await row('episode-1.mp4').getByRole('img', { name: '35 % watched' }).waitFor()

  await row('episode-1.mp4').dblclick()
  const question = page.getByRole('dialog', { name: 'Continue at 0:42?' })
  await question.waitFor()
  await picture(page, 'continue')
  await question.getByRole('button', { name: 'Continue' }).click()
  const second = await joinMpv(socket)
  await second.until('time-pos', (value) => Number(value) >= 41.5)
  await second.command('seek', 118, 'absolute+exact')
  await row('episode-1.mp4').getByRole('img', { name: 'Watched', exact: true }).waitFor()
  await second.command('quit')

  await row('episode-1.mp4').click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Open with' }).hover()
  await page.getByRole('menuitem', { name: 'mpv' }).waitFor()
  await picture(page, 'menu')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')

  // In a window that is smaller than the menu, all of it can be reached.
  for (const [height, place] of [
    [700, 'whole'],
    [420, 'scrolled'],
  ] as const) {
    await page.setViewportSize({ width: 800, height })
    await row('episode-2.mp4').click({ button: 'right' })
    const box = await page.getByRole('menu').boundingBox()
    expect(box?.y, place).toBeGreaterThanOrEqual(0)
    expect((box?.y ?? 0) + (box?.height ?? 0), place).toBeLessThanOrEqual(height)
    await page.getByRole('menuitem', { name: 'Delete for good' }).scrollIntoViewIfNeeded()
    await picture(page, `menu-${place}`)
    const last = await page.getByRole('menuitem', { name: 'Delete for good' }).boundingBox()
    expect((last?.y ?? height) + (last?.height ?? 0), place).toBeLessThanOrEqual(height)
    await page.keyboard.press('Escape')
  }
  await page.setViewportSize({ width: 1280, height: 800 })

  await row('episode-2.mp4').click()
  await page.keyboard.press('Control+a')
  await page.keyboard.press('Enter')
  await page.getByText('Playing 2 items in mpv').waitFor()
  const list = await joinMpv(socket)
  expect(await list.until('playlist-count', (count) => count === 2)).toBe(2)
  await picture(page, 'marks')
  await list.command('quit')
  await page.keyboard.press('Control+2')
  await page
    .getByRole('gridcell', { name: /^episode-1\.mp4/ })
    .getByRole('img', { name: 'Watched', exact: true })
    .waitFor()
  await picture(page, 'grid')

  await page.keyboard.press('Control+,')
  await page.getByLabel('Own player').waitFor()
  await page.getByLabel('Own player').scrollIntoViewIfNeeded()
  await picture(page, 'settings')
  await page.keyboard.press('Escape')
})

it('plays a film while it arrives, its index first, and keeps the place when it has arrived', async () => {
  const { page } = running
  const { bytes } = makeFilm(folder, { isIndexAtEnd: true })
  let bytesPerSecond = 256 * 1024
  const source = await startBadServer((request, wire) =>
    giveFile(request, wire, { bytes, etag: '"1"', bytesPerSecond: () => bytesPerSecond }),
  )
  await addLinks(page, source.url('/arriving.mp4'))
  const transfer = page.getByRole('listitem', { name: /^arriving\.mp4, Downloading/ })
  await transfer.getByRole('button', { name: 'Play now: “arriving.mp4”' }).click()
  await page.getByText('Playing “arriving.mp4” in mpv').waitFor()
  const mpv = await joinMpv(socket)
  await mpv.until('time-pos', (value) => Number(value) > 0)
  await picture(page, 'arriving')
  await mpv.command('seek', 100, 'absolute')
  await mpv.until('time-pos', (value) => Number(value) > 100)
  expect(source.sentBytes()).toBeLessThan(bytes.length / 2)
  expect(await transfer.isVisible()).toBe(true)

  bytesPerSecond = 100 * 1024 * 1024
  const row = page.getByRole('row', { name: /^arriving\.mp4/ })
  await row.waitFor()
  await mpv.command('set_property', 'pause', true)
  await mpv.command('seek', 60, 'absolute+exact')
  await mpv.until('time-pos', (value) => Number(value) >= 60 && Number(value) < 61)
  await mpv.command('quit')
  await row.getByRole('img', { name: '50 % watched' }).waitFor()
  await source.stop()
})
