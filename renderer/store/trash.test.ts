import { expect, it } from 'vitest'
import type { Account } from '../../shared/account.ts'
import { noCapabilities } from '../../shared/capabilities.ts'
import { type Item, toColumns } from '../../shared/item.ts'
import { defaultSettings } from '../../shared/settings.ts'
import type { Row } from './listing.ts'
import { selectedRows, shownFolder } from './selectors.ts'
import { createAppStore } from './store.ts'
import { opened, type ScriptedBackend, scriptedBackend } from './test-client.ts'
import { shownToast } from './toasts.ts'

const item = (id: number, name: string): Item & Row => ({
  id,
  parentId: 0,
  name,
  kind: 'file',
  sizeBytes: 1,
  addedAtMs: null,
})
const items = [item(1, 'film one.mkv'), item(2, 'notes.txt'), item(3, 'film two.mkv')]

/** A window that shows the root folder of an account, with these items. */
async function openStore(hasTrash = true) {
  const backend = scriptedBackend()
  const store = createAppStore(backend.client)
  const account: Account = {
    ...{
      id: 'a',
      kind: 'server',
      name: 'mary',
      address: 'http://x.test',
      problem: null,
      keeping: 'session',
      signsInWith: 'key',
    },
    ...{ state: 'signed-in', capabilities: { ...noCapabilities, hasTrash }, trustedOrigins: [] },
  }
  backend.tell('settings.changed', { ...defaultSettings, accountId: 'a' })
  backend.tell('accounts.changed', [account])
  await backend.answer('items.open', opened(items))
  return { backend, store, toast: () => shownToast(store.getState())?.sentence }
}
const inputsOf = ({ asked }: ScriptedBackend, method: string) =>
  asked.filter((request) => request.method === method).map(({ input }) => input)
const trashed = (...all: Item[]) => ({ items: toColumns(all), folders: all.map(() => 'Films/2026').join('\0') })

it('limits the selection to what the filter shows, so that no action touches what is hidden', async () => {
  const { store } = await openStore()
  store.getState().setSelection({ ids: new Set([1, 2, 3]), anchorId: 2, focusId: 3 })
  store.getState().setFilter('film')
  expect(selectedRows(store.getState()).map(({ name }) => name)).toEqual(['film one.mkv', 'film two.mkv'])
  expect(store.getState().selection).toMatchObject({ anchorId: null, focusId: 3 })
  store.getState().setFilter('')
  expect([...store.getState().selection.ids]).toEqual([1, 3])
})

it.each([
  [true, 'Moved 2 items to the trash'],
  [false, 'Deleted 2 items'],
])('deletes without a question, undoes and redoes it; with a trash: %s', async (hasTrash, sentence) => {
  const { backend, store, toast } = await openStore(hasTrash)
  const deleting = store.getState().deleteItems('a', items.slice(0, 2))
  await backend.answer('items.delete', [])
  await deleting
  expect([store.getState().dialog, toast()]).toEqual([null, sentence])
  const undoing = store.getState().undo()
  await backend.answer('items.restore', { folderIds: [0], refused: [] })
  await undoing
  expect([inputsOf(backend, 'items.restore'), toast()]).toEqual([
    [{ accountId: 'a', itemIds: [1, 2] }],
    `Undone: ${sentence}`,
  ])
  const redoing = store.getState().redo()
  await backend.answer('items.delete', [])
  await redoing
  expect(inputsOf(backend, 'items.delete')).toEqual(Array(2).fill({ accountId: 'a', itemIds: [1, 2] }))
})

it('says that it is too late to undo a deletion, and undoes nothing older instead', async () => {
  const { backend, store, toast } = await openStore(false)
  const renaming = store.getState().renameItem('a', item(2, 'notes.txt'), 'other.txt')
  await backend.answer('items.rename', item(2, 'other.txt'))
  await renaming
  const deleting = store.getState().deleteItems('a', items.slice(0, 1))
  await backend.answer('items.delete', [])
  await deleting
  for (let times = 0; times < 2; times++) {
    const undoing = store.getState().undo()
    await backend.answer('items.restore', { folderIds: [], refused: [{ itemId: 1, sentence: 'It is too late.' }] })
    await undoing
    expect(toast()).toBe('It is too late.')
  }
  expect(inputsOf(backend, 'items.rename')).toHaveLength(1)
})

it('shows the trash as a place, restores from it, and deletes only what it was asked about', async () => {
  const { backend, store, toast } = await openStore()
  store.getState().goToTrash('a')
  expect(shownFolder(store.getState())).toMatchObject({ listing: null, isLoading: true })
  await backend.answer('trash.list', trashed(item(7, 'old.txt'), item(8, 'older.txt')))
  expect(shownFolder(store.getState())?.listing?.columns.names).toEqual('old.txt\0older.txt')
  expect(store.getState().trash?.folders).toEqual(['Films/2026', 'Films/2026'])

  // A folder that changes meanwhile leaves the selection in the trash alone.
  store.getState().setSelection({ ids: new Set([7]), anchorId: 7, focusId: 7 })
  backend.tell('items.changed', { accountId: 'a', folderIds: [0] })
  expect(selectedRows(store.getState()).map(({ name }) => name)).toEqual(['old.txt'])

  const restoring = store.getState().restoreTrashed('a', [item(7, 'old.txt')])
  await backend.answer('items.restore', { folderIds: [0], refused: [] })
  await backend.answer('trash.list', trashed(item(8, 'older.txt')))
  await restoring
  expect([toast(), store.getState().selection.ids.size]).toEqual(['Restored “old.txt” to Your Files', 0])
  const deleting = store.getState().deleteTrashed('a', [item(8, 'older.txt')])
  await backend.answer('trash.delete', null)
  await backend.answer('trash.list', trashed())
  await deleting
  expect(inputsOf(backend, 'trash.delete')).toEqual([{ accountId: 'a', itemIds: [8] }])
  const undoing = store.getState().undo()
  await undoing
  expect(toast()).toBe('This cannot be undone: Deleted “older.txt” for good')

  store.getState().goUp()
  expect(store.getState().place).toEqual({ accountId: 'a', folderId: 0, query: null })
  store.getState().goBack()
  expect(store.getState().place).toMatchObject({ isTrash: true })
  store.getState().searchEverywhere('film')
  expect(store.getState().place).toEqual({ accountId: 'a', folderId: 0, query: 'film' })
})

it('reloads the shown trash when its size changes, and drops a reply that is late', async () => {
  const { backend, store } = await openStore()
  const quota = (sizeBytes: number) => ({
    ...{ userName: 'mary', diskTotalBytes: 9, diskFreeBytes: 1, bandwidthTotalBytes: null, bandwidthLeftBytes: null },
    ...{ activeLimit: null, largestFileBytes: null, trash: { items: 1, sizeBytes, isCounted: true } },
  })
  backend.tell('quota.changed', { accountId: 'a', quota: quota(1) })
  store.getState().goToTrash('a')
  backend.tell('quota.changed', { accountId: 'a', quota: quota(1) })
  expect(inputsOf(backend, 'trash.list')).toHaveLength(1)
  backend.tell('quota.changed', { accountId: 'a', quota: quota(2) })
  expect(inputsOf(backend, 'trash.list')).toHaveLength(2)
  await backend.answer('trash.list', trashed(item(9, 'new.txt')), 1)
  await backend.answer('trash.list', trashed(item(8, 'stale.txt')))
  expect(shownFolder(store.getState())?.listing?.columns.names).toBe('new.txt')
})
