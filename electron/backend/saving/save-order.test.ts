import { expect, it } from 'vitest'
import { moved } from './save-order.ts'

it.each([
  ['up', 'c', 'acb de'],
  ['up', 'a', 'abcde'],
  ['up', 'bc', 'bcade'],
  ['up', 'ac', 'acbde'],
  ['down', 'c', 'abdce'],
  ['down', 'e', 'abcde'],
  ['down', 'bc', 'adbce'],
  ['first', 'db', 'bdace'],
  ['last', 'ca', 'bdeac'],
  [{ before: 'a' }, 'dc', 'cdabe'],
  [{ before: 'd' }, 'ae', 'bcaed'],
  [{ before: 'c' }, 'c', 'abcde'],
  [{ before: 'c' }, 'bcd', 'abcde'],
  [{ before: 'd' }, 'de', 'abcde'],
  [{ before: 'x' }, 'e', 'abcde'],
] as const)('moves %j: %s', (to, chosen, expected) => {
  expect(moved([...'abcde'], new Set(chosen), to).join('')).toBe(expected.replaceAll(' ', ''))
})
