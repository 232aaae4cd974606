import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { AnalyzedLink } from '../../shared/analysis.ts'
import { Crumb, Item } from '../../shared/item.ts'
import { Transfer } from '../../shared/transfer.ts'
import { listItems, openBackend, type TestBackend } from '../support/backend.ts'
import { type Asked, startScriptedServer } from '../support/scripted-server.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

type Row = Record<string, unknown>

/** Cancelling a transfer that is not listed makes the backend fetch the list. */
const unlisted = 999
const user = { name: 'ann', disk_quota: '1000', disk_quota_available: '900', bw_quota: '10', bw_quota_available: '9' }
const item = { id: '5', name: 'a.bin', parent_id: '0', type: 'file', is_dir: false, size: '10', stream_url: null }
const transfer = { id: '7', name: 'jazz', status: 'Downloading', percent_done: '3' }
const message = { id: '9', title: 'jazz downloaded', user_file_id: '5', file_name: 'jazz', channel: '2' }
const single = { url: 'http://a.example/x', name: 'x', size: '5', paid_bw: '0', source: 'a.example', needs_pass: 0 }
/** Values that a field may unexpectedly hold. */
const wrong = [undefined, null, '', 'x', '-1', -1, 1.5, '1e99', 1e300, [], {}, [[]], true, '\0'.repeat(3)]

let answers: Record<string, unknown> = {}
let server: Awaited<ReturnType<typeof startScriptedServer>>
let app: TestBackend | null = null
const key = ({ url }: Asked) => {
  const parsed = new URL(url, 'http://x')
  return `${parsed.pathname.split('/').at(-1)} ${parsed.searchParams.get('method')}`
}

beforeAll(async () => {
  server = await startScriptedServer((asked) => ({
    body: JSON.stringify({ error: false, id: 1, user_name: 'ann', response: { results: answers[key(asked)] ?? [] } }),
  }))
})
afterEach(async () => {
  await app?.close()
  app = null
})
afterAll(() => server.stop())

/** The backend with an account on the scripted server. */
async function open(given: Record<string, unknown>, dataFolder?: string) {
  answers = { 'user info': [user], ...given }
  const opened = openBackend(dataFolder === undefined ? {} : { dataFolder })
  app = opened
  await opened.client.call('sync', {})
  const accountId = await opened.client.call('accounts.addServer', {
    accountId: null,
    address: server.url,
    apiKey: 'key-of-ann',
    apiSecret: 'secret-of-ann',
    isKept: true,
    mayBePlain: false,
  })
  return { ...opened, accountId }
}

/** The same row with one field at a time missing or of another type, and values that are not rows. */
function oddRows(row: Row): unknown[] {
  const fields = Object.keys(row).flatMap((field) => wrong.map((value) => ({ ...row, [field]: value })))
  return [...fields, null, 5, 'text', [], {}]
}

it('keeps every valid row of a list beside any malformed one', async () => {
  const given: Record<string, unknown> = {}
  const { client, accountId } = await open(given)
  for (const odd of oddRows(item)) {
    answers['files list'] = [item, odd, { ...item, id: '6', name: 'b', type: 'folder', is_dir: true }]
    answers['files search'] = answers['files list']
    const listed = await listItems(client, accountId, 0)
    expect([...listed.ids], JSON.stringify(odd)).toEqual(expect.arrayContaining([5, 6]))
    expect(listed.names.split('\0')).toHaveLength(listed.ids.length)
    expect([...(await client.call('items.search', { accountId, query: 'a' })).ids]).toEqual([...listed.ids])
    const folders = await client.call('items.folders', { accountId, folderId: 0 })
    expect(Crumb.array().parse(folders)).toContainEqual({ id: 6, name: 'b' })
  }
  for (const odd of oddRows({ id: '8', name: 'Dean', dir_id: '4' })) {
    answers['user friends'] = [odd, { id: '2', name: 'Eve', dir_id: '44' }]
    expect(await client.call('friends.list', { accountId })).toContainEqual({ id: 2, name: 'Eve', folderId: 44 })
  }
})

it('keeps the analysis of every link beside any malformed row', async () => {
  const { client, accountId } = await open({})
  const links = ['http://a.example/x', 'http://b.example/y']
  for (const kind of ['singleurl', 'torrent', 'multiparturl', 'error'] as const) {
    const row = { ...single, url: links[1], error: null, parts: [{ ...single, url: links[1] }] }
    for (const odd of [...oddRows(row), { ...row, parts: [null] }, { ...row, parts: oddRows(single) }]) {
      const items = { singleurl: [single], [kind]: kind === 'singleurl' ? [single, odd] : [odd] }
      answers['urls analyze'] = { items, disk_avail: '5', bw_avail: '5' }
      const { rows } = await client.call('analysis.run', { accountId, links })
      expect(AnalyzedLink.array().parse(rows)[0], JSON.stringify(odd)).toMatchObject({
        links: [links[0]],
        sizeBytes: 5,
      })
      // A link without a readable row is still shown as one that can be tried.
      const told = rows.flatMap((one) => one.links)
      if (told.every((link) => links.includes(link))) expect(told, JSON.stringify(odd)).toContain(links[1])
    }
  }
})

it('keeps every valid transfer beside any malformed one, and treats no unreadable one as finished', async () => {
  const { client, accountId, next } = await open({ 'transfers list': [transfer, { ...transfer, id: '8' }] })
  await client.call('transfers.cancel', { accountId, transferIds: [unlisted] })
  for (const odd of oddRows({ ...transfer, id: '8' })) {
    answers['transfers list'] = [odd, transfer]
    await client.call('transfers.cancel', { accountId, transferIds: [unlisted] })
    const told = next('transfers.changed', ({ isReset }) => isReset)
    await client.call('sync', {})
    const { upserted } = await told
    expect(
      Transfer.array()
        .parse(upserted)
        .map(({ id }) => id),
      JSON.stringify(odd),
    ).toEqual(expect.arrayContaining([7, 8]))
    expect(await client.call('history.list', { accountId })).toEqual([])
  }
  answers['transfers list'] = [transfer]
  answers['messages list'] = [null, { ...message, id: {} }, message]
  await client.call('transfers.cancel', { accountId, transferIds: [unlisted] })
  expect(await client.call('history.list', { accountId })).toMatchObject([
    { name: 'jazz', outcome: 'finished', itemId: 5 },
  ])
}, 30_000)

it('treats no transfer of an earlier run as finished while an unreadable row may be its own', async () => {
  const dataFolder = temporaryFolder('odd')
  const first = await open({ 'transfers list': [transfer, { ...transfer, id: '8', name: 'later' }] }, dataFolder)
  await first.client.call('transfers.cancel', { accountId: first.accountId, transferIds: [unlisted] })
  await first.backend.close()
  answers['transfers list'] = [null, transfer]
  const again = openBackend({ dataFolder })
  app = again
  const { accountId } = first
  await again.client.call('sync', {})
  await again.client.call('transfers.cancel', { accountId, transferIds: [unlisted] })
  expect(await again.client.call('history.list', { accountId })).toEqual([])
  answers['transfers list'] = [transfer]
  await again.client.call('transfers.cancel', { accountId, transferIds: [unlisted] })
  expect(await again.client.call('history.list', { accountId })).toMatchObject([{ name: 'later' }])
})

it('gives each added transfer its own link beside one that cannot be read', async () => {
  const { client, accountId } = await open({ 'transfers list': [transfer, { ...transfer, id: '8' }] })
  answers['transfers add'] = [null, { ...transfer, id: '8' }]
  const links = ['http://a.example/first', 'http://a.example/second']
  expect(await client.call('transfers.add', { accountId, links, folderId: 0 })).toEqual({ ids: [8], refused: [] })
  answers['transfers list'] = [transfer]
  await client.call('transfers.cancel', { accountId, transferIds: [unlisted] })
  const [entry] = await client.call('history.list', { accountId })
  expect(await client.call('history.links', { accountId, entryId: entry?.id ?? '' })).toEqual([links[1]])
})

it('reports once, in the log and to the user, how many rows cannot be read, and withdraws the notice later', async () => {
  const { client, accountId, next, log } = await open({})
  const told = next('notices.changed', (notices) => notices.length > 0)
  answers['files list'] = [item, { ...item, id: null }, 5]
  await listItems(client, accountId, 0)
  await listItems(client, accountId, 0)
  const [notice] = await told
  expect(notice?.sentence).toBe(
    'The service on this computer sent 2 items that could not be read. The others are shown.',
  )
  expect(log.filter((line) => line.includes('files.list'))).toHaveLength(1)
  const gone = next('notices.changed', (notices) => notices.length === 0)
  answers['files list'] = [item]
  await listItems(client, accountId, 0)
  await gone
})

it('reads one item beside malformed data that came with it', async () => {
  const { client, accountId } = await open({ 'files create_dir': [{ ...item, parent_id: {} }, null] })
  const made = await client.call('items.createFolder', { accountId, parentId: 0, name: 'x' })
  expect(Item.parse(made)).toMatchObject({ id: 5, name: 'a.bin' })
})
