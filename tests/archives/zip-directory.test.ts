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

/** Reads as a server with ranges does, and counts what it gave. */
function ranges(bytes: Buffer) {
  const seen = { bytes: 0, reads: 0 }
  const read = async (offset: number, length: number) => {
    const piece = bytes.subarray(offset, offset + length)
    seen.bytes += piece.length
    seen.reads++
    return piece
  }
  return { seen, look: () => readZipDirectory(read, bytes.length) }
}

describe('looking into a zip', () => {
  it.runIf(has('programs of Unix'))('lists what a program has packed', async () => {
    const source = makeTree(join(home, 'source'))
    run(source, 'zip', '-q', '-r', join(home, 'a.zip'), 'Ordner', 'read me.txt')
    expect(await ranges(readFileSync(join(home, 'a.zip'))).look()).toEqual({
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

  it('tells that a password is needed', async () => {
    const source = makeTree(join(home, 'locked'))
    run(source, '7zz', 'a', '-pgeheim', join(home, 'b.zip'), 'noise.bin')
    expect(await ranges(readFileSync(join(home, 'b.zip'))).look()).toMatchObject({
      entries: [{ name: 'noise.bin', sizeBytes: 300_000, isEncrypted: true }],
      needsPassword: true,
    })
  })

  it('reads at most 256 KiB of a zip of 5 GB, whose sizes need 64 bits', async () => {
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

  it('stays within 256 KiB when the directory is longer, and says what it does not know', async () => {
    const { seen, look } = ranges(zipOf(Array.from({ length: 20_000 }, (_, n) => ({ name: `file number ${n}.txt` }))))
    const directory = await look()
    expect(directory).toMatchObject({ entryCount: 20_000, unpackedBytes: null })
    expect(directory?.entries.length).toBeGreaterThan(1000)
    expect(seen.bytes).toBeLessThanOrEqual(256 * 1024)
  })

  it('finds the end behind a comment, also one that looks like an end', async () => {
    const comment = Buffer.concat([Buffer.from('504b0506', 'hex'), Buffer.alloc(60_000, 0x20)])
    const { look } = ranges(zipOf([{ name: 'a', bytes: Buffer.from('abc') }], { comment }))
    expect(await look()).toMatchObject({ entries: [{ name: 'a', sizeBytes: 3 }] })
  })

  it('reads names of the old code page', async () => {
    const { look } = ranges(zipOf([{ name: Buffer.from([0x81, 0x62, 0x65, 0x72]), flags: 0 }]))
    expect((await look())?.entries.map(({ name }) => name)).toEqual(['über'])
  })

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('a web page instead of a zip '.repeat(100))],
    ['an end record alone that promises files', zipOf([], { count: 7 })],
    ['a zip that is cut off', zipOf([{ name: 'a', bytes: Buffer.alloc(1000) }]).subarray(0, -30)],
    ['a zip without its beginning', zipOf([{ name: 'a', bytes: Buffer.alloc(1000) }]).subarray(900)],
  ])('answers null for what is no zip: %s', async (_what, bytes) => {
    expect(await ranges(bytes).look()).toBe(null)
  })

  it('never fails and never reads too much, whatever bytes are wrong', async () => {
    const whole = zipOf(Array.from({ length: 5 }, (_, n) => ({ name: `${n}.txt`, bytes: Buffer.alloc(n * 10) })))
    const changes = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(changes, async (wrong) => {
        const bytes = Buffer.from(whole)
        for (const [at, value] of wrong) bytes[at] = value
        const { seen, look } = ranges(bytes)
        const directory = await look()
        expect(seen.bytes).toBeLessThanOrEqual(256 * 1024)
        if (directory !== null) expect(directory.entries.length).toBeLessThanOrEqual(10_000)
      }),
      { numRuns: 2000 },
    )
  })
})

/** A zip with one stored file of zeros that takes no room on the disk. Source: PKWARE APPNOTE 6.3.10, 4.3.14 and 4.5.3. */
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
