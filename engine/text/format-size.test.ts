import { expect, it } from 'vitest'
import { formatSize } from './format-size.ts'

it('formats sizes as the window does', () => {
  expect([0, 1, 999, 1000, 9949, 9950, 355_400_000, 999_600_000, 6_440_000_000, 5e12, 3e18].map(formatSize)).toEqual([
    '0 bytes',
    '1 byte',
    '999 bytes',
    '1 kB',
    '9.9 kB',
    '10 kB',
    '355 MB',
    '1 GB',
    '6.4 GB',
    '5 TB',
    '3000 PB',
  ])
})
