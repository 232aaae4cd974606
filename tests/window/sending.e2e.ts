import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterEach, expect, it } from 'vitest'
import { dropOnWindow, type RunningApp, startApp } from '../support/app.ts'
import { expectClean } from '../support/axe.ts'
import { makeHome } from '../support/home.ts'
import { findProcess } from '../support/processes.ts'
import { type Service, startService } from '../support/service.ts'
import { makeFolder, startOnThisComputer } from '../support/steps.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

// Sending up, as a person does it in the window.

let running: RunningApp | null = null
let service: Service | null = null
afterEach(async () => {
  await running?.dispose()
  running = null
  await service?.stop()
  service = null
})

const row = (page: Page, name: string) => page.getByRole('row', { name: new RegExp(`^${name}`) })
const send = (page: Page, name: string, status: string) =>
  page.getByRole('listitem', { name: new RegExp(`^${name}, ${status}, `) })

async function center(page: Page, name: string): Promise<{ x: number; y: number }> {
  const box = await row(page, name).boundingBox()
  return { x: (box?.x ?? 0) + 60, y: (box?.y ?? 0) + (box?.height ?? 0) / 2 }
}

/** Drags files of this computer over a point of the window, and runs something before they leave it. */
async function hold(page: Page, files: string[], at: { x: number; y: number }, meanwhile: () => Promise<void>) {
  const client = await page.context().newCDPSession(page)
  const data = { items: [], files, dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver'] as const)
    await client.send('Input.dispatchDragEvent', { type, ...at, data })
  await meanwhile()
  await client.send('Input.dispatchDragEvent', { type: 'dragCancel', ...at, data })
  await client.detach()
}

it('sends what is dropped on a folder, shows it there, asks about names that are taken, and takes it back with undo', async () => {
  const files = temporaryFolder('files')
  mkdirSync(join(files, 'Album/Disc 2'), { recursive: true })
  for (const name of ['one.flac', 'Disc 2/two.flac']) writeFileSync(join(files, 'Album', name), Buffer.alloc(3_000_000))
  writeFileSync(join(files, 'photo.jpg'), Buffer.alloc(2_000_000))
  writeFileSync(join(files, 'film.mkv'), Buffer.alloc(250_000_000))
  writeFileSync(join(files, 'links.txt'), 'http://127.0.0.1:9/a.bin')
  const paths = ['Album', 'photo.jpg', 'links.txt'].map((name) => join(files, name))
  running = await startApp({ environment: makeHome('sending').environment })
  const { app, page } = running
  await startOnThisComputer(page)
  await makeFolder(page, 'Holiday')

  const on = await center(page, 'Holiday')
  await hold(page, paths, on, async () => {
    await page.getByText('1 link, 2 files or folders to send up').waitFor()
    await page.getByText('to Holiday', { exact: true }).waitFor()
    await pictures(page, 'veil')
  })
  await dropOnWindow(page, [], paths, on)
  // The text means its links; they wait for no file.
  const links = page.getByRole('dialog', { name: 'Add links' })
  await links.waitFor()
  await page.keyboard.press('Escape')
  await links.waitFor({ state: 'detached' })
  await page.getByRole('tab', { name: 'Sending up', selected: true }).waitFor()
  await send(page, 'Album', 'Sent').getByText('2 of 2 files · to Holiday').waitFor()
  await send(page, 'photo.jpg', 'Sent').waitFor()
  await expectClean(page)
  await send(page, 'Album', 'Sent').dblclick()
  await row(page, 'photo.jpg').waitFor()
  expect(await row(page, 'Album').getAttribute('aria-selected')).toBe('true')

  await dropOnWindow(page, [], [join(files, 'photo.jpg')])
  const question = page.getByRole('dialog', { name: 'A file with this name exists' })
  await question.getByText('In Holiday:').waitFor()
  await pictures(page, 'conflict')
  await question.getByRole('button', { name: 'Keep both' }).click()
  await row(page, 'photo \\(1\\)\\.jpg').waitFor()
  await send(page, 'photo \\(1\\)\\.jpg', 'Sent').waitFor()
  await row(page, 'Album').click()
  await page.keyboard.press('Control+z')
  await page.getByText('What was sent already is in the trash.').waitFor()
  await row(page, 'photo \\(\\d\\)\\.jpg').waitFor({ state: 'detached' })
  await page.keyboard.press('Control+Shift+z')
  await row(page, 'photo \\(\\d\\)\\.jpg').waitFor()

  // By menu and by keys; the person chooses in the system's dialog.
  await app.evaluate(
    ({ dialog }, path) => {
      const chosen = { canceled: false, filePaths: [path] }
      Object.assign(dialog, { showOpenDialog: async () => chosen })
    },
    join(files, 'film.mkv'),
  )
  await page.getByRole('grid').click({ button: 'right', position: { x: 300, y: 250 } })
  await page.getByRole('menuitem', { name: 'Upload folder…' }).waitFor()
  await pictures(page, 'menu')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+Shift+U')
  const film = page.getByRole('listitem', { name: /^film\.mkv, / })
  await film.waitFor()
  // Otherwise a fast disk has it all before it is paused.
  const servicePid = findProcess('main.cjs', join(running.dataFolder, 'service'))
  process.kill(servicePid, 'SIGSTOP')
  await film.getByText(/MB of 250 MB · to Holiday/).waitFor()
  await pictures(page, 'sending')
  await film.getByRole('button', { name: 'Pause “film.mkv”' }).focus()
  await page.keyboard.press('Enter')
  await send(page, 'film.mkv', 'Paused').waitFor()
  process.kill(servicePid, 'SIGCONT')
  await expectClean(page)
  await pictures(page, 'paused')
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.setSize(760, 520))
  await page.getByRole('button', { name: 'Resume all' }).click({ trial: true })
  await pictures(page, 'small')
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.setSize(1280, 800))
  await send(page, 'film.mkv', 'Paused').getByRole('button', { name: 'Stop sending “film.mkv”' }).click()
  await page.getByText('Stopped sending “film.mkv”').waitFor()
  await page.keyboard.press('Control+z')
  await send(page, 'film.mkv', 'Paused').getByRole('button', { name: 'Resume “film.mkv”' }).click()
  await send(page, 'film.mkv', 'Sent').waitFor()
  await row(page, 'film.mkv').waitFor()

  // A picture on the clipboard is not a file on this computer.
  await page.evaluate(() => {
    const data = new DataTransfer()
    data.items.add(new File(['x'], 'image.png', { type: 'image/png' }))
    window.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, cancelable: true }))
  })
  await page.getByText('One of these is not on this computer: save it first.').waitFor()
})

it('says before files are dropped on an account that takes none what can be done instead, and still takes links', async () => {
  const path = join(temporaryFolder('files'), 'photo.jpg')
  writeFileSync(path, 'photo')
  service = await startService({ user: 'mary' })
  running = await startApp({ environment: makeHome('sending').environment })
  const { page } = running
  await page.getByRole('button', { name: 'Sign in to a server' }).click()
  await page.getByLabel('Address').fill(service.url)
  await page.getByLabel('API key').fill(service.key)
  await page.getByLabel('API secret').fill(service.secret)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByText('Nothing here yet.').waitFor()
  await hold(page, [path], { x: 600, y: 300 }, async () => {
    await page.getByText(/^“.+” takes no files$/).waitFor()
    await page.getByText('Or drop them on an account that takes files.').waitFor()
    await pictures(page, 'veil-none')
  })
  await dropOnWindow(page, [{ mimeType: 'text/plain', data: 'http://127.0.0.1:9/a.bin' }], [path])
  await page.getByText(/^“.+” takes no files from this computer\./).waitFor()
  await page.getByRole('dialog', { name: 'Add links' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog', { name: 'Add links' }).waitFor({ state: 'detached' })
  await page.getByRole('grid').click({ button: 'right', position: { x: 300, y: 150 } })
  const upload = page.getByRole('menuitem', { name: 'Upload…' })
  await upload.waitFor()
  expect([await upload.isDisabled(), await upload.getAttribute('title')]).toEqual([
    true,
    expect.stringMatching(/^“.+” takes no files/),
  ])
})

async function pictures(page: Page, name: string): Promise<void> {
  if (process.env.PUTDESK_PICTURES === undefined) return
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.screenshot({ path: `${process.env.PUTDESK_PICTURES}/${name}-${colorScheme}.png` })
  }
}
