import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dispositionName, freeName, nameForLink, safeName, twinKey } from './names.ts'

const corpus: [string, string][] = [
  ['jazz.mp3', 'jazz.mp3'],
  ['CON', '_CON'],
  ['aux.txt', '_aux.txt'],
  ['com1.tar.gz', '_com1.tar.gz'],
  ['COM¹', '_COM¹'],
  ['console.log', 'console.log'],
  ['..', '__'],
  ['.', '_'],
  ['...', '___'],
  ['', 'unnamed'],
  ['   ', 'unnamed'],
  ['../../etc/passwd', '.._.._etc_passwd'],
  ['C:\\Windows\\x', 'C__Windows_x'],
  ['a\0b', 'a_b'],
  ['a\nb\tc', 'a_b_c'],
  ['photo\u202egpj.exe', 'photo_gpj.exe'],
  ['\u2066x\u2069', '_x_'],
  ['name.', 'name_'],
  ['name. ', 'name_'],
  ['file.txt:stream', 'file.txt_stream'],
  ['-rf', '-rf'],
  ['~', '~'],
  ['%2e%2e', '%2e%2e'],
  ['.hidden', '.hidden'],
  ['e\u0301te\u0301.txt', 'été.txt'],
  ['\ud800lone', '\ufffdlone'],
  ['👩‍👩‍👧.png', '👩‍👩‍👧.png'],
]

describe('safeName', () => {
  it.each(corpus)('turns %j into %j', (remote, safe) => {
    expect(safeName(remote)).toBe(safe)
  })

  it('cuts a long name to 255 bytes between characters and keeps its ending', () => {
    const name = safeName(`${'é'.repeat(300)}.tar.mkv`)
    expect([Buffer.byteLength(name) <= 255, name.endsWith('.mkv'), name.includes('\ufffd')]).toEqual([
      true,
      true,
      false,
    ])
  })

  it('gives a name that keeps every rule, whatever comes in', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme', maxLength: 600 })),
        (remote) => {
          const name = safeName(remote)
          expect(name).not.toMatch(/[/\\<>:"|?*\p{Cc}\u202a-\u202e\u2066-\u2069]/u)
          expect(name).not.toMatch(/^$|^\.\.?$|[. ]$/)
          expect(name.replace(/\s*\..*$/s, '')).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)$/i)
          expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255)
          expect(safeName(name)).toBe(name)
        },
      ),
      { numRuns: 5000 },
    )
  })
})

describe('nameForLink', () => {
  it.each([
    ['http://a/b/Big%20Buck%20Bunny.mp4?x=/y.txt#z', null, 'Big Buck Bunny.mp4'],
    ['http://a/%2e%2e%2f%2e%2e%2fpasswd', null, '.._.._passwd'],
    ['http://example.com/', null, 'example.com'],
    ['http://a/film%ff.avi', null, 'film\ufffd.avi'],
    ['http://a/100%.txt', null, '100%.txt'],
    ['http://a/get.php', 'attachment; filename="jazz \\"live\\".rar"', 'jazz _live_.rar'],
    ['http://a/get.php', "attachment; filename=x.bin; filename*=UTF-8''%e2%82%ac%20rates.pdf", '€ rates.pdf'],
    ['http://a/get.php', "attachment; filename*=iso-8859-1'en'%A3.txt", '£.txt'],
    ['http://a/get.php', 'attachment; filename=plain.zip', 'plain.zip'],
    ['http://a/get.php', 'attachment; filename="/etc/passwd"', 'passwd'],
    ['http://a/get.php', 'attachment; filename="..\\..\\evil.exe"', 'evil.exe'],
    ['http://a/get.php', 'attachment; filename=""', 'get.php'],
    ['http://a/get.php', 'inline', 'get.php'],
  ])('names %s with %j %s', (url, disposition, name) => {
    expect(nameForLink(url, disposition)).toBe(name)
  })

  it('reads raw UTF-8 in a header that Node gives as Latin-1', () => {
    expect(dispositionName(Buffer.from('attachment; filename="çay.mp3"').toString('latin1'))).toBe('çay.mp3')
  })
})

it('finds a free name beside taken ones', () => {
  const taken = new Set(['a.txt', 'a (2).txt'])
  expect(freeName('a.txt', (name) => taken.has(name))).toBe('a (3).txt')
})

it('takes names for twins that differ in case or in the form of accents only', () => {
  const twins = [
    ['README', 'readme'],
    ['caf\u00e9', 'CAFE\u0301'],
    ['ß', 'ẞ'],
    ['straße', 'STRASSE'],
  ]
  expect(twins.map(([one = '', other = '']) => twinKey(one) === twinKey(other))).toEqual(twins.map(() => true))
  expect(twinKey('a.txt') === twinKey('b.txt')).toBe(false)
})
