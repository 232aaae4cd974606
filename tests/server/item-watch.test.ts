import { afterEach, beforeEach, expect, it } from 'vitest'
import { userIds } from '../../server/core/account/users.ts'
import { type Database, openDatabase } from '../../server/core/data/database.ts'
import { type ItemWatch, watchItems } from '../../server/core/space/item-watch.ts'
import { createSpace, type Space } from '../../server/core/space/space.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

let db: Database
let space: Space
let watch: ItemWatch
beforeEach(() => {
  db = openDatabase(temporaryFolder('watch'))
  space = createSpace(db, userIds(db, ['you'])[0] ?? 0)
  watch = watchItems(db)
})
afterEach(() => {
  watch.stop()
  db.close()
})
const seen = () => watch.take().map(({ id, what, folderIds }) => [id, what, folderIds])

it('tells what was created, renamed, moved, deleted and restored, and nothing twice', async () => {
  const [a, b] = [space.createFolder('a', 0), space.createFolder('b', 0)]
  expect(seen()).toEqual([
    [a.id, 'created', [0]],
    [b.id, 'created', [0]],
  ])
  expect(seen()).toEqual([])
  space.rename(a.id, 'c')
  expect(seen()).toEqual([[a.id, 'changed', [0]]])
  space.move([a.id], b.id)
  expect(seen()).toEqual([[a.id, 'moved', [0, b.id]]])
  space.trash.add([a.id])
  expect(seen()).toEqual([[a.id, 'deleted', [b.id]]])
  space.trash.restore([a.id])
  expect(seen()).toEqual([[a.id, 'created', [b.id]]])
  space.remove([a.id])
  expect(seen()).toEqual([[a.id, 'deleted', [b.id]]])
  await space.purge({ eraseContents: async () => undefined, signal: new AbortController().signal })
  expect(seen()).toEqual([])
})

it('tells several changes of an item as one', () => {
  const [a, b] = [space.createFolder('a', 0), space.createFolder('b', 0)]
  space.move([a.id], b.id)
  space.rename(a.id, 'c')
  expect(seen()).toEqual([
    [a.id, 'created', [b.id]],
    [b.id, 'created', [0]],
  ])
  space.rename(a.id, 'd')
  space.move([a.id], 0)
  expect(seen()).toEqual([[a.id, 'moved', [b.id, 0]]])
  const brief = space.createFolder('brief', 0)
  space.remove([brief.id])
  expect(seen()).toEqual([])
})

it('tells only the folders when there are thousands of changes', () => {
  const parent = space.createFolder('parent', 0)
  watch.take()
  for (let index = 0; index < 3000; index += 1) space.createFolder(`f${index}`, parent.id)
  const changes = watch.take()
  expect(changes.length).toBe(1001)
  expect(changes.at(-1)).toMatchObject({ id: parent.id, what: 'changed', folderIds: [parent.id] })
})

it('notes nothing after it was stopped', () => {
  watch.stop()
  space.createFolder('a', 0)
  expect(seen()).toEqual([])
})
