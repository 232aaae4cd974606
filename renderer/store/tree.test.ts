import { expect, it } from 'vitest'
import { folderKey } from './keys.ts'
import { type Children, linesOf } from './tree.ts'

const known = (...folders: { id: number; name: string }[]): Children => ({ folders, isLoading: false })

it('lists only open branches, with the level and the position of each line', () => {
  const lines = linesOf({
    accountId: 'a',
    tree: new Map([
      [folderKey('a', 0), known({ id: 1, name: 'Films' }, { id: 2, name: 'Music' })],
      [folderKey('a', 1), known({ id: 3, name: '2026' })],
      [folderKey('a', 2), known()],
    ]),
    expanded: new Set([folderKey('a', 0), folderKey('a', 1), folderKey('a', 2)]),
    friends: [{ id: 9, name: 'anna', folderId: 90 }],
    names: { root: 'Your Files', shared: 'Shared with me' },
  })
  expect(
    lines.map(({ name, level, place, siblings, isExpandable, isExpanded }) => [
      name,
      level,
      `${place}/${siblings}`,
      isExpandable,
      isExpanded,
    ]),
  ).toEqual([
    ['Your Files', 1, '1/2', true, true],
    ['Films', 2, '1/2', true, true],
    ['2026', 3, '1/1', true, false],
    ['Music', 2, '2/2', false, false],
    ['Shared with me', 1, '2/2', true, false],
  ])
})

it('stops where a folder contains itself, directly or through its subfolders', () => {
  const lines = linesOf({
    accountId: 'a',
    tree: new Map([
      [folderKey('a', 0), known({ id: 1, name: 'one' }, { id: 0, name: 'root' })],
      [folderKey('a', 1), known({ id: 2, name: 'two' }, { id: 1, name: 'one' })],
      [folderKey('a', 2), known({ id: 1, name: 'one' })],
    ]),
    expanded: new Set([0, 1, 2].map((id) => folderKey('a', id))),
    friends: [],
    names: { root: 'Your Files', shared: 'Shared with me' },
  })
  expect(lines.map(({ name }) => name)).toEqual(['Your Files', 'one', 'two'])
})
