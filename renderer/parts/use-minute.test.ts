import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { everyMinute } from './use-minute.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('tells everyone at the same moment, once a minute, and costs nothing when nobody listens', () => {
  const told: string[] = []
  const endFirst = everyMinute(() => told.push('first'))
  vi.advanceTimersByTime(30_000)
  const endSecond = everyMinute(() => told.push('second'))
  vi.advanceTimersByTime(30_000)
  expect(told).toEqual(['first', 'second'])
  endFirst()
  vi.advanceTimersByTime(60_000)
  expect(told).toEqual(['first', 'second', 'second'])
  endSecond()
  expect(vi.getTimerCount()).toBe(0)
})
