import { describe, expect, it } from 'vitest'
import { readFeed } from '../../server/core/transfers/feed.ts'
import { documentText } from '../../server/core/transfers/fetch/document-text.ts'
import { encoded } from '../support/old-encodings.ts'
import { seededRandom } from '../support/seed.ts'

const feedUrl = 'http://feeds.example/shows/feed.xml'
const rss = (items: string, attributes = '') =>
  `<?xml version="1.0"?><rss version="2.0" ${attributes}><channel><title>Feed</title><link>http://site.example/</link>${items}</channel></rss>`
const atom = (entries: string, attributes = '') =>
  `<feed xmlns="http://www.w3.org/2005/Atom" ${attributes}><id>feed</id><title>Feed</title>${entries}</feed>`
const links = async (text: string, url = feedUrl) => (await readFeed(text, url)).map(({ link }) => link)
const titles = async (text: string) => (await readFeed(text, feedUrl)).map(({ title }) => title)

describe('the link of an entry', () => {
  const picture = '<enclosure url="http://h/cover.jpg" type="image/jpeg" length="1"/>'
  const film = '<enclosure url="http://h/film.mp4" type="video/mp4"/>'
  const magnet = `magnet:?xt=urn:btih:${'a'.repeat(40)}`
  it.each([
    ['a film over a picture that comes first', `${picture}${film}`, 'http://h/film.mp4'],
    ['a film without a type', `${picture}<enclosure url="http://h/get?id=1"/>`, 'http://h/get?id=1'],
    [
      'a film with an empty type over a picture without one',
      '<enclosure url="http://h/a.jpg"/><enclosure url="http://h/a.mkv" type=""/>',
      'http://h/a.mkv',
    ],
    [
      'torrent:magnetURI',
      `<link>http://h/page</link><torrent:magnetURI><![CDATA[${magnet}&dn=a]]></torrent:magnetURI>`,
      `${magnet}&dn=a`,
    ],
    ['torrent:magnetURI over a picture', `${picture}<torrent:magnetURI>${magnet}</torrent:magnetURI>`, magnet],
    [
      'a magnet in a nested torrent element',
      `<link>http://h/page</link><torrent><magnetURI>${magnet}</magnetURI></torrent>`,
      magnet,
    ],
    [
      'media:content',
      '<link>http://h/page</link><media:group><media:content url="http://h/a.jpg" medium="image"/><media:content url="http://h/a.mp4" type="video/mp4"/></media:group>',
      'http://h/a.mp4',
    ],
    ['a link to a torrent', '<link>http://h/page.html</link><guid>http://h/a.torrent</guid>', 'http://h/a.torrent'],
    ['a picture over a page', `<link>http://h/page</link>${picture}`, 'http://h/cover.jpg'],
    ['a link to a film over a picture', `${picture}<link>http://h/a.mkv</link>`, 'http://h/a.mkv'],
    ['the link when there is nothing else', '<link> \n http://h/page </link>', 'http://h/page'],
    ['a guid that is a URL', '<guid isPermaLink="true">http://h/page</guid>', 'http://h/page'],
    [
      'the link over a guid that is no permalink',
      '<link>http://h/1</link><guid isPermaLink="false">http://h/guid</guid>',
      'http://h/1',
    ],
    ['a URL in capitals', '<ENCLOSURE URL="HTTP://H/a.mp3" TYPE="audio/mpeg"/>', 'HTTP://H/a.mp3'],
    [
      'an Atom enclosure in RSS',
      '<atom:link rel="enclosure" href="http://h/a.mp3"/><link>http://h/page</link>',
      'http://h/a.mp3',
    ],
  ])('in RSS is %s', async (_what, inside, link) => {
    expect(
      await links(rss(`<item><title>x</title>${inside}</item>`, 'xmlns:atom="http://www.w3.org/2005/Atom"')),
    ).toEqual([link])
  })

  it.each([
    [
      'rel=alternate over an earlier rel=related',
      '<link rel="related" href="http://h/other"/><link rel="alternate" href="http://h/page"/>',
      ['http://h/page'],
    ],
    [
      'a link without rel',
      '<link rel="related" href="http://h/other"/><link href="http://h/page"/>',
      ['http://h/page'],
    ],
    ['rel=related when there is nothing else', '<link rel="related" href="http://h/other"/>', ['http://h/other']],
    [
      'none with rel=self, edit, replies or via',
      '<link rel="self" href="http://h/self"/><link rel="edit" href="http://h/edit"/><link rel="replies" href="http://h/r"/><link rel="via" href="http://h/v"/>',
      [],
    ],
    [
      'rel=enclosure given as a URL',
      '<link rel="http://www.iana.org/assignments/relation/enclosure" href="http://h/a.mp3"/><link href="http://h/page"/>',
      ['http://h/a.mp3'],
    ],
    [
      'no link of the source element',
      '<source><id>other</id><title>Other</title><link href="http://h/other"/></source><link href="http://h/page"/>',
      ['http://h/page'],
    ],
    ['the src of its content', '<content type="video/mp4" src="http://h/a.mp4"/>', ['http://h/a.mp4']],
  ])('in Atom is %s', async (_what, inside, expected) => {
    expect(await links(atom(`<entry><id>x</id><title>x</title>${inside}</entry>`))).toEqual(expected)
  })

  it('is not that of an image inside the item, nor is the title', async () => {
    const image = '<image><url>http://h/i.png</url><title>Picture</title><link>http://h/picture</link></image>'
    expect(
      await readFeed(rss(`<item>${image}<title>Film</title><guid>1</guid><link>http://h/page</link></item>`), feedUrl),
    ).toEqual([{ id: '1', otherId: '1\nFilm', title: 'Film', link: 'http://h/page' }])
  })
})

describe('relative links', () => {
  it.each([
    [
      'against the URL of the feed',
      rss('<item><enclosure url="../a.mp3" type="audio/mpeg"/></item>'),
      'http://feeds.example/a.mp3',
    ],
    [
      'with the scheme of the feed',
      rss('<item><enclosure url="//cdn.example/a.mp3"/></item>'),
      'http://cdn.example/a.mp3',
    ],
    [
      'against xml:base',
      atom('<entry><link rel="enclosure" href="a.mp3"/></entry>', 'xml:base="http://base.example/x/"'),
      'http://base.example/x/a.mp3',
    ],
    [
      'against nested xml:base attributes',
      atom('<entry xml:base="deep/"><link rel="enclosure" href="a.mp3"/></entry>', 'xml:base="/x/"'),
      'http://feeds.example/x/deep/a.mp3',
    ],
    ['against their own xml:base', atom('<entry><link xml:base="http://b/" href="a.mp3"/></entry>'), 'http://b/a.mp3'],
    ['with spaces in them', rss('<item><enclosure url=" /a b.mp3 "/></item>'), 'http://feeds.example/a%20b.mp3'],
    [
      'against the URL of the feed when xml:base is invalid',
      atom('<entry><link href="a.mp3"/></entry>', 'xml:base="http://["'),
      'http://feeds.example/shows/a.mp3',
    ],
  ])('are resolved %s', async (_what, text, link) => {
    expect(await links(text)).toEqual([link])
  })

  it('are dropped when they do not give a web URL', async () => {
    const bad = ['javascript:alert(1)', 'file:///etc/passwd', 'data:text/plain,x', 'putio:x', 'http://[', '']
    expect(await links(rss(bad.map((url) => `<item><guid>x</guid><enclosure url="${url}"/></item>`).join('')))).toEqual(
      [],
    )
  })
})

describe('entities', () => {
  it.each([
    ['Rock &amp; roll', 'Rock & roll'],
    ['Rock &amp;amp; roll', 'Rock & roll'],
    ['<![CDATA[Rock &amp; roll]]>', 'Rock & roll'],
    ['<![CDATA[Rock & roll]]>', 'Rock & roll'],
    ['Caf&eacute; &ndash; d&#233;j&#xe0;', 'Café – déjà'],
    ['AT&T 1 &lt; 2', 'AT&T 1 < 2'],
    ['a<![CDATA[ b]]> c', 'a b c'],
    ['two\n   lines', 'two lines'],
  ])('are decoded in the RSS title %s', async (title, read) => {
    expect(await titles(rss(`<item><title>${title}</title><link>http://h/</link></item>`))).toEqual([read])
  })

  it.each([
    ['<title>1 &lt; 2 &amp;amp;</title>', '1 < 2 &amp;'],
    ['<title type="html">Rock &amp;amp; &amp;lt;b&amp;gt;</title>', 'Rock & <b>'],
    [
      '<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Rock <b>&amp;</b> roll</div></title>',
      'Rock & roll',
    ],
  ])('are decoded in the Atom title %s', async (title, read) => {
    expect(await titles(atom(`<entry>${title}<link href="http://h/"/></entry>`))).toEqual([read])
  })

  it.each([
    'http://h/get?a=1&amp;b=2',
    'http://h/get?a=1&amp;amp;b=2',
    'http://h/get?a=1&b=2',
    'http://h/get?a=1&#38;b=2',
  ])('are decoded in the URL %s', async (url) => {
    expect(await links(rss(`<item><enclosure url="${url}"/></item>`))).toEqual(['http://h/get?a=1&b=2'])
    expect(await links(rss(`<item><link>${url}</link></item>`))).toEqual(['http://h/get?a=1&b=2'])
  })
})

describe('kinds of feeds', () => {
  it.each([
    [
      'RSS 1.0',
      '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel/><item rdf:about="http://h/1"><title>x</title><link>http://h/a.mp3</link></item></rdf:RDF>',
    ],
    [
      'RSS 1.0 with prefixes',
      '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:r="http://purl.org/rss/1.0/"><r:item><r:title>x</r:title><r:link>http://h/a.mp3</r:link></r:item></rdf:RDF>',
    ],
    [
      'Atom with prefixes',
      '<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:entry><a:title>x</a:title><a:link href="http://h/a.mp3"/></a:entry></a:feed>',
    ],
    [
      'Atom 0.3',
      '<feed version="0.3" xmlns="http://purl.org/atom/ns#"><entry><title>x</title><link rel="alternate" href="http://h/a.mp3"/></entry></feed>',
    ],
    [
      'JSON Feed',
      JSON.stringify({
        version: 'https://jsonfeed.org/version/1.1',
        items: [
          {
            id: 1,
            title: 'x',
            url: 'http://h/page',
            attachments: [
              { url: '/c.png', mime_type: 'image/png' },
              { url: 'http://h/a.mp3', mime_type: 'audio/mpeg' },
            ],
          },
        ],
      }),
    ],
  ])('reads %s', async (_kind, text) => {
    expect(await readFeed(text, feedUrl)).toMatchObject([{ title: 'x', link: 'http://h/a.mp3' }])
  })

  it.each([rss(''), atom(''), '<rss/>', '{"version":"https://jsonfeed.org/version/1","items":[]}'])(
    'reads %s as empty',
    async (text) => {
      expect(await readFeed(text, feedUrl)).toEqual([])
    },
  )

  it.each(['', ' ', '{', '{}', '[]', 'null', '{"items":[1]}', '<html><body>', '<opml/>', '\0\0\0'])(
    'rejects “%s”, which is no feed',
    async (text) => {
      await expect(readFeed(text, feedUrl)).rejects.toThrow('gives no feed')
    },
  )

  it('keeps the other entries when one is damaged', async () => {
    const json = {
      version: 'https://jsonfeed.org/version/1',
      items: [
        null,
        5,
        { url: 7 },
        { attachments: 'x', url: 'http://h/1' },
        { attachments: [null, {}, { url: [] }], external_url: 'http://h/2' },
      ],
    }
    expect(await links(JSON.stringify(json))).toEqual(['http://h/1', 'http://h/2'])
    expect(
      await links(
        rss('<item><item><link>http://h/1</link></item><item><title>a</title></item><item><link>http://h/2</link>'),
      ),
    ).toContain('http://h/1')
  })
})

describe('ids', () => {
  it('are the guid, or else the link', async () => {
    const entries = await readFeed(
      rss('<item><guid> g </guid><link>http://h/1</link></item><item><link>http://h/2</link></item>'),
      feedUrl,
    )
    expect(entries.map(({ id }) => id)).toEqual(['g', 'http://h/2'])
  })

  it('include the title when different entries share a guid', async () => {
    const item = (guid: string, title: string) =>
      `<item><guid>${guid}</guid><title>${title}</title><link>http://h/${title}</link></item>`
    const entries = await readFeed(
      rss([item('g', 'a'), item('g', 'b'), item('g', 'b'), item('h', 'c')].join('')),
      feedUrl,
    )
    expect(entries.map(({ id, otherId }) => [id, otherId])).toEqual([
      ['g\na', 'g'],
      ['g\nb', 'g'],
      ['g\nb', 'g'],
      ['h', 'h\nc'],
    ])
  })
})

it('reads any feed, however malformed, in bounded CPU time', async () => {
  const random = seededRandom()
  const pieces = [
    '<item>',
    '</item>',
    '<link>',
    '<title>',
    '<![CDATA[',
    '&amp;',
    ']]>',
    '<a b="',
    '<entry xml:base="a/">',
    'magnet:?x',
    '<image>',
    '<r:x xmlns:r="">',
  ]
  const make = (count: number) =>
    `<rss>${Array.from({ length: count }, () => pieces[Math.floor(random() * pieces.length)]).join('')}`
  const took = async (text: string) => {
    const began = process.cpuUsage()
    await readFeed(text, feedUrl)
    return process.cpuUsage(began).user / 1000
  }
  for (const piece of pieces) expect(await took(`<rss>${piece.repeat(60_000)}`)).toBeLessThan(1500)
  expect(await took(make(200_000))).toBeLessThan(3000)
})

describe('the encoding of a text', () => {
  const feed = (declared: string | null) =>
    `<?xml version="1.0"${declared === null ? '' : ` encoding="${declared}"`}?><rss><channel><item><title>Новая папка, ёлка и фильм о любви</title><link>http://h/</link></item></channel></rss>`
  const utf16 = (text: string, isBig = false) =>
    isBig ? Buffer.from(text, 'utf16le').swap16() : Buffer.from(text, 'utf16le')
  const bom = '\ufeff'
  it.each([
    ['declared in the text', encoded(feed('windows-1251'), 'windows-1251'), 'application/xml'],
    ['declared in the header', encoded(feed(null), 'windows-1251'), 'application/xml; charset=windows-1251'],
    ['declared in the header in quotes', encoded(feed(null), 'windows-1251'), 'application/xml; Charset="CP1251"; x=y'],
    ['declared nowhere', encoded(feed(null), 'windows-1251'), null],
    ['declared nowhere, KOI8-R', encoded(feed(null), 'koi8-r'), 'application/rss+xml'],
    ['declared wrongly in the header', encoded(feed('windows-1251'), 'windows-1251'), 'text/xml; charset=utf-8'],
    ['declared wrongly in the text', encoded(feed('utf-8'), 'windows-1251'), 'text/xml; charset=windows-1251'],
    ['declared wrongly in both', encoded(feed('utf-8'), 'windows-1251'), 'text/xml; charset=utf-8'],
    [
      'declared in the text, with Latin-1 as the server’s default',
      encoded(feed('windows-1251'), 'windows-1251'),
      'text/xml; charset=ISO-8859-1',
    ],
    ['UTF-8 declared as something else', Buffer.from(feed('windows-1251')), 'text/xml; charset=iso-8859-1'],
    ['UTF-8 with a byte order mark', Buffer.from(bom + feed('windows-1251')), 'text/xml; charset=windows-1251'],
    ['UTF-16 with a byte order mark', utf16(bom + feed('utf-16')), 'application/xml'],
    ['big-endian UTF-16 with a byte order mark', utf16(bom + feed('utf-16'), true), 'application/xml; charset=utf-8'],
    ['UTF-16 without a byte order mark', utf16(feed('utf-16')), null],
    ['big-endian UTF-16 without a byte order mark', utf16(feed(null), true), null],
    ['UTF-16 declared in the header only', utf16(` ${feed(null)}`), 'application/xml; charset=UTF-16LE'],
    ['UTF-8 with an unknown label', Buffer.from(feed('x-none')), 'text/xml; charset=none'],
    ['UTF-8 declared as UTF-16', Buffer.from(feed('utf-16')), null],
  ])('is recognized: %s', async (_what, bytes, type) => {
    expect(await titles(documentText(bytes, type))).toEqual(['Новая папка, ёлка и фильм о любви'])
  })

  it('is recognized: ISO-2022-JP, which looks like ASCII', () => {
    const bytes = Buffer.from('<title>\x1b$B1G2h\x1b(B</title>')
    expect(documentText(bytes, 'text/html; charset=iso-2022-jp')).toBe('<title>映画</title>')
  })

  it('is read from the meta element of a web page, or else guessed', () => {
    const page = (meta: string) => `<!doctype html><html><head>${meta}<title>Фильмы и музыка</title>`
    for (const meta of [
      '<meta charset=windows-1251>',
      '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">',
      '',
    ]) {
      expect(documentText(encoded(page(meta), 'windows-1251'), 'text/html')).toBe(page(meta))
    }
  })

  it('is recognized despite one bad byte, in UTF-8 and in GBK', () => {
    const text = Buffer.concat([
      Buffer.from('Zoë – 黑客帝国 '.repeat(50)),
      Buffer.from([0xff]),
      Buffer.from(' 黑客帝国'),
    ])
    expect(documentText(text, null)).toBe(`${'Zoë – 黑客帝国 '.repeat(50)}\ufffd 黑客帝国`)
    const old = Buffer.concat([
      encoded('黑客帝国 '.repeat(50), 'gbk'),
      Buffer.from([0xff, 0x20]),
      encoded('第一集', 'gbk'),
    ])
    expect(documentText(old, 'text/html; charset=gbk')).toMatch(/^(黑客帝国 ){50}.{1,2}第一集$/)
  })
})
