import fc from 'fast-check'
import { expect, it } from 'vitest'
import { recycle, type Slot } from './recycle.ts'

const items = (...ids: number[]) => ids.map((id) => ({ id, at: id }))

it('gives the elements of what was scrolled away to what was scrolled to', () => {
  const before = recycle([], items(1, 2, 3, 4))
  expect(recycle(before, items(3, 4, 5, 6))).toEqual([
    { key: 0, id: 5, at: 5 },
    { key: 1, id: 6, at: 6 },
    { key: 2, id: 3, at: 3 },
    { key: 3, id: 4, at: 4 },
  ])
})

it('shows every item once, keeps the element of those that stay, and makes none while one is free, even with ids that repeat', () => {
  const lists = fc.array(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 8 }), { maxLength: 6 })
  fc.assert(
    fc.property(lists, (steps) => {
      let slots: Slot[] = []
      for (const ids of steps) {
        const before = slots
        const wanted = ids.map((id, at) => ({ id, at }))
        slots = recycle(before, wanted)
        const shown = slots.map(({ id, at }) => ({ id, at })).sort((a, b) => a.at - b.at)
        expect(shown).toEqual(wanted)
        expect(new Set(slots.map(({ key }) => key)).size).toBe(slots.length)
        const made = slots.filter(({ key }) => !before.some((other) => other.key === key))
        expect(made).toHaveLength(Math.max(0, wanted.length - before.length))
        for (const { id } of before) {
          const keysOf = (list: readonly Slot[]) => list.filter((slot) => slot.id === id).map(({ key }) => key)
          if (ids.includes(id)) expect(keysOf(slots)).toEqual(expect.arrayContaining(keysOf(before).slice(0, 1)))
        }
      }
    }),
  )
})
