import { afterEach, expect, it } from 'vitest'
import { basesOf } from '../../electron/backend/putio/bases.ts'
import { UnreadRows } from '../../electron/backend/putio/unread-rows.ts'
import { createV2Client } from '../../electron/backend/putio/v2/client.ts'
import { systemClock } from '../../electron/backend/putio/v2/clock.ts'
import { Secrets } from '../../electron/backend/secrets/secrets.ts'
import { namesOf } from '../../shared/item-kinds.ts'
import { listItems, openBackend, type TestBackend } from '../support/backend.ts'
import { makeArchive } from '../support/made-archive.ts'
import { type Service, startService } from '../support/service.ts'
import { cleanUp } from '../support/torrents.ts'
import { startWorstDay, type WorstDay } from '../support/worst-day.ts'

// Archives are unpacked at the service.

const backends: TestBackend[] = []
const services: Service[] = []
const days: WorstDay[] = []
afterEach(async () => {
  for (const backend of backends.splice(0)) await backend.close()
  for (const day of days.splice(0)) await day.stop()
  for (const service of services.splice(0)) await service.stop()
  await cleanUp()
})

async function put({ url, token }: Service, name: string, bytes: Buffer): Promise<number> {
  const body = new FormData()
  body.set('file', new Blob([new Uint8Array(bytes)]), name)
  const headers = { authorization: `Token ${token}`, connection: 'close' }
  const response = await fetch(`${url}/v2/files/upload`, { method: 'POST', headers, body })
  return Number(Object(await response.json()).file.id)
}

async function openDay() {
  const service = await startService()
  services.push(service)
  const day = await startWorstDay(service)
  days.push(day)
  const backend = openBackend()
  backends.push(backend)
  const accountId = await backend.client.call('accounts.signInWithToken', {
    ...{ accountId: null, isKept: false, mayBePlain: false, token: service.token },
    service: { api: day.url, upload: null, tus: null, socket: null, web: null },
  })
  return { service, day, backend, accountId }
}

it('unpacks an archive with its password, announces the folder, and forgets the extraction at the service', async () => {
  const { service, backend, accountId } = await openDay()
  const { client } = backend
  const bytes = await makeArchive('locked.zip', { 'a.txt': Buffer.from('text') }, '-pright', '-mem=AES256')
  const itemId = await put(service, 'locked.zip', bytes)
  await listItems(client, accountId, 0)
  const none = { folderId: null, note: null }
  const ask = (password: string | null) => client.call('items.extract', { accountId, itemId, password })
  expect(await ask(null)).toEqual({ outcome: 'needs-password', ...none })
  expect(await ask('wrong')).toEqual({ outcome: 'wrong-password', ...none })
  const changed = backend.next('items.changed', ({ folderIds }) => folderIds.includes(0))
  const { outcome, folderId } = await ask('right')
  await changed
  expect(outcome).toBe('unpacked')
  expect(namesOf(await listItems(client, accountId, folderId ?? 0))).toEqual(['a.txt'])
  const left = await fetch(`${service.url}/v2/files/extract`, { headers: { authorization: `Token ${service.token}` } })
  expect(await left.json()).toMatchObject({ extractions: [] })
})

it('says why an archive cannot be unpacked, and stops it at the service when the request is cancelled', async () => {
  const { service, day, backend, accountId } = await openDay()
  const { client } = backend
  const text = await put(service, 'a.txt', Buffer.from('text'))
  await expect(client.call('items.extract', { accountId, itemId: text, password: null })).rejects.toMatchObject({
    code: 'refused',
    message: '“a.txt” is not an archive.',
  })
  const itemId = await put(service, 'x.zip', await makeArchive('x.zip', { a: Buffer.from('a') }))
  const dismissed: string[] = []
  day.plan(({ path }) => {
    if (/extract\/\d+/.test(path)) dismissed.push(path)
    if (!/files\/extract$/.test(path)) return null
    return { change: (body) => ({ ...Object(body), extractions: [{ id: 4, name: 'x.zip', status: 'EXTRACTING' }] }) }
  })
  const stopping = new AbortController()
  const unpacking = client.call(
    'items.extract',
    { accountId, itemId, password: null },
    { signal: stopping.signal, onProgress: () => stopping.abort() },
  )
  await expect(unpacking).rejects.toMatchObject({ code: 'cancelled' })
  await expect.poll(() => dismissed.length).toBe(1)
  expect(dismissed[0]).toMatch(/extract\/4$/)
})

it('reads extractions that lack fields or have a status that is not known', async () => {
  const service = await startService()
  services.push(service)
  const day = await startWorstDay(service)
  days.push(day)
  const log = { info: () => undefined, error: () => undefined }
  const unread = new UnreadRows({ log, show: () => undefined })
  const options = { token: service.token, secrets: new Secrets(), unread, clock: systemClock }
  const client = createV2Client({ bases: async () => basesOf(day.url), ...options })
  const rows = [
    { id: '1', status: 'EXTRACTED' },
    { id: 2, status: 'HOLOGRAM', message: 7, putdesk: { percent: 'x' } },
    { status: 'ERROR' },
    { id: 3, status: 'ERROR', message: 'The archive is broken' },
    { id: 4, status: 'PASSWORD', files: null },
  ]
  day.plan(() => ({ change: (body) => ({ ...Object(body), extractions: rows }) }))
  const unknown = { message: null, percent: null, folderId: null }
  expect(await client.extractions()).toEqual([
    { id: 1, status: 'done', ...unknown },
    { id: 2, status: 'running', ...unknown },
    { id: 3, status: 'failed', ...unknown, message: 'The archive is broken.' },
    { id: 4, status: 'password', ...unknown },
  ])
})

it('refuses to unpack on a server of API v1', async () => {
  const service = await startService()
  services.push(service)
  const backend = openBackend()
  backends.push(backend)
  const { url: address, key: apiKey, secret: apiSecret } = service
  const server = { accountId: null, address, apiKey, apiSecret, isKept: false, mayBePlain: false }
  const accountId = await backend.client.call('accounts.addServer', server)
  await expect(backend.client.call('items.extract', { accountId, itemId: 1, password: null })).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringContaining('cannot unpack archives'),
  })
})
