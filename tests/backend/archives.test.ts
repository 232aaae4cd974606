import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { EventData } from '../../shared/contract.ts'
import { namesOf } from '../../shared/item-kinds.ts'
import { zipOf } from '../support/archives.ts'
import { listItems, openBackend, type TestBackend, type TestBackendOptions } from '../support/backend.ts'
import { has } from '../support/facilities.ts'
import { startScriptedServer } from '../support/scripted-server.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { cleanUp, makeTorrent, startLibtorrent } from '../support/torrents.ts'
import { file, startWeb, type Web } from '../support/web.ts'

// Torrents, archives and paid hosters as the window sees them, with the real service and real peers.

const password = 'sesame-of-the-archive'
const inside = randomBytes(50_000)
const onUnix = it.runIf(has('libtorrent'))
let folder: string
let locked: Buffer
let web: Web
const open: TestBackend[] = []

beforeAll(async () => {
  folder = temporaryFolder('archives')
  writeFileSync(join(folder, 'notes.bin'), inside)
  const { status } = spawnSync('7zz', ['a', '-tzip', `-p${password}`, 'locked.zip', 'notes.bin'], { cwd: folder })
  expect(status).toBe(0)
  locked = readFileSync(join(folder, 'locked.zip'))
  web = await startWeb()
  web.on('/locked.zip', file(locked, { type: 'application/zip' }))
})
afterAll(async () => {
  await web.stop()
})
afterEach(async () => {
  for (const backend of open.splice(0)) await backend.close()
  await cleanUp()
})

function backendOf(options: TestBackendOptions = {}): TestBackend {
  const backend = openBackend({ allowHosts: ['127.0.0.1'], ...options })
  open.push(backend)
  return backend
}

type Delta = EventData<'transfers.changed'>
const failedWith =
  (failure: string) =>
  ({ upserted }: Delta) =>
    upserted.some((transfer) => transfer.failure === failure)

/** A zip that waits for its password, in a backend of its own. */
async function lockedTransfer() {
  const backend = backendOf()
  const { client, next } = backend
  const accountId = await client.call('accounts.addThisComputer', {})
  const failed = next('transfers.changed', failedWith('needs-password'))
  const { ids } = await client.call('transfers.add', {
    accountId,
    links: [web.url('/locked.zip')],
    folderId: 0,
  })
  const [transferId = -1] = ids
  const [transfer] = (await failed).upserted
  expect(transfer).toMatchObject({ status: 'error', areLinksKnown: true, reason: expect.stringContaining('password') })
  return { backend, accountId, transferId }
}

it('unpacks an archive with the right password after a wrong one, and stores neither', async () => {
  const { backend, accountId, transferId } = await lockedTransfer()
  const { client, next, dataFolder, log } = backend
  const analysis = await client.call('analysis.run', { accountId, links: [web.url('/locked.zip')] })
  expect(analysis.rows).toMatchObject([{ needsPassword: true, entryCount: 1, unpackedBytes: inside.length }])

  const wrong = next('transfers.changed', failedWith('wrong-password'))
  const how = { accountId, transferId, isUnpacked: true }
  await client.call('transfers.retry', { ...how, password: 'a-wrong-sesame' })
  await wrong
  const arrived = next('transfers.changed', (delta) => delta.arrived.length > 0)
  await client.call('transfers.retry', { ...how, password })
  await arrived
  const columns = await listItems(client, accountId, 0)
  expect([namesOf(columns), [...columns.sizesBytes]]).toEqual([['notes.bin'], [inside.length]])

  expect(log.join('\n')).not.toMatch(/sesame/)
  const ours = readdirSync(dataFolder).map((name) => join(dataFolder, name))
  const texts = ours.filter((path) => statSync(path).isFile()).map((path) => readFileSync(path, 'latin1'))
  expect(texts.filter((text) => text.includes('sesame'))).toEqual([])
})

it('keeps an archive packed on request', async () => {
  const { backend, accountId, transferId } = await lockedTransfer()
  const { client, next } = backend
  const arrived = next('transfers.changed', (delta) => delta.arrived.length > 0)
  await client.call('transfers.retry', { accountId, transferId, password: null, isUnpacked: false })
  await arrived
  const columns = await listItems(client, accountId, 0)
  expect([namesOf(columns), [...columns.sizesBytes]]).toEqual([['locked.zip'], [locked.length]])
})

onUnix('fetches a torrent from peers, reports its arrival, and stops sharing without losing it', async () => {
  const torrent = await makeTorrent({ name: 'album.bin', sizeBytes: 300_000 })
  const peer = await startLibtorrent(torrent)
  const { client, next } = backendOf()
  const accountId = await client.call('accounts.addThisComputer', {})
  const base64 = torrent.bytes.toString('base64')
  const taken = await client.call('links.fromFile', { name: 'made.torrent', base64 })
  const magnet = `${torrent.magnet}&x.pe=${peer.address}:${peer.port}`
  const { rows, report } = await client.call('analysis.run', { accountId, links: [magnet, taken.link] })
  const row = { kind: 'torrent', name: 'album.bin', sizeBytes: 300_000, entryCount: 1 }
  expect(rows).toMatchObject([
    { ...row, links: [magnet] },
    { ...row, links: [taken.link] },
  ])
  expect(report.Urls.torrent).toEqual([magnet, taken.link])

  const arrived = next('transfers.changed', (delta) => delta.arrived.length > 0)
  const refreshed = next('items.changed', ({ folderIds }) => folderIds.includes(0))
  const { ids } = await client.call('transfers.add', { accountId, links: [magnet], folderId: 0 })
  const [transferId = -1] = ids
  expect((await arrived).arrived).toMatchObject([{ transferId, name: 'album.bin', folderId: 0 }])
  await refreshed
  const left = next('transfers.changed', ({ removed }) => removed.length > 0)
  await client.call('transfers.cancel', { accountId, transferIds: [transferId] })
  expect(await left).toMatchObject({ removed: [transferId], arrived: [] })
  expect(namesOf(await listItems(client, accountId, 0))).toEqual(['album.bin'])
  const [entry] = await client.call('history.list', { accountId })
  expect(entry).toMatchObject({ name: 'album.bin', outcome: 'finished' })
  expect(await client.call('history.links', { accountId, entryId: entry?.id ?? '' })).toEqual([magnet])
})

it('adds a torrent file without peers, and stores none of its bytes in the history', async () => {
  const torrent = await makeTorrent({ name: 'lonely', sizeBytes: 40_000 })
  const { client, next, dataFolder } = backendOf()
  const accountId = await client.call('accounts.addThisComputer', {})
  const base64 = torrent.bytes.toString('base64')
  const { link } = await client.call('links.fromFile', { name: 'made.torrent', base64 })
  const looking = next('transfers.changed', ({ upserted }) =>
    upserted.some(({ status, sizeBytes }) => status === 'looking-for-peers' && sizeBytes === 40_000),
  )
  await client.call('transfers.add', { accountId, links: [link], folderId: 0 })
  const [transfer] = (await looking).upserted
  expect(transfer).toMatchObject({
    name: 'lonely',
    peers: 0,
    sizeBytes: 40_000,
    statusSinceMs: expect.any(Number),
    isTorrent: true,
  })
  expect(readFileSync(join(dataFolder, 'history.jsonl'), 'utf8')).not.toMatch(/base64|torrent-file/)
})

it.each([
  ['with a name unlike its content', 'songs.zip', ['album/a.bin', 'album/../b.bin', '/c.bin']],
  ['with a single file', 'single.zip', ['../only.bin']],
])(
  'records in the history what was changed in an archive %s, and the item that it became',
  async (_what, name, names) => {
    const zip = zipOf(names.map((path) => ({ name: path, bytes: Buffer.from(`what is in ${path}`) })))
    web.on(`/${name}`, file(zip, { type: 'application/zip' }))
    const { client, next } = backendOf()
    const accountId = await client.call('accounts.addThisComputer', {})
    // A file of the same name is already there, with a message of its own.
    web.on('/before/songs.zip', (_request, response) => void response.socket?.end('HTTP/1.0 200 OK\r\n\r\nno zip'))
    const before = next('transfers.changed', (delta) => delta.arrived.length > 0)
    await client.call('transfers.add', { accountId, links: [web.url('/before/songs.zip')], folderId: 0 })
    await before
    const arrived = next('transfers.changed', (delta) =>
      delta.arrived.some(({ transferId }) => transferId === added.ids[0]),
    )
    const added = await client.call('transfers.add', { accountId, links: [web.url(`/${name}`)], folderId: 0 })
    const [entry] = (await arrived).arrived
    const columns = await listItems(client, accountId, 0)
    const [newest] = await client.call('history.list', { accountId })
    expect(newest?.note).toMatch(/changed|left out/)
    expect(newest?.note).toContain(name)
    expect([...columns.ids]).toContain(newest?.itemId)
    expect(entry?.itemId).toBe(newest?.itemId)
    expect(namesOf(columns)[[...columns.ids].indexOf(newest?.itemId ?? -1)]).not.toBe(name)
  },
)

it('reports by name a file that is not a torrent or is too large for one', async () => {
  const { client } = backendOf()
  const accountId = await client.call('accounts.addThisComputer', {})
  const base64 = Buffer.from('<html>').toString('base64')
  const { link } = await client.call('links.fromFile', { name: 'page.torrent', base64 })
  const { rows } = await client.call('analysis.run', { accountId, links: [link] })
  expect(rows).toMatchObject([{ kind: 'problem', name: 'page.torrent', links: [link], problem: expect.any(String) }])
  expect(JSON.stringify(rows)).not.toContain(base64)
  const tooLarge = Buffer.alloc(700_001).toString('base64')
  await expect(client.call('links.fromFile', { name: 'large.torrent', base64: tooLarge })).rejects.toThrow(
    '“large.torrent” is too large for a torrent file: at most 700 kB.',
  )
})

it('analyses a torrent file while the service is still starting', async () => {
  const torrent = await makeTorrent({ name: 'early.bin', sizeBytes: 30_000 })
  const { client, next } = backendOf()
  const { link } = await client.call('links.fromFile', { name: 'a.torrent', base64: torrent.bytes.toString('base64') })
  const shown = next('accounts.changed', ([account]) => account?.state === 'connecting')
  const added = client.call('accounts.addThisComputer', {})
  const [account] = await shown
  const { rows } = await client.call('analysis.run', { accountId: account?.id ?? '', links: [link] })
  expect(rows).toMatchObject([{ kind: 'torrent', name: 'early.bin' }])
  await added
})

it('sends no torrent file to a server that does not accept them, and says so in its row', async () => {
  const asked: string[] = []
  const server = await startScriptedServer(({ url, body }) => {
    const method = `${url.split('/').at(-1)?.replace('?method=', '.')}`
    asked.push(`${method} ${body}`)
    const results: Record<string, unknown> = {
      'user.info': [{ name: 'mary', disk_quota: '10', disk_quota_available: '9' }],
      'urls.analyze': { items: { singleurl: [{ url: 'http://a.example/x', size: '5' }] }, disk_avail: '8' },
    }
    const answer = { error: false, user_name: 'mary', id: 1, response: { results: results[method] ?? [] } }
    return { body: JSON.stringify(answer) }
  })
  const { client } = backendOf()
  const accountId = await client.call('accounts.addServer', {
    accountId: null,
    address: server.url,
    apiKey: 'k',
    apiSecret: 'open-sesame',
    isKept: false,
    mayBePlain: false,
  })
  const { link } = await client.call('links.fromFile', { name: 'made.torrent', base64: 'ZDQ6aW5mb2RlZQ==' })
  const file = {
    kind: 'problem',
    name: 'made.torrent',
    links: [link],
    problem: expect.stringContaining('torrent files'),
  }
  const alone = await client.call('analysis.run', { accountId, links: [link] })
  expect(alone).toMatchObject({ rows: [file], diskFreeBytes: 9 })
  const both = await client.call('analysis.run', { accountId, links: [link, 'http://a.example/x'] })
  expect(both).toMatchObject({ rows: [{ kind: 'file', sizeBytes: 5 }, file], diskFreeBytes: 8 })
  await expect(client.call('transfers.add', { accountId, links: [link], folderId: 0 })).rejects.toMatchObject({
    code: 'refused',
  })
  expect(asked.join('\n')).not.toContain('ZDQ6aW5m')
  await server.stop()
})

it('adds the links again where a server cannot retry in place, and refuses to keep an archive packed there', async () => {
  const listed = { id: '7', name: 'a.zip', status: 'Error', percent_done: '0' }
  const asked: string[] = []
  const server = await startScriptedServer(({ url }) => {
    const method = `${url.split('/').at(-1)?.replace('?method=', '.')}`
    asked.push(method)
    const results = {
      'user.info': [{ name: 'mary', disk_quota: '10', disk_quota_available: '10' }],
      'transfers.list': [listed, { ...listed, id: '8' }],
      'transfers.add': [{ ...listed, id: '8' }],
    }
    const found = Object.entries(results).find(([name]) => name === method)?.[1] ?? []
    return { body: JSON.stringify({ error: false, user_name: 'mary', id: 1, response: { results: found } }) }
  })
  const { client } = backendOf()
  const accountId = await client.call('accounts.addServer', {
    accountId: null,
    address: server.url,
    apiKey: 'k',
    apiSecret: 'open-sesame',
    isKept: false,
    mayBePlain: false,
  })
  await client.call('transfers.add', { accountId, links: ['http://a.example/a.zip'], folderId: 0 })
  asked.length = 0
  const how = { accountId, transferId: 8, password: null }
  await client.call('transfers.retry', { ...how, isUnpacked: true })
  const acts = asked.filter((method) => /retry|add|cancel/.test(method))
  expect(acts).toEqual(['transfers.add', 'transfers.cancel'])
  await expect(client.call('transfers.retry', { ...how, isUnpacked: false })).rejects.toThrow('cannot be told')
  await server.stop()
})

it('reports a failed transfer that vanishes from an API v1 server as cancelled, and another one as arrived', async () => {
  let here = ['Error', 'Downloading'].map((status, at) => ({
    id: `${at + 7}`,
    name: 'a.zip',
    status,
    percent_done: '9',
  }))
  const server = await startScriptedServer(({ url }) => {
    const method = `${url.split('/').at(-1)?.replace('?method=', '.')}`
    const user = [{ name: 'mary', disk_quota: '10', disk_quota_available: '10' }]
    const results = method === 'user.info' ? user : method === 'transfers.list' ? here : []
    return { body: JSON.stringify({ error: false, user_name: 'mary', id: 1, response: { results } }) }
  })
  const { client, next } = backendOf()
  const listed = next('transfers.changed', ({ upserted }) => upserted.length === 2)
  const accountId = await client.call('accounts.addServer', {
    accountId: null,
    address: server.url,
    apiKey: 'k',
    apiSecret: 'open-sesame',
    isKept: false,
    mayBePlain: false,
  })
  await listed
  const left = next('transfers.changed', ({ removed }) => removed.length > 0)
  here = []
  // What is not listed makes the backend ask for the list.
  await client.call('transfers.cancel', { accountId, transferIds: [999] })
  expect(await left).toMatchObject({ arrived: [{ transferId: 8 }], removed: [7, 8] })
  expect(
    (await client.call('history.list', { accountId })).map(({ id, outcome }) => [id.split('-').at(-2), outcome]),
  ).toEqual([
    ['8', 'finished'],
    ['7', 'cancelled'],
  ])
  await server.stop()
})

it('passes paid hosters to the service at its start and while it runs, and stores their credentials only in the vault', async () => {
  const first = backendOf()
  await first.client.call('accounts.addThisComputer', {})
  const kept = { isKept: true, mayBePlain: false }
  const signIn = { with: 'password' as const, user: 'me', password }
  await first.client.call('hosters.put', { host: 'Rapid.Example', signIn, ...kept })
  const cookie = { with: 'cookie' as const, cookie: `session=${password}` }
  expect(
    await first.client.call('hosters.put', { host: 'other.example', signIn: cookie, isKept: false, mayBePlain: false }),
  ).toEqual([
    { host: 'other.example', signsInWith: 'cookie', keeping: 'session' },
    { host: 'rapid.example', signsInWith: 'password', keeping: 'protected' },
  ])
  const rapid = { host: 'rapid.example', user: 'me', password }
  expect(first.starts[0]?.told.at(-1)).toEqual({ hosters: [rapid, { host: 'other.example', cookie: cookie.cookie }] })
  expect(first.starts[0]?.args.join(' ')).not.toContain('sesame')
  await first.backend.close()
  expect(readFileSync(join(first.dataFolder, 'settings.json'), 'utf8')).not.toMatch(/sesame|rapid\.example/)
  expect(first.log.join('\n')).not.toContain('sesame')

  const second = backendOf({ dataFolder: first.dataFolder })
  await second.client.call('sync', {})
  expect(second.starts[0]?.told[0]).toMatchObject({ start: { hosters: [rapid] } })
  expect(await second.client.call('hosters.remove', { host: 'rapid.example' })).toEqual([])
  expect(second.starts[0]?.told.at(-1)).toEqual({ hosters: [] })
  expect(readFileSync(join(first.dataFolder, 'vault.json'), 'utf8')).not.toContain('hosters')
})

it('applies other bandwidth limits without a restart of the service', async () => {
  const { client, starts } = backendOf()
  await client.call('accounts.addThisComputer', {})
  await client.call('settings.change', { downloadLimitBytesPerSecond: 500_000, uploadLimitBytesPerSecond: 20_000 })
  expect(starts[0]?.told.at(-1)).toMatchObject({ torrentLimits: { downloadLimit: 500_000, uploadLimit: 20_000 } })
  const told = starts[0]?.told.length
  await client.call('settings.change', { sidebarWidth: 300 })
  expect(starts[0]?.told.length).toBe(told)
  await client.call('settings.change', { downloadLimitBytesPerSecond: null })
  expect(starts[0]?.told.at(-1)).toMatchObject({ torrentLimits: { downloadLimit: 0, uploadLimit: 20_000 } })
  expect(starts).toHaveLength(1)
})

it('restarts the service when the DHT is switched, and resumes its transfer', async () => {
  const { client, next, starts } = backendOf()
  const accountId = await client.call('accounts.addThisComputer', {})
  expect(starts[0]?.args.slice(-2)).toEqual(['--dht', 'off'])
  web.on('/long.bin', file(randomBytes(2_000_000), { bytesPerSecond: 1_000_000 }))
  const moving = next('transfers.changed', ({ upserted }) => upserted.some(({ percentDone }) => percentDone > 5))
  await client.call('transfers.add', { accountId, links: [web.url('/long.bin')], folderId: 0 })
  await moving
  const restarting = next('service.changed', ({ state }) => state === 'restarting')
  const arrived = next('transfers.changed', (delta) => delta.arrived.length > 0)
  await client.call('settings.change', { isDhtOn: true })
  await client.call('settings.change', { isDhtOn: false })
  await restarting
  expect((await arrived).arrived).toMatchObject([{ name: 'long.bin' }])
  expect(starts.length).toBeGreaterThan(1)
})

it('offers links and torrent files from outside without adding them, with a sentence for what cannot be read', async () => {
  writeFileSync(join(folder, 'given.torrent'), 'd4:infode')
  const { backend, client, next } = backendOf()
  const offered = next('links.offered', () => true)
  backend.offer({ text: 'magnet:?xt=urn:btih:1', paths: [join(folder, 'given.torrent'), join(folder, 'no.torrent')] })
  await client.call('sync', {})
  expect(await offered).toEqual({
    text: 'magnet:?xt=urn:btih:1',
    files: [{ link: expect.stringMatching(/^torrent-file:/), name: 'given.torrent' }],
    problems: ['“no.torrent” could not be read.'],
  })
})
