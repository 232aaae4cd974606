import { expect, it } from 'vitest'
import { keepToken, TokenRedirect } from './token-redirect.ts'

const link = 'https://files.example/stream/4/atk/bebe56%2Bf0'

it.each([
  'https://cdn.example/stream/4/atk/bebe56%2Bf0',
  'https://cdn.example/stream/4/atk/BEBE56+f0',
  'https://cdn.example/?to=%2Fatk%2Fbebe56%252Bf0',
  'https://cdn.example/#bebe56+f0',
  'https://bebe56+f0@cdn.example/',
  'https://files.example:8443/atk/bebe56%2Bf0',
  'http://files.example/atk/bebe56%2Bf0',
  'https://files.example./atk/bebe56%2Bf0',
])('lets the token go to no other origin: %s', (to) => {
  expect(() => keepToken(link, () => false)(new URL(to))).toThrow(TokenRedirect)
})

it.each([
  'https://files.example/elsewhere?atk=bebe56%2Bf0',
  'https://FILES.example:443/x',
  'https://cdn.example/signed',
])('lets others through: %s', (to) => {
  expect(() => keepToken(link, () => false)(new URL(to))).not.toThrow()
})

it('lets it go to an origin that is allowed, and asks with its origin', () => {
  const asked: string[] = []
  keepToken(link, (origin) => asked.push(origin) > 0)(new URL('https://CDN.example:443/atk/bebe56%2Bf0'))
  expect(asked).toEqual(['https://cdn.example'])
})
