import fc from 'fast-check'
import { expect, it } from 'vitest'
import { joinedNames } from './listing.ts'
import { areInNaturalOrder, inNaturalOrder } from './natural-order.ts'

const join = (names: readonly string[]) => joinedNames(names.join('\0'), names.length)

/** What natural order, upper and lower case, marks and UTF-16 make difficult. */
const piece = fc.oneof(
  fc.constantFrom(...'abAB019 -._~@[`{éÉßİıſKΣσςﬁ½²①٣０'),
  fc.constantFrom(
    '00',
    '007',
    '10',
    'e\u0301',
    '\u0301',
    '\u0345',
    '\u200b',
    '\u0001',
    '\u007f',
    '😀',
    '👨‍👩‍👧',
    '한',
    '각',
  ),
  fc.constantFrom('\ud83d', '\ude00', '\ud800'),
  fc.constantFrom('9'.repeat(254), '9'.repeat(255), '9'.repeat(256), 'x'.repeat(509), '0'.repeat(300)),
)
const difficult = fc.array(piece, { maxLength: 6 })
const numbers = fc.array(fc.constantFrom(...'00019aA '), { maxLength: 8 })
const name = fc.oneof(difficult, numbers).map((pieces) => pieces.join(''))
/** Most pairs begin alike, so that what decides is far inside. */
const pair = fc.tuple(name, name, name).map(([start, a, b]): [string, string] => [start + a, start + b])

it('knows of every two names whether sorting keeps their order, whatever they contain', () => {
  fc.assert(
    fc.property(pair, (names) => {
      expect(areInNaturalOrder(join(names))).toBe(inNaturalOrder(names)[0] === 0)
    }),
    { numRuns: 20_000 },
  )
})

it('knows of every list whether sorting would change it', () => {
  fc.assert(
    fc.property(fc.array(name, { maxLength: 8 }), fc.boolean(), (made, isSorted) => {
      const names = isSorted ? [...inNaturalOrder(made)].map((index) => made[index] ?? '') : made
      const isUnchanged = inNaturalOrder(names).every((index, place) => index === place)
      expect(areInNaturalOrder(join(names))).toBe(isUnchanged)
    }),
    { numRuns: 5000 },
  )
})

it.each([
  ['numbers of another length', 'file 9', 'file 10'],
  ['leading zeros, which only decide between equal names', 'a007', 'a7'],
  ['zeros inside a number', 'a1009', 'a1010'],
  ['a zero before digits of another number', 'a109', 'a1005'],
  ['a number before a letter', 'a1', 'aa'],
  ['a space before a number', 'a b', 'a1'],
  ['upper and lower case, which only decide between equal names', 'B', 'b'],
  ['a superscript, which continues a number', '9', '9²'],
  ['a mark after an equal letter', 'e', 'e\u0301'],
  ['a mark between digits', '1\u03012', '13'],
  ['a name that begins with the other', 'file', 'file 1'],
  ['an empty name', '', '0'],
])('finds the order of two names that differ by %s', (_, first, last) => {
  expect([areInNaturalOrder(join([first, last])), areInNaturalOrder(join([last, first]))]).toEqual([true, false])
})

it('takes equal names for sorted', () => {
  expect([join(['a', 'a']), join(['', '']), join(['é', 'é']), join(['a']), join([])].map(areInNaturalOrder)).toEqual([
    true,
    true,
    true,
    true,
    true,
  ])
})
