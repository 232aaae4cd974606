import { encode } from 'uqr'
import { expect, it } from 'vitest'
import { qrPath } from './qr-path.ts'

it.each(['https://app.put.io/link?code=AB12CD', 'x', 'ü'.repeat(300)])(
  'draws every dark module of %j once, and leaves a border',
  (text) => {
    const { path, size } = qrPath(text)
    const drawn = Array.from({ length: size }, () => Array.from({ length: size }, () => 0))
    for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g))
      for (let at = 0; at < Number(width); at += 1) {
        const row = drawn[Number(y)]
        if (row !== undefined) row[Number(x) + at] = (row[Number(x) + at] ?? 0) + 1
      }
    const { data } = encode(text, { ecc: 'M', border: 0 })
    const inside = drawn.slice(4, -4).map((row) => row.slice(4, -4))
    expect(inside).toEqual(data.map((row) => row.map(Number)))
    expect(drawn.flat().reduce((sum, count) => sum + count)).toBe(data.flat().filter(Boolean).length)
  },
)
