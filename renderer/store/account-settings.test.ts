import { expect, it } from 'vitest'
import type { Account } from '../../shared/account.ts'
import { noCapabilities } from '../../shared/capabilities.ts'
import { defaultSettings } from '../../shared/settings.ts'
import { createAppStore } from './store.ts'
import { opened, scriptedBackend } from './test-client.ts'

const before = { isTrashEnabled: true, isHistoryEnabled: true, defaultFolderId: 7 }

it('undoes a change of settings with what was set before, and redoes it, without touching other settings', async () => {
  const backend = scriptedBackend()
  const store = createAppStore(backend.client)
  const changes = () => backend.asked.map(({ input }) => input)
  const changing = store.getState().changeAccountSettings('a', before, { isTrashEnabled: false, defaultFolderId: 9 })
  await backend.answer('accounts.changeSettings', null)
  await changing
  const undoing = store.getState().undo()
  await backend.answer('accounts.changeSettings', null)
  await undoing
  const redoing = store.getState().redo()
  await backend.answer('accounts.changeSettings', null)
  await redoing
  expect(changes()).toEqual([
    { accountId: 'a', isTrashEnabled: false, defaultFolderId: 9 },
    { accountId: 'a', isTrashEnabled: true, defaultFolderId: 7 },
    { accountId: 'a', isTrashEnabled: false, defaultFolderId: 9 },
  ])
})

it('leaves older acts alone when the service refuses a change', async () => {
  const backend = scriptedBackend()
  const store = createAppStore(backend.client)
  const changing = store.getState().changeAccountSettings('a', before, { isTrashEnabled: false })
  changing.catch(() => undefined)
  await backend.refuse('accounts.changeSettings', 'refused', 'No.')
  await expect(changing).rejects.toMatchObject({ code: 'refused' })
  expect(store.getState().done).toEqual([])
})

it('leaves the trash when the account has none any more, but not while that is not known yet', async () => {
  const backend = scriptedBackend()
  const store = createAppStore(backend.client)
  const tell = (state: Account['state'], hasTrash: boolean) =>
    backend.tell('accounts.changed', [
      {
        ...{ id: 'a', kind: 'server', name: 'mary', address: 'http://x.test', problem: null, keeping: 'session' },
        ...{ signsInWith: 'token', state, trustedOrigins: [] },
        capabilities: { ...noCapabilities, hasTrash },
      },
    ])
  backend.tell('settings.changed', { ...defaultSettings, accountId: 'a' })
  tell('connecting', false)
  await backend.answer('items.open', opened([]))
  store.getState().goToTrash('a')
  tell('connecting', false)
  tell('signed-in', true)
  expect(store.getState().place).toMatchObject({ isTrash: true })
  tell('signed-in', false)
  expect(store.getState().place).toEqual({ accountId: 'a', folderId: 0, query: null })
})
