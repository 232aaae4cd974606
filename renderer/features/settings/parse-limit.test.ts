import { expect, it } from 'vitest'
import { parseAppId, parseGigabytes, parseLimit } from './parse-limit.ts'

it('reads kilobytes per second, and an empty field as no limit', () => {
  expect(['500', ' 1 ', '1000000000', '', '  '].map(parseLimit)).toEqual([500_000, 1000, 1e12, null, null])
})

it.each(['0', '-5', '1.5', '5 MB', '1e3', '1000000001', 'many', '٣'])('refuses %j', (typed) => {
  expect(parseLimit(typed)).toBeUndefined()
})

it('reads gigabytes, and an empty field as none', () => {
  expect(['1', ' 0.5', '0,25', '', '12x', '-1', '1.2345', '99999'].map(parseGigabytes)).toEqual([
    1e9,
    5e8,
    25e7,
    0,
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})

it('reads the number of an app, and an empty field as none', () => {
  expect(['4711', ' 1 ', '', ' ', 'x', '1.5', '-1', '1'.repeat(21)].map(parseAppId)).toEqual([
    ...['4711', '1', null, null],
    ...[undefined, undefined, undefined, undefined],
  ])
})
