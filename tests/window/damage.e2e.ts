import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, expect, it } from 'vitest'
import { type RunningApp, startApp } from '../support/app.ts'
import { makeFolder, startOnThisComputer } from '../support/steps.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

// After a crash, a full disk or a careless edit has damaged the app's own files, the damaged file is kept aside, the last good one
// is restored, and the user is told.

let dataFolder: string
let running: RunningApp

beforeAll(async () => {
  dataFolder = temporaryFolder('damage')
  running = await startApp({ dataFolder })
  const { page } = running
  await startOnThisComputer(page)
  await makeFolder(page, 'Films')
  await running.close()
  // During a second run the service copies its database, which it knows to be good.
  running = await startApp({ dataFolder })
  await running.page.getByRole('row', { name: /^Films/ }).waitFor()
  await running.close()
})
afterEach(() => running.close())

const isBack = /The settings file was damaged\. The last good settings are back/

it.each([
  ['cut in half', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
  ['empty', () => Buffer.alloc(0)],
  ['full of zeros', (bytes: Buffer) => Buffer.alloc(bytes.length)],
  ['a list', () => Buffer.from('[1,2,3]')],
])('restores the last good settings when the settings file is %s', async (_what, damage) => {
  const path = join(dataFolder, 'settings.json')
  const damaged = damage(readFileSync(path))
  writeFileSync(path, damaged)
  running = await startApp({ dataFolder })
  await running.page.getByText(isBack).waitFor()
  await running.page.getByRole('row', { name: /^Films/ }).waitFor()
  const kept = readdirSync(dataFolder).filter((name) => name.startsWith('settings.damaged-'))
  expect(kept.some((name) => readFileSync(join(dataFolder, name)).equals(damaged))).toBe(true)
  for (const name of kept) rmSync(join(dataFolder, name))
})

it.each([
  ['missing', (path: string) => rmSync(path)],
  ['an empty object', (path: string) => writeFileSync(path, '{}')],
])('opens with all accounts when the settings file is %s, and says it once', async (_what, damage) => {
  const path = join(dataFolder, 'settings.json')
  damage(path)
  running = await startApp({ dataFolder })
  await running.page.getByText(/The settings file was .*\. The last good settings are back/).waitFor()
  await running.page.getByRole('row', { name: /^Films/ }).waitFor()
  await running.page.reload()
  await running.page.getByRole('row', { name: /^Films/ }).waitFor()
})

it('says what is wrong with the settings file even when there is no account to show', async () => {
  const path = join(dataFolder, 'settings.json')
  const good = readFileSync(path)
  const later = JSON.stringify({ version: 99, settings: {}, accounts: [{ id: 7, way: 'of a later version' }] })
  writeFileSync(path, later)
  running = await startApp({ dataFolder })
  await running.page.getByRole('heading', { name: 'Welcome to Putdesk' }).waitFor()
  await running.page.getByText(/The settings file is of a later version of Putdesk and was left untouched/).waitFor()
  await running.close()
  expect(readFileSync(path, 'utf8')).toBe(later)
  writeFileSync(path, good)
  running = await startApp({ dataFolder })
  await running.page.getByRole('row', { name: /^Films/ }).waitFor()
})

it('shows its window on the screen, whatever state it has remembered', async () => {
  const path = join(dataFolder, 'window.json')
  const away = { x: -90_000, y: 70_000, width: 90_000, height: 600 }
  writeFileSync(path, JSON.stringify(away))
  running = await startApp({ dataFolder })
  const { app, page } = running
  const [shown, area] = await app.evaluate(({ BrowserWindow, screen }) => [
    BrowserWindow.getAllWindows()[0]?.getBounds(),
    screen.getPrimaryDisplay().bounds,
  ])
  if (shown === undefined || area === undefined) throw new Error('no window')
  expect([shown.x >= 0, shown.x + shown.width <= area.width, shown.y >= 0]).toEqual([true, true, true])

  const film = page.getByRole('row', { name: /^Films/ })
  const changes = [
    { items: { names: 'x' } },
    { accounts: [null] },
    { tree: [['a:1', { length: 3 }]], expanded: [null] },
    { settings: {} },
  ]
  for (const change of changes) {
    await film.waitFor()
    await page.evaluate((changed) => {
      const kept: unknown = JSON.parse(localStorage.getItem('last-window') ?? '{}')
      const text = JSON.stringify({ ...(typeof kept === 'object' ? kept : {}), ...changed })
      // After the page has saved its own state.
      window.addEventListener('pagehide', () => localStorage.setItem('last-window', text))
    }, change)
    await page.reload()
    await film.waitFor()
  }
})

it('restores the last good database of the local service when it is damaged', async () => {
  const path = largestDatabase(join(dataFolder, 'service'))
  const bytes = readFileSync(path)
  bytes.fill(0x5a, 100)
  writeFileSync(path, bytes)
  running = await startApp({ dataFolder })
  await running.page
    .getByText(/damaged/)
    .first()
    .waitFor()
  await running.page.getByRole('row', { name: /^Films/ }).waitFor()
})

function largestDatabase(folder: string): string {
  const [largest] = readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => /\.(db|sqlite)$/.test(path) && !/backup|good/.test(path))
    .sort((a, b) => statSync(b).size - statSync(a).size)
  if (largest === undefined) throw new Error('no database')
  return largest
}
