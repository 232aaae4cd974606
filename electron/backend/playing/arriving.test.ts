import { expect, it } from 'vitest'
import { filesToPlay } from './arriving.ts'

const file = (name: string, sizeBytes: number) => ({
  index: 0,
  name,
  kind: /\.mp3$/.test(name) ? ('audio' as const) : ('movie' as const),
  sizeBytes,
  itemId: null,
  url: '',
})
const namesOf = (files: ReturnType<typeof file>[]) => filesToPlay(files).files.map(({ name }) => name)

it('plays the films of a transfer in natural order, without samples and sounds, or else the sounds', () => {
  expect([
    namesOf([file('e10.mkv', 90), file('sample.mkv', 5), file('e2.mkv', 100), file('theme.mp3', 50)]),
    namesOf([file('10.mp3', 1), file('9.mp3', 100)]),
    namesOf([]),
  ]).toEqual([['e2.mkv', 'e10.mkv'], ['9.mp3', '10.mp3'], []])
})
