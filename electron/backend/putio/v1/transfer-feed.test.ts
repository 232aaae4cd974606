import { expect, it } from 'vitest'
import { noCapabilities } from '../../../../shared/capabilities.ts'
import { AppError } from '../../../../shared/errors.ts'
import type { RememberedTransfer } from '../transfer-feed.ts'
import { V1TransferFeed } from './transfer-feed.ts'
import { toTransfer, type V1Message, type V1Transfer } from './transfers.ts'

const row = (id: number, more: Partial<V1Transfer> = {}): V1Transfer => ({
  ...toTransfer({ id, name: `t${id}`, status: 'Downloading', percent_done: 5, putdesk: null }),
  ...more,
})
const message = (more: Partial<V1Message>): V1Message => ({
  id: 1,
  title: '',
  itemId: null,
  fileName: null,
  isArrival: true,
  transferId: null,
  ...more,
})

/** A feed on a list that the test writes. What is listed or was added is remembered until it is told as left. */
function openFeed({ arrivesWhileSeeding = true } = {}) {
  const server = { rows: [] as V1Transfer[], unread: [] as { id: number | null; name: string | null }[] }
  const messages: V1Message[] = []
  const remembered = new Map<number, RememberedTransfer>()
  const asked: string[] = []
  const feed = new V1TransferFeed({
    list: async () => ({ transfers: server.rows, unread: server.unread }),
    messages: async () => {
      asked.push('messages')
      return messages
    },
    item: async (id) => ({ id, parentId: 0, name: 'x', kind: 'file', sizeBytes: 77, addedAtMs: null }),
    remembered: () => [...remembered.values()],
    capabilities: () => ({ ...noCapabilities, arrivesWhileSeeding }),
  })
  const remember = (transferId: number, name = `t${transferId}`) =>
    remembered.set(transferId, { transferId, name, links: [`http://h/${transferId}`], folderId: 3 })
  const look = async (rows: V1Transfer[]) => {
    server.rows = rows
    const { listed, left, touchedFolderIds } = await feed.changes()
    for (const { transferId } of left) remembered.delete(transferId)
    for (const { id, name } of listed) if (!remembered.has(id)) remember(id, name)
    return {
      listed: listed.map(({ id }) => id),
      arrived: listed.filter(({ hasArrived }) => hasArrived).map(({ id, itemId }) => [id, itemId]),
      left: left.map(({ transferId, outcome }) => [transferId, outcome]),
      touchedFolderIds,
      details: left,
    }
  }
  return { feed, server, messages, asked, remember, look }
}

it('takes one that vanishes for finished, one cancelled here for cancelled, and one in Error for cancelled elsewhere', async () => {
  const { feed, look } = openFeed()
  await look([row(1), row(2), row(3, { status: 'error' }), row(4, { status: 'error' })])
  await feed.cancelling(2, async () => undefined)
  await feed.retrying(4, async () => undefined)
  expect((await look([])).left).toEqual([
    [1, 'finished'],
    [2, 'cancelled'],
    [3, 'cancelled'],
    [4, 'finished'],
  ])
})

it('takes what was listed or added before this feed began for finished, with what was noted of it', async () => {
  const { remember, look } = openFeed()
  remember(8, 'older.iso')
  expect((await look([])).details).toEqual([
    {
      transferId: 8,
      name: 'older.iso',
      outcome: 'finished',
      sizeBytes: null,
      itemId: null,
      folderId: 3,
      links: ['http://h/8'],
      note: null,
    },
  ])
})

it('does not count a cancel that the service refused, and counts one that it gave no answer to', async () => {
  const { feed, look } = openFeed()
  await look([row(1), row(2)])
  for (const [id, code] of [
    [1, 'refused'],
    [2, 'unreachable'],
  ] as const)
    await expect(feed.cancelling(id, () => Promise.reject(new AppError(code, 'No.')))).rejects.toThrow('No.')
  expect((await look([])).left).toEqual([
    [1, 'finished'],
    [2, 'cancelled'],
  ])
})

it('holds a transfer for listed as it last was while a row that could not be read may be its own', async () => {
  const { server, look } = openFeed()
  await look([row(1), row(2)])
  for (const unread of [
    { id: 2, name: null },
    { id: null, name: 't2' },
    { id: null, name: null },
  ]) {
    server.unread = [unread]
    expect(await look([row(1)])).toMatchObject({ listed: [1, 2], left: [] })
  }
  server.unread = [{ id: null, name: 'another' }]
  expect((await look([row(1)])).left).toEqual([[2, 'finished']])
})

it('tells again of what has left until it is no longer remembered, the same each time', async () => {
  const { feed, server, look } = openFeed()
  await look([row(1), row(2)])
  await feed.cancelling(2, async () => undefined)
  server.rows = []
  const first = await feed.changes()
  expect(first.left.map(({ outcome }) => outcome)).toEqual(['finished', 'cancelled'])
  expect((await feed.changes()).left).toEqual(first.left)
})

it('finds what a transfer became by the message that names it, before one of a file of its name', async () => {
  const { messages, look } = openFeed()
  await look([row(1, { name: 'a.zip' }), row(2, { name: 'b.iso' })])
  messages.push(
    message({ id: 4, itemId: 50, fileName: 'a.zip', transferId: 9 }),
    message({ id: 5, transferId: 1, title: 'One file was left out.' }),
    message({ id: 6, itemId: 51, fileName: 'inside.txt', transferId: 1 }),
    message({ id: 7, itemId: 52, fileName: 'b.iso' }),
    message({ id: 8, itemId: 52, title: 'It may not be whole.' }),
  )
  expect((await look([])).details).toMatchObject([
    { itemId: 51, sizeBytes: 77, note: 'One file was left out.' },
    { itemId: 52, sizeBytes: 77, note: 'It may not be whole.' },
  ])
})

it('tells that a shared torrent has arrived when the service or a message says so, and then asks no more', async () => {
  const { asked, messages, look } = openFeed()
  const seeding = { status: 'seeding', folderId: 3 } as const
  const rows = [row(1, { ...seeding, hasArrived: false }), row(2, seeding)]
  expect((await look(rows)).arrived).toEqual([])
  messages.push(message({ itemId: 60, fileName: 't2' }))
  expect((await look([row(1, { ...seeding, hasArrived: true }), row(2, seeding)])).arrived).toEqual([
    [1, null],
    [2, 60],
  ])
  asked.length = 0
  expect((await look([row(1, seeding), row(2, seeding)])).arrived).toEqual([
    [1, null],
    [2, 60],
  ])
  expect(asked).toEqual([])
})

it('takes a torrent whose sharing was stopped for finished, but not where its archives failed', async () => {
  const { feed, look } = openFeed()
  await look([row(1, { status: 'seeding' }), row(2, { status: 'seeding', failure: 'needs-password' })])
  for (const id of [1, 2]) await feed.cancelling(id, async () => undefined)
  expect((await look([])).left).toEqual([
    [1, 'finished'],
    [2, 'cancelled'],
  ])
})

it('takes a seeding torrent for unfinished where files arrive only after the sharing', async () => {
  const { feed, asked, look } = openFeed({ arrivesWhileSeeding: false })
  expect((await look([row(1, { status: 'seeding' })])).arrived).toEqual([])
  await feed.cancelling(1, async () => undefined)
  expect((await look([])).left).toEqual([[1, 'cancelled']])
  expect(asked).toEqual([])
})

it('names folders that files of a shared torrent may have come into: on news, and when its archives fare differently', async () => {
  const { messages, look } = openFeed()
  const shared = (failure: V1Transfer['failure']) => [row(1, { status: 'seeding', folderId: 6, failure })]
  expect((await look(shared(null))).touchedFolderIds).toEqual([6])
  expect((await look(shared(null))).touchedFolderIds).toEqual([])
  expect((await look(shared('damaged'))).touchedFolderIds).toEqual([6])
  messages.push(message({ id: 30 }))
  expect((await look(shared('damaged'))).touchedFolderIds).toEqual([6])
})
