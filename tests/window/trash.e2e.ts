import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type RunningApp, startApp } from '../support/app.ts'
import { takePicture } from '../support/picture.ts'
import { addLinks, startOnThisComputer } from '../support/steps.ts'
import { file, startWeb, type Web } from '../support/web.ts'

// Deleting and bringing back, as a person does it in the window.

let web: Web
let running: RunningApp | null = null
beforeAll(async () => {
  web = await startWeb()
  web.on('/film-one.mkv', file(Buffer.alloc(2_000_000, '1')))
  web.on('/film-two.mkv', file(Buffer.alloc(3_000_000, '2')))
  web.on('/notes.txt', file(Buffer.alloc(1000, '3')))
})
afterAll(() => web.stop())
afterEach(async () => {
  await running?.dispose()
  running = null
})

it('deletes what is shown without a question, undoes it, and empties the trash', async () => {
  running = await startApp({ settings: { hostsOnMyNetwork: ['127.0.0.1'] } })
  const { page } = running
  await startOnThisComputer(page)
  await addLinks(page, web.url('/film-one.mkv'), web.url('/film-two.mkv'), web.url('/notes.txt'))
  const rows = page.getByRole('grid', { name: 'Items in Your Files' }).getByRole('row')
  const row = (name: string) => page.getByRole('row', { name: new RegExp(`^${name}`) })
  await row('notes.txt').click()

  // A filter also limits what is selected.
  await page.keyboard.press('Control+a')
  await page.keyboard.press('Control+f')
  await page.keyboard.type('film')
  await page.getByText('2 of 3 selected').waitFor()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Delete')
  await page.getByText('Moved 2 items to the trash').waitFor()
  await page.getByRole('button', { name: 'Clear the filter' }).click()
  await row('film-one.mkv').waitFor({ state: 'detached' })
  expect(await rows.count()).toBe(2)
  await takePicture(page, 'deleted')

  await page.keyboard.press('Control+z')
  await row('film-two.mkv').waitFor()
  expect(await page.getByRole('treeitem', { name: 'Trash' }).innerText()).toBe('Trash')

  await row('film-one.mkv').click()
  await page.keyboard.press('Shift+Delete')
  const question = page.getByRole('alertdialog', { name: 'Delete “film-one.mkv” for good?' })
  await question.getByRole('button', { name: 'Keep it' }).click()
  const place = page.getByRole('treeitem', { name: 'Trash' })
  await page.keyboard.press('Control+a')
  await row('film-one.mkv').dragTo(place)
  await place.getByText('5 MB').waitFor()

  await place.click()
  const trash = page.getByRole('grid', { name: 'Items in the trash' })
  await trash.getByRole('row', { name: /^notes\.txt Your Files/ }).click()
  await takePicture(page, 'trash')
  await page.keyboard.press('Enter')
  await page.getByText('Restored “notes.txt”').waitFor()
  await page.getByRole('button', { name: 'Empty the trash…' }).click()
  const emptying = page.getByRole('alertdialog', { name: 'Empty the trash, with 2 items?' })
  await emptying.getByText('film-two.mkv').waitFor()
  await takePicture(page, 'empty-question')
  await emptying.getByRole('button', { name: 'Empty the trash' }).click()
  await page.getByText('The trash is empty.').waitFor()
  await takePicture(page, 'empty')
  await page.keyboard.press('Alt+ArrowLeft')
  await row('notes.txt').waitFor()
  expect(await rows.count()).toBe(2)
})
