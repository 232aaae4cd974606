import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { magnetName } from '../../engine/text/magnet-link.ts'
import { asParsed } from './client.ts'
import { readMagnet } from './magnet.ts'
import { readTorrent } from './torrent-file.ts'

const hash20 = 'h'.repeat(20)
const pieces = `6:pieces20:${hash20}`
const length = '12:piece lengthi16384e'
const single = `d6:lengthi5e4:name5:a.txt${length}${pieces}e`
const text = (value: string | Buffer) => {
  const bytes = Buffer.from(value)
  return `${bytes.length}:${bytes.toString('latin1')}`
}
const bytesOf = (info: string, head = '', tail = '') => Buffer.from(`d${head}4:info${info}${tail}e`, 'latin1')
const folder = (files: string, name = text('album'), more = '') =>
  `d5:filesl${files}e4:name${name}${length}${pieces}${more}e`
const fileOf = (path: string[], sizeBytes: number, more = '') =>
  `d6:lengthi${sizeBytes}e4:pathl${path.join('')}e${more}e`
const hashOf = (info: string) => createHash('sha1').update(Buffer.from(info, 'latin1')).digest('hex')

describe('a harmless flaw', () => {
  const around: [string, Buffer][] = [
    ['a trailing newline', Buffer.concat([bytesOf(single), Buffer.from('\r\n')])],
    ['trailing garbage', Buffer.concat([bytesOf(single), Buffer.alloc(3000, 0xff)])],
    ['a byte order mark and whitespace in front', Buffer.concat([Buffer.from('\ufeff \n'), bytesOf(single)])],
    ['a duplicate of an unused key', bytesOf(single, '7:comment1:a7:comment1:b')],
    ['a number of 20 digits', bytesOf(single, '13:creation datei99999999999999999999e')],
    ['an integer that no double can hold', bytesOf(single, '1:xi9007199254740993e')],
    ['numbers with leading zeros or a negative zero', bytesOf(single, '1:xi007e1:yi-0e')],
    ['keys out of order', bytesOf(single, '1:z1:a1:a1:z')],
    ['a creation date that is a text', bytesOf(single, `13:creation date${text('yesterday')}`)],
  ]
  it.each(around)('is tolerated: %s', (_what, bytes) => {
    const { info } = readTorrent(bytes)
    expect(info).toMatchObject({ name: 'a.txt', sizeBytes: 5, infoHash: hashOf(single), torrentFile: bytes })
  })

  const inside: [string, string, object][] = [
    ['a duplicate of an unused key', single.replace('d6:', 'd1:ai1e1:ai2e6:'), { name: 'a.txt', sizeBytes: 5 }],
    ['a number of 20 digits', single.replace('d6:', 'd1:ai99999999999999999999e6:'), { sizeBytes: 5 }],
    [
      'an empty last segment of a path',
      folder(fileOf([text('a'), text('')], 5) + fileOf([text('b')], 4)),
      {
        files: [
          { path: ['a'], sizeBytes: 5 },
          { path: ['b'], sizeBytes: 4 },
        ],
      },
    ],
    [
      'an empty last segment that stands for a folder',
      folder(fileOf([text('d'), text('')], 0) + fileOf([text('d'), text('b')], 4)),
      { files: [{ path: ['d', 'b'], sizeBytes: 4 }] },
    ],
    [
      'a path that is a text',
      folder(`d6:lengthi5e4:path${text('a.txt')}e`),
      { files: [{ path: ['a.txt'], sizeBytes: 5 }] },
    ],
    [
      'an empty path.utf-8',
      folder(fileOf([text('a')], 5, '10:path.utf-8le')),
      { files: [{ path: ['a'], sizeBytes: 5 }] },
    ],
    [
      'an empty list of files beside a length',
      `d5:filesle${single.slice(1)}`,
      { name: 'a.txt', sizeBytes: 5, isFolder: false },
    ],
    [
      'a length beside the files',
      `d5:filesl${fileOf([text('b')], 5)}e6:lengthi99e${single.slice(single.indexOf('4:name'))}`,
      { sizeBytes: 5 },
    ],
    [
      'a folder with one file',
      folder(fileOf([text('a')], 5)),
      { isFolder: true, files: [{ path: ['a'], sizeBytes: 5 }] },
    ],
    [
      'an empty file',
      folder(fileOf([text('a')], 5) + fileOf([text('z')], 0)),
      {
        sizeBytes: 5,
        files: [
          { path: ['a'], sizeBytes: 5 },
          { path: ['z'], sizeBytes: 0 },
        ],
      },
    ],
    ['no name', `d6:lengthi5e${length}${pieces}e`, { sizeBytes: 5 }],
    ['a private flag that is a text', single.replace(/e$/, '7:private1:1e'), { isPrivate: true }],
    ['a private flag of zero', single.replace(/e$/, '7:privatei0ee'), { isPrivate: false }],
    [
      'a hybrid of both versions',
      single.replace(
        /e$/,
        '12:meta versioni2e9:file treed5:a.txtd0:d6:lengthi5e11:pieces root32:hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhheeee',
      ),
      { name: 'a.txt', sizeBytes: 5 },
    ],
  ]
  it.each(inside)('is tolerated in the info dictionary: %s', (_what, info, expected) => {
    expect(readTorrent(bytesOf(info)).info).toMatchObject({ ...expected, infoHash: hashOf(info) })
  })

  it('is tolerated: a private flag beside the info dictionary instead of in it', () => {
    expect(readTorrent(bytesOf(single, '', '7:privatei1e')).info.isPrivate).toBe(true)
  })

  it('is tolerated: trackers with whitespace, in lists of any shape, several in one text', () => {
    const of = (head: string) => readTorrent(bytesOf(single, head)).trackers
    const [a, b] = ['http://a/announce', 'udp://b:1/announce']
    expect(of(`8:announce${text(` ${a}\n`)}`)).toEqual([a])
    expect(of(`8:announce${text(`${a}\r\n${b}`)}`)).toEqual([a, b])
    expect(of(`13:announce-listl${text(a)}${text(`\t${b}`)}e`)).toEqual([a, b])
    expect(of(`13:announce-listlll${text(a)}eel${text(b)}i5eelee`)).toEqual([a, b])
    expect(of(`13:announce-list${text(a)}`)).toEqual([a])
    expect(of(`8:announcele13:announce-listi5e`)).toEqual([])
  })
})

describe('an ambiguous or broken torrent file', () => {
  it.each([
    ['two lengths', single.replace('d6:lengthi5e', 'd6:lengthi5e6:lengthi6e')],
    ['two lists of files', folder(`${fileOf([text('a')], 5)}e5:filesl${fileOf([text('b')], 5)}`)],
    ['two sets of checksums', single.replace('6:pieces', `${pieces}6:pieces`)],
    ['a length of 20 digits', single.replace('i5e', 'i99999999999999999999e')],
    ['a negative length', single.replace('i5e', 'i-5e')],
    ['a length that is a text', single.replace('i5e', '1:5')],
  ])('is refused: %s', (_what, info) => {
    expect(() => readTorrent(bytesOf(info))).toThrow('This torrent file is damaged')
  })

  it('is refused: two info dictionaries', () => {
    expect(() => readTorrent(Buffer.from(`d4:info${single}4:info${single}e`, 'latin1'))).toThrow('damaged')
  })
})

describe('names in other encodings', () => {
  const gbk = Buffer.from('bacdc6bdb7a2d5b92e6d7034', 'hex')
  const shiftJis = Buffer.from('83578375838a2e6d7034', 'hex')
  const cp1251 = Buffer.from('cff0e8e2e5f22ceceef020edeee2fbe920ece8f0', 'hex')

  it.each([
    ['GBK', gbk, '和平发展.mp4'],
    ['Shift_JIS', shiftJis, 'ジブリ.mp4'],
    ['windows-1251', cp1251, 'Привет,мор новый мир'],
  ])('are read as declared: %s', (encoding, bytes, name) => {
    const { info, placed } = readTorrent(
      bytesOf(folder(fileOf([text(bytes)], 5), text(bytes)), `8:encoding${text(encoding)}`),
    )
    expect([info.name, info.files[0]?.path]).toEqual([name, [name]])
    const percent = [...bytes].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
    expect(decodeURIComponent(placed[0]?.remotePath[1]?.replace(/%(?![0-7])[0-9A-F]{2}/g, 'x') ?? '').length).toBe(
      bytes.length,
    )
    expect(percent).toContain(placed[0]?.remotePath[1]?.slice(0, 3))
  })

  it('are taken from the UTF-8 keys, while web seeds are asked for the original ones', () => {
    const info = folder(
      `d6:lengthi5e4:pathl${text(gbk)}e10:path.utf-8l${text('和平发展.mp4')}ee${fileOf([text('b')], 1)}`,
      text(gbk),
      `10:name.utf-8${text('和平')}`,
    )
    const torrent = readTorrent(bytesOf(info, `8:url-list${text('http://seed/')}`))
    expect([torrent.info.name, torrent.info.files[0]?.path]).toEqual(['和平', ['和平发展.mp4']])
    expect(asParsed(torrent, null).files?.map(({ path }) => path)).toEqual([
      '%BA%CD%C6%BD%B7%A2%D5%B9.mp4/%BA%CD%C6%BD%B7%A2%D5%B9.mp4',
      '%BA%CD%C6%BD%B7%A2%D5%B9.mp4/b',
    ])
  })

  it('are guessed when nothing is declared, and stay percent-encoded when the guess is poor', () => {
    const poor = Buffer.from('ff.bin', 'latin1')
    poor[0] = 0xff
    poor[1] = 0x81
    const name = (bytes: Buffer) =>
      readTorrent(bytesOf(`d6:lengthi5e4:name${text(bytes)}${length}${pieces}e`)).info.name
    expect([name(cp1251), name(poor)]).toEqual(['Привет,мор новый мир', '%FF%81.bin'])
  })

  it('are decoded in bounded time, however many there are', () => {
    const costMs = (count: number) => {
      const name = (index: number) => createHash('sha256').update(`${index}`).digest().subarray(0, 12)
      const files = Array.from({ length: count }, (_, index) => fileOf([text(name(index))], index === 0 ? 5 : 0))
      const before = process.threadCpuUsage()
      expect(readTorrent(bytesOf(folder(files.join('')))).info.files).toHaveLength(count)
      const { user, system } = process.threadCpuUsage(before)
      return (user + system) / 1000
    }
    costMs(1000)
    expect(costMs(20_000)).toBeLessThan(4000)
  })

  it('never become U+FFFD, whatever is declared', () => {
    for (const encoding of ['GBK', 'UTF-8', 'nonsense', '', 'CP437']) {
      for (let seed = 0; seed < 50; seed++) {
        const bytes = createHash('sha256')
          .update(`${seed}`)
          .digest()
          .subarray(0, 1 + (seed % 12))
        const { info } = readTorrent(
          bytesOf(folder(fileOf([text(bytes)], 5), text(bytes)), `8:encoding${text(encoding)}`),
        )
        expect([info.name, info.files[0]?.path.join('/')].join()).not.toContain('\ufffd')
      }
    }
  })
})

describe('a magnet link', () => {
  const hex = 'c12fe1c06bba254a9dc9f519b335aa7c1367a88a'
  it.each([
    `magnet:?xt=urn:btih:${hex}`,
    ` MAGNET:?XT=URN:BTIH:${hex.toUpperCase()}\n`,
    `magnet:?xt=urn%3Abtih%3A${hex}`,
    `magnet:?xt=urn%253Abtih%253A${hex}`,
    `magnet:?xt=%20urn:btih:${hex}%20`,
    `magnet:?xt=urn:btih:yex6dqdlxisuvhoj6um3gnnkpqjwpkek`,
    `magnet:?xt=urn:sha1:abc&xt=urn:btih:${hex}`,
    `magnet:?xt=urn:btih:${hex}&xt=urn:btih:${'0'.repeat(40)}`,
    `magnet:?dn=a&amp;xt=urn:btih:${hex}&amp;tr=http://t/`,
    `magnet:?xt.1=urn:btih:${hex}`,
    `magnet:?xt=urn:btih:${hex}/`,
    `magnet://?xt=urn:btih:${hex}`,
    `magnet:? xt=urn:btih:${hex}`,
  ])('gives its hash: %s', (link) => {
    expect(readMagnet(link).infoHash).toBe(hex)
  })

  it('gives its name in any encoding, and its trackers in any notation', () => {
    const link = (rest: string) => `magnet:?xt=urn:btih:${hex}&${rest}`
    expect(magnetName(link('dn=%BA%CD%C6%BD%B7%A2%D5%B9.mp4'))).toBe('和平发展.mp4')
    expect(magnetName(link('dn=a+b%20c'))).toBe('a b c')
    expect(magnetName(link('DN=%FF%81'))).toBe('%FF%81')
    expect(magnetName(link('dn=100%'))).toBe('100%')
    expect(readMagnet(link('TR=%20http://t/a&tr.x=udp://u:1')).trackers).toEqual(['http://t/a', 'udp://u:1'])
  })
})
