import { afterEach, expect, it } from 'vitest'
import { type RunningApp, startApp } from '../support/app.ts'
import { takePicture } from '../support/picture.ts'
import { makeFolder, startOnThisComputer } from '../support/steps.ts'

// Copying within the space, as a person does it in the window.

let running: RunningApp | null = null
afterEach(async () => {
  await running?.dispose()
  running = null
})

it('copies with the keyboard, the menu and Ctrl while dropping, and undoes it', async () => {
  running = await startApp()
  const { page } = running
  await startOnThisComputer(page)
  for (const name of ['Films', 'Music', 'Backup']) await makeFolder(page, name)
  const grid = page.getByRole('grid', { name: 'Items in Your Files' })
  const row = (name: string) => grid.getByRole('row', { name: new RegExp(`^${name} `) })
  const copies = grid.getByRole('row', { name: /\(\d\)/ })

  await row('Music').click()
  await page.keyboard.press('Control+c')
  await page.getByText('Copied 1 item: paste it in a folder').waitFor()
  await page.keyboard.press('Control+v')
  await page.getByText('Copied 1 item to Your Files').waitFor()
  await copies.first().waitFor()
  expect(await copies.count()).toBe(1)
  await takePicture(page, 'copied-here')
  await page.getByRole('button', { name: 'Undo' }).click()
  await copies.first().waitFor({ state: 'detached' })

  await row('Films').click({ button: 'right' })
  await takePicture(page, 'copy-menu')
  await page.getByRole('menuitem', { name: /^Copy Ctrl/ }).click()
  await row('Backup').click({ button: 'right' })
  await takePicture(page, 'paste-menu')
  await page.getByRole('menuitem', { name: 'Paste' }).click()
  await page.getByText('Copied 1 item to Backup').waitFor()

  // Dropped with Ctrl, it stays where it was.
  const [from, to] = [await row('Music').boundingBox(), await row('Backup').boundingBox()]
  await page.mouse.move((from?.x ?? 0) + 60, (from?.y ?? 0) + 8)
  await page.mouse.down()
  await page.keyboard.down('Control')
  await page.mouse.move((to?.x ?? 0) + 60, (to?.y ?? 0) + 8, { steps: 6 })
  expect(await page.evaluate('document.body.style.cursor')).toBe('copy')
  await page.mouse.up()
  await page.keyboard.up('Control')
  await page.getByText('Copied 1 item to Backup').waitFor()
  await row('Music').waitFor()
  await row('Backup').dblclick()
  const inside = page.getByRole('grid', { name: 'Items in Backup' })
  for (const name of [/^Films/, /^Music/]) await inside.getByRole('row', { name }).waitFor()
})
