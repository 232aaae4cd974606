import { expect, it } from 'vitest'
import type { AnalyzedLink } from '../../../shared/analysis.ts'
import { isArchive, secondLine } from './second-line.ts'

const row = (more: Partial<AnalyzedLink>): AnalyzedLink => ({
  kind: 'file',
  name: 'a.bin',
  host: 'example.org',
  links: ['http://example.org/a.bin'],
  sizeBytes: 10,
  bandwidthBytes: 0,
  problem: null,
  needsPassword: false,
  seeds: null,
  entryCount: null,
  unpackedBytes: null,
  note: null,
  ...more,
})

it('says that a server is busy instead of why the size is not known', () => {
  const note = '“example.org” is busy now (503); it will be tried again.'
  expect(secondLine(row({ sizeBytes: null, note }))).toBe(`example.org · ${note}`)
})

it('says how many people share a torrent and how many files it holds', () => {
  const torrent = row({ kind: 'torrent', host: '', name: 'album', links: ['magnet:?x'] })
  expect([
    secondLine({ ...torrent, seeds: 12, entryCount: 14 }),
    secondLine({ ...torrent, seeds: 1, entryCount: 1 }),
    secondLine({ ...torrent, seeds: 0, entryCount: 3 }),
    secondLine({ ...torrent, entryCount: 3 }),
  ]).toEqual([
    '12 people share it · 14 files',
    '1 person shares it · 1 file',
    'nobody shares it now · 3 files',
    '3 files',
  ])
})

it('says what is in an archive, by its kind', () => {
  const inside = { entryCount: 40, unpackedBytes: 1.2e9 }
  expect([
    secondLine(row({ name: 'photos.zip', ...inside })),
    secondLine(row({ name: 'photos.7z', entryCount: 1 })),
    secondLine(
      row({ kind: 'multipart', name: 'ABCDE', links: ['http://example.org/abcde.part1.rar', 'b'], ...inside }),
    ),
    secondLine(row({ name: 'download', ...inside })),
    secondLine(row({ unpackedBytes: 1000 })),
  ]).toEqual([
    'zip with 40 files, 1.2 GB unpacked · example.org',
    '7z with 1 file · example.org',
    '2 parts · rar with 40 files, 1.2 GB unpacked · example.org',
    'archive with 40 files, 1.2 GB unpacked · example.org',
    '1 kB unpacked · example.org',
  ])
})

it('says that a size is not known, and names missing parts', () => {
  expect([
    secondLine(row({ sizeBytes: null })),
    secondLine(row({ kind: 'torrent', host: '', sizeBytes: null })),
    secondLine(row({ kind: 'problem', problem: '“ABCDE” is not complete: abcde.part2.rar is missing.' })),
  ]).toEqual([
    'example.org · the server does not report its size',
    'its contents are not known yet',
    '“ABCDE” is not complete: abcde.part2.rar is missing.',
  ])
})

it.each(['a.zip', 'a.part01.rar', 'a.7z.001', 'a.tar.gz', 'A.TGZ'])('recognizes %s as an archive', (name) => {
  expect(isArchive(name)).toBe(true)
})
