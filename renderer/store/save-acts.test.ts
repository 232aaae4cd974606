import { expect, it } from 'vitest'
import type { Save, SaveId } from '../../shared/save.ts'
import { createAppStore } from './store.ts'
import { scriptedBackend } from './test-client.ts'
import { shownToast } from './toasts.ts'

const accountId = 'a'

const saveOf = (id: SaveId, status: Save['status'] = 'saving'): Save => ({
  ...{ id, accountId, itemId: 1, name: `${id}.bin`, folder: '/x', isFolder: false, isZip: false, status, sizeBytes: 9 },
  ...{ savedBytes: 0, doneFiles: 0, totalFiles: 1, speedBytesPerSecond: null, secondsLeft: null, reason: null },
  untrustedOrigin: null,
  lacksFolder: false,
})

/** A store with an older act, and with these saves. */
async function openStore(...saves: Save[]) {
  const backend = scriptedBackend()
  const store = createAppStore(backend.client)
  const log: string[] = []
  const noted = (what: string) => async () => {
    log.push(what)
    return null
  }
  await store.getState().act(async () => ({ sentence: 'older', undo: noted('undid older'), redo: null }))
  store.getState().dismissToast(shownToast(store.getState())?.id ?? 0)
  const tell = (...upserted: Save[]) => backend.tell('saves.changed', { isReset: false, upserted, removed: [] })
  const order = (...ids: SaveId[]) =>
    backend.tell('saves.changed', { isReset: true, upserted: ids.map((id) => saveOf(id)), removed: [] })
  if (saves.length > 0) tell(...saves)
  const asked = (method: string) =>
    backend.asked.filter((request) => request.method === method).map(({ input }) => input)
  const toast = () => shownToast(store.getState())
  const { undo, redo } = store.getState()
  return { backend, store, log, tell, order, asked, toast, undo, redo }
}

it('stops a save that was just started, not what was done before it, and continues it with redo', async () => {
  const { backend, store, log, tell, asked, toast, undo, redo } = await openStore()
  const saving = store.getState().saveItems(accountId, [1, 2], 'last')
  tell(saveOf('a'), saveOf('b'))
  await backend.answer('saves.add', { folder: '/x', saveIds: ['a', 'b'], taken: [] })
  await saving
  expect([toast(), store.getState().wantedSave]).toEqual([null, 'b'])
  tell(saveOf('a', 'saved'))
  const undoing = undo()
  await backend.answer('saves.remove', null)
  await undoing
  expect(asked('saves.remove')).toEqual([{ saveIds: ['b'] }])
  expect(toast()?.sentence).toBe('Undone: Started saving 2 items. What is saved already stays on this computer.')
  const redoing = redo()
  await backend.answer('saves.keep', [])
  await redoing
  expect([asked('saves.keep'), log]).toEqual([[{ saveIds: ['b'] }], []])
})

it('says that a save cannot be undone that is finished, and undoes nothing older', async () => {
  const { backend, store, log, tell, asked, toast, undo } = await openStore()
  const saving = store.getState().saveItems(accountId, [1], 'last')
  tell(saveOf('a'))
  await backend.answer('saves.add', { folder: '/x', saveIds: ['a'], taken: [] })
  await saving
  tell(saveOf('a', 'saved'))
  await undo()
  await undo()
  expect(toast()?.sentence).toBe('This cannot be undone: Started saving “a.bin”. What is saved stays on this computer.')
  expect([asked('saves.remove'), log]).toEqual([[], []])
})

it('counts a save as started once its question is answered, and one of a program that is shown in its folder', async () => {
  const { backend, store, log, tell, undo, asked } = await openStore()
  const asking = store.getState().saveItems(accountId, [1], 'last')
  await backend.answer('saves.add', { folder: '/x', saveIds: [], taken: [{ name: 'a.bin', isFolder: false }] })
  await asking
  expect([store.getState().dialog?.kind, store.getState().done.length]).toEqual(['save-conflict', 1])
  const starts = [
    () => store.getState().saveTaken(accountId, [1], 'keep-both', false),
    () => store.getState().saveAndShow(accountId, 1),
  ]
  for (const start of starts) {
    const started = start()
    tell(saveOf('a'))
    await backend.answer('saves.add', { folder: '/x', saveIds: ['a'], taken: [] })
    await started
    const undoing = undo()
    await backend.answer('saves.remove', null)
    await undoing
  }
  expect([asked('saves.remove').length, log]).toEqual([2, []])
})

it('undoes pausing with resuming and resuming with pausing, without a message for the act', async () => {
  const { backend, store, log, asked, toast, undo } = await openStore(saveOf('a'), saveOf('b', 'paused'))
  const both = ['a', 'b']
  const pausing = store.getState().pauseSaves(both)
  await backend.answer('saves.pause', null)
  await pausing
  expect(toast()).toBe(null)
  const undoing = undo()
  await backend.answer('saves.resume', null)
  await undoing
  const resuming = store.getState().resumeSaves(both)
  await backend.answer('saves.resume', null)
  await resuming
  const again = undo()
  await backend.answer('saves.pause', null)
  await again
  expect(asked('saves.pause')).toEqual([{ saveIds: ['a'] }, { saveIds: ['b'] }])
  expect(asked('saves.resume')).toEqual([{ saveIds: ['a'] }, { saveIds: ['b'] }])
  expect(log).toEqual([])
})

it('says so when what was paused is saved by now', async () => {
  const { backend, store, tell, toast, undo, log } = await openStore(saveOf('a'))
  const pausing = store.getState().pauseSaves(['a'])
  await backend.answer('saves.pause', null)
  await pausing
  tell(saveOf('a', 'saved'))
  await undo()
  expect([toast()?.sentence, log]).toEqual(['What was to be saved has left the list, or is saved already.', []])
})

it.each([
  { moved: ['d'], now: ['d', 'a', 'b', 'c', 'e'], calls: [[['d'], { before: 'e' }]] },
  {
    moved: ['b', 'c', 'e'],
    now: ['b', 'c', 'e', 'a', 'd'],
    calls: [
      [['e'], 'last'],
      [['b', 'c'], { before: 'd' }],
    ],
  },
])('moves $moved back to where they were', async ({ moved, now, calls }) => {
  const { backend, store, order, asked, toast, undo, log } = await openStore()
  order('a', 'b', 'c', 'd', 'e')
  const moving = store.getState().moveSaves(moved, 'first')
  order(...now)
  await backend.answer('saves.move', null)
  await moving
  expect(toast()).toBe(null)
  const undoing = undo()
  for (const _ of calls) await backend.answer('saves.move', null)
  await undoing
  const back = asked('saves.move').slice(1)
  expect(back).toEqual(calls.map(([saveIds, to]) => ({ saveIds, to })))
  expect(log).toEqual([])
})

it('does not count a move that changes nothing', async () => {
  const { backend, store, order, undo, log } = await openStore()
  order('a', 'b')
  const moving = store.getState().moveSaves(['a'], 'first')
  order('a', 'b')
  await backend.answer('saves.move', null)
  await moving
  await undo()
  expect(log).toEqual(['undid older'])
})

it('puts stopped and cleared saves back, and says when it is too late', async () => {
  const { backend, store, asked, toast, undo, log } = await openStore(saveOf('a'), saveOf('b', 'saved'))
  const stopping = store.getState().removeSaves(['a'])
  await backend.answer('saves.remove', null)
  await stopping
  expect([toast()?.sentence, toast()?.actions.map(({ label }) => label), toast()?.durationMs]).toEqual([
    'Stopped saving “a.bin”',
    ['Undo'],
    9500,
  ])
  const undoing = undo()
  await backend.answer('saves.keep', [])
  await undoing
  const clearing = store.getState().removeSaves(['b'])
  await backend.answer('saves.remove', null)
  await clearing
  expect(toast()?.sentence).toBe('Removed “b.bin” from the list')
  const late = undo()
  await backend.answer('saves.keep', ['b'])
  await late
  expect(toast()?.sentence).toBe('It is too late: what was there is deleted already. Save it again.')
  expect([asked('saves.keep'), log]).toEqual([[{ saveIds: ['a'] }, { saveIds: ['b'] }], []])
})

it('says why a save that can run code is not opened', async () => {
  const { backend, store, toast } = await openStore(saveOf('a', 'saved'))
  const opening = store.getState().openSave('a')
  await backend.answer('saves.open', { isOpened: false })
  await opening
  expect(toast()?.sentence).toContain('“a.bin” could run a program on this computer')
})

it('goes back to the first folder when another one was chosen, and to the other with redo', async () => {
  const { backend, store, tell, asked, undo, redo, log } = await openStore(saveOf('a'))
  const none = store.getState().saveElsewhere('a')
  await backend.answer('saves.elsewhere', { saveId: null })
  await none
  expect(store.getState().done.length).toBe(1)
  const choosing = store.getState().saveElsewhere('a')
  tell(saveOf('b'))
  await backend.answer('saves.elsewhere', { saveId: 'b' })
  await choosing
  for (const reverse of [undo, redo]) {
    const reversing = reverse()
    await backend.answer('saves.keep', [])
    await backend.answer('saves.remove', null)
    await reversing
  }
  expect(asked('saves.keep')).toEqual([{ saveIds: ['a'] }, { saveIds: ['b'] }])
  expect(asked('saves.remove')).toEqual([{ saveIds: ['b'] }, { saveIds: ['a'] }])
  expect(log).toEqual([])
})
