import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Bencoded, BencodeError, decodeBencode, isBencode } from './bencode.ts'

const rounds = Number(process.env.PUTDESK_ROUNDS ?? 3000)
const seed = Number(process.env.PUTDESK_SEED ?? 20261123)

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array).toString('latin1'))
const { value: anyValue } = fc.letrec<{ value: Bencoded }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.maxSafeInteger(),
    bytes,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.array(fc.tuple(bytes, tie('value')), { maxLength: 5 }).map((entries) => new Map(entries)),
  ),
}))

function encode(value: Bencoded): Buffer {
  const text = (characters: string) => Buffer.from(`${characters.length}:${characters}`, 'latin1')
  if (value === null || typeof value === 'number') return Buffer.from(`i${value ?? '99999999999999999999'}e`)
  if (typeof value === 'string') return text(value)
  if (Array.isArray(value)) return Buffer.concat([Buffer.from('l'), ...value.map(encode), Buffer.from('e')])
  const entries = [...value].flatMap(([key, entry]) => [text(key), encode(entry)])
  return Buffer.concat([Buffer.from('d'), ...entries, Buffer.from('e')])
}

describe(`bencoding (S20) with seed ${seed}`, () => {
  it('reads back whatever is written, and reports where it ends', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const written = encode(value)
        expect(decodeBencode(written)).toMatchObject({ value, end: written.length })
      }),
      { seed, numRuns: Math.ceil(rounds / 10) },
    )
  })

  it('reads changed, truncated and random bytes or refuses them with its own error, in bounded memory', () => {
    const before = process.memoryUsage().heapUsed
    const mutation = fc.record({
      at: fc.nat(),
      byte: fc.nat(255),
      cut: fc.boolean(),
      tail: fc.uint8Array({ maxLength: 8 }),
    })
    fc.assert(
      fc.property(anyValue, fc.array(mutation, { minLength: 1, maxLength: 4 }), (value, mutations) => {
        let written = encode(value)
        for (const { at, byte, cut, tail } of mutations) {
          written[at % written.length] = byte
          if (cut) written = Buffer.concat([written.subarray(0, at % (written.length + 1)), tail])
        }
        try {
          expect(decodeBencode(written).end).toBeLessThanOrEqual(written.length)
        } catch (error) {
          expect(error).toBeInstanceOf(BencodeError)
        }
      }),
      { seed, numRuns: rounds },
    )
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(200 * 1024 * 1024)
  })
})

it.each([
  ['an empty text', ''],
  ['a negative length', 'l-3:'],
  ['a length past the end', '99:abc'],
  ['a length of eleven digits', '00000000001:a'],
  ['a number without digits', 'ie'],
  ['a number with a decimal point', 'i1.5e'],
  ['a number without an end', `i${'1'.repeat(1000)}`],
  ['a key that is no string', 'di1ei2ee'],
  ['a key without a value', 'd1:ae'],
  ['a list without an end', 'l1:a'],
])('refuses %s', (_what, text) => {
  expect(() => decodeBencode(Buffer.from(text))).toThrow(BencodeError)
  expect(isBencode(Buffer.from(text), { isWhole: false })).toBe(false)
})

it.each([
  ['data after the end', 'i1ei2e', 1],
  ['whitespace in front', '\ufeff\r\n i1e', 1],
  ['a number with leading zeros', 'i007e', 7],
  ['minus zero', 'i-0e', 0],
  ['an integer that no double can hold', 'i9007199254740993e', null],
  ['a number of a thousand digits', `i${'9'.repeat(1000)}e`, null],
  ['the same key twice', 'd1:ai1e1:ai2ee', new Map([['a', 1]])],
  ['the same key twice, with lists', 'd1:ali1ee1:ali2eee', new Map([['a', [1]]])],
])('reads %s in a file, and refuses it from a peer', (_what, text, value) => {
  expect(decodeBencode(Buffer.from(text)).value).toEqual(value)
  expect(isBencode(Buffer.from(text), { isWhole: true })).toBe(false)
})

it('reads 64 levels of nesting, refuses 65, and withstands millions', () => {
  const nested = (levels: number) => Buffer.from('l'.repeat(levels) + 'e'.repeat(levels))
  expect([64, 65, 8_000_000].map((levels) => isBencode(nested(levels), { isWhole: true }))).toEqual([
    true,
    false,
    false,
  ])
})

it('refuses more than 16 MiB and more than two million values', () => {
  const many = Buffer.from(`l${'0:'.repeat(2_000_001)}e`)
  const large = Buffer.from(`${16 * 1024 * 1024}:${'a'.repeat(16 * 1024 * 1024)}`)
  expect([many, large].map((written) => isBencode(written, { isWhole: true }))).toEqual([false, false])
})

it('reports where the values of the outermost dictionary are, as the hash is of their bytes', () => {
  const written = Buffer.from('d4:infod1:bi1e1:ai2ee4:nextl1:xee')
  const { spans } = decodeBencode(written)
  const texts = [...spans].map(([key, { start, end }]) => [key, written.subarray(start, end).toString()])
  expect(texts).toEqual([
    ['info', 'd1:bi1e1:ai2ee'],
    ['next', 'l1:xe'],
  ])
})
