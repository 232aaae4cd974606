import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type RunningApp, startApp } from '../support/app.ts'
import { addLinks, startOnThisComputer } from '../support/steps.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { cleanUp, type MadeTorrent, makeTorrent, startLibtorrent } from '../support/torrents.ts'
import { file, startWeb, type Web } from '../support/web.ts'

// A file, a torrent with an archive in it, and an archive in parts, side by side in the window.

const password = 'sesame-of-the-window'
let folder: string
let web: Web
let album: MadeTorrent
let parts: string[]
let running: RunningApp | null = null

beforeAll(async () => {
  folder = temporaryFolder('side-by-side')
  web = await startWeb()
  writeFileSync(join(folder, 'song.flac'), randomBytes(6_000_000))
  writeFileSync(join(folder, 'lecture.bin'), randomBytes(9_000_000))
  writeFileSync(join(folder, 'notes.txt'), 'nobody else reads this')
  pack('-tzip', '-mx=0', 'album.zip', 'song.flac')
  // A slow compression method, so that the unpacking can be seen.
  pack('-t7z', '-m0=PPMd:mem=64m:o=32', '-v4m', 'lectures.7z', 'lecture.bin')
  pack('-tzip', `-p${password}`, 'locked.zip', 'notes.txt')
  parts = readdirSync(folder).filter((name) => name.startsWith('lectures.7z.'))
  album = await makeTorrent({
    name: 'album.zip',
    files: [{ path: [], bytes: readFileSync(join(folder, 'album.zip')) }],
  })
  web.on('/debian.iso', file(randomBytes(16_000_000), { bytesPerSecond: 1_000_000 }))
  web.on('/locked.zip', file(readFileSync(join(folder, 'locked.zip')), { type: 'application/zip' }))
  for (const name of parts) web.on(`/${name}`, file(readFileSync(join(folder, name)), { bytesPerSecond: 500_000 }))
})
afterAll(async () => {
  await cleanUp()
  await web.stop()
})
afterEach(async () => {
  await running?.dispose()
  running = null
})

function pack(...args: string[]): void {
  const { status, stdout } = spawnSync('7zz', ['a', ...args], { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(`7zz could not pack: ${stdout}`)
}

/** The app with a local service that may reach this machine, and fetches torrents slowly enough to be watched. */
async function open(): Promise<Page> {
  running = await startApp({
    settings: { hostsOnMyNetwork: ['127.0.0.1'], downloadLimitBytesPerSecond: 1_500_000 },
  })
  await startOnThisComputer(running.page)
  return running.page
}

const row = (page: Page, name: string, status: string) =>
  page.getByRole('listitem', { name: new RegExp(`^${name}, ${status}, `) })

it('shows a file, a torrent and an archive in parts, each with details of its kind, and delivers all of them to the folder', async () => {
  const peer = await startLibtorrent(album)
  const page = await open()
  await addLinks(
    page,
    web.url('/debian.iso'),
    `${album.magnet}&dn=album.zip&x.pe=${peer.address}:${peer.port}`,
    ...parts.map((name) => web.url(`/${name}`)),
  )
  await row(page, 'lectures(\\.7z)?', 'Downloading').waitFor()
  const iso = row(page, 'debian.iso', 'Downloading')
  await iso.getByText('from 127.0.0.1 · to Your Files').waitFor()
  await iso.getByText(/\d+\skB\/s|MB\/s/).waitFor()
  await row(page, 'album.zip', 'Downloading').getByText('from 1 person · to Your Files').waitFor()
  expect(await page.getByRole('listitem', { name: /, Downloading, / }).count()).toBe(3)

  await row(page, 'lectures(\\.7z)?', 'Extracting')
    .getByText(/time depends on the size and kind of archive/)
    .waitFor()
  await page.getByRole('row', { name: /^lecture\.bin/ }).waitFor()

  const shared = row(page, 'album.zip', 'Seeding')
  await shared.getByText('shared 0 % of 1:1, then its slot is free').waitFor()
  await page.getByRole('row', { name: /^song\.flac/ }).waitFor()
  await shared.getByRole('button', { name: 'Stop sharing “album.zip”' }).click()
  await shared.waitFor({ state: 'detached' })

  await page.getByRole('row', { name: /^debian\.iso/ }).waitFor({ timeout: 60_000 })
  await page.getByText('No transfers.').waitFor()
  expect(await page.getByRole('row', { name: /^(song\.flac|lecture\.bin|debian\.iso)/ }).count()).toBe(3)
})

it('asks for the password of an archive, says when it is wrong, and unpacks with the right one', async () => {
  const page = await open()
  await addLinks(page, web.url('/locked.zip'))
  const failed = row(page, 'locked.zip', 'Error')
  await failed
    .getByText(/password/)
    .first()
    .waitFor()
  await failed.getByRole('button', { name: 'Enter password for “locked.zip”' }).click()
  const dialog = page.getByRole('dialog', { name: 'Password for “locked.zip”' })
  const field = dialog.getByLabel('Password of the archive')
  expect(await field.evaluate((one) => one === document.activeElement)).toBe(true)
  await page.keyboard.press('Enter')
  await dialog.getByRole('alert').getByText('Type the password.').waitFor()
  await field.fill('a wrong one')
  expect(await field.getAttribute('type')).toBe('password')
  await dialog.getByRole('button', { name: 'Show the password' }).click()
  expect(await field.getAttribute('type')).toBe('text')
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })

  await failed.getByRole('button', { name: 'Enter password for “locked.zip”' }).click()
  await field.fill('a wrong one')
  await dialog.getByRole('button', { name: 'Unpack' }).click()
  await dialog.waitFor({ state: 'detached' })
  await failed
    .getByText(/wrong|not the password|does not open/i)
    .first()
    .waitFor()
  await failed.getByRole('button', { name: 'Enter password for “locked.zip”' }).click()
  await dialog.getByText('The last password did not open it.').waitFor()
  await field.fill(password)
  await page.keyboard.press('Enter')
  await page.getByRole('row', { name: /^notes\.txt/ }).waitFor()
  const log = join(running?.dataFolder ?? '', 'putdesk.log')
  expect(existsSync(log) ? readFileSync(log, 'utf8') : '').not.toMatch(/sesame|a wrong one/)
})

it('keeps an archive as it is when the password is not known', async () => {
  const page = await open()
  await addLinks(page, web.url('/locked.zip'))
  await page.getByRole('button', { name: 'Enter password for “locked.zip”' }).click()
  await page.getByRole('button', { name: 'Keep the archive as it is' }).click()
  await page.getByRole('row', { name: /^locked\.zip/ }).waitFor()
})

it('unpacks an archive of the space with its password, shows the folder, and undoes it', async () => {
  const page = await open()
  await addLinks(page, web.url('/locked.zip'))
  await page.getByRole('button', { name: 'Enter password for “locked.zip”' }).click()
  await page.getByRole('button', { name: 'Keep the archive as it is' }).click()
  const archive = page.getByRole('row', { name: /^locked\.zip/ })
  const folder = page.getByRole('row', { name: /^locked / })
  const dialog = page.getByRole('dialog', { name: 'Password for “locked.zip”' })
  await archive.click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Unpack here' }).click()
  for (const typed of ['a wrong one', password]) {
    await dialog.waitFor()
    await dialog.getByLabel('Password of the archive').fill(typed)
    await page.keyboard.press('Enter')
    if (typed !== password) await dialog.getByText('The last password did not open it.').waitFor()
  }
  await page.getByText('Unpacked “locked.zip”').waitFor()
  await folder.waitFor()
  await archive.waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await folder.waitFor({ state: 'detached' })
})
