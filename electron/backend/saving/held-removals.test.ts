import { expect, it } from 'vitest'
import { HeldRemovals } from './held-removals.ts'

it('deletes everything else, and ends in time when the app quits, though a disk does not answer', async () => {
  const discarded: string[] = []
  const removals = new HeldRemovals<string>({
    holdMs: 10_000,
    maxFinished: 10,
    isFinished: () => false,
    folderOf: (save) => save.split('/')[0] ?? '',
    discard: async (save) => {
      if (save.startsWith('dead/')) await new Promise(() => undefined)
      discarded.push(save)
    },
    onProblem: () => undefined,
  })
  const dead = Array.from({ length: 8 }, (_, index) => [`${index}`, `dead/${index}`] as const)
  await removals.hold([...dead, ['8', 'fine/8']])
  await removals.flush()
  expect(discarded).toEqual(['fine/8'])
})
