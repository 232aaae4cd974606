import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createGate } from '../../engine/net/gate.ts'
import { saveFile } from '../../engine/save/save-file.ts'
import { type BadServer, giveFile, startBadServer } from '../support/bad-server.ts'
import { type CloneDisk, mountCloneDisk } from '../support/clone-disk.ts'
import { has } from '../support/facilities.ts'
import { solidBytes } from '../support/solid-bytes.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

const bytes = solidBytes(20 * 1024 * 1024 + 5)
let server: BadServer
let place: string
let lastPlace = 0
beforeAll(async () => {
  server = await startBadServer((request, wire) => giveFile(request, wire, { bytes, etag: '"v1"' }))
})
afterAll(() => server.stop())

const save = (folder: string, original: string) =>
  saveFile({
    link: server.url('/a'),
    root: folder,
    partPath: join(folder, '.a.part'),
    targetPath: join(folder, 'a.bin'),
    isReplacing: false,
    original,
    sizeBytes: bytes.length,
    gate: createGate({ allowHosts: ['127.0.0.1'] }),
    signal: new AbortController().signal,
    resume: null,
    bootId: 'this boot',
    sleep: async () => undefined,
  })

/** Saves into a folder, and returns how many requests that took. */
async function requestsFor(folder: string, original: string): Promise<number> {
  const before = server.requests.length
  expect(await save(folder, original)).toEqual({ sizeBytes: bytes.length, isProven: true })
  expect(readFileSync(join(folder, 'a.bin')).equals(bytes)).toBe(true)
  return server.requests.length - before
}

describe.runIf(has('btrfs'))('a file whose content is on a volume that can clone', () => {
  let disk: CloneDisk
  beforeAll(() => {
    disk = mountCloneDisk()
    writeFileSync(join(disk.folder, 'original'), bytes, { mode: 0o600 })
  })
  afterAll(() => disk.stop())
  beforeEach(() => {
    lastPlace += 1
    place = join(disk.folder, `${lastPlace}`)
    mkdirSync(place)
  })
  const original = () => join(disk.folder, 'original')

  it('is saved on that volume without a request or a second copy of its bytes', async () => {
    const before = disk.usedBytes()
    expect(await requestsFor(place, original())).toBe(0)
    expect(disk.usedBytes() - before).toBeLessThan(bytes.length / 10)
    expect(readdirSync(place)).toEqual(['a.bin'])
    expect(statSync(join(place, 'a.bin')).mode & 0o777).toBe(0o666 & ~process.umask())
  })

  it('shares nothing that a program changes later', async () => {
    await save(place, original())
    writeFileSync(join(place, 'a.bin'), 'changed')
    expect(readFileSync(original()).equals(bytes)).toBe(true)
  })

  it('is saved over what is left of an attempt without a record', async () => {
    writeFileSync(join(place, '.a.part'), 'left')
    expect(await requestsFor(place, original())).toBe(0)
    expect(readdirSync(place)).toEqual(['a.bin'])
  })

  it('is fetched when its content has another size', async () => {
    writeFileSync(join(place, 'other'), bytes.subarray(1))
    expect(await requestsFor(place, join(place, 'other'))).toBeGreaterThan(0)
  })

  it.each<[what: string, make: (path: string) => void]>([
    ['a link', (path) => symlinkSync(original(), path)],
    ['a folder', (path) => mkdirSync(path)],
    ['nothing', () => undefined],
  ])('is fetched when %s is in the place of its content', async (_what, make) => {
    make(join(place, 'odd'))
    expect(await requestsFor(place, join(place, 'odd'))).toBeGreaterThan(0)
  })

  it('fails as any other when a folder is in the place of its part file', async () => {
    mkdirSync(join(place, '.a.part'))
    await expect(save(place, original())).rejects.toMatchObject({ code: 'EISDIR' })
  })

  it('is fetched to another volume', async () => {
    expect(await requestsFor(temporaryFolder('elsewhere'), original())).toBeGreaterThan(0)
  })
})

it('is fetched where the volume cannot clone, or its content is not there', async () => {
  const folder = temporaryFolder('plain')
  const original = join(folder, 'original')
  expect(await requestsFor(folder, original)).toBeGreaterThan(0)
})
