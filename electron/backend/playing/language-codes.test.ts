import { expect, it } from 'vitest'
import { codesOf, longCodes } from './language-codes.ts'

it('knows only codes that mean the same language', () => {
  const wrong = Object.entries(longCodes).filter(
    ([code, long]) => long.length === 0 || long.some((other) => new Intl.Locale(other).language !== code),
  )
  expect(wrong).toEqual([])
})

it('names a language by all its codes', () => {
  expect(codesOf('pt-BR')).toEqual(['pt-BR', 'pt', 'por'])
  expect(codesOf('de')).toEqual(['de', 'deu', 'ger'])
  expect(codesOf('xx')).toEqual(['xx'])
})
