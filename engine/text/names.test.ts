import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dispositionName } from './disposition.ts'
import { freeName, nameForLink, plainNameForLink, safeName, twinKey } from './names.ts'

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

  it('cuts a long name to 255 bytes between characters, and keeps its extension', () => {
    const name = safeName(`${'é'.repeat(300)}.tar.mkv`)
    expect([Buffer.byteLength(name) <= 255, name.endsWith('.mkv'), name.includes('\ufffd')]).toEqual([
      true,
      true,
      false,
    ])
  })

  it('returns a name that keeps every rule for any input', () => {
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
    ['http://a/film%81.avi', null, 'filmü.avi'],
    ['http://a/%ff%fe%81.avi', null, '%ff%fe%81.avi'],
    ['http://a/%BA%DA.bin', null, '%BA%DA.bin'],
    ['http://a/%ba%da%20x.bin', null, '%ba%da x.bin'],
    ['http://a/%B5%E7%D3%B0/%B5%DA%D2%BB%BC%AF/%BA%DA.bin', null, '黑.bin'],
    ['http://a/%BA%DA%BF%CD%B5%DB%B9%FA.bin', null, '黑客帝国.bin'],
    ['http://a/%97%5C%92%E8%95%5C.txt', null, '予定表.txt'],
    ['http://a/%ED%A0%80.txt', null, '%ED%A0%80.txt'],
    ['http://a/100%.txt', null, '100%.txt'],
    ['http://a/get.php', 'attachment; filename="jazz \\"live\\".rar"', 'jazz _live_.rar'],
    ['http://a/get.php', "attachment; filename=x.bin; filename*=UTF-8''%e2%82%ac%20rates.pdf", '€ rates.pdf'],
    ['http://a/get.php', "attachment; filename*=iso-8859-1'en'%A3.txt", '£.txt'],
    ['http://a/get.php', 'attachment; filename=plain.zip', 'plain.zip'],
    ['http://a/get.php', 'attachment; filename="/etc/passwd"', 'passwd'],
    ['http://a/get.php', 'attachment; filename="..\\..\\evil.exe"', 'evil.exe'],
    ['http://a/get.php', 'attachment; filename=""', 'get.php'],
    ['http://a/get.php', 'inline', 'get.php'],
    ['http://a/get.php', "attachment; filename*=utf8''%e2%82%ac.pdf", '€.pdf'],
    ['http://a/get.php', "attachment; filename*=GBK''%BA%DA.bin", '黑.bin'],
    ['http://a/get.php', "attachment; filename*=Shift_JIS'ja'%95%5c.txt", '表.txt'],
    ['http://a/get.php', "attachment; filename*=UTF-8''%BA%DA%BF%CD%B5%DB%B9%FA.bin", '黑客帝国.bin'],
    ['http://a/get.php', "attachment; filename*=UTF-8''%BA%DA.bin; filename=plain.bin", 'plain.bin'],
    ['http://a/get.php', "attachment; filename*=x-none''%e2%82%ac.pdf", '€.pdf'],
    ['http://a/get.php', "attachment; filename*=''%e2%82%ac.pdf", '€.pdf'],
    ['http://a/get.php', 'attachment; filename*=plain.zip', 'plain.zip'],
    ['http://a/get.php', 'attachment; filename*="UTF-8\'\'%e2%82%ac.pdf"', '€.pdf'],
    ['http://a/get.php', "attachment; FileName*=UTF-8''a%2fb.txt", 'b.txt'],
    ['http://a/get.php', 'attachment; filename="=?UTF-8?B?Wm/DqyDilIMuYmlu?="', 'Zoë ┃.bin'],
    ['http://a/get.php', 'attachment; filename="=?utf-8?q?Zo=C3=AB_x.bin?="', 'Zoë x.bin'],
    ['http://a/get.php', 'attachment; filename==?ISO-8859-1?Q?caf=E9.txt?=', 'café.txt'],
    // Half of a character in each word.
    ['http://a/get.php', 'attachment; filename="=?UTF-8?Q?Zo=C3?= =?UTF-8?Q?=AB.bin?="', 'Zoë.bin'],
    ['http://a/get.php', 'attachment; filename="=?GBK?B?utouYmlu?="', '黑.bin'],
    ['http://a/get.php', 'attachment; filename="=?UTF-8?B?=?= x"', '=_UTF-8_B_=_= x'],
    ['http://a/get.php', 'attachment; filename="Zo%C3%AB%20x.bin"', 'Zoë x.bin'],
    ['http://a/get.php', 'attachment; filename="100%.txt"', '100%.txt'],
    ['http://a/get.php', 'attachment; filename="50% off %zz.txt"', '50% off %zz.txt'],
    ['http://a/get.php', 'attachment; filename="unclosed.mkv', 'unclosed.mkv'],
    ['http://a/get.php', 'attachment; filename=a b.mkv ; size=5', 'a b.mkv'],
    ['http://a/get.php', "attachment; filename='single.mkv'", 'single.mkv'],
    ['http://a/get.php', 'filename=bare.mkv', 'bare.mkv'],
    ['http://a/get.php', 'attachment; filename="x;filename=y.txt"', 'x;filename=y.txt'],
    ['http://a/get.php', 'attachment; filename="."', 'get.php'],
    ['http://a/get.php', 'attachment; filename="a/"', 'a'],
  ])('names %s with %j %s', (url, disposition, name) => {
    expect(nameForLink(url, disposition)).toBe(name)
  })

  it.each([
    ['GBK', 'bada bfcd b5db b9fa 2e6d6b76', '黑客帝国.mkv'],
    // The second byte of the second character is a backslash.
    ['Shift-JIS', '975c 92e8 955c 2e747874', '予定表.txt'],
    ['Windows-1251', 'cdeee2e0ff 20 efe0efeae0', 'Новая папка'],
    ['Latin-1, a single letter', 'e9 2e747874', 'é.txt'],
    ['an unknown encoding', 'bada 2e62696e', '%BA%DA.bin'],
  ])('reads raw bytes in %s in a header', (_encoding, hex, name) => {
    const raw = Buffer.from(hex.replaceAll(' ', ''), 'hex').toString('latin1')
    expect(nameForLink('http://a/x', `attachment; filename="${raw}"`)).toBe(name)
    expect(nameForLink('http://a/x', `attachment; filename=${raw}`)).toBe(name)
  })

  it('never returns U+FFFD for any bytes in a link or a header', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
        const raw = Buffer.from(bytes)
          .toString('latin1')
          .replace(/[\0\r\n]/g, '_')
        const percent = Buffer.from(bytes).toString('hex').replace(/../g, '%$&')
        for (const name of [
          nameForLink(`http://a/${percent}`),
          nameForLink('http://a/x', `attachment; filename="${raw}"`),
          nameForLink('http://a/x', `attachment; filename*=UTF-8''${percent}`),
          nameForLink('http://a/x', `attachment; filename*=GBK''${percent}`),
        ]) {
          expect(name).not.toContain('\ufffd')
          expect(safeName(name)).toBe(name)
        }
      }),
      { numRuns: 100 },
    )
  })

  it('names 20,000 links within 2 seconds of CPU time without guessing encodings', () => {
    const began = process.cpuUsage()
    for (let n = 0; n < 20_000; n++) plainNameForLink(`http://a/%BA%DA%BF%CD${n}.bin`)
    expect(plainNameForLink('http://a/%C3%A9/%BA%DA%20x.bin')).toBe('%BA%DA x.bin')
    expect(plainNameForLink('http://a/%C3%A9')).toBe('é')
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(2000)
  })

  it('reads endless headers within 1.5 seconds of CPU time', () => {
    const began = process.cpuUsage()
    for (const part of ['; filename="\\', '=?a?q?', ';filename*=', '%', '"', "'"]) {
      nameForLink('http://a/x', `attachment; filename="${part.repeat(20_000)}`)
      nameForLink('http://a/x', `attachment; filename=${part.repeat(20_000)}`)
    }
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(1500)
  })

  it('reads raw UTF-8 in a header that Node decoded as Latin-1', () => {
    expect(dispositionName(Buffer.from('attachment; filename="çay.mp3"').toString('latin1'))).toBe('çay.mp3')
  })
})

it('finds a free name beside names that are taken', () => {
  const taken = new Set(['a.txt', 'a (2).txt'])
  expect(freeName('a.txt', (name) => taken.has(name))).toBe('a (3).txt')
})

it('gives names that differ only in case or in the form of accents the same key', () => {
  const twins = [
    ['README', 'readme'],
    ['caf\u00e9', 'CAFE\u0301'],
    ['ß', 'ẞ'],
    ['straße', 'STRASSE'],
  ]
  expect(twins.map(([one = '', other = '']) => twinKey(one) === twinKey(other))).toEqual(twins.map(() => true))
  expect(twinKey('a.txt') === twinKey('b.txt')).toBe(false)
})
