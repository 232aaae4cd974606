import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Swarms } from './swarms.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

it('asks again only a minute after the torrent started or was asked, and not once it has ended', () => {
  const swarms = new Swarms()
  const announce = vi.fn()
  expect(() => swarms.announce(1)).toThrow('not being fetched')
  const end = swarms.begin(1, announce)
  expect(() => swarms.announce(1)).toThrow('less than a minute ago')
  vi.advanceTimersByTime(60_000)
  swarms.announce(1)
  expect(announce).toHaveBeenCalledTimes(1)
  expect(() => swarms.announce(1)).toThrow('less than a minute ago')
  vi.advanceTimersByTime(60_000)
  swarms.announce(1)
  expect(announce).toHaveBeenCalledTimes(2)
  end()
  expect(() => swarms.announce(1)).toThrow('not being fetched')
})

it('goes on with a torrent that starts again before its former run has ended', () => {
  const swarms = new Swarms()
  const announce = vi.fn()
  const end = swarms.begin(1, () => undefined)
  swarms.begin(1, announce)
  end()
  vi.advanceTimersByTime(60_000)
  swarms.announce(1)
  expect(announce).toHaveBeenCalledTimes(1)
})
