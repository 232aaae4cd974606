import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { namesOf } from '../../shared/item-kinds.ts'
import type { Save, SaveId } from '../../shared/save.ts'
import { listItems, openBackend, type TestBackend } from '../support/backend.ts'
import { has } from '../support/facilities.ts'
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.ts'
import { solidBytes } from '../support/solid-bytes.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { file, startWeb, type Web } from '../support/web.ts'

// What happens to the folder that is saved in, and to its disk, while something is being saved (F4, F22).

const MiB = 1024 * 1024
const film = solidBytes(12 * MiB)
const song = solidBytes(MiB)
let web: Web
let backend: TestBackend
let accountId: string
const itemIds = new Map<string, number>()
const saves = new Map<SaveId, Save>()
const waiting = new Set<() => void>()

beforeAll(async () => {
  web = await startWeb()
  web.on('/film.mkv', file(film))
  web.on('/song.flac', file(song))
  backend = openBackend({ allowHosts: ['127.0.0.1'] })
  const { client } = backend
  client.on('saves.changed', ({ upserted, removed }) => {
    for (const save of upserted) saves.set(save.id, save)
    for (const id of removed) saves.delete(id)
    for (const look of waiting) look()
  })
  accountId = await client.call('accounts.addThisComputer', {})
  await client.call('transfers.add', {
    accountId,
    links: [web.url('/film.mkv'), web.url('/song.flac')],
    folderId: 0,
  })
  while (itemIds.size < 2) {
    const { ids, names } = await named()
    ids.forEach((id, at) => void itemIds.set(names[at] ?? '', id))
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await client.call('settings.change', { saveReserveBytes: 0 })
})
afterEach(async () => {
  const { client } = backend
  await client.call('saves.remove', { saveIds: [...saves.keys()] })
  await client.call('settings.change', { saveReserveBytes: 0, saveLimitBytesPerSecond: null })
})
afterAll(async () => {
  await backend.close()
  await web.stop()
})

async function named() {
  const columns = await listItems(backend.client, accountId, 0)
  return { ids: [...columns.ids], names: namesOf(columns) }
}

async function save(name: string, folder: string): Promise<SaveId> {
  backend.chosenFolders.push(folder)
  const added = await backend.client.call('saves.add', {
    accountId,
    itemIds: [itemIds.get(name) ?? -1],
    target: 'ask',
    conflict: null,
  })
  return added.saveIds[0] ?? ''
}

/** Resolves with a save once it meets a condition. */
function when(saveId: SaveId, isWanted: (save: Save) => boolean): Promise<Save> {
  return new Promise((resolve) => {
    const look = () => {
      const one = saves.get(saveId)
      if (one === undefined || !isWanted(one)) return
      waiting.delete(look)
      resolve(one)
    }
    waiting.add(look)
    look()
  })
}
const saved = (saveId: SaveId) => when(saveId, ({ status }) => status === 'saved')
/** Resolves when a save gives a reason that begins so. */
const reason = (saveId: SaveId, beginning: string) => when(saveId, (one) => one.reason?.startsWith(beginning) === true)

/** A save of the film that has begun and is slow. */
async function begun(folder: string): Promise<SaveId> {
  await backend.client.call('settings.change', { saveLimitBytesPerSecond: 4_000_000 })
  const saveId = await save('film.mkv', folder)
  await when(saveId, ({ savedBytes }) => savedBytes > MiB)
  return saveId
}
const hurry = () => backend.client.call('settings.change', { saveLimitBytesPerSecond: null })

describe('a folder to save in', () => {
  it('that is gone is waited for', async () => {
    const folder = temporaryFolder('places')
    const saveId = await begun(folder)
    renameSync(folder, `${folder}-away`)
    backend.killSaver()
    await reason(saveId, 'The folder to save in is gone. It continues when the folder is there again.')
    renameSync(`${folder}-away`, folder)
    await hurry()
    await saved(saveId)
    expect(readdirSync(folder)).toEqual(['film.mkv'])
    expect(readFileSync(join(folder, 'film.mkv')).equals(film)).toBe(true)
  })

  it.runIf(has('symbolic links'))('is not followed where a link is in its place', async () => {
    const [folder, elsewhere] = [temporaryFolder('places'), temporaryFolder('elsewhere')]
    const saveId = await begun(folder)
    renameSync(folder, `${folder}-away`)
    symlinkSync(elsewhere, folder)
    await hurry()
    await reason(saveId, `“${folder}” is no longer a folder: a link or a file is in its place.`)
    expect(readdirSync(elsewhere)).toEqual([])
    unlinkSync(folder)
    renameSync(`${folder}-away`, folder)
    await saved(saveId)
    expect(readFileSync(join(folder, 'film.mkv')).equals(film)).toBe(true)
  })

  it.runIf(has('symbolic links'))('may be reached by a link when it is chosen', async () => {
    const folder = temporaryFolder('places')
    const link = join(temporaryFolder('links'), 'link')
    symlinkSync(folder, link)
    await saved(await save('song.flac', link))
    expect(readdirSync(folder)).toEqual(['song.flac'])
  })
})

describe.runIf(has('tmpfs'))('a disk to save on', () => {
  let disk: SmallDisk
  beforeAll(() => {
    disk = mountSmallDisk(8)
  })
  afterAll(() => disk.stop())

  it('that is too small is named before anything is fetched, and others are saved in the meantime', async () => {
    const other = temporaryFolder('places')
    const saveId = await save('film.mkv', disk.folder)
    await reason(saveId, 'Too little space: it needs 13 MB, and 8.4 MB is free. It continues when there is space.')
    expect(readdirSync(disk.folder)).toEqual([])
    await saved(await save('song.flac', other))
    disk.resize(32)
    await saved(saveId)
    expect(readFileSync(join(disk.folder, 'film.mkv')).equals(film)).toBe(true)
    unlinkSync(join(disk.folder, 'film.mkv'))
  })

  it('keeps a reserve, but a small one no more than a tenth', async () => {
    await backend.client.call('settings.change', { saveReserveBytes: 1e9 })
    disk.resize(13)
    const saveId = await save('film.mkv', disk.folder)
    await reason(
      saveId,
      'Too little space: it needs 13 MB, and 14 MB is free, of which 1.4 MB stays free. It continues when there is space.',
    )
    await backend.client.call('settings.change', { saveReserveBytes: 0 })
    await saved(saveId)
    unlinkSync(join(disk.folder, 'film.mkv'))
  })

  it('that can have no more files or folders is waited for', async () => {
    const { client } = backend
    const { id } = await client.call('items.createFolder', { accountId, parentId: 0, name: 'Empty' })
    itemIds.set('Empty', id)
    disk.resize(32)
    writeFileSync(join(disk.folder, 'ballast'), '')
    disk.limitFiles(2)
    const song = await save('song.flac', disk.folder)
    const folder = await save('Empty', disk.folder)
    await reason(song, 'This computer’s disk is full.')
    await reason(folder, 'This computer’s disk is full.')
    expect(readdirSync(disk.folder)).toEqual(['ballast'])
    disk.limitFiles(1000)
    await Promise.all([saved(song), saved(folder)])
    expect(readdirSync(disk.folder).sort()).toEqual(['Empty', 'ballast', 'song.flac'])
    for (const name of readdirSync(disk.folder)) rmSync(join(disk.folder, name), { recursive: true })
  })

  it('that others fill is waited for, wherever that happens, and so is one that becomes read-only', async () => {
    disk.resize(32)
    const saveId = await begun(disk.folder)
    const ballast = join(disk.folder, 'ballast')
    fill(ballast)
    await reason(saveId, 'This computer’s disk is full: this file needs ')
    await backend.client.call('saves.pause', { saveIds: [saveId] })
    await when(saveId, ({ status }) => status === 'paused')
    rmSync(ballast)
    await makeReadOnly()
    await backend.client.call('saves.resume', { saveIds: [saveId] })
    await reason(saveId, 'The disk of this folder is read-only. It continues when the folder is there again.')
    disk.makeWritable()
    await hurry()
    await saved(saveId)
    expect(readFileSync(join(disk.folder, 'film.mkv')).equals(film)).toBe(true)
    unlinkSync(join(disk.folder, 'film.mkv'))
  })

  it('that is unmounted leaves an empty folder, in which nothing is saved', async () => {
    const folder = join(disk.folder, 'here')
    mkdirSync(folder)
    const mounted = temporaryFolder('mounted')
    execFileSync('mount', ['--bind', folder, mounted])
    const saveId = await begun(mounted)
    execFileSync('umount', ['-l', mounted])
    backend.killSaver()
    await reason(
      saveId,
      'The disk of the folder to save in is not there. To save in the folder that is in its place, pause and resume.',
    )
    expect(readdirSync(mounted)).toEqual([])
    execFileSync('mount', ['--bind', folder, mounted])
    await hurry()
    await saved(saveId)
    execFileSync('umount', [mounted])
    expect(readFileSync(join(folder, 'film.mkv')).equals(film)).toBe(true)
  })

  /** The disk can become read-only once no file on it is open for writing. */
  async function makeReadOnly(): Promise<void> {
    for (;;) {
      try {
        disk.makeReadOnly()
        return
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }
})

/** Writes a file until nothing more fits. */
function fill(path: string): void {
  const zeros = Buffer.alloc(64 * 1024)
  try {
    for (;;) appendFileSync(path, zeros)
  } catch {
    // Full, as intended.
  }
}
