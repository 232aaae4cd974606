import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { extractArchive } from '../../server/archive/extract.ts'
import { findArchives } from '../../server/archive/find-archives.ts'
import { findNative } from '../../server/archive/seven-zip.ts'
import { rar5Volumes, run, writeRar4, zipOf } from '../support/archives.ts'
import { has } from '../support/facilities.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

// Sets of parts whose names say less than their bytes.

const film = randomBytes(200_000)
let home = ''
beforeAll(() => {
  home = temporaryFolder('volumes')
})

type Files = Record<string, Buffer>

/** Stores files under numbers, as the service does, and finds the archives among them, given in reverse order. */
async function find(files: Files) {
  const folder = mkdtempSync(join(home, 'made-'))
  const all = Object.entries(files).map(([name, bytes], index) => {
    writeFileSync(join(folder, `${index}`), bytes)
    return { name, path: join(folder, `${index}`) }
  })
  return { folder, sets: await findArchives(all.toReversed()) }
}

/** Unpacks the one archive among the files. */
async function unpack(files: Files): Promise<{ parts: number; files: [string, boolean][] }> {
  const { folder, sets } = await find(files)
  expect(sets.map(({ missing }) => missing)).toEqual([[]])
  const [set] = sets
  if (set === undefined) throw new Error('Nothing was found.')
  const unpacked = await extractArchive(set, { into: join(folder, 'out'), limits: { maxBytes: 1e9 } })
  // Nothing but the files is left in the folder.
  expect(readdirSync(join(folder, 'out')).sort()).toEqual(unpacked.files.map(({ file }) => basename(file)).sort())
  return {
    parts: set.fileIndexes.length,
    files: unpacked.files.map(({ path, file }) => [path.join('/'), readFileSync(file).equals(film)]),
  }
}

function rar4(style: 'new' | 'old', bytes = 60_000): Buffer[] {
  const folder = mkdtempSync(join(home, 'rar-'))
  writeFileSync(join(folder, 'film.mkv'), film)
  return writeRar4(join(folder, 'x.rar'), join(folder, 'film.mkv'), { bytes, style }).map((path) => readFileSync(path))
}

/** Names parts by their index, from 0. */
function named(parts: readonly Buffer[], nameOf: (index: number) => string): Files {
  return Object.fromEntries(parts.map((bytes, index) => [nameOf(index), bytes]))
}

function pieces(name: string, whole: Buffer, bytes: number): Files {
  const count = Math.ceil(whole.length / bytes)
  const all = Array.from({ length: count }, (_, index) => whole.subarray(index * bytes, (index + 1) * bytes))
  return named(all, (index) => `${name}.${digits(index + 1, 3)}`)
}

const digits = (number: number, width: number) => `${number}`.padStart(width, '0')
const rar5 = () => rar5Volumes('film.mkv', film, 60_000)
const four = { parts: 4, files: [['film.mkv', true]] }

it('makes RAR 5 volumes that 7-Zip itself accepts', () => {
  const folder = mkdtempSync(join(home, 'foreign-'))
  for (const [name, bytes] of Object.entries(named(rar5(), (index) => `x.part${index + 1}.rar`))) {
    writeFileSync(join(folder, name), bytes)
  }
  expect(execFileSync(findNative() ?? '', ['x', '-so', join(folder, 'x.part1.rar')]).equals(film)).toBe(true)
})

describe.each([
  ['RAR 4', () => rar4('old')],
  ['RAR 5', rar5],
] as const)('a set of volumes recognized by their bytes: %s', (_kind, make) => {
  it.each([
    ['.rar, .r00', (index: number) => (index === 0 ? 'x.rar' : `x.r${digits(index - 1, 2)}`)],
    ['.r00 first, without a .rar', (index: number) => `x.r${digits(index, 2)}`],
    ['.R00 first, in capitals', (index: number) => `X.R${digits(index, 2)}`],
    ['.001', (index: number) => `x.${digits(index + 1, 3)}`],
    ['.mkv.001', (index: number) => `film.mkv.${digits(index + 1, 3)}`],
    ['.rar.001', (index: number) => `x.rar.${digits(index + 1, 3)}`],
    ['.part01.rar', (index: number) => `x.part${digits(index + 1, 2)}.rar`],
    ['.part1.rar.001, each whole', (index: number) => `x.part${index + 1}.rar.001`],
  ])('is joined under the names %s', async (_what, nameOf) => {
    expect(await unpack(named(make(), nameOf))).toEqual(four)
  })

  it('is joined when all but one are split into pieces', async () => {
    const [one = film, two = film, ...others] = make()
    const cut = { ...pieces('x.part1.rar', one, 25_000), 'x.part2.rar': two }
    const rest = others.map((bytes, index) => pieces(`x.part${index + 3}.rar`, bytes, 25_000))
    expect(await unpack(Object.assign({}, cut, ...rest))).toMatchObject({ files: four.files })
  })
})

describe('incomplete and ambiguous sets', () => {
  it('names the .rar as missing when the .r00 is not the first volume', async () => {
    const parts = rar4('old').slice(1)
    const { sets } = await find(named(parts, (index) => `x.r${digits(index, 2)}`))
    expect(sets.map(({ missing }) => missing)).toEqual([['x.rar']])
  })

  it('names a missing piece of a volume', async () => {
    const [one = film, ...others] = rar4('new')
    const cut = pieces('x.part1.rar', one, 15_000)
    const { 'x.part1.rar.002': _, ...left } = cut
    const { sets } = await find({ ...left, ...named(others, (index) => `x.part${index + 2}.rar`) })
    expect(sets.map(({ missing }) => missing)).toEqual([['x.part1.rar.002']])
  })

  it('keeps two sets apart that share a name but number their parts differently', async () => {
    const files = {
      ...named(rar4('new'), (index) => `x.part${index + 1}.rar`),
      ...named(rar4('new'), (index) => `x.part${digits(index + 1, 2)}.rar`),
    }
    expect((await find(files)).sets.map(({ fileIndexes, missing }) => [fileIndexes.length, missing])).toEqual([
      [4, []],
      [4, []],
    ])
  })

  it('rejects parts of two sets under one name as damaged', async () => {
    const [one = film] = rar5Volumes('film.mkv', film, 60_000)
    const [, ...others] = rar5Volumes('film.mkv', randomBytes(200_000), 60_000)
    await expect(unpack(named([one, ...others], (index) => `x.part${index + 1}.rar`))).rejects.toMatchObject({
      kind: 'damaged',
    })
  })

  it('leaves out a .z01 beside a zip that is complete by itself', async () => {
    const files = { 'x.zip': zipOf([{ name: 'film.mkv', bytes: film }]), 'x.z01': randomBytes(1000) }
    expect(await unpack(files)).toEqual({ parts: 1, files: [['film.mkv', true]] })
  })

  it.runIf(has('programs of Unix'))('reports how many parts of a spanned zip are missing', async () => {
    const folder = mkdtempSync(join(home, 'disks-'))
    mkdirSync(join(folder, 'in'))
    writeFileSync(join(folder, 'in/film.mkv'), film)
    run(join(folder, 'in'), 'zip', '-q', '-s', '70k', '../x.zip', 'film.mkv')
    const all = Object.fromEntries(
      readdirSync(folder)
        .filter((name) => name !== 'in')
        .map((name) => [name, readFileSync(join(folder, name))]),
    )
    expect((await unpack(all)).files).toEqual(four.files)
    await expect(unpack({ 'x.zip': all['x.zip'] ?? film })).rejects.toMatchObject({
      kind: 'missing-part',
      message: `“x.zip” could not be unpacked: ${Object.keys(all).length - 1} of its parts are missing.`,
    })
  })

  it.each([
    ['zip', () => zipOf([{ name: 'film.mkv', bytes: film }])],
    ['RAR', () => rar5Volumes('film.mkv', film, 1_000_000)[0] ?? film],
  ])('unpacks a split file without an extension that is a %s', async (_what, make) => {
    expect(await unpack(pieces('x', make(), 60_000))).toEqual(four)
  })

  it('only joins a split file that begins like an archive but has another extension', async () => {
    const docx = zipOf([{ name: 'film.mkv', bytes: film }])
    expect((await unpack(pieces('x.docx', docx, 60_000))).files).toEqual([['x.docx', false]])
  })
})
