import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { open as openZip, type ZipFile } from 'yauzl'
import type { Save } from '../../shared/save.ts'
import { zipOf } from '../support/archives.ts'
import { listItems, openBackend, type TestBackend } from '../support/backend.ts'
import { file, startWeb, type Web } from '../support/web.ts'

// Saving files and folders as one zip, with the real local service and the real saver process.

const files = new Map<string, Buffer>([
  ['Album/größe 日本語.txt', Buffer.from('a name in other scripts')],
  ['Album/empty.txt', Buffer.alloc(0)],
  ['Album/Disc 2/film.mkv', randomBytes(6_000_000)],
])
const many = new Map(
  Array.from({ length: 300 }, (_, n): [string, Buffer] => [`Album/Many/${n}.bin`, randomBytes(300 + n)]),
)
let web: Web
const open: TestBackend[] = []
beforeAll(async () => {
  web = await startWeb()
  const archiveOf = (all: Map<string, Buffer>) => file(zipOf([...all].map(([name, bytes]) => ({ name, bytes }))))
  web.on('/Few.zip', archiveOf(files))
  web.on('/Many.zip', archiveOf(new Map([...files, ...many])))
})
afterAll(() => web.stop())
afterEach(async () => {
  for (const backend of open.splice(0)) await backend.close()
})

/** A backend with the folder on this computer, which has an empty folder, too. */
async function withAlbum(size: 'Few' | 'Many' = 'Few') {
  const backend = openBackend({ allowHosts: ['127.0.0.1'] })
  open.push(backend)
  const { client, next } = backend
  const accountId = await client.call('accounts.addThisComputer', {})
  const arrived = next('transfers.changed', (change) => change.arrived.length > 0)
  await client.call('transfers.add', { accountId, links: [web.url(`/${size}.zip`)], folderId: 0 })
  await arrived
  const [albumId = -1] = (await listItems(client, accountId, 0)).ids
  await client.call('items.createFolder', { accountId, parentId: albumId, name: 'Nothing here' })
  const ask = { accountId, itemIds: [albumId], target: 'last' as const, conflict: null, isZip: true }
  return { ...backend, ask }
}

const reached = ({ next }: Pick<TestBackend, 'next'>, isWanted: (save: Save) => boolean) =>
  next('saves.changed', ({ upserted }) => upserted.some(isWanted))
const isSaved = ({ status }: Save) => status === 'saved'
const shaOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

/** What another program finds in a zip: its folders, and the checksums of its files. */
async function contentOf(path: string): Promise<Map<string, string>> {
  const zip = await new Promise<ZipFile>((resolve, reject) =>
    openZip(path, { lazyEntries: true }, (error, opened) => (error ? reject(error) : resolve(opened))),
  )
  const found = new Map<string, string>()
  return new Promise((resolve, reject) => {
    zip.on('error', reject)
    zip.on('end', () => resolve(found))
    zip.on('entry', (entry) => {
      if (entry.fileName.endsWith('/')) {
        found.set(entry.fileName, '')
        return zip.readEntry()
      }
      zip.openReadStream(entry, (error, stream) => {
        if (error) return reject(error)
        const chunks: Buffer[] = []
        stream.on('data', (chunk: Buffer) => chunks.push(chunk))
        stream.on('error', reject)
        stream.on('end', () => {
          found.set(entry.fileName, shaOf(Buffer.concat(chunks)))
          zip.readEntry()
        })
      })
    })
    zip.readEntry()
  })
}

const listOf = (all: Map<string, Buffer>, folders: string[]) =>
  new Map([
    ...[...all].map(([name, bytes]): [string, string] => [name, shaOf(bytes)]),
    ...folders.map((name): [string, string] => [name, '']),
  ])
const expected = listOf(files, ['Album/', 'Album/Disc 2/', 'Album/Nothing here/'])

it('has every file and folder, as other programs read it, and leaves nothing else there', async () => {
  const { client, next, ask, downloadsFolder } = await withAlbum('Many')
  const saved = reached({ next }, isSaved)
  await client.call('saves.add', ask)
  const [save] = (await saved).upserted
  expect(save).toMatchObject({ name: 'Album.zip', isZip: true, reason: null })
  expect(readdirSync(downloadsFolder)).toEqual(['Album.zip'])
  const path = join(downloadsFolder, 'Album.zip')
  const folders = ['Album/', 'Album/Disc 2/', 'Album/Many/', 'Album/Nothing here/']
  expect(await contentOf(path)).toEqual(listOf(new Map([...files, ...many]), folders))
  expect(execFileSync('7zz', ['t', path], { encoding: 'utf8' })).toMatch(/Everything is Ok/)
  // The name is taken now.
  expect(await client.call('saves.add', ask)).toMatchObject({
    saveIds: [],
    taken: [{ name: 'Album.zip', isFolder: false }],
  })
})

it('continues with the files that are not in it yet when the process that saves was killed', async () => {
  const { client, next, ask, killSaver, downloadsFolder } = await withAlbum()
  await client.call('settings.change', { saveLimitBytesPerSecond: 3_000_000 })
  const begun = reached({ next }, ({ doneFiles }) => doneFiles > 0)
  await client.call('saves.add', ask)
  await begun
  killSaver()
  const saved = reached({ next }, isSaved)
  await client.call('settings.change', { saveLimitBytesPerSecond: null })
  await saved
  expect(readdirSync(downloadsFolder)).toEqual(['Album.zip'])
  expect(await contentOf(join(downloadsFolder, 'Album.zip'))).toEqual(expected)
})

it('is paused and removed without a trace, and never finished with a file that was changed in it', async () => {
  const { client, next, ask, downloadsFolder } = await withAlbum()
  await client.call('settings.change', { saveLimitBytesPerSecond: 3_000_000 })
  const begun = reached({ next }, ({ doneFiles }) => doneFiles > 1)
  const { saveIds } = await client.call('saves.add', ask)
  await begun
  const paused = reached(
    { next },
    ({ status, speedBytesPerSecond }) => status === 'paused' && speedBytesPerSecond === null,
  )
  await client.call('saves.pause', { saveIds })
  await paused
  const part = readdirSync(downloadsFolder).find((name) => name.endsWith('-zip.putdesk-part')) ?? ''
  const bytes = readFileSync(join(downloadsFolder, part))
  writeFileSync(join(downloadsFolder, part), Buffer.alloc(bytes.length))
  await client.call('settings.change', { saveLimitBytesPerSecond: null })
  const failed = reached({ next }, ({ status }) => status === 'error')
  await client.call('saves.resume', { saveIds })
  const [save] = (await failed).upserted
  expect(save?.reason).toBe('The unfinished zip was changed by another program. Try again to begin anew.')
  const saved = reached({ next }, isSaved)
  await client.call('saves.resume', { saveIds })
  await saved
  expect(await contentOf(join(downloadsFolder, 'Album.zip'))).toEqual(expected)

  rmSync(join(downloadsFolder, 'Album.zip'))
  await client.call('settings.change', { saveLimitBytesPerSecond: 3_000_000 })
  const again = reached({ next }, ({ doneFiles }) => doneFiles > 0)
  const second = await client.call('saves.add', ask)
  await again
  await client.call('saves.remove', { saveIds: second.saveIds })
  expect(readdirSync(downloadsFolder)).toEqual([])
})

it('has an item once that was chosen beside the folder that it is in', async () => {
  const { client, next, ask, downloadsFolder } = await withAlbum()
  const [albumId = -1] = ask.itemIds
  const { ids } = await listItems(client, ask.accountId, albumId)
  const saved = reached({ next }, isSaved)
  await client.call('saves.add', { ...ask, itemIds: [...ids, albumId, albumId] })
  const [save] = (await saved).upserted
  expect(save?.sizeBytes).toBe([...files.values()].reduce((sum, { length }) => sum + length, 0))
  expect(await contentOf(join(downloadsFolder, save?.name ?? ''))).toEqual(expected)
})
