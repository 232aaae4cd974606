import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { AnalyzedLink } from '../../../shared/analysis.ts'
import { largestTorrentFileBytes } from '../../../shared/torrent-file.ts'
import { TorrentFiles } from './torrent-files.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'putdesk-torrents-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const row: AnalyzedLink = {
  kind: 'torrent',
  name: 'album',
  host: '',
  links: [],
  sizeBytes: 1,
  bandwidthBytes: 0,
  problem: null,
  needsPassword: false,
  seeds: null,
  entryCount: null,
  unpackedBytes: null,
  note: null,
}

it('gives the window a short link and the service the whole file, and equal bytes the same link', async () => {
  const files = new TorrentFiles()
  writeFileSync(join(folder, 'a b.torrent'), 'd4:infode')
  const file = await files.read(join(folder, 'a b.torrent'))
  expect(file).toEqual({ link: expect.stringMatching(/^torrent-file:[0-9a-f]{40}$/), name: 'a b.torrent' })
  expect(files.toService(file.link)).toBe('data:application/x-bittorrent;base64,ZDQ6aW5mb2Rl')
  expect(files.take('other.torrent', Buffer.from('d4:infode')).link).toBe(file.link)
  expect(files.toService('http://a.b/c')).toBe('http://a.b/c')
})

it('names an unreadable torrent by its file name, and shows none of its bytes', () => {
  const files = new TorrentFiles()
  const { link } = files.take('broken.torrent', Buffer.from('not a torrent'))
  const dataLink = files.toService(link)
  const problem = `“${dataLink}” is not a torrent.`
  const shown = files.toWindow({ ...row, kind: 'problem', name: dataLink, links: [dataLink], problem })
  expect(shown).toMatchObject({ name: 'broken.torrent', links: [link], problem: '“broken.torrent” is not a torrent.' })
  expect(files.toWindow({ ...row, links: [dataLink] })).toMatchObject({ name: 'album', links: [link] })
  expect(files.toWindow({ ...row, links: ['http://a.b/c'] })).toEqual({ ...row, links: ['http://a.b/c'] })
})

it('refuses a file that is too large, empty, missing or a folder, by name', async () => {
  const files = new TorrentFiles()
  writeFileSync(join(folder, 'large.torrent'), Buffer.alloc(largestTorrentFileBytes + 1))
  writeFileSync(join(folder, 'empty.torrent'), '')
  const sentences = await Promise.all(
    ['large.torrent', 'empty.torrent', 'missing.torrent', '.'].map((name) =>
      files.read(join(folder, name)).catch((error: unknown) => String(error)),
    ),
  )
  expect(sentences).toEqual([
    expect.stringContaining('“large.torrent” is too large for a torrent file: at most 700 kB.'),
    expect.stringContaining('“empty.torrent” is empty.'),
    expect.stringContaining('“missing.torrent” could not be read.'),
    expect.stringContaining('is not a file.'),
  ])
})

it('throws when a file is no longer available', () => {
  expect(() => new TorrentFiles().toService(`torrent-file:${'0'.repeat(40)}`)).toThrow('no longer available')
})
