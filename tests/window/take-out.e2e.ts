import { randomBytes } from 'node:crypto'
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { dropOnWindow, type RunningApp, startApp } from '../support/app.ts'
import { makeHome } from '../support/home.ts'
import { addLinks, makeFolder, startOnThisComputer } from '../support/steps.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { file, startWeb, type Web } from '../support/web.ts'

// Files are taken out of the window: by drag and drop, and by the clipboard.

const song = randomBytes(2_000_000)
let web: Web
let running: RunningApp | null = null
beforeAll(async () => {
  web = await startWeb()
  web.on('/song.flac', file(song))
  web.on('/l%C3%A9tter.txt', file(Buffer.from('a letter')))
})
afterAll(() => web.stop())
afterEach(async () => {
  await running?.dispose()
  running = null
})

async function open(): Promise<{ app: RunningApp['app']; page: Page; downloads: string }> {
  const { downloads, environment } = makeHome('take-out')
  running = await startApp({ environment, settings: { hostsOnMyNetwork: ['127.0.0.1'] } })
  await startOnThisComputer(running.page)
  const { app, page } = running
  await addLinks(page, web.url('/song.flac'), web.url('/l%C3%A9tter.txt'))
  return { app, page, downloads }
}

const row = (page: Page, name: string) => page.getByRole('row', { name: new RegExp(`^${name}`) })

async function center(of: Locator): Promise<[x: number, y: number]> {
  const box = await of.boundingBox()
  return [(box?.x ?? 0) + 60, (box?.y ?? 0) + (box?.height ?? 0) / 2]
}

/** Presses the button on a row and moves it, without letting go. */
async function grab(page: Page, name: string, to: [x: number, y: number]): Promise<void> {
  await page.mouse.move(...(await center(row(page, name))))
  await page.mouse.down()
  await page.mouse.move(...to, { steps: 8 })
}

/** The files of the next drag that the system is handed. */
async function handedFiles(app: RunningApp['app']): Promise<string[]> {
  let files: string[] = []
  while (files.length === 0)
    files = await app.evaluate(() => {
      const item = Reflect.get(globalThis, 'dragged') as { files: string[] } | undefined
      Reflect.deleteProperty(globalThis, 'dragged')
      return item?.files ?? []
    })
  return files
}

it('moves dragged items within the window, and hands their files to the system where they leave it', async () => {
  const { app, page, downloads } = await open()
  await makeFolder(page, 'Album')
  // The system is not told here, as nothing would take the files.
  await app.evaluate(({ BrowserWindow }) => {
    const [window] = BrowserWindow.getAllWindows()
    if (window === undefined) throw new Error('no window')
    window.webContents.startDrag = (item) => void Reflect.set(globalThis, 'dragged', item)
  })
  await grab(page, 'song.flac', await center(row(page, 'Album')))
  await pictures(page, 'drag')
  await page.keyboard.press('Escape')
  await page.mouse.up()
  await row(page, 'song.flac').waitFor()

  await grab(page, 'song.flac', [-40, 300])
  const files = await handedFiles(app)
  await page.mouse.up()
  expect(files.map((path) => basename(path))).toEqual(['song.flac'])
  expect(readFileSync(files[0] ?? '').equals(song)).toBe(true)

  // What cannot be dragged is not saved before the person wants it: they may have cancelled the drag.
  await row(page, 'song.flac').click()
  await row(page, 'Album').click({ modifiers: ['Control'] })
  await grab(page, 'song.flac', [-40, 300])
  await handedFiles(app)
  await page.mouse.up()
  await page.mouse.move(200, 300)
  await page.getByText('1 item could not be dragged').waitFor()
  await page.getByRole('button', { name: 'Save it to this computer' }).waitFor()
  expect(readdirSync(downloads)).toEqual([])
  await page.keyboard.press('Escape')

  await grab(page, 'song.flac', await center(row(page, 'Album')))
  await page.mouse.up()
  await page.getByText('Moved 1 item to Album').waitFor()
  await row(page, 'song.flac').waitFor({ state: 'detached' })

  await grab(page, 'Album', [-40, 300])
  await page.mouse.up()
  await page.getByRole('listitem', { name: /^Album, Saved, / }).waitFor()
  await page.getByText('“Album” is saved: drag it from Saving here').waitFor()
  expect(await page.getByRole('button', { name: 'Stop', exact: true }).count()).toBe(0)
  await pictures(page, 'shelf')
  expect(readdirSync(join(downloads, 'Album'))).toEqual(['song.flac'])
})

it('moves what is dragged out and back into the window, but no other file that only has its name', async () => {
  const { app, page } = await open()
  await makeFolder(page, 'Album')
  await app.evaluate(({ BrowserWindow }) => {
    const [window] = BrowserWindow.getAllWindows()
    if (window !== undefined) window.webContents.startDrag = (item) => void Reflect.set(globalThis, 'dragged', item)
  })
  const other = join(temporaryFolder('other'), 'song.flac')
  const [x, y] = await center(row(page, 'Album'))
  // Another file, one that is only newer, and more files than were dragged.
  for (const change of ['content', 'time', 'number']) {
    await grab(page, 'song.flac', [-40, 300])
    const [real = ''] = await handedFiles(app)
    await page.mouse.up()
    if (change === 'content') writeFileSync(other, 'another song')
    else copyFileSync(real, other)
    await dropOnWindow(page, [], change === 'number' ? [real, real] : [other], { x, y })
    // They are sent up, and nothing is moved.
    await page.getByRole('listitem', { name: /^song\.flac, Sent, / }).waitFor()
    await page.keyboard.press('Control+z')
    await page.getByText('What was sent already is in the trash.').waitFor()
    await page.getByRole('button', { name: 'Dismiss' }).click()
    await page.mouse.move(200, 300)
    await row(page, 'song.flac').waitFor()
  }
  await grab(page, 'song.flac', [-40, 300])
  const files = await handedFiles(app)
  await page.mouse.up()
  await dropOnWindow(page, [], files, { x, y })
  await page.getByText('Moved 1 item to Album').waitFor()
})

it('puts the files of the selected rows on the clipboard with Ctrl+C', async () => {
  const { app, page } = await open()
  await row(page, 'song.flac').click()
  await row(page, 'létter.txt').click({ modifiers: ['Control'] })
  await page.keyboard.press('Control+c')
  await page.getByText('Copied 2 files: paste them in another program').waitFor()
  await pictures(page, 'copied')
  const list = await app.evaluate(({ clipboard }) => {
    const readBuffer: unknown = Reflect.get(clipboard, 'readBuffer')
    return typeof readBuffer === 'function' ? String(readBuffer.call(clipboard, 'text/uri-list')) : ''
  })
  const paths = list
    .trim()
    .split('\r\n')
    .map((url) => fileURLToPath(url))
  expect(paths.map((path) => basename(path))).toEqual(['song.flac', 'létter.txt'])
  expect(readFileSync(paths[0] ?? '').equals(song)).toBe(true)
  await page.keyboard.press('Control+v')
  await page.getByText('Copied 2 items to Your Files').waitFor()
  await row(page, 'song \\(2\\).flac').waitFor()
})

it('saves the selected files as one zip', async () => {
  const { page, downloads } = await open()
  await page.getByRole('row', { name: /^song\.flac/ }).click()
  await row(page, 'létter.txt').click({ modifiers: ['Control'] })
  // The dialog of the system cannot be operated; it is answered as if the person had chosen that folder.
  await running?.app.evaluate(({ dialog }, folder) => {
    dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [folder] })
  }, downloads)
  await row(page, 'song.flac').click({ button: 'right' })
  await pictures(page, 'zip-menu')
  await page.getByRole('menuitem', { name: 'Save as a zip…' }).click()
  await page.getByRole('listitem', { name: /^Putdesk\.zip, Saved, / }).waitFor()
  await pictures(page, 'zip-saved')
  expect(readdirSync(downloads)).toEqual(['Putdesk.zip'])
})

/** The window in light and in dark. */
async function pictures(page: Page, name: string): Promise<void> {
  if (process.env.PUTDESK_PICTURES === undefined) return
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.screenshot({ path: `${process.env.PUTDESK_PICTURES}/${name}-${colorScheme}.png` })
  }
}
