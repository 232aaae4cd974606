import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Account } from '../../shared/account.ts'
import { noCapabilities } from '../../shared/capabilities.ts'
import { Item } from '../../shared/item.ts'
import { defaultSettings, Settings as SettingsSchema } from '../../shared/settings.ts'
import { folderKey } from './keys.ts'
import { rowAt } from './listing.ts'
import { rememberWindow } from './remembered.ts'
import { createAppStore } from './store.ts'
import { opened, scriptedBackend } from './test-client.ts'
import { linesOf } from './tree.ts'

const account: Account = {
  id: 'a',
  capabilities: noCapabilities,
  trustedOrigins: [],
  kind: 'this-computer',
  name: 'This computer',
  address: null,
  state: 'signed-in',
  problem: null,
  keeping: 'protected',
  signsInWith: 'key',
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

/** A remembered window that shows a folder with one film. */
async function rememberedWindow(storage: Storage) {
  const backend = scriptedBackend()
  const store = createAppStore(backend.client)
  rememberWindow(store, () => storage, new EventTarget())
  backend.tell('settings.changed', { ...defaultSettings, accountId: 'a', theme: 'dark' })
  backend.tell('accounts.changed', [account])
  store.getState().goTo('a', 4)
  await backend.answer('items.open', opened([film]), 1)
  vi.runAllTimers()
  return backend
}

it('shows the last folder before the backend has answered, and then replaces it', async () => {
  const storage = storageWith()
  await rememberedWindow(storage)
  const backend = scriptedBackend()
  const store = createAppStore(backend.client)
  rememberWindow(store, () => storage, new EventTarget())
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
  await backend.answer('items.open', opened([{ ...film, name: 'renamed.mkv' }]))
  expect(store.getState().folders.get(key)?.listing?.columns.names).toBe('renamed.mkv')
})

it('shows the known branches of the tree, too', async () => {
  const storage = storageWith()
  await rememberedWindow(storage)
  const branches = [{ id: 4, name: 'Films' }]
  const kept = JSON.parse(storage.text() ?? '')
  storage.setItem('', JSON.stringify({ ...kept, tree: [['a:0', branches]] }))
  const store = createAppStore(scriptedBackend().client)
  rememberWindow(store, () => storage, new EventTarget())
  expect(store.getState().tree.get(folderKey('a', 0))?.folders).toEqual(branches)
})

it.each(['signed-out', 'unreachable'] as const)('stops loading and says why when the account is %s', async (state) => {
  const storage = storageWith()
  await rememberedWindow(storage)
  const kept = JSON.parse(storage.text() ?? '')
  // The previous window could not show the folder either.
  storage.setItem('', JSON.stringify({ ...kept, items: null }))
  const backend = scriptedBackend()
  const store = createAppStore(backend.client)
  rememberWindow(store, () => storage, new EventTarget())
  backend.tell('settings.changed', { ...defaultSettings, accountId: 'a', theme: 'dark' })
  backend.tell('accounts.changed', [{ ...account, state: 'connecting' }])
  backend.tell('accounts.changed', [{ ...account, state }])
  backend.tell('accounts.changed', [{ ...account, state, problem: 'Sign in to go on.' }])
  await backend.refuse('items.open', 'signed-out', 'Sign in to go on.')
  expect(store.getState().folders.get(key)).toMatchObject({
    listing: null,
    isLoading: false,
    problem: 'Sign in to go on.',
  })
  const listed = backend.asked.filter(
    ({ method, input }) => method === 'items.open' && JSON.stringify(input).includes('4'),
  )
  expect(listed.length).toBe(1)
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
])('starts without a remembered window when %j is stored', (text) => {
  const store = createAppStore(scriptedBackend().client)
  rememberWindow(store, () => storageWith(text), new EventTarget())
  expect([store.getState().accounts, store.getState().place]).toEqual([null, null])
})

/** Copies of a value, each with one value in it replaced by another. */
function withChanges(value: unknown, change: (other: unknown) => unknown = (other) => other): unknown[] {
  const others = [null, 7, -1, 1e300, 'x', [], {}, true, [[]], { id: 1 }].map(change)
  if (typeof value !== 'object' || value === null) return others
  const inside = Array.isArray(value)
    ? value.flatMap((entry, index) => withChanges(entry, (other) => change(value.with(index, other))))
    : Object.entries(value).flatMap(([name, entry]) =>
        withChanges(entry, (other) => change({ ...value, [name]: other })),
      )
  return [...others, ...inside]
}

it('shows a remembered window of any stored shape completely or not at all', async () => {
  const storage = storageWith()
  await rememberedWindow(storage)
  const kept: unknown = JSON.parse(storage.text() ?? 'null')
  const changes = withChanges(kept)
  expect(changes.length).toBeGreaterThan(300)
  for (const changed of changes) {
    const store = createAppStore(scriptedBackend().client)
    const forget = rememberWindow(store, () => storageWith(JSON.stringify(changed)), new EventTarget())
    const { accounts, settings, place, folders, tree, expanded } = store.getState()
    if (place === null) {
      expect([accounts, settings, folders.size]).toEqual([null, null, 0])
      continue
    }
    expect(accounts?.every(({ id, name, kind }) => [id, name, kind].every((text) => typeof text === 'string'))).toBe(
      true,
    )
    expect(SettingsSchema.safeParse(settings).success).toBe(true)
    const listing = folders.get(folderKey(place.accountId, place.folderId))?.listing
    if (listing) expect(Item.safeParse(rowAt(listing, 0) ?? film).success).toBe(true)
    linesOf({ accountId: 'a', tree, expanded, friends: [], names: { root: 'r', shared: 's' } })
    forget()
  }
})

it('works without remembering when the storage itself cannot be used', () => {
  const broken = () => {
    throw new Error('made by a test')
  }
  const store = createAppStore(scriptedBackend().client)
  rememberWindow(store, broken, new EventTarget())()
  rememberWindow(
    store,
    () => ({ ...storageWith(), getItem: broken, setItem: broken, removeItem: broken }),
    new EventTarget(),
  )()
  expect(store.getState().place).toBe(null)
})
