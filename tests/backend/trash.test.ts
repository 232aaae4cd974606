import { createServer, type Server } from 'node:http'
import { afterEach, expect, it } from 'vitest'
import { namesOf } from '../../shared/item-kinds.ts'
import { listItems, openBackend, type TestBackend } from '../support/backend.ts'
import { type Service, startService, until } from '../support/service.ts'

const backends: TestBackend[] = []
const services: Service[] = []
const servers: Server[] = []
afterEach(async () => {
  for (const backend of backends.splice(0)) await backend.close()
  for (const server of servers.splice(0)) server.close().closeAllConnections()
  for (const service of services.splice(0)) await service.stop()
})
function backendOf(options: Parameters<typeof openBackend>[0] = {}): TestBackend {
  const backend = openBackend(options)
  backends.push(backend)
  return backend
}

const names = async ({ client }: TestBackend, accountId: string, folderId = 0) =>
  namesOf(await listItems(client, accountId, folderId)).toSorted()
const folder = ({ client }: TestBackend, accountId: string, name: string, parentId = 0) =>
  client.call('items.createFolder', { accountId, parentId, name })

it('moves items to the trash of this computer, lists them there, and brings them back', async () => {
  const backend = backendOf()
  const { client } = backend
  const accountId = await client.call('accounts.addThisComputer', {})
  const films = await folder(backend, accountId, 'Films')
  const year = await folder(backend, accountId, '2026', films.id)
  await folder(backend, accountId, 'Extras', year.id)

  const quota = backend.next('quota.changed', (data) => data.quota?.trash?.items === 2)
  expect(await client.call('items.delete', { accountId, itemIds: [year.id, films.id, 999] })).toMatchObject([
    { itemId: 999 },
  ])
  expect((await quota).quota?.trash).toEqual({ items: 2, sizeBytes: 0, isCounted: true })
  expect(await names(backend, accountId)).toEqual([])
  expect(await client.call('items.folders', { accountId, folderId: 0 })).toEqual([])
  await expect(listItems(client, accountId, year.id)).rejects.toMatchObject({ code: 'not-found' })
  const trash = await client.call('trash.list', { accountId })
  const folders = trash.folders.split('\0')
  const entries = namesOf(trash.items).map((name, at) => [name, folders[at]])
  expect(entries.toSorted()).toEqual([
    ['2026', 'Films'],
    ['Films', ''],
  ])
  expect([...trash.items.addedAtMs].every((ms) => Math.abs(ms - Date.now()) < 60_000)).toBe(true)

  // The last one first, so that the folder is there again for what was in it.
  expect(await client.call('items.restore', { accountId, itemIds: [year.id, films.id] })).toEqual({
    folderIds: [0, films.id],
    refused: [],
  })
  expect(await names(backend, accountId, year.id)).toEqual(['Extras'])
  expect((await client.call('items.path', { accountId, folderId: year.id })).map(({ name }) => name)).toEqual([
    'Your Files',
    'Films',
    '2026',
  ])

  await client.call('items.delete', { accountId, itemIds: [films.id] })
  expect(await client.call('trash.delete', { accountId, itemIds: [films.id, year.id] })).toBe(null)
  expect(namesOf((await client.call('trash.list', { accountId })).items)).toEqual([])
  const restored = await client.call('items.restore', { accountId, itemIds: [films.id] })
  expect(restored).toMatchObject({ folderIds: [], refused: [{ itemId: films.id }] })

  // A search can find a folder and what is in it.
  const jazz = await folder(backend, accountId, 'Jazz')
  const inner = await folder(backend, accountId, 'Jazz Trio', jazz.id)
  const itemIds = [jazz.id, inner.id]
  expect(await client.call('items.delete', { accountId, itemIds })).toEqual([])
  expect(await client.call('items.restore', { accountId, itemIds })).toMatchObject({ refused: [] })
  expect(await names(backend, accountId, jazz.id)).toEqual(['Jazz Trio'])
  expect(await client.call('items.deleteForGood', { accountId, itemIds })).toEqual([])

  const other = await folder(backend, accountId, 'Other')
  expect(await client.call('items.deleteForGood', { accountId, itemIds: [other.id] })).toEqual([])
  expect(namesOf((await client.call('trash.list', { accountId })).items)).toEqual([])
})

it('tells the running service of this computer when the trash is to be emptied', async () => {
  const backend = backendOf()
  await backend.client.call('accounts.addThisComputer', {})
  await backend.client.call('settings.change', { trashDays: 30 })
  expect(backend.starts).toMatchObject([{ told: [{ start: { trashDays: 14 } }, { trashDays: 30 }] }])
  await expect(backend.client.call('settings.change', { trashDays: -1 })).rejects.toMatchObject({ code: 'bad-input' })
})

/** A real service by API v1, which has no trash. `deleted` has the ids of its deletions. */
async function openPlain(options: Parameters<typeof openBackend>[0] = {}) {
  const service = await startService({ user: 'mary' })
  services.push(service)
  const deleted: string[] = []
  /** Items whose deletion is never answered. */
  const silent = new Set<number>()
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const form = new URLSearchParams(Buffer.concat(chunks).toString())
    const asked = JSON.parse(form.get('request') ?? '{}')
    if (request.url?.includes('files?method=delete')) {
      deleted.push(`${asked.params.id}`)
      if (silent.has(asked.params.id)) return
    }
    const answer = await fetch(`${service.url}${request.url}`, {
      method: 'POST',
      body: new URLSearchParams({ request: JSON.stringify(asked) }),
    })
    response.writeHead(answer.status).end(await answer.text())
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const backend = backendOf({ holdMs: 60_000, ...options })
  const accountId = await backend.client.call('accounts.addServer', {
    ...{ accountId: null, address: `http://127.0.0.1:${port}`, apiKey: service.key, apiSecret: service.secret },
    ...{ isKept: true, mayBePlain: true },
  })
  const films = await folder(backend, accountId, 'Films')
  const year = await folder(backend, accountId, '2026', films.id)
  await folder(backend, accountId, 'film of 2026', year.id)
  await folder(backend, accountId, 'Music')
  return { backend, accountId, service, server, deleted, silent, films, year }
}

it('holds a deletion back on a server without a trash: the items are hidden at once, and undoing it asks the server nothing', async () => {
  const { backend, accountId, deleted, films, year } = await openPlain()
  const { client } = backend
  const told = backend.next('items.changed', ({ folderIds }) => folderIds.includes(0))
  expect(await client.call('items.delete', { accountId, itemIds: [films.id] })).toEqual([])
  await told
  expect(await names(backend, accountId)).toEqual(['Music'])
  expect((await client.call('items.folders', { accountId, folderId: 0 })).map(({ name }) => name)).toEqual(['Music'])
  expect(namesOf(await client.call('items.search', { accountId, query: '2026' }))).toEqual([])
  for (const folderId of [films.id, year.id])
    await expect(listItems(client, accountId, folderId)).rejects.toMatchObject({ code: 'not-found' })
  await expect(client.call('trash.list', { accountId })).rejects.toMatchObject({ code: 'refused' })

  expect(await client.call('items.restore', { accountId, itemIds: [films.id] })).toEqual({ folderIds: [], refused: [] })
  expect(await names(backend, accountId)).toEqual(['Films', 'Music'])
  expect(await names(backend, accountId, year.id)).toEqual(['film of 2026'])
  expect(namesOf(await client.call('items.search', { accountId, query: '2026' })).length).toBe(2)
  await backend.close()
  expect(deleted).toEqual([])
})

it('sends a held deletion once, and says then that it is too late to undo it', async () => {
  const { backend, accountId, service, deleted, films, year } = await openPlain({ holdMs: 100 })
  const { client } = backend
  await client.call('items.delete', { accountId, itemIds: [films.id, year.id] })
  await client.call('items.delete', { accountId, itemIds: [films.id] })
  await until(
    () => service.ask('files.list'),
    ({ rows }) => rows.length === 1,
  )
  await until(
    () => client.call('items.restore', { accountId, itemIds: [films.id] }),
    ({ refused }) => refused[0]?.sentence.startsWith('It is too late') === true,
  )
  expect(await names(backend, accountId)).toEqual(['Music'])
  await expect(listItems(client, accountId, year.id)).rejects.toMatchObject({ code: 'refused' })
  await backend.close()
  expect(deleted).toEqual([`${films.id}`])
})

it('sends held deletions once at an orderly quit, and not at all if the app never got to it', async () => {
  const { backend, accountId, service, deleted, films, year } = await openPlain()
  await backend.client.call('items.delete', { accountId, itemIds: [films.id] })
  // What a start after a crash finds.
  const second = backendOf({ dataFolder: backend.dataFolder })
  await second.client.call('sync', {})
  expect(await names(second, accountId)).toEqual(['Films', 'Music'])
  expect(deleted).toEqual([])
  await second.close()

  await backend.client.call('items.restore', { accountId, itemIds: [films.id] })
  await backend.client.call('items.delete', { accountId, itemIds: [year.id] })
  await backend.close()
  expect(deleted).toEqual([`${year.id}`])
  expect((await service.ask('files.list', { parent_id: films.id })).rows).toEqual([])
})

it('shows the items again, with the reason, if the server cannot delete them', async () => {
  const { backend, accountId, server, films } = await openPlain({ holdMs: 300 })
  await backend.client.call('items.delete', { accountId, itemIds: [films.id] })
  expect(await names(backend, accountId)).toEqual(['Music'])
  server.close().closeAllConnections()
  const notices = await backend.next('notices.changed', (all) => all.length > 0)
  expect(notices).toMatchObject([
    { sentence: expect.stringMatching(/^An item was not deleted\. .* does not answer\.$/) },
  ])
})

it('sends held deletions before their account is removed', async () => {
  const { backend, accountId, deleted, films } = await openPlain()
  await backend.client.call('items.delete', { accountId, itemIds: [films.id] })
  await backend.client.call('accounts.remove', { accountId })
  expect(deleted).toEqual([`${films.id}`])
})

it('does not wait at a quit for a server that does not answer', async () => {
  const { backend, accountId, deleted, silent, films } = await openPlain({ holdMs: 100 })
  silent.add(films.id)
  await backend.client.call('items.delete', { accountId, itemIds: [films.id] })
  // It is under way already when the app is closed.
  await until(
    async () => deleted,
    (sent) => sent.length === 1,
  )
  const startedAtMs = performance.now()
  await backend.close()
  // A request alone may take a minute.
  expect(performance.now() - startedAtMs).toBeLessThan(20_000)
  expect(deleted).toEqual([`${films.id}`])
})
