import { expect, it } from 'vitest'
import { isLinkFile, readLinkFile } from './link-files.ts'

const link = 'http://h.example/映画.mkv'
const utf8 = (text: string) => new TextEncoder().encode(text)
const utf16 = (text: string, { isBigEndian = false, hasBom = false }) => {
  const units = new Uint8Array(text.length * 2)
  const view = new DataView(units.buffer)
  for (let at = 0; at < text.length; at++) view.setUint16(at * 2, text.charCodeAt(at), !isBigEndian)
  return hasBom ? new Uint8Array([...(isBigEndian ? [0xfe, 0xff] : [0xff, 0xfe]), ...units]) : units
}

it.each([
  ['UTF-8', utf8(link), []],
  ['UTF-8 with a BOM', new Uint8Array([0xef, 0xbb, 0xbf, ...utf8(link)]), []],
  ['UTF-16 with a BOM', utf16(link, { hasBom: true }), []],
  ['UTF-16 without a BOM', utf16(link, {}), []],
  ['big-endian UTF-16 with a BOM', utf16(link, { isBigEndian: true, hasBom: true }), []],
  ['big-endian UTF-16 without a BOM', utf16(link, { isBigEndian: true }), []],
  [
    'Shift-JIS',
    new Uint8Array([...utf8('http://h.example/'), 0x89, 0x66, 0x89, 0xe6, ...utf8('.mkv')]),
    ['ja-JP', 'en'],
  ],
])('reads a text in %s', (_, bytes, languages) => {
  expect(readLinkFile('a.TXT', bytes, languages)).toEqual({ kind: 'text', content: link })
})

it('decodes punctuation after a link by the languages of the user', () => {
  const bytes = new Uint8Array([...utf8('http://h.example/a.zip'), 0xa3, 0xac, 0xc8, 0xbb])
  expect(readLinkFile('a.txt', bytes, ['en', 'zh-CN']).content).toBe('http://h.example/a.zip，然')
  expect(readLinkFile('a.txt', bytes, ['en']).content).toBe('http://h.example/a.zip£¬È»')
})

it.each([
  [
    'a.url',
    '[InternetShortcut]\r\nURL=http://h.example/a\r\nIconFile=http://h.example/icon.ico\r\n',
    'http://h.example/a',
  ],
  ['a.URL', '[{000214A0}]\nProp3=19,11\n[InternetShortcut]\nurl = http://h.example/a?b=c', 'http://h.example/a?b=c'],
  [
    'a.desktop',
    '[Desktop Entry]\nType=Link\nIcon=http://h.example/i.png\nURL[$e]=http://h.example/a\n',
    'http://h.example/a',
  ],
  [
    'a.webloc',
    '<?xml version="1.0"?><!DOCTYPE plist PUBLIC "x" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist><dict><key>URL</key>\n<string>http://h.example/a?b=1&amp;c=2</string></dict></plist>',
    'http://h.example/a?b=1&amp;c=2',
  ],
  [
    'a.webloc',
    'bplist00\u0001\u0002URL_\u0010\u0012http://h.example/a\b\u000b',
    'bplist00\u0001\u0002URL_\u0010\u0012http://h.example/a\b\u000b',
  ],
])('finds the address in %s %j', (name, text, content) => {
  expect(readLinkFile(name, utf8(text), [])).toEqual({ kind: 'text', content })
})

it('reads a page as HTML, and recognizes link files by extension', () => {
  expect(readLinkFile('a.html', utf8('<a href=b>'), [])).toEqual({ kind: 'html', content: '<a href=b>' })
  expect(['a.torrent', 'a.mkv', 'txt', 'a.txt'].filter(isLinkFile)).toEqual(['txt', 'a.txt'])
})
