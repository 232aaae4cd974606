import type { Page } from 'playwright-core'
import { dropOnWindow } from './app.ts'

/** Goes from the welcome screen to a running local service, with an empty folder on the screen. */
export async function startOnThisComputer(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Start on this computer' }).click()
  await page.getByText('Local service running').waitFor()
  await page.getByText('Nothing here yet.').waitFor()
}

/** Lets the local service fetch from this machine, where the tests' own web servers are. */
export async function allowThisMachine(page: Page): Promise<void> {
  await page.keyboard.press('Control+,')
  await page.getByLabel('Host name or address').fill('127.0.0.1')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByRole('button', { name: 'Remove 127.0.0.1' }).waitFor()
  await page.keyboard.press('Escape')
}

/** Drops links as text, waits until they are analyzed, and adds those that are ticked. */
export async function addLinks(page: Page, ...links: string[]): Promise<void> {
  await dropOnWindow(page, [{ mimeType: 'text/plain', data: links.join('\n') }])
  await page
    .getByText(/^(fits|unknown size)$/)
    .nth(0)
    .waitFor()
  await page.getByText(/^Looking at/).waitFor({ state: 'detached' })
  await page.getByRole('button', { name: /^Add \d+ links?$/ }).click()
  await page.getByRole('dialog', { name: 'Add links' }).waitFor({ state: 'detached' })
}

/** Creates a folder in the one that is shown, by keyboard. */
export async function makeFolder(page: Page, name: string): Promise<void> {
  await page.keyboard.press('Control+Shift+N')
  await page.getByRole('textbox', { name: 'New name' }).fill(name)
  await page.keyboard.press('Enter')
  await page.getByRole('textbox', { name: 'New name' }).waitFor({ state: 'detached' })
  await page.getByRole('row', { name: new RegExp(`^${name}`) }).waitFor()
}

/** Signs in to a service of API v2 with a token, from the welcome screen or beside another account. */
export async function signInWithToken(page: Page, door: string, address: string, token: string): Promise<void> {
  await page.getByRole('button', { name: door }).click()
  const dialog = page.getByRole('dialog')
  if (door === 'Add an account') await dialog.getByRole('button', { name: 'Put.io account' }).click()
  await dialog.getByRole('button', { name: 'Advanced' }).click()
  await dialog.getByLabel('Address of the service').fill(address)
  await dialog.getByRole('button', { name: 'Use a token' }).click()
  await dialog.getByLabel('Token', { exact: true }).fill(token)
  await page.keyboard.press('Enter')
}
