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

/** The label or the text of what has the focus. */
const focused = (page: Page) =>
  page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent)

it('saves the selected file with Ctrl+S, asks when its name is taken, shows the new row, and opens what is saved', async () => {
  // There is space for one row and a half.
  const { page, downloads } = await open({ dockHeight: 96 })
  const list = page.getByRole('group', { name: 'Saving here' })
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
  await expect.poll(() => focused(page)).toBe('Keep both')
  await page.keyboard.press('Enter')
  const second = save(page, 'song \\(2\\).flac', 'Saved')
  await second.waitFor()
  const scrolledBy = () => list.evaluate((element) => element.scrollTop)
  await expect.poll(scrolledBy).toBeGreaterThan(20)
  // Only what the person starts scrolls the list.
  await list.evaluate((element) => element.scrollTo(0, 0))
  expect(readdirSync(downloads).sort()).toEqual(['song (2).flac', 'song.flac'])

  await running?.app.evaluate(({ shell }) => {
    const paths: string[] = []
    Reflect.set(globalThis, 'openedPaths', paths)
    shell.openPath = async (path) => {
      paths.push(path)
      return ''
    }
  })
  const opened = () => running?.app.evaluate(() => Reflect.get(globalThis, 'openedPaths') as string[])
  await save(page, 'song.flac', 'Saved').dblclick()
  await expect.poll(opened).toEqual([join(downloads, 'song.flac')])
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect.poll(opened).toEqual([join(downloads, 'song.flac'), join(downloads, 'song (2).flac')])
  expect(await scrolledBy()).toBeGreaterThan(20)
  await second.click({ button: 'right' })
  const leave = page.getByRole('menuitem', { name: 'Remove from the list' })
  await leave.waitFor()
  if (process.env.PUTDESK_PICTURES) await pictures(page, 'menu')
  await leave.click()
  await second.waitFor({ state: 'detached' })
  // The last one leaves: the focus goes to the tab.
  await page.getByRole('button', { name: 'Remove “song.flac” from the list' }).focus()
  await page.keyboard.press('Enter')
  await page.getByText('Nothing is being saved to this computer.').waitFor()
  await expect.poll(() => focused(page)).toBe('Saving here')
  await page.keyboard.press('Control+z')
  await page.keyboard.press('Control+z')
  await second.waitFor({ state: 'attached' })
  await page.getByRole('button', { name: 'Clear saved' }).focus()
  await page.keyboard.press('Enter')
  await page.getByText('Nothing is being saved to this computer.').waitFor()
  await expect.poll(() => focused(page)).toBe('Saving here')
})

it('shows bytes, speed and time left, pauses, resumes, stops, and continues with undo', async () => {
  const { page, downloads } = await open({ saveLimitBytesPerSecond: 2_500_000 })
  await addLinks(page, web.url('/film.mkv'), web.url('/song.flac'))
  await page.getByRole('row', { name: /^film\.mkv/ }).click()
  await page.keyboard.press('Control+s')
  const row = save(page, 'film.mkv', 'Saving')
  await row.getByText(/MB\/s · \d+ s/).waitFor()
  await row.getByText(/^[\d.]+ MB of 30 MB · to /).waitFor()
  await page.getByText(/^1 saving · [\d.]+ MB\/s · \d+ s left$/).waitFor()
  if (process.env.PUTDESK_PICTURES) await pictures(page, 'saving')
  // The keyboard stays where it is.
  await row.getByRole('button', { name: 'Pause “film.mkv”' }).focus()
  await page.keyboard.press('Enter')
  const paused = save(page, 'film.mkv', 'Paused')
  await paused.waitFor()
  expect(await focused(page)).toBe('Resume “film.mkv”')
  await page.keyboard.press('Enter')
  await row.waitFor()
  expect(await focused(page)).toBe('Pause “film.mkv”')
  await page.getByRole('button', { name: 'Pause all' }).focus()
  await page.keyboard.press('Enter')
  await paused.waitFor()
  await expect.poll(() => focused(page)).toBe('Resume all')
  await page.keyboard.press('Enter')
  await row.waitFor()
  await expect.poll(() => focused(page)).toBe('Pause all')
  await row.getByText(/^[\d.]+ MB of 30 MB · to /).waitFor()
  const bytes = async () => Number.parseFloat((await row.getByText(/ MB of 30 MB/).textContent()) ?? '')
  const before = await bytes()
  const stop = row.getByRole('button', { name: 'Stop saving “film.mkv”' })
  await stop.click()
  await page.getByText('Nothing is being saved to this computer.').waitFor()
  if (process.env.PUTDESK_PICTURES) await pictures(page, 'stopped')
  expect(readdirSync(downloads)).not.toEqual([])
  await page.getByRole('button', { name: 'Undo' }).click()
  await row.getByText(/^[\d.]+ MB of 30 MB · to /).waitFor()
  expect(await bytes()).toBeGreaterThanOrEqual(before)
  await stop.click()
  await page.getByText('Nothing is being saved to this computer.').waitFor()
  await expect.poll(() => readdirSync(downloads)).toEqual([])
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
  await page.getByText('Nothing is being saved to this computer.').waitFor()
  // In the order in which they were, and as they were.
  await page.keyboard.press('Control+z')
  await save(page, 'film.mkv', 'Paused').waitFor()
  await expect.poll(names).toEqual([expect.stringMatching(/^song\.flac/), expect.stringMatching(/^film\.mkv/)])
  await page.keyboard.press('Control+z')
  await expect.poll(() => page.getByRole('listitem', { name: /, Paused, / }).count()).toBe(0)
  await page.keyboard.press('Control+z')
  await expect.poll(names).toEqual([expect.stringMatching(/^film\.mkv/), expect.stringMatching(/^song\.flac/)])
  // What was started is stopped at last, and the transfers stay as they are.
  for (const left of ['film.mkv', null]) {
    await page.keyboard.press('Control+z')
    if (left === null) await page.getByText('Nothing is being saved to this computer.').waitFor()
    else await expect.poll(names).toEqual([expect.stringMatching(/^film\.mkv/)])
  }
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
  const leaving = (await row('song').getAttribute('id'))?.replace('move-', '')
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
