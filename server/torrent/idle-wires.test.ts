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

/** A torrent with two places, of whom the second is moved now and then. */
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

it('ends what was quiet for half a minute where others stand in line, and no other', () => {
  expect(run(29, { inLine: 5, moves: true })).toEqual([false, false])
  expect(run(60, { inLine: 5, moves: true })).toEqual([true, false])
  expect(run(60, { inLine: 5, moves: false })).toEqual([true, true])
})

it('leaves all of them where nobody is in line', () => {
  expect(run(600, { inLine: 0, moves: false })).toEqual([false, false])
})
