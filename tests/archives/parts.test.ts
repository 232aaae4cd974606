import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { groupParts } from '../../server/archive/parts.ts'

describe('groupParts', () => {
  it("groups Put.io's own sample under its stem in the case of the links", () => {
    expect(groupParts(['abcde.part1.rar', 'jazz.rar', 'abcde.part2.rar'])).toMatchObject({
      groups: [{ name: 'abcde', kind: 'rar-parts', partIndexes: [0, 2], missing: [] }],
      rest: [1],
    })
  })

  it.each([
    ['parts numbered with zeros', ['x.part02.rar', 'X.PART01.RAR'], 'X', 'rar-parts', [1, 0]],
    ['old volumes', ['x.r01', 'x.rar', 'x.r00'], 'x', 'rar-volumes', [1, 2, 0]],
    ['more than a hundred old volumes', ['x.s00', 'x.rar'], 'x', 'rar-volumes', [1, 0]],
    ['a split file', ['film.mkv.002', 'film.mkv.001'], 'film.mkv', 'split', [1, 0]],
    ['a split zip', ['x.zip.001', 'x.zip.002'], 'x', 'split', [0, 1]],
    ['a split 7z', ['x.7z.001'], 'x', 'split', [0]],
    ['a split tar.gz', ['x.tar.gz.001', 'x.tar.gz.002'], 'x', 'split', [0, 1]],
    ['a spanned zip, whose last part is the .zip', ['x.zip', 'x.z02', 'x.z01'], 'x', 'zip-disks', [2, 1, 0]],
  ])('puts the parts in order: %s', (_what, names, name, kind, partIndexes) => {
    const [group] = groupParts(names).groups
    expect(group).toMatchObject({ name, kind, partIndexes })
  })

  it.each([
    ['x.part1.rar and x.part3.rar', ['x.part1.rar', 'x.part3.rar'], ['x.part2.rar']],
    ['parts 10 to 12 of a set with two digits', ['x.part12.rar', 'x.part10.rar', 'x.part11.rar'], numbered(9)],
    ['old volumes without their .rar', ['x.r00', 'x.r02'], ['x.rar', 'x.r01']],
    ['a spanned zip without its .zip', ['x.z01', 'x.z03'], ['x.z02', 'x.zip']],
    ['a split 7z without its beginning', ['x.7z.002'], ['x.7z.001']],
  ])('names the missing parts: %s', (_what, names, missing) => {
    expect(groupParts(names).groups.map((group) => group.missing)).toEqual([missing])
  })

  it.each([
    ['files that end in a year', ['report.2019', 'report.2020']],
    ['files that end in a room number', ['room.101', 'room.102']],
    ['one file that ends in 001', ['notes.001']],
    ['archives of one part', ['x.rar', 'x.zip', 'y.7z', 'z.tar.gz']],
    ['parts with numbers out of range', ['x.part99999.rar', 'x.part0.rar']],
    ['extensions alone', ['.part1.rar', '.rar', '.001', '']],
  ])('does not group %s', (_what, names) => {
    expect(groupParts(names)).toEqual({ groups: [], rest: [...names.keys()] })
  })

  it('keeps sets of different folders, kinds and extensions apart', () => {
    const names = ['x.part1.rar', 'x.part1.rar', 'x.rar', 'x.r00', 'x.zip.001', 'x.7z.001']
    const { groups } = groupParts(names, (index) => (index === 1 ? 'elsewhere' : 'here'))
    expect(groups.map((group) => group.partIndexes)).toEqual([[0], [1], [2, 3], [4], [5]])
  })

  it('takes the first of two parts with the same number, and leaves the second out', () => {
    expect(groupParts(['x.part1.rar', 'x.part01.rar', 'x.part2.rar'])).toMatchObject({
      groups: [{ name: 'x', kind: 'rar-parts', partIndexes: [0, 2], missing: [] }],
      rest: [1],
    })
  })

  it('names at most a hundred missing parts for a hostile part number', () => {
    expect(groupParts(['x.part9999.rar']).groups[0]?.missing).toHaveLength(100)
  })

  it('groups a complete set in any order and case, among other files', () => {
    const stem = fc.stringMatching(/^[a-zÄ0-9 ][a-zÄ0-9. -]{0,12}[a-z]$/)
    const shape = fc.constantFrom(partNames.padded, partNames.plain, partNames.old, partNames.cut, partNames.disks)
    fc.assert(
      fc.property(stem, shape, fc.integer({ min: 2, max: 30 }), fc.integer(), (name, make, count, seed) => {
        const parts = make(name, count)
        const shuffled = [...parts, 'cover.jpg', `${name}.nfo`].sort((a, b) => rank(a, seed) - rank(b, seed))
        const { groups, rest } = groupParts(shuffled.map((part, index) => (index % 2 ? part.toUpperCase() : part)))
        expect(groups).toHaveLength(1)
        const found = groups[0]?.partIndexes.map((index) => shuffled[index])
        expect(found).toEqual(parts)
        expect(groups[0]?.missing).toEqual([])
        expect(rest).toHaveLength(2)
      }),
    )
  })

  it('names exactly the removed parts before the last one, and places every name once', () => {
    const kept = fc.uniqueArray(fc.integer({ min: 1, max: 20 }), { minLength: 1 })
    fc.assert(
      fc.property(kept, (numbers) => {
        const names = numbers.map((number) => partNames.padded('x', 20)[number - 1] ?? '')
        const [group] = groupParts(names).groups
        const wanted = partNames.padded('x', Math.max(...numbers)).filter((name) => !names.includes(name))
        expect(group?.missing).toEqual(wanted)
      }),
    )
    fc.assert(
      fc.property(fc.array(fc.string()), (names) => {
        const { groups, rest } = groupParts(names)
        const all = [...groups.flatMap((group) => group.partIndexes), ...rest]
        expect(all.sort((a, b) => a - b)).toEqual([...names.keys()])
      }),
    )
  })
})

const partNames = {
  padded: (name: string, count: number) => names(count, (n) => `${name}.part${two(n)}.rar`),
  plain: (name: string, count: number) => names(count, (n) => `${name}.part${n}.rar`),
  old: (name: string, count: number) => names(count, (n) => (n === 1 ? `${name}.rar` : `${name}.r${two(n - 2)}`)),
  cut: (name: string, count: number) => names(count, (n) => `${name}.7z.0${two(n)}`),
  disks: (name: string, count: number) => names(count, (n) => (n === count ? `${name}.zip` : `${name}.z${two(n)}`)),
}

function names(count: number, nameOf: (number: number) => string): string[] {
  return Array.from({ length: count }, (_, index) => nameOf(index + 1))
}

function two(number: number): string {
  return `${number}`.padStart(2, '0')
}

function numbered(last: number): string[] {
  return names(last, (n) => `x.part${two(n)}.rar`)
}

function rank(name: string, seed: number): number {
  return [...name].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) | 0, seed)
}
