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

/** A feed on a list that the test controls. Listed and added transfers are remembered until they are reported as left. */
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
  const poll = async (rows: V1Transfer[]) => {
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
  return { feed, server, messages, asked, remember, poll }
}

it('treats a vanished transfer as finished, or as cancelled if it was cancelled here or failed without a retry', async () => {
  const { feed, poll } = openFeed()
  await poll([row(1), row(2), row(3, { status: 'error' }), row(4, { status: 'error' })])
  await feed.cancelling(2, async () => undefined)
  await feed.retrying(4, async () => undefined)
  expect((await poll([])).left).toEqual([
    [1, 'finished'],
    [2, 'cancelled'],
    [3, 'cancelled'],
    [4, 'finished'],
  ])
})

it('treats a vanished transfer from before this feed as finished, with its remembered details', async () => {
  const { remember, poll } = openFeed()
  remember(8, 'older.iso')
  expect((await poll([])).details).toEqual([
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

it('ignores a cancellation that the service refused, and counts one that it did not answer', async () => {
  const { feed, poll } = openFeed()
  await poll([row(1), row(2)])
  for (const [id, code] of [
    [1, 'refused'],
    [2, 'unreachable'],
  ] as const)
    await expect(feed.cancelling(id, () => Promise.reject(new AppError(code, 'No.')))).rejects.toThrow('No.')
  expect((await poll([])).left).toEqual([
    [1, 'finished'],
    [2, 'cancelled'],
  ])
})

it('keeps a transfer as it was last listed while an unreadable row may be its own', async () => {
  const { server, poll } = openFeed()
  await poll([row(1), row(2)])
  for (const unread of [
    { id: 2, name: null },
    { id: null, name: 't2' },
    { id: null, name: null },
  ]) {
    server.unread = [unread]
    expect(await poll([row(1)])).toMatchObject({ listed: [1, 2], left: [] })
  }
  server.unread = [{ id: null, name: 'another' }]
  expect((await poll([row(1)])).left).toEqual([[2, 'finished']])
})

it('reports what has left, the same each time, until it is no longer remembered', async () => {
  const { feed, server, poll } = openFeed()
  await poll([row(1), row(2)])
  await feed.cancelling(2, async () => undefined)
  server.rows = []
  const first = await feed.changes()
  expect(first.left.map(({ outcome }) => outcome)).toEqual(['finished', 'cancelled'])
  expect((await feed.changes()).left).toEqual(first.left)
})

it('finds the item of a transfer by the message that names the transfer, before one with its file name', async () => {
  const { messages, poll } = openFeed()
  await poll([row(1, { name: 'a.zip' }), row(2, { name: 'b.iso' })])
  messages.push(
    message({ id: 4, itemId: 50, fileName: 'a.zip', transferId: 9 }),
    message({ id: 5, transferId: 1, title: 'One file was left out.' }),
    message({ id: 6, itemId: 51, fileName: 'inside.txt', transferId: 1 }),
    message({ id: 7, itemId: 52, fileName: 'b.iso' }),
    message({ id: 8, itemId: 52, title: 'It may not be whole.' }),
  )
  expect((await poll([])).details).toMatchObject([
    { itemId: 51, sizeBytes: 77, note: 'One file was left out.' },
    { itemId: 52, sizeBytes: 77, note: 'It may not be whole.' },
  ])
})

it('reports that a seeding torrent has arrived when the service or a message says so, and then stops asking', async () => {
  const { asked, messages, poll } = openFeed()
  const seeding = { status: 'seeding', folderId: 3 } as const
  const rows = [row(1, { ...seeding, hasArrived: false }), row(2, seeding)]
  expect((await poll(rows)).arrived).toEqual([])
  messages.push(message({ itemId: 60, fileName: 't2' }))
  expect((await poll([row(1, { ...seeding, hasArrived: true }), row(2, seeding)])).arrived).toEqual([
    [1, null],
    [2, 60],
  ])
  asked.length = 0
  expect((await poll([row(1, seeding), row(2, seeding)])).arrived).toEqual([
    [1, null],
    [2, 60],
  ])
  expect(asked).toEqual([])
})

it('treats a torrent whose seeding was stopped as finished, unless its archives failed', async () => {
  const { feed, poll } = openFeed()
  await poll([row(1, { status: 'seeding' }), row(2, { status: 'seeding', failure: 'needs-password' })])
  for (const id of [1, 2]) await feed.cancelling(id, async () => undefined)
  expect((await poll([])).left).toEqual([
    [1, 'finished'],
    [2, 'cancelled'],
  ])
})

it('treats a seeding torrent as unfinished where files arrive only after the seeding', async () => {
  const { feed, asked, poll } = openFeed({ arrivesWhileSeeding: false })
  expect((await poll([row(1, { status: 'seeding' })])).arrived).toEqual([])
  await feed.cancelling(1, async () => undefined)
  expect((await poll([])).left).toEqual([[1, 'cancelled']])
  expect(asked).toEqual([])
})

it('names the folder of a seeding torrent as touched on new messages, and when the state of its archives changes', async () => {
  const { messages, poll } = openFeed()
  const shared = (failure: V1Transfer['failure']) => [row(1, { status: 'seeding', folderId: 6, failure })]
  expect((await poll(shared(null))).touchedFolderIds).toEqual([6])
  expect((await poll(shared(null))).touchedFolderIds).toEqual([])
  expect((await poll(shared('damaged'))).touchedFolderIds).toEqual([6])
  messages.push(message({ id: 30 }))
  expect((await poll(shared('damaged'))).touchedFolderIds).toEqual([6])
})
