import { expect, it } from 'vitest'
import {
  findTyped,
  keepExisting,
  nextAfter,
  noSelection,
  type Selection,
  type Shown,
  select,
  selectAll,
} from './selection.ts'

const ids = [11, 12, 13, 14, 15]
const shown: Shown = {
  count: ids.length,
  idAt: (place) => ids[place] ?? null,
  placeOf: (id) => ids.indexOf(id),
}
const plain = ({ ids: chosen, ...rest }: Selection) => ({ ...rest, ids: [...chosen] })

it('replaces, extends from the anchor, and toggles', () => {
  const one = select(noSelection, shown, 1, 'replace')
  const range = select(one, shown, 3, 'extend')
  const back = select(range, shown, 0, 'extend')
  const without = select(range, shown, 2, 'toggle')
  expect([one, range, back, without].map(plain)).toEqual([
    { ids: [12], anchorId: 12, focusId: 12 },
    { ids: [12, 13, 14], anchorId: 12, focusId: 14 },
    { ids: [11, 12], anchorId: 12, focusId: 11 },
    { ids: [12, 14], anchorId: 13, focusId: 13 },
  ])
})

it('moves the focus without selecting', () => {
  const one = select(noSelection, shown, 1, 'replace')
  expect(plain(select(one, shown, 4, 'focus'))).toEqual({ ids: [12], anchorId: 12, focusId: 15 })
})

it('starts a new range when the anchor is no longer shown', () => {
  const gone: Selection = { ids: new Set([99]), anchorId: 99, focusId: 99 }
  expect(plain(select(gone, shown, 2, 'extend'))).toEqual({ ids: [13], anchorId: 13, focusId: 13 })
})

it('selects everything that is shown, and keeps what is still there after a change', () => {
  const all = selectAll(noSelection, shown)
  const kept = keepExisting(all, (id) => id !== 11)
  expect([plain(all), plain(kept)]).toEqual([
    { ids, anchorId: 11, focusId: 11, isWhole: true },
    { ids: [12, 13, 14, 15], anchorId: null, focusId: null },
  ])
  expect(keepExisting(all, () => true)).toBe(all)
})

it('finds typed letters, moves on for the same letter, counts spaces, and wraps around', () => {
  const names = ['alpha', 'Beta one', 'beta two', 'gamma', 'baa']
  const find = (typed: string, from: number) => findTyped((place) => names[place] ?? '', names.length, typed, from)
  expect([find('b', 0), find('bb', 1), find('bb', 2), find('beta t', 1), find('a', 3), find('x', 0)]).toEqual([
    1, 2, 4, 2, 0, -1,
  ])
})

it('finds what takes the place of the selected items', () => {
  const after = (selected: number[], focusId: number | null) =>
    nextAfter({ ids: new Set(selected), anchorId: null, focusId }, shown)
  expect([after([12], 12), after([14, 15], 15), after([11, 13], 11), after([12, 13], 12), after(ids, 13)]).toEqual([
    13,
    13,
    12,
    14,
    null,
  ])
})
