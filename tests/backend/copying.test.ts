import { afterEach, expect, it } from 'vitest'
import { basesOf } from '../../electron/backend/putio/bases.ts'
import { UnreadRows } from '../../electron/backend/putio/unread-rows.ts'
import { createV2Client } from '../../electron/backend/putio/v2/client.ts'
import { systemClock } from '../../electron/backend/putio/v2/clock.ts'
import { Secrets } from '../../electron/backend/secrets/secrets.ts'
import { namesOf } from '../../shared/item-kinds.ts'
import { listItems, openBackend, type TestBackend } from '../support/backend.ts'
import { type Service, startService } from '../support/service.ts'
import { startWorstDay, type WorstDay } from '../support/worst-day.ts'

// Items are copied at the service.

const backends: TestBackend[] = []
const services: Service[] = []
const days: WorstDay[] = []
afterEach(async () => {
  for (const backend of backends.splice(0)) await backend.close()
  for (const day of days.splice(0)) await day.stop()
  for (const service of services.splice(0)) await service.stop()
})

async function openDay() {
  const service = await startService()
  services.push(service)
  const day = await startWorstDay(service)
  days.push(day)
  const log = { info: () => undefined, error: () => undefined }
  const unread = new UnreadRows({ log, show: () => undefined })
  const options = { token: service.token, secrets: new Secrets(), unread, clock: systemClock }
  return { day, client: createV2Client({ bases: async () => basesOf(day.url), ...options }) }
}

const taken = {
  status: 400,
  body: JSON.stringify({ status: 'ERROR', error_type: 'NAME_ALREADY_EXIST', error_message: '' }),
}

it('copies folders with their contents, also into the folder that they are in, and undoes it by the trash', async () => {
  const backend = openBackend()
  backends.push(backend)
  const { client } = backend
  const accountId = await client.call('accounts.addThisComputer', {})
  const make = (name: string, parentId = 0) => client.call('items.createFolder', { accountId, parentId, name })
  const names = async (folderId: number) => namesOf(await listItems(client, accountId, folderId)).toSorted()
  const films = await make('Films')
  await make('2026', films.id)
  const other = await make('Other')

  const changed = backend.next('items.changed', ({ folderIds }) => folderIds.includes(other.id))
  const copied = await client.call('items.copy', { accountId, itemIds: [films.id, 999], folderId: other.id })
  expect(copied).toMatchObject({ refused: [{ itemId: 999 }], problem: null })
  await changed
  expect(await names(other.id)).toEqual(['Films'])
  expect(await names(copied.copyIds[0] ?? 0)).toEqual(['2026'])
  expect((await client.call('items.folders', { accountId, folderId: other.id })).map(({ name }) => name)).toEqual([
    'Films',
  ])

  const twice = await client.call('items.copy', { accountId, itemIds: [films.id, films.id], folderId: 0 })
  expect(new Set([...twice.copyIds, films.id]).size).toBe(3)
  expect((await names(0)).filter((name) => name.startsWith('Films'))).toHaveLength(3)
  expect(await client.call('items.delete', { accountId, itemIds: twice.copyIds })).toEqual([])
  expect(await names(0)).toEqual(['Films', 'Other'])
  expect(namesOf((await client.call('trash.list', { accountId })).items)).toHaveLength(2)

  await expect(client.call('items.copy', { accountId, itemIds: [films.id], folderId: 998 })).resolves.toMatchObject({
    copyIds: [],
    refused: [{ itemId: films.id }],
  })
})

it('refuses to copy on a server of API v1', async () => {
  const service = await startService()
  services.push(service)
  const backend = openBackend()
  backends.push(backend)
  const { url: address, key: apiKey, secret: apiSecret } = service
  const server = { accountId: null, address, apiKey, apiSecret, isKept: false, mayBePlain: false }
  const accountId = await backend.client.call('accounts.addServer', server)
  await expect(backend.client.call('items.copy', { accountId, itemIds: [1], folderId: 0 })).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringContaining('cannot copy items'),
  })
})

it('copies under a free name where the name is taken, and under its own where the service only says so', async () => {
  const { day, client } = await openDay()
  const film = await client.createFolder(0, 'a.film')
  const folder = await client.createFolder(0, 'folder')
  const target = await client.createFolder(0, 'target')
  day.plan(({ path, count }) => (path.includes('/files/copy') && count === 1 ? taken : null))
  expect(await client.copyItem(film.id, target.id)).toMatchObject({ name: 'a.film', parentId: target.id })

  let copies = 0
  day.plan(({ path }) => {
    if (path.includes('/files/rename')) return taken
    if (!path.includes('/files/copy')) return null
    copies += 1
    return copies < 3 ? taken : null
  })
  expect(await client.copyItem(folder.id, target.id)).toMatchObject({ name: 'folder (2)', parentId: target.id })
  expect(copies).toBe(3)
  expect((await client.listItems(target.id)).map(({ name }) => name).toSorted()).toEqual(['a.film', 'folder (2)'])
})

it('tells what was copied before the service stopped answering', async () => {
  const { day, client } = await openDay()
  const backend = openBackend()
  backends.push(backend)
  const folder = await client.createFolder(0, 'folder')
  const accountId = await backend.client.call('accounts.signInWithToken', {
    ...{ accountId: null, isKept: false, mayBePlain: false, token: services[0]?.token ?? '' },
    service: { api: day.url, upload: null, tus: null, socket: null, web: null },
  })
  let copies = 0
  day.plan(({ path }) => {
    if (!path.includes('/files/copy')) return null
    copies += 1
    return copies === 1 ? null : { status: 401, body: JSON.stringify({ error_type: 'invalid_grant' }) }
  })
  const ids = [folder.id, folder.id, folder.id]
  const copied = await backend.client.call('items.copy', { accountId, itemIds: ids, folderId: 0 })
  expect(copied).toMatchObject({ refused: [], problem: expect.stringContaining('no longer accepts') })
  expect(copied.copyIds).toHaveLength(1)
  expect(await client.listItems(0)).toHaveLength(2)
})
