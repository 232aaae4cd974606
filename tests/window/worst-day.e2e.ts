import type { Locator, Page } from 'playwright-core'
import { afterAll, afterEach, expect, it } from 'vitest'
import { apiV2 } from '../support/api-v2.ts'
import { dropOnWindow, type RunningApp, startApp } from '../support/app.ts'
import { expectClean } from '../support/axe.ts'
import { makeHome } from '../support/home.ts'
import { takePicture } from '../support/picture.ts'
import { startService } from '../support/service.ts'
import { signInWithToken } from '../support/steps.ts'
import { metadata, tusClient } from '../support/uploads.ts'
import { file, startWeb } from '../support/web.ts'
import { type Failure, startWorstDay, type WorstDay } from '../support/worst-day.ts'

// The worst days of a service, on every screen: what was there stays readable, what the person did says what happened and offers
// to try it again, and nothing is done twice.

const ends: { stop(): Promise<unknown> }[] = []
const table: string[][] = []
let running: RunningApp | null = null
afterEach(async () => {
  await running?.dispose()
  running = null
  for (const end of ends.splice(0).reverse()) await end.stop()
})
afterAll(() => console.info(`The worst day on every screen:\n${table.map((row) => row.join(' · ')).join('\n')}`))

const error = (status: number, type: string, headers: Record<string, string> = {}): Failure => ({
  ...{ status, headers },
  body: JSON.stringify({ status: 'ERROR', status_code: status, error_type: type, error_message: type }),
})
const hotel = { 'content-type': 'text/html' }
const failures: Record<string, { failure: Failure; sentence: RegExp }> = {
  'errors of the service': {
    failure: error(503, 'SERVICE_UNAVAILABLE'),
    sentence: /reports an error of its own \(503\)\. Try again later\./,
  },
  'a page in place of each answer': {
    failure: { status: 200, headers: hotel, body: '<html>Log in to this hotel</html>' },
    sentence: /answered, but not as a Put\.io server does\./,
  },
}
const lost = { failure: { cutAt: 0 } as Failure, sentence: /does not answer\./ }

interface Day {
  page: Page
  /** Calls the service itself, as another program does. */
  call: ReturnType<typeof apiV2>
  /** From now on, this happens to every request; nothing for null. */
  happens(failure: Failure | null): void
  /** How often the service itself was asked for this since the last call of `happens` with a failure. */
  reached(path: RegExp): number
  fileUrl(name: string): string
}

async function begin(): Promise<Day> {
  const web = await startWeb()
  ends.push(web)
  const entry = `<item><title>Jazz</title><guid>jazz</guid><enclosure url="${web.url('/jazz.mp3')}" type="audio/mpeg"/></item>`
  web.on('/radio.xml', (_request, response) => {
    response.writeHead(200).end(`<rss version="2.0"><channel>${entry}</channel></rss>`)
  })
  for (const name of ['/jazz.mp3', '/film-1.mkv', '/film-2.mkv', '/film-3.mkv'])
    web.on(name, file(Buffer.alloc(20_000, name)))
  const service = await startService({ user: 'ann' })
  const day = await startWorstDay(service)
  ends.push(service, day)
  const call = apiV2(service)
  const create = async (name: string, parentId = 0) =>
    Number(Object((await call('POST', '/v2/files/create-folder', { name, parent_id: parentId })).body.file).id)
  await create('Films')
  await call('POST', '/v2/files/delete', { file_ids: await create('Old') })
  await call('POST', '/v2/rss/create', { title: 'Radio', rss_source_url: web.url('/radio.xml'), parent_dir_id: 0 })
  const tus = tusClient(service)
  const notes = await tus.request('POST', '/files/', {
    ...{ 'upload-length': '11', 'upload-metadata': metadata({ parent_id: '0', name: 'notes.txt' }) },
  })
  await tus.patch(notes.headers.get('location') ?? '', 0, 'some notes.')

  running = await startApp({ environment: makeHome('worst').environment })
  const { page } = running
  await signInWithToken(page, 'Sign in to Put.io', day.url, service.token)
  await page.getByRole('tree', { name: /^ann · / }).waitFor()
  await row(page, 'Films').waitFor()
  return { page, call, fileUrl: (name) => web.url(`/${name}`), ...follow(day) }
}

function follow(day: WorstDay): Pick<Day, 'happens' | 'reached'> {
  let current: Failure | null = null
  day.plan(() => current)
  return {
    happens: (failure) => {
      if (failure !== null) day.reached.clear()
      current = failure
    },
    reached: (path) => [...day.reached].reduce((sum, [key, count]) => (path.test(key) ? sum + count : sum), 0),
  }
}

const row = (page: Page, name: string) => page.getByRole('row', { name: new RegExp(`^${name}`) })
/** Where what is dropped does not mean a folder of the list. */
const besideList = { x: 700, y: 650 }
const toast = (page: Page) => page.getByRole('region', { name: 'Messages' })
/** A list says it above itself, or the banner of the account does. */
const whole = (page: Page) => page.locator('body')
const place = (page: Page, name: string | RegExp) => page.getByRole('treeitem', { name })
async function goHome(page: Page): Promise<void> {
  await place(page, /^Your Files/).click()
  await row(page, 'Films').waitFor()
}

/** A screen that shows something of the service. */
interface Screen {
  /** Goes there on a good day. */
  open(day: Day, nth: number): Promise<unknown>
  /** What the person does there. */
  ask(day: Day, nth: number): Promise<unknown>
  /** What says that it failed. */
  where(page: Page, nth: number): Locator
  /** What can still be read then. */
  stays(page: Page, nth: number): Locator
  /** What it shows in the end. */
  shown(page: Page, nth: number): Locator
}

const menuOfAccount = async (page: Page, item: string) => {
  await page.getByRole('button', { name: /^Actions for ann/ }).click()
  await page.getByRole('menuitem', { name: item }).click()
}

const screens: Record<string, Screen> = {
  'the list': {
    open: ({ page }) => row(page, 'Films').click(),
    ask: async ({ page, call }, nth) => {
      await call('POST', '/v2/files/create-folder', { name: `Newest ${nth}`, parent_id: 0 })
      await page.keyboard.press('F5')
    },
    where: whole,
    stays: (page) => row(page, 'notes\\.txt'),
    shown: (page, nth) => row(page, `Newest ${nth}`),
  },
  'a folder that is opened': {
    open: async ({ page, call }, nth) => {
      await call('POST', '/v2/files/create-folder', { name: `Opened ${nth}`, parent_id: 0 })
      await page.keyboard.press('F5')
      await row(page, `Opened ${nth}`).waitFor()
    },
    ask: ({ page }, nth) => row(page, `Opened ${nth}`).dblclick(),
    where: (page, nth) => page.getByRole('region', { name: `Opened ${nth}` }),
    stays: (page, nth) => place(page, `Opened ${nth}`),
    shown: (page) => page.getByText('Nothing here yet.'),
  },
  'a search': {
    open: async ({ page }) => {
      await page.keyboard.press('Control+f')
      await page.keyboard.type('notes')
      await page.keyboard.press('Enter')
      await row(page, 'Films').waitFor({ state: 'detached' })
      await row(page, 'notes\\.txt').click()
    },
    ask: ({ page }) => page.keyboard.press('F5'),
    where: whole,
    stays: (page) => row(page, 'notes\\.txt'),
    shown: (page) => row(page, 'notes\\.txt'),
  },
  'the trash': {
    open: async ({ page }) => {
      await place(page, 'Trash').click()
      await row(page, 'Old').click()
    },
    ask: ({ page }) => page.keyboard.press('F5'),
    where: whole,
    stays: (page) => row(page, 'Old'),
    shown: (page) => row(page, 'Old'),
  },
  'the feeds': {
    open: async ({ page }) => {
      await place(page, 'Feeds').click()
      await page.getByRole('button', { name: /^Radio/ }).waitFor()
    },
    ask: ({ page }) => page.keyboard.press('F5'),
    where: whole,
    stays: (page) => page.getByRole('button', { name: /^Radio/ }),
    shown: (page) => page.getByRole('button', { name: /^Radio/ }),
  },
  'the settings of the account': {
    open: async () => undefined,
    ask: ({ page }) => menuOfAccount(page, 'Settings of this account…'),
    where: (page) => page.getByRole('dialog'),
    stays: (page) => page.getByText(/^These settings are stored at the service/),
    shown: (page) => page.getByRole('switch', { name: 'Deleted items go to the trash' }),
  },
  'who can read a folder': {
    open: ({ page }) => row(page, 'Films').click({ button: 'right' }),
    ask: ({ page }) => page.getByRole('menuitem', { name: 'Share…' }).click(),
    where: (page) => page.getByRole('dialog'),
    stays: (page) => page.getByRole('heading', { name: 'Share “Films”' }),
    shown: (page) => page.getByRole('button', { name: 'Make a link' }),
  },
  'the cost of links': {
    open: async () => undefined,
    ask: ({ page, fileUrl }) =>
      dropOnWindow(page, [{ mimeType: 'text/plain', data: fileUrl('film-1.mkv') }], [], besideList),
    where: (page) => page.getByRole('dialog'),
    stays: (page) => page.getByRole('textbox', { name: 'Links' }),
    shown: (page) => page.getByRole('checkbox', { name: 'Add film-1.mkv' }),
  },
}

const checkedByAxe = new Set(['the list', 'the settings of the account', 'the cost of links'])

it('keeps each screen readable when it cannot be asked for, says why, and shows it when it is asked for again', async () => {
  const day = await begin()
  const { page, happens } = day
  for (const [what, { failure, sentence }] of Object.entries(failures))
    for (const [name, screen] of Object.entries(screens)) {
      const nth = Object.keys(failures).indexOf(what) + 1
      await goHome(page)
      await screen.open(day, nth)
      happens(failure)
      await screen.ask(day, nth)
      const problem = screen.where(page, nth).getByRole('alert').filter({ hasText: sentence }).first()
      await problem.waitFor()
      await screen.stays(page, nth).waitFor()
      table.push([what, name, ((await problem.locator('p').first().textContent()) ?? '').trim()])
      await takePicture(page, `worst-${name.replaceAll(' ', '-')}-${nth}`)
      if (nth === 1 && checkedByAxe.has(name)) await expectClean(page)
      happens(null)
      await problem.getByRole('button', { name: 'Try again' }).press('Enter')
      await screen.shown(page, nth).waitFor()
      await problem.waitFor({ state: 'detached' })
      expect(await page.evaluate('document.activeElement === document.body'), name).toBe(false)
      for (const dialog of await page.getByRole('dialog').all()) {
        await page.keyboard.press('Escape')
        await dialog.waitFor({ state: 'detached' })
      }
    }

  // Quick look says it in place of the content, beside the facts.
  await goHome(page)
  await row(page, 'notes\\.txt').click()
  const [failed] = Object.values(failures)
  happens(failed?.failure ?? null)
  await page.keyboard.press('Space')
  const look = page.getByRole('dialog')
  const retry = look.getByRole('button', { name: 'Try again' })
  await retry.waitFor()
  table.push([
    'errors of the service',
    'quick look',
    ((await look.getByRole('status').locator('p').textContent()) ?? '').trim(),
  ])
  await takePicture(page, 'worst-quick-look')
  happens(null)
  await retry.press('Enter')
  // It is asked again: its files are at the service itself, not at the proxy.
  await look.getByRole('button', { name: /^Trust 127\.0\.0\.1/ }).waitFor()
  // The keyboard still works.
  await page.keyboard.press('Space')
  await look.waitFor({ state: 'detached' })

  // Then the account waits, so it is the last.
  await goHome(page)
  happens(error(429, 'RATE_LIMIT_ERROR', { 'x-ratelimit-action': 'captcha-needed', 'x-ratelimit-id': 'c4' }))
  await page.keyboard.press('F5')
  const captcha = page
    .getByRole('alert')
    .filter({ hasText: /wants to know that you are a person\. Open .*\/captcha\/c4/ })
  await captcha.first().waitFor()
  table.push(['a captcha', 'the list', ((await captcha.first().locator('p').first().textContent()) ?? '').trim()])
  await row(page, 'notes\\.txt').waitFor()
})

/** What a person changes at the service. */
interface Change {
  /** What is asked for at the service, and so is counted. */
  path: RegExp
  /** True if it has the same result when it is done twice. */
  isSameTwice?: boolean
  /** Makes what the change is about, on a good day. */
  open(day: Day, nth: number): Promise<unknown>
  act(day: Day, nth: number): Promise<unknown>
  where(page: Page): Locator
  /** Does it again, once the service is well. */
  again(day: Day, problem: Locator, nth: number): Promise<unknown>
  /** How often the service has what was wanted; 1 in the end. */
  count(day: Day, nth: number): Promise<number>
  /** What the window shows in the end. */
  shown(page: Page, nth: number): Locator
}

const tryAgain = (_day: Day, problem: Locator) => problem.getByRole('button', { name: 'Try again' }).press('Enter')

async function make({ page, call }: Day, name: string): Promise<number> {
  const { body } = await call('POST', '/v2/files/create-folder', { name, parent_id: 0 })
  await page.keyboard.press('F5')
  await row(page, name).click()
  return Number(Object(body.file).id)
}

/** How many items of this name a folder has. */
async function named({ call }: Day, name: RegExp, folderId: number | string = 0): Promise<number> {
  const { body } = await call('GET', '/v2/files/list', { parent_id: folderId })
  const files: unknown[] = Array.isArray(body.files) ? body.files : []
  return files.filter((one) => name.test(`${Object(one).name}`)).length
}

async function idOf({ call }: Day, name: string): Promise<number> {
  const { body } = await call('GET', '/v2/files/list', { parent_id: 0 })
  const files: unknown[] = Array.isArray(body.files) ? body.files : []
  return Number(Object(files.find((one) => Object(one).name === name)).id)
}

async function inTrash({ call }: Day, name: string): Promise<number> {
  const { body } = await call('GET', '/v2/trash/list')
  const files: unknown[] = Array.isArray(body.files) ? body.files : []
  return files.filter((one) => Object(one).name === name).length
}

/** How many transfers the service has of a link. It keeps those that have finished. */
async function fetched(day: Day, link: string): Promise<number> {
  const { body } = await day.call('GET', '/v2/transfers/list')
  const rows: unknown[] = Array.isArray(body.transfers) ? body.transfers : []
  return rows.filter((one) => Object(one).source === link).length
}

const intoFilms =
  (keys: string) =>
  async ({ page }: Day) => {
    await page.keyboard.press(keys)
    await place(page, 'Films').click()
    await page.getByRole('grid', { name: 'Items in Films' }).waitFor()
    await page.keyboard.press('Control+v')
  }

const changes: Record<string, Change> = {
  'a new name': {
    path: /files\/rename/,
    isSameTwice: true,
    open: (day, nth) => make(day, `Named ${nth}`),
    act: async ({ page }, nth) => {
      await page.keyboard.press('F2')
      await page.getByRole('textbox', { name: 'New name' }).fill(`Renamed ${nth}`)
      await page.keyboard.press('Enter')
    },
    where: (page) => page.getByRole('grid'),
    again: ({ page }) => page.keyboard.press('Enter'),
    count: (day, nth) => named(day, new RegExp(`^Renamed ${nth}$`)),
    shown: (page, nth) => row(page, `Renamed ${nth}`),
  },
  'a new folder': {
    path: /files\/create-folder/,
    open: ({ page }) => row(page, 'Films').click(),
    act: ({ page }) => page.keyboard.press('Control+Shift+N'),
    where: toast,
    again: async (day, problem, nth) => {
      await tryAgain(day, problem)
      const field = day.page.getByRole('textbox', { name: 'New name' })
      await field.fill(`Made ${nth}`)
      await field.press('Enter')
    },
    count: (day, nth) => named(day, new RegExp(`^(New folder|Made ${nth})`)),
    shown: (page, nth) => row(page, `Made ${nth}`),
  },
  'a move': {
    path: /files\/move/,
    open: (day, nth) => make(day, `Moved ${nth}`),
    act: intoFilms('Control+x'),
    where: toast,
    again: tryAgain,
    count: async (day, nth) => named(day, new RegExp(`^Moved ${nth}$`), await idOf(day, 'Films')),
    shown: (page, nth) => row(page, `Moved ${nth}`),
  },
  'a copy': {
    path: /files\/copy/,
    open: (day, nth) => make(day, `Copied ${nth}`),
    act: intoFilms('Control+c'),
    where: toast,
    again: tryAgain,
    count: async (day, nth) => named(day, new RegExp(`^Copied ${nth}`), await idOf(day, 'Films')),
    shown: (page, nth) => row(page, `Copied ${nth}`),
  },
  'a deletion': {
    path: /files\/delete/,
    open: (day, nth) => make(day, `Deleted ${nth}`),
    act: ({ page }) => page.keyboard.press('Delete'),
    where: toast,
    again: tryAgain,
    count: (day, nth) => inTrash(day, `Deleted ${nth}`),
    shown: (page) => row(page, 'Films'),
  },
  'a restoration': {
    path: /trash\/restore/,
    open: async (day, nth) => {
      const id = await make(day, `Restored ${nth}`)
      await day.call('POST', '/v2/files/delete', { file_ids: id })
      await place(day.page, 'Trash').click()
      await row(day.page, `Restored ${nth}`).click()
    },
    act: ({ page }) => page.getByRole('button', { name: 'Restore', exact: true }).click(),
    where: toast,
    again: tryAgain,
    count: (day, nth) => named(day, new RegExp(`^Restored ${nth}$`)),
    shown: (page) => page.getByRole('grid', { name: 'Items in the trash' }),
  },
  'links that are added': {
    path: /transfers\/add/,
    open: async ({ page, fileUrl }, nth) => {
      await dropOnWindow(page, [{ mimeType: 'text/plain', data: fileUrl(`film-${nth}.mkv`) }], [], besideList)
      await page.getByText('fits', { exact: true }).waitFor()
    },
    act: ({ page }) => page.getByRole('button', { name: 'Add 1 link' }).click(),
    where: (page) => page.getByRole('dialog'),
    again: ({ page }) => page.getByRole('button', { name: 'Add 1 link' }).click(),
    count: (day, nth) => fetched(day, day.fileUrl(`film-${nth}.mkv`)),
    shown: (page, nth) => row(page, `film-${nth}\\.mkv`),
  },
}

it('does each change once, however it fails at first, and says what happened', async () => {
  const day = await begin()
  const { page, happens, reached } = day
  const kinds = { ...failures, 'answers that are lost': lost }
  for (const [what, { failure, sentence }] of Object.entries(kinds))
    for (const [name, change] of Object.entries(changes)) {
      const nth = Object.keys(kinds).indexOf(what) + 1
      await goHome(page)
      await change.open(day, nth)
      happens(failure)
      await change.act(day, nth)
      const problem = change.where(page).getByRole('alert').filter({ hasText: sentence })
      await problem.waitFor()
      table.push([
        what,
        name,
        ((await problem.textContent()) ?? '').replace(/Try again$/, '').trim(),
        `${reached(change.path)} ×`,
      ])
      if (what !== 'answers that are lost') expect(reached(change.path), name).toBe(0)
      else if (change.isSameTwice !== true) expect(reached(change.path), name).toBe(1)
      await takePicture(page, `worst-${name.replaceAll(' ', '-')}-${nth}`)
      happens(null)
      await change.again(day, problem, nth)
      await expect.poll(() => change.count(day, nth), { message: `${what}: ${name}` }).toBe(1)
      await change.shown(page, nth).waitFor()
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      expect(await change.count(day, nth), `${what}: ${name}`).toBe(1)
    }
})

/** How long a service is silent before a request is sent again. */
const silenceMs = 30_000

it('goes on with another account while a service is silent for 30 seconds, or has revoked the sign-in', async () => {
  const day = await begin()
  const { page, call, happens } = day
  const other = await startService({ user: 'bob' })
  ends.push(other)
  await apiV2(other)('POST', '/v2/files/create-folder', { name: 'Of Bob', parent_id: 0 })
  await signInWithToken(page, 'Add an account', other.url, other.token)
  await page.getByRole('tree', { name: /^bob · / }).waitFor()
  const go = (name: string) => page.getByRole('button', { name: new RegExp(`^${name} · `) }).click()
  const alert = (sentence: RegExp) => page.getByRole('alert').filter({ hasText: sentence }).first()
  let made = 0
  /** The other account is read and changed as always. */
  const goesOn = async () => {
    made += 1
    await go('bob')
    await row(page, 'Of Bob').waitFor()
    await page.keyboard.press('Control+Shift+N')
    await page.getByRole('textbox', { name: 'New name' }).fill(`Bob ${made}`)
    await page.keyboard.press('Enter')
    await row(page, `Bob ${made}`).waitFor()
    await go('ann')
    await row(page, 'Films').waitFor()
  }

  await go('ann')
  await row(page, 'Films').click()
  await call('POST', '/v2/files/create-folder', { name: 'After the silence', parent_id: 0 })
  happens({ silence: true, isDone: false })
  await page.keyboard.press('F5')
  const silentAtMs = performance.now()
  await goesOn()
  expect(await row(page, 'After the silence').count()).toBe(0)
  happens(null)
  await row(page, 'After the silence').waitFor({ timeout: 2 * silenceMs })
  table.push(['silence', 'the list', 'is read again after half a minute; the other account goes on'])
  expect(performance.now() - silentAtMs).toBeGreaterThan(silenceMs / 2)

  happens(error(401, 'invalid_grant'))
  await page.keyboard.press('F5')
  await alert(/^Signed out of ann · .* no longer accepts this sign-in\./).waitFor()
  table.push([
    'a revoked sign-in',
    'the list',
    (await alert(/^Signed out/)
      .locator('p')
      .first()
      .textContent()) ?? '',
  ])
  await row(page, 'Films').waitFor()
  await takePicture(page, 'worst-signed-out')
  await goesOn()
  await page.getByRole('button', { name: 'Sign in again…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.waitFor()
  happens(null)
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
})
