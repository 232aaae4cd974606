import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createReadStream, statSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startBadServer, type Wire } from '../support/bad-server.ts'
import { has } from '../support/facilities.ts'
import { makeArchive } from '../support/made-archive.ts'
import { type Service, startService } from '../support/service.ts'
import { ownApi, rowsOf, servicesForTests } from '../support/services.ts'
import { cleanUp, makeTorrent, newFolder, portOf, serve, startLibtorrent } from '../support/torrents.ts'
import { startTracker } from '../support/tracker.ts'
import { file, startWeb, type Web } from '../support/web.ts'

const { start } = servicesForTests()
let web: Web
beforeAll(async () => {
  web = await startWeb()
})
afterAll(() => web.stop())
afterEach(cleanUp)

interface Items {
  singleurl: Record<string, unknown>[]
  torrent: Record<string, unknown>[]
  multiparturl: Record<string, unknown>[]
  error: { url: string; error: string }[]
}
async function analyze(service: Service, links: string[]): Promise<Items> {
  const { results } = await service.ask('urls.analyze', { links })
  return Object(results).items
}

interface OwnRow {
  url: unknown
  name: unknown
  kind: unknown
  error: unknown
  /** What only our own client gets. */
  more: unknown
}

/** The analysis that our own client gets from API v2. */
async function ownAnalysis(service: Service, links: readonly string[]) {
  const { ret } = await ownApi(service)('POST', '/v2/transfers/info', { urls: links.join('\n') })
  const rows = rowsOf(ret).map(
    ({ url, name, type_name: kind, error_message: error = null, putdesk: more }): OwnRow => ({
      ...{ url, name, kind, error, more },
    }),
  )
  const good = rows.filter(({ error }) => error === null)
  return {
    singleurl: good.filter(({ kind }) => kind === 'file'),
    torrent: good.filter(({ kind }) => kind === 'torrent'),
    error: rows.filter(({ error }) => error !== null),
  }
}

const rare = 'magnet:?xt=urn:btih:89abcdef0123456789abcdef0123456789abcdef&dn=rare.mkv'
const album = encodeURIComponent('magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567&dn=album')
let silentLinks: string[] = []
/** Analyses that end when the service gives up, each of a service of its own. They wait while the other tests run. */
const waiting: Record<
  'rare' | 'album' | 'silent',
  Promise<{ items: Awaited<ReturnType<typeof ownAnalysis>>; afterMs: number }>
> = Object.create(null)
const services: Service[] = []
const silent = createServer(() => undefined)
beforeAll(async () => {
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  silentLinks = Array.from({ length: 40 }, (_, n) => `http://127.0.0.1:${portOf(silent)}/${n}.bin`)
  for (const [name, links] of [
    ['rare', [rare]] as const,
    ['album', [album]] as const,
    ['silent', silentLinks] as const,
  ]) {
    const service = await startService()
    services.push(service)
    const beganAtMs = performance.now()
    waiting[name] = ownAnalysis(service, links).then((items) => ({
      items,
      afterMs: performance.now() - beganAtMs,
    }))
  }
})
afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()))
  silent.close()
  silent.closeAllConnections()
})

describe('torrents', () => {
  it.runIf(has('libtorrent'))(
    'describes a torrent file by its URL: name and size in the format of old clients, seeds for our own client',
    async () => {
      const tracker = await startTracker()
      const torrent = await makeTorrent({ name: 'Album', sizeBytes: 200_000, extra: { announce: tracker } })
      await startLibtorrent(torrent)
      web.on('/1a1112', file(torrent.bytes, { type: 'application/x-bittorrent' }))
      const service = await start()
      const link = web.url('/1a1112')
      expect(await analyze(service, [link])).toEqual({
        multiparturl: [],
        torrent: [
          {
            url: link,
            name: 'Album',
            size: '200000',
            human_size: '195.3K',
            paid_bw: '0',
            source: '127.0.0.1',
            type: 'file',
            needs_pass: 0,
            error: null,
          },
        ],
        singleurl: [],
        error: [],
      })
      const [own] = (await ownAnalysis(service, [link])).torrent
      expect(own?.more).toEqual({
        ...{ size: 200_000, paid_bw: 0, source: '127.0.0.1', needs_pass: false },
        ...{ seeds: expect.any(Number), entries: 1, unpacked: null, note: null },
      })
    },
  )

  it.runIf(has('libtorrent'))(
    'describes a magnet from what its peers report, without fetching any of its content',
    async () => {
      const torrent = await makeTorrent({ name: 'film.mkv', sizeBytes: 500_000 })
      const seed = await startLibtorrent(torrent)
      const service = await start()
      const [row] = (await analyze(service, [`${torrent.magnet}&x.pe=127.0.0.1:${seed.port}`])).torrent
      expect([row?.name, row?.size, seed.says().uploaded]).toEqual(['film.mkv', '500000', 0])
    },
  )

  it('describes a torrent file given as a data URL', async () => {
    const torrent = await makeTorrent({ name: 'song.flac', sizeBytes: 70_000 })
    const service = await start()
    const link = `data:application/x-bittorrent;base64,${torrent.bytes.toString('base64')}`
    const [row] = (await analyze(service, [link])).torrent
    expect([row?.name, row?.size, row?.url]).toEqual(['song.flac', '70000', link])
  })

  it('reports the size of a magnet without peers as unknown after 20 seconds', async () => {
    const { items, afterMs } = await waiting.rare
    const [row] = items.torrent
    expect([row?.name, Object(row?.more).size, Math.round(afterMs / 5000)]).toEqual(['rare.mkv', null, 4])
  })
})

describe('archives', () => {
  it('reports the entries and the unpacked size of a 1 GB zip after reading less than 256 KB', async () => {
    const folder = await newFolder()
    writeFileSync(join(folder, 'big.bin'), '')
    truncateSync(join(folder, 'big.bin'), 1_000_000_000)
    writeFileSync(join(folder, 'small.txt'), 'small')
    execFileSync('7zz', ['a', '-bso0', '-mx=0', 'Big.zip', 'big.bin', 'small.txt'], { cwd: folder })
    let sentBytes = 0
    const disk = createServer((request, response) => {
      const { size } = statSync(join(folder, 'Big.zip'))
      const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
      const [begin, end] = [Number(first ?? 0), Math.min(Number(last ?? size - 1), size - 1)]
      const isPart = first !== undefined
      if (isPart) response.setHeader('content-range', `bytes ${begin}-${end}/${size}`)
      response.writeHead(isPart ? 206 : 200, { 'content-length': end - begin + 1, 'accept-ranges': 'bytes' })
      if (request.method === 'HEAD') return response.end()
      sentBytes += end - begin + 1
      createReadStream(join(folder, 'Big.zip'), { start: begin, end }).pipe(response)
    })
    const port = await serve(disk)
    const service = await start()
    const [row] = (await ownAnalysis(service, [`http://127.0.0.1:${port}/Big.zip`])).singleurl
    expect(row?.name).toBe('Big.zip')
    expect(row?.more).toMatchObject({ seeds: null, entries: 2, unpacked: 1_000_000_005, note: null })
    expect(sentBytes).toBeLessThan(256 * 1024)
  })

  it('marks a zip that needs a password', async () => {
    web.on('/locked.zip', file(await makeArchive('locked.zip', { 'a.txt': randomBytes(100) }, '-psesame')))
    const service = await start()
    const [row] = (await analyze(service, [web.url('/locked.zip')])).singleurl
    expect(row?.needs_pass).toBe(1)
  })

  it('groups the parts of one archive into a set with their total size, and names a missing part', async () => {
    for (const n of [1, 2, 4]) web.on(`/abcde.part${n}.rar`, file(randomBytes(1000 * n)))
    const service = await start()
    const parts = [1, 2].map((n) => web.url(`/abcde.part${n}.rar`))
    const [set] = (await analyze(service, parts.toReversed())).multiparturl
    const part = { paid_bw: '0', source: '127.0.0.1', type: 'file', needs_pass: 0, error: null }
    expect(set).toEqual({
      name: 'abcde',
      size: '3000',
      human_size: '2.9K',
      paid_bw: '0',
      error: null,
      parts: [
        { url: parts[0], name: 'abcde.part1.rar', size: '1000', human_size: '1000B', ...part },
        { url: parts[1], name: 'abcde.part2.rar', size: '2000', human_size: '2.0K', ...part },
      ],
    })
    const [broken] = (await analyze(service, [...parts, web.url('/abcde.part4.rar')])).multiparturl
    expect(broken?.error).toBe('“abcde” is not complete: abcde.part3.rar is missing.')
  })
})

describe('misbehaving servers', () => {
  const size = 4096
  const body = randomBytes(size)
  type Step = (wire: Wire) => void | Promise<void>
  const say =
    (status: string, lines: string[] = [], sent = Buffer.alloc(0)): Step =>
    async (wire) => {
      wire.head(status, lines)
      await wire.body(sent)
      wire.socket.end()
    }
  const hangs: Step = () => undefined
  const closes: Step = ({ socket }) => void socket.destroy()
  const whole = say('200 OK', [`Content-Length: ${size}`], body)
  const part = say('206 Partial Content', ['Content-Length: 1024', `Content-Range: bytes 0-1023/${size}`], body)
  const partOfUnknown = say('206 Partial Content', ['Content-Length: 1024', 'Content-Range: bytes 0-1023/*'], body)
  const empty = say('200 OK', ['Content-Length: 0'])
  const packed = say('200 OK', ['Content-Length: 300', 'Content-Encoding: gzip'], randomBytes(300))
  const no = (status: string) => say(status, ['Content-Length: 3'], Buffer.from('no!'))

  // Each server’s answers to HEAD, to a range request and to a plain GET, and the size that is then reported.
  const servers: [string, Step, Step, Step, number | null][] = [
    ['head-hangs', hangs, part, whole, size],
    ['head-closes', closes, part, whole, size],
    ['head-zero', empty, part, whole, size],
    ['head-zero-no-parts', empty, whole, whole, size],
    ['head-400', no('400 Bad Request'), part, whole, size],
    ['head-403', no('403 Forbidden'), part, whole, size],
    ['head-404', no('404 Not Found'), part, whole, size],
    ['head-405', no('405 Method Not Allowed'), part, whole, size],
    ['head-500', no('500 Oh'), part, whole, size],
    ['head-501', no('501 Not Implemented'), part, whole, size],
    ['head-204', say('204 No Content'), part, whole, size],
    ['head-is-no-http', ({ socket }) => void socket.end('what?\r\n\r\n'), part, whole, size],
    ['part-400', no('405 Method Not Allowed'), no('400 Bad Request'), whole, size],
    ['part-416', empty, no('416 Range Not Satisfiable'), whole, size],
    ['part-closes', closes, closes, whole, size],
    ['part-of-unknown', no('405 Method Not Allowed'), partOfUnknown, whole, size],
    ['really-empty', empty, say('416 Range Not Satisfiable', ['Content-Range: bytes */0']), empty, 0],
    ['no-length', empty, say('200 OK', [], body), say('200 OK', [], body), null],
    ['packed', packed, packed, packed, null],
    [
      'lies-of-length',
      say('200 OK', ['Content-Length: -5']),
      say('200 OK', ['Content-Length: 0x10']),
      say('200 OK'),
      null,
    ],
  ]
  const lost: [string, Step, Step, Step, RegExp][] = [
    ['gone', no('404 Not Found'), no('404 Not Found'), no('404 Not Found'), /no such file \(404\)/],
    ['forbidden', no('403 Forbidden'), no('403 Forbidden'), no('403 Forbidden'), /does not let this file be fetched/],
    ['broken', closes, closes, closes, /broke the connection/],
    ['zero-then-gone', empty, no('404 Not Found'), no('404 Not Found'), /no such file \(404\)/],
  ]

  it('falls back to GET when HEAD hangs, closes the connection, lies or is refused', async () => {
    const steps = new Map([...servers, ...lost].map(([name, head, ranged, plain]) => [name, { head, ranged, plain }]))
    const bad = await startBadServer((request, wire) => {
      const { head, ranged, plain } = steps.get(request.path.slice(1)) ?? {
        head: closes,
        ranged: closes,
        plain: closes,
      }
      return (request.method === 'HEAD' ? head : request.range === null ? plain : ranged)(wire)
    })
    const service = await start()
    const links = [...steps.keys()].map((name) => bad.url(`/${name}`))
    const { singleurl, error } = await ownAnalysis(service, links)
    expect(Object.fromEntries(singleurl.map(({ name, more }) => [name, Object(more).size]))).toEqual(
      Object.fromEntries(servers.map(([name, , , , known]) => [name, known])),
    )
    expect(error.length).toBe(lost.length)
    for (const [name, , , , sentence] of lost)
      expect(error.find(({ url }) => url === bad.url(`/${name}`))?.error).toMatch(sentence)
    await bad.stop()
  })
})

describe('limits', () => {
  it('reports every limit that a link breaks in its error', async () => {
    web.on('/ten.bin', file(randomBytes(10_000)))
    const service = await start({ diskQuota: 5000, flags: ['--largest-file', '8000'] })
    const link = web.url('/ten.bin')
    const { error, singleurl } = await analyze(service, [link, 'mailto:someone', 'http://10.0.0.1/x'])
    expect(singleurl).toEqual([])
    expect(error).toEqual([
      {
        url: link,
        error:
          '“ten.bin” is too large: no file may be larger than 8 kB here. “ten.bin” does not fit: it needs 10 kB, and 5 kB is free.',
      },
      { url: 'mailto:someone', error: '“mailto:someone” is not a link that can be fetched.' },
      {
        url: 'http://10.0.0.1/x',
        error: expect.stringContaining('is on this computer or a private network'),
      },
    ])
  })

  it('leaves it to our own client to tell what does not fit', async () => {
    web.on('/ten.bin', file(randomBytes(10_000)))
    const service = await start({ diskQuota: 5000 })
    const { singleurl, error } = await ownAnalysis(service, [web.url('/ten.bin')])
    expect([singleurl.map(({ name, more }) => [name, Object(more).size]), error]).toEqual([[['ten.bin', 10_000]], []])
  })

  it('accepts links of a busy server with a note that they are retried, and rejects those of a failing one', async () => {
    const busy = (status: number, headers: Record<string, string> = {}) => {
      const path = `/busy-${status}-${Object.keys(headers).length}.bin`
      web.on(path, (_request, response) => void response.writeHead(status, headers).end())
      return web.url(path)
    }
    const later = { 'retry-after': '60' }
    const passing = [busy(429), busy(429, later), busy(503), busy(408), busy(502), busy(504), busy(500, later)]
    const broken = [busy(500), busy(403), busy(404, later), busy(410)]
    const torrent = web.url('/busy.torrent')
    web.on('/busy.torrent', (_request, response) => void response.writeHead(503).end())
    const service = await start()
    const { singleurl, error, torrent: torrents } = await ownAnalysis(service, [...passing, torrent, ...broken])
    const statusOf = (link: unknown) => /busy-(\d+)/.exec(`${link}`)?.[1] ?? '503'
    expect([...singleurl, ...torrents].map(({ url, more }) => [url, more])).toEqual(
      [...passing, torrent].map((link) => [
        link,
        {
          ...{ size: null, paid_bw: 0, source: '127.0.0.1', needs_pass: false },
          seeds: null,
          entries: null,
          unpacked: null,
          note: `“127.0.0.1” is busy now (${statusOf(link)}); it will be tried again.`,
        },
      ]),
    )
    expect(error.map(({ url }) => url)).toEqual(broken)
    // Old clients are told that the size is unknown, as for any other link.
    const old = await analyze(service, passing.slice(0, 1))
    expect(old.singleurl).toMatchObject([{ url: passing[0], size: '0', human_size: '?', error: null }])
  })

  it('decodes a link that is percent-encoded as a whole, for the report and for a transfer', async () => {
    web.on('/a%20b.bin', file(randomBytes(3000)))
    const service = await start()
    const url = encodeURIComponent(web.url('/a%20b.bin'))
    const { results } = await service.ask('transfers.add', { links: [url, album] })
    expect(Array.isArray(results) ? results.map(({ name, status }) => [name, status === 'Error']) : results).toEqual([
      ['a b.bin', false],
      ['album', false],
    ])
    expect((await analyze(service, [url])).singleurl).toMatchObject([{ url, name: 'a b.bin', size: '3000' }])
    const { items } = await waiting.album
    expect([items.error, items.torrent.map(({ url: told, name }) => [told, name])]).toEqual([[], [[album, 'album']]])
  })

  it('analyzes all of 200 links, at most six at once per host', async () => {
    let [now, most] = [0, 0]
    const slow = createServer((_request, response) => {
      now += 1
      most = Math.max(most, now)
      setTimeout(() => {
        now -= 1
        response.writeHead(200, { 'content-length': 5 }).end()
      }, 20)
    })
    const port = await serve(slow)
    const service = await start()
    const links = Array.from({ length: 200 }, (_, n) => `http://127.0.0.1:${port}/${n}.bin`)
    const { singleurl } = await analyze(service, links)
    expect([singleurl.map(({ url }) => url), most]).toEqual([links, 6])
  })

  it('waits for one round of requests at most when a host never answers', async () => {
    const { items, afterMs } = await waiting.silent
    const { error, singleurl } = items
    expect(error).toEqual([])
    expect(singleurl.map(({ url, more }) => [url, Object(more).size, Object(more).note])).toEqual(
      silentLinks.map((link) => [link, null, '“127.0.0.1” did not answer within 10 seconds; it will be tried again.']),
    )
    expect(afterMs).toBeLessThan(40_000)
  })
})
