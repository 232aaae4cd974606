import { expect, it } from 'vitest'
import type { Account } from '../../shared/account.ts'
import { noCapabilities } from '../../shared/capabilities.ts'
import type { Item } from '../../shared/item.ts'
import { defaultSettings } from '../../shared/settings.ts'
import { folderKey } from './keys.ts'
import { createAppStore } from './store.ts'
import { opened, scriptedBackend } from './test-client.ts'

// Accounts beside each other: each has its folder, selection, scroll position and open branches.

const account = (id: string): Account => ({
  ...{ id, kind: 'server', name: id, address: 'http://x.test', state: 'signed-in', problem: null },
  ...{ keeping: 'session', signsInWith: 'token', capabilities: noCapabilities, trustedOrigins: [] },
})
const item = (id: number, name: string): Item => ({
  ...{ id, parentId: 5, name, kind: 'file', sizeBytes: 1, addedAtMs: null },
})

async function twoAccounts() {
  const backend = scriptedBackend()
  const store = createAppStore(backend.client)
  backend.tell('settings.changed', { ...defaultSettings, accountId: 'a' })
  backend.tell('accounts.changed', [account('a'), account('b')])
  const state = store.getState
  state().goTo('a', 5)
  const answers = backend.asked.filter(({ method }) => method === 'items.open').length
  await backend.answer('items.open', opened([item(1, 'one'), item(2, 'two')]), answers - 1)
  state().setExpanded(folderKey('a', 5), true)
  state().setSelection({ ids: new Set([2]), anchorId: 2, focusId: 2 })
  state().noteScroll(640)
  return { backend, state }
}

it('returns to the folder, selection and scroll position of an account, and leaves its branches open', async () => {
  const { state } = await twoAccounts()
  state().goToAccount('b')
  expect(state()).toMatchObject({ place: { accountId: 'b', folderId: 0 }, startTop: 0, selection: { focusId: null } })
  state().setExpanded(folderKey('b', 9), true)
  state().noteScroll(32)
  state().goToAccount('a')
  expect(state().place).toEqual({ accountId: 'a', folderId: 5, query: null })
  expect(state().selection).toEqual({ ids: new Set([2]), anchorId: 2, focusId: 2 })
  expect(state().startTop).toBe(640)
  state().goToAccount('b')
  expect(state().startTop).toBe(32)
  expect([folderKey('a', 5), folderKey('b', 9)].every((key) => state().expanded.has(key))).toBe(true)
})

it('starts at the top of a folder that is opened by itself, also in another account', async () => {
  const { state } = await twoAccounts()
  state().goTo('b', 0)
  expect(state().startTop).toBe(0)
  state().goTo('a', 5)
  expect(state()).toMatchObject({ startTop: 0, selection: { focusId: null } })
})

it('goes back to an account with its selection and scroll position', async () => {
  const { state } = await twoAccounts()
  state().goTo('b', 0)
  state().goBack()
  expect(state()).toMatchObject({ place: { accountId: 'a', folderId: 5 }, startTop: 640, selection: { focusId: 2 } })
})

it('deselects what is gone when an account is shown again', async () => {
  const { backend, state } = await twoAccounts()
  state().goToAccount('b')
  state().goToAccount('a')
  const answers = backend.asked.filter(({ method }) => method === 'items.open').length
  for (let at = answers - 1; at >= 0; at -= 1)
    await backend.answer('items.open', opened([item(1, 'one')]), at).catch(() => undefined)
  expect([...state().selection.ids]).toEqual([])
})

it('shows the other account where it was left when the shown one is removed', async () => {
  const { backend, state } = await twoAccounts()
  state().goToAccount('b')
  backend.tell('accounts.changed', [account('a')])
  expect(state()).toMatchObject({ place: { accountId: 'a', folderId: 5 }, startTop: 640 })
})

it('does nothing when the account is shown already, or is not there', async () => {
  const { state } = await twoAccounts()
  const { place } = state()
  state().goToAccount('a')
  state().goToAccount('c')
  expect(state().place).toBe(place)
})
