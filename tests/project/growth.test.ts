import { describe, it } from 'vitest'
import { History } from '../../electron/backend/history/history.ts'
import type { JournalRecord } from '../../electron/backend/history/journal.ts'
import { createLog } from '../../electron/backend/host/log.ts'
import { withToken } from '../../electron/backend/putio/v1/client.ts'
import { Secrets } from '../../electron/backend/secrets/secrets.ts'
import { extractLinks } from '../../electron/backend/transfers/links.ts'
import { readArguments } from '../../electron/desktop/read-arguments.ts'
import { parseRange } from '../../engine/disk/serve-range.ts'
import { asLink } from '../../engine/text/as-link.ts'
import { linksInHtml } from '../../engine/text/links-in-html.ts'
import { linksInText } from '../../engine/text/links-in-text.ts'
import { freeName, nameForLink, safeName } from '../../engine/text/names.ts'
import { readLinkFile } from '../../renderer/store/link-files.ts'
import { listingOf } from '../../renderer/store/listing.ts'
import { filterIndexes, sortIndexes } from '../../renderer/store/order.ts'
import { say, sayAround } from '../../renderer/words/say.ts'
import { cutName, visibleName } from '../../renderer/words/visible-name.ts'
import { decode } from '../../server/api/v1/decode.ts'
import { write } from '../../server/api/v1/envelope.ts'
import { toSrt, toVtt } from '../../server/api/v2/subtitle-text.ts'
import { groupParts } from '../../server/archive/parts.ts'
import { Refusal } from '../../server/core/errors/refusal.ts'
import { extensionOf } from '../../server/core/space/kinds.ts'
import { eachByHost } from '../../server/core/transfers/by-host.ts'
import { readFeed } from '../../server/core/transfers/feed.ts'
import { groupLinks, linkKind, unfetchableReason } from '../../server/core/transfers/links.ts'
import { decodeBencode } from '../../server/torrent/bencode.ts'
import { seedAddress } from '../../server/torrent/client.ts'
import { readMagnet } from '../../server/torrent/magnet.ts'
import { safePaths } from '../../server/torrent/safe-paths.ts'
import { readTorrent } from '../../server/torrent/torrent-file.ts'
import { type Item, toColumns } from '../../shared/item.ts'
import { expectLinear } from '../support/growth.ts'

/** A text of `size` characters that repeats a piece. */
function rep(piece: string, { head = '', tail = '' } = {}): (size: number) => string {
  return (size) => head + piece.repeat(Math.ceil(size / piece.length)).slice(0, size) + tail
}

const nastyTexts: Record<string, (size: number) => string> = {
  letters: rep('a'),
  blanks: rep(' ', { head: 'http://a/b' }),
  'closing brackets': rep(')', { head: 'http://a/' }),
  'opening brackets': rep('(', { head: 'http://a/' }),
  dots: rep('.', { head: 'http://a/' }),
  'dots and letters': rep('a.'),
  schemes: rep('http://'),
  'links joined by commas': rep('http://a/bc,'),
  'links joined by nothing': rep('http://a/bc'),
  'links in brackets over lines': rep('<http://a\n'),
  'lines in one bracket': rep('\n', { head: '<http://a' }),
  'lines with blanks': rep('http://a/b c d e f\n'),
  'long lines with blanks': rep(`http://a/b${' x'.repeat(500)}<\n`),
  'closing tags': rep('[/'),
  'forum tags': rep('[url=http://a/]'),
  entities: rep('&amp;', { head: 'http://a/' }),
  'half entities': rep('&am', { head: 'http://a/' }),
  'JSON slashes': rep('\\/', { head: 'http://a/' }),
  'JSON links': rep('http:\\/\\/a\\/'),
  apostrophes: rep("'a", { head: "'http://a/" }),
  asterisks: rep('*a', { head: '*http://a/' }),
  underscores: rep('_', { tail: 'http://a/' }),
  hashes: rep('c12fe1c06bba254a9dc9f519b335aa7c1367a88a '),
  'hex digits': rep('0123456789abcdef'),
  magnets: rep('magnet:?xt=urn:btih:'),
  'one magnet': rep('xt=urn&', { head: 'magnet:?' }),
  'escaped links': rep('http%3A%2F%2F'),
  'one escaped magnet': rep('%41', { head: 'magnet%3A%3F' }),
  'soft line breaks': rep('=3D=\n'),
  'zero-width characters': rep('\u200b', { head: 'http://a/' }),
  'a table': rep('x,http://a/b\n', { head: 'a,b\n' }),
  commas: rep('a,'),
  www: rep('www.a.b,'),
  attributes: rep('href="//a '),
  quotes: rep('"'),
}
const logTexts: Record<string, (size: number) => string> = {
  letters: rep('a'),
  blanks: rep(' '),
  'dots and letters': rep('a.'),
  schemes: rep('http://'),
}
const nastyMarkup: Record<string, (size: number) => string> = {
  'open elements': rep('<a>'),
  'open elements and other ends': (size) => '<b>'.repeat(size / 6) + '</i>'.repeat(size / 8),
  'open foreign elements': rep('<svg><path>'),
  'open paragraphs and tables': rep('<p><table>'),
  items: rep('<item><title>a<link>http://a/b'),
  attributes: rep(' b=c', { head: '<a' }),
  'links as attributes': rep('<a href="http://a/b">c</a>'),
  'less-than signs': rep('<'),
  ampersands: rep('&'),
  entities: rep('&amp;'),
  'half entities': rep('&am'),
  comments: rep('<!--'),
  sections: rep('<![CDATA['),
  scripts: rep('</scrip', { head: '<script>' }),
  quotes: rep('<a b="'),
  words: rep('http://a/b <b>'),
}
const nastyNames: Record<string, (size: number) => string> = {
  dots: rep('.', { tail: 'x' }),
  'dots and blanks': rep('. ', { tail: 'x' }),
  digits: rep('1'),
  zeros: rep('0', { tail: '1' }),
  'numbered parts': rep('.part1', { tail: '.rar' }),
  extensions: rep('.tar.gz', { tail: '.001' }),
  'NUL characters': rep('\0'),
  accents: rep('e\u0301'),
  'combining marks': rep('\u0301\u0323', { head: 'a' }),
  slashes: rep('/'),
  backslashes: rep('\\'),
  'escaped bytes': rep('%e9'),
  joiners: rep('\u200d👩', { head: 'a' }),
}

function cases<T>(
  makers: Record<string, (size: number) => string>,
  work: (text: string) => T,
  limits: { from?: number; to?: number } = {},
): void {
  it.each(Object.entries(makers))('takes linear time for %s', (_, make) => expectLinear(make, work, limits))
}

/** Counts an error as an answer, except for a RangeError. */
function orError(work: (text: string) => unknown): (text: string) => void {
  return (text) => {
    try {
      work(text)
    } catch (error) {
      if (!(error instanceof Error) || error instanceof RangeError) throw error
    }
  }
}

async function refusedOrRead(xml: string): Promise<void> {
  try {
    await readFeed(xml, 'http://h/feed')
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
  }
}

describe('percent-encoded links', () =>
  cases({ escapes: rep('%25'), starts: rep('http%3A%2F%2F'), slashes: rep('%2F') }, (text) =>
    asLink(`magnet%3A%3F${text}`),
  ))
describe('links in text', () => cases(nastyTexts, linksInText))
describe('links in text, in the app', () =>
  cases({ schemes: rep('http://'), links: rep('http://a/bc,') }, (text) => extractLinks(text, text)))
describe('links in HTML', () => cases(nastyMarkup, (html) => linksInHtml(html, 'http://h/')))
describe('feeds', () => cases(nastyMarkup, refusedOrRead))
describe('link files', () => {
  for (const name of ['a.url', 'a.webloc']) {
    cases({ tabs: rep('\t'), lines: rep('\n\t'), keys: rep('URL\n'), strings: rep('<string>') }, (text) =>
      readLinkFile(name, new TextEncoder().encode(text), []),
    )
  }
})
describe('command-line arguments', () =>
  cases(
    {
      letters: rep('a', { head: 'magnet:?' }),
      blanks: rep(' ', { head: 'magnet:?' }),
      paths: rep('/', { tail: '.torrent' }),
      dots: rep('../', { tail: '.torrent' }),
      schemes: rep('a:', { tail: '.torrent' }),
    },
    (text) => readArguments([text], '/'),
  ))
describe('kinds of links', () =>
  cases(nastyNames, (text) => [
    linkKind(text),
    unfetchableReason(text),
    linkKind(`http://h/${text}`),
    unfetchableReason(`magnet:?xt=${text}`),
  ]))

describe('magnets', () => {
  const head = 'magnet:?xt=urn:btih:c12fe1c06bba254a9dc9f519b335aa7c1367a88a'
  cases(
    { trackers: rep('&tr=http://t/', { head }), peers: rep('&x.pe=a:1', { head }), topics: rep('&xt.1=urn', { head }) },
    orError(readMagnet),
    { from: 1024, to: 16_000 },
  )
})

describe('names', () => {
  describe('made safe', () => cases(nastyNames, safeName))
  describe('of links', () => cases(nastyNames, (text) => nameForLink(`http://h/${text}`)))
  describe('in headers', () => {
    const headers = ['attachment; filename="', 'attachment; filename=', "attachment; filename*=utf-8''", ';']
    const more = {
      quotes: rep('\\"'),
      semicolons: rep(';'),
      blanks: rep('; '),
      parameters: rep(';a="'),
      words: rep('=?a?q?'),
    }
    cases({ ...nastyNames, ...more }, (text) => headers.map((head) => nameForLink('http://h/a', `${head}${text}`)))
  })
  describe('shown', () =>
    cases(nastyNames, (name) => [
      visibleName(name),
      cutName(name),
      extensionOf(name),
      say('drop.unreadable', { name }),
      sayAround('drop.unreadable', 'name', name),
    ]))
  describe('of parts', () =>
    cases(nastyNames, (name) => groupParts([name, `${name}.rar`, `${name}.zip`, `${name}.001`])))

  it('takes linear time for names that are taken many times', () =>
    expectLinear(
      (count) => count,
      (count) => {
        const taken = new Set<string>()
        for (let at = 0; at < count; at++) taken.add(freeName('film.mkv', (name) => taken.has(name)))
      },
      { from: 128, to: 8192 },
    ))
})

describe('lists', () => {
  const numbered = (piece: (index: number) => string) => (size: number) =>
    Array.from({ length: size }, (_, index) => piece(index))

  it.each([
    ['files', numbered((index) => `http://h/file-${index}.mkv`)],
    ['parts', numbered((index) => `http://h/set-${index >> 4}.part${index & 15}.rar`)],
    ['volumes', numbered((index) => `http://h/set-${index >> 6}.r${`${index & 63}`.padStart(2, '0')}`)],
    ['one set', numbered((index) => `http://h/set.${`${index % 999}`.padStart(3, '0')}`)],
    ['the same link', numbered(() => 'http://h/a.part1.rar')],
    ['magnets', numbered((index) => `magnet:?xt=urn:btih:${index.toString(16).padStart(40, '0')}`)],
  ])('groups links in linear time: %s', (_, make) => expectLinear(make, groupLinks, { from: 256, to: 16_384 }))

  it.each([
    ['one host', numbered(() => 'a')],
    ['one host per link', numbered((index) => `${index}`)],
    [
      'one host before all others',
      (size: number) => [...numbered(() => 'a')(size / 2), ...numbered((index) => `${index}`)(size / 2)],
    ],
  ])('visits links host by host in linear time: %s', (_, make) =>
    expectLinear(
      make,
      (hosts) =>
        eachByHost(
          hosts,
          (host) => host,
          { maxAtOnce: 32, maxPerHost: 6 },
          () => Promise.resolve(),
        ),
      { from: 1024, to: 16_384 },
    ),
  )

  it.each(Object.entries(nastyNames))('sorts and filters items in linear time: %s', (_, make) =>
    expectLinear(
      (size) => listing([make(size / 2), make(size / 2)]),
      (items) => [sortIndexes(items(), 'name', false), filterIndexes(items(), Uint32Array.of(0, 1), 'a b')],
    ),
  )
  it('sorts and filters many items in linear time', () =>
    expectLinear(
      (size) => listing(numbered((index) => `Film ${(index * 7919) % 10_007}.mkv`)(size)),
      (items) => [
        sortIndexes(items(), 'name', false),
        sortIndexes(items(), 'size', true),
        filterIndexes(items(), Uint32Array.of(0), 'i 1 m'),
      ],
      { from: 16_384, to: 16_384 },
    ))

  it('makes the paths of a torrent safe in linear time', () =>
    expectLinear(
      (size) => Array.from({ length: size }, (_, index) => [`folder ${index % 9}`, `${index >> 4}`, `file ${index}`]),
      safePaths,
      { from: 256, to: 8192 },
    ))

  it('reads the history of many cleared accounts in linear time', () =>
    expectLinear(
      (size) =>
        numbered((index) => `${index}`)(size).flatMap((id, index): JournalRecord[] => [
          leftRecord('kept', index),
          leftRecord(id, index),
          { type: index % 2 === 0 ? 'cleared' : 'removed', accountId: id, atMs: 1 },
        ]),
      (records) => new History({ ...journal, records }).list('kept'),
      { from: 256, to: 16_384 },
    ))
})

describe('bencoding', () => {
  const latin1 = (text: string) => Buffer.from(text, 'latin1')
  cases(
    {
      lists: rep('le', { head: 'l', tail: 'e' }),
      numbers: rep('i1e', { head: 'l', tail: 'e' }),
      'open numbers': rep('i1', { head: 'l' }),
      strings: rep('1:a', { head: 'l', tail: 'e' }),
      digits: rep('1'),
      marks: rep('d'),
    },
    orError((text) => decodeBencode(latin1(text))),
  )
  it('takes linear time for keys', () =>
    expectLinear(
      (size) =>
        latin1(`d${Array.from({ length: size }, (_, index) => `8:${`${index}`.padStart(8, '0')}i1e`).join('')}e`),
      decodeBencode,
      { from: 256, to: 65_536 },
    ))
  it('takes linear time for files and trackers of a torrent', () =>
    expectLinear((size) => torrent(size, 'http://t/a'), readTorrent, { from: 128, to: 8192 }))
  it('takes linear time for slashes after a web seed URL', () =>
    expectLinear(
      (size) => ({ url: `http://h/${'/'.repeat(size)}x/`, torrent: readTorrent(torrent(1, 'http://t/a')) }),
      (given) => seedAddress(given.url, given.torrent),
    ))
})

describe('subtitles', () => {
  const cue = '1\n00:00:01,000 --> 00:00:02,000\nx\n\n'
  it.each(
    Object.entries({
      cues: rep(cue),
      times: rep('00:00:01.000 --> '),
      digits: rep('0'),
      colons: rep('00:'),
      'line breaks': rep('\n'),
      'one long cue': rep('x\n', { head: '00:00:01.000 --> 00:00:02.000\n' }),
    }),
  )('are converted in linear time: %s', (_, make) => expectLinear(make, (text) => [toSrt(text), toVtt(text)]))
})

describe('requests and responses', () => {
  it('takes linear time for blanks in a requested range', () =>
    expectLinear(rep(' ', { head: 'bytes=', tail: 'x' }), (text) => parseRange(text, 5)))
  it('takes linear time for blanks in an open-ended range', () =>
    expectLinear(rep(' ', { head: 'bytes=1-', tail: 'x' }), (text) => parseRange(text, 5)))
  it('takes linear time for slashes after a stream URL', () =>
    expectLinear(rep('/', { head: 'http://h', tail: 'x' }), (text) => withToken(text, 'token')))
  it('takes linear time for responses of the service', () =>
    expectLinear(rep('é"\x7f'), (name) => write({ status: 200, body: { name } }, null)))
  it.each(Object.entries({ ...logTexts, tokens: rep('/atk/'), questions: rep('?token='), slashes: rep('/s/0') }))(
    'takes linear time for lines of the log: %s',
    (_, make) =>
      expectLinear(make, (text) => {
        const secrets = new Secrets()
        secrets.add('secret-1')
        const log = createLog(() => undefined, secrets)
        log.info(text)
        log.error('here', new Error(text))
      }),
  )
})

/** A new listing each time, because a listing keeps what was prepared for it. */
function listing(names: readonly string[]) {
  const items = names.map((name, id): Item => ({ id, parentId: 0, name, kind: 'file', sizeBytes: id, addedAtMs: null }))
  return () => listingOf(toColumns(items))
}

const journal = { wasDamaged: false, append: () => undefined, rewrite: () => undefined, close: () => undefined }

function leftRecord(accountId: string, transferId: number): JournalRecord {
  return {
    type: 'left',
    accountId,
    transferId,
    name: 'a',
    outcome: 'finished',
    sizeBytes: 1,
    itemId: null,
    folderId: null,
    links: [],
    atMs: 1,
    note: null,
  }
}

function torrent(fileCount: number, tracker: string): Buffer {
  const text = (value: string) => `${Buffer.byteLength(value)}:${value}`
  const files = Array.from({ length: fileCount }, (_, index) => `d6:lengthi1024e4:pathl${text(`file ${index}`)}ee`)
  const trackers = Array.from({ length: fileCount }, (_, index) => `l${text(`${tracker}${index}`)}e`)
  const info = `d5:filesl${files.join('')}e4:name1:a12:piece lengthi1024e6:pieces${fileCount * 20}:${'x'.repeat(fileCount * 20)}e`
  return Buffer.from(`d13:announce-listl${trackers.join('')}e4:info${info}e`)
}

describe('unsigned requests', () => {
  it.each([
    ['', '%e9&'],
    ['', '%25'],
    ['', '&api_key='],
    ['request=', '+'],
    ['request=', '%7B%22'],
    ['request={', '&'],
    ['request={"a":', '{"a":'],
    ['request={"a":"', '\\"'],
    ['request={"a":"%', '%e9&'],
    ['request={%22', '%5C%22'],
    ['request={"a":[', '"",'],
    ['%257B', '%2522'],
    ['{', '"api_key":"k",'],
  ])('takes linear time for %j followed by many %j', async (start, filler) => {
    const body = (length: number) => Buffer.from(start + filler.repeat(length / filler.length))
    // The longest has 4 MiB, the maximum size of a body.
    const limits = { from: 64 * 1024, to: 1024 * 1024 }
    await expectLinear(body, (bytes) => decode('/v1/files?method=list', bytes, null), limits)
  })
})
