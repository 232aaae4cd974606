import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { dropOnWindow, type RunningApp, startApp } from '../support/app.ts'
import { expectClean } from '../support/axe.ts'
import { startOtherHost } from '../support/other-host.ts'
import { type Service, startService } from '../support/service.ts'
import { signInWithToken } from '../support/steps.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { bencode } from '../support/torrents.ts'
import { file, startWeb, type Web } from '../support/web.ts'

// Checks every screen with axe, in both themes. The service runs separately, so that its folders can be made beforehand.
let running: RunningApp
let service: Service
let web: Web
let folder: string

beforeAll(async () => {
  web = await startWeb()
  web.on('/film.mp4', file(Buffer.alloc(100_000_000), { type: 'video/mp4', bytesPerSecond: 300_000 }))
  folder = temporaryFolder('accessible')
  writeFileSync(join(folder, 'notes.txt'), 'notes')
  spawnSync('7zz', ['a', '-tzip', '-psesame', 'locked.zip', 'notes.txt'], { cwd: folder })
  web.on('/locked.zip', file(readFileSync(join(folder, 'locked.zip')), { type: 'application/zip' }))
  writeFileSync(
    join(folder, 'album.torrent'),
    bencode({ info: { name: 'album', length: 1000, 'piece length': 16_384, pieces: Buffer.alloc(20) } }),
  )
  service = await startService({ user: 'mary' })
  for (const name of ['Films', 'Music', 'Linux images']) await service.ask('files.create_dir', { name })
  await service.ask('transfers.add', { links: [web.url('/film.mp4'), web.url('/missing.iso'), web.url('/locked.zip')] })
  running = await startApp()
})
afterAll(async () => {
  await running.dispose()
  await service.stop()
  await web.stop()
})

// Closes what a test has opened.
afterEach(() => running.page.keyboard.press('Escape'))

it('finds no violation in the welcome screen', async () => {
  await running.page.getByRole('heading', { name: 'Welcome to Putdesk' }).waitFor()
  await expectClean(running.page)
})

it('finds no violation in the sign-in with an error', async () => {
  const { page } = running
  await page.getByRole('button', { name: 'Sign in to a server' }).click()
  await page.getByLabel('Address').fill(service.url)
  await page.getByLabel('API key').fill(service.key)
  await page.getByLabel('API secret').fill('wrong')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('alert').getByText('Unable to login').waitFor()
  await expectClean(page)
})

it('finds no violation in the window with files, a selection and transfers', async () => {
  const { page } = running
  await signInWithToken(page, 'Sign in to Put.io', service.url, service.token)
  await page.getByRole('row', { name: /Films/ }).click()
  await page.getByRole('listitem', { name: /missing\.iso, Error/ }).waitFor()
  await page.getByRole('listitem', { name: /film\.mp4, Downloading/ }).waitFor()
  await expectClean(page)
})

it('finds no violation in Add links with the ledger', async () => {
  const { page } = running
  await dropOnWindow(page, [{ mimeType: 'text/plain', data: `${web.url('/film.mp4')} ${web.url('/missing.iso')}` }])
  await page.getByText('cannot be fetched').waitFor()
  await expectClean(page)
})

it('finds no violation in Put.io’s own report on the links, which can be copied by keyboard', async () => {
  const { app, page } = running
  await dropOnWindow(page, [{ mimeType: 'text/plain', data: `${web.url('/film.mp4')} ${web.url('/missing.iso')}` }])
  await page.getByText('cannot be fetched').waitFor()
  await page.getByRole('button', { name: 'Put.io’s report' }).press('Enter')
  const text = await page.getByRole('textbox', { name: 'Put.io’s report' }).inputValue()
  expect(JSON.parse(text)).toMatchObject({
    Urls: { url: [web.url('/film.mp4')], rapid: [], multipart: {}, torrent: [] },
  })
  await page.getByRole('button', { name: 'Copy' }).press('Enter')
  await page.getByText('Copied').waitFor()
  expect(await app.evaluate(({ clipboard }) => clipboard.readText())).toBe(text)
  await expectClean(page)
  await page.keyboard.press('Escape')
})

it('finds no violation in Add links with a torrent file', async () => {
  const { page } = running
  await dropOnWindow(page, [], [join(folder, 'album.torrent')])
  await page.getByRole('checkbox', { name: 'Add album' }).waitFor()
  await expectClean(page)
})

it('finds no violation in the password dialog with an error', async () => {
  const { page } = running
  await page.getByRole('button', { name: 'Enter password for “locked.zip”' }).click()
  await page.getByRole('button', { name: 'Unpack' }).click()
  await page.getByRole('alert').getByText('Type the password.').waitFor()
  await expectClean(page)
})

it('finds no violation in the settings with the form for a paid hoster and an invalid limit', async () => {
  const { page } = running
  await page.keyboard.press('Control+,')
  await page.getByRole('button', { name: 'Add a paid hoster…' }).click()
  await page.getByLabel('Download at most, kB/s').fill('many')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('alert').nth(1).waitFor()
  await expectClean(page)
})

it('finds no violation in the settings', async () => {
  await running.page.keyboard.press('Control+,')
  await running.page.getByRole('heading', { name: 'Settings' }).waitFor()
  await expectClean(running.page)
})

it('finds no violation in the history', async () => {
  const { page } = running
  await page.getByRole('button', { name: 'History' }).click()
  await page.getByRole('heading', { name: 'History' }).waitFor()
  await expectClean(page)
})

it('finds no violation in the confirmation before deleting for good', async () => {
  const { page } = running
  await page.getByRole('row', { name: /Films/ }).click()
  await page.keyboard.press('Shift+Delete')
  await page.getByRole('alertdialog').waitFor()
  await expectClean(page)
})

it('finds no violation in the menu of an item', async () => {
  const { page } = running
  await page.getByRole('row', { name: /Films/ }).click({ button: 'right' })
  await page.getByRole('menu').waitFor()
  await expectClean(page)
})

it('finds no violation in the grid, in quick look, and in the list of what is saved here', async () => {
  const { page } = running
  await page.keyboard.press('Control+2')
  await page.getByRole('gridcell', { name: /Films/ }).click()
  await page.getByRole('tab', { name: 'Saving here' }).click()
  await expectClean(page)
  await page.getByRole('gridcell', { name: /Films/ }).click()
  await page.keyboard.press('Space')
  await page.getByText('This is a folder.').waitFor()
  await expectClean(page)
  await page.keyboard.press('Space')
  await page.keyboard.press('Control+1')
  await page.getByRole('tab', { name: 'Transfers' }).click()
})

it('finds no violation in the trash, and none in the confirmation before emptying it', async () => {
  const { page } = running
  await page.keyboard.press('Escape')
  await page.getByRole('row', { name: /Films/ }).click()
  await page.keyboard.press('Delete')
  await page.getByRole('treeitem', { name: 'Trash' }).click()
  await page.getByRole('row', { name: /^Films Your Files/ }).click()
  await expectClean(page)
  await page.getByRole('button', { name: 'Empty the trash…' }).click()
  await page.getByRole('alertdialog').waitFor()
  await expectClean(page)
})

it('finds no violation in the question whether a host is trusted, and none in the list of trusted hosts', async () => {
  const { page } = running
  const host = await startOtherHost([{ name: 'note.txt', bytes: Buffer.from('note') }])
  try {
    await page.getByRole('button', { name: /^Actions for/ }).click()
    await page.getByRole('menuitem', { name: 'Add an account…' }).click()
    await page.getByRole('button', { name: 'A server with key and secret' }).click()
    await page.getByLabel('Address').fill(host.url)
    await page.getByLabel('API key').fill('key')
    await page.getByLabel('API secret').fill('secret')
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    const accounts = page.getByRole('treeitem', { name: /^Your Files/ })
    await accounts.nth(1).click()
    await page.getByRole('row', { name: /^note\.txt/ }).click()
    await page.keyboard.press('Space')
    await page.getByRole('button', { name: /^Trust / }).waitFor()
    await expectClean(page)
    await page.getByRole('button', { name: /^Trust / }).click()
    await page.getByRole('alertdialog').waitFor()
    await expectClean(page)
    await page.getByRole('button', { name: 'Trust it', exact: true }).click()
    await page.getByRole('dialog', { name: 'note.txt' }).getByText('note', { exact: true }).waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+,')
    await page.getByRole('region', { name: 'Trusted hosts' }).scrollIntoViewIfNeeded()
    await expectClean(page)
  } finally {
    await host.stop()
  }
})
