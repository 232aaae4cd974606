import { expect, it, vi } from 'vitest'
import { maxSaves, maxTextLength } from '../../shared/limits.ts'
import type { Save } from '../../shared/save.ts'
import type { Row } from './listing.ts'
import { createAppStore } from './store.ts'
import { scriptedBackend } from './test-client.ts'
import { shownToast } from './toasts.ts'

const accountId = 'a'
const rows = Array.from(
  { length: maxSaves + 2 },
  (_, index): Row => ({ id: index + 1, parentId: 0, name: `${index}`, kind: 'text', sizeBytes: 1, addedAtMs: null }),
)
const ids = rows.map(({ id }) => id)

function openStore() {
  const backend = scriptedBackend()
  return { backend, store: createAppStore(backend.client) }
}

const inputsOf = (asked: { method: string; input: unknown }[], method: string) =>
  asked.filter((request) => request.method === method).map(({ input }) => input)

it('copies as many files as one request takes, and offers to save the rest', async () => {
  const { backend, store } = openStore()
  const onCopied = vi.fn()
  const copying = store.getState().copyOut(accountId, rows, 'names', onCopied)
  await backend.answer('files.copy', { names: ['0'], rest: [5] })
  await copying
  expect(onCopied.mock.calls).toEqual([[['0']]])
  expect(inputsOf(backend.asked, 'files.copy')).toEqual([{ accountId, itemIds: ids.slice(0, maxSaves), text: 'names' }])
  expect(shownToast(store.getState())?.actions.map(({ label }) => label)).toEqual(['Save the other 3 to this computer'])
})

it('copies the files after a yes to their host, and tells their names only then', async () => {
  const { backend, store } = openStore()
  const onCopied = vi.fn()
  const copying = store.getState().copyOut(accountId, rows.slice(0, 1), '0', onCopied)
  await backend.refuse('files.copy', 'untrusted-host', 'It is on cdn.example.', { origin: 'https://cdn.example' })
  await copying
  expect(onCopied).not.toHaveBeenCalled()
  shownToast(store.getState())?.actions[0]?.run()
  await backend.answer('accounts.trust', null)
  await backend.answer('files.copy', { names: ['0'], rest: [] })
  expect(onCopied.mock.calls).toEqual([[['0']]])
})

it('drags as many files as one request takes', async () => {
  const { backend, store } = openStore()
  const { signal } = new AbortController()
  const dragging = store.getState().dragOut(accountId, ids, { signal, onBegin: () => undefined })
  await backend.answer('files.drag', { isDragged: true, rest: [5] })
  expect(await dragging).toEqual([5, ...ids.slice(maxSaves)])
})

it('copies only the names when they are longer than one request takes', async () => {
  const { backend, store } = openStore()
  const onCopied = vi.fn()
  await store.getState().copyOut(accountId, rows.slice(0, 1), 'a'.repeat(maxTextLength + 1), onCopied)
  expect(onCopied.mock.calls).toEqual([[[]]])
  expect(backend.asked.some(({ method }) => method === 'files.copy')).toBe(false)
  expect(shownToast(store.getState())?.sentence).toBe('Copied the name of 1 item')
})

it('says how many items can be saved at once', async () => {
  const { backend, store } = openStore()
  expect(await store.getState().saveItems(accountId, ids, 'last')).toEqual([])
  expect(backend.asked.some(({ method }) => method === 'saves.add')).toBe(false)
  expect(shownToast(store.getState())?.sentence).toBe(
    'At most 1,000 items can be saved at once. Choose fewer, or a folder that they are in.',
  )
})

const saveOf = (id: string, status: Save['status']): Save => ({
  ...{ id, accountId, itemId: 1, name: id, folder: '/x', isFolder: false, isZip: false, status, sizeBytes: 9 },
  ...{
    savedBytes: 0,
    doneFiles: 0,
    totalFiles: 1,
    speedBytesPerSecond: null,
    secondsLeft: null,
    reason: null,
    untrustedOrigin: null,
    lacksFolder: false,
  },
})

const changed = (upserted: Save[], removed: string[] = []) => ({ isReset: false, upserted, removed })
const shown = (store: ReturnType<typeof openStore>['store']) => {
  const toast = shownToast(store.getState())
  return [toast?.sentence.replace(/ to this computer.*|: drag.*/, ''), toast?.actions.map(({ label }) => label)]
}

it('offers to stop what was dragged out only until it is saved, and stops only what is not', async () => {
  const { backend, store } = openStore()
  const shelving = store.getState().shelve(accountId, rows.slice(0, 2))
  await backend.answer('saves.add', { folder: '/x', saveIds: ['a', 'b'], taken: [] })
  await shelving
  backend.tell('saves.changed', changed([saveOf('a', 'saving'), saveOf('b', 'waiting'), saveOf('c', 'saving')]))
  expect(shown(store)).toEqual(['2 items are being saved', ['Stop']])
  backend.tell('saves.changed', changed([saveOf('a', 'saved'), saveOf('c', 'saved')]))
  expect(shown(store)).toEqual(['2 items are being saved', ['Stop']])
  shownToast(store.getState())?.actions[0]?.run()
  expect(inputsOf(backend.asked, 'saves.remove')).toEqual([{ saveIds: ['b'] }])
  backend.tell('saves.changed', changed([saveOf('b', 'saved')]))
  expect(shown(store)).toEqual(['2 items are saved', []])
})

it('offers nothing to stop when it was saved before that could be said or was stopped, and leaves a later message alone', async () => {
  const { backend, store } = openStore()
  const shelving = store.getState().shelve(accountId, rows.slice(0, 1))
  backend.tell('saves.changed', changed([saveOf('a', 'saved')]))
  await backend.answer('saves.add', { folder: '/x', saveIds: ['a'], taken: [] })
  await shelving
  expect(shown(store)).toEqual(['“0” is saved', []])

  const stopped = store.getState().shelve(accountId, rows.slice(0, 2))
  await backend.answer('saves.add', { folder: '/x', saveIds: ['b', 'c'], taken: [] })
  await stopped
  backend.tell('saves.changed', changed([saveOf('b', 'saved')], ['c']))
  expect(shownToast(store.getState())).toBeNull()

  const again = store.getState().shelve(accountId, rows.slice(0, 1))
  await backend.answer('saves.add', { folder: '/x', saveIds: ['d'], taken: [] })
  await again
  store.getState().toast('Something else')
  backend.tell('saves.changed', changed([], ['d']))
  expect(shownToast(store.getState())?.sentence).toBe('Something else')
})
