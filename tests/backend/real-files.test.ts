import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { listItems, openBackend, type TestBackend, type TestBackendOptions } from '../support/backend.ts'
import { file, startWeb, type Web } from '../support/web.ts'

// Files are handed to other programs by drag and drop and by the clipboard, with the real local service and the real saver process.

const song = randomBytes(300_000)
const film = randomBytes(70_000_000)
let web: Web
const open: TestBackend[] = []
beforeAll(async () => {
  web = await startWeb()
  web.on('/song.flac', file(song))
  web.on('/film.mkv', file(film))
})
afterAll(() => web.stop())
afterEach(async () => {
  for (const backend of open.splice(0)) await backend.close()
})

/** A backend with a song, and a film and a folder if wanted, on this computer. */
async function withItems(...names: ('film.mkv' | 'Album')[]) {
  return withItemsIn({}, ...names)
}

async function withItemsIn(options: TestBackendOptions, ...names: ('film.mkv' | 'Album')[]) {
  const backend = openBackend({ allowHosts: ['127.0.0.1'], ...options })
  open.push(backend)
  const { client, next } = backend
  const accountId = await client.call('accounts.addThisComputer', {})
  const links = ['song.flac', ...names.filter((name) => name !== 'Album')].map((name) => web.url(`/${name}`))
  let arrivals = 0
  const arrived = next('transfers.changed', (change) => {
    arrivals += change.arrived.length
    return arrivals === links.length
  })
  await client.call('transfers.add', { accountId, links, folderId: 0 })
  await arrived
  if (names.includes('Album')) await client.call('items.createFolder', { accountId, parentId: 0, name: 'Album' })
  const items = await listItems(client, accountId, 0)
  const listed = items.names.split('\0')
  const idOf = (name: string) => items.ids[listed.indexOf(name)] ?? -1
  return { ...backend, accountId, idOf }
}

async function save({ client, next }: TestBackend, accountId: string, itemId: number): Promise<void> {
  const saved = next('saves.changed', ({ upserted }) => upserted.some(({ status }) => status === 'saved'))
  await client.call('saves.add', { accountId, itemIds: [itemId], target: 'last', conflict: 'keep-both' })
  await saved
}

it('drags a saved file from where it is, and a copy as soon as that one was changed', async () => {
  const backend = await withItems()
  const { client, accountId, idOf, dragged, downloadsFolder, dataFolder } = backend
  const ask = { accountId, itemIds: [idOf('song.flac')] }
  await save(backend, accountId, idOf('song.flac'))
  expect(await client.call('files.drag', ask)).toEqual({ isDragged: true, rest: [] })
  writeFileSync(join(downloadsFolder, 'song.flac'), 'another song')
  await client.call('files.drag', ask)
  const [first, [copy = ''] = []] = dragged
  expect(first).toEqual([join(downloadsFolder, 'song.flac')])
  expect(copy.startsWith(join(dataFolder, 'copies'))).toBe(true)
  expect(basename(copy)).toBe('song.flac')
  expect(readFileSync(copy).equals(song)).toBe(true)
})

it('drags what is here, and returns folders and what is too large to wait for', async () => {
  const { client, accountId, idOf, dragged } = await withItems('film.mkv', 'Album')
  const itemIds = ['Album', 'film.mkv', 'song.flac'].map(idOf)
  const answer = await client.call('files.drag', { accountId, itemIds })
  expect(answer).toEqual({ isDragged: true, rest: [idOf('Album'), idOf('film.mkv')] })
  expect(dragged.map((paths) => paths.map((path) => basename(path)))).toEqual([['song.flac']])
  expect(await client.call('files.drag', { accountId, itemIds: itemIds.slice(0, 2) })).toEqual({
    isDragged: false,
    rest: [idOf('Album'), idOf('film.mkv')],
  })
  expect(dragged.length).toBe(1)
})

it('starts no drag when the button is up before the files are there', async () => {
  const { client, accountId, idOf, dragged } = await withItems()
  const stop = new AbortController()
  const dragging = client.call('files.drag', { accountId, itemIds: [idOf('song.flac')] }, { signal: stop.signal })
  stop.abort()
  await expect(dragging).rejects.toMatchObject({ code: 'cancelled' })
  await client.call('items.open', { accountId, folderId: 0, isReload: true })
  expect(dragged).toEqual([])
})

it('puts the names on the clipboard at once, and the files once they are here', async () => {
  const { client, accountId, idOf, copied, copiedFiles } = await withItems('Album')
  const itemIds = ['Album', 'song.flac'].map(idOf)
  const steps: unknown[] = []
  const answer = await client.call(
    'files.copy',
    { accountId, itemIds, text: 'Album\nsong.flac' },
    { onProgress: (step) => steps.push(step) },
  )
  expect(copied).toEqual(['Album\nsong.flac'])
  expect(answer).toEqual({ names: ['song.flac'], rest: [idOf('Album')] })
  expect(copiedFiles.map((path) => basename(path))).toEqual(['song.flac'])
  expect(readFileSync(copiedFiles[0] ?? '').equals(song)).toBe(true)
  expect(steps.at(-1)).toEqual({ done: song.length, total: song.length })
})

it('copies and drags the others when an item is gone', async () => {
  const { client, accountId, idOf, copiedFiles, dragged } = await withItems()
  const gone = idOf('song.flac') + 1000
  const itemIds = [gone, idOf('song.flac')]
  const answer = await client.call('files.copy', { accountId, itemIds, text: 'both' })
  expect(answer).toEqual({ names: ['song.flac'], rest: [gone] })
  expect(copiedFiles.length).toBe(1)
  expect(await client.call('files.drag', { accountId, itemIds })).toEqual({ isDragged: true, rest: [gone] })
  expect(dragged.length).toBe(1)
  const alone = client.call('files.copy', { accountId, itemIds: [gone], text: 'gone' })
  await expect(alone).rejects.toMatchObject({ code: 'not-found' })
})

it('starts no drag when the button is up while the drag is prepared', async () => {
  const stop = new AbortController()
  const { client, accountId, idOf, dragged } = await withItemsIn({ beforeDrag: () => stop.abort() })
  const begun: unknown[] = []
  const dragging = client.call(
    'files.drag',
    { accountId, itemIds: [idOf('song.flac')] },
    { signal: stop.signal, onProgress: (names) => begun.push(names) },
  )
  await expect(dragging).rejects.toMatchObject({ code: 'cancelled' })
  await client.call('items.open', { accountId, folderId: 0, isReload: true })
  expect([dragged, begun]).toEqual([[], []])
})

it('leaves the clipboard alone when something else was copied in the meantime, or when it is stopped', async () => {
  const { client, accountId, idOf, copied, copiedFiles } = await withItems()
  await client.call('settings.change', { saveLimitBytesPerSecond: 300_000 })
  const ask = { accountId, itemIds: [idOf('song.flac')], text: 'song.flac' }
  const stop = new AbortController()
  const stopped = client.call('files.copy', ask, { signal: stop.signal, onProgress: () => stop.abort() })
  await expect(stopped).rejects.toMatchObject({ code: 'cancelled' })
  const onProgress = () => void copied.push('something else')
  expect(await client.call('files.copy', ask, { onProgress })).toEqual({ names: [], rest: [] })
  expect(copiedFiles).toEqual([])
  expect(copied.at(-1)).toBe('something else')
})
