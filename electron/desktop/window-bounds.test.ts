import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Bounds, usableBounds } from './window-bounds.ts'

const screens: Bounds[] = [
  { x: 0, y: 25, width: 1280, height: 775 },
  { x: -1920, y: 0, width: 1920, height: 1080 },
]
const side = fc.oneof(
  fc.integer({ min: -4000, max: 4000 }),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 1e300, -1e15, 0.5, -0, null, '7', {}, [], true),
)

it('returns bounds that are partly visible, or none', () => {
  fc.assert(
    fc.property(fc.record({ x: side, y: side, width: side, height: side }, { requiredKeys: [] }), (kept) => {
      const bounds = usableBounds(new Map(Object.entries(kept)), screens)
      if (bounds === null) return
      expect(Object.values(bounds).every(Number.isInteger)).toBe(true)
      const isSeen = screens.some(
        (area) =>
          bounds.x + bounds.width > area.x &&
          bounds.x < area.x + area.width &&
          bounds.y >= area.y - 20 &&
          bounds.y < area.y + area.height,
      )
      expect({ isSeen, isSmall: bounds.width <= 1920 && bounds.height <= 1080 }).toEqual({
        isSeen: true,
        isSmall: true,
      })
    }),
    { numRuns: 2000 },
  )
})

it('discards bounds that would be off the screen once shrunk to its size', () => {
  const wide = { x: -3840, y: 0, width: 2001, height: 700 }
  expect(usableBounds(new Map(Object.entries(wide)), screens)).toBe(null)
})

it('keeps visible bounds as they are, also on a second screen', () => {
  const stood = { x: -1800, y: 40, width: 900, height: 700 }
  expect(usableBounds(new Map(Object.entries(stood)), screens)).toEqual(stood)
})
