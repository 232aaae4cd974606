import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { readMagnet } from './magnet.ts'
import { readTorrent, wrapInfo } from './torrent-file.ts'
import { TorrentError } from './types.ts'

const hash20 = 'h'.repeat(20)

/** A torrent file with this info dictionary. */
function around(info: string, head = ''): Buffer {
  return Buffer.from(`d${head}4:info${info}e`, 'latin1')
}

it('reads a torrent of one file, with each supported tracker and web seed once', () => {
  const info = `d6:lengthi5e4:name5:a.txt12:piece lengthi16384e6:pieces20:${hash20}7:privatei1ee`
  const tiers = 'll17:http://a/announceel18:udp://b:1/announce7:foo:baree'
  const head = `8:announce17:http://a/announce13:announce-list${tiers}8:url-list12:http://seed/`
  const torrent = readTorrent(around(info, head))
  expect(torrent).toMatchObject({
    info: {
      name: 'a.txt',
      infoHash: createHash('sha1').update(info).digest('hex'),
      sizeBytes: 5,
      isFolder: false,
      files: [{ path: ['a.txt'], sizeBytes: 5 }],
      isPrivate: true,
    },
    trackers: ['http://a/announce', 'udp://b:1/announce'],
    webSeeds: ['http://seed/'],
    pieceCount: 1,
    length: 5,
  })
})

it('hides padding and follows no link, but accounts for the place of both', () => {
  const files = [
    'd6:lengthi10e4:pathl1:aee',
    'd4:attr1:p6:lengthi16374e4:pathl4:.pad5:16374ee',
    'd4:attr1:l6:lengthi0e4:pathl4:linke12:symlink pathl2:..3:etcee',
    'd6:lengthi7e4:pathl1:bee',
  ].join('')
  const info = `d5:filesl${files}e4:name1:x12:piece lengthi16384e6:pieces40:${hash20}${hash20}e`
  const { info: shown, placed } = readTorrent(around(info))
  expect(shown.files).toEqual([
    { path: ['a'], sizeBytes: 10 },
    { path: ['link'], sizeBytes: 0 },
    { path: ['b'], sizeBytes: 7 },
  ])
  expect(placed.map(({ offset, index }) => [offset, index])).toEqual([
    [0, 0],
    [10, null],
    [16384, 1],
    [16384, 2],
  ])
})

it.each([
  ['bytes of another format', Buffer.from('<html>'), 'This is not a torrent file, or it is damaged.'],
  ['no info dictionary', Buffer.from('d3:fooi1ee'), 'it describes no content'],
  ['an info value that is no dictionary', around('i5e'), 'it describes no content'],
  [
    'a torrent of the second version only',
    around('d9:file treede12:meta versioni2e4:name1:x12:piece lengthi16384ee'),
    'second version',
  ],
  ['a piece length of zero', around(`d6:lengthi5e4:name1:x12:piece lengthi0e6:pieces20:${hash20}e`), 'piece length'],
  [
    'pieces of a gigabyte',
    around(`d6:lengthi5e4:name1:x12:piece lengthi1073741824e6:pieces20:${hash20}e`),
    'piece length',
  ],
  [
    'truncated checksums',
    around('d6:lengthi5e4:name1:x12:piece lengthi16384e6:pieces19:hhhhhhhhhhhhhhhhhhhe'),
    'cut off',
  ],
  [
    'more checksums than pieces',
    around(`d6:lengthi5e4:name1:x12:piece lengthi16384e6:pieces40:${hash20}${hash20}e`),
    'do not fit',
  ],
  [
    'fewer checksums than pieces',
    around(`d6:lengthi99999e4:name1:x12:piece lengthi16384e6:pieces20:${hash20}e`),
    'do not fit',
  ],
  ['a negative size', around(`d6:lengthi-5e4:name1:x12:piece lengthi16384e6:pieces20:${hash20}e`), 'sensible size'],
  ['no content', around('d6:lengthi0e4:name1:x12:piece lengthi16384e6:pieces0:e'), 'holds nothing'],
  [
    'a file without a path',
    around(`d5:filesld6:lengthi5eee4:name1:x12:piece lengthi16384e6:pieces20:${hash20}e`),
    'sensible path',
  ],
])('refuses a torrent file with %s in a sentence', (_what, bytes, sentence) => {
  const read = () => readTorrent(bytes)
  expect(read).toThrow(TorrentError)
  expect(read).toThrow(sentence)
})

it('refuses more than 200,000 files, and thousands of one name, in bounded time', () => {
  const torrentOf = (count: number, path: (index: number) => string) => {
    const files = Array.from({ length: count }, (_, index) => `d6:lengthi1e4:pathl${path(index)}ee`).join('')
    const pieces = Math.ceil(count / 16384)
    return around(`d5:filesl${files}e4:name1:x12:piece lengthi16384e6:pieces${pieces * 20}:${hash20.repeat(pieces)}e`)
  }
  const before = process.threadCpuUsage()
  expect(() => readTorrent(torrentOf(200_001, () => '1:a'))).toThrow('more than 200000 files')
  expect(() => readTorrent(torrentOf(50_000, () => '1:a'))).toThrow('more than 1000 names twice')
  expect(readTorrent(torrentOf(20_000, (index) => `6:a${10_000 + index}`)).info.files.length).toBe(20_000)
  const { user, system } = process.threadCpuUsage(before)
  expect((user + system) / 1000).toBeLessThan(10_000)
})

it('makes a torrent file from an info dictionary and trackers, which reads back the same', () => {
  const info = `d6:lengthi5e4:name1:x12:piece lengthi16384e6:pieces20:${hash20}e`
  const torrent = readTorrent(wrapInfo(Buffer.from(info), ['http://a/announce']))
  expect([torrent.infoBytes.toString(), torrent.trackers]).toEqual([info, ['http://a/announce']])
})

it('reads a magnet link with a hash in hex or base32, and takes only supported addresses from it', () => {
  const hex = 'c12fe1c06bba254a9dc9f519b335aa7c1367a88a'
  const base32 = 'YEX6DQDLXISUVHOJ6UM3GNNKPQJWPKEK'
  const rest =
    '&dn=a+b&tr=http%3A%2F%2Ft%2Fa&tr.1=udp://u:1/a&tr=ws://w&ws=http%3A%2F%2Fs%2F&ws=ftp://x&x.pe=1.2.3.4:5&x.pe=[::1]:6&x.pe=bad&xs=http://z'
  const expected = {
    infoHash: hex,
    name: 'a b',
    trackers: ['http://t/a', 'udp://u:1/a'],
    webSeeds: ['http://s/'],
    peers: ['1.2.3.4:5', '[::1]:6'],
  }
  expect(
    [`magnet:?xt=urn:btih:${hex.toUpperCase()}${rest}`, `magnet:?xt=urn:btih:${base32}${rest}`].map(readMagnet),
  ).toEqual([expected, expected])
})

it.each([
  ['a link of another kind', 'http://x', 'This is not a magnet link.'],
  ['a link that names no torrent', 'magnet:?xt=urn:sha1:abc', 'names no torrent'],
  ['a hash that is too short', 'magnet:?xt=urn:btih:abc', 'names no torrent'],
  [
    'a torrent of the second version only',
    'magnet:?xt=urn:btmh:1220caf1e1c30e81cb361b9ee167c4aa64228a7fa4fa9f6105232b28ad099f3a302e',
    'second version',
  ],
])('refuses %s in a sentence', (_what, link, sentence) => {
  expect(() => readMagnet(link)).toThrow(sentence)
})
