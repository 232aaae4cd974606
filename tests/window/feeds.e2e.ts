import { createServer } from 'node:http'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type RunningApp, startApp } from '../support/app.ts'
import { takePicture } from '../support/picture.ts'
import { startOnThisComputer } from '../support/steps.ts'
import { file, startWeb, type Web } from '../support/web.ts'

// Following a feed, as a person does it in the window.

let web: Web
let running: RunningApp | null = null
beforeAll(async () => {
  web = await startWeb()
  const entry = (title: string, path: string) =>
    `<item><title>${title}</title><guid>${path}</guid><enclosure url="${web.url(path)}" type="audio/mpeg"/></item>`
  const entries = [
    entry('Live jazz from the pawnshop', '/jazz.mp3'),
    entry('An hour of rock', '/rock.mp3'),
    entry('A jazz evening that is not there', '/missing.mp3'),
  ]
  web.on('/feed.xml', (_request, response) => {
    response.writeHead(200).end(`<rss version="2.0"><channel>${entries.join('')}</channel></rss>`)
  })
  web.on('/jazz.mp3', file(Buffer.alloc(20_000, '1')))
})
afterAll(() => web.stop())
afterEach(async () => {
  await running?.dispose()
  running = null
})

it('follows a feed after a look at what matches, retries what failed, and adds a removed feed again', async () => {
  running = await startApp({ settings: { hostsOnMyNetwork: ['127.0.0.1'] } })
  const { page } = running
  await startOnThisComputer(page)
  await page.getByRole('treeitem', { name: 'Feeds' }).click()
  await page.getByText('No feeds yet.').waitFor()
  await takePicture(page, 'feeds-empty')

  await page.getByRole('button', { name: 'Add a feed…' }).click()
  const adding = page.getByRole('dialog', { name: 'Add a feed' })
  // The field has the focus.
  await adding.locator('input:focus').waitFor()
  await page.keyboard.press('Enter')
  await adding.getByText('A feed needs an address.').waitFor()
  await page.keyboard.type(web.url('/nothing.xml'))
  await adding.getByRole('button', { name: 'Show what matches' }).click()
  await adding.getByText(/404/).waitFor()
  await adding.getByLabel('Address').fill(web.url('/feed.xml'))
  await adding.getByLabel('Name').fill('Evening radio')
  await adding.getByLabel('The title contains').fill('jazz')
  await adding.getByRole('button', { name: 'Show what matches' }).click()
  await adding.getByText('2 of 3 entries match').waitFor()
  await takePicture(page, 'feeds-adding')
  await adding.getByRole('button', { name: 'Add the feed' }).click()
  await adding.waitFor({ state: 'detached' })

  const entries = page.getByRole('list', { name: 'Entries of Evening radio' })
  await entries.getByText(/In your files$/).waitFor()
  await entries.getByRole('button', { name: 'Fetch “A jazz evening that is not there” again' }).waitFor()
  await page.getByRole('region', { name: 'Feeds' }).getByText('1 failed', { exact: true }).waitFor()
  await takePicture(page, 'feeds')
  web.on('/missing.mp3', file(Buffer.alloc(20_000, '2')))
  await entries.getByRole('button', { name: 'Fetch “A jazz evening that is not there” again' }).click()
  await page
    .getByRole('region', { name: 'Feeds' })
    .getByText('1 failed', { exact: true })
    .waitFor({ state: 'detached' })
  await entries
    .getByText(/In your files$/)
    .nth(1)
    .waitFor()

  // By keyboard: pause, and remove.
  const feed = page.getByRole('button', { name: /^Evening radio/ })
  await page.getByRole('button', { name: 'Pause “Evening radio”' }).click()
  await page.getByRole('button', { name: 'Resume “Evening radio”' }).waitFor()
  await feed.press('ArrowLeft')
  await entries.waitFor({ state: 'detached' })
  await page.keyboard.press('Delete')
  await page.getByText('No feeds yet.').waitFor()
  expect(await page.evaluate('document.activeElement?.id')).toBe('items')
  await page.keyboard.press('Control+z')
  await page.getByRole('button', { name: 'Resume “Evening radio”' }).waitFor()

  await feed.press('F2')
  const changing = page.getByRole('dialog', { name: 'Change “Evening radio”' })
  await changing.getByLabel('The title does not contain').fill('rock')
  await takePicture(page, 'feeds-changing')
  await page.keyboard.press('Enter')
  await page.getByText(/only “jazz” · not “rock”/).waitFor()
  await page.getByRole('button', { name: 'Resume “Evening radio”' }).click()
  await takeSmallPictures(page)
})

/** A feed that cannot be read, in a small window. */
async function takeSmallPictures(page: Page): Promise<void> {
  const closed = createServer()
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
  const address = closed.address()
  const port = typeof address === 'object' ? address?.port : 0
  await new Promise((resolve) => closed.close(resolve))
  await page.getByRole('button', { name: 'Add a feed…' }).click()
  await page.getByRole('dialog').locator('input:focus').waitFor()
  await page.keyboard.type(`http://127.0.0.1:${port}/gone.xml`)
  await page.keyboard.press('Enter')
  await page.getByText('Cannot be read').waitFor()
  await page.setViewportSize({ width: 700, height: 480 })
  await takePicture(page, 'feeds-small')
}
