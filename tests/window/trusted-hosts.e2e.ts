import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type RunningApp, startApp } from '../support/app.ts'
import { pngOf } from '../support/contents.ts'
import { type Home, makeHome, registerOpener } from '../support/home.ts'
import { type OtherHost, startOtherHost } from '../support/other-host.ts'

// A service with its contents on another host, in the real window: one question, wherever it comes up.

const count = 300
const many = Array.from({ length: count }, (_, at) => ({
  name: `file ${at}.txt`,
  bytes: Buffer.from(`content of file ${at}`),
  folderId: 1,
}))
const note = { name: 'note.txt', bytes: Buffer.from('what the note says') }
const picture = { name: 'picture.png', type: 'image', bytes: pngOf(64, 36) }
let host: OtherHost
let home: Home
let running: RunningApp
let page: Page

beforeEach(async () => {
  host = await startOtherHost([...many, note, picture])
  home = makeHome('trusted-hosts')
  running = await startApp({ environment: home.environment })
  page = running.page
  await page.getByRole('button', { name: 'Sign in to a server' }).click()
  await page.getByLabel('Address').fill(host.url)
  await page.getByLabel('API key').fill('key of mine')
  await page.getByLabel('API secret').fill('secret of mine')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await row('note.txt').waitFor()
})
afterEach(async () => {
  await running.dispose()
  await host.stop()
})

const row = (name: string) => page.getByRole('row', { name: new RegExp(`^${name}`) })
const save = (name: string, status: string) => page.getByRole('listitem', { name: new RegExp(`^${name}, ${status}, `) })
const shownHost = () => new URL(host.contentOrigin).host
const question = () => page.getByRole('alertdialog', { name: `Trust ${shownHost()}?` })
const answer = (name: 'Trust it' | 'Do not trust it') => question().getByRole('button', { name, exact: true }).click()

async function startSave(name: string) {
  await row(name).click()
  await page.keyboard.press('Control+s')
  await save(name, 'Waiting').waitFor()
}

it('asks once about a folder of 300 files, and saves all of them after a yes', async () => {
  await startSave('Folder')
  const waiting = save('Folder', 'Waiting')
  await waiting.getByText(`kept on ${shownHost()}, which is not trusted yet`).waitFor()
  const buttons = page.getByRole('button', { name: `Trust ${shownHost()}, for “Folder”` })
  await buttons.click()
  // Enter is pressed by accident: it is no yes.
  await question().getByText('Whoever runs it gets the access token of the account.').waitFor()
  await page.keyboard.press('Enter')
  await question().waitFor({ state: 'detached' })
  await waiting.waitFor()
  await page.waitForTimeout(1500)
  expect(host.requests).toEqual([])
  expect(await buttons.count()).toBe(1)

  await buttons.click()
  await answer('Trust it')
  await save('Folder', 'Saved').waitFor()
  const folder = join(home.downloads, 'Folder')
  expect(readdirSync(folder).length).toBe(count)
  expect(readFileSync(join(folder, 'file 299.txt'), 'utf8')).toBe('content of file 299')
  expect(await page.getByRole('button', { name: /^Trust / }).count()).toBe(0)
})

it('asks in quick look, and shows the file after a yes', async () => {
  await row('note.txt').click()
  await page.keyboard.press('Space')
  const look = page.getByRole('dialog', { name: 'note.txt' })
  await look.getByText(`would be read from ${shownHost()}, which is not the server of this account`).waitFor()
  await look.getByRole('button', { name: `Trust ${shownHost()}…` }).click()
  await answer('Do not trust it')
  await look.getByText('would be read from').waitFor()
  expect(host.requests).toEqual([])
  await look.getByRole('button', { name: `Trust ${shownHost()}…` }).click()
  await answer('Trust it')
  await look.getByText('what the note says').waitFor()
})

it('asks in a message before it opens a file, and opens it after a yes', async () => {
  const opened = registerOpener(home)
  await row('note.txt').click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Open in its program' }).click()
  await page.getByText(`would be read from ${shownHost()}`).waitFor()
  await page.getByRole('button', { name: 'Trust it and open' }).click()
  await vi.waitFor(() => expect(existsSync(opened)).toBe(true), 20_000)
  expect(readFileSync(readFileSync(opened, 'utf8').trim(), 'utf8')).toBe('what the note says')
})

it('asks in a message after Ctrl+C, and has the file on the clipboard after a yes; saves that wait go on as well', async () => {
  await startSave('Folder')
  await row('note.txt').click()
  await page.keyboard.press('Control+c')
  await page.getByRole('button', { name: 'Trust it and copy' }).click()
  await page.getByText(/^Copied/).waitFor()
  await save('Folder', 'Saved').waitFor()
})

it('never asks because of a thumbnail, and shows it once the host is trusted', async () => {
  await row('picture.png').waitFor()
  await page.keyboard.press('Control+2')
  const cell = page.getByRole('gridcell', { name: 'picture.png' })
  await cell.waitFor()
  await page.waitForTimeout(1500)
  expect(await page.getByText(/Trust/).count()).toBe(0)
  expect(host.requests).toEqual([])
  await cell.click()
  await page.keyboard.press('Space')
  await page.getByRole('button', { name: /^Trust / }).click()
  await answer('Trust it')
  await page.getByText('64 × 36').waitFor()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+1')
  await page.keyboard.press('Control+2')
  await cell.locator('canvas').waitFor()
})

it('lists the trusted hosts in the settings, and asks again once one is removed there', async () => {
  await startSave('note.txt')
  await page.getByRole('button', { name: /^Trust .*, for “note\.txt”/ }).click()
  await answer('Trust it')
  await save('note.txt', 'Saved').waitFor()
  await page.keyboard.press('Control+,')
  const list = page.getByRole('region', { name: 'Trusted hosts' })
  await list.getByText(host.contentOrigin).waitFor()
  await list.getByRole('button', { name: /^No longer trust / }).click()
  await list.waitFor({ state: 'detached' })
  await page.keyboard.press('Escape')
  await startSave('picture.png')
  await page.getByRole('button', { name: /^Trust .*, for “picture\.png”/ }).waitFor()
})
