import { expect, it } from 'vitest'
import { bannedParts, bannedPhrases, bannedWordsIn } from './words.ts'

const found = (text: string, file = 'engine/file.ts') => bannedWordsIn(file, text).map((one) => [one.line, one.found])

it('finds banned words as parts of names of any kind', () => {
  expect(found('const fault = 1\nexport function translateFtpFault(mostBytes: number): void {}')).toEqual([
    [1, 'fault'],
    [2, 'translateFtpFault'],
    [2, 'mostBytes'],
  ])
  expect(found('class Crew {\n  #lastFault = 1\n}\ninterface Desk {\n  said: string\n}')).toEqual([
    [1, 'Crew'],
    [2, 'lastFault'],
    [4, 'Desk'],
    [5, 'said'],
  ])
})

it('finds banned words in file names', () => {
  expect(found('', 'engine/ftp/ftp-faults.ts')).toEqual([[1, 'ftp-faults.ts']])
})

it('finds banned phrases in comments, even when they are wrapped', () => {
  expect(found('/**\n * Waits for want\n * of room.\n */\nconst a = 1 // no fault')).toEqual([
    [1, 'for want of'],
    [5, 'fault'],
  ])
})

it('leaves other words, string literals and parts of words alone', () => {
  expect(
    found("const putdesk = 'a fault'\nconst isDefault = putdesk // most of it is default\nconst most = 1"),
  ).toEqual([])
})

it('suggests a replacement for each', () => {
  for (const instead of [...bannedParts.values(), ...bannedPhrases.map(([, text]) => text)]) {
    expect(instead).toMatch(/\w/)
  }
})
