import { expect, it } from 'vitest'
import { parseCredentials } from './credentials.ts'

const key = { apiKey: 'k', apiSecret: 's' }

it('reads the credentials of every version', () => {
  expect(
    [key, { kind: 'v1-key', ...key }, { kind: 'oauth', token: 't' }].map((stored) =>
      parseCredentials(JSON.stringify(stored)),
    ),
  ).toEqual([
    { kind: 'v1-key', ...key },
    { kind: 'v1-key', ...key },
    { kind: 'oauth', token: 't' },
  ])
})

/** Every value in place of every field, every field missing, and values that are not objects. */
const wrong = [undefined, null, 7, true, [], {}, '', 'x'.repeat(3)]
const damaged = [
  { kind: 'v1-key', ...key },
  { kind: 'oauth', token: 't' },
].flatMap((whole) =>
  Object.keys(whole).flatMap((field) => wrong.map((value): Record<string, unknown> => ({ ...whole, [field]: value }))),
)

it('rejects damaged credentials, and never reads a stored entry as the local service', () => {
  const read = [...damaged, ...wrong, { kind: 'local' }, { kind: 'later', ...key }].map((value) => {
    const text = JSON.stringify(value) ?? ''
    return [text, parseCredentials(text)] as const
  })
  const taken = read.filter(([, credentials]) => credentials !== null)
  // Another string is another key, which the server refuses; a missing kind means an earlier version.
  for (const [text, credentials] of taken) {
    const value: unknown = JSON.parse(text)
    expect(credentials).toEqual({ kind: 'v1-key', ...Object(value) })
  }
  expect(taken.length).toBe(6)
})

it.each(['', '{', 'null', '\0'.repeat(40), '{"kind":"v1-key","apiKey":"k"', '"k:s"'])('returns null for %j', (text) => {
  expect(parseCredentials(text)).toBe(null)
})
