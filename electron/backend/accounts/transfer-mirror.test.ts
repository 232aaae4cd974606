import { expect, it } from 'vitest'
import type { LeftTransfer, ListedTransfer } from '../putio/transfer-feed.ts'
import { isEmpty, reflect, type TransferMirror } from './transfer-mirror.ts'

const listed = (id: number, more: Partial<ListedTransfer> = {}): ListedTransfer => ({
  id,
  name: `t${id}`,
  status: 'downloading',
  serviceStatus: null,
  percentDone: 10,
  sizeBytes: null,
  downloadedBytes: null,
  uploadedBytes: null,
  isTorrent: false,
  peers: null,
  stagePercent: null,
  canPlay: false,
  speedBytesPerSecond: null,
  secondsLeft: null,
  reason: null,
  failure: null,
  addedAtMs: null,
  host: null,
  folderId: 3,
  links: [],
  hasArrived: false,
  itemId: null,
  ...more,
})
const left = (transferId: number, more: Partial<LeftTransfer> = {}): LeftTransfer => ({
  transferId,
  name: `t${transferId}`,
  outcome: 'finished',
  sizeBytes: null,
  itemId: 40 + transferId,
  folderId: 3,
  links: [],
  note: null,
  ...more,
})
const arrival = (transferId: number, itemId: number | null = 40 + transferId) => ({
  transferId,
  name: `t${transferId}`,
  itemId,
  folderId: 3,
})
const nothing: TransferMirror = new Map()

/** The mirror after a first update with these transfers, and the deltas of further updates. */
function follow(first: ListedTransfer[]) {
  let mirror = nothing
  const update = (list: ListedTransfer[], gone: LeftTransfer[] = [], nowMs = 1000) => {
    const { after, delta } = reflect(
      mirror,
      { listed: list, left: gone },
      { nowMs, isCancelled: () => false, remembered: () => null },
    )
    mirror = after
    return { ...delta, upserted: delta.upserted.map(({ id }) => id) }
  }
  update(first)
  return { update, transferOf: (id: number) => mirror.get(id)?.transfer }
}

it('reports new and changed transfers, and nothing else', () => {
  const { update } = follow([listed(1), listed(2)])
  const delta = update([listed(1), listed(2, { percentDone: 11 }), listed(3)])
  expect(delta).toEqual({ upserted: [2, 3], removed: [], arrived: [] })
  const { delta: same } = reflect(
    nothing,
    { listed: [], left: [] },
    { nowMs: 0, isCancelled: () => false, remembered: () => null },
  )
  expect([isEmpty(same), isEmpty({ ...same, removed: [1] })]).toEqual([true, false])
})

it('reports a finished transfer as arrived and removed, and a cancelled one only as removed', () => {
  const { update } = follow([listed(1), listed(2)])
  const delta = update([], [left(1), left(2, { outcome: 'cancelled', itemId: null })])
  expect(delta).toEqual({ upserted: [], removed: [1, 2], arrived: [arrival(1)] })
})

it('reports a seeding torrent as arrived once, and only as removed when its seeding ends', () => {
  const { update } = follow([listed(1, { status: 'seeding' })])
  const shared = listed(1, { status: 'seeding', hasArrived: true, itemId: 41 })
  expect(update([shared])).toEqual({ upserted: [], removed: [], arrived: [arrival(1)] })
  expect(update([shared])).toEqual({ upserted: [], removed: [], arrived: [] })
  expect(update([], [left(1)])).toEqual({ upserted: [], removed: [1], arrived: [] })
})

it('reports a transfer that finished before it was ever listed', () => {
  const { update } = follow([])
  expect(update([], [left(9)])).toEqual({ upserted: [], removed: [], arrived: [arrival(9)] })
})

it('measures the time in a status from when a transfer was added, and then from each change', () => {
  const { update, transferOf } = follow([listed(1, { addedAtMs: 400 }), listed(2)])
  expect([transferOf(1)?.statusSinceMs, transferOf(2)?.statusSinceMs]).toEqual([400, 1000])
  update([listed(1, { addedAtMs: 400, percentDone: 50 }), listed(2, { status: 'completing' })], [], 2000)
  expect([transferOf(1)?.statusSinceMs, transferOf(2)?.statusSinceMs]).toEqual([400, 2000])
})

it('takes links and folder from what is remembered where the service sends none', () => {
  const options = {
    nowMs: 0,
    isCancelled: () => false,
    remembered: (id: number) => (id === 1 ? { links: ['http://h/a'], folderId: 7 } : null),
  }
  const changes = { listed: [listed(1, { folderId: null }), listed(2, { folderId: null }), listed(3)], left: [] }
  const { after } = reflect(nothing, changes, options)
  expect([...after.values()].map(({ links, transfer }) => [links, transfer.areLinksKnown, transfer.folderId])).toEqual([
    [['http://h/a'], true, 7],
    [[], false, null],
    [[], false, 3],
  ])
})
