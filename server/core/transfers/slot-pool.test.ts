import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SlotPool } from './slot-pool.ts'

const options = { limit: 2, maxSuspended: 3, graceMs: 1000, minProgress: 10 }
const { signal } = new AbortController()

/** A user of slots: takes one, makes progress when told to, and queues again when asked to yield. */
class User {
  moved = 0
  yields = 0
  slots = 0
  readonly pool: SlotPool<User>
  readonly stop = new AbortController()

  constructor(pool: SlotPool<User>) {
    this.pool = pool
  }

  enqueue(): this {
    this.pool.acquire(this, this).then(
      () => {
        this.slots += 1
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
    this.pool.release(this)
    this.enqueue()
  }
}

describe('a pool of slots', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })
  const users = (pool: SlotPool<User>, count: number) => Array.from({ length: count }, () => new User(pool).enqueue())
  const slotsOf = (all: User[]) => all.map(({ slots: turns }) => turns)
  const settle = () => vi.advanceTimersByTimeAsync(0)

  it('limits the number of users that make progress', async () => {
    const pool = new SlotPool<User>(options)
    const all = users(pool, 4)
    for (let second = 0; second < 60; second++) {
      for (const user of all) user.moved += 20 * user.slots
      await vi.advanceTimersByTimeAsync(500)
    }
    expect([slotsOf(all), pool.queued()]).toEqual([[1, 1, 0, 0], all.slice(2)])
    pool.release(all[0] ?? new User(pool))
    await settle()
    expect(slotsOf(all)).toEqual([1, 1, 1, 0])
  })

  it('gives the slot of a stalled or too slow user to the next one, and counts the user again once it makes progress', async () => {
    const pool = new SlotPool<User>(options)
    const all = users(pool, 3)
    const [slow, quick] = all
    for (let step = 0; step < 10; step++) {
      if (slow) slow.moved += 1
      if (quick) quick.moved += 20
      await vi.advanceTimersByTimeAsync(250)
    }
    expect([slotsOf(all), pool.active(), slow && pool.stalledMs(slow) > 1000]).toEqual([[1, 1, 1], [all[1]], true])
    if (slow) slow.moved += 20
    await vi.advanceTimersByTimeAsync(250)
    expect(pool.active()).toEqual([all[1], all[0]])
  })

  it('gives the slot away at once when suspended, and returns it through the queue', async () => {
    const pool = new SlotPool<User>({ ...options, limit: 1 })
    const [one, other] = users(pool, 2)
    if (!one || !other) return
    await settle()
    pool.suspend(one)
    await settle()
    expect(slotsOf([one, other])).toEqual([1, 1])
    one.enqueue()
    await settle()
    expect([one.slots, pool.queued()]).toEqual([1, [one]])
    pool.release(other)
    await settle()
    expect([one.slots, pool.queued(), pool.active()]).toEqual([2, [], [one]])
  })

  it('limits the stalled users too: the one stalled longest has to queue again after 20 seconds', async () => {
    const pool = new SlotPool<User>(options)
    const all = users(pool, 7)
    await vi.advanceTimersByTimeAsync(15_000)
    expect(slotsOf(all)).toEqual([1, 1, 1, 1, 1, 0, 0])
    await vi.advanceTimersByTimeAsync(10_000)
    expect(Math.min(...slotsOf(all))).toBe(1)
    expect(pool.active().length + all.filter((user) => pool.stalledMs(user) > 0).length).toBe(5)
    expect(pool.queued()).toHaveLength(2)
  })

  it('asks a user that would lose much to yield only after ten minutes', async () => {
    const pool = new SlotPool<User>({ ...options, limit: 1, maxSuspended: 0 })
    const holder = new User(pool)
    const other = new User(pool)
    const acquiring = pool.acquire(holder, {
      ...holder,
      signal,
      progress: holder.progress,
      lossBytes: () => 50_000_000,
      yieldSlot: holder.yieldSlot,
    })
    other.enqueue()
    await acquiring
    await vi.advanceTimersByTimeAsync(9 * 60_000)
    expect([holder.yields, other.slots]).toEqual([0, 0])
    await vi.advanceTimersByTimeAsync(61_000)
    expect([holder.yields, other.slots]).toEqual([1, 1])
  })

  it('never asks a user to yield that cannot', async () => {
    const pool = new SlotPool<object>({ ...options, limit: 1, maxSuspended: 0 })
    const key = {}
    await pool.acquire(key, { signal, progress: () => 0 })
    const other = pool.acquire({}, { signal, progress: () => 0 })
    await vi.advanceTimersByTimeAsync(60 * 60_000)
    expect(pool.queued()).toHaveLength(1)
    pool.release(key)
    await other
  })

  it('starves neither new users nor returning ones, however many others there are', async () => {
    const pool = new SlotPool<User>({ ...options, limit: 2, maxSuspended: 8 })
    const dead = users(pool, 500)
    await vi.advanceTimersByTimeAsync(40 * 60_000)
    expect(Math.min(...slotsOf(dead))).toBeGreaterThan(0)
    const newcomer = new User(pool).enqueue()
    await vi.advanceTimersByTimeAsync(45_000)
    expect(newcomer.slots).toBe(1)
    const before = slotsOf(dead).reduce((sum, turns) => sum + turns, 0)
    for (let round = 0; round < 60; round++) {
      users(pool, 20)
      await vi.advanceTimersByTimeAsync(1000)
    }
    expect(slotsOf(dead).reduce((sum, turns) => sum + turns, 0)).toBeGreaterThan(before + 5)
  })

  it('removes a queued user whose signal is aborted, and rejects with the reason', async () => {
    const pool = new SlotPool<User>({ ...options, limit: 1 })
    const [one, other] = users(pool, 2)
    const reason = new Error('cancelled')
    const waiting = other ? pool.acquire(other, other) : null
    other?.stop.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    if (one) pool.release(one)
    expect([pool.queued(), pool.active(), vi.getTimerCount()]).toEqual([[], [], 0])
    await expect(other && pool.acquire(other, other)).rejects.toBe(reason)
  })

  it('releases the slot whether the work succeeds or fails', async () => {
    const pool = new SlotPool<object>({ ...options, limit: 1 })
    const fail = () => Promise.reject(new Error('no'))
    await expect(pool.run({}, { signal, progress: () => 0 }, fail)).rejects.toThrow('no')
    expect(await pool.run({}, { signal, progress: () => 0 }, async () => 'done')).toBe('done')
  })
})
