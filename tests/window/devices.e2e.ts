import { afterEach, expect, it } from 'vitest'
import { type RunningApp, startApp } from '../support/app.ts'
import { signInDevice } from '../support/device.ts'
import { takePicture } from '../support/picture.ts'
import { startOnThisComputer } from '../support/steps.ts'

// The person at this computer lets a device sign in to its service.

let running: RunningApp | null = null
afterEach(async () => {
  await running?.dispose()
  running = null
})

it('shows a code for one device, a new one when it is used, and signs the device out', async () => {
  running = await startApp()
  const { page } = running
  await startOnThisComputer(page)
  await page.getByRole('button', { name: 'Actions for This computer' }).click()
  await page.getByRole('menuitem', { name: 'Let a device sign in…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Let a device sign in' })
  await dialog.getByText('None yet.').waitFor()
  const code = dialog.getByRole('group', { name: 'Code of Putdesk' })
  const first = await code.innerText()
  expect(first).toMatch(/^\d{6}$/)
  await takePicture(page, 'devices-none')
  const address = await dialog.locator('code').innerText()
  await dialog.getByRole('button', { name: 'Copy address' }).click()
  await dialog.getByRole('button', { name: 'Copied' }).waitFor()

  expect(await signInDevice(address, first)).not.toBe(null)
  await dialog.getByText('A television').waitFor()
  await expect.poll(() => code.innerText()).not.toBe(first)
  await takePicture(page, 'devices')
  await dialog.getByRole('button', { name: 'Sign out “A television”' }).click()
  await dialog.getByText('None yet.').waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
})
