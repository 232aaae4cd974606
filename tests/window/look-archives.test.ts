import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { LookError } from '../../renderer/contents/content.ts'
import { type ArchiveList, listArchive } from '../../renderer/features/look/archive/list-archive.ts'
import { maxListBytes } from '../../renderer/features/look/archive/source.ts'
import { viewerOf } from '../../renderer/store/viewers.ts'
import { packedZeros, rar5Of, run, tarEnd, tarItem, writeRar4, zipOf } from '../support/archives.ts'
import { has } from '../support/facilities.ts'
import { seededRandom } from '../support/seed.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

// What quick look lists of archives: those of real programs, and those that lie.

/** Lists an archive in memory, and counts what is read of it. */
async function look(name: string, bytes: Uint8Array, sizeBytes = bytes.length) {
  let readBytes = 0
  let reads = 0
  const readRange = async (from: number, to: number) => {
    readBytes += to - from
    reads += 1
    return Uint8Array.from(bytes.subarray(from, to))
  }
  const list = await listArchive({ name, sizeBytes, readRange }).catch((error: unknown) => {
    if (!(error instanceof LookError)) throw error
    return error.problem
  })
  expect(readBytes).toBeLessThanOrEqual(maxListBytes)
  expect(reads).toBeLessThanOrEqual(128)
  return { list, readBytes, reads }
}

/** One line for each item, sorted: programs differ in their order. */
function linesOf(list: ArchiveList | string): string[] | string {
  if (typeof list === 'string') return list
  const lines = list.entries.map(({ name, isFolder, isEncrypted, sizeBytes }) => {
    const path = name.replace(/^\.\//, '').replace(/\/$/, '').normalize('NFC')
    return `${path}${isFolder ? '/' : ` ${sizeBytes}`}${isEncrypted ? ' encrypted' : ''}`
  })
  return [...lines.filter((line) => line !== '/' && line !== './'), ...(list.end === 'whole' ? [] : [list.end])].sort()
}

const tree = ['Ordner/', 'Ordner/leer/', 'Ordner/null 0', 'noise.bin 40000', 'read me.txt 115000', 'äöü 日本語.txt 15']
const long = `${'ein langer Ordner/'.repeat(8)}${'x'.repeat(120)}.txt`

function makeSmallTree(folder: string): string {
  mkdirSync(join(folder, 'Ordner/leer'), { recursive: true })
  writeFileSync(join(folder, 'Ordner/null'), '')
  writeFileSync(join(folder, 'noise.bin'), randomBytes(40_000))
  writeFileSync(join(folder, 'read me.txt'), 'words that shrink well. '.repeat(5000).slice(0, 115_000))
  writeFileSync(join(folder, 'äöü 日本語.txt'), 'こんにちは')
  return folder
}

const makers: Record<string, string[]> = {
  'a.7z': ['7zz', 'a'],
  'many solids.7z': ['7zz', 'a', '-ms=off'],
  'stored.7z': ['7zz', 'a', '-mx=0'],
  'plain header.7z': ['7zz', 'a', '-mhc=off'],
  'lzma1.7z': ['7zz', 'a', '-m0=lzma'],
  'ppmd.7z': ['7zz', 'a', '-m0=ppmd'],
  'bsdtar.7z': ['bsdtar', '--format', '7zip', '-cf'],
  'a.zip': ['7zz', 'a'],
  'a.cbz': ['7zz', 'a', '-tzip'],
  'bsdtar.zip': ['bsdtar', '--format', 'zip', '-cf'],
  'zip.jar': ['zip', '-qr'],
  'a.tar': ['7zz', 'a'],
  'pax.tar': ['bsdtar', '--format', 'pax', '-cf'],
  'ustar.tar': ['bsdtar', '--format', 'ustar', '-cf'],
  'gnu.tar': ['tar', '--format=gnu', '-cf'],
  'v7.tar': ['tar', '--format=v7', '-cf'],
  'a.tar.gz': ['tar', '-czf'],
  'a.tgz': ['bsdtar', '-czf'],
  'a.tar.xz': ['tar', '-cJf'],
  'bsdtar.txz': ['bsdtar', '-cJf'],
  'a.tar.bz2': ['tar', '-cjf'],
  'bsdtar.tbz2': ['bsdtar', '-cjf'],
}

describe.runIf(has('programs of Unix'))('archives of real programs', () => {
  let folder = ''
  beforeAll(() => {
    folder = makeSmallTree(temporaryFolder('look'))
  })

  function make(name: string, [program = '', ...args]: readonly string[]): Buffer {
    const path = join(temporaryFolder('look'), name)
    execFileSync(program, [...args, path, '.'], { cwd: folder, env: { ...process.env, LC_ALL: 'C.UTF-8' } })
    return readFileSync(path)
  }

  it.each(Object.entries(makers))('%s is listed', async (name, maker) => {
    expect(viewerOf({ name, kind: 'file', sizeBytes: 1 })).toBe('archive')
    const { list } = await look(name, make(name, maker))
    expect(linesOf(list)).toEqual(tree)
  })

  it.each([
    ['7z', ['7zz', 'a', '-psecret'], '7z', /[1-9]\d*$/],
    ['zip', ['7zz', 'a', '-psecret', '-tzip'], 'zip', /\d$/],
    ['zip with AES', ['7zz', 'a', '-psecret', '-tzip', '-mem=AES256'], 'zip', /\d$/],
  ])('shows which items of a %s are encrypted', async (_what, maker, extension, isEncrypted) => {
    const { list } = await look(`a.${extension}`, make(`a.${extension}`, maker))
    expect(linesOf(list)).toEqual(tree.map((line) => (isEncrypted.test(line) ? `${line} encrypted` : line)).sort())
  })

  it('says that the names of a 7z are encrypted', async () => {
    expect((await look('a.7z', make('a.7z', ['7zz', 'a', '-psecret', '-mhe=on']))).list).toBe('lockedArchive')
  })

  it('says of a zst that it cannot be listed', async () => {
    expect((await look('a.tar.zst', make('a.tar.zst', ['bsdtar', '--zstd', '-cf']))).list).toBe('unlistedArchive')
  })

  it.each([
    ['gzip', 'gz', 'read me.txt', 115_000],
    ['xz', 'xz', 'another name', 115_000],
    ['bzip2', 'bz2', 'another name', 115_000],
    ['zstd', 'zst', 'another name', null],
  ])('shows the one name that %s packs', async (program, extension, name, sizeBytes) => {
    const packed = execFileSync(program, ['-c', 'read me.txt'], { cwd: folder })
    expect((await look(`another name.${extension}`, packed)).list).toEqual({
      entries: [{ name, isFolder: false, isEncrypted: false, sizeBytes }],
      end: 'whole',
    })
  })

  it.each(['pax', 'gnutar'])('reads the long names of a tar of the kind %s', async (format) => {
    const path = join(temporaryFolder('look'), 'in')
    mkdirSync(join(path, long, '..'), { recursive: true })
    writeFileSync(join(path, long), 'x')
    run(path, 'bsdtar', '--format', format, '-cf', '../a.tar', long)
    expect(linesOf((await look('a.tar', readFileSync(join(path, '../a.tar')))).list)).toEqual([`${long} 1`])
  })

  it.each([
    ['-t7z', 'a.7z', 60_000],
    ['-tzip', 'a.zip', 2_000],
    ['-ttar', 'a.tar', 200],
    ['-ttar', 'a.tar.gz', 200],
  ])('lists of thousands of files what 256 KB tell: %s %s', async (kind, name, least) => {
    const many = temporaryFolder('look')
    for (let n = 0; n < 6000; n++) writeFileSync(join(many, `a quite long name of file ${n}.txt`), `${n}`)
    const path = join(temporaryFolder('look'), name.replace('.gz', ''))
    run(many, '7zz', 'a', '-bso0', kind, path, '.')
    const bytes = name.endsWith('.gz') ? gzipSync(readFileSync(path), { level: 1 }) : readFileSync(path)
    const { list } = await look(name, bytes)
    if (typeof list === 'string') throw new Error(list)
    const isAll = list.entries.length >= 6000
    expect(list.end).toBe(isAll ? 'whole' : 'limit')
    expect(list.entries.length).toBeGreaterThan(Math.min(least, 5999))
  })

  it('lists a tar of large files without their content', async () => {
    const path = join(temporaryFolder('look'), 'in')
    mkdirSync(path)
    for (const name of ['a', 'b', 'c']) writeFileSync(join(path, name), Buffer.alloc(3_000_000))
    run(path, 'bsdtar', '-cf', '../a.tar', 'a', 'b', 'c')
    const { list, readBytes } = await look('a.tar', readFileSync(join(path, '../a.tar')))
    expect(linesOf(list)).toEqual(['a 3000000', 'b 3000000', 'c 3000000'])
    expect(readBytes).toBeLessThan(16_000)
  })

  it('stops unpacking a tar that grows a thousandfold', async () => {
    const { packed } = packedZeros(200)
    const header = tarItem('zeros', { size: 200 * 1024 * 1024 }).subarray(0, 512)
    const path = join(temporaryFolder('look'), 'a.tar')
    writeFileSync(path, Buffer.concat([header, Buffer.alloc(64 * 1024 * 1024), tarItem('far behind'), tarEnd]))
    expect(packed.length).toBeLessThan(1_000_000)
    for (const [program, extension] of [
      ['gzip', 'gz'],
      ['xz', 'xz'],
      ['bzip2', 'bz2'],
    ] as const) {
      const bytes = execFileSync(program, ['-c', path], { maxBuffer: 2 ** 26 })
      const begin = performance.now()
      expect(linesOf((await look(`a.tar.${extension}`, bytes)).list)).toEqual(['limit', `zeros ${200 * 1024 * 1024}`])
      expect(performance.now() - begin).toBeLessThan(10_000)
    }
  })
})

describe('rar', () => {
  it('4 is listed', async () => {
    const folder = temporaryFolder('look')
    writeFileSync(join(folder, 'größe.bin'), Buffer.alloc(100_000))
    const [path = ''] = writeRar4(join(folder, 'a.rar'), join(folder, 'größe.bin'))
    expect(linesOf((await look('a.rar', readFileSync(path))).list)).toEqual(['größe.bin 100000'])
  })

  it('5 is listed', async () => {
    const bytes = rar5Of([
      { name: 'Ordner/größe.bin', bytes: Buffer.alloc(100_000) },
      { name: 'b', bytes: Buffer.of(1) },
    ])
    expect(linesOf((await look('a.cbr', bytes)).list)).toEqual(['Ordner/größe.bin 100000', 'b 1'])
  })

  it('4 with encrypted names says so', async () => {
    const mark = Buffer.from('526172211a0700', 'hex')
    const main = Buffer.from('000073800d0000000000000000', 'hex').subarray(0, 13)
    main.writeUInt16LE(0x80, 3)
    main.writeUInt16LE(13, 5)
    expect((await look('a.rar', Buffer.concat([mark, main, randomBytes(500)]))).list).toBe('lockedArchive')
  })
})

describe('lies', () => {
  it.each([
    ['an empty file', Buffer.alloc(0), 'brokenArchive'],
    ['text', Buffer.from('no archive at all '.repeat(100)), 'brokenArchive'],
    ['zeros', Buffer.alloc(100_000), 'brokenArchive'],
    ['the first bytes of a 7z', Buffer.from('377abcaf271c0004', 'hex'), 'brokenArchive'],
    ['the first bytes of a rar', Buffer.from('526172211a070100', 'hex'), 'brokenArchive'],
    ['the first bytes of a gz', Buffer.from('1f8b0800', 'hex'), 'brokenArchive'],
    ['the first bytes of an xz', Buffer.from('fd377a585a000004', 'hex'), 'brokenArchive'],
    ['the first bytes of a bz2', Buffer.from('BZh9'), 'brokenArchive'],
  ])('%s', async (_what, bytes, lines) => {
    expect(linesOf((await look('a.7z', bytes)).list)).toEqual(lines)
  })

  it('names of a zip are shown as they are, and never followed', async () => {
    const names = ['../../evil.sh', '/etc/passwd', 'C:\\x', '\u202egnp.exe', 'a\0b\n', '']
    const { list } = await look('a.zip', zipOf(names.map((name) => ({ name }))))
    expect(typeof list === 'string' ? list : list.entries.map(({ name }) => name)).toEqual(names)
  })

  it('a zip that counts more items than it has', async () => {
    expect(linesOf((await look('a.zip', zipOf([{ name: 'a' }], { count: 60_000 }))).list)).toEqual(['a 0'])
  })

  it('a zip whose directory is encrypted', async () => {
    const zip = zipOf([{ name: 'a', flags: 0x2041 }])
    const directory = zip.indexOf('PK\x01\x02')
    zip.fill('?', directory, zip.indexOf('PK\x05\x06'))
    expect((await look('a.zip', zip)).list).toBe('lockedArchive')
  })

  it('a zip with something in front of it, and a comment behind it', async () => {
    const zip = zipOf([{ name: 'a' }], { comment: Buffer.alloc(5000, 'c') })
    expect(linesOf((await look('a.zip', Buffer.concat([Buffer.alloc(3000, 'x'), zip]))).list)).toEqual(['a 0'])
  })

  it('old names of a zip in code page 437', async () => {
    const name = Buffer.from([0x67, 0x72, 0x94, 0xe1, 0x65, 0x72])
    expect(linesOf((await look('a.zip', zipOf([{ name, flags: 0 }]))).list)).toEqual(['größer 0'])
  })

  it.each([
    ['beyond the end', 10_000_000],
    ['as large as a number can be', 8 ** 11 - 1],
  ])('a tar whose file ends %s', async (_what, size) => {
    const tar = Buffer.concat([tarItem('a', { size }).subarray(0, 512), Buffer.alloc(4096)])
    expect(linesOf((await look('a.tar', tar)).list)).toEqual([`a ${size}`, 'damage'])
  })

  it('a tar of one header that repeats itself a million times', async () => {
    const header = tarItem('again')
    const tar = Buffer.concat(Array.from({ length: 20_000 }, () => header))
    const { list } = await look('a.tar', tar)
    expect(typeof list === 'string' ? list : [list.end, list.entries.length]).toEqual(['limit', 512])
  })
})

describe.runIf(has('programs of Unix'))('damage', () => {
  it('never fails in another way, never loops, and takes a time in proportion to what is read', async () => {
    const random = seededRandom()
    const folder = makeSmallTree(temporaryFolder('look'))
    const samples: { name: string; bytes: Buffer }[] = Object.entries(makers).map(([name, [program = '', ...args]]) => {
      const path = join(temporaryFolder('look'), name)
      execFileSync(program, [...args, path, '.'], { cwd: folder, env: { ...process.env, LC_ALL: 'C.UTF-8' } })
      return { name, bytes: readFileSync(path) }
    })
    samples.push({
      name: 'a.rar',
      bytes: rar5Of([
        { name: 'a', bytes: Buffer.alloc(100) },
        { name: 'b', link: 'a' },
      ]),
    })
    const [rar4 = ''] = writeRar4(join(temporaryFolder('look'), 'a.rar'), join(folder, 'noise.bin'))
    samples.push({ name: 'old.rar', bytes: readFileSync(rar4) })
    const upTo = (limit: number) => Math.floor(random() * limit)
    const seen = { whole: 0, limit: 0, damage: 0, problem: 0 }
    for (let round = 0; round < 40; round++) {
      for (const { name, bytes } of samples) {
        const damaged = Buffer.from(bytes.subarray(0, round % 3 === 0 ? upTo(bytes.length) : bytes.length))
        // Headers are at the beginning and at the end.
        const near = Math.min(damaged.length, 2 ** (4 + upTo(12)))
        for (let count = upTo(8); round % 3 !== 0 && count >= 0; count--) {
          const at = round % 2 === 0 ? upTo(near) : damaged.length - 1 - upTo(near)
          damaged[at] = [0, 0xff, 0x80, upTo(256)][upTo(4)] ?? 0
        }
        const begin = performance.now()
        const { list } = await look(name, damaged)
        expect(performance.now() - begin, `${name}, round ${round}`).toBeLessThan(5000)
        seen[typeof list === 'string' ? 'problem' : list.end] += 1
      }
    }
    // Some damage is noticed, and some is not.
    expect(seen.problem).toBeGreaterThan(100)
    expect(seen.damage).toBeGreaterThan(10)
    expect(seen.whole).toBeGreaterThan(10)
  }, 240_000)
})
