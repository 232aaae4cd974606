import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { userIds } from '../account/users.ts'
import { type Database, openDatabase } from '../data/database.ts'
import { createSpace, type Item, type Space } from './space.ts'

let folder: string
let db: Database
let space: Space
let removals: number
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'putdesk-space-'))
  db = openDatabase(folder)
  removals = 0
  space = createSpace(db, userIds(db, ['you'])[0] ?? 0, () => {
    removals += 1
  })
})
afterEach(() => {
  db.close()
  rmSync(folder, { recursive: true })
})

const all = { offset: 0, limit: -1, kinds: null, order: { by: 'name', isDescending: false } } as const
let files = 0
function addFile(name: string, parentId: number, sizeBytes: number): Item {
  files += 1
  return space.addFile({ name, parentId, sizeBytes, content: `${files}`.padStart(32, '0') })
}
/** Every item below a folder by its path, with its size. */
function tree(id = 0, path = ''): Record<string, number> {
  return Object.assign(
    {},
    ...space.list(id, all).map((item) => ({
      [`${path}${item.name}`]: item.sizeBytes,
      ...(item.kind === 'folder' ? tree(item.id, `${path}${item.name}/`) : {}),
    })),
  )
}

describe('moving several items', () => {
  it('moves each of them once, and renames those whose name is taken', () => {
    const [from, to] = [space.createFolder('From', 0), space.createFolder('To', 0)]
    const [a, b] = [addFile('a.txt', from.id, 1), addFile('b.txt', 0, 2)]
    addFile('b.txt', to.id, 4)
    expect(space.move([a.id, b.id, a.id], to.id).map(({ name, parentId }) => [name, parentId])).toEqual([
      ['a.txt', to.id],
      ['b (2).txt', to.id],
    ])
    expect(tree()).toEqual({ From: 0, To: 7, 'To/a.txt': 1, 'To/b (2).txt': 2, 'To/b.txt': 4 })
  })

  it.each([
    ['a folder and an item in it', [0, 1]],
    ['an item in a folder and that folder', [1, 0]],
  ])('puts %s side by side, with correct sizes', (_what, order) => {
    const [outer, to] = [space.createFolder('Outer', 0), space.createFolder('To', 0)]
    const inner = space.createFolder('Inner', outer.id)
    addFile('a.txt', outer.id, 1)
    addFile('b.txt', inner.id, 2)
    const ids = [outer.id, inner.id]
    space.move(
      order.map((index) => ids[index] ?? 0),
      to.id,
    )
    expect(tree()).toEqual({ To: 3, 'To/Inner': 2, 'To/Inner/b.txt': 2, 'To/Outer': 1, 'To/Outer/a.txt': 1 })
  })

  it('moves none when one of them cannot be moved', () => {
    const [outer, a] = [space.createFolder('Outer', 0), addFile('a.txt', 0, 1)]
    const inner = space.createFolder('Inner', outer.id)
    const before = tree()
    expect(() => space.move([a.id, 99], inner.id)).toThrow('There is no item with the id 99.')
    expect(() => space.move([a.id, outer.id], inner.id)).toThrow(
      '“Outer” cannot be moved into itself or a folder inside it.',
    )
    expect(() => space.move([a.id, 0], inner.id)).toThrow('“Your Files” is the root folder and cannot be moved.')
    expect(() => space.move([outer.id], a.id)).toThrow('“a.txt” is not a folder.')
    expect([space.move([], inner.id), tree()]).toEqual([[], before])
  })
})

describe('removing several items', () => {
  it.each([
    ['a folder and what is in it', [0, 1, 2]],
    ['what is in a folder and that folder', [2, 1, 0, 1]],
  ])('removes %s in one step, and counts each once', (_what, order) => {
    const outer = space.createFolder('Outer', 0)
    const inner = space.createFolder('Inner', outer.id)
    const file = addFile('b.txt', inner.id, 2)
    addFile('kept.txt', 0, 4)
    const ids = [outer.id, inner.id, file.id]
    space.remove(order.map((index) => ids[index] ?? 0))
    expect([tree(), space.storedBytes(), ids.some(space.has), removals]).toEqual([{ 'kept.txt': 4 }, 4, false, 1])
  })

  it('removes none when one of them cannot be removed', () => {
    const file = addFile('a.txt', 0, 2)
    expect(() => space.remove([file.id, 99])).toThrow('There is no item with the id 99.')
    expect(() => space.remove([file.id, 0])).toThrow('“Your Files” is the root folder and cannot be deleted.')
    space.remove([])
    expect([tree(), space.storedBytes(), removals]).toEqual([{ 'a.txt': 2 }, 2, 0])
  })
})
