import fc from 'fast-check'
import { expect, it } from 'vitest'
import { linksInText, linksInTextBySteps, maxLinkLength } from './links-in-text.ts'

const hash = 'c12fe1c06bba254a9dc9f519b335aa7c1367a88a'
const magnet = `magnet:?xt=urn:btih:${hash}`

const cases: Record<string, [text: string, links: string[]][]> = {
  'punctuation after a link': [
    ['Even http://h.example/f... or http://h.example/g…', ['http://h.example/f', 'http://h.example/g']],
    ['Go: http://h.example/a, http://h.example/b; http://h.example/c!', list('a', 'b', 'c')],
    ['http://h.example/a.zip，然后', list('a.zip')],
    ['下载http://h.example/a.zip。', list('a.zip')],
    ['「http://h.example/a.zip」と『http://h.example/b.zip』', list('a.zip', 'b.zip')],
    ['（http://h.example/a）、【http://h.example/b】！', list('a', 'b')],
    ['“http://h.example/a” «http://h.example/b» ‘http://h.example/c’ „http://h.example/d“', list('a', 'b', 'c', 'd')],
    ['(看http://h.example/a.mkv)然后', list('a.mkv')],
  ],
  'quotes and apostrophes': [
    ["https://h/Ann's%20film.mkv", ["https://h/Ann's%20film.mkv"]],
    ["get 'https://h/Ann's%20film.mkv' now", ["https://h/Ann's%20film.mkv"]],
    ["['http://h.example/a','http://h.example/b']", list('a', 'b')],
    ['"http://h.example/a","http://h.example/b"', list('a', 'b')],
    ['https://h/Ann’s.mkv', ['https://h/Ann’s.mkv']],
    ['`http://h.example/a`', list('a')],
  ],
  Markdown: [
    ['**http://h.example/a** and *http://h.example/b*, ***http://h.example/c***', list('a', 'b', 'c')],
    ['**http://h.example/a**and', list('a')],
    ['_http://h.example/a_ __http://h.example/b__ ~~http://h.example/c~~', list('a', 'b', 'c')],
    ['http://h.example/abc_', list('abc_')],
    [
      '<http://h.example/a> [text](http://h.example/b_(1).mkv), ![](http://h.example/c.png "title")',
      list('a', 'b_(1).mkv', 'c.png'),
    ],
    ['[one](http://h.example/a)[two](http://h.example/b)', list('a', 'b')],
    ['[http://h.example/a](http://h.example/a)', list('a')],
    ['| http://h.example/a | 1 GB |\n|http://h.example/b|2 GB|', list('a', 'b')],
  ],
  brackets: [
    ['(http://h.example/a) (see http://h.example/b).', list('a', 'b')],
    ['https://en.wikipedia.example/wiki/Set_(mathematics)', ['https://en.wikipedia.example/wiki/Set_(mathematics)']],
    ['(https://en.wikipedia.example/wiki/Set_(mathematics))', ['https://en.wikipedia.example/wiki/Set_(mathematics)']],
    ['http://h.example/Film[1080p].mkv http://h.example/Film[1080p]', list('Film[1080p].mkv', 'Film[1080p]')],
    ['[http://h.example/a]! {http://h.example/b}', list('a', 'b')],
    ['http://h.example/a(', list('a')],
  ],
  BBCode: [
    ['[url=http://h.example/a]text[/url]', list('a')],
    ['[url="http://h.example/a"]text[/url]', list('a')],
    ['[URL]http://h.example/a[/URL][img]http://h.example/b.png[/img]', list('a', 'b.png')],
    ['[url=http://h.example/a][img]http://h.example/b.png[/img][/url]', list('a', 'b.png')],
    ['[code]http://h.example/a\nhttp://h.example/b[/code]', list('a', 'b')],
  ],
  'zero-width characters': [
    [
      '\ufeffhttp://h.example/a\u200b \u200ehttp://h.example/b\u200f \u202ahttp://h.example/c\u202c',
      list('a', 'b', 'c'),
    ],
    ['http://h.example/long\u00adword\u200b/and\u2060more', list('longword/andmore')],
    ['http://h.\u200bexample/a\u200bhttp://h.example/b', list('a', 'b')],
    ['https://fa.example/wiki/می\u200cخواهم\u200d', ['https://fa.example/wiki/می\u200cخواهم']],
  ],
  'links joined by little or nothing': [
    ['http://a/b,http://c/d', ['http://a/b', 'http://c/d']],
    ['http://a/b;http://c/d', ['http://a/b', 'http://c/d']],
    ['http://a/bhttp://c/d', ['http://a/b', 'http://c/d']],
    ['http://a/b.zip)http://c/d', ['http://a/b.zip', 'http://c/d']],
    [`${magnet}${magnet.replace('c12', 'd12')}`, [magnet, magnet.replace('c12', 'd12')]],
    [`${magnet}&dn=a${magnet.replace('c12', 'd12')}`, [`${magnet}&dn=a`, magnet.replace('c12', 'd12')]],
    ['http://https://c/d', ['https://c/d']],
  ],
  'links within a link': [
    ['http://web.archive.example/web/2020/http://c/d', ['http://web.archive.example/web/2020/http://c/d']],
    ['http://a/?to=http://c/d&u=https%3A%2F%2Fe%2Ff', ['http://a/?to=http://c/d&u=https%3A%2F%2Fe%2Ff']],
    [`${magnet}&tr=http://t/announce&ws=http://w/f`, [`${magnet}&tr=http://t/announce&ws=http://w/f`]],
  ],
  magnets: [
    [`${magnet}&amp;dn=a&amp;tr=udp%3A%2F%2Ft%3A80`, [`${magnet}&dn=a&tr=udp%3A%2F%2Ft%3A80`]],
    [`see magnet%3A%3Fxt%3Durn%3Abtih%3A${hash}%26dn%3DA%2520b`, [`${magnet}&dn=A%20b`]],
    [`/go?url=magnet%3A%3Fxt%3Durn%3Abtih%3A${hash}%26dn%3Da&from=1`, [`${magnet}&dn=a`]],
    [`MAGNET:?XT=URN:BTIH:${hash.toUpperCase()}&DN=A+B`, [`magnet:?xt=urn:btih:${hash.toUpperCase()}&dn=A+B`]],
    [`magnet:?xt=urn%3Abtih%3A${hash}`, [`magnet:?xt=urn%3Abtih%3A${hash}`]],
    [
      `magnet:?dn=x&xt=urn:btih:YEX6DQDLXISUVHOJ6UM3GNNKPQJWPKEK and ${hash}`,
      ['magnet:?dn=x&xt=urn:btih:YEX6DQDLXISUVHOJ6UM3GNNKPQJWPKEK'],
    ],
    [`${hash} or YEX6DQDLXISUVHOJ6UM3GNNKPQJWPKEL`, [magnet, 'magnet:?xt=urn:btih:YEX6DQDLXISUVHOJ6UM3GNNKPQJWPKEL']],
    ['magnet:? magnet:?dn=nothing', []],
  ],
  'HTML source': [
    ['<a href="//h.example/a">x</a> <img src=//h.example/b.png>', ['https://h.example/a', 'https://h.example/b.png']],
    ["<a href='http://h.example/a?x=1&amp;y=2'>x</a>", list('a?x=1&y=2')],
    ['&lt;http://h.example/a&gt; &quot;http://h.example/b&quot; http://h.example/c&nbsp;d', list('a', 'b', 'c')],
    ['http://h.example/a?x=1&#38;y=2&amp;amp;z=3', list('a?x=1&y=2&z=3')],
    ['// http://h.example/a\n//comment', list('a')],
  ],
  'JSON and tables': [
    ['{"u":"http:\\/\\/h.example\\/a?x=1\\u0026y=2","v":"b"}', list('a?x=1&y=2')],
    ['{"u":"http://h.example/a\\nnext","v":["http://h.example/b"]}', list('a', 'b')],
    ['name,link,size\nfilm,http://h.example/a.zip,1200\n"x, y","http://h.example/b,c.zip",2', list('a.zip', 'b,c.zip')],
    ['link,size\nhttp://h.example/a.zip,1200\nhttp://h.example/b.zip,1300', list('a.zip', 'b.zip')],
    ['film;http://h.example/a.zip;1200', list('a.zip')],
    ['a\thttp://h.example/a\t1', list('a')],
    ['http://h.example/w_100,h_200/a.jpg\nhttp://h.example/w_1,h_2/b.jpg', list('w_100,h_200/a.jpg', 'w_1,h_2/b.jpg')],
  ],
  'spellings of addresses': [
    ['hxxp://h.example/a hxxps://h[.]example/b', ['http://h.example/a', 'https://h.example/b']],
    ['www.h.example/a and (www.h.example), www. www.x', ['http://www.h.example/a', 'http://www.h.example']],
    [
      'ftp://h.example/a ftps://u:p@h.example:990/b sftp://h.example/c',
      ['ftp://h.example/a', 'ftps://u:p@h.example:990/b'],
    ],
    ['HTTP://H.example/A Https://h.example/b', ['http://H.example/A', 'https://h.example/b']],
    ['http://[2001:db8::1]:8080/a, http://[::1]', ['http://[2001:db8::1]:8080/a', 'http://[::1]']],
    ['http://user:p%40ss@h.example:8080/a?b=c#d', ['http://user:p%40ss@h.example:8080/a?b=c#d']],
    ['http://bücher.example/ä http://例え.jp/パス・名', ['http://bücher.example/ä', 'http://例え.jp/パス・名']],
  ],
  'links over several lines': [
    ['<http://h.example/a\nb/\n  c>', list('ab/c')],
    ['> see <http://h.example/a\n> b>, then\n> http://h.example/d', list('ab', 'd')],
    ['<http://h.example/a\nsome words', list('a')],
    [`http://h.example/${'x'.repeat(58)}=\nrest?a=3D1&b=3D=C3=A9 and =E2=82=AC`, list(`${'x'.repeat(58)}rest?a=1&b=é`)],
    ['http://h.example/?q=\nhttp://h.example/b', list('?q=', 'b')],
  ],
  'one link per line': [
    ['http://h.example/My Film.mkv\r\nhttp://h.example/b.zip', list('My%20Film.mkv', 'b.zip')],
    ['http://h.example/a.mkv is my film.mkv', list('a.mkv')],
    ['http://h.example/page about nothing.', list('page')],
    ['http://h.example/My http://h.example/Film.mkv', list('My', 'Film.mkv')],
    ['see http://h.example/My Film.mkv', list('My')],
    [' out=x.bin\nhttp://h.example/a\n\thttp://h.example/b', list('a', 'b')],
    [`${'http://h.example/a\n'.repeat(3)}http://h.example/b\nhttp://h.example/a#x`, list('a', 'b')],
  ],
  'text that is not a link': [
    '',
    'no links',
    'http://',
    'https:// spaced.example',
    'mailto:a@b.c',
    'C:\\file.txt',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'ttp://x.example',
    'http://)',
    'http://a b'.slice(0, 7),
    'http://999.999.999.999/a',
    `http://a/${'b'.repeat(maxLinkLength)}`,
    `x${hash}`,
    `${hash}0`,
    `/commit/${hash}`,
  ].map((text) => [text, []]),
}

function list(...paths: string[]): string[] {
  return paths.map((path) => `http://h.example/${path}`)
}

for (const [kind, examples] of Object.entries(cases)) {
  it.each(examples)(`reads ${kind}: %j`, (text, links) => {
    expect(linksInText(text)).toEqual(links)
  })
}

it('finds 2,000 links that are separated only by commas', () => {
  const links = Array.from({ length: 2000 }, (_, index) => `http://h.example/${index}`)
  expect(linksInText(links.join(','))).toEqual(links)
})

it('drops trackers from a magnet that is too long, and never its hash', () => {
  const trackers = Array.from({ length: 500 }, (_, index) => `&tr=udp%3A%2F%2Ftracker-${index}.example%3A80`)
  const [link = ''] = linksInText(`${magnet.replace('?', '?dn=x&')}${trackers.join('')}`)
  expect(link.length).toBeLessThanOrEqual(maxLinkLength)
  expect(link).toMatch(new RegExp(`^magnet:\\?xt=urn:btih:${hash}&dn=x&tr=udp%3A%2F%2Ftracker-0.example%3A80&tr=`))
})

it('yields to other work while it reads a long text', async () => {
  const links = Array.from({ length: 40_000 }, (_, index) => `http://h.example/${index}`)
  let turns = 0
  const timer = setInterval(() => {
    turns += 1
  }, 1)
  expect((await linksInTextBySteps(links.join(','))).length).toBe(links.length)
  clearInterval(timer)
  expect(turns).toBeGreaterThan(2)
})

const letters = fc.constantFrom(...'abcXYZ019-_~%20é名')
const name = fc.string({ unit: letters, minLength: 1, maxLength: 12 }).map((text) => `${text.replaceAll('%', '%2')}x`)
const segment = fc.oneof(
  name,
  name.map((text) => `${text}_(${text})`),
  name.map((text) => `${text}[1080p].mkv`),
  name.map((text) => `Ann's%20${text}`),
  name.map((text) => `${text},${text};v=1`),
)
const host = fc.constantFrom('h', 'files.example', '10.0.0.1:8080', '[2001:db8::1]', 'u:p@h.example', 'bücher.example')
const webLink = fc
  .tuple(fc.constantFrom('http', 'https', 'ftp', 'ftps'), host, fc.array(segment, { minLength: 1, maxLength: 3 }))
  .map(([scheme, at, path]) => `${scheme}://${at}/${path.join('/')}`)
const magnetLink = fc
  .tuple(fc.stringMatching(/^[0-9a-f]{40}$/), name)
  .map(([infoHash, title]) => `magnet:?xt=urn:btih:${infoHash}&dn=${title}x&tr=udp%3A%2F%2Ft.example%3A80`)
const separator = fc.constantFrom(
  ...[
    ' ',
    '\n',
    '\r\n',
    '\t',
    ', ',
    ';',
    '; ',
    ' | ',
    '|',
    '，',
    '。',
    '、',
    '> <',
    '" "',
    '"\n"',
    ') (',
    '\u3000',
    '\u200b\n',
    ' and ',
    '** **',
    '">x</a> <a href="',
  ],
)

it('finds every link of a list, whatever separates them', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.oneof(webLink, magnetLink), { minLength: 1, maxLength: 20 }),
      separator,
      (links, between) => {
        expect(linksInText(links.join(between))).toEqual(links)
      },
    ),
    { numRuns: 2000 },
  )
})

it('finds every link of a list joined by nothing or by punctuation', () => {
  const plain = fc.uniqueArray(
    webLink.filter((link) => !link.includes(',') && !/[st]$/.test(link)),
    { minLength: 1, maxLength: 20 },
  )
  fc.assert(
    fc.property(plain, fc.constantFrom('', ',', ';', ',,', '.'), (links, between) => {
      expect(linksInText(links.join(between))).toEqual(links)
    }),
    { numRuns: 1000 },
  )
})

it('finds only valid links in arbitrary text, and never throws', () => {
  const piece = fc.constantFrom(
    ...[
      'http://',
      'magnet:?',
      'www.',
      'a',
      '/',
      '(',
      ')',
      '[',
      ']',
      '\\',
      '&amp;',
      '\n',
      '> ',
      '<',
      "'",
      '*',
      '_',
      '=',
      '%3A',
      ',',
      '.',
      '，',
      '\u200b',
      hash,
    ],
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string({ unit: 'binary', maxLength: 5 })), { maxLength: 60 }), (pieces) => {
      for (const link of linksInText(pieces.join(''))) {
        expect(link.length).toBeLessThanOrEqual(maxLinkLength)
        expect(URL.canParse(link)).toBe(true)
        expect(link).not.toMatch(/[\s<>"`\p{Cc}]/u)
      }
    }),
    { numRuns: 2000 },
  )
})
