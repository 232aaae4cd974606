import { expect, it } from 'vitest'
import { type Item, toColumns } from '../../shared/item.ts'
import { listingOf, nameAt } from './listing.ts'
import { filterIndexes, type SortBy, sortIndexes } from './order.ts'

const item = (name: string, more: Partial<Item> = {}): Item => ({
  id: 1,
  parentId: 0,
  name,
  kind: 'file',
  sizeBytes: 0,
  addedAtMs: null,
  ...more,
})
const listing = (...items: Item[]) => listingOf(toColumns(items.map((one, index) => ({ ...one, id: index + 1 }))))
const sorted = (items: Item[], by: SortBy, isDescending = false) => {
  const made = listing(...items)
  return [...sortIndexes(made, by, isDescending)].map((index) => nameAt(made.names, index))
}

it('sorts names in natural order, whatever their case and accents', () => {
  const names = ['e10', 'E2', 'été', 'e 1', 'Zebra', 'episode 007', 'episode 6', 'ete', 'a']
  expect(
    sorted(
      names.map((name) => item(name)),
      'name',
    ),
  ).toEqual(['a', 'e 1', 'E2', 'e10', 'episode 6', 'episode 007', 'ete', 'été', 'Zebra'])
})

it('keeps folders first in both directions', () => {
  const items = [item('b'), item('z', { kind: 'folder' }), item('a'), item('y', { kind: 'folder' })]
  expect([sorted(items, 'name'), sorted(items, 'name', true)]).toEqual([
    ['y', 'z', 'a', 'b'],
    ['z', 'y', 'b', 'a'],
  ])
})

it('sorts equal rows by name, and unknown dates as the oldest', () => {
  const items = [
    item('c', { sizeBytes: 5, addedAtMs: 10 }),
    item('a', { sizeBytes: 5 }),
    item('b', { sizeBytes: 9, addedAtMs: 20 }),
  ]
  expect([sorted(items, 'size', true), sorted(items, 'added'), sorted(items, 'added', true)]).toEqual([
    ['b', 'a', 'c'],
    ['a', 'c', 'b'],
    ['b', 'c', 'a'],
  ])
})

it('filters by every word, anywhere in a name but not across names', () => {
  const made = listing(
    item('Big Buck Bunny.mp4'),
    item('bunny big.txt'),
    item('big'),
    item('İstanbul bunny'),
    item('buck'),
  )
  const all = sortIndexes(made, 'name', false)
  const found = (filter: string) => [...filterIndexes(made, all, filter)].map((index) => nameAt(made.names, index))
  expect([found('bunny BIG'), found('bunny'), found('mp4b'), found('  '), found('nothing')]).toEqual([
    ['Big Buck Bunny.mp4', 'bunny big.txt'],
    ['Big Buck Bunny.mp4', 'bunny big.txt', 'İstanbul bunny'],
    [],
    ['big', 'Big Buck Bunny.mp4', 'buck', 'bunny big.txt', 'İstanbul bunny'],
    [],
  ])
})

it('finds the same as a plain search over many names', () => {
  const items = Array.from({ length: 2000 }, (_, index) =>
    item(`Name ${(index * 7919) % 2000} ${'xyz'.slice(index % 3)}`),
  )
  const made = listing(...items)
  const all = sortIndexes(made, 'name', false)
  for (const filter of ['1', '99', 'yz', 'name 1', 'z']) {
    const words = filter.split(' ')
    const plain = [...all].filter((index) =>
      words.every((word) => nameAt(made.names, index).toLowerCase().includes(word)),
    )
    expect([...filterIndexes(made, all, filter)]).toEqual(plain)
  }
})
