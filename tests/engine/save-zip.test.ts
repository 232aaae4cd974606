import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createGate } from '../../engine/net/gate.ts'
import { finishZip, type SaveMemberOptions, saveMember } from '../../engine/save/save-zip.ts'
import { type BadServer, giveFile, startBadServer } from '../support/bad-server.ts'
import { has } from '../support/facilities.ts'
import { solidBytes } from '../support/solid-bytes.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

const bytes = solidBytes(100_000)
let server: BadServer
let root: string
beforeAll(async () => {
  server = await startBadServer((request, wire) => giveFile(request, wire, { bytes, etag: '"v1"' }))
})
afterAll(() => server.stop())
beforeEach(() => {
  root = temporaryFolder('save-zip')
})

const saveOne = (more: Partial<SaveMemberOptions> = {}) =>
  saveMember({
    link: server.url('/a'),
    root,
    partPath: join(root, '.a.part'),
    zipPath: join(root, '.zip.part'),
    at: 50,
    sizeBytes: bytes.length,
    gate: createGate({ allowHosts: ['127.0.0.1'] }),
    signal: new AbortController().signal,
    resume: null,
    bootId: 'this boot',
    sleep: async () => undefined,
    ...more,
  })

it('keeps the part file of a file until it is noted that it is in the zip', async () => {
  const interrupted = new Error('It ends here.')
  const beforeRemoval = (crc: number) => {
    expect(crc).toBe(crc32(bytes))
    expect(readFileSync(join(root, '.zip.part')).subarray(50).equals(bytes)).toBe(true)
    throw interrupted
  }
  await expect(saveOne({ beforeRemoval: async (crc) => beforeRemoval(crc) })).rejects.toBe(interrupted)
  expect(readFileSync(join(root, '.a.part')).equals(bytes)).toBe(true)
  expect(await saveOne()).toBe(crc32(bytes))
  expect(readdirSync(root)).toEqual(['.zip.part'])
})

it('refuses a file of another size before it is fetched', async () => {
  await expect(saveOne({ sizeBytes: bytes.length - 1 })).rejects.toThrow('The service sends another size than it lists')
  expect(existsSync(join(root, '.zip.part'))).toBe(false)
  expect(existsSync(join(root, '.a.part')) ? readFileSync(join(root, '.a.part')).length : 0).toBe(0)
})

it.runIf(has('programs of Unix', 'symbolic links'))(
  'never writes to what is in the place of the part file of a zip',
  async () => {
    const victim = join(root, 'victim')
    writeFileSync(victim, 'precious')
    const [link, pipe] = [join(root, 'link'), join(root, 'pipe')]
    symlinkSync(victim, link)
    execFileSync('mkfifo', [pipe])
    for (const zipPath of [link, pipe])
      await expect(
        finishZip({
          root,
          zipPath,
          targetPath: join(root, 'a.zip'),
          isReplacing: false,
          members: [{ name: 'a/', modifiedAt: new Date(0), file: null }],
          crcs: [0],
          origin: 'about:client',
          signal: new AbortController().signal,
        }),
      ).rejects.toMatchObject({ name: 'ZipChanged' })
    expect(readFileSync(victim, 'utf8')).toBe('precious')
  },
)
