import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterEach, beforeAll, expect, it } from 'vitest'
import { dropOnWindow, type RunningApp, secondStart, startApp } from '../support/app.ts'
import { startOnThisComputer } from '../support/steps.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { bencode } from '../support/torrents.ts'

// Torrent files can be opened in every way, and nothing is fetched before the user agrees.

let folder: string
let running: RunningApp | null = null
const path = (name: string) => join(folder, name)

beforeAll(() => {
  folder = temporaryFolder('torrent-files')
  for (const name of ['first', 'second', 'third']) {
    const info = { name: `${name}-album`, length: 1000, 'piece length': 16_384, pieces: Buffer.alloc(20, name) }
    writeFileSync(path(`${name}.torrent`), bencode({ info }))
  }
  writeFileSync(path('page.torrent'), '<html>')
  writeFileSync(path('large.torrent'), Buffer.alloc(700_001))
})
afterEach(async () => {
  await running?.dispose()
  running = null
})

const offered = (page: Page, name: string) => page.getByRole('checkbox', { name: `Add ${name}` })

it('lists dropped torrent files by name, lets one be removed, and says which are invalid', async () => {
  running = await startApp()
  const { page } = running
  await startOnThisComputer(page)
  await dropOnWindow(page, [], ['first.torrent', 'second.torrent', 'page.torrent', 'large.torrent'].map(path))
  await offered(page, 'first-album').waitFor()
  await offered(page, 'second-album').waitFor()
  await page.getByText('“large.torrent” is too large for a torrent file: at most 700 kB.').first().waitFor()
  const chips = page.getByRole('list', { name: 'Torrent files' }).getByRole('listitem')
  expect(await chips.allInnerTexts()).toEqual(
    ['first.torrent', 'second.torrent', 'page.torrent'].map((name) => expect.stringContaining(name)),
  )
  expect(await page.getByLabel('Links', { exact: true }).inputValue()).toBe('')
  expect(await page.locator('body').innerHTML()).not.toMatch(/base64,/)
  expect(await offered(page, 'page.torrent').isDisabled()).toBe(true)
  await page.getByRole('button', { name: 'Remove page.torrent' }).click()
  await offered(page, 'page.torrent').waitFor({ state: 'detached' })

  expect(await page.getByRole('listitem', { name: /Looking for peers/ }).count()).toBe(0)
  await page.getByRole('button', { name: 'Add 2 links' }).click()
  await page
    .getByRole('listitem', { name: /^first-album, Looking for peers/ })
    .getByText('nobody to fetch from')
    .waitFor()
  await page.getByRole('listitem', { name: /^second-album, Looking for peers/ }).waitFor()
})

it('opens a torrent file and a magnet link that it was started with, once there is an account', async () => {
  const magnet = `magnet:?xt=urn:btih:${'c'.repeat(40)}&dn=of-the-link`
  running = await startApp({ args: [path('first.torrent'), magnet] })
  const { page } = running
  await startOnThisComputer(page)
  await offered(page, 'first-album').waitFor()
  expect(await page.getByLabel('Links', { exact: true }).inputValue()).toBe(magnet)
  expect(await page.getByRole('listitem', { name: /, Looking for peers/ }).count()).toBe(0)
})

it('opens what a second start hands over and what is chosen with Ctrl+O, in addition to what is open already', async () => {
  running = await startApp()
  const { page, dataFolder } = running
  await startOnThisComputer(page)
  await secondStart(dataFolder, [path('second.torrent')])
  await offered(page, 'second-album').waitFor()
  await page.keyboard.press('Escape')
  const choosing = page.waitForEvent('filechooser')
  await page.keyboard.press('Control+O')
  await (await choosing).setFiles([path('third.torrent')])
  await offered(page, 'third-album').waitFor()
  await secondStart(dataFolder, [path('first.torrent')])
  await offered(page, 'first-album').waitFor()
  expect(await offered(page, 'third-album').count()).toBe(1)
})
