import { expect, it } from 'vitest'
import { freeName, problemOfName, stemLength } from './item-names.ts'

it('says what is wrong with a name before it is sent', () => {
  expect(
    ['', '  ', '..', 'a/b', 'a\u0000b', 'é'.repeat(128), 'taken', 'Taken', 'good.mkv', '🎬'.repeat(63)].map((name) =>
      problemOfName(name, ['taken']),
    ),
  ).toEqual([
    'A name needs at least one letter.',
    'A name needs at least one letter.',
    'A name cannot be only dots.',
    'A name cannot contain “/”.',
    'A name cannot contain control characters.',
    'The name is too long: at most 255 bytes.',
    '“taken” is already in this folder.',
    null,
    null,
    null,
  ])
})

it('selects the stem, not the extension', () => {
  const stem = (name: string, isFolder = false) => name.slice(0, stemLength(name, isFolder))
  expect([
    stem('film.mkv'),
    stem('a.tar.gz'),
    stem('b.part1.rar'),
    stem('.hidden'),
    stem('no'),
    stem('v1.2', true),
  ]).toEqual(['film', 'a', 'b', '.hidden', 'no', 'v1.2'])
})

it('finds the first free name', () => {
  expect([freeName('New folder', []), freeName('New folder', ['New folder', 'New folder 2'])]).toEqual([
    'New folder',
    'New folder 3',
  ])
})
