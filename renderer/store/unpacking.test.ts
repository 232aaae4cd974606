import { expect, it } from 'vitest'
import type { Account } from '../../shared/account.ts'
import { noCapabilities } from '../../shared/capabilities.ts'
import { defaultSettings } from '../../shared/settings.ts'
import type { Row } from './listing.ts'
import { createAppStore } from './store.ts'
import { opened, scriptedBackend } from './test-client.ts'
import { shownToast } from './toasts.ts'

const row: Row = { id: 7, parentId: 3, name: 'x.zip', kind: 'archive', sizeBytes: 9, addedAtMs: null }

async function openStore() {
  const backend = scriptedBackend()
  const store = createAppStore(backend.client)
  const account: Account = {
    ...{ id: 'a', kind: 'server', name: 'mary', address: 'http://x.test', problem: null, keeping: 'session' },
    ...{ signsInWith: 'token', state: 'signed-in', trustedOrigins: [] },
    capabilities: { ...noCapabilities, canExtract: true, hasTrash: true },
  }
  backend.tell('settings.changed', { ...defaultSettings, accountId: 'a' })
  backend.tell('accounts.changed', [account])
  await backend.answer('items.open', opened([]))
  const toast = () => shownToast(store.getState())
  const labels = () => toast()?.actions.map(({ label }) => label)
  const inputs = (of: string) => backend.asked.filter(({ method }) => method === of).map(({ input }) => input)
  return { backend, store, toast, labels, inputs }
}

it('tells what was unpacked, shows it, and undoes it by the trash', async () => {
  const { backend, store, toast, labels, inputs } = await openStore()
  const unpacking = store.getState().unpack('a', row)
  await backend.answer('items.extract', { outcome: 'unpacked', folderId: 20, note: null })
  await unpacking
  expect(toast()).toMatchObject({ sentence: 'Unpacked “x.zip”', isProblem: false })
  expect(labels()).toEqual(['Show in folder', 'Undo'])
  toast()?.actions[0]?.run()
  expect(store.getState().place).toMatchObject({ accountId: 'a', folderId: 3 })
  const undoing = store.getState().undo()
  await backend.answer('items.delete', [])
  await undoing
  const redoing = store.getState().redo()
  await backend.answer('items.restore', { folderIds: [3], refused: [] })
  await redoing
  expect(inputs('items.delete')).toEqual([{ accountId: 'a', itemIds: [20] }])
  expect(inputs('items.restore')).toEqual([{ accountId: 'a', itemIds: [20] }])
})

it('does not let undo wait for an archive that is still being unpacked', async () => {
  const { backend, store } = await openStore()
  const unpacking = store.getState().unpack('a', row)
  await store.getState().act(async () => ({ sentence: 'other', undo: async () => null, redo: null }))
  await store.getState().undo()
  expect(store.getState().done).toEqual([])
  await backend.answer('items.extract', { outcome: 'unpacked', folderId: 20, note: null })
  await unpacking
  expect(store.getState().done).toHaveLength(1)
})

it('is final where the service does not tell the folder, and says what was left out', async () => {
  const { backend, store, toast, labels } = await openStore()
  const unpacking = store.getState().unpack('a', row)
  await backend.answer('items.extract', { outcome: 'unpacked', folderId: null, note: 'Two links were left out.' })
  await unpacking
  expect(toast()?.sentence).toBe('Unpacked “x.zip”. Two links were left out.')
  expect(labels()).toEqual(['Show in folder'])
  await store.getState().undo()
  expect(toast()).toMatchObject({ isProblem: true })
})

it('asks for the password when it is missing or wrong, but not in front of another dialog', async () => {
  const { backend, store, toast, labels, inputs } = await openStore()
  for (const [outcome, password] of [
    ['needs-password', null],
    ['wrong-password', 'guess'],
  ] as const) {
    const unpacking = store.getState().unpack('a', row, password)
    await backend.answer('items.extract', { outcome, folderId: null, note: null })
    await unpacking
    const isWrong = password !== null
    expect(store.getState().dialog).toEqual({ kind: 'unpack-password', accountId: 'a', row, isWrong })
    store.getState().close()
  }
  expect(inputs('items.extract')).toMatchObject([{ password: null }, { password: 'guess' }])
  expect([store.getState().done, toast()]).toEqual([[], null])

  const unpacking = store.getState().unpack('a', row)
  store.getState().open({ kind: 'settings' })
  await backend.answer('items.extract', { outcome: 'needs-password', folderId: null, note: null })
  await unpacking
  expect(store.getState().dialog).toEqual({ kind: 'settings' })
  expect([toast()?.sentence, labels()]).toEqual(['“x.zip” needs a password.', ['Enter password…']])
  toast()?.actions[0]?.run()
  expect(store.getState().dialog).toMatchObject({ kind: 'unpack-password', isWrong: false })
})

it('says why an archive was not unpacked', async () => {
  const { backend, store, toast } = await openStore()
  const unpacking = store.getState().unpack('a', row)
  await backend.refuse('items.extract', 'refused', '“x.zip” could not be unpacked: it is damaged.')
  await unpacking
  expect(toast()).toMatchObject({ sentence: '“x.zip” could not be unpacked: it is damaged.', isProblem: true })
  expect(store.getState().done).toEqual([])
})
