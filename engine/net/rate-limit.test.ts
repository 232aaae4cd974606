import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { RateLimit } from './rate-limit.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** Passes chunks one after the other, as one connection does, until it is told to stop. Returns a counter of what has passed. */
function connection(limit: RateLimit, chunkBytes: number, isLimited = () => true): { passed(): number; stop(): void } {
  let passedBytes = 0
  let isStopped = false
  const run = async () => {
    while (!isStopped) {
      passedBytes += chunkBytes
      // Without a limit, the connection itself takes its time.
      await (limit.pass(chunkBytes) ?? (isLimited() ? undefined : new Promise((resolve) => setTimeout(resolve, 10))))
    }
  }
  run().catch(() => undefined)
  return {
    passed: () => passedBytes,
    stop: () => {
      isStopped = true
    },
  }
}

it('holds any number of connections to the limit together, whatever the size of their chunks', async () => {
  const chunk = fc.integer({ min: 20_000, max: 100_000 })
  const rate = fc.integer({ min: 1000, max: 1_000_000 })
  await fc.assert(
    fc.asyncProperty(fc.array(chunk, { minLength: 1, maxLength: 8 }), rate, async (chunks, bytesPerSecond) => {
      const limit = new RateLimit(bytesPerSecond)
      const connections = chunks.map((bytes) => connection(limit, bytes))
      const seconds = 2
      await vi.advanceTimersByTimeAsync(seconds * 1000)
      const passed = connections.reduce((sum, one) => sum + one.passed(), 0)
      const underWay = chunks.reduce((sum, bytes) => sum + bytes, 0)
      for (const one of connections) one.stop()
      limit.set(null)
      await vi.advanceTimersByTimeAsync(1)
      expect(passed).toBeLessThanOrEqual(bytesPerSecond * (seconds + 0.05) + underWay)
    }),
    { numRuns: 20 },
  )
})

it('lets as much pass as the limit allows', async () => {
  const limit = new RateLimit(1_000_000)
  const connections = [connection(limit, 32_768), connection(limit, 65_536)]
  await vi.advanceTimersByTimeAsync(10_000)
  for (const one of connections) one.stop()
  expect(connections.reduce((sum, one) => sum + one.passed(), 0)).toBeGreaterThan(9_900_000)
  limit.set(null)
})

it('wakes what waits when the limit is lifted, raised or lowered', async () => {
  const limit = new RateLimit(1000)
  let isLimited = true
  const slow = connection(limit, 100_000, () => isLimited)
  await vi.advanceTimersByTimeAsync(5000)
  expect(slow.passed()).toBe(100_000)
  limit.set(1_000_000)
  await vi.advanceTimersByTimeAsync(1000)
  expect(slow.passed()).toBeGreaterThan(1_000_000)
  const before = slow.passed()
  limit.set(10_000)
  await vi.advanceTimersByTimeAsync(1000)
  expect(slow.passed() - before).toBeLessThanOrEqual(200_000)
  isLimited = false
  limit.set(null)
  await vi.advanceTimersByTimeAsync(200)
  expect(slow.passed() - before).toBeGreaterThan(1_000_000)
  slow.stop()
})

it('ends a wait at once when its signal aborts, and leaves nothing on a signal of many waits', async () => {
  const limit = new RateLimit(1000)
  const stop = new AbortController()
  for (let count = 0; count < 100; count++) {
    const passed = limit.pass(100, stop.signal)
    await vi.advanceTimersByTimeAsync(100)
    await passed
  }
  expect(getEventListeners(stop.signal, 'abort')).toEqual([])
  const long = limit.pass(1_000_000, stop.signal)
  stop.abort()
  await long
  expect(vi.getTimerCount()).toBe(0)
  // Nobody would wake it.
  expect(limit.pass(1000, stop.signal)).toBe(null)
})
