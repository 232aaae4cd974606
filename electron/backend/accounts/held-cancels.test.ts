import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { HeldCancels } from './held-cancels.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function open(send: (id: number) => Promise<void> = async () => undefined) {
  const sent: number[] = []
  const problems: number[] = []
  const cancels = new HeldCancels({
    holdMs: 10_000,
    send: (id) => {
      sent.push(id)
      return send(id)
    },
    onChange: () => undefined,
    onSent: async () => undefined,
    onProblem: (id) => problems.push(id),
  })
  return { cancels, sent, problems }
}

it('tells the service once, after the time in which it can be taken back', async () => {
  const { cancels, sent } = open()
  cancels.hold([1, 2, 2])
  await vi.advanceTimersByTimeAsync(6000)
  cancels.hold([1, 3])
  await vi.advanceTimersByTimeAsync(3999)
  expect([sent, cancels.has(1)]).toEqual([[], true])
  await vi.advanceTimersByTimeAsync(1)
  expect([sent, cancels.has(1), cancels.has(3)]).toEqual([[1, 2], false, true])
  await vi.advanceTimersByTimeAsync(60_000)
  expect(sent).toEqual([1, 2, 3])
})

it('never tells the service about what was taken back, and counts the time anew when it is cancelled again', async () => {
  const { cancels, sent } = open()
  cancels.hold([1, 2])
  await vi.advanceTimersByTimeAsync(9000)
  expect([cancels.release([1]), cancels.has(1)]).toEqual([[], false])
  cancels.hold([1])
  await vi.advanceTimersByTimeAsync(9000)
  expect(sent).toEqual([2])
  await vi.advanceTimersByTimeAsync(1000)
  expect(sent).toEqual([2, 1])
})

it('says that it is too late once the service is being told', async () => {
  const { promise, resolve: answer } = Promise.withResolvers<void>()
  const { cancels, sent } = open(() => promise)
  cancels.hold([1])
  await vi.advanceTimersByTimeAsync(10_000)
  expect([cancels.release([1]), cancels.has(1)]).toEqual([[1], true])
  cancels.hold([1])
  answer()
  await vi.advanceTimersByTimeAsync(60_000)
  expect([sent, cancels.has(1)]).toEqual([[1], false])
})

it('tells the service about everything at once when asked to, and goes on after one that fails', async () => {
  const { cancels, sent, problems } = open(async (id) => {
    if (id === 1) throw new Error('no')
  })
  cancels.hold([1, 2])
  await cancels.flush()
  await vi.advanceTimersByTimeAsync(60_000)
  expect([sent, problems, cancels.has(1)]).toEqual([[1, 2], [1], false])
})
