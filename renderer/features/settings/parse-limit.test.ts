import { expect, it } from 'vitest'
import { parseLimit } from './parse-limit.ts'

it('reads kilobytes per second, and an empty field as no limit', () => {
  expect(['500', ' 1 ', '1000000000', '', '  '].map(parseLimit)).toEqual([500_000, 1000, 1e12, null, null])
})

it.each(['0', '-5', '1.5', '5 MB', '1e3', '1000000001', 'many', '٣'])('refuses %j', (typed) => {
  expect(parseLimit(typed)).toBeUndefined()
})
