import fc from 'fast-check'
import { expect, it } from 'vitest'
import { AppError } from '../../../shared/errors.ts'
import type { Crumb, Item, ItemId } from '../../../shared/item.ts'
import { FolderIndex, type FolderSource } from './folder-index.ts'

interface Node {
  name: string
  parentId: ItemId
}

/** A space of folders that records the requests to it. */
function space(folders: Map<ItemId, Node>, { hasMap = true } = {}) {
  const asked: string[] = []
  const item = (id: ItemId): Item => {
    const folder = folders.get(id)
    if (folder === undefined) throw new AppError('not-found', 'gone')
    return { id, ...folder, kind: 'folder', sizeBytes: 0, addedAtMs: null }
  }
  const children = (folderId: ItemId): Item[] =>
    [...folders].filter(([, { parentId }]) => parentId === folderId).map(([id]) => item(id))
  const source: FolderSource = {
    folderMap: async () => {
      asked.push('map')
      if (!hasMap) throw new AppError('unreachable', 'no such method')
      return [
        { id: 0, name: '', parentId: null },
        ...[...folders].map(([id, { name, parentId }]) => ({ id, name, parentId })),
      ]
    },
    item: async (id) => {
      asked.push(`item ${id}`)
      return item(id)
    },
    listFolders: async (id) => {
      asked.push(`list ${id}`)
      return children(id).map(toCrumb)
    },
  }
  return { asked, source, children }
}

const toCrumb = ({ id, name }: Item): Crumb => ({ id, name })
/** The folders in the root. */
const children = (folders: Map<ItemId, Node>): Item[] =>
  [...folders].flatMap(([id, { name, parentId }]) =>
    parentId === 0 ? [{ id, name, parentId, kind: 'folder', sizeBytes: 0, addedAtMs: null }] : [],
  )
const namesOf = (crumbs: readonly Crumb[]) => crumbs.map(({ name }) => name)

/** `depth` folders, each in the one before it. */
function chain(depth: number): Map<ItemId, Node> {
  return new Map(Array.from({ length: depth }, (_, at) => [at + 1, { name: `f${at + 1}`, parentId: at }]))
}

it.each([1, 5, 50])(
  'finds the path to a folder at depth %i with one request, and everything else with none',
  async (depth) => {
    const { asked, source } = space(chain(depth))
    const index = new FolderIndex(() => source)
    expect(namesOf(await index.path(depth))).toEqual([
      'Your Files',
      ...Array.from({ length: depth }, (_, at) => `f${at + 1}`),
    ])
    for (let id = 0; id <= depth; id++) {
      await index.path(id)
      await index.branch(id)
    }
    expect(asked).toEqual(['map'])
  },
)

it('asks folder by folder where the service has no list of all folders', async () => {
  const { asked, source } = space(chain(3), { hasMap: false })
  const index = new FolderIndex(() => source)
  expect(namesOf(await index.path(3))).toEqual(['Your Files', 'f1', 'f2', 'f3'])
  expect(namesOf(await index.branch(1))).toEqual(['f2'])
  expect(asked.filter((what) => what !== 'map')).toEqual(['item 3', 'item 2', 'item 1', 'list 1'])
})

it('requests only the missing folder when another program created one', async () => {
  const folders = chain(2)
  const { asked, source } = space(folders)
  const index = new FolderIndex(() => source)
  await index.path(2)
  folders.set(9, { name: 'new', parentId: 2 })
  expect(namesOf(await index.path(9))).toEqual(['Your Files', 'f1', 'f2', 'new'])
  expect(asked).toEqual(['map', 'item 9'])
})

it('ends a path at folders that contain each other, and rejects a folder that is gone with not-found', async () => {
  const folders = new Map([
    [1, { name: 'one', parentId: 2 }],
    [2, { name: 'two', parentId: 1 }],
  ])
  const index = new FolderIndex(() => space(folders).source)
  expect(namesOf(await index.path(1))).toEqual(['Your Files', 'two', 'one'])
  await expect(index.path(7)).rejects.toMatchObject({ code: 'not-found' })
})

it('refuses a path that is too long to request folder by folder, rather than leaving a gap', async () => {
  const index = new FolderIndex(() => space(chain(1500), { hasMap: false }).source)
  await expect(index.path(1500)).rejects.toMatchObject({ code: 'refused' })
  expect(await index.path(900)).toHaveLength(901)
})

it('ignores a response from before a reload', async () => {
  const folders = chain(1)
  const { source } = space(folders)
  let isFirst = true
  const slow = Promise.withResolvers<void>()
  const index = new FolderIndex(() => ({
    ...source,
    folderMap: async () => {
      const map = await source.folderMap()
      if (isFirst) {
        isFirst = false
        await slow.promise
      }
      return map
    },
  }))
  const before = index.path(1)
  index.clear()
  folders.set(1, { name: 'renamed', parentId: 0 })
  expect(namesOf(await index.path(1))).toEqual(['Your Files', 'renamed'])
  slow.resolve()
  await before
  expect(namesOf(await index.path(1))).toEqual(['Your Files', 'renamed'])
})

it('does not let a response from before a change of its own undo that change', async () => {
  const folders = chain(2)
  const { source } = space(folders)
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const late = async <T>(answer: Promise<T>, gate = gates.shift()) => {
    const seen = await answer
    await gate?.promise
    return seen
  }
  const [ofMap, ofList] = gates
  const index = new FolderIndex(() => ({
    ...source,
    folderMap: () => late(source.folderMap()),
    listFolders: (id) => late(source.listFolders(id)),
  }))
  const rename = async (name: string) => {
    folders.set(1, { name, parentId: 0 })
    index.learn(await source.item(1))
    index.expire([0])
  }
  const path = index.path(2)
  await Promise.resolve()
  await rename('second')
  ofMap?.resolve()
  expect(namesOf(await path)).toEqual(['Your Files', 'second', 'f2'])
  const branch = index.branch(0)
  await new Promise((resolve) => setTimeout(resolve, 5))
  const stale = index.version
  const listed = children(folders)
  await rename('third')
  ofList?.resolve()
  await branch
  index.learnListing(0, listed, stale)
  expect(namesOf(await index.branch(0))).toEqual(['third'])
  expect(namesOf(await index.path(1))).toEqual(['Your Files', 'third'])
})

const act = fc.record({
  what: fc.constantFrom('rename', 'move', 'delete', 'create', 'list', 'branch', 'path'),
  one: fc.nat({ max: 12 }),
  other: fc.nat({ max: 12 }),
})

it('agrees with the service after any sequence of its own changes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
      const folders = new Map<ItemId, Node>()
      const { source, children } = space(folders)
      const index = new FolderIndex(() => source)
      let nextId = 1
      const isThere = (id: ItemId) => id === 0 || folders.has(id)
      const pathOf = (id: ItemId): ItemId[] => (id === 0 ? [0] : [...pathOf(folders.get(id)?.parentId ?? 0), id])
      const withBelow = (id: ItemId): ItemId[] => [id, ...children(id).flatMap((child) => withBelow(child.id))]
      for (const { what, one, other } of acts) {
        if (!isThere(one)) continue
        if (what === 'create') {
          const id = nextId++
          folders.set(id, { name: `made ${id}`, parentId: one })
          index.learn(await source.item(id))
          index.expire([one])
        } else if (what === 'rename' && one !== 0) {
          const folder = folders.get(one)
          if (folder) folder.name = `named ${other}`
          index.learn(await source.item(one))
        } else if (what === 'move' && one !== 0 && isThere(other) && !pathOf(other).includes(one)) {
          const folder = folders.get(one)
          const from = folder?.parentId ?? 0
          if (folder) folder.parentId = other
          index.move([one], other)
          index.expire([from, other])
        } else if (what === 'delete' && one !== 0) {
          const from = folders.get(one)?.parentId ?? 0
          for (const id of withBelow(one)) folders.delete(id)
          index.remove([one])
          index.expire([from])
        } else if (what === 'list') index.learnListing(one, children(one), index.version)
        else if (what === 'branch') await index.branch(one)
        else await index.path(one)
        for (const id of [0, ...folders.keys()]) {
          expect((await index.path(id)).map((crumb) => crumb.id)).toEqual(pathOf(id))
          const names = namesOf(await index.branch(id))
          expect([...names].sort()).toEqual(namesOf(children(id)).sort())
        }
      }
    }),
    { numRuns: 60 },
  )
})
