import { mkdirSync, readdirSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ProgressFile } from '../../electron/backend/saving/progress-file.ts'
import { SavePaths } from '../../electron/backend/saving/save-paths.ts'
import { StoredSave } from '../../electron/backend/saving/stored-save.ts'
import { type CloneDisk, mountCloneDisk } from '../support/clone-disk.ts'
import { has } from '../support/facilities.ts'
import { solidBytes } from '../support/solid-bytes.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

// Whether a volume can clone is tried in the folder of the person.

const bytes = solidBytes(1024 * 1024)
const longAgo = new Date('2001-01-01')

describe.runIf(has('btrfs', 'symbolic links'))('a trial of whether a volume can clone', () => {
  let disk: CloneDisk
  let target: string
  let lastTarget = 0
  beforeAll(() => {
    disk = mountCloneDisk()
    writeFileSync(join(disk.folder, 'original'), bytes)
  })
  afterAll(() => disk.stop())
  beforeEach(() => {
    lastTarget += 1
    target = join(disk.folder, `${lastTarget}`)
    mkdirSync(target)
  })

  /** Tries it for a file in a folder of the save. */
  async function canClone(): Promise<boolean> {
    const save = StoredSave.parse({
      ...{ id: 'a', accountId: 'a', itemId: 1, name: 'Films', folder: target, isFolder: true, sizeBytes: null },
      ...{ conflict: 'keep-both', state: 'active', reason: null, addedAtMs: 0 },
    })
    const progress = await ProgressFile.open(temporaryFolder('progress'), save.id)
    const file = { itemId: 2, name: 'film.mkv', folder: 'Films/New', sizeBytes: bytes.length, listed: null }
    const made = await new SavePaths(save, progress).canClone(join(disk.folder, 'original'), file)
    await progress.close()
    return made
  }

  it('leaves nothing in the folder', async () => {
    mkdirSync(join(target, 'Films/New'), { recursive: true })
    expect(await canClone()).toBe(true)
    expect(readdirSync(join(target, 'Films/New'))).toEqual([])
  })

  it.each([
    ['the folder', 'Films/New'],
    ['a folder above it', 'Films'],
  ])('makes nothing where a link in the place of %s leads', async (_what, linked) => {
    const elsewhere = join(disk.folder, `elsewhere ${lastTarget}`)
    const written = linked === 'Films' ? join(elsewhere, 'New') : elsewhere
    mkdirSync(written, { recursive: true })
    if (linked !== 'Films') mkdirSync(join(target, 'Films'))
    symlinkSync(elsewhere, join(target, linked))
    utimesSync(written, longAgo, longAgo)
    expect(await canClone()).toBe(false)
    // Not even for a moment.
    expect(statSync(written).mtime).toEqual(longAgo)
  })

  it('finds that it cannot where the folder is missing', async () => {
    expect(await canClone()).toBe(false)
  })
})
