import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { openBackend, type TestBackend } from '../support/backend.ts'
import { file, startWeb, type Web } from '../support/web.ts'

// What the app does while nobody looks at its window, with the real service.

let web: Web
let app: TestBackend | null = null
beforeAll(async () => {
  web = await startWeb()
})
afterAll(() => web.stop())
afterEach(async () => {
  await app?.close()
  app = null
})

it('stays awake while a transfer moves, names it before it quits, and tells when it is done', async () => {
  const { promise: holdUntil, resolve: release } = Promise.withResolvers<void>()
  web.on('/held.bin', file(randomBytes(300_000), { holdUntil }))
  app = openBackend({ allowHosts: ['127.0.0.1'] })
  const { client, next, backend, questions, answers, notifications, sleepPrevented } = app
  const accountId = await client.call('accounts.addThisComputer', {})
  expect(await backend.quitting()).toBe('quit')
  const moving = next('transfers.changed', ({ upserted }) => upserted.some(({ status }) => status === 'downloading'))
  await client.call('transfers.add', { accountId, links: [web.url('/held.bin')], folderId: 0 })
  await moving
  expect(sleepPrevented).toEqual([true])

  answers.push(1, 0)
  expect(await backend.quitting()).toBe('hide')
  expect(questions[0]?.detail).toContain('1 running transfer: “held.bin”.')
  const chosen = next('settings.changed', ({ closeAction }) => closeAction === 'hide')
  expect(await backend.closing()).toBe('hide')
  await chosen
  expect([await backend.closing(), questions.length]).toEqual(['hide', 2])

  const arrived = next('transfers.changed', (delta) => delta.arrived.length > 0)
  release()
  await arrived
  expect(notifications.map(({ title, body }) => `${title}: ${body}`)).toEqual(['Done: “held.bin” is ready.'])
  expect(sleepPrevented).toEqual([true, false])
  const wanted = next('place.wanted', () => true)
  await client.call('sync', {})
  notifications[0]?.onClick()
  expect(await wanted).toMatchObject({ accountId, folderId: 0 })
})
