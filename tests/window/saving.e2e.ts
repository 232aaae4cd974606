import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type RunningApp, startApp } from '../support/app.ts'
import { makeHome } from '../support/home.ts'
import { addLinks, startOnThisComputer } from '../support/steps.ts'
import { file, startWeb, type Web } from '../support/web.ts'

// Saving on this computer, as a person does it in the window.

const song = randomBytes(2_000_000)
const film = randomBytes(30_000_000)
let web: Web
let running: RunningApp | null = null
beforeAll(async () => {
  web = await startWeb()
  web.on('/song.flac', file(song))
  web.on('/film.mkv', file(film))
})
afterAll(() => web.stop())
afterEach(async () => {
  await running?.dispose()
  running = null
})

/** The app with a folder for downloads of its own. */
async function open(
  settings: Record<string, unknown> = {},
): Promise<{ page: Page; downloads: string; environment: Record<string, string> }> {
  const { downloads, environment } = makeHome('saving')
  running = await startApp({
    environment,
    settings: { hostsOnMyNetwork: ['127.0.0.1'], ...settings },
  })
  await startOnThisComputer(running.page)
  return { page: running.page, downloads, environment }
}

const save = (page: Page, name: string, status: string) =>
  page.getByRole('listitem', { name: new RegExp(`^${name}, ${status}, `) })

/** Drags a row with the mouse. Returns the files that the system is told to drag; it is not told here, as nothing would take them. */
async function dragOut(page: Page, row: Locator): Promise<unknown> {
  const { app } = running ?? {}
  await app?.evaluate(({ BrowserWindow }) => {
    const [window] = BrowserWindow.getAllWindows()
    if (window === undefined) throw new Error('no window')
    window.webContents.startDrag = (item) => void Reflect.set(globalThis, 'dragged', item)
  })
  const box = await row.boundingBox()
  await page.mouse.move((box?.x ?? 0) + 100, (box?.y ?? 0) + 10)
  await page.mouse.down()
  await page.mouse.move((box?.x ?? 0) + 160, (box?.y ?? 0) - 60, { steps: 5 })
  let files: unknown
  while (files === undefined)
    files = await app?.evaluate(() => (Reflect.get(globalThis, 'dragged') as { files?: string[] } | undefined)?.files)
  await page.mouse.up()
  return files
}

it('saves the selected file with Ctrl+S, and asks when its name is taken', async () => {
  const { page, downloads } = await open()
  await addLinks(page, web.url('/song.flac'))
  await page.getByRole('row', { name: /^song\.flac/ }).click()
  await page.keyboard.press('Control+s')
  await page.getByRole('tab', { name: 'Saving here', selected: true }).waitFor()
  await save(page, 'song.flac', 'Saved').waitFor()
  expect(readFileSync(join(downloads, 'song.flac')).equals(song)).toBe(true)
  // Set by the bundled app in its own runtime. There is no build of the module for Windows.
  const { getAttribute } = await import('@napi-rs/xattr')
  const origin = await getAttribute(join(downloads, 'song.flac'), 'user.xdg.origin.url')
  expect(`${origin}`).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/)
  expect(await dragOut(page, save(page, 'song.flac', 'Saved'))).toEqual([join(downloads, 'song.flac')])

  await page.getByRole('row', { name: /^song\.flac/ }).click()
  await page.keyboard.press('Control+s')
  const dialog = page.getByRole('dialog', { name: 'A file with this name exists' })
  await dialog.getByText(downloads).waitFor()
  await dialog.getByText('song.flac').waitFor()
  if (process.env.PUTDESK_PICTURES) await page.screenshot({ path: `${process.env.PUTDESK_PICTURES}/conflict.png` })
  await dialog.getByRole('button', { name: 'Keep both' }).click()
  await save(page, 'song \\(2\\).flac', 'Saved').waitFor()
  expect(readdirSync(downloads).sort()).toEqual(['song (2).flac', 'song.flac'])
})

it('shows speed and time left, pauses, resumes, and stops', async () => {
  const { page, downloads } = await open({ saveLimitBytesPerSecond: 4_000_000 })
  await addLinks(page, web.url('/film.mkv'), web.url('/song.flac'))
  await page.getByRole('row', { name: /^film\.mkv/ }).click()
  await page.keyboard.press('Control+s')
  const row = save(page, 'film.mkv', 'Saving')
  await row.getByText(/MB\/s · \d+ s/).waitFor()
  if (process.env.PUTDESK_PICTURES) await page.screenshot({ path: `${process.env.PUTDESK_PICTURES}/saving.png` })
  await row.getByRole('button', { name: 'Pause “film.mkv”' }).click()
  const paused = save(page, 'film.mkv', 'Paused')
  await paused.waitFor()
  await paused.getByRole('button', { name: 'Resume “film.mkv”' }).click()
  await row.waitFor()
  await row.getByRole('button', { name: 'Stop saving “film.mkv”' }).click()
  await page.getByText('Nothing is being saved to this computer.').waitFor()
  await expect.poll(() => readdirSync(downloads), { timeout: 20_000 }).toEqual([])
})

it('continues a save after the app was quit and started again', async () => {
  const { page, downloads, environment } = await open({ saveLimitBytesPerSecond: 4_000_000 })
  await addLinks(page, web.url('/film.mkv'))
  await page.getByRole('row', { name: /^film\.mkv/ }).click()
  await page.keyboard.press('Control+s')
  await save(page, 'film.mkv', 'Saving')
    .getByText(/MB\/s · \d+ s/)
    .waitFor()
  const { dataFolder = '' } = running ?? {}
  await running?.close()
  expect(readdirSync(downloads).every((name) => name.startsWith('.'))).toBe(true)
  running = await startApp({ dataFolder, environment })
  await running.page.getByRole('tab', { name: /^Saving here/ }).click()
  await save(running.page, 'film.mkv', 'Saved').waitFor()
  expect(readdirSync(downloads)).toEqual(['film.mkv'])
  expect(readFileSync(join(downloads, 'film.mkv')).equals(film)).toBe(true)
})

it('moves, pauses and removes saves with the keyboard', async () => {
  const { page, downloads } = await open({ saveLimitBytesPerSecond: 100_000 })
  await addLinks(page, web.url('/film.mkv'), web.url('/song.flac'))
  for (const name of ['film', 'song']) {
    await page.getByRole('row', { name: new RegExp(`^${name}\\.`) }).click()
    await page.keyboard.press('Control+s')
    await page.getByRole('listitem', { name: new RegExp(`^${name}\\.`) }).waitFor()
  }
  const names = () =>
    page
      .getByRole('group', { name: 'Saving here' })
      .getByRole('listitem')
      .evaluateAll((rows) => rows.map((row) => row.getAttribute('aria-label')?.replace(/,.*selected$/, ' selected')))
  await page.getByRole('listitem', { name: /^song\.flac/ }).click()
  await page.keyboard.press('Control+ArrowUp')
  await expect.poll(names).toEqual(['song.flac selected', expect.stringMatching(/^film\.mkv, /)])
  await page.keyboard.press('Control+a')
  await page.keyboard.press('Space')
  await save(page, 'film.mkv', 'Paused').waitFor()
  await save(page, 'song.flac', 'Paused').waitFor()
  await expect.poll(names).toEqual(['song.flac selected', 'film.mkv selected'])
  if (process.env.PUTDESK_PICTURES) await pictures(page, 'selected')
  await page.keyboard.press('Delete')
  const dialog = page.getByRole('alertdialog', { name: 'Stop saving 2 items?' })
  await dialog.getByText('film.mkv').waitFor()
  if (process.env.PUTDESK_PICTURES) await pictures(page, 'stop')
  await dialog.getByRole('button', { name: 'Stop saving 2 items' }).click()
  await page.getByText('Nothing is being saved to this computer.').waitFor()
  await expect.poll(() => readdirSync(downloads)).toEqual([])
})

it('moves saves with the mouse while the list changes, and hands only finished ones to the system', async () => {
  web.on('/note.txt', file(Buffer.from('a note')))
  web.on('/third.bin', file(film))
  const { page, downloads } = await open({ saveLimitBytesPerSecond: 100_000 })
  await addLinks(page, ...['note.txt', 'film.mkv', 'song.flac', 'third.bin'].map((name) => web.url(`/${name}`)))
  for (const name of ['note', 'film', 'song', 'third']) {
    await page.getByRole('row', { name: new RegExp(`^${name}\\.`) }).click()
    await page.keyboard.press('Control+s')
    await page.getByRole('listitem', { name: new RegExp(`^${name}\\.`) }).waitFor()
  }
  await save(page, 'note.txt', 'Saved').waitFor()
  const rows = page.getByRole('group', { name: 'Saving here' }).getByRole('listitem')
  const names = () => rows.evaluateAll((all) => all.map((row) => row.getAttribute('aria-label')?.replace(/[.,].*/, '')))
  const row = (name: string) => page.getByRole('listitem', { name: new RegExp(`^${name}\\.`) })
  const line = page.locator('[data-insertion]')
  /** Presses the button on a row, and moves to the upper quarter of another. */
  const drag = async (name: string, before: string) => {
    const [from, to] = [await row(name).boundingBox(), await row(before).boundingBox()]
    await page.mouse.move((from?.x ?? 0) + 100, (from?.y ?? 0) + 20)
    await page.mouse.down()
    await page.mouse.move((to?.x ?? 0) + 140, (to?.y ?? 0) + 10, { steps: 5 })
  }
  expect(await names()).toEqual(['note', 'film', 'song', 'third'])

  await drag('third', 'film')
  await line.waitFor()
  const [shown, film2] = [await line.boundingBox(), await row('film').boundingBox()]
  expect(Math.abs((shown?.y ?? 0) - (film2?.y ?? 0))).toBeLessThan(3)
  if (process.env.PUTDESK_PICTURES) await pictures(page, 'moving')
  // Another one leaves the list meanwhile.
  const leaving = (await row('song').getAttribute('id'))?.replace('save-', '')
  await page.evaluate(`window.putio.send({ id: 900000, method: 'saves.remove', input: { saveIds: ['${leaving}'] } })`)
  await row('song').waitFor({ state: 'detached' })
  await page.mouse.up()
  await expect.poll(names).toEqual(['note', 'third', 'film'])
  await line.waitFor({ state: 'detached' })

  // Escape ends it, and a release outside the list moves nothing.
  await drag('film', 'third')
  await line.waitFor()
  await page.keyboard.press('Escape')
  await line.waitFor({ state: 'detached' })
  await page.mouse.up()
  await drag('film', 'third')
  await page.mouse.move(600, 200)
  await line.waitFor({ state: 'detached' })
  await page.mouse.up()

  expect(await dragOut(page, row('note'))).toEqual([join(downloads, 'note.txt')])
  expect([await line.count(), await names()]).toEqual([0, ['note', 'third', 'film']])
  await drag('film', 'note')
  await page.mouse.up()
  await expect.poll(names).toEqual(['film', 'note', 'third'])
})

/** The window in light and in dark. */
async function pictures(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.screenshot({ path: `${process.env.PUTDESK_PICTURES}/${name}-${colorScheme}.png` })
  }
}
