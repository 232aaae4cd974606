import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { Save } from '../../shared/save.ts'
import { listItems, openBackend, type TestBackend, type TestBackendOptions } from '../support/backend.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { file, startWeb, type Web } from '../support/web.ts'

// Saves that were removed and are put back, and saves that are opened, with the real local service and the real saver process.

const large = randomBytes(12 * 1024 * 1024)
const holdMs = 6000
let web: Web
const open: TestBackend[] = []
beforeAll(async () => {
  web = await startWeb()
  web.on('/large.bin', file(large))
})
afterAll(() => web.stop())
afterEach(async () => {
  for (const backend of open.splice(0)) await backend.close()
})

function backendOf(options: TestBackendOptions) {
  const backend = openBackend({ allowHosts: ['127.0.0.1'], ...options })
  open.push(backend)
  const saves = new Map<string, Save>()
  backend.client.on('saves.changed', ({ isReset, upserted, removed }) => {
    if (isReset) saves.clear()
    for (const id of removed) saves.delete(id)
    for (const save of upserted) saves.set(save.id, save)
  })
  const reached = async (id: string, isThere: (save: Save) => boolean) => {
    await expect.poll(() => isThere(saves.get(id) ?? ({} as Save))).toBe(true)
    return saves.get(id) as Save
  }
  return { ...backend, saves, reached }
}

/** A backend with one save of these links. */
async function saving(links: string[], options: TestBackendOptions = {}, limit: number | null = null) {
  const backend = backendOf({ holdMs, ...options })
  const { client } = backend
  const accountId = await client.call('accounts.addThisComputer', {})
  await client.call('transfers.add', { accountId, links, folderId: 0 })
  await client.call('settings.change', { saveLimitBytesPerSecond: limit })
  let ids: readonly number[] = []
  while (ids.length < links.length) {
    await wait(50)
    ids = [...(await listItems(client, accountId, 0)).ids]
  }
  const { saveIds } = await client.call('saves.add', { accountId, itemIds: [...ids], target: 'last', conflict: null })
  return { ...backend, accountId, saveIds, saveId: saveIds[0] ?? '' }
}

/** One that has begun, of a large file. */
async function begun(options: TestBackendOptions = {}) {
  const all = await saving([web.url('/large.bin')], options, 4_000_000)
  await all.reached(all.saveId, ({ savedBytes }) => savedBytes > 2_000_000)
  return all
}

const visible = (folder: string) => readdirSync(folder).filter((name) => !name.startsWith('.'))

it('continues a save that was stopped and put back from where it was, at its place in the list', async () => {
  const { client, saves, saveId, reached, downloadsFolder } = await begun()
  await client.call('saves.remove', { saveIds: [saveId, saveId] })
  await expect.poll(() => saves.has(saveId)).toBe(false)
  expect(readdirSync(downloadsFolder)).not.toEqual([])
  expect(await client.call('saves.keep', { saveIds: [saveId] })).toEqual([])
  const back = saves.get(saveId)
  expect(back?.savedBytes).toBeGreaterThan(2_000_000)
  const { savedBytes } = await reached(saveId, ({ status }) => status === 'saving')
  expect(savedBytes).toBeGreaterThan(2_000_000)
  await client.call('settings.change', { saveLimitBytesPerSecond: null })
  await reached(saveId, ({ status }) => status === 'saved')
  expect(readFileSync(join(downloadsFolder, 'large.bin')).equals(large)).toBe(true)
  expect(readdirSync(downloadsFolder)).toEqual(['large.bin'])
})

it('leaves a save paused that was paused when it was stopped and put back', async () => {
  const { client, saves, saveId, reached } = await begun()
  await client.call('saves.pause', { saveIds: [saveId] })
  await reached(saveId, ({ status }) => status === 'paused')
  await client.call('saves.remove', { saveIds: [saveId] })
  expect(await client.call('saves.keep', { saveIds: [saveId] })).toEqual([])
  await wait(700)
  expect(saves.get(saveId)?.status).toBe('paused')
})

it('deletes what was there after a while, and says that it is too late then', async () => {
  const { client, saveId, downloadsFolder } = await begun({ holdMs: 300 })
  await client.call('saves.remove', { saveIds: [saveId] })
  await expect.poll(() => readdirSync(downloadsFolder)).toEqual([])
  expect(await client.call('saves.keep', { saveIds: [saveId, 'unknown'] })).toEqual([saveId, 'unknown'])
})

it('is not deleted by the first of two removals with a return between them', async () => {
  const { client, saveId, downloadsFolder } = await begun({ holdMs: 1500 })
  await client.call('saves.remove', { saveIds: [saveId] })
  await wait(900)
  await client.call('saves.keep', { saveIds: [saveId] })
  await client.call('saves.remove', { saveIds: [saveId] })
  await wait(900)
  expect(readdirSync(downloadsFolder)).not.toEqual([])
  expect(await client.call('saves.keep', { saveIds: [saveId] })).toEqual([])
})

it('deletes what was there when the app is quit', async () => {
  const { backend, client, saveId, downloadsFolder } = await begun()
  await client.call('saves.remove', { saveIds: [saveId] })
  await backend.close()
  open.splice(0)
  expect(readdirSync(downloadsFolder)).toEqual([])
})

it('deletes what was there at the next start, if the app was killed, and does not list it', async () => {
  const { backend, client, saveId, dataFolder, downloadsFolder, reached } = await begun()
  await client.call('saves.pause', { saveIds: [saveId] })
  await reached(saveId, ({ status }) => status === 'paused')
  await client.call('saves.remove', { saveIds: [saveId] })
  // What a kill leaves: the files as they are now.
  const left = [dataFolder, join(dataFolder, 'saves'), downloadsFolder].map((folder) => ({
    folder,
    files: readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => ({ name, bytes: readFileSync(join(folder, name)) })),
  }))
  await backend.close()
  open.splice(0)
  expect(readdirSync(downloadsFolder)).toEqual([])
  for (const { folder, files } of left) {
    mkdirSync(folder, { recursive: true })
    for (const { name, bytes } of files) writeFileSync(join(folder, name), bytes)
  }
  expect(readdirSync(downloadsFolder)).not.toEqual([])
  const again = backendOf({ dataFolder, downloadsFolder })
  await again.client.call('sync', {})
  await expect.poll(() => readdirSync(downloadsFolder)).toEqual([])
  expect([...again.saves.keys()]).toEqual([])
})

it('puts finished saves back in their order, long after they were removed', async () => {
  for (const name of ['a', 'b', 'c']) web.on(`/${name}.txt`, file(Buffer.from(name)))
  const { client, saves, saveIds, reached, downloadsFolder } = await saving(
    ['a', 'b', 'c'].map((name) => web.url(`/${name}.txt`)),
    { holdMs: 50 },
  )
  for (const id of saveIds) await reached(id, ({ status }) => status === 'saved')
  const before = [...saves.keys()]
  await client.call('saves.remove', { saveIds: [saveIds[0] ?? '', saveIds[2] ?? ''] })
  await wait(300)
  expect(await client.call('saves.keep', { saveIds: [...saveIds] })).toEqual([])
  expect([...saves.keys()]).toEqual(before)
  expect(visible(downloadsFolder)).toEqual(['a.txt', 'b.txt', 'c.txt'])
})

it('opens what is saved, but shows what can run code by its name or its first bytes in its folder', async () => {
  web.on('/note.txt', file(Buffer.from('a note')))
  web.on('/setup.exe', file(Buffer.from('a program')))
  web.on('/letter.pdf', file(Buffer.from('#!/bin/sh\nexit 0\n')))
  const { client, saves, saveIds, reached, downloadsFolder, opened, shown } = await saving(
    ['note.txt', 'setup.exe', 'letter.pdf'].map((name) => web.url(`/${name}`)),
  )
  for (const id of saveIds) await reached(id, ({ status }) => status === 'saved')
  const idOf = (name: string) => [...saves.values()].find((save) => save.name === name)?.id ?? ''
  expect(await client.call('saves.open', { saveId: idOf('note.txt') })).toEqual({ isOpened: true })
  expect(await client.call('saves.open', { saveId: idOf('setup.exe') })).toEqual({ isOpened: false })
  expect(await client.call('saves.open', { saveId: idOf('letter.pdf') })).toEqual({ isOpened: false })
  expect(opened).toEqual([join(downloadsFolder, 'note.txt')])
  expect(shown).toEqual([join(downloadsFolder, 'setup.exe'), join(downloadsFolder, 'letter.pdf')])
  // A folder is in its place now, as a program for macOS would be.
  rmSync(join(downloadsFolder, 'note.txt'))
  mkdirSync(join(downloadsFolder, 'note.txt'))
  expect(await client.call('saves.open', { saveId: idOf('note.txt') })).toEqual({ isOpened: true })
  expect([opened.length, shown.at(-1)]).toEqual([1, join(downloadsFolder, 'note.txt')])
})

it('refuses to open what is gone, what is not finished, and what is not in the list', async () => {
  const { client, saveId, reached, downloadsFolder } = await begun()
  const opening = () => client.call('saves.open', { saveId })
  await expect(opening()).rejects.toMatchObject({ code: 'refused' })
  await client.call('settings.change', { saveLimitBytesPerSecond: null })
  await reached(saveId, ({ status }) => status === 'saved')
  rmSync(join(downloadsFolder, 'large.bin'))
  await expect(opening()).rejects.toMatchObject({
    code: 'refused',
    message: '“large.bin” is not where it is saved to.',
  })
  await expect(client.call('saves.open', { saveId: 'nobody' })).rejects.toMatchObject({ code: 'not-found' })
})

it('saves in another folder what waits for one that is gone, at the same place in the list, and back with undo', async () => {
  const { client, saves, saveId, reached, downloadsFolder, chosenFolders } = await begun()
  const away = `${downloadsFolder}-away`
  renameSync(downloadsFolder, away)
  await reached(saveId, ({ lacksFolder, status }) => lacksFolder && status === 'waiting')
  expect(await client.call('saves.elsewhere', { saveId })).toEqual({ saveId: null })
  expect(saves.has(saveId)).toBe(true)
  const elsewhere = temporaryFolder('elsewhere')
  writeFileSync(join(elsewhere, 'large.bin'), 'mine')
  chosenFolders.push(elsewhere, elsewhere)
  const { saveId: other } = await client.call('saves.elsewhere', { saveId })
  await client.call('settings.change', { saveLimitBytesPerSecond: null })
  await reached(other ?? '', ({ status }) => status === 'saved')
  expect([...saves.keys()]).toEqual([other])
  expect(readFileSync(join(elsewhere, 'large (2).bin')).equals(large)).toBe(true)
  expect(readFileSync(join(elsewhere, 'large.bin'), 'utf8')).toBe('mine')
  await expect(client.call('saves.elsewhere', { saveId: other ?? '' })).rejects.toMatchObject({ code: 'refused' })
  await expect(client.call('saves.elsewhere', { saveId })).rejects.toMatchObject({ code: 'not-found' })
  renameSync(away, downloadsFolder)
  expect(await client.call('saves.keep', { saveIds: [saveId] })).toEqual([])
  await reached(saveId, ({ status }) => status === 'saved')
  expect(readFileSync(join(downloadsFolder, 'large.bin')).equals(large)).toBe(true)
})
