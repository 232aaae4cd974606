import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import * as z from 'zod'

/** The oldest release of each line without a published advisory against it. */
const floors: Record<number, readonly [minor: number, patch: number]> = {
  41: [10, 6],
  42: [9, 2],
  43: [4, 1],
  44: [0, 0],
}
const newestListed = Math.max(...Object.keys(floors).map(Number))

it('pins Electron to one version, no older than the advisories allow (E16)', () => {
  const { devDependencies } = z
    .object({ devDependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync('package.json', 'utf8')))
  const pinned = devDependencies.electron ?? ''
  expect(pinned).toMatch(/^\d+\.\d+\.\d+$/)
  const [major = 0, minor = 0, patch = 0] = pinned.split('.').map(Number)
  const floor = floors[major]
  const isAllowed =
    floor === undefined ? major > newestListed : minor > floor[0] || (minor === floor[0] && patch >= floor[1])
  expect(isAllowed).toBe(true)
})
