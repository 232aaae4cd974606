import { afterEach, expect, it } from 'vitest'
import { dropOnWindow, type RunningApp, startApp } from '../support/app.ts'
import { takePicture } from '../support/picture.ts'
import { startService } from '../support/service.ts'
import { signInWithToken } from '../support/steps.ts'
import { file, startWeb } from '../support/web.ts'
import { startWorstDay } from '../support/worst-day.ts'

// A service that speaks API v2 adds some links and refuses another one.

const ends: { stop(): Promise<unknown> }[] = []
let running: RunningApp | null = null
afterEach(async () => {
  await running?.dispose()
  running = null
  for (const end of ends.splice(0).reverse()) await end.stop()
})

it('keeps a refused link in the dialog with its sentence, and adds it when it is ticked again', async () => {
  const web = await startWeb()
  for (const name of ['one', 'two', 'three', 'four']) web.on(`/${name}.mkv`, file(Buffer.alloc(1000, name)))
  const service = await startService({ user: 'ann' })
  const day = await startWorstDay(service)
  ends.push(web, service, day)
  const refusedUrl = web.url('/two.mkv')
  day.plan(({ path, count }) =>
    path.includes('add-multi') && count === 1
      ? {
          change: (body) => {
            const { transfers, ...rest }: Record<string, unknown> = Object(body)
            const rows: Record<string, unknown>[] = Array.isArray(transfers) ? transfers : []
            const error = { error_type: 'TRANSFER_LIMIT', error_message: 'There are too many transfers.' }
            return {
              ...{ ...rest, transfers: rows.filter(({ source }) => source !== refusedUrl) },
              errors: [{ url: refusedUrl, status_code: 400, ...error }],
            }
          },
        }
      : null,
  )
  running = await startApp()
  const { page } = running
  await signInWithToken(page, 'Sign in to Put.io', day.url, service.token)
  await page.getByRole('tree', { name: /^ann · / }).waitFor()

  const links = ['one', 'two', 'three', 'four'].map((name) => web.url(`/${name}.mkv`)).join('\n')
  await dropOnWindow(page, [{ mimeType: 'text/plain', data: links }])
  const dialog = page.getByRole('dialog', { name: 'Add links' })
  await dialog.getByRole('button', { name: 'Add 4 links' }).click()
  await dialog.getByText('3 added, 1 refused').waitFor()
  await dialog.getByText('There are too many transfers.').waitFor()
  const tick = dialog.getByRole('checkbox', { name: 'Add two.mkv' })
  expect([await dialog.getByRole('checkbox').count(), await tick.isChecked()]).toEqual([1, false])
  expect(await dialog.getByRole('textbox', { name: 'Links' }).inputValue()).toBe(refusedUrl)
  await takePicture(page, 'partly-refused')
  await tick.click()
  await dialog.getByRole('button', { name: 'Add 1 link' }).click()
  await dialog.waitFor({ state: 'detached' })
})
