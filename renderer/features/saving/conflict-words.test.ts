import { expect, it } from 'vitest'
import { say } from '../../words/say.ts'
import { conflictWords } from './conflict-words.ts'

const file = { name: 'a.txt', isFolder: false }
const folder = { name: 'Album', isFolder: true }

it.each([
  { taken: [file], words: ['A file with this name exists', 'Skip', 'Replace'], isHarmless: false },
  { taken: [folder], words: ['A folder with this name exists', 'Add what is missing', 'Merge'], isHarmless: true },
  {
    taken: [folder, folder],
    words: ['2 folders with these names exist', 'Add what is missing', 'Merge'],
    isHarmless: true,
  },
  {
    taken: [file, folder],
    words: ['2 files and folders with these names exist', 'Skip', 'Replace'],
    isHarmless: false,
  },
])('asks about $taken', ({ taken, words, isHarmless }) => {
  const { title, skip, replace, ...rest } = conflictWords(taken)
  expect([say(title, { count: taken.length }), say(skip), say(replace)]).toEqual(words)
  expect(rest.isHarmless).toBe(isHarmless)
})

it('says of folders that files of the same name in them are replaced', () => {
  for (const taken of [[folder], [file, folder]]) {
    const { hint } = conflictWords(taken)
    expect(hint === null ? null : say(hint, { count: 1 })).toMatch(/replaces files of the same name/)
  }
})
