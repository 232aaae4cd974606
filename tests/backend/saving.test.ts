import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { namesOf } from '../../shared/item-kinds.ts'
import type { Save } from '../../shared/save.ts'
import { zipOf } from '../support/archives.ts'
import { listItems, openBackend, type TestBackend, type TestBackendOptions } from '../support/backend.ts'
import { mountCloneDisk } from '../support/clone-disk.ts'
import { has } from '../support/facilities.ts'
import { seededRandom } from '../support/seed.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { file, startWeb, type Web } from '../support/web.ts'

// Saving on this computer, with the real local service and the real saver process.

const song = randomBytes(300_000)
let web: Web
const open: TestBackend[] = []
beforeAll(async () => {
  web = await startWeb()
  web.on('/song.flac', file(song))
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

/** A backend with one account on this computer that has these files, by link. */
async function withFiles(links: string[], options: TestBackendOptions = {}) {
  const backend = backendOf(options)
  const { client, next } = backend
  const accountId = await client.call('accounts.addThisComputer', {})
  const arrivals = links.map((_, index) => next('transfers.changed', ({ arrived }) => arrived.length > 0 && index >= 0))
  await client.call('transfers.add', { accountId, links, folderId: 0 })
  await arrivals[0]
  for (;;) {
    const items = await listItems(client, accountId, 0)
    if (items.ids.length === links.length) return { ...backend, accountId, items }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const ended = ({ next }: Pick<TestBackend, 'next'>, status: Save['status']) =>
  next('saves.changed', ({ upserted }) => upserted.some((save) => save.status === status))

/** The files and folders below a folder, with the bytes of the files. Folders end in a slash. */
function treeOf(folder: string): Record<string, string> {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry): [string, string] => {
    const path = join(entry.parentPath, entry.name)
    const name = relative(folder, path).replaceAll('\\', '/')
    return entry.isDirectory()
      ? [`${name}/`, '']
      : [name, createHash('sha256').update(readFileSync(path)).digest('hex')]
  })
  return Object.fromEntries(found.sort(([one], [other]) => (one < other ? -1 : 1)))
}
const shaOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

/** Resolves when so many saves are saved. */
function allEnded(next: TestBackend['next'], count: number): Promise<unknown> {
  const saved = new Set<string>()
  return next('saves.changed', ({ upserted }) => {
    for (const { id, status } of upserted) if (status === 'saved') saved.add(id)
    return saved.size >= count
  })
}

describe('a file saved on this computer', () => {
  it('has the same bytes, in the folder for downloads, and leaves nothing else there', async () => {
    const { client, next, accountId, items, downloadsFolder } = await withFiles([web.url('/song.flac')])
    const saved = ended({ next }, 'saved')
    const added = await client.call('saves.add', {
      accountId,
      itemIds: [...items.ids],
      target: 'last',
      conflict: null,
    })
    expect(added).toMatchObject({ folder: downloadsFolder, taken: [] })
    const [save] = (await saved).upserted
    expect(save).toMatchObject({ name: 'song.flac', sizeBytes: song.length, savedBytes: song.length, reason: null })
    expect(readdirSync(downloadsFolder)).toEqual(['song.flac'])
    expect(readFileSync(join(downloadsFolder, 'song.flac')).equals(song)).toBe(true)
  })

  it('is dragged out as a file once it is saved, and not after it was moved away', async () => {
    const { client, next, accountId, items, downloadsFolder, dragged } = await withFiles([web.url('/song.flac')])
    const saved = ended({ next }, 'saved')
    const ask = { accountId, itemIds: [...items.ids], target: 'last' as const, conflict: null }
    const { saveIds } = await client.call('saves.add', ask)
    await saved
    await client.call('saves.drag', { saveIds })
    expect(dragged).toEqual([[join(downloadsFolder, 'song.flac')]])
    rmSync(join(downloadsFolder, 'song.flac'))
    await expect(client.call('saves.drag', { saveIds })).rejects.toMatchObject({ code: 'refused' })
  })

  it.each([
    ['skip', ['song.flac'], 'mine'],
    ['keep-both', ['song (2).flac', 'song.flac'], 'mine'],
    ['replace', ['song.flac'], 'the song'],
  ] as const)('asks when the name is taken, and then does as told: %s', async (conflict, names, content) => {
    const { client, next, accountId, items, downloadsFolder } = await withFiles([web.url('/song.flac')])
    writeFileSync(join(downloadsFolder, 'song.flac'), 'mine')
    const ask = { accountId, itemIds: [...items.ids], target: 'last' as const }
    expect(await client.call('saves.add', { ...ask, conflict: null })).toEqual({
      folder: downloadsFolder,
      saveIds: [],
      taken: [{ name: 'song.flac', isFolder: false }],
    })
    const saved = ended({ next }, 'saved')
    const { saveIds } = await client.call('saves.add', { ...ask, conflict })
    if (saveIds.length > 0) await saved
    expect(readdirSync(downloadsFolder).sort()).toEqual([...names])
    const bytes = readFileSync(join(downloadsFolder, 'song.flac'))
    expect(bytes.equals(song) ? 'the song' : bytes.toString()).toBe(content)
  })

  it('goes to the folder that was chosen, and the next one too', async () => {
    const { client, next, accountId, items, downloadsFolder, chosenFolders, shown } = await withFiles([
      web.url('/song.flac'),
    ])
    const other = join(downloadsFolder, 'other')
    mkdirSync(other)
    chosenFolders.push(other)
    const ask = { accountId, itemIds: [...items.ids], conflict: 'keep-both' as const }
    const first = ended({ next }, 'saved')
    const { saveIds } = await client.call('saves.add', { ...ask, target: 'ask' })
    await first
    const second = next('saves.changed', ({ upserted }) =>
      upserted.some(({ name, status }) => name === 'song (2).flac' && status === 'saved'),
    )
    await client.call('saves.add', { ...ask, target: 'last' })
    await second
    expect(readdirSync(other).sort()).toEqual(['song (2).flac', 'song.flac'])
    await client.call('saves.show', { saveId: saveIds[0] ?? '' })
    expect(shown).toEqual([join(other, 'song.flac')])
    expect(await client.call('saves.add', { ...ask, target: 'ask' })).toMatchObject({ folder: null, saveIds: [] })
  })
})

it.runIf(has('btrfs'))(
  'a file of the local service is saved without being sent or stored twice, on a volume that can clone',
  async () => {
    const large = randomBytes(20 * 1024 * 1024)
    web.on('/large.bin', file(large))
    const disk = mountCloneDisk()
    const [dataFolder, downloadsFolder] = [join(disk.folder, 'data'), join(disk.folder, 'downloads')]
    try {
      for (const folder of [dataFolder, downloadsFolder]) mkdirSync(folder)
      const settings = { isDhtOn: false, hostsOnMyNetwork: ['127.0.0.1'] }
      writeFileSync(join(dataFolder, 'settings.json'), JSON.stringify({ settings }))
      const backend = await withFiles([web.url('/large.bin')], { dataFolder, downloadsFolder })
      const before = disk.usedBytes()
      const saved = ended(backend, 'saved')
      await backend.client.call('saves.add', {
        accountId: backend.accountId,
        itemIds: [...backend.items.ids],
        target: 'last',
        conflict: null,
      })
      await saved
      expect(readFileSync(join(downloadsFolder, 'large.bin')).equals(large)).toBe(true)
      expect(disk.usedBytes() - before).toBeLessThan(large.length / 4)
      // A private copy, to be opened or dragged, is a clone as well.
      const [itemId = 0] = backend.items.ids
      await backend.client.call('copies.open', { accountId: backend.accountId, itemId })
      expect(disk.usedBytes() - before).toBeLessThan(large.length / 4)
      // Even where a second copy would not fit.
      const { bavail, bsize } = statfsSync(disk.folder)
      writeFileSync(join(disk.folder, 'filler'), randomBytes(bavail * bsize - large.length / 2))
      expect(disk.usedBytes() - before).toBeGreaterThan(large.length)
      // What was seen of the folder before is used for a second.
      await wait(1100)
      const savedAgain = ended(backend, 'saved')
      await backend.client.call('saves.add', {
        accountId: backend.accountId,
        itemIds: [...backend.items.ids],
        target: 'last',
        conflict: 'keep-both',
      })
      await savedAgain
      expect(readFileSync(join(downloadsFolder, 'large (2).bin')).equals(large)).toBe(true)
      expect(backend.log.filter((line) => line.includes('/stream-file/'))).toEqual([])
      await open.pop()?.close()
    } finally {
      disk.stop()
    }
  },
)

describe('a folder saved on this computer', () => {
  it('keeps its tree, with empty folders, and with names that are legal on every system', async () => {
    const [one, two] = [randomBytes(5000), randomBytes(70_000)]
    web.on(
      '/Album.zip',
      file(
        zipOf([
          { name: 'Album/one.bin', bytes: one },
          { name: 'Album/Disc 2/two.bin', bytes: two },
          { name: 'Album/empty.txt', bytes: Buffer.alloc(0) },
        ]),
        { type: 'application/zip' },
      ),
    )
    const { client, next, accountId, items, downloadsFolder } = await withFiles([web.url('/Album.zip')])
    const [albumId = -1] = items.ids
    await client.call('items.createFolder', { accountId, parentId: albumId, name: 'Nothing here' })
    const saved = ended({ next }, 'saved')
    await client.call('saves.add', { accountId, itemIds: [albumId], target: 'last', conflict: null })
    const [save] = (await saved).upserted
    expect(treeOf(downloadsFolder)).toEqual({
      'Album/': '',
      'Album/Disc 2/': '',
      'Album/Disc 2/two.bin': shaOf(two),
      'Album/Nothing here/': '',
      'Album/empty.txt': shaOf(Buffer.alloc(0)),
      'Album/one.bin': shaOf(one),
    })
    expect(save).toMatchObject({ isFolder: true, sizeBytes: 75_000, totalFiles: null, status: 'saved' })
  })
})

describe('a folder whose name is taken', () => {
  const one = randomBytes(5000)
  beforeAll(() =>
    web.on(
      '/Tree.zip',
      file(
        zipOf([
          { name: 'Tree/one.bin', bytes: one },
          { name: 'Tree/two.bin', bytes: one },
        ]),
        { type: 'application/zip' },
      ),
    ),
  )
  const mine = shaOf(Buffer.from('mine'))

  it.each([
    ['skip', { 'Tree/': '', 'Tree/one.bin': mine, 'Tree/two.bin': shaOf(one) }],
    ['replace', { 'Tree/': '', 'Tree/one.bin': shaOf(one), 'Tree/two.bin': shaOf(one) }],
    [
      'keep-both',
      {
        'Tree (2)/': '',
        'Tree (2)/one.bin': shaOf(one),
        'Tree (2)/two.bin': shaOf(one),
        'Tree/': '',
        'Tree/one.bin': mine,
      },
    ],
  ] as const)('is merged into it, or gets another name: %s', async (conflict, tree) => {
    const { client, next, accountId, items, downloadsFolder } = await withFiles([web.url('/Tree.zip')])
    const ask = { accountId, itemIds: [...items.ids], target: 'last' as const, conflict: null }
    writeFileSync(join(downloadsFolder, 'Tree'), 'a file')
    expect((await client.call('saves.add', ask)).taken).toEqual([{ name: 'Tree', isFolder: false }])
    rmSync(join(downloadsFolder, 'Tree'))
    mkdirSync(join(downloadsFolder, 'Tree'))
    expect((await client.call('saves.add', ask)).taken).toEqual([{ name: 'Tree', isFolder: true }])
    writeFileSync(join(downloadsFolder, 'Tree', 'one.bin'), 'mine')
    const saved = ended({ next }, 'saved')
    await client.call('saves.add', { accountId, itemIds: [...items.ids], target: 'last', conflict })
    await saved
    expect(treeOf(downloadsFolder)).toEqual(tree)
  })

  it('replaces only what was there before, when two items have the same name on this computer', async () => {
    web.on('/a.bin', file(one))
    const { client, next, accountId, items, downloadsFolder } = await withFiles([web.url('/a.bin'), web.url('/a.bin')])
    writeFileSync(join(downloadsFolder, 'a.bin'), 'mine')
    const done = allEnded(next, 2)
    const ids = [...items.ids]
    // The service numbers equal names; the second one gets the name of the first, in another folder.
    const folder = await client.call('items.createFolder', { accountId, parentId: 0, name: 'Other' })
    await client.call('items.move', { accountId, itemIds: [ids[1] ?? 0], folderId: folder.id })
    await client.call('items.rename', { accountId, itemId: ids[1] ?? 0, name: 'a.bin' })
    await client.call('saves.add', { accountId, itemIds: ids, target: 'last', conflict: 'replace' })
    await done
    expect(treeOf(downloadsFolder)).toEqual({ 'a (2).bin': shaOf(one), 'a.bin': shaOf(one) })
  })

  it.runIf(has('symbolic links'))('is not saved where a link of that name leads', async () => {
    const { client, next, accountId, items, downloadsFolder } = await withFiles([web.url('/Tree.zip')])
    const elsewhere = temporaryFolder('elsewhere')
    symlinkSync(elsewhere, join(downloadsFolder, 'Tree'))
    const saved = ended({ next }, 'saved')
    await client.call('saves.add', { accountId, itemIds: [...items.ids], target: 'last', conflict: 'replace' })
    await saved
    expect(readdirSync(join(downloadsFolder, 'Tree (2)')).sort()).toEqual(['one.bin', 'two.bin'])
    expect(readdirSync(elsewhere)).toEqual([])
  })

  it.each([
    ['replace', { 'Tree (2)/': '', 'Tree (2)/one.bin': shaOf(one), 'Tree (2)/two.bin': shaOf(one), Tree: mine }],
    ['skip', { Tree: mine }],
  ] as const)('leaves a file of its name alone: %s', async (conflict, tree) => {
    const { client, next, accountId, items, downloadsFolder } = await withFiles([web.url('/Tree.zip')])
    writeFileSync(join(downloadsFolder, 'Tree'), 'mine')
    const saved = conflict === 'skip' ? null : ended({ next }, 'saved')
    await client.call('saves.add', { accountId, itemIds: [...items.ids], target: 'last', conflict })
    await saved
    expect(treeOf(downloadsFolder)).toEqual(tree)
  })

  it('and its files never take the place of folders', async () => {
    web.on('/a.bin', file(one))
    const { client, next, accountId, items, downloadsFolder } = await withFiles([
      web.url('/a.bin'),
      web.url('/Tree.zip'),
    ])
    mkdirSync(join(downloadsFolder, 'a.bin', 'mine'), { recursive: true })
    mkdirSync(join(downloadsFolder, 'Tree', 'one.bin'), { recursive: true })
    const done = allEnded(next, 2)
    await client.call('saves.add', { accountId, itemIds: [...items.ids], target: 'last', conflict: 'replace' })
    await done
    expect(treeOf(downloadsFolder)).toEqual({
      'Tree/': '',
      'Tree/one (2).bin': shaOf(one),
      'Tree/one.bin/': '',
      'Tree/two.bin': shaOf(one),
      'a (2).bin': shaOf(one),
      'a.bin/': '',
      'a.bin/mine/': '',
    })
  })
})

describe('a large save', () => {
  const large = randomBytes(24 * 1024 * 1024)
  beforeAll(() => web.on('/large.bin', file(large)))

  async function started() {
    const files = await withFiles([web.url('/large.bin')])
    const { client, next, accountId, items } = files
    await client.call('settings.change', { saveLimitBytesPerSecond: 8_000_000 })
    const moving = next('saves.changed', ({ upserted }) => upserted.some(({ savedBytes }) => savedBytes > 4_000_000))
    const { saveIds } = await client.call('saves.add', {
      accountId,
      itemIds: [...items.ids],
      target: 'last',
      conflict: null,
    })
    await moving
    return { ...files, saveId: saveIds[0] ?? '' }
  }

  it('continues after the process that saves was killed', async () => {
    const { client, next, killSaver, downloadsFolder } = await started()
    const saved = ended({ next }, 'saved')
    killSaver()
    await client.call('settings.change', { saveLimitBytesPerSecond: null })
    await saved
    expect(treeOf(downloadsFolder)).toEqual({ 'large.bin': shaOf(large) })
  })

  it('ends with the same bytes, and falls back by 4 MiB at most, when the process that saves is killed six times', async () => {
    const { client, next, killSaver, downloadsFolder } = await started()
    const random = seededRandom()
    const saved = ended({ next }, 'saved')
    let furthest = 0
    let fallback = 0
    void next('saves.changed', ({ upserted }) => {
      for (const { savedBytes } of upserted) {
        fallback = Math.max(fallback, furthest - savedBytes)
        furthest = Math.max(furthest, savedBytes)
      }
      return false
    })
    for (let kill = 0; kill < 6; kill += 1) {
      await new Promise((resolve) => setTimeout(resolve, random() * 700))
      killSaver()
    }
    await client.call('settings.change', { saveLimitBytesPerSecond: null })
    await saved
    expect(treeOf(downloadsFolder)).toEqual({ 'large.bin': shaOf(large) })
    expect(fallback).toBeLessThanOrEqual(4 * 1024 * 1024)
  })

  it('continues after the local service was killed and came back at another address', async () => {
    const { client, next, killService, downloadsFolder } = await started()
    const saved = ended({ next }, 'saved')
    killService()
    await client.call('settings.change', { saveLimitBytesPerSecond: null })
    await saved
    expect(treeOf(downloadsFolder)).toEqual({ 'large.bin': shaOf(large) })
  })

  it('stops when it is paused, and continues from there', async () => {
    const { client, next, saveId, downloadsFolder } = await started()
    const paused = ended({ next }, 'paused')
    await client.call('saves.pause', { saveIds: [saveId] })
    await paused
    expect(readdirSync(downloadsFolder).every((name) => name.startsWith('.'))).toBe(true)
    const saved = ended({ next }, 'saved')
    await client.call('settings.change', { saveLimitBytesPerSecond: null })
    await client.call('saves.resume', { saveIds: [saveId] })
    await saved
    expect(treeOf(downloadsFolder)).toEqual({ 'large.bin': shaOf(large) })
  })

  it('is saved once when it is paused and resumed several times at once', async () => {
    const { client, next, saveId, downloadsFolder } = await started()
    const saved = ended({ next }, 'saved')
    const saveIds = [saveId]
    for (let round = 0; round < 3; round += 1) {
      await client.call('saves.pause', { saveIds })
      await Promise.all([client.call('saves.resume', { saveIds }), client.call('saves.resume', { saveIds })])
    }
    await client.call('settings.change', { saveLimitBytesPerSecond: null })
    await saved
    expect(treeOf(downloadsFolder)).toEqual({ 'large.bin': shaOf(large) })
  })

  it('is not held up by its limit for what was there before', async () => {
    const { client, next, saveId } = await started()
    await client.call('saves.pause', { saveIds: [saveId] })
    await client.call('settings.change', { saveLimitBytesPerSecond: 500_000 })
    const before = await new Promise<number>((resolve) => {
      void next('saves.changed', ({ upserted }) => {
        const [save] = upserted
        if (save?.status === 'saving') resolve(save.savedBytes)
        return false
      })
      void client.call('saves.resume', { saveIds: [saveId] })
    })
    // More than four megabytes are there: at this limit they would cost eight seconds.
    const startedAtMs = performance.now()
    await next('saves.changed', ({ upserted }) => upserted.some(({ savedBytes }) => savedBytes > before))
    expect(performance.now() - startedAtMs).toBeLessThan(6000)
    await client.call('saves.remove', { saveIds: [saveId] })
  })

  it('leaves nothing when it is removed', async () => {
    const { client, next, saveId, downloadsFolder } = await started()
    const removed = next('saves.changed', (change) => change.removed.includes(saveId))
    await client.call('saves.remove', { saveIds: [saveId] })
    await removed
    expect(readdirSync(downloadsFolder)).toEqual([])
  })

  it('continues after a restart of the app', async () => {
    const { backend, dataFolder, downloadsFolder } = await started()
    await backend.close()
    open.splice(0)
    const again = backendOf({ dataFolder, downloadsFolder })
    const saved = ended(again, 'saved')
    await again.client.call('sync', {})
    await again.client.call('settings.change', { saveLimitBytesPerSecond: null })
    await saved
    expect(treeOf(downloadsFolder)).toEqual({ 'large.bin': shaOf(large) })
  })
})

describe('the list of saves', () => {
  it('has the order that the person gave it, also after a restart, and shows the sum on the icon of the app', async () => {
    const names = ['a.bin', 'b.bin', 'c.bin']
    for (const name of names) web.on(`/${name}`, file(song))
    const { backend, client, next, accountId, items, dataFolder, downloadsFolder, shares } = await withFiles(
      names.map((name) => web.url(`/${name}`)),
    )
    await client.call('settings.change', { saveLimitBytesPerSecond: 10_000 })
    const named = new Map(namesOf(items).map((name, at) => [name, items.ids[at] ?? -1]))
    const saveIds: string[] = []
    for (const name of names) {
      const itemIds = [named.get(name) ?? -1]
      saveIds.push(...(await client.call('saves.add', { accountId, itemIds, target: 'last', conflict: null })).saveIds)
    }
    await next('saves.changed', ({ upserted }) => upserted.some(({ savedBytes }) => savedBytes > 0))
    const order = (of: Pick<TestBackend, 'next'>) =>
      of.next('saves.changed', ({ isReset }) => isReset).then(({ upserted }) => upserted.map(({ name }) => name))
    const moved = order({ next })
    await client.call('saves.move', { saveIds: saveIds.slice(2), to: 'first' })
    expect(await moved).toEqual(['c.bin', 'a.bin', 'b.bin'])
    expect(shares.some((share) => share !== null && share < 1)).toBe(true)
    await backend.close()
    open.splice(0)
    const again = backendOf({ dataFolder, downloadsFolder })
    const done = allEnded(again.next, 3)
    const restored = order(again)
    await again.client.call('sync', {})
    expect(await restored).toEqual(['c.bin', 'a.bin', 'b.bin'])
    await again.client.call('settings.change', { saveLimitBytesPerSecond: null })
    await done
    expect(readdirSync(downloadsFolder).sort()).toEqual(names)
  })
})
