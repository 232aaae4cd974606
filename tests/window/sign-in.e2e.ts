import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type RunningApp, secondStart, startApp } from '../support/app.ts'
import { expectClean } from '../support/axe.ts'
import { raw, type SignInServer, startSignInServer } from '../support/sign-in-server.ts'

// The door to an account of Put.io, in the real app: a server on this computer stands in for Put.io.

const mary = { id: 7, name: 'mary' }
const bob = { id: 8, name: 'bob' }
let server: SignInServer
let running: RunningApp

beforeEach(async () => {
  server = await startSignInServer({ files: 200 })
  running = await startApp()
  // Pages are not opened, but noted.
  await running.app.evaluate(({ shell }) => {
    const pages: string[] = []
    Object.assign(globalThis, { openedPages: pages })
    shell.openExternal = async (url) => void pages.push(url)
  })
})
afterEach(async () => {
  await running.dispose()
  await server.stop()
})

const openedPages = () => running.app.evaluate(() => (globalThis as unknown as { openedPages: string[] }).openedPages)
const dialog = (page: Page) => page.getByRole('dialog')

/** Runs something in both themes, once all colours have changed. */
async function inThemes(page: Page, run: (theme: 'light' | 'dark') => Promise<void>): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.evaluate('Promise.allSettled(document.getAnimations().map((animation) => animation.finished))')
    await run(colorScheme)
  }
}

async function take(page: Page, name: string): Promise<void> {
  const folder = process.env.PUTDESK_PICTURES
  if (folder === undefined) return
  await inThemes(page, async (theme) => {
    await page.screenshot({ path: join(folder, `${name}-${theme}.png`) })
  })
}

/** Opens the door to Put.io from the welcome screen, and names the test's server. */
async function openPutioDoor(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign in to Put.io' }).click()
  await dialog(page).getByRole('button', { name: 'Advanced' }).click()
  await dialog(page).getByLabel('Address of the service').fill(server.url)
}

it('signs in with a code by keyboard, shows what is wrong on the way, and opens a second account beside the first', async () => {
  const { page } = running
  await page.getByRole('heading', { name: 'Welcome to Putdesk' }).waitFor()
  await take(page, 'doors')
  await expectClean(page)
  await page.getByRole('button', { name: 'Sign in to Put.io' }).focus()
  await page.keyboard.press('Enter')
  // Without an app id, only a token signs in to Put.io itself.
  const [code, browser, token] = ['Get a code', 'Sign in with the browser', 'Use a token'].map((name) =>
    dialog(page).getByRole('button', { name }),
  )
  await dialog(page).getByText('Not possible yet').first().waitFor()
  await expect.poll(() => token?.evaluate((one) => one === document.activeElement)).toBe(true)
  expect([await code?.isDisabled(), await browser?.isDisabled(), await token?.isDisabled()]).toEqual([
    true,
    true,
    false,
  ])
  await take(page, 'ways-no-app')
  await dialog(page).getByRole('button', { name: 'Advanced' }).click()
  await dialog(page).getByLabel('Address of the service').fill(server.url)
  await take(page, 'ways-advanced')
  await expectClean(page)

  server.behave(/oob\/code$/, raw(500, ''))
  await code?.click()
  await dialog(page).getByRole('alert').getByText('reports an error of its own').waitFor()
  await take(page, 'ways-problem')
  server.behave(/oob\/code$/, null)
  await code?.click()
  const shown = dialog(page).getByLabel('Code', { exact: true })
  await shown.waitFor()
  expect(await shown.textContent()).toBe(server.codes.at(-1))
  await dialog(page)
    .getByText(/Waiting for you… \d+ min left/)
    .waitFor()
  await take(page, 'code')
  await expectClean(page)

  // The button that most people need has the focus.
  await page.keyboard.press('Enter')
  await expect.poll(openedPages).toEqual([`${server.url}/link?code=${server.codes.at(-1)}`])
  await dialog(page).getByRole('button', { name: 'Copy code' }).click()
  await dialog(page).getByRole('button', { name: 'Copied' }).waitFor()
  expect(await running.app.evaluate(({ clipboard }) => clipboard.readText())).toBe(server.codes.at(-1))

  server.behave(/oob\/code\/./, raw(200, '<html>'))
  await dialog(page).getByRole('alert').getByText('Putdesk keeps trying.').waitFor()
  await take(page, 'code-trouble')
  server.behave(/oob\/code\/./, null)
  server.expireCodes()
  await expect.poll(() => server.codes.length).toBe(2)
  await expect.poll(() => shown.textContent()).toBe(server.codes.at(-1))
  server.approve(mary)
  await page.getByRole('tree', { name: /^mary · / }).waitFor({ timeout: 15_000 })
  await dialog(page).waitFor({ state: 'detached' })

  await page.getByRole('button', { name: 'Add an account' }).click()
  await dialog(page).getByRole('button', { name: 'This computer' }).waitFor()
  await take(page, 'add-account')
  await expectClean(page)
  await dialog(page).getByRole('button', { name: 'Put.io account' }).click()
  await dialog(page).getByRole('button', { name: 'Advanced' }).click()
  await dialog(page).getByLabel('Address of the service').fill(server.url)
  await dialog(page).getByRole('button', { name: 'Use a token' }).click()
  await page.keyboard.press('Enter')
  await dialog(page).getByRole('alert').getByText('Paste the token.').waitFor()
  await dialog(page).getByLabel('Token', { exact: true }).fill('wrong')
  await page.keyboard.press('Enter')
  await dialog(page).getByRole('alert').getByText('does not accept this token').waitFor()
  await take(page, 'token')
  await expectClean(page)
  const second = server.tokenFor(bob)
  await dialog(page).getByLabel('Token', { exact: true }).fill(` ${second} `)
  await page.keyboard.press('Enter')
  await page.getByRole('tree', { name: /^bob · / }).waitFor()
  await page.getByRole('tree', { name: /^mary · / }).waitFor()
  await take(page, 'two-accounts')

  // Each account is as it was left.
  const list = page.getByRole('grid')
  const scrolled = () => list.evaluate((one) => one.scrollTop)
  await page.getByRole('row', { name: /^bob 3\.txt/ }).click()
  await list.evaluate((one) => one.scrollTo(0, 3200))
  await page.getByRole('row', { name: /^bob 103\.txt/ }).waitFor()
  await page.getByRole('button', { name: /^mary · / }).click()
  await page.getByRole('row', { name: /^mary 1\.txt/ }).waitFor()
  expect(await scrolled()).toBe(0)
  await page.getByRole('button', { name: /^bob · / }).click()
  await page.getByRole('row', { name: /^bob 103\.txt/ }).waitFor()
  expect(await scrolled()).toBe(3200)
  await page.getByText('1 of 200 selected').waitFor()
  await page.getByRole('button', { name: /^Actions for bob/ }).click()
  await page.getByRole('menuitem', { name: 'Remove this account…' }).click()
  await page.getByRole('button', { name: 'Remove the account' }).click()
  await page.getByRole('tree', { name: /^bob · / }).waitFor({ state: 'detached' })
  await expect.poll(() => server.isValid(second)).toBe(false)

  // A token that the service does not accept any more: the same person signs in again, and nobody else.
  server.revokeAll()
  await page.keyboard.press('F5')
  await page.getByRole('button', { name: 'Sign in again…' }).click()
  for (const person of [bob, mary]) {
    await dialog(page).getByRole('button', { name: 'Get a code' }).click()
    await shown.waitFor()
    server.approve(person)
    if (person === mary) break
    await dialog(page).getByRole('alert').getByText('This sign-in belongs to “bob').waitFor({ timeout: 15_000 })
    await take(page, 'again')
    await expectClean(page)
  }
  await dialog(page).waitFor({ state: 'detached', timeout: 15_000 })
  await page.getByRole('row', { name: /^mary 1\.txt/ }).waitFor()
  await page.getByRole('button', { name: 'Sign in again…' }).waitFor({ state: 'detached' })
})

it('stops asking when the dialog closes, and signs in in the browser with the link that it brings back', async () => {
  const { page } = running
  await openPutioDoor(page)
  await dialog(page).getByRole('button', { name: 'Get a code' }).click()
  await dialog(page).getByLabel('Code', { exact: true }).waitFor()
  await page.keyboard.press('Escape')
  await dialog(page).waitFor({ state: 'detached' })
  // A request that was on its way may still arrive.
  await page.waitForTimeout(300)
  const { length } = server.asked
  await page.waitForTimeout(3500)
  expect(server.asked).toHaveLength(length)

  await openPutioDoor(page)
  await dialog(page).getByRole('button', { name: 'Sign in with the browser' }).click()
  await dialog(page).getByText('Your browser has opened a page.').waitFor()
  await take(page, 'browser')
  await expectClean(page)
  const [opened = ''] = await openedPages()
  const state = new URL(opened).searchParams.get('state')
  const token = server.tokenFor(mary)
  await secondStart(running.dataFolder, [`putdesk://auth#access_token=${server.tokenFor(bob)}&state=x${state}`])
  await secondStart(running.dataFolder, [`putdesk://auth#access_token=${token}&state=${state}`])
  await page.getByRole('tree', { name: /^mary · / }).waitFor({ timeout: 15_000 })
  const log = readFileSync(join(running.dataFolder, 'putdesk.log'), 'utf8')
  expect(log).toContain('a link of the browser was ignored')
  expect(log).not.toMatch(new RegExp(`${token}|${state}|${server.codes.join('|')}`))
})

it('fits into a small window at twice the size', async () => {
  const { page } = running
  await page.setViewportSize({ width: 360, height: 300 })
  await openPutioDoor(page)
  await take(page, 'small-ways')
  await dialog(page).getByRole('button', { name: 'Get a code' }).click()
  await dialog(page).getByLabel('Code', { exact: true }).waitFor()
  await take(page, 'small-code')
  for (const name of ['Copy code', 'Other ways', 'Cancel']) {
    const button = dialog(page).getByRole('button', { name })
    await button.scrollIntoViewIfNeeded()
    const box = await button.boundingBox()
    expect([name, (box?.x ?? -1) >= 0, (box?.x ?? 0) + (box?.width ?? 999) <= 360]).toEqual([name, true, true])
  }
})

it('shows a picture of the code for a phone, where the page is not only on this computer', async () => {
  const { page } = running
  await openPutioDoor(page)
  await dialog(page).getByLabel('Web pages').fill('https://files.example.org')
  await dialog(page).getByRole('button', { name: 'Get a code' }).click()
  await dialog(page).getByRole('img', { name: 'QR code that opens files.example.org/link with this code' }).waitFor()
  await take(page, 'code-picture')
  await expectClean(page)
})
