import { expect, it } from 'vitest'
import { ReadEstimate } from './read-estimate.ts'

const total = 1000

it('follows the newest read that lasts, over a seek and the reads of an index', () => {
  const estimate = new ReadEstimate()
  estimate.note(1, { to: 10, total }, 0)
  estimate.note(2, { to: 1000, total }, 1000)
  expect(estimate.progress()).toBeNull()
  estimate.note(1, { to: 300, total }, 90_000)
  expect(estimate.progress()).toBe(0.3)
  estimate.note(3, { to: 700, total }, 95_000)
  expect(estimate.progress()).toBe(0.3)
  estimate.note(3, { to: 800, total }, 160_000)
  expect(estimate.progress()).toBe(0.8)
})

it('says nothing about a file that was read into a buffer at once', () => {
  const estimate = new ReadEstimate()
  for (const second of [0, 1, 2, 3]) estimate.note(1, { to: (second + 1) * 250, total }, second * 1000)
  expect(estimate.progress()).toBeNull()
})
