import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FetchQueue, type FetchSlot } from './fetch-queue.ts'
import type { Transfer } from './transfer.ts'

const pauseMs = 3 * 60_000

function transfer(id: number, kind: Transfer['kind'] = 'links'): Transfer {
  return {
    id,
    links: [`http://127.0.0.1/${id}`],
    kind,
    name: `${id}`,
    folderId: 0,
    status: 'in-queue',
    stage: 'fetching',
    isSharing: false,
    reason: null,
    failure: null,
    sizeBytes: null,
    downloadedBytes: 0,
    uploadedBytes: 0,
    paidBytes: 0,
    files: [],
    torrentResume: null,
    password: null,
    isUnpacked: true,
    plan: null,
    itemIds: null,
    content: `${id}`,
    addedAtSeconds: 0,
    bytesPerSecond: 0,
    peers: 0,
    deliveryStatus: 'in-complete-queue',
    percentUnpacked: 0,
  }
}

/** Waits by the fake clock. */
function fakeSleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason)
    })
  })
}

describe('the turns of fetches', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })
  const { signal } = new AbortController()
  const begin = (turns: FetchQueue, one: Transfer, work: (turn: FetchSlot) => Promise<void>, stop = signal) => {
    const told: string[] = []
    const ended = turns.run(one, {
      signal: stop,
      onQueued: () => told.push('line'),
      onSlot: () => told.push('turn'),
      onYield: () => told.push('yield'),
      work,
    })
    return { told, ended }
  }
  /** Does not move until its turn is taken. */
  const dead = (turn: FetchSlot) =>
    new Promise<void>((_resolve, reject) => turn.signal.addEventListener('abort', () => reject(turn.signal.reason)))

  it('is not asked again before its time, although others had its turn meanwhile', async () => {
    const turns = new FetchQueue(fakeSleep)
    let asked = 0
    const late = begin(turns, transfer(0), async (turn) => {
      asked += 1
      if (asked === 1) await turn.pause(pauseMs, turn.signal)
    })
    for (let id = 1; id <= 200; id++) begin(turns, transfer(id), dead).ended.catch(() => undefined)
    await vi.advanceTimersByTimeAsync(pauseMs - 1000)
    expect([late.told, asked]).toEqual([['turn', 'yield'], 1])
    await vi.advanceTimersByTimeAsync(60_000)
    await late.ended
    expect([late.told, asked]).toEqual([['turn', 'yield', 'line', 'turn'], 2])
  })

  it('lets torrents that nobody has wait beside links, and no more of them at once than it says', async () => {
    const turns = new FetchQueue(fakeSleep)
    let alive = 0
    let maxAlive = 0
    const counted = async (turn: FetchSlot) => {
      maxAlive = Math.max(maxAlive, ++alive)
      await dead(turn).finally(() => {
        alive -= 1
      })
    }
    for (let id = 1; id <= 100; id++) begin(turns, transfer(id, 'torrent'), counted).ended.catch(() => undefined)
    const link = begin(turns, transfer(200), async () => undefined)
    await link.ended
    const good = begin(turns, transfer(300, 'torrent'), async () => undefined)
    await vi.advanceTimersByTimeAsync(3 * 60_000)
    await good.ended
    expect([link.told, good.told, maxAlive]).toEqual([['turn'], ['line', 'turn'], 32])
  })

  it('ends at once where it waits, when it is stopped', async () => {
    const turns = new FetchQueue(fakeSleep)
    const stops = Array.from({ length: 20 }, () => new AbortController())
    const all = stops.map((stop, id) =>
      begin(turns, transfer(id), (turn) => turn.pause(pauseMs, turn.signal), stop.signal),
    )
    await vi.advanceTimersByTimeAsync(5000)
    const reason = new Error('cancelled')
    for (const stop of stops) stop.abort(reason)
    await expect(Promise.allSettled(all.map(({ ended }) => ended))).resolves.toHaveLength(20)
    expect([turns.links.active(), turns.links.queued(), vi.getTimerCount()]).toEqual([[], [], 0])
  })

  it('needs no other turn when it is whole just when it is asked to stop', async () => {
    const turns = new FetchQueue(fakeSleep)
    let works = 0
    const whole = begin(turns, transfer(0, 'torrent'), async (turn) => {
      works += 1
      if (works > 1) return
      await dead(turn).catch(() => turn.release())
    })
    for (let id = 1; id <= 60; id++) begin(turns, transfer(id, 'torrent'), dead).ended.catch(() => undefined)
    await vi.advanceTimersByTimeAsync(60_000)
    await whole.ended
    expect([works, whole.told]).toEqual([2, ['turn']])
  })
})
