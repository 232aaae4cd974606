import { expect, it } from 'vitest'
import type { Account } from '../../shared/account.ts'
import { noCapabilities } from '../../shared/capabilities.ts'
import { defaultSettings } from '../../shared/settings.ts'
import type { Row } from './listing.ts'
import { createAppStore } from './store.ts'
import { opened, type ScriptedBackend, scriptedBackend } from './test-client.ts'
import { shownToast } from './toasts.ts'

const item = (id: number): Row => ({
  ...{ id, parentId: 0, name: `${id}.txt`, kind: 'file', sizeBytes: 1, addedAtMs: null },
})

async function openStore(canCopy = true) {
  const backend = scriptedBackend()
  const store = createAppStore(backend.client)
  const account: Account = {
    ...{ id: 'a', kind: 'server', name: 'mary', address: 'http://x.test', problem: null, keeping: 'session' },
    ...{ signsInWith: 'token', state: 'signed-in', trustedOrigins: [] },
    capabilities: { ...noCapabilities, canCopy, hasTrash: canCopy },
  }
  backend.tell('settings.changed', { ...defaultSettings, accountId: 'a' })
  backend.tell('accounts.changed', [account])
  await backend.answer('items.open', opened([]))
  return { backend, store, toast: () => shownToast(store.getState())?.sentence }
}
const inputsOf = ({ asked }: ScriptedBackend, method: string) =>
  asked.filter((request) => request.method === method).map(({ input }) => input)
const copied = (...copyIds: number[]) => ({ copyIds, refused: [], problem: null })

it('pastes copies as often as wanted, undoes one by deleting its copies, and copies again to redo it', async () => {
  const { backend, store, toast } = await openStore()
  store.getState().copyRows('a', [item(1), item(2)])
  await backend.answer('files.copy', { names: ['1.txt'], rest: [2] })
  expect(store.getState().clipboard?.copied).toEqual({ text: '1.txt\n2.txt', fileNames: ['1.txt'] })
  for (const copyIds of [
    [11, 12],
    [21, 22],
  ]) {
    const pasting = store.getState().pasteInto('a', 5)
    await backend.answer('items.copy', { ...copied(...copyIds), refused: [] })
    await pasting
  }
  expect(toast()).toBe('Copied 2 items to the folder')
  expect(inputsOf(backend, 'items.copy')).toEqual(Array(2).fill({ accountId: 'a', itemIds: [1, 2], folderId: 5 }))
  const undoing = store.getState().undo()
  await backend.answer('items.delete', [])
  await undoing
  const redoing = store.getState().redo()
  await backend.answer('items.copy', copied(31, 32))
  await redoing
  const again = store.getState().undo()
  await backend.answer('items.delete', [])
  await again
  expect(inputsOf(backend, 'items.delete')).toEqual([
    { accountId: 'a', itemIds: [21, 22] },
    { accountId: 'a', itemIds: [31, 32] },
  ])
})

it('undoes exactly what was copied of many items before one was refused and the service went away', async () => {
  const { backend, store, toast } = await openStore()
  const ids = Array.from({ length: 45 }, (_, index) => index + 1)
  const copying = store.getState().copyItems({ accountId: 'a', items: ids.map((id) => ({ id, parentId: 0 })) }, 5)
  await backend.answer('items.copy', {
    copyIds: ids.slice(1, 20).map((id) => id + 100),
    refused: [{ itemId: 1, sentence: '“1.txt” cannot be copied.' }],
    problem: null,
  })
  await backend.refuse('items.copy', 'unreachable', 'The server does not answer.')
  await copying
  expect(inputsOf(backend, 'items.copy')).toMatchObject([{ itemIds: ids.slice(0, 20) }, { itemIds: ids.slice(20, 40) }])
  expect(toast()).toBe('Copied 19 items to the folder. The server does not answer.')
  const undoing = store.getState().undo()
  await backend.answer('items.delete', [])
  await undoing
  expect(inputsOf(backend, 'items.delete')).toMatchObject([{ itemIds: ids.slice(1, 20).map((id) => id + 100) }])
})

it('says why nothing is copied: the account cannot, all were refused, or they are of another account', async () => {
  const { backend, store, toast } = await openStore(false)
  await store.getState().copyItems({ accountId: 'a', items: [item(1)] }, 5)
  expect(toast()).toBe('“mary” cannot copy items. To move them, cut them first.')
  expect(inputsOf(backend, 'items.copy')).toEqual([])

  const able = await openStore()
  const copying = able.store.getState().copyItems({ accountId: 'a', items: [item(1)] }, 5)
  const refused = [{ itemId: 1, sentence: 'The disk is full.' }]
  await able.backend.answer('items.copy', { copyIds: [], refused, problem: null })
  await copying
  expect([able.toast(), able.store.getState().done]).toEqual(['The disk is full.', []])
  able.store.getState().copyRows('a', [item(1)])
  await able.store.getState().pasteInto('b', 5)
  expect(able.toast()).toContain('Items can only be copied within one account.')
})

it('moves what was cut last, also if something was copied before', async () => {
  const { backend, store } = await openStore()
  store.getState().copyRows('a', [item(1)])
  store.getState().cutItems({ accountId: 'a', items: [item(2)] })
  await backend.answer('files.copy', { names: ['1.txt'], rest: [] })
  const pasting = store.getState().pasteInto('a', 5)
  await backend.answer('items.move', [])
  await pasting
  expect(inputsOf(backend, 'items.move')).toMatchObject([{ itemIds: [2] }])
  expect(store.getState().clipboard).toBe(null)
})
