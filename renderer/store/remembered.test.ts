import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Account } from '../../shared/account.ts'
import { type Item, toColumns } from '../../shared/item.ts'
import { defaultSettings } from '../../shared/settings.ts'
import { folderKey } from './keys.ts'
import { rowAt } from './listing.ts'
import { rememberWindow } from './remembered.ts'
import { createAppStore } from './store.ts'
import { scriptedBackend } from './test-client.ts'

const account: Account = {
  id: 'a',
  kind: 'this-computer',
  name: 'This computer',
  address: null,
  state: 'signed-in',
  problem: null,
  keeping: 'protected',
}
const film: Item = { id: 9, parentId: 4, name: 'film.mkv', kind: 'movie', sizeBytes: 7, addedAtMs: null }
const key = folderKey('a', 4)

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function storageWith(text: string | null = null): Storage & { text: () => string | null } {
  let kept = text
  return {
    length: 0,
    clear: () => undefined,
    key: () => null,
    getItem: () => kept,
    setItem: (_name, value) => {
      kept = value
    },
    removeItem: () => {
      kept = null
    },
    text: () => kept,
  }
}

/** A window that stands in a folder with one film, and is remembered. */
async function rememberedWindow(storage: Storage) {
  const backend = scriptedBackend()
  const store = createAppStore(backend.client)
  rememberWindow(store, storage, new EventTarget())
  backend.tell('settings.changed', { ...defaultSettings, accountId: 'a', theme: 'dark' })
  backend.tell('accounts.changed', [account])
  store.getState().goTo('a', 4)
  await backend.answer('items.list', toColumns([film]), 1)
  vi.runAllTimers()
  return backend
}

it('shows the last folder before the backend has said a word, and replaces it by what is told', async () => {
  const storage = storageWith()
  await rememberedWindow(storage)
  const backend = scriptedBackend()
  const store = createAppStore(backend.client)
  rememberWindow(store, storage, new EventTarget())
  const { place, accounts, settings, folders } = store.getState()
  const listing = folders.get(key)?.listing
  expect(backend.asked).toEqual([])
  expect({
    place,
    state: accounts?.[0]?.state,
    theme: settings?.theme,
    row: listing ? rowAt(listing, 0) : null,
  }).toEqual({
    place: { accountId: 'a', folderId: 4, query: null },
    state: 'connecting',
    theme: 'dark',
    row: film,
  })

  backend.tell('settings.changed', { ...defaultSettings, accountId: 'a' })
  backend.tell('accounts.changed', [account])
  await backend.answer('items.list', toColumns([{ ...film, name: 'renamed.mkv' }]))
  expect(store.getState().folders.get(key)?.listing?.names).toEqual(['renamed.mkv'])
})

it('forgets the window when its last account is gone', async () => {
  const storage = storageWith()
  const backend = await rememberedWindow(storage)
  expect(storage.text()).toContain('film.mkv')
  backend.tell('accounts.changed', [])
  vi.runAllTimers()
  expect(storage.text()).toBe(null)
})

it.each([
  '',
  '{',
  'null',
  '7',
  '[]',
  '{"version":1}',
  '{"version":99,"accounts":[],"path":[],"expanded":[],"tree":[],"settings":{},"place":{},"items":null}',
])('starts as if there were nothing when what was kept is %j', (text) => {
  const store = createAppStore(scriptedBackend().client)
  rememberWindow(store, storageWith(text), new EventTarget())
  expect([store.getState().accounts, store.getState().place]).toEqual([null, null])
})
