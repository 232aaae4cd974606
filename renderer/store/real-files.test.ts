import { expect, it } from 'vitest'
import { maxSaves, maxTextLength } from '../../shared/limits.ts'
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
  const copying = store.getState().copyOut(accountId, rows, 'names')
  await backend.answer('files.copy', { names: ['0'], rest: [5] })
  expect(await copying).toEqual(['0'])
  expect(inputsOf(backend.asked, 'files.copy')).toEqual([{ accountId, itemIds: ids.slice(0, maxSaves), text: 'names' }])
  expect(shownToast(store.getState())?.actions.map(({ label }) => label)).toEqual(['Save the other 3 to this computer'])
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
  expect(await store.getState().copyOut(accountId, rows.slice(0, 1), 'a'.repeat(maxTextLength + 1))).toEqual([])
  expect(backend.asked.some(({ method }) => method === 'files.copy')).toBe(false)
  expect(shownToast(store.getState())?.sentence).toBe('Copied the name of 1 item')
})

it('says how many items can be saved at once', async () => {
  const { backend, store } = openStore()
  expect(await store.getState().saveItems(accountId, ids, 'last')).toEqual([])
  expect(backend.asked.some(({ method }) => method === 'saves.add')).toBe(false)
  expect(shownToast(store.getState())?.sentence).toBe(
    'At most 1,000 items can be saved at once. Choose fewer, or the folder they are in.',
  )
})
