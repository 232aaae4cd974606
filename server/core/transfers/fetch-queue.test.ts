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
    resultId: null,
    content: `${id}`,
    addedAtSeconds: 0,
    bytesPerSecond: 0,
    peers: 0,
    deliveryStatus: 'in-complete-queue',
    percentUnpacked: 0,
  }
}

/** Waits on the fake clock. */
function fakeSleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason)
    })
  })
}

describe('the fetch queue', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })
  const { signal } = new AbortController()
  const begin = (queue: FetchQueue, one: Transfer, work: (slot: FetchSlot) => Promise<void>, stop = signal) => {
    const events: string[] = []
    const ended = queue.run(one, {
      signal: stop,
      onQueued: () => events.push('queued'),
      onSlot: () => events.push('slot'),
      onYield: () => events.push('yield'),
      work,
    })
    return { told: events, ended }
  }
  /** Makes no progress until it has to yield. */
  const dead = (slot: FetchSlot) =>
    new Promise<void>((_resolve, reject) => slot.signal.addEventListener('abort', () => reject(slot.signal.reason)))

  it('does not resume a fetch before its pause is over, even when others had its slot meanwhile', async () => {
    const queue = new FetchQueue(fakeSleep)
    let asked = 0
    const late = begin(queue, transfer(0), async (slot) => {
      asked += 1
      if (asked === 1) await slot.pause(pauseMs, slot.signal)
    })
    for (let id = 1; id <= 200; id++) begin(queue, transfer(id), dead).ended.catch(() => undefined)
    await vi.advanceTimersByTimeAsync(pauseMs - 1000)
    expect([late.told, asked]).toEqual([['slot', 'yield'], 1])
    await vi.advanceTimersByTimeAsync(60_000)
    await late.ended
    expect([late.told, asked]).toEqual([['slot', 'yield', 'queued', 'slot'], 2])
  })

  it('lets torrents without peers wait beside links, up to their limit', async () => {
    const queue = new FetchQueue(fakeSleep)
    let alive = 0
    let maxAlive = 0
    const counted = async (slot: FetchSlot) => {
      maxAlive = Math.max(maxAlive, ++alive)
      await dead(slot).finally(() => {
        alive -= 1
      })
    }
    for (let id = 1; id <= 100; id++) begin(queue, transfer(id, 'torrent'), counted).ended.catch(() => undefined)
    const link = begin(queue, transfer(200), async () => undefined)
    await link.ended
    const good = begin(queue, transfer(300, 'torrent'), async () => undefined)
    await vi.advanceTimersByTimeAsync(3 * 60_000)
    await good.ended
    expect([link.told, good.told, maxAlive]).toEqual([['slot'], ['queued', 'slot'], 32])
  })

  it('ends a fetch at once when it is stopped, wherever it waits', async () => {
    const queue = new FetchQueue(fakeSleep)
    const stops = Array.from({ length: 20 }, () => new AbortController())
    const all = stops.map((stop, id) =>
      begin(queue, transfer(id), (slot) => slot.pause(pauseMs, slot.signal), stop.signal),
    )
    await vi.advanceTimersByTimeAsync(5000)
    const reason = new Error('cancelled')
    for (const stop of stops) stop.abort(reason)
    await expect(Promise.allSettled(all.map(({ ended }) => ended))).resolves.toHaveLength(20)
    expect([queue.links.active(), queue.links.queued(), vi.getTimerCount()]).toEqual([[], [], 0])
  })

  it('gives no other slot to a torrent that is complete just as it is asked to yield', async () => {
    const queue = new FetchQueue(fakeSleep)
    let works = 0
    const whole = begin(queue, transfer(0, 'torrent'), async (slot) => {
      works += 1
      if (works > 1) return
      await dead(slot).catch(() => slot.release())
    })
    for (let id = 1; id <= 60; id++) begin(queue, transfer(id, 'torrent'), dead).ended.catch(() => undefined)
    await vi.advanceTimersByTimeAsync(60_000)
    await whole.ended
    expect([works, whole.told]).toEqual([2, ['slot']])
  })
})
