import type { Page } from 'playwright-core'
import { afterEach, expect, it } from 'vitest'
import { type RunningApp, startApp } from '../support/app.ts'
import { expectClean } from '../support/axe.ts'
import { startOnThisComputer } from '../support/steps.ts'

// The settings of an account at its service, as a person changes them in the window.

let running: RunningApp | null = null
afterEach(async () => {
  await running?.dispose()
  running = null
})

async function openSettings(page: Page) {
  await page.getByRole('button', { name: 'Actions for This computer' }).click()
  await page.getByRole('menuitem', { name: 'Settings of this account…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Settings of This computer' })
  await dialog.getByRole('switch', { name: 'Deleted items go to the trash' }).waitFor()
  return dialog
}

it('switches the trash off, which removes its place, and on again with undo', async () => {
  running = await startApp()
  const { page } = running
  await startOnThisComputer(page)
  const trash = page.getByRole('treeitem', { name: 'Trash' })
  await trash.waitFor()
  const dialog = await openSettings(page)
  await expectClean(page)
  const folder = process.env.PUTDESK_PICTURES
  if (folder !== undefined) await page.screenshot({ path: `${folder}/account-settings.png` })
  await dialog.getByRole('switch', { name: 'Deleted items go to the trash' }).click()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'detached' })
  await trash.waitFor({ state: 'detached' })
  const again = await openSettings(page)
  expect(await again.getByRole('switch', { name: 'Deleted items go to the trash' }).isChecked()).toBe(false)
  expect(await again.getByRole('switch', { name: 'Keep a history at the service' }).isChecked()).toBe(true)
  await page.keyboard.press('Escape')
  await again.waitFor({ state: 'detached' })
  await page.keyboard.press('Control+z')
  await trash.waitFor()
})
