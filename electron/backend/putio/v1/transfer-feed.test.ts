import { expect, it } from 'vitest'
import { AppError } from '../../../../shared/errors.ts'
import type { ListedTransfer, RememberedTransfer } from '../transfer-feed.ts'
import { V1TransferFeed } from './transfer-feed.ts'
import { toTransfer, type V1Message } from './transfers.ts'

const row = (id: number, more: Partial<ListedTransfer> = {}): ListedTransfer => ({
  ...toTransfer({ id, name: `t${id}`, status: 'Downloading', percent_done: 5 }),
  ...more,
})
const message = (more: Partial<V1Message>): V1Message => ({
  id: 1,
  title: '',
  itemId: null,
  fileName: null,
  isArrival: true,
  ...more,
})

/** A feed on a list that the test controls. Listed and added transfers are remembered until they are reported as left. */
function openFeed() {
  const server = { rows: [] as ListedTransfer[], unread: [] as { id: number | null; name: string | null }[] }
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
  })
  const remember = (transferId: number, name = `t${transferId}`) =>
    remembered.set(transferId, { transferId, name, links: [`http://h/${transferId}`], folderId: 3 })
  const poll = async (rows: ListedTransfer[]) => {
    server.rows = rows
    const { listed, left } = await feed.changes()
    for (const { transferId } of left) remembered.delete(transferId)
    for (const { id, name } of listed) if (!remembered.has(id)) remember(id, name)
    return {
      listed: listed.map(({ id }) => id),
      arrived: listed.filter(({ hasArrived }) => hasArrived).map(({ id, itemId }) => [id, itemId]),
      left: left.map(({ transferId, outcome }) => [transferId, outcome]),
      details: left,
    }
  }
  return { feed, server, messages, asked, remember, poll }
}

it('treats a vanished transfer as finished, or as cancelled if it was cancelled here or had failed', async () => {
  const { feed, poll } = openFeed()
  await poll([row(1), row(2), row(3, { status: 'error' })])
  await feed.cancelling(2, async () => undefined)
  expect((await poll([])).left).toEqual([
    [1, 'finished'],
    [2, 'cancelled'],
    [3, 'cancelled'],
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

it('finds the item of a transfer by the message with its file name, and a note by the item', async () => {
  const { messages, poll } = openFeed()
  await poll([row(1, { name: 'a.zip' }), row(2, { name: 'b.iso' })])
  messages.push(
    message({ id: 4, itemId: 50, fileName: 'other.zip' }),
    message({ id: 5, itemId: 52, fileName: 'b.iso' }),
    message({ id: 6, itemId: 53, title: 'About another one.' }),
    message({ id: 7, itemId: 52, title: 'It may not be whole.' }),
    message({ id: 8, itemId: 54, fileName: 'a.zip', isArrival: false }),
  )
  expect((await poll([])).details).toMatchObject([
    { itemId: null, sizeBytes: null, note: null },
    { itemId: 52, sizeBytes: 77, note: 'It may not be whole.' },
  ])
})

it('treats a seeding torrent as unfinished: files arrive only after the seeding', async () => {
  const { feed, asked, poll } = openFeed()
  expect((await poll([row(1, { status: 'seeding' })])).arrived).toEqual([])
  await feed.cancelling(1, async () => undefined)
  expect((await poll([])).left).toEqual([[1, 'cancelled']])
  expect(asked).toEqual([])
})
