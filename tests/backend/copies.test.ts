import { writeFileSync } from 'node:fs'
import { afterEach, expect, it, vi } from 'vitest'
import { JsonFile } from '../../electron/backend/files/json-file.ts'
import { Copies, type FetchCopy } from '../../electron/backend/opening/copies.ts'
import type { Item } from '../../shared/item.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

const accountId = 'an-account'
const options = { tell: () => undefined, onSaved: () => undefined, isNeeded: () => false }
const items = Array.from(
  { length: 300 },
  (_, index): Item => ({ id: index + 1, parentId: 0, name: `${index}.txt`, kind: 'text', sizeBytes: 5, addedAtMs: 1 }),
)
const fetch: FetchCopy = async ({ targetPath }) => writeFileSync(targetPath, 'words')

afterEach(() => vi.restoreAllMocks())

it('adds and finds many copies without writing or reading the list for each', async () => {
  const folder = temporaryFolder('copies')
  const put = vi.spyOn(JsonFile.prototype, 'put')
  const entries = vi.spyOn(JsonFile.prototype, 'entries')
  const copies = new Copies(folder, options)
  for (const item of items) await copies.takeUnchanged(accountId, item, fetch)
  for (const item of items) await copies.find(accountId, item)
  copies.close()
  expect(put.mock.calls.length).toBeLessThan(items.length / 5)
  expect(entries.mock.calls.length).toBe(1)

  const again = new Copies(folder, options)
  expect(again.itemsOf(accountId).sort((one, other) => one - other)).toEqual(items.map(({ id }) => id))
  again.close()
})

it('notes at once a copy that is added alone', async () => {
  const folder = temporaryFolder('copies')
  const copies = new Copies(folder, options)
  const [item] = items
  if (item === undefined) throw new Error('no item')
  const copy = await copies.takeUnchanged(accountId, item, fetch)
  // As after a crash: the first is not closed.
  const again = new Copies(folder, options)
  expect(again.one(copy.id)).toEqual(copy)
  copies.close()
  again.close()
})

it('looks again only at the copies in whose folder something has changed', async () => {
  const copies = new Copies(temporaryFolder('copies'), options)
  const paths: string[] = []
  const taken = []
  for (const item of items.slice(0, 2)) taken.push(await copies.takeUnchanged(accountId, item, fetch))
  for (const copy of taken) paths.push(copies.pathOf(copy))
  const [one, other] = taken
  if (one === undefined || other === undefined) throw new Error('no copies')
  expect(await copies.findChanged()).toEqual([])
  for (const path of paths) writeFileSync(path, 'other words')
  expect(await copies.lookAt([one.id])).toEqual([{ id: one.id, accountId, name: one.name }])
  expect((await copies.lookAt([other.id])).map(({ id }) => id)).toEqual([one.id, other.id])
  await copies.ignore(one)
  expect((await copies.lookAt([one.id])).map(({ id }) => id)).toEqual([other.id])
  copies.close()
})
