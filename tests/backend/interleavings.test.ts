import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { TransferList } from '../../electron/backend/accounts/transfer-list.ts'
import type { TransferDelta } from '../../electron/backend/accounts/transfer-mirror.ts'
import { History } from '../../electron/backend/history/history.ts'
import { openJournal } from '../../electron/backend/history/journal.ts'
import type { PutioClient } from '../../electron/backend/putio/client.ts'
import { V2TransferFeed } from '../../electron/backend/putio/v2/transfer-feed.ts'
import { toTransfer } from '../../electron/backend/putio/v2/transfers.ts'
import { WireTransfer } from '../../electron/backend/putio/v2/wire.ts'
import { AppError } from '../../shared/errors.ts'
import type { Transfer, TransferId } from '../../shared/transfer.ts'
import { seededRandom } from '../support/seed.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

// Announcements, polls and what the person does come in any order, and answers may be lost. In the end, the window shows the state of the
// service, and the history knows once of each transfer what has become of it.

const rounds = 1000
const steps = 25
const random = seededRandom()
const below = (count: number) => Math.floor(random() * count)
const pick = <T>(all: readonly T[]): T | undefined => all[below(all.length)]

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

interface Row {
  id: number
  status: string
  percent: number
  fileId: number | null
  finishedAt: string | null
}

const statuses = ['IN_QUEUE', 'DOWNLOADING', 'COMPLETING', 'SEEDING'] as const

/** A service with the transfers of API v2. What is asked takes effect at one moment, and is answered at a later one. */
function startService() {
  const rows = new Map<number, Row>()
  /** What became of each that ended. */
  const ended = new Map<number, 'finished' | 'cancelled'>()
  let lastId = 0
  let canLose = true
  const later = () => new Promise<void>((resolve) => setTimeout(resolve, below(900)))
  /** Runs something at the service. An answer may be lost, before or after it has taken effect. */
  const ask = async <T>(work: () => T): Promise<T> => {
    await later()
    const isLost = canLose && random() < 0.1
    if (isLost && random() < 0.5) throw new AppError('unreachable', 'The request is lost.')
    const result = structuredClone(work())
    await later()
    if (isLost) throw new AppError('unreachable', 'The answer is lost.')
    return result
  }
  const add = () => {
    lastId += 1
    rows.set(lastId, { id: lastId, status: 'IN_QUEUE', percent: 0, fileId: null, finishedAt: null })
    return lastId
  }
  const cancel = (id: number) => {
    const row = rows.get(id)
    if (row === undefined || row.status === 'COMPLETED') return
    if (row.status === 'SEEDING') finish(row)
    else {
      rows.delete(id)
      ended.set(id, 'cancelled')
    }
  }
  const finish = (row: Row) => {
    Object.assign(row, {
      status: 'COMPLETED',
      percent: 100,
      fileId: row.id + 1000,
      finishedAt: new Date().toISOString(),
    })
    ended.set(row.id, 'finished')
  }
  /** What happens there by itself, or because of another client. Returns what has changed. */
  const live = () => {
    const row = pick([...rows.values()].filter(({ status }) => status !== 'COMPLETED'))
    const choice = below(10)
    if (choice === 0 || row === undefined) return add()
    if (choice === 1) cancel(row.id)
    else if (choice === 3) finish(row)
    else if (row.status === 'SEEDING') return row.id
    else if (choice === 2) row.status = 'ERROR'
    else {
      row.status = pick(statuses) ?? 'IN_QUEUE'
      row.percent = Math.min(99, row.percent + below(30))
      if (row.status === 'SEEDING') row.fileId = row.id + 1000
    }
    return row.id
  }
  return {
    rows,
    ended,
    live,
    beCalm: () => {
      canLose = false
    },
    ask,
    add,
    cancel,
    retry: (id: number) => {
      const row = rows.get(id)
      if (row?.status === 'ERROR') row.status = 'DOWNLOADING'
    },
  }
}

function wireOf({ id, status, percent, fileId, finishedAt }: Row) {
  return toTransfer(
    WireTransfer.parse({
      ...{ id, name: `t${id}`, type: 'URL', status, source: `https://x.example/${id}`, save_parent_id: 3 },
      ...{
        file_id: fileId,
        percent_done: percent,
        finished_at: finishedAt,
        size: 100,
        created_at: '2026-01-01T00:00:00',
      },
    }),
  )
}

it(`${rounds} interleavings of announcements, polls and acts end in the state of the service`, async () => {
  const journal = openJournal({
    path: join(temporaryFolder('interleavings'), 'history.jsonl'),
    tell: () => undefined,
    onSaved: () => undefined,
  })
  const history = new History(journal)
  for (let round = 0; round < rounds; round += 1) await play(history, `a${round}`)
  journal.close()
})

async function play(history: History, accountId: string): Promise<void> {
  const service = startService()
  const shown = new Map<TransferId, Transfer>()
  const arrived: TransferId[] = []
  const wereShown = new Set<TransferId>()
  let feed: V2TransferFeed | null = null
  /** Announcements come in their order, each a while after what it tells of. */
  let announcedAtMs = 0
  /** Putdesk's own service tells in which order announcements and answers are; others do not. */
  const isOrdered = random() < 0.5
  let ticks = 0
  const announce = (id: number) => {
    const row = service.rows.get(id)
    const news = row === undefined ? null : wireOf(structuredClone(row))
    ticks += 1
    const at = ticks
    announcedAtMs = Math.max(announcedAtMs, Date.now() + below(2000))
    setTimeout(() => {
      feed?.note({ id, row: news, tick: isOrdered ? at : null })
      list.noteAnnounced()
    }, announcedAtMs - Date.now())
  }
  const client = {
    polling: { busyMs: 5000, idleMs: 15_000 },
    followTransfers: (remembered) => {
      feed = new V2TransferFeed({
        remembered,
        completed: async () => [],
        item: async () => Promise.reject(new AppError('not-found', 'There is no such item.')),
        list: async () => {
          const { rows, tick } = await service.ask(() => ({ rows: [...service.rows.values()], tick: ticks }))
          return { transfers: rows.map(wireOf), unread: [], tick: isOrdered ? tick : null }
        },
      })
      return feed
    },
    cancelTransfer: (id) => service.ask(() => service.cancel(id)),
    retryTransfer: (id) => service.ask(() => service.retry(id)),
  } satisfies Partial<PutioClient>
  const list = new TransferList({
    ...{ accountId, history, cancelHoldMs: 2000, nowMs: Date.now },
    client: client as unknown as PutioClient,
    onDelta: ({ upserted, removed, arrived: news }: TransferDelta) => {
      for (const transfer of upserted) {
        shown.set(transfer.id, transfer)
        wereShown.add(transfer.id)
      }
      for (const id of removed) shown.delete(id)
      arrived.push(...news.map(({ transferId }) => transferId))
    },
    onTouched: () => undefined,
    onCancelled: () => undefined,
    onNotCancelled: () => undefined,
    onFetched: () => undefined,
    onProblem: () => undefined,
  })
  list.start()
  const acts: (() => Promise<unknown>)[] = [
    async () => {
      const id = await service.ask(() => service.add())
      const transfer = { id, name: `t${id}`, links: [] }
      list.noteAdded([{ transfer, links: ['https://x.example/'], sizeBytes: null, unpackedBytes: null }], 3)
      await list.refresh()
    },
    async () => {
      const id = pick([...shown.keys()])
      if (id !== undefined) await list.cancel([id])
    },
    async () => {
      const id = pick([...shown.values()].filter(({ isCancelled }) => isCancelled))?.id
      if (id !== undefined) list.keep([id])
    },
    async () => {
      const id = pick([...shown.values()].filter(({ status }) => status === 'error'))?.id
      if (id !== undefined) await client.retryTransfer(id)
      await list.refresh()
    },
    async () => list.refresh(),
    async () => list.setLive(random() < 0.5),
  ]
  const running: Promise<unknown>[] = []
  for (let step = 0; step < steps; step += 1) {
    const choice = random()
    if (choice < 0.5) {
      const id = service.live()
      // An announcement may come late, twice, in doubt, or not at all.
      const kind = random()
      if (kind < 0.8) announce(id)
      if (kind > 0.7 && kind < 0.9) setTimeout(() => list.noteDoubtful(), below(2000))
      if (kind < 0.1) announce(id)
    } else running.push((pick(acts) ?? acts[0])?.().catch(() => undefined) ?? Promise.resolve())
    await vi.advanceTimersByTimeAsync(below(1200))
  }
  service.beCalm()
  await vi.advanceTimersByTimeAsync(70_000)
  await Promise.all(running)
  list.stop()

  const there = [...service.rows.values()].filter(({ status }) => status !== 'COMPLETED')
  const inWindow = [...shown.values()].map(({ id, status, percentDone, isCancelled }) => [
    id,
    status,
    percentDone,
    isCancelled,
  ])
  const atService = there.map((row) => [row.id, wireOf(row).status, row.percent, false])
  expect(inWindow.toSorted(byId)).toEqual(atService.toSorted(byId))
  // One that began and ended between two ticks was never listed, and is in the history only if it was added here.
  const told = history.list(accountId).map(({ transferId, outcome }) => [transferId, outcome])
  expect(new Set(told.map(([id]) => id)).size).toBe(told.length)
  for (const [id, outcome] of told) expect([id, service.ended.get(Number(id))]).toEqual([id, outcome])
  expect(new Set(arrived).size).toBe(arrived.length)
  // What was shown and is gone has an end.
  const known = new Set(told.map(([id]) => id))
  const isThere = new Set(there.map(({ id }) => id))
  for (const id of wereShown) if (!isThere.has(id)) expect([id, known.has(id)]).toEqual([id, true])
  expect(
    history
      .allPending(accountId)
      .map(({ transferId }) => transferId)
      .toSorted(),
  ).toEqual(there.map(({ id }) => id).toSorted())
}

function byId([a]: readonly unknown[], [b]: readonly unknown[]): number {
  return Number(a) - Number(b)
}
