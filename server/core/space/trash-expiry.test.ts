import { expect, it } from 'vitest'
import { createTrashExpiry } from './trash-expiry.ts'

const dayMs = 24 * 60 * 60 * 1000

it('lets items expire after so many days, and not at all with 0', () => {
  let monotonic = 0
  const before = createTrashExpiry({ wallMs: () => 100 * dayMs + monotonic, monotonicMs: () => monotonic })
  expect(before(14)).toBe((86 * dayMs) / 1000)
  monotonic = 30 * dayMs
  expect(before(14)).toBe((116 * dayMs) / 1000)
  expect(before(0)).toBeNull()
})

it.each([20_000, 400, -400, 8])('keeps everything when the clock jumps by %i days while it runs', (days) => {
  let jumpMs = 0
  const before = createTrashExpiry({ wallMs: () => 100 * dayMs + jumpMs, monotonicMs: () => 0 })
  jumpMs = days * dayMs
  expect(before(14)).toBeNull()
})

it('is not held up by a clock that is set by an hour', () => {
  let jumpMs = 0
  const before = createTrashExpiry({ wallMs: () => 100 * dayMs + jumpMs, monotonicMs: () => 0 })
  jumpMs = 60 * 60 * 1000
  expect(before(1)).not.toBeNull()
})
