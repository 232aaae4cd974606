import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32, createGzip, deflateRawSync, gzipSync } from 'node:zlib'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { ArchiveError } from '../../server/archive/archive-error.ts'
import { extractArchive } from '../../server/archive/extract.ts'
import { findArchives } from '../../server/archive/find-archives.ts'
import { bytesBelow, packedZeros, rar5Of, run, tarEnd, tarItem, zipOf } from '../support/archives.ts'
import { has } from '../support/facilities.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

const megabyte = 1024 * 1024
const limits = { maxBytes: 2 ** 40 }
let home = ''

beforeAll(() => {
  home = temporaryFolder('guards')
})
afterEach(() => vi.unstubAllEnvs())

/** Unpacks, and returns how it was refused, the most disk space it took, and what it left. */
async function refusal(name: string, bytes: Buffer, options: Partial<Parameters<typeof extractArchive>[1]> = {}) {
  const folder = mkdtempSync(join(home, 'made-'))
  const path = join(folder, 'content')
  writeFileSync(path, bytes)
  const [set] = await findArchives([{ name, path }])
  if (set === undefined) throw new Error(`${name} was not found to be an archive.`)
  const into = join(folder, 'out')
  let maxBytes = 0
  const watching = setInterval(() => {
    maxBytes = Math.max(maxBytes, bytesBelow(into))
  }, 25)
  const refused: unknown = await extractArchive(set, { into, limits, ...options }).catch((error: unknown) => error)
  clearInterval(watching)
  if (!(refused instanceof ArchiveError)) throw new Error(`${name} was not refused.`, { cause: refused })
  return { kind: refused.kind, message: refused.message, maxBytes, left: readdirSync(folder) }
}

/** Expects a refusal of this kind, in these words, with nothing left on the disk. */
function expectRefused(seen: Awaited<ReturnType<typeof refusal>>, kind: string, words: RegExp) {
  expect(seen).toMatchObject({ kind, message: expect.stringMatching(words), left: ['content'] })
}

/** Unpacks, checks that nothing was written but plain files in the output folder, and returns their paths. */
async function paths(name: string, bytes: Buffer): Promise<string[]> {
  const folder = mkdtempSync(join(home, 'made-'))
  writeFileSync(join(folder, 'content'), bytes)
  const [set] = await findArchives([{ name, path: join(folder, 'content') }])
  if (set === undefined) throw new Error(`${name} was not found to be an archive.`)
  const { files } = await extractArchive(set, { into: join(folder, 'out'), limits })
  expect(readdirSync(folder).sort()).toEqual(['content', 'out'])
  const there = readdirSync(join(folder, 'out'), { withFileTypes: true })
  expect(there.filter((item) => !item.isFile())).toEqual([])
  expect(there).toHaveLength(files.length)
  return files.map(({ path }) => path.join('/'))
}

const hostileNames: [string, string][] = [
  ['a step up', '../up.txt'],
  ['a step up further in', 'a/../../up.txt'],
  ['a step up with backslashes', 'a\\..\\..\\up.txt'],
  ['a path from the root', '/etc/passwd'],
  ['a path from the root of Windows', '\\windows\\x'],
  ['a network path', '\\\\server\\share\\x'],
  ['a drive', 'C:\\windows\\x'],
  ['a drive without a slash', 'C:..\\up.txt'],
  ['a drive after a dot', './c:x'],
  ['nothing but steps', '../..'],
  ['a NUL', 'a.txt\0.exe'],
]
const safePath = /^(?!\.{1,2}(\/|$))(?!.*\/\.{1,2}(\/|$))[^\0:\\]+$/

describe('a name that leads out of the folder (S8)', () => {
  it.each([
    ['x.zip', (name: string) => zipOf([{ name: 'fine.txt' }, { name }])],
    ['x.tar', (name: string) => Buffer.concat([tarItem('fine.txt'), paxPath(name), tarItem('short'), tarEnd])],
    ['x.rar', (name: string) => rar5Of([{ name: 'fine.txt' }, { name, bytes: Buffer.from('x') }])],
  ] as const)('stays inside it in %s', async (archive, make) => {
    for (const [what, name] of hostileNames) {
      const [fine, other = ''] = await paths(archive, make(name))
      expect([what, fine, other]).toEqual([what, 'fine.txt', expect.stringMatching(safePath)])
    }
  })

  it('stays inside it as a GNU long name in a tar', async () => {
    const long = Buffer.from(`${'a/'.repeat(20)}../../x\0`)
    const tar = Buffer.concat([tarItem('././@LongLink', { type: 'L', bytes: long }), tarItem('short'), tarEnd])
    expect(await paths('x.tar', tar)).toEqual([`${'a/'.repeat(20)}x`])
  })

  it.each([
    ['x.zip', (name: string) => zipOf([{ name: 'fine.txt' }, { name }])],
    ['x.tar', (name: string) => Buffer.concat([tarItem(name), tarEnd])],
    ['x.rar', (name: string) => rar5Of([{ name, bytes: Buffer.from('x') }])],
  ] as const)('is refused when it is 40 folders deep in %s', async (archive, make) => {
    const seen = await refusal(archive, make(`${'a/'.repeat(40)}x`))
    expectRefused(seen, 'unsafe', /was not unpacked, for safety: it holds “a\/a\/.*which lies 41 folders deep/)
  })
})

/** The pax record that renames the next item of a tar. */
function paxPath(name: string): Buffer {
  const body = ` path=${name}\n`
  const length = Buffer.byteLength(body) + 2
  return tarItem('attributes', { type: 'x', bytes: Buffer.from(`${length}${body}`) })
}

describe('protection from archive bombs (S10)', () => {
  it('refuses a zip whose one file, as declared, grows a thousandfold', async () => {
    const zip = zipOf([{ name: 'zeros', ...packedZeros(1024) }])
    const seen = await refusal('x.zip', zip)
    expectRefused(seen, 'unsafe', /more than 200 times its size/)
    expect(seen.maxBytes).toBe(0)
  })

  it('writes no byte more than a zip declares, even when it declares too little', async () => {
    const zip = zipOf([{ name: 'zeros', ...packedZeros(1024), sizeBytes: 1000 }])
    const seen = await refusal('x.zip', zip)
    expectRefused(seen, 'damaged', /“zeros” in it is damaged/)
    expect(seen.maxBytes).toBeLessThanOrEqual(1000)
  })

  it('refuses a zip whose files overlap, before anything is written', async () => {
    const kernel = { name: 'a', ...packedZeros(10) }
    const zip = zipOf([kernel, ...Array.from({ length: 500 }, (_, n) => ({ ...kernel, name: `b${n}`, sameAs: 0 }))])
    const seen = await refusal('x.zip', zip)
    expectRefused(seen, 'unsafe', /lies over another file/)
    expect(seen.maxBytes).toBe(0)
  })

  it('stops a gz that grows a thousandfold at 200 times its size', async () => {
    const gz = await gzipOfZeros(600)
    const seen = await refusal('x.gz', gz)
    expectRefused(seen, 'unsafe', /more than 200 times its size/)
    expect(seen.maxBytes).toBeLessThanOrEqual(Math.max(64 * megabyte, gz.length * 200))
  })

  it.each([
    ['native', undefined],
    ['WASM', ''],
  ])('stops a 7z and an xz that grow too much, with %s 7-Zip', async (_engine, stub) => {
    vi.stubEnv('PUTDESK_7ZIP', stub)
    const folder = mkdtempSync(join(home, 'bomb-'))
    writeFileSync(join(folder, 'zeros'), Buffer.alloc(100 * megabyte))
    run(folder, '7zz', 'a', '-mx=1', 'x.7z', 'zeros')
    run(folder, '7zz', 'a', '-mx=1', 'x.xz', 'zeros')
    for (const name of ['x.7z', 'x.xz']) {
      const seen = await refusal(name, readFileSync(join(folder, name)))
      expectRefused(seen, 'unsafe', /more than 200 times its size/)
      expect(seen.maxBytes).toBeLessThanOrEqual(65 * megabyte)
    }
  })

  it('leaves the archives inside a nested bomb packed', async () => {
    const inner = zipOf([{ name: 'zeros', ...packedZeros(1024) }])
    const zip = zipOf(Array.from({ length: 16 }, (_, n) => ({ name: `lib ${n}.zip`, bytes: inner })))
    const folder = mkdtempSync(join(home, 'nested-'))
    writeFileSync(join(folder, 'x.zip'), zip)
    const [set] = await findArchives([{ name: 'x.zip', path: join(folder, 'x.zip') }])
    if (set === undefined) throw new Error('It was not found.')
    const { files } = await extractArchive(set, { into: join(folder, 'out'), limits })
    expect(files.map(({ path, sizeBytes }) => [path.length, sizeBytes])).toEqual(
      Array.from({ length: 16 }, () => [1, inner.length]),
    )
  })

  it('does not unpack a gz inside a gz', async () => {
    const folder = mkdtempSync(join(home, 'quine-'))
    writeFileSync(join(folder, 'x.gz'), gzipSync(gzipSync('the same')))
    const [set] = await findArchives([{ name: 'r.gz', path: join(folder, 'x.gz') }])
    if (set === undefined) throw new Error('It was not found.')
    const { files } = await extractArchive(set, { into: join(folder, 'out'), limits })
    expect(files.map(({ path }) => path)).toEqual([['r']])
  })

  it('refuses a zip of too many files by its directory, whether honest or one line repeated a million times', async () => {
    const item = zipOf([{ name: 'a' }])
    const line = item.subarray(31, item.length - 22)
    const end = Buffer.from(item.subarray(-22))
    const directory = Buffer.concat(Array.from({ length: 1_000_000 }, () => line))
    end.writeUInt32LE(directory.length, 12)
    expectRefused(
      await refusal('x.zip', Buffer.concat([item.subarray(0, 31), directory, end])),
      'unsafe',
      /lies over another/,
    )
    const honest = zipOf(Array.from({ length: 100_001 }, (_, n) => ({ name: `${n}` })))
    expectRefused(await refusal('y.zip', honest), 'too-large', /more than 100000 files/)
  })

  it('refuses a tar of too many empty files, with nothing written', async () => {
    const thousand = Buffer.concat(Array.from({ length: 1000 }, (_, n) => tarItem(`file ${n}`)))
    const tar = gzipSync(Buffer.concat([...Array.from({ length: 101 }, (_, n) => renamed(thousand, n)), tarEnd]), {
      level: 1,
    })
    const seen = await refusal('x.tar.gz', tar)
    expectRefused(seen, 'too-large', /more than 100000 files/)
    expect(seen.maxBytes).toBe(0)
  })

  it.each([
    ['native', undefined],
    ['WASM', ''],
  ])('refuses a rar of too many files while %s 7-Zip lists it', async (_engine, stub) => {
    vi.stubEnv('PUTDESK_7ZIP', stub)
    const rar = rar5Of(Array.from({ length: 30_000 }, (_, n) => ({ name: `${n}` })))
    const seen = await refusal('x.rar', rar, { limits: { ...limits, maxEntries: 10_000 } })
    expectRefused(seen, 'too-large', /more than 10000 files/)
  })

  it('refuses a tar in which more than 100 files share a name', async () => {
    const same = Buffer.concat(Array.from({ length: 1000 }, () => tarItem('same')))
    expectRefused(await refusal('x.tar', Buffer.concat([same, tarEnd])), 'unsafe', /more than 100 items named “same”/)
  })
})

describe('a limit set by the caller (S10)', () => {
  it('refuses what needs more disk space before a byte is written, and says how much it needs', async () => {
    const zip = zipOf([{ name: 'large', bytes: Buffer.alloc(3 * megabyte, 'x') }])
    const seen = await refusal('x.zip', zip, { limits: { maxBytes: 2 * megabyte } })
    expectRefused(seen, 'too-large', /needs 3\.1 MB of disk space, and at most 2\.1 MB can be used/)
    expect(seen.maxBytes).toBe(0)
  })

  it('stops an archive of unknown size', async () => {
    const seen = await refusal('x.gz', gzipSync(Buffer.alloc(40 * megabyte)), { limits: { maxBytes: megabyte } })
    expectRefused(seen, 'too-large', /at most 1 MB/)
    expect(seen.maxBytes).toBeLessThanOrEqual(megabyte)
  })

  it('allows a small file that grows a few hundred times', async () => {
    const folder = mkdtempSync(join(home, 'small-'))
    const zip = zipOf([{ name: 'zeros', packed: deflateRawSync(Buffer.alloc(megabyte)), ...zeroFacts(1) }])
    writeFileSync(join(folder, 'x.zip'), zip)
    const [set] = await findArchives([{ name: 'x.zip', path: join(folder, 'x.zip') }])
    if (set === undefined) throw new Error('It was not found.')
    const { files } = await extractArchive(set, { into: join(folder, 'out'), limits })
    expect(files.map(({ sizeBytes }) => sizeBytes)).toEqual([megabyte])
  })

  it.each([
    ['native', undefined],
    ['WASM', ''],
  ])('stops %s 7-Zip when the time runs out', async (_engine, stub) => {
    vi.stubEnv('PUTDESK_7ZIP', stub)
    const folder = mkdtempSync(join(home, 'slow-'))
    writeFileSync(join(folder, 'zeros'), Buffer.alloc(60 * megabyte))
    run(folder, '7zz', 'a', '-mx=1', 'x.7z', 'zeros')
    const seen = await refusal('x.7z', readFileSync(join(folder, 'x.7z')), { limits: { ...limits, maxSeconds: 0.02 } })
    expectRefused(seen, 'too-large', /took longer than 0\.02 seconds/)
  })
})

describe('the memory limit (S10)', () => {
  it('refuses a zst that needs 2 GiB', async () => {
    // One frame with a window of 2^31 bytes and a raw block. Source: RFC 8878, 3.1.1.
    const zst = Buffer.concat([Buffer.from('28b52ffd00a8290000', 'hex'), Buffer.from('hello')])
    expectRefused(await refusal('x.zst', zst), 'too-large', /needs more memory than it may use/)
  })

  it.runIf(has('programs of Unix'))('refuses an xz that needs 4 GiB', async () => {
    const folder = mkdtempSync(join(home, 'xz-'))
    writeFileSync(join(folder, 'x'), 'hello '.repeat(1000))
    run(folder, 'xz', '-q', 'x')
    const xz = readFileSync(join(folder, 'x.xz'))
    // The dictionary's size in the header of the first block, and that header's checksum. Source: .xz file format 1.2.1, 3.1 and 5.3.1.
    const end = 12 + ((xz[12] ?? 0) + 1) * 4
    xz[12 + xz.subarray(12, end).indexOf(Buffer.from([0x21, 0x01])) + 2] = 40
    xz.writeUInt32LE(crc32(xz.subarray(12, end - 4)), end - 4)
    expectRefused(await refusal('x.xz', xz), 'too-large', /needs more memory than it may use/)
  })
})

function zeroFacts(megabytes: number): { sizeBytes: number; crc: number } {
  const { sizeBytes, crc } = packedZeros(megabytes)
  return { sizeBytes, crc }
}

async function gzipOfZeros(megabytes: number): Promise<Buffer> {
  const gzip = createGzip({ level: 9 })
  const zeros = Buffer.alloc(megabyte)
  const pieces: Buffer[] = []
  gzip.on('data', (piece) => pieces.push(piece))
  const ended = new Promise((resolve) => gzip.once('end', resolve))
  for (let n = 0; n < megabytes; n++) {
    if (!gzip.write(zeros)) await new Promise((resolve) => gzip.once('drain', resolve))
  }
  gzip.end()
  await ended
  return Buffer.concat(pieces)
}

/** The same tar headers in another folder, with correct checksums. */
function renamed(headers: Buffer, folder: number): Buffer {
  const copy = Buffer.from(headers)
  for (let at = 0; at < copy.length; at += 512) {
    const header = copy.subarray(at, at + 512)
    header.write(`${folder}`.padEnd(155, '\0'), 345)
    header.fill(0x20, 148, 156)
    const sum = header.reduce((total, byte) => total + byte, 0)
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  }
  return copy
}
