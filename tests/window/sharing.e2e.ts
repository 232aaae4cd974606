import type { Page } from 'playwright-core'
import { afterEach, expect, it } from 'vitest'
import { type RunningApp, startApp } from '../support/app.ts'
import { expectClean } from '../support/axe.ts'
import { takePicture } from '../support/picture.ts'
import { startWith } from '../support/start-with.ts'
import { makeFolder, signInWithToken } from '../support/steps.ts'

// Two people of one service: one shares a folder, and makes a public link to it.

let running: RunningApp | null = null
afterEach(async () => {
  await running?.dispose()
  running = null
})

async function signIn(page: Page, door: string, address: string, name: string): Promise<void> {
  await signInWithToken(page, door, address, `token-of-${name}-with-more-letters`)
  await page.getByRole('tree', { name: new RegExp(`^${name} · `) }).waitFor()
}

it('shares a folder with a friend and by a public link, stops both, and undoes it', async () => {
  const users = ['ann', 'bob', 'cem'].map((name) => ({
    ...{ name, key: `${name}-key`, secret: `${name}-secret`, token: `token-of-${name}-with-more-letters` },
  }))
  const address = await startWith({ users })
  running = await startApp()
  const { page } = running
  await signIn(page, 'Sign in to Put.io', address, 'ann')
  await makeFolder(page, 'Films')
  const row = page.getByRole('row', { name: /^Films/ })
  const open = async () => {
    await row.click({ button: 'right' })
    await page.getByRole('menuitem', { name: 'Share…' }).click()
  }
  await open()
  const dialog = page.getByRole('dialog', { name: 'Share “Films”' })
  const bob = dialog.getByRole('checkbox', { name: 'bob' })
  await bob.waitFor()
  await takePicture(page, 'share')
  await bob.check()
  await dialog.getByRole('button', { name: 'Make a link' }).press('Enter')
  const copy = dialog.getByRole('button', { name: 'Copy link' })
  await copy.waitFor()
  expect(await copy.evaluate((button) => button === document.activeElement)).toBe(true)
  await takePicture(page, 'share-link')
  await expectClean(page)
  const link = await dialog.locator('code').innerText()
  expect(await (await fetch(link)).text()).toContain('<h1>Films</h1>')
  await copy.press('Enter')
  await dialog.getByRole('button', { name: 'Copied' }).waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  expect(await page.evaluate('document.activeElement.getAttribute("role")')).toBe('grid')

  // The friend sees it.
  await signIn(page, 'Add an account', address, 'bob')
  const tree = page.getByRole('tree', { name: /^bob · / })
  await tree.getByRole('treeitem', { name: 'Shared with me' }).click()
  await tree.getByRole('treeitem', { name: 'Films' }).waitFor()
  await takePicture(page, 'shared-with-me')

  await page.getByRole('button', { name: /^ann · / }).click()
  await open()
  await dialog.getByRole('checkbox', { name: /^All friends/ }).check()
  await expect.poll(() => bob.isDisabled()).toBe(true)
  await dialog.getByRole('checkbox', { name: /^All friends/ }).uncheck()
  await expect.poll(() => bob.isChecked()).toBe(false)
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+z')
  await page.getByText('Undone: Stopped sharing “Films”').waitFor()
  await open()
  await expect.poll(() => bob.isDisabled()).toBe(true)
  await dialog.getByRole('button', { name: 'Remove link' }).press('Enter')
  const make = dialog.getByRole('button', { name: 'Make a link' })
  await make.waitFor()
  expect(await make.evaluate((button) => button === document.activeElement)).toBe(true)
  expect((await fetch(link)).status).toBe(404)
})
