import { expect, it, vi } from 'vitest'
import type { Account } from '../../shared/account.ts'
import { noCapabilities } from '../../shared/capabilities.ts'
import type { Item } from '../../shared/item.ts'
import { defaultSettings } from '../../shared/settings.ts'
import type { Transfer } from '../../shared/transfer.ts'
import { folderKey } from './keys.ts'
import { createAppStore } from './store.ts'
import { opened, type ScriptedBackend, scriptedBackend } from './test-client.ts'

const account: Account = {
  id: 'a',
  capabilities: noCapabilities,
  trustedOrigins: [],
  kind: 'this-computer',
  name: 'This computer',
  address: null,
  state: 'signed-in',
  problem: null,
  keeping: 'protected',
  signsInWith: 'key',
}
const item = (id: number, name: string, parentId = 0): Item => ({
  id,
  parentId,
  name,
  kind: 'file',
  sizeBytes: 1,
  addedAtMs: null,
})
const transfer = (id: number, more: Partial<Transfer> = {}): Transfer => ({
  id,
  name: `t${id}`,
  status: 'downloading',
  serviceStatus: null,
  percentDone: 10,
  sizeBytes: null,
  downloadedBytes: null,
  speedBytesPerSecond: null,
  secondsLeft: null,
  reason: null,
  host: null,
  folderId: null,
  uploadedBytes: null,
  peers: null,
  stagePercent: null,
  canPlay: false,
  failure: null,
  statusSinceMs: null,
  addedAtMs: null,
  isTorrent: false,
  areLinksKnown: false,
  isCancelled: false,
  unpackedBytes: null,
  ...more,
})

/** A window that shows the root of one account. */
function openStore(): { backend: ScriptedBackend; store: ReturnType<typeof createAppStore> } {
  const backend = scriptedBackend()
  const store = createAppStore(backend.client)
  backend.tell('settings.changed', { ...defaultSettings, accountId: 'a' })
  backend.tell('accounts.changed', [account])
  return { backend, store }
}

it('opens the remembered account once both accounts and settings have arrived', () => {
  const backend = scriptedBackend()
  const store = createAppStore(backend.client)
  backend.tell('accounts.changed', [account, { ...account, id: 'b' }])
  expect(store.getState().place).toBe(null)
  backend.tell('settings.changed', { ...defaultSettings, accountId: 'b' })
  expect(store.getState().place).toEqual({ accountId: 'b', folderId: 0, query: null })
})

it('requests all pushed state only after it has subscribed', async () => {
  const backend = scriptedBackend()
  const store = createAppStore(backend.client)
  const done = store.getState().sync()
  expect(backend.asked).toEqual([{ method: 'sync', input: {} }])
  await backend.answer('sync', null)
  await done
})

it('drops a late response to an older request', async () => {
  const { backend, store } = openStore()
  store.getState().refresh()
  const open = backend.asked.filter(({ method }) => method === 'items.open').length
  await backend.answer('items.open', opened([item(1, 'new')]), open - 1)
  await backend.answer('items.open', opened([item(2, 'old')]))
  expect(store.getState().folders.get(folderKey('a', 0))?.listing?.columns.names).toBe('new')
})

it('refreshes the shown folder in place, and deselects only what is gone', async () => {
  const { backend, store } = openStore()
  await backend.answer('items.open', opened([item(1, 'one'), item(2, 'two')]))
  store.getState().setSelection({ ids: new Set([1, 2]), anchorId: 1, focusId: 2 })
  backend.tell('items.changed', { accountId: 'a', folderIds: [0] })
  expect(store.getState().folders.get(folderKey('a', 0))).toMatchObject({
    isLoading: true,
    listing: { columns: { names: 'one\0two' } },
  })
  await backend.answer('items.open', opened([item(2, 'two'), item(3, 'three')]))
  expect(store.getState().selection).toEqual({ ids: new Set([2]), anchorId: null, focusId: 2 })
})

it('deselects what a filter hides, and what no longer matches it', async () => {
  const { backend, store } = openStore()
  await backend.answer('items.open', opened([item(1, 'one'), item(2, 'two'), item(3, 'onetwo')]))
  store.getState().setSelection({ ids: new Set([1, 2, 3]), anchorId: 2, focusId: 1 })
  store.getState().setFilter('one')
  expect(store.getState().selection).toEqual({ ids: new Set([1, 3]), anchorId: null, focusId: 1 })
  backend.tell('items.changed', { accountId: 'a', folderIds: [0] })
  await backend.answer('items.open', opened([item(1, 'one'), item(3, 'three')]))
  expect([...store.getState().selection.ids]).toEqual([1])
  store.getState().setFilter('')
  expect([...store.getState().selection.ids]).toEqual([1])
})

it('shows a known folder at once, keeps it when the refresh fails, and says why', async () => {
  const { backend, store } = openStore()
  await backend.answer('items.open', opened([item(1, 'one')]))
  store.getState().refresh()
  await backend.refuse('items.open', 'unreachable', 'The server does not answer.')
  expect(store.getState().folders.get(folderKey('a', 0))).toMatchObject({
    problem: 'The server does not answer.',
    isLoading: false,
    listing: { columns: { names: 'one' } },
  })
})

it('keeps what a search has found when it fails later, says why, and shows nothing of another search', async () => {
  const { backend, store } = openStore()
  store.getState().searchEverywhere('film')
  await backend.answer('items.search', opened([item(1, 'film one')]).items)
  backend.tell('items.changed', { accountId: 'a', folderIds: [7] })
  await backend.refuse('items.search', 'unreachable', 'The server does not answer.')
  expect(store.getState().search).toMatchObject({
    ...{ problem: 'The server does not answer.', isLoading: false, isPartial: false },
    listing: { columns: { names: 'film one' } },
  })
  backend.tell('items.changed', { accountId: 'a', folderIds: [7] })
  await backend.answer('items.search', opened([item(2, 'film two')]).items)
  expect(store.getState().search).toMatchObject({ problem: null, listing: { columns: { names: 'film two' } } })
  store.getState().searchEverywhere('song')
  await backend.refuse('items.search', 'unreachable', 'The server does not answer.')
  expect(store.getState().search).toMatchObject({ problem: 'The server does not answer.', listing: null })
})

it('goes back to the previous place, and selects the folder that it came from', () => {
  const { store } = openStore()
  store.getState().goTo('a', 5)
  store.getState().searchEverywhere(' film ')
  expect(store.getState().place).toEqual({ accountId: 'a', folderId: 5, query: 'film' })
  store.getState().goBack()
  store.getState().goBack()
  const { place, selection, forward } = store.getState()
  expect([place?.folderId, [...selection.ids], forward.length]).toEqual([0, [5], 2])
})

it('leaves a folder that is gone for its parent, says so, and does not go back to it', async () => {
  const { backend, store } = openStore()
  const [root, films, old] = [
    { id: 0, name: 'Your Files' },
    { id: 4, name: 'Films' },
    { id: 5, name: 'Old' },
  ]
  store.getState().expectPath(
    'a',
    [root, films, old].filter((crumb) => crumb !== undefined),
  )
  store.getState().goTo('a', 5)
  store.getState().goTo('a', 4)
  store.getState().goBack()
  const at = backend.asked.filter(({ method }) => method === 'items.open').length - 1
  await backend.refuse('items.open', 'not-found', 'There is no item with the id 5.', { at })
  const { place, back, forward, toasts } = store.getState()
  expect([place?.folderId, back.map(({ folderId }) => folderId), forward.map(({ folderId }) => folderId)]).toEqual([
    4,
    [0],
    [4],
  ])
  expect(toasts.map(({ sentence }) => sentence)).toEqual([
    '“Old” is no longer there. This is the folder that it was in.',
  ])
})

it('stays in the shown folder when a request for another one finds nothing', async () => {
  const { backend, store } = openStore()
  store.getState().goTo('a', 5)
  store.getState().goTo('a', 4)
  const at = backend.asked.filter(({ method }) => method === 'items.open').length - 2
  await backend.refuse('items.open', 'not-found', 'There is no item with the id 5.', { at })
  expect([store.getState().place?.folderId, store.getState().toasts]).toEqual([4, []])
})

it('updates transfers by deltas alone, and never lowers a percentage within a status', () => {
  const { backend, store } = openStore()
  const tell = (upserted: Transfer[], more = {}) =>
    backend.tell('transfers.changed', {
      accountId: 'a',
      isReset: false,
      upserted,
      removed: [],
      arrived: [],
      ...more,
    })
  tell([transfer(1, { percentDone: 40 }), transfer(2), transfer(3)], { isReset: true })
  tell([transfer(1, { percentDone: 35 })], { removed: [3] })
  const seen = () =>
    [...(store.getState().transfers.get('a')?.values() ?? [])].map(({ id, percentDone }) => [id, percentDone])
  expect(seen()).toEqual([
    [1, 40],
    [2, 10],
  ])
  tell([transfer(1, { status: 'extracting', percentDone: 5, stagePercent: 40 })])
  expect(seen()[0]).toEqual([1, 5])
  tell([transfer(1, { status: 'extracting', percentDone: 5, stagePercent: 30 })])
  expect(store.getState().transfers.get('a')?.get(1)?.stagePercent).toBe(40)
  tell([transfer(9)], { isReset: true })
  expect(seen()).toEqual([[9, 10]])
})

it('announces an arrived transfer once, with the way to it', () => {
  const { backend, store } = openStore()
  backend.tell('transfers.changed', {
    accountId: 'a',
    isReset: false,
    upserted: [],
    removed: [1],
    arrived: [{ name: 'film.mp4', itemId: 7, folderId: 3, transferId: 1 }],
  })
  const [toast] = store.getState().toasts
  expect([toast?.sentence, toast?.actions.map(({ label }) => label)]).toEqual([
    '“film.mp4” is ready',
    ['Show in folder', 'Play'],
  ])
  toast?.actions[0]?.run()
  expect([store.getState().place?.folderId, [...store.getState().selection.ids]]).toEqual([3, [7]])
  expect(store.getState().takeArrived().length).toBe(1)
  expect(store.getState().takeArrived().length).toBe(0)
})

it('announces a torrent once when it arrives while seeding, and not when the seeding ends', () => {
  const { backend, store } = openStore()
  const entry = { name: 'album', itemId: 7, folderId: 3, transferId: 1 }
  const none = { accountId: 'a', isReset: false, upserted: [], removed: [], arrived: [] }
  backend.tell('transfers.changed', { ...none, upserted: [transfer(1, { status: 'seeding', peers: 2 })] })
  backend.tell('transfers.changed', { ...none, arrived: [entry] })
  expect([store.getState().toasts.length, store.getState().transfers.get('a')?.size]).toEqual([1, 1])
  backend.tell('transfers.changed', { ...none, removed: [1] })
  expect([store.getState().toasts.length, store.getState().transfers.get('a')?.size]).toEqual([1, 0])
  expect(
    store
      .getState()
      .takeArrived()
      .map(({ name }) => name),
  ).toEqual(['album'])
})

it('shows links that came before there was an account once there is one, all in one dialog', () => {
  const backend = scriptedBackend()
  const store = createAppStore(backend.client)
  const file = { link: 'torrent-file:1', name: 'a.torrent' }
  backend.tell('links.offered', { text: 'magnet:?a', files: [file], problems: ['“b.torrent” is empty.'] })
  backend.tell('links.offered', { text: 'magnet:?b', files: [file], problems: [] })
  backend.tell('settings.changed', { ...defaultSettings, accountId: 'a' })
  expect(store.getState().dialog).toBe(null)
  backend.tell('accounts.changed', [account])
  expect(store.getState().dialog).toEqual({
    kind: 'add-links',
    text: 'magnet:?a\nmagnet:?b',
    files: [file],
    accountId: 'a',
    folderId: 0,
  })
  expect(store.getState().toasts.map(({ sentence }) => sentence)).toEqual(['“b.torrent” is empty.'])
})

it('does not keep links waiting for an unknown magnet, and keeps their order', async () => {
  const { backend, store } = openStore()
  const [magnet, link] = ['magnet:?xt=urn:btih:1', 'http://h/a']
  const report = (...links: string[]) => ({
    rows: links.map((one) => ({
      kind: 'torrent' as const,
      name: one,
      host: '',
      links: [one],
      sizeBytes: null,
      bandwidthBytes: 0,
      problem: null,
      needsPassword: false,
      seeds: null,
      entryCount: null,
      unpackedBytes: null,
      note: null,
    })),
    diskFreeBytes: links.length,
    diskTotalBytes: 9,
    bandwidthLeftBytes: null,
    report: {
      'Current Available Bandwidth': null,
      'Current Available Disk Space': 1,
      'Your Total Disk Space': 1,
      Urls: { url: [], rapid: [], multipart: {}, torrent: links },
    },
  })
  const file = { link: 'torrent-file:1', name: 'a.torrent' }
  const done = store.getState().analyze('a', { text: 'both', files: [file] })
  await backend.answer('links.extract', [magnet, link])
  expect(backend.asked.filter(({ method }) => method === 'analysis.run').map(({ input }) => input)).toEqual([
    { accountId: 'a', links: [file.link, link] },
    { accountId: 'a', links: [magnet] },
  ])
  await backend.answer('analysis.run', report(file.link, link))
  expect(store.getState().analysis).toMatchObject({ isRunning: true, report: { rows: [{}, { links: [link] }] } })
  await backend.answer('analysis.run', report(magnet))
  await done
  const { isRunning, report: whole } = store.getState().analysis
  expect([isRunning, whole?.rows.map(({ links }) => links[0]), whole?.report.Urls.torrent]).toEqual([
    false,
    [file.link, magnet, link],
    [file.link, link, magnet],
  ])
})

it('counts the links that are left out of an analysis because they are too many', async () => {
  const { backend, store } = openStore()
  const links = Array.from({ length: 1002 }, (_, at) => `http://h/${at}`)
  void store.getState().analyze('a', { text: 'many', files: [] })
  await backend.answer('links.extract', links)
  const { analysis } = store.getState()
  expect([analysis.links, analysis.leftOut]).toEqual([links.slice(0, 1000), 2])
})

it('says that a text is too long to search, without a request', async () => {
  const { backend, store } = openStore()
  await store.getState().analyze('a', { text: ' '.repeat(4_000_001), files: [] })
  expect(store.getState().analysis.problem).toBe(
    'This text is too long to search for links: at most 4 MB. Add it in parts.',
  )
  expect(backend.asked.filter(({ method }) => method === 'links.extract')).toEqual([])
})

it('announces many arrived transfers in one sentence', () => {
  const { backend, store } = openStore()
  const arrive = (transferId: number) =>
    backend.tell('transfers.changed', {
      accountId: 'a',
      isReset: false,
      upserted: [],
      removed: [transferId],
      arrived: [{ name: `t${transferId}`, itemId: null, folderId: 0, transferId }],
    })
  for (const id of [1, 2, 3, 4]) arrive(id)
  expect(store.getState().toasts.map(({ sentence }) => sentence)).toEqual(['4 transfers finished'])
})

it('undoes a move to where each item was, except for what was refused', async () => {
  const { backend, store } = openStore()
  const held = {
    accountId: 'a',
    items: [
      { id: 1, parentId: 10 },
      { id: 2, parentId: 20 },
      { id: 3, parentId: 30 },
      { id: 4, parentId: 99 },
    ],
  }
  const moving = store.getState().moveItems(held, 99)
  await backend.answer('items.move', [{ itemId: 3, sentence: '“c” could not be moved.' }])
  await moving
  expect(store.getState().toasts.map(({ sentence }) => sentence)).toEqual([
    'Moved 2 items to the folder. “c” could not be moved.',
  ])
  const undoing = store.getState().undo()
  await backend.answer('items.move', [])
  await backend.answer('items.move', [])
  await undoing
  expect(backend.asked.filter(({ method }) => method === 'items.move').map(({ input }) => input)).toEqual([
    { accountId: 'a', itemIds: [1, 2, 3], folderId: 99 },
    { accountId: 'a', itemIds: [1], folderId: 10 },
    { accountId: 'a', itemIds: [2], folderId: 20 },
  ])
})

it('creates a folder under a free name, and renames it once it is there', async () => {
  const { backend, store } = openStore()
  await backend.answer('items.open', opened([item(1, 'New folder')]))
  const making = store.getState().createFolder('a', 0)
  expect(backend.asked.at(-1)).toEqual({
    method: 'items.createFolder',
    input: { accountId: 'a', parentId: 0, name: 'New folder 2' },
  })
  await backend.answer('items.createFolder', { ...item(50, 'New folder 2'), kind: 'folder' })
  await backend.answer('items.open', opened([item(1, 'New folder'), item(50, 'New folder 2')]))
  await making
  expect([store.getState().renaming, [...store.getState().selection.ids]]).toEqual([{ id: 50, problem: null }, [50]])
})

it('does not undo the creation of a folder that is no longer empty', async () => {
  const { backend, store } = openStore()
  await backend.answer('items.open', opened([]))
  const making = store.getState().createFolder('a', 0)
  await backend.answer('items.createFolder', { ...item(50, 'New folder'), kind: 'folder' })
  await backend.answer('items.open', opened([item(50, 'New folder')]))
  await making
  const undoing = store.getState().undo()
  await backend.answer('items.open', opened([item(51, 'film.mkv', 50)]))
  await undoing
  expect(backend.asked.some(({ method }) => method === 'items.deleteForGood')).toBe(false)
  expect(store.getState().toasts.at(-1)?.sentence).toBe('“New folder” is no longer empty, so it was kept.')
})

it('reports on the newest text only, and does not analyze the same links again', async () => {
  const { backend, store } = openStore()
  const report = (name: string) => ({
    rows: [
      {
        kind: 'file' as const,
        name,
        host: 'h',
        links: [`http://h/${name}`],
        sizeBytes: 1,
        bandwidthBytes: 0,
        problem: null,
        needsPassword: false,
        seeds: null,
        entryCount: null,
        unpackedBytes: null,
        note: null,
      },
    ],
    diskFreeBytes: 1,
    diskTotalBytes: 1,
    bandwidthLeftBytes: null,
    report: {
      'Current Available Bandwidth': null,
      'Current Available Disk Space': 1,
      'Your Total Disk Space': 1,
      Urls: { url: [`http://h/${name}`], rapid: [], multipart: {}, torrent: [] },
    },
  })
  const first = store.getState().analyze('a', { text: 'http://h/old', files: [] })
  await backend.answer('links.extract', ['http://h/old'])
  const second = store.getState().analyze('a', { text: 'http://h/new', files: [] })
  await backend.answer('links.extract', ['http://h/new'])
  await backend.answer('analysis.run', report('new'), 1)
  await backend.answer('analysis.run', report('old'))
  await Promise.all([first, second])
  const third = store.getState().analyze('a', { text: 'see http://h/new', files: [] })
  await backend.answer('links.extract', ['http://h/new'])
  await third
  expect(store.getState().analysis).toEqual({
    links: ['http://h/new'],
    report: report('new'),
    space: { accountId: 'a', freeBytes: 1 },
    leftOut: 0,
    isRunning: false,
    problem: null,
  })
  expect(backend.asked.filter(({ method }) => method === 'analysis.run').length).toBe(2)
})

it('asks once before a token goes to a host that is not the account’s own, and plays when the user agrees', async () => {
  const backend = scriptedBackend()
  const store = createAppStore(backend.client)
  const playing = store.getState().play('a', 4, 'film.mkv', null)
  await backend.refuse('play.items', 'untrusted-host', 'It would play from cdn.example.', {
    origin: 'https://cdn.example',
  })
  await playing
  const [toast] = store.getState().toasts
  expect(toast?.sentence).toBe('It would play from cdn.example.')
  toast?.actions[0]?.run()
  await backend.answer('accounts.trust', null)
  await backend.answer('play.items', { state: 'started', player: 'mpv', count: 1, total: 1, languages: [] })
  expect(backend.asked.map(({ method, input }) => [method, input])).toMatchObject([
    ['play.items', { itemIds: [4] }],
    ['accounts.trust', { accountId: 'a', origin: 'https://cdn.example' }],
    ['play.items', { itemIds: [4] }],
  ])
  expect(store.getState().toasts.at(-1)?.sentence).toContain('mpv')
})

it('says by its name that an item is gone', async () => {
  const { backend, store } = openStore()
  const playing = store.getState().play('a', 4, 'film.mkv', null)
  await backend.refuse('play.items', 'not-found', 'There is no item with the id 4.')
  await playing
  expect(store.getState().toasts.map(({ sentence }) => sentence)).toEqual(['“film.mkv” is no longer there.'])
})

it('never writes pushed state from a reply', async () => {
  const { backend, store } = openStore()
  const changing = store.getState().changeSettings({ theme: 'dark' })
  await backend.answer('settings.change', null)
  await changing
  expect(store.getState().settings?.theme).toBe('system')
  backend.tell('settings.changed', { ...defaultSettings, accountId: 'a', theme: 'dark' })
  expect(store.getState().settings?.theme).toBe('dark')
})

it('leaves a removed account for another, and forgets the way back to it', () => {
  const { backend, store } = openStore()
  store.getState().goTo('a', 5)
  backend.tell('accounts.changed', [{ ...account, id: 'b' }])
  const { place, back } = store.getState()
  expect([place, back]).toEqual([{ accountId: 'b', folderId: 0, query: null }, []])
})

it('shows the progress of a long delete, which can be stopped', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  const { backend, store } = openStore()
  const rows = [1, 2, 3].map((id) => item(id, `${id}`))
  const deleting = store.getState().deleteItems('a', rows)
  await backend.progress('items.delete', { done: 1, total: 3 })
  expect(store.getState().toasts).toEqual([])
  vi.advanceTimersByTime(1500)
  await backend.progress('items.delete', { done: 2, total: 3 })
  const [toast] = store.getState().toasts
  expect(toast).toMatchObject({ sentence: 'Deleting… 2 of 3 items', kind: 'progress' })
  toast?.actions[0]?.run()
  await deleting
  vi.useRealTimers()
  expect(backend.cancelled).toEqual(['items.delete'])
  expect(store.getState().toasts.map(({ sentence }) => sentence)).toEqual([
    'Deleted 2 items. Stopped. The rest was left as it is.',
  ])
})

it('cancels the loading of a folder that is loaded again, and ignores its response', async () => {
  const { backend, store } = openStore()
  store.getState().refresh()
  expect(backend.cancelled).toEqual(['items.open'])
  await backend.answer('items.open', opened([item(1, 'old')]))
  expect(store.getState().folders.get(folderKey('a', 0))).toMatchObject({ isLoading: true, listing: null })
  await backend.answer('items.open', opened([item(2, 'new')]))
  expect(store.getState().folders.get(folderKey('a', 0))?.listing?.columns.names).toBe('new')
})

it('learns a path and the branches above a folder from one response', async () => {
  const { backend, store } = openStore()
  store.getState().goTo('a', 7)
  const path = [
    { id: 0, name: 'Your Files' },
    { id: 5, name: 'Films' },
    { id: 7, name: '2026' },
  ]
  const folders = [
    { ...item(9, 'b'), kind: 'folder' as const },
    { ...item(8, 'a10'), kind: 'folder' as const },
  ]
  await backend.answer('items.open', { ...opened([...folders, item(10, 'a.mkv')]), path }, 1)
  const { paths, tree, expanded } = store.getState()
  expect(paths.get(folderKey('a', 5))).toHaveLength(2)
  expect(tree.get(folderKey('a', 7))?.folders?.map(({ name }) => name)).toEqual(['a10', 'b'])
  expect([...expanded]).toEqual(expect.arrayContaining([folderKey('a', 0), folderKey('a', 5)]))
  expect(backend.asked.filter(({ method }) => method === 'items.path')).toEqual([])
})

it('keeps a branch closed by the user while the shown folder in it is reloaded, and opens it when they go there', async () => {
  const { backend, store } = openStore()
  const path = [
    { id: 0, name: 'Your Files' },
    { id: 5, name: 'Films' },
    { id: 7, name: '2026' },
  ]
  const isOpen = () => store.getState().expanded.has(folderKey('a', 5))
  store.getState().goTo('a', 7)
  await backend.answer('items.open', { ...opened([]), path }, 1)
  expect(isOpen()).toBe(true)
  store.getState().setExpanded(folderKey('a', 5), false)
  backend.tell('items.changed', { accountId: 'a', folderIds: [7] })
  await backend.answer('items.open', { ...opened([item(9, 'new.mkv', 7)]), path }, 1)
  expect([isOpen(), store.getState().folders.get(folderKey('a', 7))?.listing?.columns.names]).toEqual([
    false,
    'new.mkv',
  ])
  store.getState().goTo('a', 0)
  store.getState().goTo('a', 7)
  expect(isOpen()).toBe(true)
})

it('asks whether to continue an item that was left in the middle, and mirrors how far items were played', async () => {
  const { backend, store } = openStore()
  const playback = { itemId: 4, progress: 0.5, durationSeconds: 100, isWatched: false }
  backend.tell('playbacks.changed', { accountId: 'a', isReset: true, upserted: [playback] })
  expect(store.getState().playbacks.get('a')?.get(4)).toEqual(playback)
  const playing = store.getState().play('a', 4, 'film.mkv', null)
  await backend.answer('play.items', { state: 'asks', playback, positionSeconds: 50 })
  await playing
  const { dialog } = store.getState()
  if (dialog?.kind !== 'continue') throw new Error('no question')
  const continued = store.getState().playAll(dialog.what, 'position')
  await backend.answer('play.items', {
    state: 'started',
    player: 'mpv',
    count: 1,
    total: 1,
    languages: ['de', 'en', null],
  })
  await continued
  expect(backend.asked.filter(({ method }) => method === 'play.items').map(({ input }) => input)).toMatchObject([
    { itemIds: [4], start: 'ask' },
    { itemIds: [4], start: 'position' },
  ])
  expect(store.getState().toasts.at(-1)?.sentence).toBe(
    'Playing “film.mkv” in mpv, with subtitles: German, English, language not known',
  )
})

it('adds links again from the history, when what was undone is too late to be kept', async () => {
  const { backend, store } = openStore()
  const { undo, redo } = store.getState()
  const links = ['http://me:sesame@a.example/1', 'http://a.example/2']
  const adding = store.getState().addTransfers('a', links, 3)
  await backend.answer('transfers.add', { ids: [7, 8], refused: [] })
  expect(await adding).toEqual({ count: 2, refused: [] })
  const listed = new Map([7, 8].map((id) => [id, transfer(id)]))
  store.setState({ transfers: new Map([['a', listed]]) })
  const undoing = undo()
  await backend.answer('transfers.cancel', null)
  await undoing
  const redoing = redo()
  await backend.answer('transfers.keep', [7, 8])
  const entry = { accountId: 'a', name: 'x', outcome: 'cancelled' as const, atMs: 1, sizeBytes: null }
  const rest = { itemId: null, folderId: 3, areLinksKnown: true, note: null }
  await backend.answer(
    'history.list',
    [8, 9, 7].map((transferId) => ({ ...entry, ...rest, transferId, id: `a-${transferId}-1` })),
  )
  for (const at of [0, 1]) await backend.answer('history.links', [links[at] ?? ''])
  await backend.answer('transfers.add', { ids: [10, 11], refused: [] })
  await redoing
  expect(backend.asked.filter(({ method }) => method === 'history.links').map(({ input }) => input)).toEqual([
    { accountId: 'a', entryId: 'a-7-1' },
    { accountId: 'a', entryId: 'a-8-1' },
  ])
  expect(backend.asked.at(-1)).toEqual({ method: 'transfers.add', input: { accountId: 'a', links, folderId: 3 } })
})

it('says how many links it could not add again from the history', async () => {
  const { backend, store } = openStore()
  const { undo, redo } = store.getState()
  const adding = store.getState().addTransfers('a', ['http://a.example/1', 'http://a.example/2'], 3)
  await backend.answer('transfers.add', { ids: [7, 8], refused: [] })
  await adding
  store.setState({ transfers: new Map([['a', new Map([7, 8].map((id) => [id, transfer(id)]))]]) })
  const undoing = undo()
  await backend.answer('transfers.cancel', null)
  await undoing
  const redoing = redo()
  await backend.answer('transfers.keep', [7, 8])
  const entry = { accountId: 'a', name: 'x', outcome: 'cancelled' as const, atMs: 1, sizeBytes: null, note: null }
  const rest = { itemId: null, folderId: 3 }
  await backend.answer(
    'history.list',
    [7, 8].map((transferId) => ({
      ...entry,
      ...rest,
      transferId,
      id: `${transferId}`,
      areLinksKnown: transferId === 8,
    })),
  )
  await backend.answer('history.links', ['http://a.example/2'])
  await backend.answer('transfers.add', { ids: [9], refused: [] })
  await redoing
  expect(store.getState().toasts.at(-1)?.sentence).toBe(
    'Added 2 transfers. The link of one is no longer known: add it again.',
  )
})
