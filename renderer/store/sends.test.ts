import { afterEach, expect, it, vi } from 'vitest'
import type { Account } from '../../shared/account.ts'
import { noCapabilities } from '../../shared/capabilities.ts'
import type { Send } from '../../shared/send.ts'
import { createAppStore } from './store.ts'
import { takeIn } from './take-in.ts'
import { scriptedBackend, sendOf } from './test-client.ts'
import { shownToast } from './toasts.ts'

afterEach(() => vi.unstubAllGlobals())

const accountOf = (id: string, canUpload: boolean) =>
  ({
    ...{ id, kind: 'server', name: `account ${id}`, server: null, state: 'signed-in', problem: null },
    capabilities: { ...noCapabilities, hasTrash: true, canUpload },
  }) as unknown as Account

function openStore() {
  const backend = scriptedBackend()
  const store = createAppStore(backend.client)
  store.setState({ accounts: [accountOf('a', true), accountOf('old', false)] })
  const tell = (...upserted: Send[]) => backend.tell('sends.changed', { isReset: false, upserted, removed: [] })
  const asked = (method: string) =>
    backend.asked.filter((request) => request.method === method).map(({ input }) => input)
  const message = () => shownToast(store.getState())?.sentence ?? null
  return { ...store.getState(), backend, store, tell, asked, message }
}

/** Sends two files up, and one folder into a folder that is there. */
async function start() {
  const opened = openStore()
  const { backend, sendUp, tell } = opened
  const sending = sendUp('a', 3, ['/x/a.bin', '/x/b.bin', '/x/Album'])
  await backend.answer('sends.check', [])
  tell(sendOf('a'), sendOf('b'), sendOf('c', 'sending', { isFolder: true }))
  await backend.answer('sends.add', ['a', 'b', 'c'])
  await sending
  return opened
}

it('is undone as one act: what is not sent stops, what is sent goes to the trash, what was merged stays', async () => {
  const { backend, store, tell, asked, message, undo, redo } = await start()
  expect([store.getState().dockTab, store.getState().wantedSend, message()]).toEqual(['sends', 'c', null])
  // One has been sent and has left the list already.
  tell(sendOf('a', 'sent', { itemId: 7 }))
  backend.tell('sends.changed', { isReset: false, upserted: [], removed: ['a'] })
  const undoing = undo()
  const merged = sendOf('c', 'sending', { isFolder: true, isMerged: true, itemId: 9, doneFiles: 2 })
  await backend.answer('sends.remove', [sendOf('b', 'sending'), merged])
  await backend.answer('items.delete', [])
  await undoing
  expect(asked('sends.remove')).toEqual([{ sendIds: ['b', 'c'] }])
  expect(asked('items.delete')).toEqual([{ accountId: 'a', itemIds: [7] }])
  expect(message()).toBe(
    'Undone: Started sending 3 items. What was sent already is in the trash. Files sent into folders that already existed stay there.',
  )
  const redoing = redo()
  await backend.answer('items.restore', { folderIds: [3], refused: [] })
  await backend.answer('sends.keep', [])
  await redoing
  expect([asked('items.restore'), asked('sends.keep')]).toEqual([
    [{ accountId: 'a', itemIds: [7] }],
    [{ sendIds: ['b', 'c'] }],
  ])
})

it('asks once for all names that are taken, and adds nothing before', async () => {
  const { backend, store, sendUp, sendTaken, asked } = openStore()
  const sending = sendUp('a', 3, ['/x/a.bin', '/y/b.bin'])
  const taken = [
    { name: 'a.bin', isFolder: false },
    { name: 'b.bin', isFolder: false },
  ]
  await backend.answer('sends.check', taken)
  await sending
  const { dialog, done } = store.getState()
  const given = { accountId: 'a', folderId: 3, paths: ['/x/a.bin', '/y/b.bin'] }
  expect([dialog, done, asked('sends.add')]).toEqual([{ kind: 'send-conflict', ...given, taken }, [], []])
  const adding = sendTaken(given, 'replace')
  await backend.answer('sends.add', ['a', 'b'])
  await adding
  expect([asked('sends.add'), store.getState().done.length]).toEqual([[{ ...given, conflict: 'replace' }], 1])
})

it('sends 2,500 things in parts, as one act', async () => {
  const { backend, store, sendUp, asked } = openStore()
  const sending = sendUp(
    'a',
    0,
    Array.from({ length: 2500 }, (_, at) => `/x/${at}`),
  )
  for (let part = 0; part < 3; part++) await backend.answer('sends.check', [])
  for (let part = 0; part < 3; part++) await backend.answer('sends.add', [`part ${part}`])
  await sending
  const lengths = asked('sends.add').map((input) => (input as { paths: string[] }).paths.length)
  expect([lengths, store.getState().done.length]).toEqual([[1000, 1000, 500], 1])
})

it('says that an account takes no files, before anything is chosen or sent', async () => {
  const { backend, chooseToSend, sendUp, message } = openStore()
  for (const act of [() => sendUp('old', 0, ['/x/a']), () => chooseToSend('old', 0, 'files')]) {
    await act()
    expect([message(), backend.asked]).toEqual([expect.stringContaining('“account old” takes no files'), []])
  }
})

it('pauses and continues, puts back what was removed, and undoes each', async () => {
  const { backend, asked, pauseSends, resumeSends, removeSends, undo, tell } = await start()
  const turn = async (act: Promise<void>, method: 'sends.pause' | 'sends.resume') => {
    await backend.answer(method, null)
    await act
  }
  await turn(pauseSends(['a', 'b']), 'sends.pause')
  tell(sendOf('a', 'paused'), sendOf('b', 'paused'))
  await turn(undo(), 'sends.resume')
  tell(sendOf('a'), sendOf('b', 'error'))
  await turn(resumeSends(['a', 'b']), 'sends.resume')
  expect(asked('sends.resume')).toEqual([{ sendIds: ['a', 'b'] }, { sendIds: ['b'] }])
  const removing = removeSends(['a'])
  await backend.answer('sends.remove', [sendOf('a')])
  await removing
  const undoing = undo()
  await backend.answer('sends.keep', [])
  await undoing
  expect(asked('sends.keep')).toEqual([{ sendIds: ['a'] }])
})

it('a new version of a copy can be stopped until it is sent, and not any more after that', async () => {
  const { backend, tell, asked, message, sendCopy, undo } = openStore()
  for (const [status, removed] of [
    ['sending', [{ sendIds: ['v'] }]],
    ['sent', []],
  ] as const) {
    backend.asked.splice(0)
    const sending = sendCopy('copy')
    await backend.answer('copies.sendUp', { sendId: 'v' })
    await sending
    tell(sendOf('v', status))
    const undoing = undo()
    if (status === 'sending') await backend.answer('sends.remove', [sendOf('v')])
    await undoing
    expect(asked('sends.remove')).toEqual(removed)
  }
  expect(message()).toMatch(/^This cannot be undone/)
})

const fileOf = (name: string, content: string) => new File([content], name)

it('takes links from texts and torrents, and sends texts without links and all else up', async () => {
  const { backend, store, asked } = openStore()
  vi.stubGlobal('pathOf', ({ name }: File) => (name === 'picture of the page.png' ? '' : `/x/${name}`))
  const files = [
    fileOf('links.txt', 'see http://h/a'),
    fileOf('poem.txt', 'no link in here'),
    fileOf('photo.jpg', ''),
    fileOf('picture of the page.png', ''),
  ]
  const taking = takeIn(store, { text: '', html: null, files }, 'nothing', { accountId: 'a', folderId: 3 })
  const answerLinks = async (links: string[]) => {
    await vi.waitFor(() => expect(asked('links.extract').length).toBeGreaterThan(0))
    backend.asked.splice(0)
    await backend.answer('links.extract', links)
  }
  await answerLinks(['http://h/a'])
  await answerLinks([])
  await answerLinks(['http://h/a'])
  await vi.waitFor(() => expect(asked('sends.check').length).toBe(1))
  expect(asked('sends.check')).toEqual([{ accountId: 'a', folderId: 3, paths: ['/x/poem.txt', '/x/photo.jpg'] }])
  await backend.answer('sends.check', [{ name: 'photo.jpg', isFolder: false }])
  // Add links waits until the question is answered.
  expect(store.getState().dialog?.kind).toBe('send-conflict')
  store.getState().close()
  await taking
  expect(store.getState().dialog).toMatchObject({ kind: 'add-links', text: 'http://h/a', folderId: 3 })
  expect(shownToast(store.getState())?.sentence).toMatch(/^One of these is not on this computer/)
})

it('says of an account that takes no files what can be done instead, and still takes the links', async () => {
  const { backend, store, message } = openStore()
  const files = [fileOf('photo.jpg', '')]
  const input = { text: 'http://h/a', html: null, files }
  const taking = takeIn(store, input, 'nothing', { accountId: 'old', folderId: 0 })
  await vi.waitFor(() => expect(backend.asked.length).toBe(1))
  await backend.answer('links.extract', ['http://h/a'])
  await taking
  expect(message()).toMatch(/^“account old” takes no files/)
  expect(store.getState().dialog).toMatchObject({ kind: 'add-links', text: 'http://h/a' })
})
