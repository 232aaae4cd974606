import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { namesOf } from '../../shared/item-kinds.ts'
import { listItems, openBackend, type TestBackend, type TestBackendOptions } from '../support/backend.ts'
import { type Service, startService } from '../support/service.ts'
import { file, startWeb, type Web } from '../support/web.ts'

let web: Web
const open: TestBackend[] = []
const services: Service[] = []

beforeAll(async () => {
  web = await startWeb()
})
afterAll(() => web.stop())
afterEach(async () => {
  for (const backend of open.splice(0)) await backend.close()
  for (const service of services.splice(0)) await service.stop()
})

function backendOf(options: TestBackendOptions = {}): TestBackend {
  const backend = openBackend({ allowHosts: ['127.0.0.1'], ...options })
  open.push(backend)
  return backend
}

async function serviceOf(): Promise<Service> {
  const service = await startService({ user: 'mary', secret: 'open-sesame-secret' })
  services.push(service)
  return service
}

const credentials = {
  apiKey: 'test-key',
  apiSecret: 'open-sesame-secret',
  isKept: false,
  mayBePlain: false,
  accountId: null,
}

it('turns a link into a file on this computer, and records it in the history', async () => {
  const { client, next } = backendOf()
  const bytes = randomBytes(700_000)
  web.on('/film.mkv', file(bytes, { bytesPerSecond: 2_000_000, type: 'video/x-matroska' }))
  const accountId = await client.call('accounts.addThisComputer', {})
  const link = web.url('/film.mkv')

  const analysis = await client.call('analysis.run', { accountId, links: [link] })
  expect(analysis.rows).toMatchObject([{ kind: 'file', name: 'film.mkv', sizeBytes: 700_000, problem: null }])
  expect(analysis.report.Urls.url).toEqual([link])

  const arrived = next('transfers.changed', (delta) => delta.arrived.length > 0)
  const refreshed = next('items.changed', ({ folderIds }) => folderIds.includes(0))
  const { ids } = await client.call('transfers.add', { accountId, links: [link], folderId: 0 })
  const [transferId] = ids
  expect((await arrived).arrived).toMatchObject([{ transferId, name: 'film.mkv', folderId: 0 }])
  await refreshed

  const columns = await listItems(client, accountId, 0)
  expect(namesOf(columns)).toEqual(['film.mkv'])
  expect([...columns.sizesBytes]).toEqual([700_000])
  const entries = await client.call('history.list', { accountId })
  expect(entries).toMatchObject([
    { name: 'film.mkv', outcome: 'finished', itemId: columns.ids[0], areLinksKnown: true, sizeBytes: 700_000 },
  ])
  // The links themselves come only when they are wanted.
  expect(JSON.stringify(entries)).not.toContain(link)
  expect(await client.call('history.links', { accountId, entryId: entries[0]?.id ?? '' })).toEqual([link])
  await client.call('history.clear', { accountId })
  expect(await client.call('history.list', { accountId })).toEqual([])
})

it('notes in the history that a file came without its length', async () => {
  const { client, next } = backendOf()
  web.on('/old%20&%20odd.bin', (_request, response) => void response.socket?.end('HTTP/1.0 200 OK\r\n\r\nhello'))
  const accountId = await client.call('accounts.addThisComputer', {})
  const arrived = next('transfers.changed', (delta) => delta.arrived.length > 0)
  await client.call('transfers.add', { accountId, links: [web.url('/old%20&%20odd.bin')], folderId: 0 })
  await arrived
  expect(await client.call('history.list', { accountId })).toMatchObject([
    {
      name: 'old & odd.bin',
      outcome: 'finished',
      note: '“old & odd.bin”: the sender did not say how long it is, so it may not be whole.',
    },
  ])
})

it('creates, renames, moves, finds and deletes items', async () => {
  const { client } = backendOf()
  const accountId = await client.call('accounts.addThisComputer', {})
  const films = await client.call('items.createFolder', { accountId, parentId: 0, name: 'Films' })
  const inner = await client.call('items.createFolder', { accountId, parentId: films.id, name: '2026' })
  expect(await client.call('items.path', { accountId, folderId: inner.id })).toEqual([
    { id: 0, name: 'Your Files' },
    { id: films.id, name: 'Films' },
    { id: inner.id, name: '2026' },
  ])
  expect(await client.call('items.rename', { accountId, itemId: inner.id, name: 'Old' })).toMatchObject({
    name: 'Old',
    parentId: films.id,
  })
  expect(
    await client.call('items.move', { accountId, itemIds: [films.id, inner.id], folderId: inner.id }),
  ).toHaveLength(2)
  expect(await client.call('items.move', { accountId, itemIds: [inner.id], folderId: 0 })).toEqual([])
  expect(await client.call('items.folders', { accountId, folderId: 0 })).toEqual([
    { id: films.id, name: 'Films' },
    { id: inner.id, name: 'Old' },
  ])
  expect(namesOf(await client.call('items.search', { accountId, query: 'old' }))).toEqual(['Old'])
  expect(await client.call('items.delete', { accountId, itemIds: [inner.id, 999_999] })).toMatchObject([
    { itemId: 999_999 },
  ])
  expect(namesOf(await listItems(client, accountId, 0))).toEqual(['Films'])
  await expect(listItems(client, accountId, 999_999)).rejects.toMatchObject({ code: 'not-found' })
  await expect(listItems(client, 'nobody', 0)).rejects.toMatchObject({
    code: 'not-found',
  })
})

it('shows a failed transfer with its reason, and retries it in place', async () => {
  const { client, next } = backendOf()
  const accountId = await client.call('accounts.addThisComputer', {})
  const failed = next('transfers.changed', ({ upserted }) => upserted.some(({ status }) => status === 'error'))
  await client.call('transfers.add', { accountId, links: [web.url('/missing.iso')], folderId: 0 })
  const [transfer] = (await failed).upserted
  expect(transfer).toMatchObject({
    status: 'error',
    areLinksKnown: true,
    reason: expect.stringMatching(/404|not there|no such|not found/i),
  })

  web.on('/missing.iso', file(Buffer.from('here now')))
  const again = next('transfers.changed', ({ arrived }) => arrived.length > 0)
  await client.call('transfers.retry', {
    accountId,
    transferId: transfer?.id ?? -1,
    password: null,
    isUnpacked: true,
  })
  expect(await again).toMatchObject({
    arrived: [{ name: 'missing.iso', transferId: transfer?.id }],
    removed: [transfer?.id],
  })
})

it('restarts the local service after it was killed, and completes its transfer', async () => {
  const { client, next, killService } = backendOf()
  const accountId = await client.call('accounts.addThisComputer', {})
  web.on('/long.bin', file(randomBytes(3_000_000), { bytesPerSecond: 1_500_000 }))
  const moving = next('transfers.changed', ({ upserted }) => upserted.some(({ percentDone }) => percentDone > 5))
  await client.call('transfers.add', { accountId, links: [web.url('/long.bin')], folderId: 0 })
  await moving
  const restarting = next('service.changed', ({ state }) => state === 'restarting')
  const running = next('service.changed', ({ state }) => state === 'running')
  const arrived = next('transfers.changed', (delta) => delta.arrived.length > 0)
  killService()
  await restarting
  await running
  expect((await arrived).arrived).toMatchObject([{ name: 'long.bin' }])
})

it('says at once that another service is using the data folder', async () => {
  const { client, next, dataFolder } = backendOf()
  services.push(await startService({ data: join(dataFolder, 'service') }))
  const failed = next('service.changed', ({ state }) => state === 'failed')
  await expect(client.call('accounts.addThisComputer', {})).rejects.toThrow('Another Putdesk service is using')
  expect((await failed).problem).toContain('Another Putdesk service is using')
})

it("adds a server, but not with a wrong secret, which it reports in the server's own words", async () => {
  const service = await serviceOf()
  const { client, next, log } = backendOf()
  await expect(
    client.call('accounts.addServer', { ...credentials, apiSecret: 'wrong-secret', address: service.url }),
  ).rejects.toMatchObject({
    code: 'signed-out',
    message: 'Unable to login. Please check your info.',
  })
  const shown = next('accounts.changed', (accounts) => accounts.length === 1 && accounts[0]?.state === 'signed-in')
  const accountId = await client.call('accounts.addServer', { ...credentials, address: `${service.url}/` })
  expect(await shown).toMatchObject([
    { id: accountId, kind: 'server', name: `mary · 127.0.0.1:${service.port}`, keeping: 'session' },
  ])
  expect(log.join('\n')).not.toMatch(/open-sesame-secret|wrong-secret/)
})

it.each([
  ['', 'is not the address of a server'],
  ['ftp://x.example', 'is not the address of a server'],
  ['http://me:pw@x.example', 'is not the address of a server'],
  ['http://', 'is not the address of a server'],
  ['127.0.0.1:1', 'does not answer'],
])('refuses the address %j with a sentence', async (address, sentence) => {
  await expect(backendOf().client.call('accounts.addServer', { ...credentials, address })).rejects.toThrow(sentence)
})

it('stores a secret only when asked to, and in plain text only with consent', async () => {
  const service = await serviceOf()
  const asked = { ...credentials, address: service.url, isKept: true }
  const unprotected = backendOf({ protection: 'plain' })
  const vault = join(unprotected.dataFolder, 'vault.json')
  await unprotected.client.call('accounts.addServer', asked)
  expect(existsSync(vault)).toBe(false)
  await unprotected.client.call('accounts.addServer', { ...asked, mayBePlain: true })
  expect(readFileSync(vault, 'utf8')).toContain('"plain"')
})

it('reopens with stored secrets signed in, and asks to sign in where a secret was not stored', async () => {
  const service = await serviceOf()
  for (const isKept of [true, false]) {
    const first = backendOf()
    const accountId = await first.client.call('accounts.addServer', { ...credentials, address: service.url, isKept })
    await first.backend.close()
    expect(readFileSync(join(first.dataFolder, 'settings.json'), 'utf8')).not.toContain('open-sesame-secret')

    const second = backendOf({ dataFolder: first.dataFolder })
    const shown = second.next(
      'accounts.changed',
      ([account]) => account?.state === (isKept ? 'signed-in' : 'signed-out'),
    )
    await second.client.call('sync', {})
    expect((await shown)[0]?.id).toBe(accountId)
    if (isKept) continue
    await expect(listItems(second.client, accountId, 0)).rejects.toMatchObject({
      code: 'signed-out',
    })
    expect(await second.client.call('accounts.addServer', { ...credentials, accountId, address: service.url })).toBe(
      accountId,
    )
    expect(namesOf(await listItems(second.client, accountId, 0))).toEqual([])
  }
})

it('shows an account as unreachable while its server is down, and reconnects by itself', async () => {
  const service = await serviceOf()
  const { client, next } = backendOf()
  await client.call('accounts.addServer', { ...credentials, address: service.url })
  const gone = next('accounts.changed', ([account]) => account?.state === 'unreachable')
  await service.kill9()
  expect((await gone)[0]?.problem).toContain('does not answer')
  const back = next('accounts.changed', ([account]) => account?.state === 'signed-in')
  services.push(
    await startService({ user: 'mary', secret: 'open-sesame-secret', data: service.data, port: service.port }),
  )
  await back
})
