import fc from 'fast-check'
import { expect, it, vi } from 'vitest'
import type { SavedFile } from './save-listing.ts'
import { restMs, SaveQueue } from './save-queue.ts'

const files = (count: number): SavedFile[] =>
  Array.from({ length: count }, (_, itemId) => ({ itemId, name: `${itemId}`, folder: '', sizeBytes: 1, listed: null }))

it('gives every file its turn before one that rests, and loses none', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 30 }),
      fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 30 }),
      (count, fails) => {
        const queue = new SaveQueue(files(count))
        const left = new Map(files(count).map(({ itemId }) => [itemId, fails[itemId] ?? 0]))
        const first = new Set<number>()
        let nowMs = 0
        while (queue.size > 0) {
          const next = queue.take(nowMs)
          if (next === null) {
            nowMs += 1000
            continue
          }
          const { itemId } = next.file
          if (next.failures > 0) expect(first.size).toBe(count)
          first.add(itemId)
          const failsLeft = left.get(itemId) ?? 0
          if (failsLeft === 0) left.delete(itemId)
          else {
            left.set(itemId, failsLeft - 1)
            queue.rest(next.file, next.failures + 1, nowMs)
          }
        }
        expect(left.size).toBe(0)
      },
    ),
  )
})

it('gives files to be saved together in their order, each once, and those that are put back before the others', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 30 }),
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.constantFrom('saved', 'left', 'untried')),
      (count, most, outcomes) => {
        const queue = new SaveQueue(files(count))
        const left = new Set(files(count).map(({ itemId }) => itemId))
        const alone = new Set<number>()
        let furthest = -1
        for (let turn = 0; queue.size > 0; turn += 1) {
          const due = queue.take()
          if (due === null) throw new Error('nothing rests')
          expect(due.mayJoin).toBe(!alone.has(Number(due.file.itemId)))
          const taken = [due.file]
          while (due.mayJoin && taken.length < most) {
            const next = queue.takeNext(() => true)
            if (next === null) break
            taken.push(next)
          }
          for (const file of taken) {
            const itemId = Number(file.itemId)
            if (itemId > furthest) expect(itemId).toBe(furthest + 1)
            furthest = Math.max(furthest, itemId)
            const outcome = alone.has(itemId) ? 'saved' : (outcomes[turn + taken.indexOf(file)] ?? 'saved')
            if (outcome === 'saved') left.delete(file.itemId)
            else if (outcome === 'left') alone.add(itemId)
          }
          for (const file of taken)
            if (left.has(file.itemId)) queue.putBack(file, { mayJoin: !alone.has(Number(file.itemId)) })
        }
        expect(left.size).toBe(0)
      },
    ),
  )
})

it('rests longer after each failure, but never longer than a minute', () => {
  expect([0, 1, 2, 5, 6, 1000].map(restMs)).toEqual([1000, 2000, 4000, 32_000, 60_000, 60_000])
})

it('waits for a file that is due, for one that ends, and for the signal', async () => {
  const queue = new SaveQueue(files(1))
  const never = new Promise<void>(() => undefined)
  const stop = new AbortController()
  const next = queue.take()
  if (next !== null) queue.rest(next.file, 0)
  await queue.changed([never, Promise.resolve()], stop.signal)
  const startedAtMs = performance.now()
  await queue.changed([never], stop.signal)
  expect(performance.now() - startedAtMs).toBeGreaterThan(900)
  expect(queue.take()?.file.itemId).toBe(0)
  queue.rest(files(1)[0] ?? { itemId: 0, name: '', folder: '', sizeBytes: 1, listed: null }, 9)
  const stopped = queue.changed([never], stop.signal)
  stop.abort(new Error('stopped'))
  await expect(stopped).rejects.toThrow()
})

it('holds files back until what they wait for is over, asks for it once, and gives all of them their turn then', async () => {
  const queue = new SaveQueue(files(4))
  const { signal } = new AbortController()
  const over = Promise.withResolvers<void>()
  const wait = vi.fn(() => over.promise)
  for (let at = 0; at < 3; at++) {
    const next = queue.take()
    if (next !== null) queue.hold(next.file, 'https://cdn.example', wait)
  }
  expect([queue.size, wait.mock.calls.length]).toEqual([4, 1])
  expect([queue.take()?.file.itemId, queue.take(), queue.size]).toEqual([3, null, 3])
  const changed = queue.changed([], signal)
  over.resolve()
  await changed
  expect([0, 1, 2, 3].map(() => queue.take()?.file.itemId)).toEqual([0, 1, 2, undefined])
  expect(queue.size).toBe(0)
})

it('rejects when the wait for files that are held back is stopped', async () => {
  const queue = new SaveQueue(files(1))
  const stop = new AbortController()
  const next = queue.take()
  if (next !== null)
    queue.hold(
      next.file,
      'x',
      () => new Promise((_, reject) => stop.signal.addEventListener('abort', () => reject(stop.signal.reason))),
    )
  const changed = queue.changed([], stop.signal)
  stop.abort(new Error('paused'))
  await expect(changed).rejects.toThrow('paused')
})
