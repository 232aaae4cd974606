import { closeSync, ftruncateSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { readZipDirectory } from '../../server/archive/zip-directory.ts'
import { makeTree, run, zipOf } from '../support/archives.ts'
import { has } from '../support/facilities.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

let home = ''
beforeAll(() => {
  home = temporaryFolder('zips')
})

/** Reads as from a server with ranges, and counts what was read. */
function ranges(bytes: Buffer) {
  const seen = { bytes: 0, reads: 0 }
  const read = async (offset: number, length: number) => {
    const piece = bytes.subarray(offset, offset + length)
    seen.bytes += piece.length
    seen.reads++
    return piece
  }
  return { seen, readDirectory: () => readZipDirectory(read, bytes.length) }
}

describe('readZipDirectory', () => {
  it.runIf(has('programs of Unix'))('lists what the zip program packed', async () => {
    const source = makeTree(join(home, 'source'))
    run(source, 'zip', '-q', '-r', join(home, 'a.zip'), 'Ordner', 'read me.txt')
    expect(await ranges(readFileSync(join(home, 'a.zip'))).readDirectory()).toEqual({
      entries: expect.arrayContaining([
        { name: 'Ordner/', sizeBytes: 0, isEncrypted: false },
        { name: 'Ordner/tief/äöü/日本語.txt', sizeBytes: 15, isEncrypted: false },
        { name: 'read me.txt', sizeBytes: 120_000, isEncrypted: false },
      ]),
      entryCount: 6,
      unpackedBytes: 120_015,
      needsPassword: false,
    })
  })

  it('reports that a password is needed', async () => {
    const source = makeTree(join(home, 'locked'))
    run(source, '7zz', 'a', '-pgeheim', join(home, 'b.zip'), 'noise.bin')
    expect(await ranges(readFileSync(join(home, 'b.zip'))).readDirectory()).toMatchObject({
      entries: [{ name: 'noise.bin', sizeBytes: 300_000, isEncrypted: true }],
      needsPassword: true,
    })
  })

  it('reads at most 256 KiB of a 5 GiB zip with 64-bit sizes', async () => {
    const path = join(home, 'large.zip')
    const zip = sparseZip64(path, 5 * 2 ** 30)
    let bytes = 0
    const read = async (offset: number, length: number) => {
      const piece = Buffer.alloc(length)
      const count = readSync(zip.fd, piece, 0, length, offset)
      bytes += count
      return piece.subarray(0, count)
    }
    const directory = await readZipDirectory(read, zip.sizeBytes)
    closeSync(zip.fd)
    expect(directory).toEqual({
      entries: [{ name: 'film.mkv', sizeBytes: 5 * 2 ** 30, isEncrypted: false }],
      entryCount: 1,
      unpackedBytes: 5 * 2 ** 30,
      needsPassword: false,
    })
    expect(bytes).toBeLessThanOrEqual(256 * 1024)
  })

  it('reads at most 256 KiB of a longer directory, and reports the total size as unknown', async () => {
    const { seen, readDirectory } = ranges(
      zipOf(Array.from({ length: 20_000 }, (_, n) => ({ name: `file number ${n}.txt` }))),
    )
    const directory = await readDirectory()
    expect(directory).toMatchObject({ entryCount: 20_000, unpackedBytes: null })
    expect(directory?.entries.length).toBeGreaterThan(1000)
    expect(seen.bytes).toBeLessThanOrEqual(256 * 1024)
  })

  it('finds the end record before a comment, even one that looks like an end record', async () => {
    const comment = Buffer.concat([Buffer.from('504b0506', 'hex'), Buffer.alloc(60_000, 0x20)])
    const { readDirectory } = ranges(zipOf([{ name: 'a', bytes: Buffer.from('abc') }], { comment }))
    expect(await readDirectory()).toMatchObject({ entries: [{ name: 'a', sizeBytes: 3 }] })
  })

  it('decodes names in the old code page', async () => {
    const { readDirectory } = ranges(zipOf([{ name: Buffer.from([0x81, 0x62, 0x65, 0x72]), flags: 0 }]))
    expect((await readDirectory())?.entries.map(({ name }) => name)).toEqual(['über'])
  })

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('a web page instead of a zip '.repeat(100))],
    ['a lone end record that announces files', zipOf([], { count: 7 })],
    ['a truncated zip', zipOf([{ name: 'a', bytes: Buffer.alloc(1000) }]).subarray(0, -30)],
    ['a zip without its beginning', zipOf([{ name: 'a', bytes: Buffer.alloc(1000) }]).subarray(900)],
  ])('returns null for what is not a zip: %s', async (_what, bytes) => {
    expect(await ranges(bytes).readDirectory()).toBe(null)
  })

  it('never throws or reads too much, whichever bytes are wrong', async () => {
    const whole = zipOf(Array.from({ length: 5 }, (_, n) => ({ name: `${n}.txt`, bytes: Buffer.alloc(n * 10) })))
    const changes = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(changes, async (wrong) => {
        const bytes = Buffer.from(whole)
        for (const [at, value] of wrong) bytes[at] = value
        const { seen, readDirectory } = ranges(bytes)
        const directory = await readDirectory()
        expect(seen.bytes).toBeLessThanOrEqual(256 * 1024)
        if (directory !== null) expect(directory.entries.length).toBeLessThanOrEqual(10_000)
      }),
      { numRuns: 2000 },
    )
  })
})

/** A zip with one stored file of zeros that takes no disk space. Source: PKWARE APPNOTE 6.3.10, 4.3.14 and 4.5.3. */
function sparseZip64(path: string, dataBytes: number): { fd: number; sizeBytes: number } {
  writeFileSync(path, '')
  const fd = openSync(path, 'r+')
  const name = Buffer.from('film.mkv')
  const directoryAt = 30 + name.length + dataBytes
  const line = Buffer.alloc(46)
  line.writeUInt32LE(0x02014b50, 0)
  line.writeUInt32LE(0xffffffff, 20)
  line.writeUInt32LE(0xffffffff, 24)
  line.writeUInt16LE(name.length, 28)
  line.writeUInt16LE(20, 30)
  const extra = Buffer.alloc(20)
  extra.writeUInt16LE(1, 0)
  extra.writeUInt16LE(16, 2)
  extra.writeBigUInt64LE(BigInt(dataBytes), 4)
  extra.writeBigUInt64LE(BigInt(dataBytes), 12)
  const directory = Buffer.concat([line, name, extra])
  const end64 = Buffer.alloc(56)
  end64.writeUInt32LE(0x06064b50, 0)
  end64.writeBigUInt64LE(1n, 32)
  end64.writeBigUInt64LE(BigInt(directory.length), 40)
  end64.writeBigUInt64LE(BigInt(directoryAt), 48)
  const locator = Buffer.alloc(20)
  locator.writeUInt32LE(0x07064b50, 0)
  locator.writeBigUInt64LE(BigInt(directoryAt + directory.length), 8)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.fill(0xff, 8, 20)
  const tail = Buffer.concat([directory, end64, locator, end])
  ftruncateSync(fd, directoryAt)
  writeSync(fd, tail, 0, tail.length, directoryAt)
  return { fd, sizeBytes: directoryAt + tail.length }
}
