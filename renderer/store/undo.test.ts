import { expect, it } from 'vitest'
import type { Item } from '../../shared/item.ts'
import type { Row } from './listing.ts'
import { createAppStore } from './store.ts'
import { opened, type ScriptedBackend, scriptedBackend } from './test-client.ts'
import { shownToast } from './toasts.ts'

function openStore() {
  const backend = scriptedBackend()
  const store = createAppStore(backend.client)
  const shown = () => shownToast(store.getState())
  const labels = () => shown()?.actions.map(({ label }) => label) ?? []
  const { act, undo, redo } = store.getState()
  return { backend, store, shown, labels, act, undo, redo }
}

/** An act that writes down what happens to it. */
function logged(log: string[], sentence: string, isFinal = false) {
  log.push(`did ${sentence}`)
  const note = (what: string) => async () => {
    log.push(`${what} ${sentence}`)
    return null
  }
  return { sentence, undo: isFinal ? null : note('undid'), redo: isFinal ? null : note('redid') }
}

const folder = (id: number, name: string, parentId = 0): Item => ({
  id,
  parentId,
  name,
  kind: 'folder',
  sizeBytes: 0,
  addedAtMs: null,
})

const inputsOf = ({ asked }: ScriptedBackend, method: string) =>
  asked.filter((request) => request.method === method).map(({ input }) => input)

it('undoes acts from the last one on, redoes them in their order, and offers each in one toast', async () => {
  const { act, undo, redo, shown, labels, store } = openStore()
  const log: string[] = []
  for (const name of ['a', 'b', 'c']) await act(async () => logged(log, name))
  expect([shown()?.sentence, labels(), store.getState().toasts.length]).toEqual(['c', ['Undo'], 1])
  await undo()
  await undo()
  expect([shown()?.sentence, labels(), store.getState().toasts.length]).toEqual(['Undone: b', ['Redo'], 1])
  await redo()
  expect([shown()?.sentence, labels()]).toEqual(['b', ['Undo']])
  await redo()
  await redo()
  expect(shown()?.sentence).toBe('There is nothing to redo.')
  expect(log).toEqual(['did a', 'did b', 'did c', 'undid c', 'undid b', 'redid b', 'redid c'])
})

it('forgets what was undone at the next act', async () => {
  const { act, undo, redo, shown } = openStore()
  const log: string[] = []
  await act(async () => logged(log, 'a'))
  await undo()
  await act(async () => logged(log, 'b'))
  await redo()
  expect([shown()?.sentence, log]).toEqual(['There is nothing to redo.', ['did a', 'undid a', 'did b']])
})

it('says that the last act cannot be undone, and never undoes an older one instead', async () => {
  const { act, undo, shown } = openStore()
  const log: string[] = []
  await act(async () => logged(log, 'Moved 3 items to Films'))
  await act(async () => logged(log, 'Deleted 2 items', true))
  await undo()
  await undo()
  expect([shown()?.sentence, shown()?.isProblem]).toEqual(['This cannot be undone: Deleted 2 items', true])
  expect(log).toEqual(['did Moved 3 items to Films', 'did Deleted 2 items'])
})

it('keeps an act whose undoing failed as the last one, with the reason', async () => {
  const { act, undo, shown, backend, store } = openStore()
  const log: string[] = []
  await act(async () => logged(log, 'older'))
  const moving = store.getState().moveItems({ accountId: 'a', items: [{ id: 1, parentId: 10 }] }, 99)
  await backend.answer('items.move', [])
  await moving
  const undoing = undo()
  await backend.refuse('items.move', 'unreachable', 'The server does not answer.')
  await undoing
  expect(shown()?.sentence).toBe('The server does not answer.')
  const again = undo()
  await backend.answer('items.move', [])
  await again
  expect([shown()?.sentence, log]).toEqual(['Undone: Moved 1 item to the folder', ['did older']])
})

it('waits for an act that still runs instead of undoing the one before it', async () => {
  const { act, undo, backend, store } = openStore()
  const log: string[] = []
  await act(async () => logged(log, 'older'))
  const moving = store.getState().moveItems({ accountId: 'a', items: [{ id: 1, parentId: 10 }] }, 99)
  const undoing = undo()
  await backend.answer('items.move', [])
  await moving
  await backend.answer('items.move', [])
  await undoing
  expect(log).toEqual(['did older'])
  expect(inputsOf(backend, 'items.move')).toEqual([
    { accountId: 'a', itemIds: [1], folderId: 99 },
    { accountId: 'a', itemIds: [1], folderId: 10 },
  ])
})

it('undoes the part of a move that was done when it was stopped', async () => {
  const { undo, backend, store, shown } = openStore()
  const items = [1, 2, 3, 4].map((id) => ({ id, parentId: 10 }))
  const moving = store.getState().moveItems({ accountId: 'a', items }, 99)
  await backend.progress('items.move', { done: 2, total: 4 })
  await backend.refuse('items.move', 'cancelled', 'Cancelled.')
  await moving
  expect(shown()?.sentence).toBe('Moved 2 items to the folder. Stopped. The rest was left as it is.')
  const undoing = undo()
  await backend.answer('items.move', [])
  await undoing
  // The third may have been on its way.
  expect(inputsOf(backend, 'items.move').at(-1)).toEqual({ accountId: 'a', itemIds: [1, 2, 3], folderId: 10 })
})

it('makes a new folder and its name one act, and redoes what came after it although its id is another one', async () => {
  const { undo, redo, backend, store, shown } = openStore()
  const making = store.getState().createFolder('a', 0)
  await backend.answer('items.createFolder', folder(50, 'New folder'))
  await backend.answer('items.open', opened([folder(50, 'New folder')]))
  await making
  const row: Row = folder(50, 'New folder')
  const naming = store.getState().renameItem('a', row, 'Films')
  await backend.answer('items.rename', folder(50, 'Films'))
  await naming
  expect([shown()?.sentence, store.getState().done.length]).toEqual(['Created the folder “Films”', 1])
  const moving = store.getState().moveItems({ accountId: 'a', items: [{ id: 7, parentId: 0 }] }, 50)
  await backend.answer('items.move', [])
  await moving
  const undoing = [undo(), undo()]
  await backend.answer('items.move', [])
  await backend.answer('items.open', opened([]))
  await backend.answer('items.deleteForGood', [])
  await Promise.all(undoing)
  const redoing = [redo(), redo()]
  await backend.answer('items.createFolder', folder(51, 'Films'))
  await backend.answer('items.move', [])
  await Promise.all(redoing)
  expect(inputsOf(backend, 'items.createFolder').at(-1)).toEqual({ accountId: 'a', parentId: 0, name: 'Films' })
  expect(inputsOf(backend, 'items.move').at(-1)).toEqual({ accountId: 'a', itemIds: [7], folderId: 51 })
})

it('shows one toast: what the person did first, then the news, then what still runs', () => {
  const { store, shown } = openStore()
  const { addNews, toast, showError, dismissToast } = store.getState()
  addNews({ sentence: 'ready' })
  expect(shown()?.sentence).toBe('ready')
  toast('renamed')
  showError('failed')
  expect([shown()?.sentence, store.getState().toasts.length]).toEqual(['failed', 2])
  dismissToast(shown()?.id ?? 0)
  expect(shown()?.sentence).toBe('ready')
})

it('restores the history that was cleared', async () => {
  const { undo, backend, store } = openStore()
  const clearing = store.getState().clearHistory('a')
  await backend.answer('history.clear', 1234)
  await backend.answer('history.list', [])
  await clearing
  const undoing = undo()
  await backend.answer('history.restore', null)
  await backend.answer('history.list', [])
  await undoing
  expect(inputsOf(backend, 'history.restore')).toEqual([{ accountId: 'a', clearedAtMs: 1234 }])
})
