import { expect, it } from 'vitest'
import { diskText, wouldFree } from './trash-words.ts'

const quota = {
  ...{ userName: 'mary', diskTotalBytes: 9000, diskFreeBytes: 1000, bandwidthTotalBytes: null },
  ...{ bandwidthLeftBytes: null, activeLimit: null, largestFileBytes: null },
}
const trash = { items: null, sizeBytes: 2000, isCounted: true }

it('promises free space only of a trash that is known to take some', () => {
  expect([trash, { ...trash, isCounted: false }, { ...trash, sizeBytes: 0 }, null].map(wouldFree)).toEqual([
    'Emptying the trash would free 2 kB.',
    'Emptying the trash may free up to 2 kB.',
    null,
    null,
  ])
})

it('tells of the disk space what the trash takes, or may take', () => {
  const told = [trash, { ...trash, isCounted: false }, null].map((one) => diskText({ ...quota, trash: one }))
  expect(told).toEqual([
    '1 kB free of 9 kB; the trash takes 2 kB',
    '1 kB free of 9 kB; emptying the trash may free up to 2 kB',
    '1 kB free of 9 kB',
  ])
})
