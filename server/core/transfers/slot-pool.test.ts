import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SlotPool } from './slot-pool.ts'

const options = { limit: 2, maxSuspended: 3, graceMs: 1000, minProgress: 10 }
const { signal } = new AbortController()

/** One that uses the places: it takes one, moves when told, and gets in line again when asked to yield. */
class User {
  moved = 0
  yields = 0
  turns = 0
  readonly places: SlotPool<User>
  readonly stop = new AbortController()

  constructor(places: SlotPool<User>) {
    this.places = places
  }

  line(): this {
    this.places.acquire(this, this).then(
      () => {
        this.turns += 1
      },
      () => undefined,
    )
    return this
  }

  get signal(): AbortSignal {
    return this.stop.signal
  }

  progress = () => this.moved

  yieldSlot = () => {
    this.yields += 1
    this.places.release(this)
    this.line()
  }
}

describe('places', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })
  const users = (places: SlotPool<User>, count: number) => Array.from({ length: count }, () => new User(places).line())
  const turnsOf = (all: User[]) => all.map(({ turns }) => turns)
  const settle = () => vi.advanceTimersByTimeAsync(0)

  it('holds the limit for those that move', async () => {
    const places = new SlotPool<User>(options)
    const all = users(places, 4)
    for (let second = 0; second < 60; second++) {
      for (const user of all) user.moved += 20 * user.turns
      await vi.advanceTimersByTimeAsync(500)
    }
    expect([turnsOf(all), places.queued()]).toEqual([[1, 1, 0, 0], all.slice(2)])
    places.release(all[0] ?? new User(places))
    await settle()
    expect(turnsOf(all)).toEqual([1, 1, 1, 0])
  })

  it('lends the place of one that does not move, or moves too slowly, and takes it for moving when it does again', async () => {
    const places = new SlotPool<User>(options)
    const all = users(places, 3)
    const [slow, quick] = all
    for (let step = 0; step < 10; step++) {
      if (slow) slow.moved += 1
      if (quick) quick.moved += 20
      await vi.advanceTimersByTimeAsync(250)
    }
    expect([turnsOf(all), places.active(), slow && places.stalledMs(slow) > 1000]).toEqual([[1, 1, 1], [all[1]], true])
    if (slow) slow.moved += 20
    await vi.advanceTimersByTimeAsync(250)
    expect(places.active()).toEqual([all[1], all[0]])
  })

  it('lends at once where asked, and gives a place back in line', async () => {
    const places = new SlotPool<User>({ ...options, limit: 1 })
    const [one, other] = users(places, 2)
    if (!one || !other) return
    await settle()
    places.suspend(one)
    await settle()
    expect(turnsOf([one, other])).toEqual([1, 1])
    one.line()
    await settle()
    expect([one.turns, places.queued()]).toEqual([1, [one]])
    places.release(other)
    await settle()
    expect([one.turns, places.queued(), places.active()]).toEqual([2, [], [one]])
  })

  it('is under way with so many at once and no more; then the longest still one gets in line again, after 20 seconds', async () => {
    const places = new SlotPool<User>(options)
    const all = users(places, 7)
    await vi.advanceTimersByTimeAsync(15_000)
    expect(turnsOf(all)).toEqual([1, 1, 1, 1, 1, 0, 0])
    await vi.advanceTimersByTimeAsync(10_000)
    expect(Math.min(...turnsOf(all))).toBe(1)
    expect(places.active().length + all.filter((user) => places.stalledMs(user) > 0).length).toBe(5)
    expect(places.queued()).toHaveLength(2)
  })

  it('asks nobody to stop who would lose much, before ten minutes', async () => {
    const places = new SlotPool<User>({ ...options, limit: 1, maxSuspended: 0 })
    const holder = new User(places)
    const other = new User(places)
    const take = places.acquire(holder, {
      ...holder,
      signal,
      progress: holder.progress,
      lossBytes: () => 50_000_000,
      yieldSlot: holder.yieldSlot,
    })
    other.line()
    await take
    await vi.advanceTimersByTimeAsync(9 * 60_000)
    expect([holder.yields, other.turns]).toEqual([0, 0])
    await vi.advanceTimersByTimeAsync(61_000)
    expect([holder.yields, other.turns]).toEqual([1, 1])
  })

  it('never asks one to stop that cannot', async () => {
    const places = new SlotPool<object>({ ...options, limit: 1, maxSuspended: 0 })
    const key = {}
    await places.acquire(key, { signal, progress: () => 0 })
    const other = places.acquire({}, { signal, progress: () => 0 })
    await vi.advanceTimersByTimeAsync(60 * 60_000)
    expect(places.queued()).toHaveLength(1)
    places.release(key)
    await other
  })

  it('lets in a newcomer beside any number that come again, and those beside any number of newcomers', async () => {
    const places = new SlotPool<User>({ ...options, limit: 2, maxSuspended: 8 })
    const dead = users(places, 500)
    await vi.advanceTimersByTimeAsync(40 * 60_000)
    expect(Math.min(...turnsOf(dead))).toBeGreaterThan(0)
    const newcomer = new User(places).line()
    await vi.advanceTimersByTimeAsync(45_000)
    expect(newcomer.turns).toBe(1)
    const before = turnsOf(dead).reduce((sum, turns) => sum + turns, 0)
    for (let round = 0; round < 60; round++) {
      users(places, 20)
      await vi.advanceTimersByTimeAsync(1000)
    }
    expect(turnsOf(dead).reduce((sum, turns) => sum + turns, 0)).toBeGreaterThan(before + 5)
  })

  it('forgets one whose signal ends it in line, and rejects with the reason', async () => {
    const places = new SlotPool<User>({ ...options, limit: 1 })
    const [one, other] = users(places, 2)
    const reason = new Error('cancelled')
    const waiting = other ? places.acquire(other, other) : null
    other?.stop.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    if (one) places.release(one)
    expect([places.queued(), places.active(), vi.getTimerCount()]).toEqual([[], [], 0])
    await expect(other && places.acquire(other, other)).rejects.toBe(reason)
  })

  it('gives a place back whatever became of the work', async () => {
    const places = new SlotPool<object>({ ...options, limit: 1 })
    const fail = () => Promise.reject(new Error('no'))
    await expect(places.run({}, { signal, progress: () => 0 }, fail)).rejects.toThrow('no')
    expect(await places.run({}, { signal, progress: () => 0 }, async () => 'done')).toBe('done')
  })
})
