import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Readable } from 'node:stream'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { maxReadBytes } from '../../shared/limits.ts'
import { listItems, openBackend, type TestBackend, type TestBackendOptions } from '../support/backend.ts'
import { has } from '../support/facilities.ts'
import { mountSmallDisk } from '../support/small-disk.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { file, startWeb, type Web } from '../support/web.ts'

// What arrived is looked at and opened, with the real local service and the real saver process.

const bytes: Record<string, Buffer> = {
  'letter.doc': randomBytes(300_000),
  'film.avi': randomBytes(maxReadBytes + 300_000),
  'setup.exe': Buffer.from('MZ a program'),
  'photo.jpg': Buffer.from('\x7fELF a program with another name', 'latin1'),
}
let web: Web
const open: TestBackend[] = []
beforeAll(async () => {
  web = await startWeb()
  for (const [name, content] of Object.entries(bytes)) web.on(`/${name}`, file(content))
})
afterAll(() => web.stop())
afterEach(async () => {
  for (const backend of open.splice(0)) await backend.close()
})

function backendOf(options: TestBackendOptions = {}): TestBackend {
  const backend = openBackend({ allowHosts: ['127.0.0.1'], ...options })
  open.push(backend)
  return backend
}

/** A backend with one file on this computer. */
async function withFile(name: string, options: TestBackendOptions = {}) {
  const backend = backendOf(options)
  const { client, next } = backend
  const accountId = await client.call('accounts.addThisComputer', {})
  const arrived = next('transfers.changed', (change) => change.arrived.length > 0)
  await client.call('transfers.add', { accountId, links: [web.url(`/${name}`)], folderId: 0 })
  await arrived
  const [itemId = -1] = (await listItems(client, accountId, 0)).ids
  return { ...backend, accountId, itemId }
}

async function all(body: Readable | null): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of body ?? []) chunks.push(chunk)
  return Buffer.concat(chunks)
}
const idOf = (url: string) => new URL(url).hostname

it('reads parts of a file for the window, by a link that tells nothing about where it is', async () => {
  const { backend, client, accountId, itemId } = await withFile('letter.doc')
  const url = await client.call('contents.open', { accountId, itemId, isPlayed: false })
  expect(url).toMatch(/^content:\/\/[0-9a-f]{32}\/$/)
  const part = await backend.readContent({ id: idOf(url), method: 'GET', range: 'bytes=1000-1999' })
  expect(part).toMatchObject({
    status: 206,
    headers: { 'content-type': 'application/octet-stream', 'content-range': 'bytes 1000-1999/300000' },
  })
  expect((await all(part.body)).equals((bytes['letter.doc'] ?? Buffer.of()).subarray(1000, 2000))).toBe(true)
})

it('reads no more than eight megabytes of what is not played, and all of what is', async () => {
  const { backend, client, accountId, itemId } = await withFile('film.avi')
  const read = await client.call('contents.open', { accountId, itemId, isPlayed: false })
  const whole = await backend.readContent({ id: idOf(read), method: 'GET', range: null })
  await expect(all(whole.body)).rejects.toThrow('cut off')
  expect((await backend.readContent({ id: idOf(read), method: 'GET', range: 'bytes=0-9' })).status).toBe(403)

  const played = await client.call('contents.open', { accountId, itemId, isPlayed: true })
  const { body } = await backend.readContent({ id: idOf(played), method: 'GET', range: null })
  expect((await all(body)).length).toBe(bytes['film.avi']?.length)
})

it('refuses links that it did not make, other methods, and items that are gone', async () => {
  const { backend, client, accountId, itemId } = await withFile('letter.doc')
  const unknown = { id: 'f'.repeat(32), method: 'GET', range: null }
  expect(await backend.readContent(unknown)).toEqual({ status: 404, headers: {}, body: null })
  const url = await client.call('contents.open', { accountId, itemId, isPlayed: false })
  expect((await backend.readContent({ id: idOf(url), method: 'POST', range: null })).status).toBe(405)
  await expect(client.call('contents.open', { accountId, itemId: 4711, isPlayed: false })).rejects.toMatchObject({
    code: 'not-found',
  })
})

it('opens a private copy with the name and the bytes of the file, and fetches it once', async () => {
  const { client, accountId, itemId, opened, dataFolder } = await withFile('letter.doc')
  expect(await client.call('copies.open', { accountId, itemId })).toEqual({ outcome: 'opened' })
  await client.call('copies.open', { accountId, itemId })
  const [path = '', again] = opened
  expect(again).toBe(path)
  expect(basename(path)).toBe('letter.doc')
  expect(path.startsWith(join(dataFolder, 'copies'))).toBe(true)
  expect(readFileSync(path).equals(bytes['letter.doc'] ?? Buffer.of())).toBe(true)
})

it('offers to save a copy that was changed, also after a restart, and leaves the file in the space as it is', async () => {
  const { backend, client, accountId, itemId, opened, next, dataFolder, downloadsFolder } = await withFile('letter.doc')
  await client.call('copies.open', { accountId, itemId })
  const [path = ''] = opened
  const changed = next('copies.changed', (copies) => copies.length > 0)
  writeFileSync(path, 'changed by another program')
  expect(await changed).toEqual([{ id: basename(join(path, '..')), accountId, name: 'letter.doc' }])
  const url = await client.call('contents.open', { accountId, itemId, isPlayed: true })
  const { body } = await backend.readContent({ id: idOf(url), method: 'GET', range: null })
  expect((await all(body)).equals(bytes['letter.doc'] ?? Buffer.of())).toBe(true)
  await backend.close()
  open.splice(0)

  const again = backendOf({ dataFolder })
  const offered = again.next('copies.changed', (copies) => copies.length > 0)
  await again.client.call('sync', {})
  const [copy] = await offered
  const copyId = copy?.id ?? ''
  again.chosenFiles.push(join(downloadsFolder, 'mine.doc'))
  const none = again.next('copies.changed', (copies) => copies.length === 0)
  await again.client.call('copies.saveElsewhere', { copyId })
  await none
  expect(readFileSync(join(downloadsFolder, 'mine.doc'), 'utf8')).toBe('changed by another program')
  expect(readFileSync(path, 'utf8')).toBe('changed by another program')
})

it.each(['setup.exe', 'photo.jpg'])(
  'does not open what can run code, by its name or its first bytes: %s',
  async (name) => {
    const { client, accountId, itemId, opened, dataFolder } = await withFile(name)
    expect(await client.call('copies.open', { accountId, itemId })).toEqual({ outcome: 'runs' })
    expect(opened).toEqual([])
    const copies = join(dataFolder, 'copies')
    expect(existsSync(copies) ? readdirSync(copies) : []).toEqual([])
  },
)

it('keeps what a program left beside a copy, and fetches a file again whose change was dismissed', async () => {
  const { client, accountId, itemId, opened, next } = await withFile('letter.doc')
  await client.call('copies.open', { accountId, itemId })
  const [path = ''] = opened
  const beside = join(path, '..', 'letter.pdf')
  writeFileSync(beside, 'exported by the program')
  const changed = next('copies.changed', (copies) => copies.length > 0)
  writeFileSync(path, 'a change by mistake')
  const [copy] = await changed
  await client.call('copies.dismiss', { copyId: copy?.id ?? '' })
  await client.call('copies.open', { accountId, itemId })
  expect(readFileSync(opened[1] ?? '').equals(bytes['letter.doc'] ?? Buffer.of())).toBe(true)
  await client.call('accounts.remove', { accountId })
  while (existsSync(opened[1] ?? '')) await new Promise((resolve) => setTimeout(resolve, 20))
  expect(readFileSync(beside, 'utf8')).toBe('exported by the program')
})

it.runIf(!!has('tmpfs'))('replaces no file with a copy that does not fit on its disk', async () => {
  const { client, accountId, itemId, opened, next, chosenFiles } = await withFile('letter.doc')
  await client.call('copies.open', { accountId, itemId })
  const changed = next('copies.changed', (copies) => copies.length > 0)
  writeFileSync(opened[0] ?? '', Buffer.alloc(3_000_000, 'x'))
  const [copy] = await changed
  const disk = mountSmallDisk(1)
  try {
    const target = join(disk.folder, 'mine.doc')
    writeFileSync(target, 'mine')
    chosenFiles.push(target)
    await expect(client.call('copies.saveElsewhere', { copyId: copy?.id ?? '' })).rejects.toMatchObject({
      code: 'refused',
    })
    expect(readdirSync(disk.folder)).toEqual(['mine.doc'])
    expect(readFileSync(target, 'utf8')).toBe('mine')
  } finally {
    disk.stop()
  }
})

it('opens a file that was stopped a moment before', async () => {
  const { client, accountId, itemId, opened } = await withFile('film.avi')
  await client.call('settings.change', { saveLimitBytesPerSecond: 4_000_000 })
  const stop = new AbortController()
  const first = client.call(
    'copies.open',
    { accountId, itemId },
    { signal: stop.signal, onProgress: () => stop.abort() },
  )
  await expect(first).rejects.toMatchObject({ code: 'cancelled' })
  await client.call('settings.change', { saveLimitBytesPerSecond: null })
  expect(await client.call('copies.open', { accountId, itemId })).toEqual({ outcome: 'opened' })
  expect(readFileSync(opened[0] ?? '').equals(bytes['film.avi'] ?? Buffer.of())).toBe(true)
})

it('says so when no program opens a file', async () => {
  const { client, accountId, itemId } = await withFile('letter.doc', { hasNoProgram: true })
  expect(await client.call('copies.open', { accountId, itemId })).toEqual({ outcome: 'no-program' })
})

it('removes the copy of a file that was stopped on the way', async () => {
  const { client, accountId, itemId, opened, dataFolder } = await withFile('film.avi')
  await client.call('settings.change', { saveLimitBytesPerSecond: 1_000_000 })
  const stop = new AbortController()
  const opening = client.call(
    'copies.open',
    { accountId, itemId },
    { signal: stop.signal, onProgress: () => stop.abort() },
  )
  await expect(opening).rejects.toMatchObject({ code: 'cancelled' })
  expect(opened).toEqual([])
  // The request has ended; the process that fetches gives up a moment later.
  while (readdirSync(join(dataFolder, 'copies')).length > 0) await new Promise((resolve) => setTimeout(resolve, 20))
})

it('removes after a crash what was never finished, and nothing else', async () => {
  const dataFolder = temporaryFolder('crashed')
  const folders = ['a', 'b', 'c'].map((letter) => join(dataFolder, 'copies', letter.repeat(32)))
  const [unfinished = '', lost = '', other = ''] = folders
  for (const folder of folders) mkdirSync(folder, { recursive: true })
  writeFileSync(join(unfinished, `.${'a'.repeat(32)}.putdesk-part`), 'half')
  writeFileSync(join(lost, 'letter.doc'), 'a changed copy whose entry was lost')
  writeFileSync(join(other, 'sub.putdesk-part.txt'), 'of another program')
  const entries = [{ id: 'd'.repeat(32), accountId: 'nobody' }, 'no entry', { id: '../../evil' }]
  writeFileSync(join(dataFolder, 'copies.json'), JSON.stringify({ copies: entries }))
  const backend = backendOf({ dataFolder })
  const told = backend.next('copies.changed', () => true)
  await backend.client.call('sync', {})
  expect(await told).toEqual([])
  expect(readdirSync(join(dataFolder, 'copies')).sort()).toEqual(['b'.repeat(32), 'c'.repeat(32)])
})
