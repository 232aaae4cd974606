import { expect, it } from 'vitest'
import { maxMessageCost as max } from '../../shared/limits.ts'
import { isAffordable } from './message-cost.ts'

function nested(depth: number): unknown {
  let value: unknown = []
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { value }
  return value
}

/** Every level refers to the one below it twice: 2^60 values in 60 small arrays. */
function doubled(): unknown {
  let value: unknown = 'x'
  for (let level = 0; level < 60; level += 1) value = [value, value]
  return value
}

function twiceOver(levels: number): unknown {
  let value: unknown = 'x'.repeat(100)
  for (let level = 0; level < levels; level += 1) value = { a: value, b: value }
  return value
}

function circle(): unknown {
  const circular: { inside: unknown[] } = { inside: [] }
  circular.inside.push(circular)
  return circular
}

/** A sparse array without members. */
function sparseArray(length: number): unknown[] {
  const array: unknown[] = []
  array.length = length
  return array
}

it.each<[string, () => unknown]>([
  ['a sparse array', () => sparseArray(4e9)],
  ['a sparse array with one member', () => Object.assign(sparseArray(4e9), { 3999999999: 1 })],
  ['a nested sparse array', () => ({ id: 1, method: 'links.extract', input: { text: [sparseArray(2e9)] } })],
  ['a sparse array as long as the maximum cost', () => sparseArray(max)],
  ['many sparse arrays', () => Array.from({ length: 1000 }, () => sparseArray(1e9))],
  ['deep nesting', () => nested(200_000)],
  ['one value twice at every level', () => doubled()],
  ['objects with shared members', () => twiceOver(30)],
  ['a circular reference', () => circle()],
  ['a map', () => new Map([[1, 2]])],
  ['a nested set', () => ({ input: new Set([1]) })],
  ['a view of a large buffer', () => ({ input: new Uint8Array(new ArrayBuffer(64 * 1024 * 1024), 0, 1) })],
  ['a buffer', () => new ArrayBuffer(64 * 1024 * 1024)],
  ['a date', () => ({ input: new Date(0) })],
  ['an error', () => new Error('x')],
  ['a regular expression', () => /x/],
  ['a bigint', () => ({ id: 1n })],
  ['a long text', () => ({ text: 'x'.repeat(max + 1) })],
  ['a long name', () => ({ ['x'.repeat(max + 1)]: 1 })],
  ['a number object', () => Object(7)],
])('refuses %s at once', (_what, make) => {
  const message = make()
  const started = process.threadCpuUsage()
  const before = process.memoryUsage().heapUsed
  expect(isAffordable(message, max)).toBe(false)
  const { user, system } = process.threadCpuUsage(started)
  expect((user + system) / 1000).toBeLessThan(500)
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(50 * 1024 * 1024)
})

it.each<[string, () => unknown]>([
  ['a request', () => ({ id: 1, method: 'items.path', input: { accountId: 'a', folderId: 0 } })],
  [
    '100,000 items',
    () => ({ id: 1, method: 'items.delete', input: { itemIds: Array.from({ length: 100_000 }, (_, id) => id) } }),
  ],
  ['a long text', () => ({ id: 1, method: 'links.extract', input: { text: 'x'.repeat(1_000_000), html: null } })],
  ['null', () => null],
  ['a string', () => 'x'],
])('accepts %s', (_what, make) => {
  expect(isAffordable(structuredClone(make()), max)).toBe(true)
})
