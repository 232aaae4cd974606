import { expect, it } from 'vitest'
import { HeldRemovals } from './held-removals.ts'

it('ends in time when the app quits, though a disk does not answer', async () => {
  const discarded: string[] = []
  const removals = new HeldRemovals<string>({
    holdMs: 10_000,
    maxFinished: 10,
    isFinished: () => false,
    discard: async (save) => {
      discarded.push(save)
      if (save === 'dead') await new Promise(() => undefined)
    },
    onProblem: () => undefined,
  })
  await removals.hold([
    ['one', 'fine'],
    ['two', 'dead'],
  ])
  await removals.flush()
  expect(discarded).toEqual(['fine', 'dead'])
})
