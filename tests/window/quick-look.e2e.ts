import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { maxReadBytes } from '../../shared/limits.ts'
import { type RunningApp, startApp } from '../support/app.ts'
import { zipOf } from '../support/archives.ts'
import { pdfOf, pngOf, wavOf } from '../support/contents.ts'
import { has } from '../support/facilities.ts'
import { makeFilm } from '../support/film.ts'
import { makeHome, registerOpener } from '../support/home.ts'
import { makeArchive } from '../support/made-archive.ts'
import { findProcess } from '../support/processes.ts'
import { addLinks, startOnThisComputer } from '../support/steps.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { file, type Handler, repeated, startWeb, type Web } from '../support/web.ts'

// Quick look in the real window, by keyboard, with harmless files and with files that want to do harm.

const fonts = join(import.meta.dirname, '../../node_modules/@fontsource-variable/inter/files')
const script = 'window.__ran = true; parent.__ran = true'

async function contents(): Promise<Record<string, Buffer>> {
  const inside = { 'Ordner/größe.txt': Buffer.from('x') }
  const film = makeFilm(temporaryFolder('film'), { seconds: 3 }).bytes
  return {
    'a picture.png': pngOf(640, 360),
    'b huge.png': pngOf(20_000, 10_000),
    'c broken.jpg': Buffer.from('this is no picture at all, whatever its name says'),
    'd drawing.svg': Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100" onload="${script}"><script>${script}</script><rect width="200" height="100" fill="teal"/></svg>`,
    ),
    'e bomb.svg': Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg"><defs><g id="a"><rect width="9" height="9"/></g></defs><use href="#a"/></svg>`,
    ),
    'f greek.txt': Buffer.from([
      ...Buffer.from('first line\n'),
      ...Array.from({ length: 40 }).flatMap(() => [
        0xca, 0xe1, 0xeb, 0xe7, 0xec, 0xdd, 0xf1, 0xe1, 0x20, 0xea, 0xfc, 0xf3, 0xec, 0xe5, 0x0a,
      ]),
    ]),
    'g line.log': Buffer.alloc(20_000_000, 'x'),
    'h binary.txt': Buffer.from([1, 0, 2, 0, 0, 0, 3, 4, 5]),
    'i page.html': Buffer.from(`<script>${script}</script><h1>A page</h1>`),
    'j paper.pdf': pdfOf(
      ['First page', 'Second page'],
      '/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> /AA << /O << /S /Launch /F (calc.exe) >> >>',
    ),
    'k broken.pdf': Buffer.from('%PDF-1.7\nnothing that makes sense'),
    'l book.cbz': zipOf([
      { name: 'page 1.png', bytes: pngOf(10, 10) },
      { name: '../../evil.sh', bytes: Buffer.from('#!') },
    ]),
    'm font.woff2': readFileSync(join(fonts, 'inter-latin-wght-normal.woff2')),
    'n broken.ttf': Buffer.from('00010000broken tables'),
    'o sound.wav': wavOf(2),
    'p film.mp4': film,
    'q broken.mp4': film.subarray(0, 40),
    'r unknown.xyz': Buffer.from('?'),
    's empty.txt': Buffer.alloc(0),
    't pack.cb7': await makeArchive('pack.7z', inside),
    'u locked.cb7': await makeArchive('locked.7z', inside, '-psecret', '-mhe=on'),
  }
}

let web: Web
let running: RunningApp | null = null
let files: Record<string, Buffer> = {}
beforeAll(async () => {
  files = await contents()
  web = await startWeb()
  for (const [name, bytes] of Object.entries(files)) web.on(`/${encodeURIComponent(name)}`, file(bytes))
})
afterAll(() => web.stop())
afterEach(async () => {
  await running?.dispose()
  running = null
})

/** What quick look has to show of each file. */
const expected: Record<string, (page: Page) => Promise<unknown>> = {
  'a picture.png': (page) => page.getByText('640 × 360').waitFor(),
  'b huge.png': (page) => page.getByText('The picture is too large to show here').waitFor(),
  'c broken.jpg': (page) => page.getByText('This is not a picture that Putdesk can show').waitFor(),
  'd drawing.svg': (page) => page.getByRole('img', { name: 'd drawing.svg' }).waitFor(),
  'e bomb.svg': (page) => page.getByText('<use href="#a"/>').waitFor(),
  'f greek.txt': (page) => page.getByText('Καλημέρα κόσμε').nth(0).waitFor(),
  'g line.log': (page) => page.getByText('The beginning of the file: its first').waitFor(),
  'h binary.txt': (page) => page.getByText('This is not text').waitFor(),
  'i page.html': (page) => page.getByText('<h1>A page</h1>').waitFor(),
  'j paper.pdf': (page) => page.getByText('2 pages').waitFor(),
  'k broken.pdf': (page) => page.getByText('The PDF is damaged').waitFor(),
  'l book.cbz': (page) => page.getByText('../../evil.sh').nth(0).waitFor(),
  'm font.woff2': (page) => page.getByText('The quick brown fox').nth(0).waitFor(),
  'n broken.ttf': (page) => page.getByText('The font is damaged').waitFor(),
  'o sound.wav': (page) => hasPlayed(page, 'audio'),
  'p film.mp4': (page) => hasPlayed(page, 'video'),
  'q broken.mp4': (page) => page.getByText('Putdesk cannot show this film or sound here').waitFor(),
  'r unknown.xyz': (page) => page.getByText('Quick look cannot show this file').waitFor(),
  's empty.txt': (page) => page.getByText('The file is empty').waitFor(),
  't pack.cb7': (page) => page.getByText('Ordner/größe.txt').nth(0).waitFor(),
  'u locked.cb7': (page) => page.getByText('The names in this archive are encrypted').waitFor(),
}

async function hasPlayed(page: Page, element: 'audio' | 'video'): Promise<void> {
  await page.locator(`${element}[src^="content:"]`).waitFor()
  await page.waitForFunction(
    (name) => (document.querySelector<HTMLMediaElement>(name)?.currentTime ?? 0) > 0.2,
    element,
  )
}

async function picture(page: Page, name: string): Promise<void> {
  const { PUTDESK_PICTURES: folder } = process.env
  if (folder === undefined) return
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `look ${name}.png`) })
}

it('shows each kind of file with Space and the arrow keys, and runs nothing that is in them', async () => {
  running = await startApp({ settings: { hostsOnMyNetwork: ['127.0.0.1'] } })
  const { page } = running
  page.setDefaultTimeout(8000)
  await startOnThisComputer(page)
  await addLinks(page, ...Object.keys(files).map((name) => web.url(`/${encodeURIComponent(name)}`)))
  for (const name of Object.keys(files)) await page.getByRole('row', { name }).waitFor()

  await page.getByRole('row', { name: 'a picture.png' }).click()
  await page.keyboard.press('Space')
  for (const name of Object.keys(files)) {
    await page.getByRole('dialog', { name }).waitFor()
    await expected[name]?.(page).finally(() => picture(page, name))
    await page.keyboard.press('ArrowRight')
  }
  await page.keyboard.press('Space')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  // The list has followed.
  expect(await page.evaluate(() => Reflect.get(window, '__ran'))).toBeUndefined()

  // The same files in the grid, where the picture and the film have thumbnails.
  await page.keyboard.press('Control+2')
  for (const name of ['a picture.png', 'p film.mp4'])
    await page.getByRole('gridcell', { name }).locator('canvas').waitFor()
  await picture(page, 'grid')
  await page.keyboard.press('Home')
  await page.keyboard.press('ArrowRight')
  await page.getByRole('gridcell', { name: 'b huge.png', selected: true }).waitFor()
  expect(await page.getByRole('gridcell', { name: 'b huge.png' }).locator('canvas').count()).toBe(0)
  await page.keyboard.press('Control+1')
  await page.getByRole('row', { name: 'p film.mp4' }).locator('canvas').waitFor()
  await picture(page, 'list')
})

/** Full-size bombs, and what quick look says of each. */
const bombs: Record<string, { handler: () => Handler; sentence: string }> = {
  'a lines.txt': {
    handler: () => repeated(Buffer.from('one of very many lines\n'), 1_000_000_000),
    sentence: 'The beginning of the file: its first',
  },
  'b one line.txt': {
    handler: () => repeated(Buffer.from('x'), 100_000_000),
    sentence: 'The beginning of the file: its first',
  },
  'c huge.png': { handler: () => file(pngOf(20_000, 10_000)), sentence: 'The picture is too large to show here' },
  'd paper.pdf': {
    handler: () =>
      file(pdfOf(['A page'], `/OpenAction << /S /Launch /F (calc.exe) /Next << /S /JavaScript /JS (${script}) >> >>`)),
    sentence: '1 page',
  },
  'e drawing.svg': {
    handler: () =>
      file(
        Buffer.from(
          `<svg xmlns="http://www.w3.org/2000/svg"><script>${script}</script><foreignObject><iframe/></foreignObject></svg>`,
        ),
      ),
    sentence: '<foreignObject>',
  },
  'f broken.ttf': {
    handler: () => file(Buffer.concat([Buffer.from('00010000ffff00000000', 'hex'), Buffer.alloc(7_000_000, 0xff)])),
    sentence: 'The font is damaged',
  },
}
/** What else is read meanwhile: lists, transfers, the database. */
const slackBytes = 2 * 1024 * 1024

it('shows bombs of full size without a hang, reads 8 MB of each at most, and runs nothing', async () => {
  for (const [name, { handler }] of Object.entries(bombs)) web.on(`/bomb/${encodeURIComponent(name)}`, handler())
  running = await startApp({ settings: { hostsOnMyNetwork: ['127.0.0.1'] } })
  const { page, dataFolder } = running
  page.setDefaultTimeout(30_000)
  await startOnThisComputer(page)
  await addLinks(page, ...Object.keys(bombs).map((name) => web.url(`/bomb/${encodeURIComponent(name)}`)))
  for (const name of Object.keys(bombs)) await page.getByRole('row', { name }).waitFor()
  const service = has('/proc') ? findProcess(dataFolder, 'server') : null
  const readBytes = () => (service === null ? 0 : readByThreads(service))

  await page.getByRole('row', { name: 'a lines.txt' }).click()
  for (const [index, [name, { sentence }]] of Object.entries(bombs).entries()) {
    const before = readBytes()
    let slowestMs = 0
    let isShown = false
    await page.keyboard.press(index === 0 ? 'Space' : 'ArrowRight')
    const shown = page
      .getByRole('dialog', { name })
      .getByText(sentence)
      .first()
      .waitFor()
      .finally(() => {
        isShown = true
      })
    while (!isShown) {
      const begin = performance.now()
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)))
      slowestMs = Math.max(slowestMs, performance.now() - begin)
    }
    await shown
    expect(slowestMs, name).toBeLessThan(1000)
    expect(readBytes() - before, name).toBeLessThan(maxReadBytes + slackBytes)
  }
  expect(await page.evaluate(() => Reflect.get(window, '__ran'))).toBeUndefined()
  expect(await page.locator('iframe').count()).toBe(0)
})

it('opens another file in the program that the system has for it, from a copy, and never what can run code', async () => {
  const home = makeHome('opening')
  const opened = registerOpener(home)
  web.on('/letter.doc', file(Buffer.from('Dear reader,\n')))
  web.on('/setup.exe', file(Buffer.from('MZ')))
  running = await startApp({
    settings: { hostsOnMyNetwork: ['127.0.0.1'] },
    environment: home.environment,
  })
  const { page, dataFolder } = running
  await startOnThisComputer(page)
  await addLinks(page, web.url('/letter.doc'), web.url('/setup.exe'))
  await page.getByRole('row', { name: 'letter.doc' }).dblclick()
  while (!existsSync(opened)) await new Promise((resolve) => setTimeout(resolve, 50))
  const path = readFileSync(opened, 'utf8').trim()
  expect(path.startsWith(join(dataFolder, 'copies'))).toBe(true)

  writeFileSync(path, 'Dear reader, again')
  await page.getByText('You changed the copy of “letter.doc”').waitFor()
  await picture(page, 'changed copy')
  await page.getByLabel('Notices').getByRole('button', { name: 'Dismiss' }).click()
  await page.getByText('You changed the copy').waitFor({ state: 'detached' })

  await page.getByRole('row', { name: 'setup.exe' }).dblclick()
  await page.getByText('“setup.exe” could run a program').waitFor()
  await page.getByRole('listitem', { name: /^setup\.exe, Saved/ }).waitFor()
  expect(readFileSync(join(home.downloads, 'setup.exe'), 'utf8')).toBe('MZ')
})

/** What the threads of a process have read so far, other than the one that computes checksums of what was fetched. */
function readByThreads(process: number): number {
  const folder = `/proc/${process}/task`
  const threads = readdirSync(folder).map((id) => {
    try {
      const isOther = readFileSync(join(folder, id, 'comm'), 'utf8').trim() !== 'checksums'
      return isOther ? Number(/rchar: (\d+)/.exec(readFileSync(join(folder, id, 'io'), 'utf8'))?.[1]) : 0
    } catch {
      // It has ended.
      return 0
    }
  })
  return threads.reduce((sum, bytes) => sum + bytes, 0)
}
