import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { apiV2 } from '../support/api-v2.ts'
import { dropOnWindow, type RunningApp, startApp } from '../support/app.ts'
import { type Film, makeFilm } from '../support/film.ts'
import { freePort } from '../support/free-port.ts'
import { headlessMpv, joinMpv, type Mpv } from '../support/mpv.ts'
import { commandLines, commandLinesWith, findProcess } from '../support/processes.ts'
import { type Service, startService, until } from '../support/service.ts'
import { allowThisMachine, startOnThisComputer } from '../support/steps.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { file, startWeb, type Web } from '../support/web.ts'

// The story of the product: a link is dropped on the window, and in the end the film plays.

const bytesPerSecond = 6_000_000
const secret = 'open-sesame-of-the-story'
let folder: string
let film: Film
let web: Web
let running: RunningApp
let mpvSocket: string
let mpv: Mpv | null = null
let service: Service | null = null

beforeAll(async () => {
  folder = temporaryFolder('story')
  film = makeFilm(folder)
  web = await startWeb()
  web.on('/big-buck-bunny.mp4', file(film.bytes, { type: 'video/mp4', bytesPerSecond }))
  web.on('/page.html', file(Buffer.from('<html><body>A page</body></html>'), { type: 'text/html' }))
})
afterAll(async () => {
  await web.stop()
})
beforeEach(async () => {
  const home = mkdtempSync(join(folder, 'mpv-'))
  const headless = headlessMpv(home)
  mpvSocket = headless.socket
  running = await startApp({ environment: headless.environment })
})
afterEach(async () => {
  await quitPlayer()
  await running.dispose()
  await service?.stop()
  service = null
})

it('goes from a dropped link to a playing film on this computer, with no account', async () => {
  const { page } = running
  await startOnThisComputer(page)
  await allowThisMachine(page)
  await dropFilm(page)
  await checkLedgerAndSubmit(page)
  await watchItArrive(page)
  await play(page, dataOf(running))
  const log = await rangesIn(() => {
    const path = join(running.dataFolder, 'putdesk.log')
    return existsSync(path) ? readFileSync(path, 'utf8') : ''
  })
  expect(log).not.toMatch(/[0-9a-f]{40}/)
})

it('does the same through a server with a key and secret, and keeps the form after a wrong secret', async () => {
  service = await startService({ user: 'mary', secret, entry: join(import.meta.dirname, '../../dist/server/main.cjs') })
  const { page } = running
  await page.getByRole('button', { name: 'Sign in to a server' }).click()
  await page.getByLabel('Address').fill(service.url)
  await page.getByLabel('API key').fill(service.key)
  await page.getByLabel('API secret').fill('a wrong secret')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('alert').getByText('Unable to login. Please check your info.').waitFor()
  expect(await page.getByLabel('Address').inputValue()).toBe(service.url)
  expect(await page.getByLabel('API key').inputValue()).toBe(service.key)
  expect(await page.getByLabel('API secret').inputValue()).toBe('a wrong secret')

  await page.getByLabel('API secret').fill(secret)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('grid').waitFor()
  await dropFilm(page)
  await checkLedgerAndSubmit(page)
  await watchItArrive(page)
  await play(page, service.data)
  const { log } = service
  await rangesIn(log)

  const token = await service.ask('user.acctoken')
  const { results } = token
  const known = typeof results === 'object' && results !== null && 'token' in results ? String(results.token) : ''
  expect(known).toMatch(/^[0-9a-f]{40}$/)
  const leaks = [...commandLines().values()].filter((line) => line.includes(known))
  expect(leaks).toEqual([])
  expectNoSecretIn(running.dataFolder, [secret, known])
})

it('does the same with an account whose sign-in is approved on a page, and goes on to the trash, a search and a second account', async () => {
  service = await startService({ user: 'mary', entry: join(import.meta.dirname, '../../dist/server/main.cjs') })
  const { page } = running
  await page.getByRole('button', { name: 'Sign in to Put.io' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Advanced' }).click()
  await dialog.getByLabel('Address of the service').fill(service.url)
  await dialog.getByRole('button', { name: 'Get a code' }).click()
  const code = await dialog.getByLabel('Code', { exact: true }).textContent()
  await approveOnPage(service, code ?? '')
  await page.getByRole('tree', { name: /^mary · / }).waitFor({ timeout: 15_000 })
  await page.getByRole('grid').waitFor()

  await dropFilm(page)
  await checkLedgerAndSubmit(page)
  await watchItArrive(page)
  await play(page, service.data)
  await rangesIn(service.log)
  const call = apiV2(service)
  const { download_token: known } = Object((await call('GET', '/v2/account/info', { download_token: 1 })).body.info)
  expect([...commandLines().values()].filter((line) => line.includes(`${known}`))).toEqual([])
  const { apps } = (await call('GET', '/v2/oauth/grants/')).body
  expect(apps).toMatchObject([{ name: 'Putdesk' }])

  const film = page.getByRole('row', { name: /^big-buck-bunny\.mp4/ })
  await film.click()
  await page.keyboard.press('Delete')
  await film.waitFor({ state: 'detached' })
  await page.keyboard.press('Control+z')
  await film.waitFor()
  await film.click()
  await page.keyboard.press('Delete')
  await film.waitFor({ state: 'detached' })
  await page.getByRole('treeitem', { name: 'Trash' }).click()
  await page
    .getByRole('grid', { name: 'Items in the trash' })
    .getByRole('row', { name: /^big-buck-bunny/ })
    .click()
  await page.getByRole('button', { name: 'Restore', exact: true }).click()
  await page.getByText('Restored “big-buck-bunny.mp4”').waitFor()
  await page
    .getByRole('treeitem', { name: /^Your Files/ })
    .first()
    .click()
  await film.waitFor()

  // What another client does is seen at once.
  await call('POST', '/v2/files/create-folder', { name: 'Made elsewhere', parent_id: 0 })
  await page.getByRole('row', { name: /^Made elsewhere/ }).waitFor({ timeout: 5000 })
  await page.keyboard.press('Control+f')
  await page.keyboard.type('bunny')
  await page.keyboard.press('Enter')
  await film.waitFor()
  await page.getByRole('row', { name: /^Made elsewhere/ }).waitFor({ state: 'detached' })

  await page.getByRole('button', { name: 'Add an account' }).click()
  await dialog.getByRole('button', { name: 'This computer' }).click()
  await page.getByRole('tree', { name: 'This computer' }).waitFor({ timeout: 30_000 })
  await page.getByRole('tree', { name: /^mary · / }).waitFor()
})

it('finishes a transfer byte for byte after the service was killed in mid-download', async () => {
  const { page } = running
  await startOnThisComputer(page)
  await allowThisMachine(page)
  await dropFilm(page)
  await page.getByRole('button', { name: 'Add 1 link' }).click()
  await percentAbove(page, 20)
  const pid = findProcess('main.cjs', dataOf(running))
  process.kill(pid, 'SIGKILL')
  await page.getByText('Local service restarting…').waitFor()
  await page.getByText('Local service running').waitFor()
  await page.getByRole('row', { name: /big-buck-bunny\.mp4/ }).waitFor({ timeout: 30_000 })
  expect(findProcess('main.cjs', dataOf(running))).not.toBe(pid)
  expect(hashesIn(join(dataOf(running), 'content'))).toContain(film.sha256)
  const resumed = web.requests.filter(
    ({ path, headers }) => path === '/big-buck-bunny.mp4' && headers['if-range'] !== undefined,
  )
  expect(resumed.length).toBeGreaterThanOrEqual(1)
})

it('says what cannot be fetched, and why, before anything is added', async () => {
  const { page } = running
  await startOnThisComputer(page)
  await allowThisMachine(page)
  await dropOnWindow(page, [
    {
      mimeType: 'text/plain',
      data: `${web.url('/missing.iso')} and magnet:?xt=urn:btih:abc and ftp://127.0.0.1:${await freePort()}/a.iso`,
    },
  ])
  const rows = page.getByRole('list', { name: 'Links and what they cost' }).getByRole('listitem')
  await rows.nth(2).waitFor()
  await page.getByText('cannot be fetched').nth(2).waitFor()
  expect(await rows.allInnerTexts()).toEqual([
    expect.stringMatching(/404/),
    expect.stringMatching(/torrent|magnet/i),
    expect.stringMatching(/a\.iso\n.*127\.0\.0\.1/),
  ])
  expect(
    await page
      .getByRole('checkbox')
      .evaluateAll((boxes) => boxes.filter((box) => box.getAttribute('aria-checked') === 'true').length),
  ).toBe(0)
})

/** Types the code into the page of the service, with the one-time code that its owner has, as a person with a browser does. */
async function approveOnPage(of: Service, code: string): Promise<void> {
  const { body } = await apiV2(of)('POST', '/v2/putdesk/approval')
  const answer = await fetch(`${of.url}/link`, {
    method: 'POST',
    headers: { origin: of.url, 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ code, proof: `${body.code}` }),
  })
  expect(await answer.text()).toContain('“Putdesk” is signed in as “mary”')
}

async function dropFilm(page: Page): Promise<void> {
  await dropOnWindow(page, [{ mimeType: 'text/uri-list', data: web.url('/big-buck-bunny.mp4') }])
  await page.getByRole('checkbox', { name: 'Add big-buck-bunny.mp4' }).waitFor()
}

/** The dialog shows the film's size, and what is left before and after. */
async function checkLedgerAndSubmit(page: Page): Promise<void> {
  const megabytes = Math.round(film.bytes.length / 1e6)
  const row = page.getByRole('listitem').filter({ has: page.getByRole('checkbox', { name: 'Add big-buck-bunny.mp4' }) })
  await row.getByText('fits').waitFor()
  expect(await row.textContent()).toMatch(new RegExp(`${megabytes}(\\.\\d)?\\sMB`))
  const cells = await page.getByRole('table', { name: 'What is left' }).getByRole('row').allInnerTexts()
  const figure = (label: string) =>
    cells
      .find((text) => text.startsWith(label))
      ?.replace(label, '')
      .trim() ?? ''
  expect(figure('Now')).toMatch(/\d(\.\d)?\s[GT]B/)
  expect(figure('This batch')).toMatch(new RegExp(`−${megabytes}(\\.\\d)?\\sMB`))
  expect(figure('Left after')).toMatch(/\d(\.\d)?\s[GT]B/)
  await page.getByRole('button', { name: 'Add 1 link' }).click()
}

/** The transfer is Downloading with a rising percentage, then leaves the list, and the file is in the folder. */
async function watchItArrive(page: Page): Promise<void> {
  await page.getByRole('listitem', { name: /big-buck-bunny\.mp4, Downloading/ }).waitFor()
  const first = await percentAbove(page, 0)
  const second = await percentAbove(page, first)
  expect(second).toBeGreaterThan(first)
  const item = page.getByRole('row', { name: /big-buck-bunny\.mp4/ })
  await item.waitFor({ timeout: 30_000 })
  await page.getByRole('listitem', { name: /big-buck-bunny\.mp4, / }).waitFor({ state: 'detached' })
  expect(await item.textContent()).toContain('Film')
  const exact = await item.locator('[title*="bytes"]').first().getAttribute('title')
  expect(exact?.replaceAll(/\D/g, '')).toBe(String(film.bytes.length))
}

async function percentAbove(page: Page, least: number): Promise<number> {
  const bar = page.getByRole('progressbar', { name: /big-buck-bunny/ })
  const handle = await page.waitForFunction(
    (limit) => {
      const value = Number(
        document.querySelector('[role=progressbar][aria-label*="big-buck-bunny"]')?.getAttribute('aria-valuenow') ?? -1,
      )
      return value > limit ? value : false
    },
    least,
    { timeout: 20_000 },
  )
  expect(await bar.count()).toBe(1)
  return Number(await handle.jsonValue())
}

/** A double-click starts a real mpv, which plays, knows the length, and seeks; no command line shows a token. */
async function play(page: Page, data: string): Promise<void> {
  await page.getByRole('row', { name: /big-buck-bunny\.mp4/ }).dblclick()
  mpv = await joinMpv(mpvSocket)
  await mpv.until('time-pos', (value) => typeof value === 'number' && value > 0.2)
  const before = Number(await mpv.get('time-pos'))
  await mpv.until('time-pos', (value) => Number(value) > before + 0.3)
  expect(Number(await mpv.get('duration'))).toBeCloseTo(film.seconds, 0)
  await mpv.command('seek', 90, 'absolute+exact')
  await mpv.until('time-pos', (value) => Number(value) >= 90)
  expect(Number(await mpv.get('time-pos'))).toBeLessThan(95)

  // A process that starts another one has the same line for a moment. Other tests play films too.
  const lines = [...new Set(commandLinesWith(dirname(mpvSocket)).values())]
  const player = lines.filter((line) => /(^|\/)mpv /.test(line) && line.includes('/s/'))
  expect(player).toHaveLength(1)
  expect(player[0]).toMatch(/ -- http:\/\/127\.0\.0\.1:\d+\/s\/[0-9a-f]{32}\/big-buck-bunny\.mp4$/)
  expect(lines.filter((line) => line.includes('/atk/'))).toEqual([])
  expect(hashesIn(join(data, 'content'))).toContain(film.sha256)
}

async function quitPlayer(): Promise<void> {
  await mpv?.command('quit')
  mpv?.close()
  mpv = null
}

/** The service's log, once it shows the ranges that the player requested at its start and after the seek. */
async function rangesIn(read: () => string): Promise<string> {
  await quitPlayer()
  return until(
    async () => read(),
    (log) => (log.match(/GET \/stream-file\/\d+\/\d+ 206 bytes=\d+-/g)?.length ?? 0) >= 2,
  )
}

function dataOf({ dataFolder }: RunningApp): string {
  return join(dataFolder, 'service')
}

function hashesIn(place: string): string[] {
  return filesIn(place).map((path) => createHash('sha256').update(readFileSync(path)).digest('hex'))
}

function filesIn(place: string): string[] {
  return readdirSync(place, { recursive: true, encoding: 'utf8' })
    .map((name) => join(place, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
}

function expectNoSecretIn(place: string, secrets: readonly string[]): void {
  const holders = filesIn(place).filter((path) => {
    const text = readFileSync(path, 'latin1')
    return secrets.some((one) => text.includes(one))
  })
  expect(holders).toEqual([])
}
