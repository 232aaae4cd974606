import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { claimOf, moveIntoPlace, NameTaken } from '../../engine/disk/move-into-place.ts'
import { FolderReplaced } from '../../engine/disk/plain-folder.ts'
import { createGate } from '../../engine/net/gate.ts'
import { type SaveOptions, saveFile } from '../../engine/save/save-file.ts'
import { type BadServer, giveFile, startBadServer } from '../support/bad-server.ts'
import { has } from '../support/facilities.ts'
import { solidBytes } from '../support/solid-bytes.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

const bytes = solidBytes(3 * 1024 * 1024 + 5)
const small = bytes.subarray(0, 3000)
let server: BadServer
let folder: string
beforeAll(async () => {
  server = await startBadServer((request, wire) =>
    giveFile(request, wire, { bytes: request.path === '/small' ? small : bytes, etag: '"v1"' }),
  )
})
afterAll(() => server.stop())
beforeEach(() => {
  folder = temporaryFolder('save')
})

const save = (more: Partial<SaveOptions> = {}) =>
  saveFile({
    link: server.url('/a'),
    root: folder,
    partPath: join(folder, '.a.part'),
    targetPath: join(folder, 'a.bin'),
    isReplacing: false,
    sizeBytes: bytes.length,
    gate: createGate({ allowHosts: ['127.0.0.1'] }),
    signal: new AbortController().signal,
    resume: null,
    original: null,
    bootId: 'this boot',
    sleep: async () => undefined,
    ...more,
  })

describe('a saved file', () => {
  it('is there under its name alone, with the permissions of new files', async () => {
    expect(await save()).toEqual({ sizeBytes: bytes.length, isProven: true })
    expect(readdirSync(folder)).toEqual(['a.bin'])
    expect(readFileSync(join(folder, 'a.bin')).equals(bytes)).toBe(true)
    if (has('permissions of Unix')) {
      const umask = process.umask()
      expect(statSync(join(folder, 'a.bin')).mode & 0o777).toBe(0o666 & ~umask)
    }
  })

  it.runIf(process.platform === 'linux')(
    'is marked with the server that it came from, but not with the link',
    async () => {
      // There is no build of it for Windows.
      const { getAttribute } = await import('@napi-rs/xattr')
      await save()
      const mark = await getAttribute(join(folder, 'a.bin'), 'user.xdg.origin.url')
      expect(mark?.toString()).toBe(server.url('/'))
    },
  )

  it('never replaces another file, whose name it finds taken at the end, and can be finished under another name', async () => {
    const target = join(folder, 'a.bin')
    const late = save({ onBytes: () => writeFileSync(target, 'mine') })
    await expect(late).rejects.toThrow('Another file has this name now.')
    expect(readFileSync(target, 'utf8')).toBe('mine')
    await save({ targetPath: join(folder, 'b.bin') })
    expect(readFileSync(join(folder, 'b.bin')).equals(bytes)).toBe(true)
  })

  it('replaces a file where the person said so', async () => {
    writeFileSync(join(folder, 'a.bin'), 'mine')
    await save({ isReplacing: true })
    expect(readFileSync(join(folder, 'a.bin')).equals(bytes)).toBe(true)
  })

  it('is refused when the service sends another size than it lists', async () => {
    await expect(save({ sizeBytes: 5 })).rejects.toThrow(/instead of the 5 bytes that it lists/)
    expect(readdirSync(folder)).not.toContain('a.bin')
  })

  it('is held back only after what arrived is in the part file', async () => {
    const inFile: boolean[] = []
    await save({
      pace: {
        maxGatheredBytes: () => 64 * 1024,
        onStored: async (_bytes, length) => {
          const part = readFileSync(join(folder, '.a.part'))
          inFile.push(part.length === length && part.equals(bytes.subarray(0, length)))
          await new Promise((resolve) => setTimeout(resolve, 1))
        },
      },
    })
    expect(inFile.length).toBeGreaterThan(4)
    expect(inFile).not.toContain(false)
  })

  it.runIf(has('symbolic links')).each([
    ['a small file', '/small', small.length],
    ['a large file', '/a', bytes.length],
  ])(
    'is not saved where a link leads that took the place of its folder meanwhile: %s',
    async (_what, path, sizeBytes) => {
      const [folderOfIt, outside] = [join(folder, 'sub'), temporaryFolder('outside')]
      mkdirSync(folderOfIt)
      const replaced = () => {
        if (lstatSync(folderOfIt).isSymbolicLink()) return
        renameSync(folderOfIt, join(folder, 'old'))
        symlinkSync(outside, folderOfIt)
      }
      const [partPath, targetPath] = [join(folderOfIt, '.a.part'), join(folderOfIt, 'a.bin')]
      const saving = save({
        link: server.url(path),
        partPath,
        targetPath,
        sizeBytes,
        beforeMove: async () => replaced(),
      })
      await expect(saving).rejects.toThrow(FolderReplaced)
      expect(readdirSync(outside)).toEqual([])
    },
  )

  it('fails with the reason when its folder is gone', async () => {
    await rm(folder, { recursive: true })
    await expect(save()).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('a finished part file', () => {
  it('gets its name when Putdesk ended between the new name and the removal of the old one', async () => {
    const [part, target] = [join(folder, 'part'), join(folder, 'target')]
    writeFileSync(part, 'whole')
    linkSync(part, target)
    await moveIntoPlace(part, target)
    expect([readdirSync(folder), readFileSync(target, 'utf8')]).toEqual([['target'], 'whole'])
  })
  it('replaces the empty file with which it took the name before Putdesk ended, on a disk without hard links', async () => {
    const [part, target] = [join(folder, 'part'), join(folder, 'target')]
    writeFileSync(part, 'whole')
    writeFileSync(claimOf(part), 'target')
    writeFileSync(target, '')
    await moveIntoPlace(part, target)
    expect([readdirSync(folder), readFileSync(target, 'utf8')]).toEqual([['target'], 'whole'])
  })

  it.each([
    ['an empty file of someone else', 'other', ''],
    ['a file that is not empty', 'target', 'mine'],
  ])('never replaces %s', async (_what, claimed, content) => {
    const [part, target] = [join(folder, 'part'), join(folder, 'target')]
    writeFileSync(part, 'whole')
    writeFileSync(claimOf(part), claimed)
    writeFileSync(target, content)
    await expect(moveIntoPlace(part, target)).rejects.toThrow(NameTaken)
    expect([readFileSync(part, 'utf8'), readFileSync(target, 'utf8')]).toEqual(['whole', content])
  })
})
