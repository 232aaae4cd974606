import { expect, it } from 'vitest'
import type { Account } from '../../shared/account.ts'
import type { Analysis, AnalyzedLink } from '../../shared/analysis.ts'
import { noCapabilities } from '../../shared/capabilities.ts'
import { type Item, toColumns } from '../../shared/item.ts'
import { defaultSettings } from '../../shared/settings.ts'
import type { HistoryEntry } from '../../shared/transfer.ts'
import { folderKey } from './keys.ts'
import { listProblem } from './selectors.ts'
import { createAppStore } from './store.ts'
import { opened, scriptedBackend } from './test-client.ts'
import { shownToast } from './toasts.ts'

// What the window does when the service cannot be asked: what was there stays, and the message offers to try again.

const item: Item = { id: 1, parentId: 0, name: 'Films', kind: 'folder', sizeBytes: 0, addedAtMs: null }
const account: Account = {
  ...{ id: 'a', kind: 'server', name: 'ann', address: 'http://x.test', problem: null, keeping: 'session' },
  ...{ signsInWith: 'token', state: 'signed-in', capabilities: noCapabilities, trustedOrigins: [] },
}
const sentence = 'The service does not answer.'

async function openStore() {
  const backend = scriptedBackend()
  const store = createAppStore(backend.client)
  backend.tell('settings.changed', { ...defaultSettings, accountId: 'a' })
  backend.tell('accounts.changed', [account])
  await backend.answer('items.open', opened([item]))
  return { backend, store, toast: () => shownToast(store.getState()) }
}

it('offers to try an act again that did not reach the service, and does the same again', async () => {
  const { backend, store, toast } = await openStore()
  void store.getState().deleteItems('a', [item])
  await backend.refuse('items.delete', 'unreachable', sentence)
  expect(toast()).toMatchObject({ sentence, isProblem: true, actions: [{ label: 'Try again' }] })
  toast()?.actions[0]?.run()
  await backend.answer('items.delete', [])
  expect(toast()).toMatchObject({ sentence: 'Deleted “Films”', isProblem: false })
  expect(backend.asked.filter(({ method }) => method === 'items.delete').map(({ input }) => input)).toEqual(
    Array(2).fill({ accountId: 'a', itemIds: [1] }),
  )
})

it.each(['refused', 'signed-out', 'not-found'] as const)('does not offer to try again what was %s', async (code) => {
  const { backend, store, toast } = await openStore()
  void store.getState().deleteItems('a', [item])
  await backend.refuse('items.delete', code, sentence)
  expect(toast()).toMatchObject({ isProblem: true, actions: [] })
})

it('undoes the same act when undoing is tried again', async () => {
  const { backend, store, toast } = await openStore()
  void store.getState().deleteItems('a', [item])
  await backend.answer('items.delete', [])
  void store.getState().undo()
  await backend.refuse('items.restore', 'unreachable', sentence)
  toast()?.actions[0]?.run()
  await backend.answer('items.restore', { folderIds: [0], refused: [] })
  expect(toast()?.sentence).toBe('Undone: Deleted “Films”')
})

it('asks for a new folder by the same name when it is tried again', async () => {
  const { backend, store, toast } = await openStore()
  void store.getState().createFolder('a', 0)
  await backend.refuse('items.createFolder', 'unreachable', sentence)
  // It is there after all, as the list shows in the meantime.
  void store.getState().loadFolder('a', 0)
  await backend.answer('items.open', opened([item, { ...item, id: 2, name: 'New folder' }]))
  toast()?.actions[0]?.run()
  const names = backend.asked.filter(({ method }) => method === 'items.createFolder').map(({ input }) => input)
  expect(names).toEqual(Array(2).fill({ accountId: 'a', parentId: 0, name: 'New folder' }))
})

it('lets the end of a slow act wait until a newer problem has been read', async () => {
  const { backend, store, toast } = await openStore()
  void store.getState().moveItems({ accountId: 'a', items: [{ id: 1, parentId: 0 }] }, 9)
  void store.getState().deleteItems('a', [item])
  await backend.refuse('items.delete', 'unreachable', sentence)
  await backend.answer('items.move', [])
  expect(toast()?.sentence).toBe(sentence)
  store.getState().dismissToast(toast()?.id ?? -1)
  expect(toast()?.sentence).toMatch(/^Moved/)
})

it('keeps the trash that it shows when it cannot be listed again', async () => {
  const { backend, store } = await openStore()
  store.getState().goToTrash('a')
  await backend.answer('trash.list', { items: toColumns([item]), folders: '' })
  store.getState().refresh()
  await backend.refuse('trash.list', 'unreachable', sentence)
  expect(store.getState().trash).toMatchObject({ problem: sentence, isLoading: false, listing: { count: 1 } })
})

it('keeps the history that it shows when it cannot be read again', async () => {
  const { backend, store } = await openStore()
  const entry: HistoryEntry = {
    ...{ id: 'e', accountId: 'a', transferId: 1, name: 'film.mkv', outcome: 'finished', atMs: 1, sizeBytes: 1 },
    ...{ folderId: 0, itemId: 1, areLinksKnown: false, note: null },
  }
  void store.getState().loadHistory('a')
  await backend.answer('history.list', [entry])
  void store.getState().loadHistory('a')
  await backend.refuse('history.list', 'internal', 'The history cannot be read.')
  expect(store.getState().history).toEqual({ accountId: 'a', entries: [entry], problem: 'The history cannot be read.' })
})

it('keeps what is known of some links when others cannot be analyzed, and analyzes all again', async () => {
  const { backend, store } = await openStore()
  const links = ['http://x.test/a', 'magnet:?xt=urn:btih:1']
  const row: AnalyzedLink = {
    ...{ links: links.slice(0, 1), name: 'a', host: 'x.test', kind: 'file', sizeBytes: 1, bandwidthBytes: 1 },
    ...{ problem: null, needsPassword: false, seeds: null, entryCount: null, unpackedBytes: null, note: null },
  }
  const report: Analysis = {
    ...{ rows: [row], diskFreeBytes: 9, diskTotalBytes: 9, bandwidthLeftBytes: null },
    report: {
      ...{ 'Current Available Bandwidth': null, 'Current Available Disk Space': 9, 'Your Total Disk Space': 9 },
      Urls: { url: links.slice(0, 1), rapid: [], multipart: {}, torrent: [] },
    },
  }
  const analyze = () => store.getState().analyze('a', { text: links.join('\n'), files: [] })
  void analyze()
  await backend.answer('links.extract', links)
  await backend.answer('analysis.run', report)
  await backend.refuse('analysis.run', 'unreachable', sentence)
  expect(store.getState().analysis).toMatchObject({ problem: sentence, isRunning: false, report: { rows: [{}] } })
  void analyze()
  await backend.answer('links.extract', links)
  expect(store.getState().analysis).toMatchObject({ problem: null, isRunning: true })
})

it('closes a branch that cannot be loaded, says why, and opens it when it is tried again', async () => {
  const { backend, store, toast } = await openStore()
  const key = folderKey('a', 1)
  const open = () =>
    store.getState().openBranch({ accountId: 'a', folderId: 1 }, (isOpen) => store.getState().setExpanded(key, isOpen))
  void open()
  // A newer request for the same branch fails, too.
  void store.getState().loadChildren('a', 1)
  await backend.refuse('items.folders', 'unreachable', sentence, { at: 1 })
  await backend.refuse('items.folders', 'unreachable', sentence)
  expect([store.getState().expanded.has(key), toast()?.sentence]).toEqual([false, sentence])
  toast()?.actions[0]?.run()
  await backend.answer('items.folders', [{ id: 2, name: '2026' }])
  expect(store.getState().expanded.has(key)).toBe(true)
  expect(store.getState().tree.get(key)?.folders).toEqual([{ id: 2, name: '2026' }])
})

it('closes a branch, too, that was being loaded already when it was opened', async () => {
  const { backend, store, toast } = await openStore()
  const key = folderKey('a', 1)
  void store.getState().loadChildren('a', 1)
  void store
    .getState()
    .openBranch({ accountId: 'a', folderId: 1 }, (isOpen) => store.getState().setExpanded(key, isOpen))
  await backend.refuse('items.folders', 'unreachable', sentence)
  expect([store.getState().expanded.has(key), toast()?.sentence]).toEqual([false, sentence])
})

it('says above a list only what the banner of its account does not say', async () => {
  const { backend, store } = await openStore()
  expect(listProblem(store.getState(), sentence)).toBe(sentence)
  backend.tell('accounts.changed', [{ ...account, state: 'unreachable', problem: sentence }])
  expect(listProblem(store.getState(), sentence)).toBe(null)
  expect(listProblem(store.getState(), 'Something else.')).toBe('Something else.')
})
