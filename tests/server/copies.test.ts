import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import type { Core, Cores } from '../../server/core/core.ts'
import { newContentName } from '../../server/core/space/content.ts'
import { copyItem } from '../../server/core/space/copies.ts'
import { apiV2 } from '../support/api-v2.ts'
import { openFolder, treeOf } from '../support/cores.ts'
import { seededRandom } from '../support/seed.ts'
import { servicesForTests, usedBytes } from '../support/services.ts'
import { memoryFolder } from '../support/temp-folder.ts'

const random = seededRandom()
const { start, restart } = servicesForTests()

function only({ users: [core] }: Cores): Core {
  if (core === undefined) throw new Error('there is no user')
  return core
}

/** A folder with some files in the root; returns its id. */
function fill({ space, content }: Core, count: number): number {
  const folder = space.createFolder('Folder', 0)
  const files = Array.from({ length: count }, (_, n) => {
    const name = newContentName()
    mkdirSync(dirname(content.path(name)), { recursive: true })
    writeFileSync(content.path(name), `${n}`)
    return { path: [`${n % 5}`, `${n}.txt`], sizeBytes: `${n}`.length, content: name }
  })
  space.addTree({ parentId: folder.id, files, folders: [] })
  return folder.id
}

function contentsIn(data: string): string[] {
  return readdirSync(join(data, 'content'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(data, 'content', name), { throwIfNoEntry: false })?.isFile(),
  )
}

const target = { parentId: 0, name: 'Copy' }

it('has the tree, sizes and bytes of what was copied, which is counted', async () => {
  const data = memoryFolder('copies')
  const cores = openFolder(data)
  const core = only(cores)
  const { space } = core
  const id = fill(core, 40)
  const stored = space.storedBytes()
  const to = { space, content: core.content, roomBytes: () => 1000 }
  const copy = await copyItem({ item: space.get(id), space }, to, target)
  const tree = treeOf(cores)
  const below = (name: string) =>
    tree.filter(([path]) => path.startsWith(`/${name}/`)).map(([path, bytes]) => [path.slice(name.length + 2), bytes])
  expect(below('Copy')).toEqual(below('Folder'))
  expect([below('Copy').length, copy.sizeBytes, space.storedBytes()]).toEqual([40, stored, 2 * stored])
  const again = await copyItem({ item: copy, space }, to, { parentId: id, name: null })
  expect([again.name, space.get(id).sizeBytes, space.get(0).sizeBytes]).toEqual(['Copy', 2 * stored, 3 * stored])
  await cores.close()
})

it.each([
  ['does not fit', { roomBytes: () => 1 }, {}, 'There is not enough disk space for a copy of “Folder”.'],
  ['has a name that is taken', {}, { name: 'Folder' }, 'There is something with the name “Folder” already.'],
  ['has an impossible name', {}, { name: 'a/b' }, '“a/b” cannot be a name: it holds a slash (“/”).'],
  ['goes to a missing folder', {}, { parentId: 999 }, 'There is no item with the id 999.'],
])('leaves nothing behind when it %s', async (_what, options, where, sentence) => {
  const data = memoryFolder('copies')
  const cores = openFolder(data)
  const core = only(cores)
  const { space, content } = core
  const id = fill(core, 3)
  const before = [treeOf(cores), contentsIn(data)]
  const copying = copyItem(
    { item: space.get(id), space },
    { space, content, roomBytes: () => 1000, ...options },
    { ...target, ...where },
  )
  await expect(copying).rejects.toThrow(sentence)
  expect([treeOf(cores), contentsIn(data)]).toEqual(before)
  await cores.close()
})

it('leaves nothing behind when a content is missing or the folder is deleted meanwhile', async () => {
  const data = memoryFolder('copies')
  const cores = openFolder(data)
  const core = only(cores)
  const { space, content } = core
  const id = fill(core, 6)
  const to = { space, content, roomBytes: () => 1000 }
  const [lost = ''] = contentsIn(data)
  rmSync(join(data, 'content', lost))
  await expect(copyItem({ item: space.get(id), space }, to, target)).rejects.toThrow('missing on the disk')
  expect(contentsIn(data)).toHaveLength(5)
  writeFileSync(join(data, 'content', lost), 'x')
  const place = space.createFolder('Place', 0)
  const copying = copyItem({ item: space.get(id), space }, to, { parentId: place.id, name: null })
  space.remove([place.id])
  await expect(copying).rejects.toThrow('There is no item')
  expect(contentsIn(data)).toHaveLength(6)
  await cores.close()
})

it('is not taken for lost files when the service ended between its contents and its items', async () => {
  const data = memoryFolder('copies')
  const first = openFolder(data)
  const { content } = only(first)
  fill(only(first), 4)
  const before = treeOf(first)
  const [one = ''] = contentsIn(data)
  await content.duplicate([[one.slice(3), newContentName()]])
  expect(contentsIn(data)).toHaveLength(5)
  // A clean-up at that moment leaves it alone: its items are on their way.
  await content.cleanUp()
  expect(contentsIn(data)).toHaveLength(5)
  await first.close()
  const second = openFolder(data)
  await second.start()
  expect([treeOf(second), contentsIn(data).length, second.notice]).toEqual([before, 4, null])
  await second.close()
})

it('is done or not done, and the ledger right, when the service is killed while it is made', async () => {
  const data = memoryFolder('copies')
  const cores = openFolder(data)
  const count = 300
  const id = fill(only(cores), count)
  const size = only(cores).space.get(id).sizeBytes
  await cores.close()
  let service = await start({ data })
  let done = 0
  for (let round = 0; round < 6; round++) {
    const name = `Copy ${round}`
    void apiV2(service)('POST', '/v2/files/copy', { file_id: id, parent_id: 0, name }).catch(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, Math.floor(random() * 60)))
    service = await restart(service)
    const { body } = await apiV2(service)('GET', '/v2/files/list')
    const rows: Record<string, unknown>[] = Object(body.files)
    done += rows.some((row) => row.name === name) ? 1 : 0
    expect(rows.map((row) => row.size)).toEqual(rows.map(() => size))
    expect([rows.length, await usedBytes(service)]).toEqual([done + 1, (done + 1) * size])
  }
  await service.stop()
  const after = openFolder(data)
  await after.start()
  expect(contentsIn(data)).toHaveLength((done + 1) * count)
  expect(treeOf(after).filter(([, bytes]) => bytes === 'missing')).toEqual([])
  await after.close()
  console.info(`Of six copies that were interrupted, ${done} were done.`)
})
