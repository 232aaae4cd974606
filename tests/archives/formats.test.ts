import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { extractArchive } from '../../server/archive/extract.ts'
import { findArchives } from '../../server/archive/find-archives.ts'
import {
  cut,
  hashOf,
  makeTree,
  rar5Of,
  run,
  tarEnd,
  tarItem,
  treeFrom,
  treeOf,
  writeRar4,
  zipOf,
} from '../support/archives.ts'
import { has } from '../support/facilities.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

// 7-Zip makes zips with ASCII passwords only.
const password = 'ge heim'
const foreignPassword = 'ge heim €uro ü'
const limits = { maxBytes: 1e9 }
let home = ''
let source = ''
let tree: string[] = []

beforeAll(() => {
  home = temporaryFolder('archives')
  source = makeTree(join(home, 'source'))
  tree = treeOf(source)
})
afterEach(() => vi.unstubAllEnvs())

const zip7 = (out: string, ...args: string[]) => run(source, '7zz', 'a', '-bd', ...args, '--', out, '.')
const tar = (out: string) => run(source, 'tar', 'cf', out, '.')

type Makers = Record<string, (folder: string) => void>

/** Formats that 7-Zip writes, and how their archive is made in a folder. */
const formats: Makers = {
  zip: (folder) => zip7(join(folder, 'x.zip')),
  'zip, stored': (folder) => zip7(join(folder, 'x.zip'), '-mx=0'),
  'zip, Deflate64': (folder) => zip7(join(folder, 'x.zip'), '-mm=Deflate64'),
  'zip, BZip2': (folder) => zip7(join(folder, 'x.zip'), '-mm=BZip2'),
  'zip, LZMA': (folder) => zip7(join(folder, 'x.zip'), '-mm=LZMA'),
  'zip with AES': (folder) => zip7(join(folder, 'x.zip'), `-p${password}`, '-mem=AES256'),
  'zip.001': (folder) => zip7(join(folder, 'x.zip'), '-tzip', '-v100k'),
  '7z': (folder) => zip7(join(folder, 'x.7z')),
  '7z with a password': (folder) => zip7(join(folder, 'x.7z'), `-p${password}`),
  '7z with hidden names': (folder) => zip7(join(folder, 'x.7z'), `-p${foreignPassword}`, '-mhe=on'),
  '7z.001': (folder) => zip7(join(folder, 'x.7z'), '-v100k'),
}

/** Formats that other programs write. */
const foreignFormats: Makers = {
  'spanned zip': (folder) => run(source, 'zip', '-q', '-r', '-s', '100k', join(folder, 'x.zip'), '.'),
  tar: (folder) => tar(join(folder, 'x.tar')),
  'tar.gz': (folder) => run(source, 'tar', 'czf', join(folder, 'x.tar.gz'), '.'),
  tgz: (folder) => run(source, 'tar', 'czf', join(folder, 'x.tgz'), '--format=pax', '.'),
  'tar.gz.001': (folder) => {
    run(source, 'tar', 'czf', join(folder, 'x.tar.gz'), '.')
    cut(join(folder, 'x.tar.gz'), 100_000)
    rmSync(join(folder, 'x.tar.gz'))
  },
  'tar.bz2': (folder) => run(source, 'bsdtar', 'cjf', join(folder, 'x.tar.bz2'), '.'),
  'tar.xz': (folder) => run(source, 'bsdtar', 'cJf', join(folder, 'x.tar.xz'), '.'),
  'tar.zst': (folder) => {
    tar(join(folder, 'x.tar'))
    run(folder, 'zstd', '-q', '--rm', 'x.tar')
  },
}

/** Formats of a single file, made of `noise.bin`. */
const foreignSingles: Makers = {
  gz: (folder) => packed(folder, 'gzip', '.gz'),
  bz2: (folder) => execInto(folder, 'bzip2', '.bz2'),
  xz: (folder) => packed(folder, 'xz', '.xz'),
  zst: (folder) => packed(folder, 'zstd', '.zst'),
}

const singles: Makers = {
  'raw .001': (folder) => {
    cut(copy(folder), 100_000)
    rmSync(join(folder, 'noise.bin'))
  },
  'RAR 4': (folder) => void writeRar4(join(folder, 'x.rar'), join(source, 'noise.bin')),
  'RAR 4 .part01.rar': (folder) =>
    void writeRar4(join(folder, 'x.rar'), join(source, 'noise.bin'), { bytes: 70_000, style: 'new' }),
  'RAR 4 .r00': (folder) =>
    void writeRar4(join(folder, 'x.rar'), join(source, 'noise.bin'), { bytes: 70_000, style: 'old' }),
}

function copy(folder: string): string {
  copyFileSync(join(source, 'noise.bin'), join(folder, 'noise.bin'))
  return join(folder, 'noise.bin')
}

function packed(folder: string, program: string, ending: string): void {
  copy(folder)
  run(folder, program, '-q', 'noise.bin')
  rmSync(join(folder, 'noise.bin'), { force: true })
  expect(readdirSync(folder)).toEqual([`noise.bin${ending}`])
}

function execInto(folder: string, program: string, ending: string): void {
  writeFileSync(join(folder, `noise.bin${ending}`), execFileSync(program, ['-c', join(source, 'noise.bin')]))
}

/** Finds the one archive in a folder. Its parts are renamed to numbers, as the service stores them. */
async function findOne(folder: string) {
  const names = readdirSync(folder)
  const hidden = join(folder, 'content')
  mkdirSync(hidden)
  for (const [index, name] of names.entries()) renameSync(join(folder, name), join(hidden, `${index}`))
  const files = names.map((name, index) => ({ name, path: join(hidden, `${index}`) }))
  const sets = await findArchives(files.reverse())
  expect(sets).toHaveLength(1)
  const [set] = sets
  if (set === undefined) throw new Error('No archive was found.')
  expect(set.parts).toHaveLength(names.length)
  return set
}

function newFolder(): string {
  return mkdtempSync(join(home, 'made-'))
}

for (const [engine, stub] of Object.entries({ native: undefined, WASM: '' })) {
  describe(`extractArchive with ${engine} 7-Zip`, () => {
    const unpackTree = async (format: string, make: Makers[string]) => {
      vi.stubEnv('PUTDESK_7ZIP', stub)
      const folder = newFolder()
      make(folder)
      const set = await findOne(folder)
      const into = join(folder, 'out')
      const unpacked = await extractArchive(set, {
        into,
        password: format.includes('hidden') ? foreignPassword : password,
        limits,
      })
      expect(treeFrom(unpacked)).toEqual(tree)
      expect(unpacked.files.every(({ file, sizeBytes }) => statSync(file).size === sizeBytes)).toBe(true)
    }
    const foreign = it.runIf(has('programs of Unix'))
    it.each(Object.entries(formats))('restores the packed tree: %s', unpackTree)
    foreign.each(Object.entries(foreignFormats))('restores the packed tree: %s', unpackTree)

    const unpackFile = async (_format: string, make: Makers[string]) => {
      vi.stubEnv('PUTDESK_7ZIP', stub)
      const folder = newFolder()
      make(folder)
      const set = await findOne(folder)
      const { files } = await extractArchive(set, { into: join(folder, 'out'), limits })
      const [only] = files
      expect({ paths: files.map(({ path }) => path), hash: hashOf(only?.file ?? '') }).toEqual({
        paths: [['noise.bin']],
        hash: hashOf(join(source, 'noise.bin')),
      })
    }
    it.each(Object.entries(singles))('restores the packed file: %s', unpackFile)
    foreign.each(Object.entries(foreignSingles))('restores the packed file: %s', unpackFile)

    it('unpacks the files of a RAR 5', async () => {
      vi.stubEnv('PUTDESK_7ZIP', stub)
      const folder = newFolder()
      const items = [
        { name: 'a/b.txt', bytes: Buffer.from('one') },
        { name: 'ü.txt', bytes: Buffer.from('two') },
        { name: 'null' },
      ]
      writeFileSync(join(folder, 'x.rar'), rar5Of(items))
      const { files, folders } = await extractArchive(await findOne(folder), { into: join(folder, 'out'), limits })
      expect(folders).toEqual([['a']])
      expect(files.map(({ path, sizeBytes }) => [path.join('/'), sizeBytes])).toEqual([
        ['a/b.txt', 3],
        ['ü.txt', 3],
        ['null', 0],
      ])
    })
  })
}

describe('extractArchive', () => {
  it('stores files under plain numbers, with nothing beside them', async () => {
    const folder = newFolder()
    formats.zip?.(folder)
    const into = join(folder, 'out')
    const { files } = await extractArchive(await findOne(folder), { into, limits })
    expect(readdirSync(into).sort()).toEqual(files.map(({ file }) => basename(file)).sort())
  })

  it.runIf(has('permissions of Unix'))('makes files that only their owner can read', async () => {
    const folder = newFolder()
    formats.zip?.(folder)
    const into = join(folder, 'out')
    const { files } = await extractArchive(await findOne(folder), { into, limits })
    expect(files.map(({ file }) => statSync(file).mode & 0o777)).toEqual(files.map(() => 0o600))
    expect(statSync(into).mode & 0o777).toBe(0o700)
  })

  it('reports progress in rising whole percents, up to 100', async () => {
    const folder = newFolder()
    formats['7z']?.(folder)
    const told: number[] = []
    await extractArchive(await findOne(folder), { into: join(folder, 'out'), limits, onProgress: (p) => told.push(p) })
    expect(told).toEqual([...new Set(told)].sort((a, b) => a - b))
    expect(told.at(-1)).toBe(100)
  })

  it('numbers names that a file system could not tell apart, and merges no folders', async () => {
    const folder = newFolder()
    const items = ['a.txt', 'A.TXT', 'a.txt', 'D/x', 'd/x', 'e\u0301.txt', '\u00e9.txt', 'con', 'q?', 'q*', 'p', 'p/in']
    writeFileSync(join(folder, 'x.tar'), Buffer.concat([...items.map((name) => tarItem(name)), tarEnd]))
    writeFileSync(join(folder, 'y.zip'), zipOf(items.map((name) => ({ name }))))
    const sets = await findArchives(['x.tar', 'y.zip'].map((name) => ({ name, path: join(folder, name) })))
    for (const set of sets) {
      const { files } = await extractArchive(set, { into: join(folder, `out-${set.format}`), limits })
      expect(files.map(({ path }) => path.join('/'))).toEqual([
        'a.txt',
        'A (2).TXT',
        'a (3).txt',
        'D/x',
        'd (2)/x',
        'é.txt',
        'é (2).txt',
        '_con',
        'q_',
        'q_ (2)',
        'p',
        'p (2)/in',
      ])
    }
  })

  it('leaves archives inside an archive as they are', async () => {
    const folder = newFolder()
    writeFileSync(
      join(folder, 'x.zip'),
      zipOf([{ name: 'inner.zip', bytes: zipOf([{ name: 'a', bytes: Buffer.from('a') }]) }]),
    )
    const { files } = await extractArchive(await findOne(folder), { into: join(folder, 'out'), limits })
    expect(files.map(({ path }) => path)).toEqual([['inner.zip']])
  })
})

describe('findArchives', () => {
  const find = async (contents: Record<string, Buffer | string>) => {
    const folder = newFolder()
    const files = Object.entries(contents).map(([name, bytes], index) => {
      writeFileSync(join(folder, `${index}`), bytes)
      return { name, path: join(folder, `${index}`) }
    })
    return (await findArchives(files)).map(({ name, format, missing }) => ({ name, format, missing }))
  }
  const aZip = zipOf([{ name: 'a' }])

  it('ignores packages that people want whole, such as jar, docx and iso', async () => {
    const endings = [
      'jar',
      'apk',
      'docx',
      'xlsx',
      'odt',
      'epub',
      'cbz',
      'cbr',
      'iso',
      'dmg',
      'exe',
      'deb',
      'xpi',
      'txt',
    ]
    expect(await find(Object.fromEntries(endings.map((ending) => [`x.${ending}`, aZip])))).toEqual([])
  })

  it('ignores files whose bytes contradict their extension', async () => {
    const endings = ['zip', 'rar', '7z', 'tar', 'tgz', 'gz', 'bz2', 'xz', 'zst', 'part1.rar', '7z.001']
    expect(await find(Object.fromEntries(endings.map((ending) => [`x${ending}.${ending}`, 'a web page'])))).toEqual([])
    expect(await find({ 'empty.zip': '', 'x.rar': aZip })).toEqual([])
  })

  it('finds a set without its first part, and names the missing part', async () => {
    expect(await find({ 'x.part2.rar': 'any' })).toEqual([
      { name: 'x.part2.rar', format: 'rar', missing: ['x.part1.rar'] },
    ])
  })
})
