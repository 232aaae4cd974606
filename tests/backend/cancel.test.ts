import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { openBackend, type TestBackend, type TestBackendOptions } from '../support/backend.ts'
import { startScriptedServer } from '../support/scripted-server.ts'
import { file, startWeb, type Web } from '../support/web.ts'

// Cancelling a transfer can be taken back for a while, and loses nothing until then.

const holdMs = 10_000
let web: Web
const open: TestBackend[] = []

beforeAll(async () => {
  web = await startWeb()
})
afterAll(() => web.stop())
afterEach(async () => {
  for (const backend of open.splice(0)) await backend.close()
})

function backendOf(options: TestBackendOptions = {}): TestBackend {
  const backend = openBackend({ allowHosts: ['127.0.0.1'], holdMs, ...options })
  open.push(backend)
  return backend
}

it('goes on fetching a transfer whose cancellation is taken back, without fetching a byte twice', async () => {
  const { promise: holdUntil, resolve: release } = Promise.withResolvers<void>()
  const bytes = randomBytes(300_000)
  web.on('/kept.bin', file(bytes, { holdUntil }))
  const { client, next } = backendOf()
  const accountId = await client.call('accounts.addThisComputer', {})
  const started = next('transfers.changed', ({ upserted }) => upserted.some((one) => (one.downloadedBytes ?? 0) > 0))
  const { ids } = await client.call('transfers.add', { accountId, links: [web.url('/kept.bin')], folderId: 0 })
  const [id = -1] = ids
  await started
  const cancelled = next('transfers.changed', ({ upserted }) => upserted.some((one) => one.isCancelled))
  await client.call('transfers.cancel', { accountId, transferIds: [id] })
  expect((await cancelled).upserted).toMatchObject([{ id, status: 'downloading', isCancelled: true }])
  const kept = next('transfers.changed', ({ upserted }) => upserted.some((one) => !one.isCancelled))
  expect(await client.call('transfers.keep', { accountId, transferIds: [id] })).toEqual([])
  await kept
  const before = web.requests.length
  const arrived = next('transfers.changed', (delta) => delta.arrived.length > 0)
  release()
  expect((await arrived).arrived).toMatchObject([{ name: 'kept.bin' }])
  expect(web.requests.length).toBe(before)
  expect(await client.call('transfers.keep', { accountId, transferIds: [id] })).toEqual([id])
})

it('tells the service of each cancellation once, at the latest when the app quits', async () => {
  const cancels: string[] = []
  let listed = ['7', '8', '9'].map((id) => ({ id, name: `t${id}`, status: 'Downloading', percent_done: '3' }))
  const server = await startScriptedServer(({ url, body }) => {
    const method = `${url.split('/').at(-1)?.replace('?method=', '.')}`
    if (method === 'transfers.cancel') {
      const id = /"id":(\d+)/.exec(decodeURIComponent(body))?.[1] ?? ''
      cancels.push(id)
      listed = listed.filter((one) => one.id !== id)
    }
    const user = [{ name: 'mary', disk_quota: '10', disk_quota_available: '10' }]
    const results = method === 'user.info' ? user : method === 'transfers.list' ? listed : []
    return { body: JSON.stringify({ error: false, user_name: 'mary', id: 1, response: { results } }) }
  })
  const { client, backend } = backendOf()
  const accountId = await client.call('accounts.addServer', {
    accountId: null,
    address: server.url,
    apiKey: 'k',
    apiSecret: 'open-sesame',
    isKept: false,
    mayBePlain: false,
  })
  const cancel = (...transferIds: number[]) => client.call('transfers.cancel', { accountId, transferIds })
  await cancel(7, 8, 9)
  await cancel(7)
  await client.call('transfers.keep', { accountId, transferIds: [8] })
  await client.call('transfers.keep', { accountId, transferIds: [9] })
  await cancel(9, 7)
  expect(cancels).toEqual([])
  await backend.close()
  open.splice(0)
  expect(cancels.sort()).toEqual(['7', '9'])
  await server.stop()
})
