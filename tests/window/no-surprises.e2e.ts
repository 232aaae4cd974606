import { randomBytes } from 'node:crypto'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { dropOnWindow, type RunningApp, startApp } from '../support/app.ts'
import { addLinks, makeFolder, startOnThisComputer } from '../support/steps.ts'
import { file, startWeb, type Web } from '../support/web.ts'

// No act surprises: what is done can be undone, and nothing moves under the pointer.

let web: Web
let running: RunningApp | null = null
const slow = ['one.mkv', 'two.mkv', 'three.mkv']
beforeAll(async () => {
  web = await startWeb()
  for (const name of slow) web.on(`/${name}`, file(randomBytes(40_000_000), { bytesPerSecond: 500_000 }))
  // Analysis finds it, but it cannot be fetched.
  web.on('/flaky.bin', (request, response) => {
    const isAnalysis = request.method === 'HEAD' || request.headers.range !== undefined
    response.writeHead(isAnalysis ? 200 : 404, { 'content-length': isAnalysis ? 1000 : 0 }).end()
  })
})
afterAll(() => web.stop())
afterEach(async () => {
  await running?.dispose()
  running = null
})

async function open(settings: Record<string, unknown> = {}): Promise<Page> {
  running = await startApp({ settings: { hostsOnMyNetwork: ['127.0.0.1'], ...settings } })
  await startOnThisComputer(running.page)
  return running.page
}

const transfer = (page: Page, name: string, status: string) =>
  page.getByRole('listitem', { name: new RegExp(`^${name}, ${status}, `) })

async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.PUTDESK_PICTURES
  if (!folder) return
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.screenshot({ path: `${folder}/${name}-${colorScheme}.png` })
  }
}

it('cancels one transfer by two quick clicks, keeps the focus, and takes it back with Ctrl+Z', async () => {
  const page = await open()
  await addLinks(page, ...slow.map((name) => web.url(`/${name}`)))
  for (const name of slow) await transfer(page, name, 'Downloading').waitFor()
  await transfer(page, 'one.mkv', 'Downloading').getByRole('button', { name: 'Cancel “one.mkv”' }).dblclick()
  await transfer(page, 'one.mkv', 'Cancelled').waitFor()
  await picture(page, 'cancelled')
  expect(await page.getByRole('button', { name: /^Cancel “/ }).count()).toBe(2)
  await page.getByRole('button', { name: 'Cancel “two.mkv”' }).evaluate((button) => {
    if (button !== document.activeElement) throw new Error(`the focus is on ${document.activeElement?.outerHTML}`)
  })
  await page.keyboard.press('Control+z')
  await transfer(page, 'one.mkv', 'Downloading').waitFor()
  await page.getByText('Undone: Cancelled “one.mkv”').waitFor()
  await page.getByRole('button', { name: 'Redo' }).click()
  await transfer(page, 'one.mkv', 'Cancelled').getByRole('button', { name: 'Do not cancel “one.mkv”' }).click()
  await transfer(page, 'one.mkv', 'Downloading').waitFor()

  // A folder and its name are one act; the menu names it.
  await makeFolder(page, 'Films')
  await page.getByRole('grid').click({ button: 'right', position: { x: 300, y: 200 } })
  await page.getByRole('menuitem', { name: 'Undo: Created the folder “Films”' }).waitFor()
  await picture(page, 'undo-menu')
  await page.getByRole('menuitem', { name: 'Undo: Created the folder “Films”' }).click()
  await page.getByRole('row', { name: /^Films/ }).waitFor({ state: 'detached' })
  await page.keyboard.press('Control+y')
  await page.getByRole('row', { name: /^Films/ }).waitFor()
  await picture(page, 'toast')
})

it('keeps links over Esc, deselects what a filter hides, and sums up what runs', async () => {
  const page = await open()
  const links = [...slow.map((name) => web.url(`/${name}`)), web.url('/flaky.bin')]
  await dropOnWindow(page, [{ mimeType: 'text/plain', data: links.join('\n') }])
  await page.getByRole('button', { name: 'Add 4 links' }).waitFor()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+u')
  await page.getByRole('button', { name: 'Add 4 links' }).click()
  await page.getByRole('button', { name: '1 failed' }).waitFor({ timeout: 30_000 })
  await page.getByText(/^3 fetching · [\d.]+ [kM]B\/s/).waitFor()
  await picture(page, 'dock')
  await page.getByRole('button', { name: 'Hide transfers' }).click()
  await page.getByRole('button', { name: '1 failed' }).click()
  await transfer(page, 'flaky.bin', 'Error').waitFor()

  for (const name of ['Films', 'Music']) await makeFolder(page, name)
  await page.keyboard.press('Control+a')
  await page.getByText('2 of 2 selected').waitFor()
  await page.keyboard.press('Control+f')
  await page.keyboard.type('mus')
  await page.getByText('1 of 2 selected').waitFor()
  await dropOnWindow(page, [{ mimeType: 'text/plain', data: 'http://127.0.0.1/left-behind.iso' }])
  await page.getByRole('dialog', { name: 'Add links' }).waitFor()
  await page.keyboard.press('Escape')
  await dropOnWindow(page, [{ mimeType: 'text/plain', data: web.url('/one.mkv') }])
  await page.getByText('There are links from before').waitFor()
  await page.getByRole('button', { name: 'Add 1 link' }).waitFor()
  await picture(page, 'draft')
})
