import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { IdleWires } from './idle-wires.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

class FakeWire {
  uploaded = 0
  downloaded = 0
  destroyed = false
  destroy(): void {
    this.destroyed = true
  }
}

/** A torrent with two connections, the second of which receives something now and then if `moves`. */
function run(seconds: number, { inLine, moves }: { inLine: number; moves: boolean }): boolean[] {
  const wires = [new FakeWire(), new FakeWire()]
  const quiet = new IdleWires(2)
  for (let second = 0; second < seconds; second++) {
    quiet.makeRoom({ wires: wires.filter(({ destroyed }) => !destroyed), _numConns: 2, _numQueued: inLine })
    const [, other] = wires
    if (moves && other && second % 20 === 0) other.downloaded += 1
    vi.advanceTimersByTime(1000)
  }
  return wires.map(({ destroyed }) => destroyed)
}

it('closes only connections that were idle for half a minute while others are queued', () => {
  expect(run(29, { inLine: 5, moves: true })).toEqual([false, false])
  expect(run(60, { inLine: 5, moves: true })).toEqual([true, false])
  expect(run(60, { inLine: 5, moves: false })).toEqual([true, true])
})

it('closes no connection when none is queued', () => {
  expect(run(600, { inLine: 0, moves: false })).toEqual([false, false])
})
