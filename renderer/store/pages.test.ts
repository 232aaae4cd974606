import { expect, it } from 'vitest'
import { noCapabilities } from '../../shared/capabilities.ts'
import { type Item, toColumns } from '../../shared/item.ts'
import { defaultSettings } from '../../shared/settings.ts'
import { folderKey } from './keys.ts'
import { selectAll } from './selection.ts'
import { shownFolder } from './selectors.ts'
import { createAppStore } from './store.ts'
import { opened, scriptedBackend } from './test-client.ts'

const file = (id: number, name = `f${id}`): Item => ({
  id,
  parentId: 0,
  name,
  kind: 'file',
  sizeBytes: 1,
  addedAtMs: null,
})
const files = (count: number) => Array.from({ length: count }, (_, index) => file(index + 1))

function openStore() {
  const backend = scriptedBackend()
  const store = createAppStore(backend.client)
  backend.tell('settings.changed', { ...defaultSettings, accountId: 'a' })
  backend.tell('accounts.changed', [
    {
      ...{
        id: 'a',
        kind: 'server',
        name: 'a',
        address: null,
        state: 'signed-in',
        problem: null,
        keeping: 'session',
        signsInWith: 'token',
      },
      ...{ capabilities: noCapabilities, trustedOrigins: [] },
    },
  ])
  const state = () => store.getState()
  const come = (items: readonly Item[], total: number | null) =>
    backend.progress('items.open', { items: toColumns(items), total })
  const all = () => {
    const ids = [...(shownFolder(state())?.listing?.columns.ids ?? [])]
    return { count: ids.length, idAt: (place: number) => ids[place] ?? null, placeOf: (id: number) => ids.indexOf(id) }
  }
  const folder = () => state().folders.get(folderKey('a', 0))
  return { backend, state, come, all, folder }
}

it('shows the first page of a long folder at once, and tells how many items there will be', async () => {
  const { backend, come, folder } = openStore()
  await come(files(2), 5)
  expect(folder()).toMatchObject({ isPartial: true, total: 5, isLoading: true, listing: { count: 2 } })
  await come(files(4), 5)
  expect(folder()).toMatchObject({ isPartial: true, total: 5, listing: { count: 4 } })
  await backend.answer('items.open', opened(files(5)))
  expect(folder()).toMatchObject({ isPartial: false, total: null, isLoading: false, listing: { count: 5 } })
})

it('selects what comes after everything was selected, but not if one was taken out again', async () => {
  const { backend, state, come, all } = openStore()
  await come(files(2), null)
  state().setSelection(selectAll(state().selection, all()))
  await come(files(4), null)
  expect([...state().selection.ids]).toEqual([1, 2, 3, 4])
  state().setSelection({ ids: new Set([1, 2, 3]), anchorId: 3, focusId: 3 })
  await backend.answer('items.open', opened(files(6)))
  expect([...state().selection.ids]).toEqual([1, 2, 3])
})

it('selects with a filter only what matches it', async () => {
  const { backend, state, come, all } = openStore()
  await come([file(1, 'one'), file(2, 'two')], null)
  state().setFilter('one')
  state().setSelection(selectAll(state().selection, { ...all(), count: 1 }))
  await backend.answer('items.open', opened([file(1, 'one'), file(2, 'two'), file(3, 'three'), file(4, 'someone')]))
  expect([...state().selection.ids]).toEqual([1, 4])
})

it('does not select what arrives in a whole folder after everything was selected', async () => {
  const { backend, state, all } = openStore()
  await backend.answer('items.open', opened(files(2)))
  state().setSelection(selectAll(state().selection, all()))
  backend.tell('items.changed', { accountId: 'a', folderIds: [0] })
  await backend.answer('items.open', opened(files(3)))
  expect([...state().selection.ids]).toEqual([1, 2])
})

it('keeps a whole list, and what is selected in it, while it is fetched again in pages', async () => {
  const { backend, state, come, folder } = openStore()
  await backend.answer('items.open', opened(files(5)))
  state().setSelection({ ids: new Set([5]), anchorId: 5, focusId: 5 })
  backend.tell('items.changed', { accountId: 'a', folderIds: [0] })
  await come(files(2), 5)
  expect(folder()).toMatchObject({ isPartial: false, listing: { count: 5 } })
  await backend.answer('items.open', opened(files(5)))
  expect([...state().selection.ids]).toEqual([5])
})
