import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { type Entry, fromBuffer, open, type ZipFile } from 'yauzl'
import {
  contentOffsets,
  wholeZipBytes,
  writeZip,
  type ZipEntry,
  zipBytes,
  zipRecords,
} from '../../engine/zip/zip-writer.ts'
import { expectLinear } from '../support/growth.ts'
import { seededRandom } from '../support/seed.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

const GiB = 2 ** 30
const modifiedAt = new Date('2026-03-29T12:34:57Z')
const fileOf = (name: string, bytes: Buffer): ZipEntry => ({
  name,
  modifiedAt,
  file: {
    sizeBytes: bytes.length,
    read: async function* () {
      yield bytes
    },
  },
})
const folderOf = (name: string): ZipEntry => ({ name, modifiedAt, file: null })

async function written(entries: readonly ZipEntry[]): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of writeZip(entries)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The zip that is written around its contents. */
function inPieces(entries: readonly ZipEntry[], contentOf: (place: number) => Buffer): Buffer {
  const zip = Buffer.alloc(wholeZipBytes(entries))
  for (const { at, bytes } of zipRecords(entries, (place) => crc32(contentOf(place)))) bytes.copy(zip, at)
  for (const [place, at] of contentOffsets(entries).entries()) contentOf(place).copy(zip, at)
  return zip
}

const opened = (zip: Buffer) =>
  new Promise<ZipFile>((resolve, reject) =>
    fromBuffer(zip, { lazyEntries: true }, (error, file) => (error ? reject(error) : resolve(file))),
  )

/** Reads all entries and their contents, which checks lengths and checksums. */
async function read(file: ZipFile): Promise<[name: string, bytes: string, modifiedAt: Date][]> {
  const found: [string, string, Date][] = []
  for await (const entry of entriesOf(file)) {
    const stream = await new Promise<NodeJS.ReadableStream>((resolve, reject) =>
      file.openReadStream(entry, (error, content) => (error ? reject(error) : resolve(content))),
    )
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(Buffer.from(chunk))
    found.push([entry.fileName, Buffer.concat(chunks).toString('latin1'), entry.getLastModDate()])
  }
  return found
}

async function* entriesOf(file: ZipFile): AsyncGenerator<Entry> {
  for (;;) {
    const next = new Promise<Entry | null>((resolve, reject) => {
      file.removeAllListeners().once('entry', resolve).once('error', reject)
      file.once('end', () => resolve(null))
    })
    file.readEntry()
    const entry = await next
    if (entry === null) return
    yield entry
  }
}

describe('a zip', () => {
  it('has the announced length, and what other programs read from it is what was put in, for 100 generated lists', async () => {
    const random = seededRandom()
    for (let round = 0; round < 100; round++) {
      const entries: ZipEntry[] = []
      const expected: [string, Buffer][] = []
      const count = Math.floor(random() * 12)
      for (let index = 0; index < count; index++) {
        const name = `${index} ${['plain', 'Zoë ☃', '片', 'ü'.repeat(1 + Math.floor(random() * 200))][Math.floor(random() * 4)]}`
        const isFolder = random() < 0.3
        const bytes = isFolder ? Buffer.alloc(0) : randomBytes(Math.floor(random() ** 4 * 200_000))
        entries.push(isFolder ? folderOf(`${name}/`) : fileOf(name, bytes))
        expected.push([isFolder ? `${name}/` : name, bytes])
      }
      const zip = await written(entries)
      const found = await read(await opened(zip))
      expect([zip.length, found]).toEqual([
        zipBytes(entries),
        expected.map(([name, bytes]) => [name, bytes.toString('latin1'), modifiedAt]),
      ])
      // Written in pieces, it holds the same.
      const pieces = inPieces(entries, (place) => expected[place]?.[1] ?? Buffer.of())
      expect(await read(await opened(pieces))).toEqual(found)
    }
  })

  it('that is written around its contents has their checksums and sizes before them, for programs that read a stream', () => {
    const bytes = randomBytes(100)
    const zip = inPieces([fileOf('a', bytes)], () => bytes)
    // No descriptor follows.
    expect(zip.readUInt16LE(6) & 8).toBe(0)
    expect([zip.readUInt32LE(14), zip.readUInt32LE(18), zip.readUInt32LE(22)]).toEqual([crc32(bytes), 100, 100])

    const member = { name: 'large', modifiedAt, file: { sizeBytes: 5 * GiB } }
    const [header] = zipRecords([member], () => 7)
    const extraAt = 30 + 'large'.length + 9
    const local = header?.bytes ?? Buffer.of()
    expect([local.readUInt32LE(14), local.readUInt32LE(18), local.readUInt32LE(22)]).toEqual([
      7,
      2 ** 32 - 1,
      2 ** 32 - 1,
    ])
    expect([local.readUInt16LE(extraAt), local.readUInt16LE(extraAt + 2)]).toEqual([1, 16])
    expect([local.readBigUInt64LE(extraAt + 4), local.readBigUInt64LE(extraAt + 12)]).toEqual([
      BigInt(5 * GiB),
      BigInt(5 * GiB),
    ])
    expect([local.length, contentOffsets([member])]).toEqual([extraAt + 20, [extraAt + 20]])
  })

  it('is accepted by 7-Zip', async () => {
    const path = join(temporaryFolder('zip-writer'), 'a.zip')
    writeFileSync(
      path,
      await written([folderOf('a/'), fileOf('a/b.bin', randomBytes(100_000)), fileOf('ü', Buffer.alloc(0))]),
    )
    expect(execFileSync('7zz', ['t', path], { encoding: 'utf8' })).toMatch(/Everything is Ok/)
  })

  it('of more than 65,535 items is read whole', async () => {
    const entries = Array.from({ length: 66_000 }, (_, index) => folderOf(`${index}/`))
    const zip = await written(entries)
    const { entryCount } = await opened(zip)
    expect([zip.length, entryCount]).toEqual([zipBytes(entries), 66_000])
  })

  it('of more than 4 GiB holds what comes after the large file', async () => {
    const block = Buffer.alloc(64 * 1024 * 1024)
    const sizeBytes = 4 * GiB + 5
    const large: ZipEntry = {
      name: 'large.bin',
      modifiedAt,
      file: {
        sizeBytes,
        read: async function* () {
          for (let left = sizeBytes; left > 0; left -= block.length)
            yield block.subarray(0, Math.min(left, block.length))
        },
      },
    }
    const after = randomBytes(1000)
    const entries = [fileOf('before', after), large, fileOf('after', after), folderOf('folder/')]
    const path = join(temporaryFolder('zip-writer'), 'large.zip')
    const handle = openSync(path, 'w')
    let position = 0
    for await (const chunk of writeZip(entries)) {
      // Blocks of zeros are left out: the file is sparse.
      if (chunk.length !== block.length) writeSync(handle, chunk, 0, chunk.length, position)
      position += chunk.length
    }
    closeSync(handle)
    const file = await new Promise<ZipFile>((resolve, reject) =>
      open(path, { lazyEntries: true, autoClose: false }, (error, zip) => (error ? reject(error) : resolve(zip))),
    )
    const sizes: [string, number][] = []
    let last: Buffer = Buffer.alloc(0)
    for await (const entry of entriesOf(file)) {
      sizes.push([entry.fileName, entry.uncompressedSize])
      if (entry.fileName !== 'after') continue
      const stream = await new Promise<NodeJS.ReadableStream>((resolve, reject) =>
        file.openReadStream(entry, (error, content) => (error ? reject(error) : resolve(content))),
      )
      for await (const chunk of stream) last = Buffer.concat([last, Buffer.from(chunk)])
    }
    file.close()
    // Without reading what comes after it, a reader of a stream knows that the sizes there have 64 bits.
    const extra = Buffer.alloc(4)
    const streamed = openSync(path, 'r')
    readSync(streamed, extra, 0, 4, zipBytes([fileOf('before', after)]) - 22 - 46 - 6 - 9 + 30 + 9 + 9)
    closeSync(streamed)
    expect([extra.readUInt16LE(0), extra.readUInt16LE(2)]).toEqual([1, 16])
    expect([position, sizes, last.equals(after)]).toEqual([
      zipBytes(entries),
      [
        ['before', 1000],
        ['large.bin', sizeBytes],
        ['after', 1000],
        ['folder/', 0],
      ],
      true,
    ])
  })

  it('takes linear time', async () => {
    const make = (size: number) => Array.from({ length: size }, (_, index) => folderOf(`folder/${index}/`))
    await expectLinear(make, (entries) => written(entries), { from: 4096 })
  })

  it.each([
    ['shorter', 999],
    ['longer', 1001],
  ])('fails when a file has become %s in the meantime', async (_what, length) => {
    const entry = fileOf('a', Buffer.alloc(length))
    const changed = { ...entry, file: { sizeBytes: 1000, read: () => entry.file?.read() ?? [] } }
    await expect(written([changed as ZipEntry])).rejects.toThrow('A file of 1000 bytes changed')
  })

  it.each([new Date(0), new Date('1979-12-31'), new Date('2200-01-01'), new Date(Number.NaN)])(
    'may hold a file of any date: %s',
    async (time) => {
      const zip = await written([{ ...fileOf('a', Buffer.from('x')), modifiedAt: time }])
      expect((await read(await opened(zip))).map(([name]) => name)).toEqual(['a'])
    },
  )
})
