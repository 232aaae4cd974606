import { randomBytes } from 'node:crypto'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { dropOnWindow, type RunningApp, secondStart, startApp } from '../support/app.ts'
import { makeFolder, startOnThisComputer } from '../support/steps.ts'
import { file, startWeb, type Web } from '../support/web.ts'

// No act surprises: what is done can be undone, nothing moves under the pointer, and nothing ends unasked.

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

it('keeps links over Esc, takes cancelling and creating back, and asks before it ends', async () => {
  running = await startApp({ settings: { hostsOnMyNetwork: ['127.0.0.1'] } })
  const { page, app, dataFolder } = running
  await startOnThisComputer(page)

  // Esc loses no links.
  const links = [...slow.map((name) => web.url(`/${name}`)), web.url('/flaky.bin')]
  await dropOnWindow(page, [{ mimeType: 'text/plain', data: links.join('\n') }])
  await page.getByRole('button', { name: 'Add 4 links' }).waitFor()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+u')
  await page.getByRole('button', { name: 'Add 4 links' }).click()
  await page.getByRole('button', { name: '1 failed' }).waitFor({ timeout: 30_000 })
  await page.getByText(/^3 fetching · [\d.]+ [kM]B\/s/).waitFor()
  await picture(page, 'dock')
  if (process.env.PUTDESK_PICTURES) {
    await page.setViewportSize({ width: 800, height: 600 })
    await picture(page, 'dock-small')
    await page.setViewportSize({ width: 1280, height: 800 })
  }

  // Two quick clicks cancel one transfer, and the focus moves on.
  await transfer(page, 'one.mkv', 'Downloading').getByRole('button', { name: 'Cancel “one.mkv”' }).dblclick()
  await transfer(page, 'one.mkv', 'Cancelled').waitFor()
  await picture(page, 'cancelled')
  expect(await page.getByRole('button', { name: /^Cancel “/ }).count()).toBe(3)
  await page.locator('[aria-label="Cancel “two.mkv”"]:focus').waitFor()
  await page.keyboard.press('Control+z')
  await transfer(page, 'one.mkv', 'Downloading').waitFor()
  await page.getByText('Undone: Cancelled “one.mkv”').waitFor()
  await page.getByRole('button', { name: 'Redo' }).click()
  await transfer(page, 'one.mkv', 'Cancelled').getByRole('button', { name: 'Do not cancel “one.mkv”' }).click()
  await transfer(page, 'one.mkv', 'Downloading').waitFor()

  // A folder and its name are one act; the menu names it. A filter deselects what it hides.
  for (const name of ['Films', 'Music']) await makeFolder(page, name)
  await page.keyboard.press('Control+a')
  await page.getByText('2 of 2 selected').waitFor()
  await page.keyboard.press('Control+c')
  await page.getByText('Copied 2 items: paste them in a folder').waitFor()
  await page.keyboard.press('Control+v')
  await page.getByText('Copied 2 items to Your Files').waitFor()
  await page.keyboard.press('Control+z')
  await page.getByText('Undone: Copied 2 items to Your Files').waitFor()
  await page.getByText('2 of 2 selected').waitFor()
  await page.keyboard.press('Control+f')
  await page.keyboard.type('mus')
  await page.getByText('1 of 2 selected').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('grid').click({ button: 'right', position: { x: 300, y: 200 } })
  await picture(page, 'undo-menu')
  await page.getByRole('menuitem', { name: 'Undo: Created the folder “Music”' }).click()
  await page.getByRole('row', { name: /^Music/ }).waitFor({ state: 'detached' })
  await page.keyboard.press('Control+y')
  await page.getByRole('row', { name: /^Music/ }).waitFor()

  // Closing asks, and keeps running; the next start shows the window again.
  await app.evaluate(({ BrowserWindow, dialog }) => {
    const asked: string[] = []
    Object.assign(globalThis, { asked })
    dialog.showMessageBox = async (...args: unknown[]) => {
      const { message, detail } = Object(args.at(-1))
      asked.push(`${message} ${detail}`)
      return { response: 0, checkboxChecked: false }
    }
    BrowserWindow.getAllWindows()[0]?.close()
  })
  const isVisible = () => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible() ?? false)
  await expect.poll(isVisible).toBe(false)
  const asked = await app.evaluate(() => Object(globalThis).asked)
  expect(asked).toEqual([expect.stringContaining('3 running transfers: “one.mkv”, “two.mkv”, “three.mkv”.')])
  await secondStart(dataFolder, [`magnet:?xt=urn:btih:${'0123456789'.repeat(4)}&dn=left-behind`])
  await expect.poll(isVisible).toBe(true)

  // What was not added is there after a restart, beside new links, and the transfers go on.
  await page.getByRole('dialog', { name: 'Add links' }).waitFor()
  await page.keyboard.press('Escape')
  await running.close()
  running = await startApp({ dataFolder })
  await transfer(running.page, 'three.mkv', 'Downloading').waitFor({ timeout: 30_000 })
  await dropOnWindow(running.page, [{ mimeType: 'text/plain', data: web.url('/one.mkv') }])
  await running.page.getByRole('button', { name: 'Show them here' }).waitFor()
  await running.page.getByRole('button', { name: 'Add 1 link' }).waitFor()
  await picture(running.page, 'draft')
  await running.page.getByRole('button', { name: 'Cancel' }).click()
  await running.page.keyboard.press('Control+,')
  await running.page.getByLabel('When the window is closed').scrollIntoViewIfNeeded()
  expect(await running.page.getByLabel('When the window is closed').inputValue()).toBe('hide')
  await picture(running.page, 'settings')
})
