import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import type { Core, Cores } from '../../server/core/core.ts'
import { newContentName } from '../../server/core/space/content.ts'
import { openFolder, treeOf } from '../support/cores.ts'
import { seededRandom } from '../support/seed.ts'
import { memoryFolder } from '../support/temp-folder.ts'

const random = seededRandom()
const pick = <T>(values: readonly T[]): T | undefined => values[Math.floor(random() * values.length)]

/** What a user's space should be: every item by its id. */
class Model {
  readonly items = new Map<number, { name: string; parentId: number; bytes: number | null }>()
  /** The old parents of items in the trash, from the nearest up. */
  readonly trash = new Map<number, number[]>()

  living(): number[] {
    return [...this.items.keys()].filter((id) => this.#isLiving(id))
  }
  folders(): number[] {
    return [0, ...this.living().filter((id) => this.items.get(id)?.bytes === null)]
  }
  pathOf(id: number): number[] {
    const path: number[] = []
    for (let at = this.items.get(id)?.parentId ?? 0; at > 0; at = this.items.get(at)?.parentId ?? 0) path.push(at)
    return path
  }
  #isLiving(id: number): boolean {
    return ![id, ...this.pathOf(id)].some((at) => this.trash.has(at))
  }
  sizeOf(id: number): number {
    const item = this.items.get(id)
    if (item !== undefined && item.bytes !== null) return item.bytes
    return [...this.items].reduce((sum, [child, { parentId }]) => {
      const isIn = parentId === id && !this.trash.has(child)
      return isIn ? sum + this.sizeOf(child) : sum
    }, 0)
  }
  drop(id: number): void {
    const below = [...this.items].filter(([child, { parentId }]) => parentId === id && !this.trash.has(child))
    for (const [child] of below) this.drop(child)
    this.items.delete(id)
    this.trash.delete(id)
  }
  add(id: number): void {
    this.trash.set(id, this.pathOf(id))
  }
  restore(id: number): number {
    const folders = new Set(this.folders())
    const parentId = (this.trash.get(id) ?? []).find((folder) => folders.has(folder)) ?? 0
    const item = this.items.get(id)
    if (item !== undefined) item.parentId = parentId
    this.trash.delete(id)
    return parentId
  }
}

function seen({ space }: Core) {
  const all = { offset: 0, limit: -1, kinds: null, order: { by: 'id', isDescending: false } } as const
  const items: Record<number, [parentId: number | null, sizeBytes: number]> = {}
  const walk = (folderId: number) => {
    for (const item of space.list(folderId, all)) {
      items[item.id] = [item.parentId, item.sizeBytes]
      if (item.kind === 'folder') walk(item.id)
    }
  }
  walk(0)
  const trash = Object.fromEntries(space.trash.page(null, 1000).map(({ id, sizeBytes }) => [id, sizeBytes]))
  return {
    items,
    trash,
    storedBytes: space.storedBytes(),
    rootBytes: space.get(0).sizeBytes,
    totals: space.trash.totals(),
  }
}

function expected(model: Model): ReturnType<typeof seen> {
  const living = model.living()
  const bytesOf = (ids: readonly number[]) => ids.reduce((sum, id) => sum + model.sizeOf(id), 0)
  const rootBytes = bytesOf(living.filter((id) => model.items.get(id)?.parentId === 0))
  const trashed = [...model.trash.keys()]
  return {
    items: Object.fromEntries(living.map((id) => [id, [model.items.get(id)?.parentId ?? 0, model.sizeOf(id)]])),
    trash: Object.fromEntries(trashed.map((id) => [id, model.sizeOf(id)])),
    storedBytes: rootBytes + bytesOf(trashed),
    rootBytes,
    totals: { items: trashed.length, sizeBytes: bytesOf(trashed) },
  }
}

function only({ users: [core] }: Cores): Core {
  if (core === undefined) throw new Error('there is no user')
  return core
}

/** Does one random thing to both. */
async function step({ space, content }: Core, model: Model): Promise<void> {
  const item = pick(model.living())
  const folderId = pick(model.folders()) ?? 0
  const trashed = pick([...model.trash.keys()])
  const action = pick([
    'folder',
    'file',
    'file',
    'move',
    'delete',
    'trash',
    'trash',
    'trash',
    'restore',
    'restore',
    'remove',
    'empty',
  ])
  if (action === 'folder') {
    const { id, name } = space.createFolder(`folder ${Math.floor(random() * 4)}`, folderId)
    model.items.set(id, { name, parentId: folderId, bytes: null })
  } else if (action === 'file') {
    const [bytes, stored] = [Math.floor(random() * 50), newContentName()]
    mkdirSync(dirname(content.path(stored)), { recursive: true })
    writeFileSync(content.path(stored), Buffer.alloc(bytes))
    const name = `file ${Math.floor(random() * 4)}`
    const { id } = space.addFile({ name, parentId: folderId, sizeBytes: bytes, content: stored })
    model.items.set(id, { name, parentId: folderId, bytes })
  } else if (action === 'move' && item !== undefined && ![folderId, ...model.pathOf(folderId)].includes(item)) {
    space.move([item], folderId)
    model.items.set(item, { name: '', bytes: null, ...model.items.get(item), parentId: folderId })
  } else if (action === 'delete' && item !== undefined) {
    space.remove([item])
    model.drop(item)
  } else if (action === 'trash' && item !== undefined) {
    space.trash.add([item])
    model.add(item)
  } else if (action === 'restore' && trashed !== undefined) {
    space.trash.restore([trashed])
    expect(space.get(trashed).parentId).toBe(model.restore(trashed))
  } else if (action === 'remove' && trashed !== undefined) {
    await space.trash.remove([trashed])
    model.drop(trashed)
  } else if (action === 'empty' && random() < 0.2) {
    await space.trash.remove(null)
    for (const id of [...model.trash.keys()]) model.drop(id)
  }
}

it('holds what a model of it holds after any sequence of acts, a restart, and a restoration from the journal', async () => {
  for (let round = 0; round < 20; round++) {
    const data = memoryFolder('trash')
    const model = new Model()
    const cores = openFolder(data)
    for (let done = 0; done < 80; done++) {
      await step(only(cores), model)
      expect(seen(only(cores))).toEqual(expected(model))
    }
    const { space, content } = only(cores)
    await space.purge({ eraseContents: content.erase, signal: new AbortController().signal })
    await cores.close()
    const again = openFolder(data)
    expect([again.notice, seen(only(again))]).toEqual([null, expected(model)])
    const files = [...model.items.values()].filter(({ bytes }) => bytes !== null)
    expect(only(again).content.names()).toHaveLength(files.length)
    await again.close()
    for (const name of ['putdesk.db', 'putdesk.db-wal', 'putdesk.seal']) rmSync(join(data, name), { force: true })
    const restored = openFolder(data)
    expect(restored.notice).toContain('missing')
    expect(seen(only(restored))).toEqual(expected(model))
    expect(treeOf(restored).filter(([, bytes]) => bytes === 'missing')).toEqual([])
    await restored.close()
    rmSync(data, { recursive: true })
  }
})
