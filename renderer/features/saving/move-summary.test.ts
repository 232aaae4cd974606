import { expect, it } from 'vitest'
import type { Save } from '../../../shared/save.ts'
import { moveOfSave } from './move.ts'
import { summarize } from './move-summary.ts'

const saveOf = (given: Partial<Save>): Save => ({
  ...{ id: 's', accountId: 'a', itemId: 1, name: 'a', folder: '/x', isFolder: false, isZip: false, status: 'saving' },
  ...{ sizeBytes: 1000, savedBytes: 0, doneFiles: 0, totalFiles: 1, speedBytesPerSecond: null, secondsLeft: null },
  ...{ reason: null, untrustedOrigin: null, lacksFolder: false },
  ...given,
})

it('adds up what runs and waits, and leaves out what rests, failed or is saved', () => {
  const saves = [
    saveOf({ speedBytesPerSecond: 60, savedBytes: 400 }),
    saveOf({ speedBytesPerSecond: 40, savedBytes: 900 }),
    saveOf({ status: 'waiting', sizeBytes: 300, speedBytesPerSecond: 5 }),
    saveOf({ status: 'paused', sizeBytes: 5000 }),
    saveOf({ status: 'error', sizeBytes: 5000 }),
    saveOf({ status: 'saved', sizeBytes: 5000 }),
  ]
  expect(summarize(saves.map(moveOfSave))).toEqual({
    moving: 2,
    waiting: 1,
    paused: 1,
    bytesPerSecond: 100,
    secondsLeft: 10,
  })
})

it.each([
  {
    what: 'a folder that is being listed',
    saves: [saveOf({ speedBytesPerSecond: 9 }), saveOf({ status: 'listing', sizeBytes: null })],
  },
  { what: 'a save without speed', saves: [saveOf({ speedBytesPerSecond: 0 })] },
  { what: 'nothing', saves: [] },
])('does not know the time left with $what', ({ saves }) => {
  expect(summarize(saves.map(moveOfSave)).secondsLeft).toBe(null)
})
