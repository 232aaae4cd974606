import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { FetchOptions } from '../../engine/fetch/fetch.ts'
import type { ResumeRecord } from '../../engine/resume.ts'
import { type BadRequest, type BadServer, giveFile, startBadServer, type Wire } from '../support/bad-server.ts'
import { startFetchChild } from '../support/children.ts'
import { has } from '../support/facilities.ts'
import { observeFetch } from '../support/fetching.ts'
import { makeCertificate } from '../support/ftp.ts'
import { seededRandom } from '../support/seed.ts'
import { solidBytes } from '../support/solid-bytes.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

const schedules = Number(process.env.PUTDESK_SCHEDULES ?? 150)
const bytes = solidBytes(1024 * 1024 + 17)
const noValidators = { etag: null, lastModified: null, strong: null }
let folder: string
let partPath: string
let server: BadServer
beforeAll(async () => {
  folder = temporaryFolder('errors')
})
afterEach(() => server?.stop())

/** Fetches without waiting between attempts, and returns all that was reported on the way. */
async function get(more: Partial<FetchOptions> & Pick<FetchOptions, 'link'>) {
  partPath = more.partPath ?? join(folder, randomBytes(8).toString('hex'))
  return observeFetch({ ...more, partPath })
}

const isWhole = async () => bytes.equals(await readFile(partPath))
const serve = async (answer: (request: BadRequest, wire: Wire) => void | Promise<void>) => {
  server = await startBadServer(answer)
  return server.url('/a')
}

describe('a fetch with a false or missing length (F9)', () => {
  it.each([
    [
      'is sent twice with different values',
      ['Content-Length: 5', `Content-Length: ${bytes.length}`],
      'does not answer in proper HTTP',
    ],
    ['is negative', ['Content-Length: -5'], 'does not answer in proper HTTP'],
    ['exceeds 2^53', ['Content-Length: 9007199254740999'], 'closed the connection early'],
    ['exceeds 2^64', ['Content-Length: 18446744073709551999'], 'does not answer in proper HTTP'],
    ['is one byte too long', [`Content-Length: ${bytes.length + 1}`], 'closed the connection early'],
    ['is one byte too short', [`Content-Length: ${bytes.length - 1}`], 'sent more than it had announced'],
    [
      'comes with chunked encoding',
      [`Content-Length: ${bytes.length}`, 'Transfer-Encoding: chunked'],
      'does not answer in proper HTTP',
    ],
  ])('fails with a clear error when Content-Length %s', async (_what, lines, sentence) => {
    const link = await serve(async (_request, wire) => {
      wire.head('200 OK', lines)
      await wire.body(bytes)
      wire.socket.end()
    })
    expect((await get({ link })).outcome).toContain(sentence)
  })

  it('takes everything until the connection closes when Content-Length is absent', async () => {
    const link = await serve(async (_request, wire) => {
      wire.head('200 OK', [])
      await wire.body(bytes)
      wire.socket.end()
    })
    expect([(await get({ link })).outcome, await isWhole()]).toEqual([bytes.length, true])
  })

  it('fails when a chunked body ends before its last chunk', async () => {
    const link = await serve(async (_request, wire) => {
      wire.head('200 OK', ['Transfer-Encoding: chunked'])
      wire.socket.end(Buffer.concat([Buffer.from('10000\r\n'), bytes.subarray(0, 65_536), Buffer.from('\r\n')]))
    })
    expect((await get({ link })).outcome).toContain('closed the connection early')
  })
})

describe('a fetch that gets a false part (F8)', () => {
  const part = async (lie: (request: BadRequest, wire: Wire) => void | Promise<void>) => {
    const link = await serve((request, wire) => {
      if (request.range === null) {
        return request.index === 0
          ? cut(wire, { bytes, etag: '"v1"' }, 400_000)
          : giveFile(request, wire, { bytes, etag: '"v1"' })
      }
      return lie(request, wire)
    })
    return get({ link })
  }

  it.each([
    ['multipart/byteranges', ['Content-Type: multipart/byteranges; boundary=x']],
    ['at an offset past 2^53', ['Content-Range: bytes 9007199254740993-9007199254740999/9007199254741000']],
    ['a range that ends before it starts', [`Content-Range: bytes 900-800/${bytes.length}`]],
    ['in an unknown unit', ['Content-Range: pages 1-2/3']],
    ['compressed', [`Content-Range: bytes 400000-400999/${bytes.length}`, 'Content-Encoding: gzip']],
  ])('starts over, says so and ends with the right bytes when the part is %s', async (_what, lines) => {
    const { outcome, troubles } = await part((_request, wire) => {
      wire.head('206 Partial', ['ETag: "v1"', ...lines])
      wire.socket.end(Buffer.alloc(1000))
    })
    expect([outcome, await isWhole(), troubles.some((trouble) => trouble?.startsWith('Started over'))]).toEqual([
      bytes.length,
      true,
      true,
    ])
  })

  it('starts over when the server answers 416 with another total size', async () => {
    const { outcome } = await part((_request, wire) => {
      wire.head('416 No', [`Content-Range: bytes */${bytes.length - 1}`, 'Content-Length: 0'])
      wire.socket.end()
    })
    expect([outcome, await isWhole()]).toEqual([bytes.length, true])
  })
})

describe('a fetch over connections that break (F10)', () => {
  it.each(['RST', 'FIN'])(
    'finishes, fetches nothing twice and never goes backwards when a %s breaks it at 50 places',
    async (how) => {
      const random = seededRandom()
      const link = await serve((request, wire) => {
        const left = bytes.length - (request.range?.start ?? 0)
        const piece = Math.ceil((bytes.length / 50) * (0.5 + random() / 2))
        return left <= piece
          ? giveFile(request, wire, { bytes, etag: '"v1"' })
          : cut(wire, { bytes, etag: '"v1"', request, isFin: how === 'FIN' }, piece)
      })
      const { outcome, lengths } = await get({ link })
      expect([outcome, await isWhole(), server.requests.length > 50]).toEqual([bytes.length, true, true])
      expect(lengths.every((length, index) => length >= (lengths[index - 1] ?? 0))).toBe(true)
      expect(server.sentBytes()).toBeLessThanOrEqual(bytes.length * 1.05)
    },
  )

  it('finishes, with hardly anything fetched twice, when all connections break every 300 ms', async () => {
    const large = randomBytes(8 * 1024 * 1024)
    const link = await serve((request, wire) =>
      giveFile(request, wire, { bytes: large, etag: '"v1"', bytesPerSecond: 3 * 1024 * 1024 }),
    )
    const breaking = setInterval(() => server.breakAll(), 300)
    const { outcome } = await get({ link })
    clearInterval(breaking)
    expect([outcome, large.equals(await readFile(partPath))]).toEqual([large.length, true])
    expect(server.sentBytes()).toBeLessThanOrEqual(large.length * 1.05)
  })
})

describe('a fetch from a deliberately slow server (F11)', () => {
  it('times out and retries when the head comes a byte at a time', async () => {
    const link = await serve(async (request, wire) => {
      if (request.index > 0) return giveFile(request, wire, { bytes, etag: '"v1"' })
      wire.socket.write('HTTP/1.1 200 OK\r\nX-Slow: ')
      await wire.body(Buffer.alloc(10_000, 'a'), 200)
    })
    const { outcome, troubles } = await get({ link, stallMs: 500 })
    expect([outcome, troubles[0]]).toEqual([bytes.length, expect.stringContaining('“127.0.0.1” does not answer')])
  })

  it('says that nothing arrives well before it retries when the body stalls', async () => {
    const link = await serve(async (request, wire) => {
      if (request.index > 0) return giveFile(request, wire, { bytes, etag: '"v1"' })
      wire.head('200 OK', [`Content-Length: ${bytes.length}`, 'ETag: "v1"'])
      await wire.body(bytes.subarray(0, 1000))
    })
    const { outcome, troubles } = await get({ link, stallMs: 900 })
    expect([outcome, troubles.filter((trouble) => trouble !== null)]).toEqual([
      bytes.length,
      ['“127.0.0.1” has sent nothing for a while.', expect.stringContaining('stopped sending. Trying again')],
    ])
  })
})

describe('a fetch that is redirected (F12)', () => {
  it.each([
    ['ftp://127.0.0.1/a', 'redirects to an ftp link, which is not followed'],
    ['ftps://127.0.0.1/a', 'redirects to an ftps link, which is not followed'],
  ])('fails with the reason when it is redirected to %s', async (location, sentence) => {
    const link = await serve((_request, wire) => {
      wire.head('302 Found', [`Location: ${location}`, 'Content-Length: 0'])
      wire.socket.end()
    })
    expect((await get({ link })).outcome).toContain(sentence)
  })

  it.runIf(has('programs of Unix'))(
    'fails with the reason when it is redirected from https to http, and requests nothing there',
    async () => {
      const certificate = makeCertificate(folder)
      const plain = await serve((request, wire) => giveFile(request, wire, { bytes, etag: '"v1"' }))
      const [key, cert] = [await readFile(`${certificate}.key`), await readFile(`${certificate}.crt`)]
      const secure = createServer({ key, cert }, (_request, response) => {
        response.writeHead(302, { location: plain }).end()
      })
      const port = await new Promise<number>((resolve) => {
        secure.listen(0, '127.0.0.1', () => {
          const address = secure.address()
          resolve(typeof address === 'object' && address !== null ? address.port : 0)
        })
      })
      const link = `https://localhost:${port}/a`
      const told = { link, partPath: join(folder, 'downgraded'), recordPath: join(folder, 'downgraded.json') }
      const child = startFetchChild(told, { environment: { NODE_EXTRA_CA_CERTS: `${certificate}.crt` } })
      await child.ended
      secure.close()
      expect([child.messages.at(-1)?.error, server.requests]).toEqual([
        '“localhost” redirects from a protected link to one that is not, which is not followed.',
        [],
      ])
    },
  )

  it('sends stored credentials to their own origin, and to no other', async () => {
    const other = await startBadServer((request, wire) => giveFile(request, wire, { bytes, etag: '"v1"' }))
    const link = await serve((request, wire) => {
      wire.head('302 Found', [`Location: ${request.path === '/a' ? '/b' : other.url('/end')}`, 'Content-Length: 0'])
      wire.socket.end()
    })
    const credentialsFor = () => ({ authorization: 'Bearer canary', cookie: 'session=canary' })
    const { outcome } = await get({ link, credentialsFor })
    const shown = ({ headers }: BadRequest) => [headers.authorization, headers.cookie]
    expect([outcome, server.requests.map(shown), other.requests.map(shown)]).toEqual([
      bytes.length,
      [
        ['Bearer canary', 'session=canary'],
        ['Bearer canary', 'session=canary'],
      ],
      [[undefined, undefined]],
    ])
    await other.stop()
  })
})

describe('a fetch from a server that sends Retry-After (F13)', () => {
  const busy = (retryAfter: () => string) => (request: BadRequest, wire: Wire) => {
    if (request.index > 0) return giveFile(request, wire, { bytes, etag: '"v1"' })
    wire.head('503 Busy', [`Retry-After: ${retryAfter()}`, 'Content-Length: 0'])
    wire.socket.end()
  }

  it('waits until the given date', async () => {
    const link = await serve(busy(() => new Date(Date.now() + 90_000).toUTCString()))
    const { outcome, waits } = await get({ link })
    expect([outcome, waits.length, (waits[0] ?? 0) > 85_000, (waits[0] ?? 0) <= 90_000]).toEqual([
      bytes.length,
      1,
      true,
      true,
    ])
  })

  it('waits as after any other error when the given date is past', async () => {
    const link = await serve(busy(() => 'Mon, 01 Jan 2024 00:00:00 GMT'))
    expect((await get({ link })).waits).toEqual([500])
  })

  it('sends no request before the given second is over, by the real clock', async () => {
    const link = await serve(busy(() => '1'))
    await get({ link, sleep: (ms) => wait(ms) })
    const [first, second] = server.requests
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(1000)
  })

  it('retries at once when the user does not wait out the given hour', async () => {
    const link = await serve(busy(() => '3600'))
    const hurry = Promise.withResolvers<void>()
    const { outcome } = await get({
      link,
      sleep: () => hurry.promise,
      onTrouble: (sentence) => {
        if (sentence?.includes('60 minutes') === true) hurry.resolve()
      },
    })
    expect(outcome).toBe(bytes.length)
  })
})

describe('content that is replaced between and during sessions (F7)', () => {
  const kinds = ['new tag', 'same tag, new date', 'weak tag', 'old date', 'young date', 'nothing'] as const

  it(`ends as one version, never mixed, in ${schedules} schedules`, async () => {
    const random = seededRandom()
    const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)]
    let version = { bytes, lines: [''] }
    let versions: Buffer[] = []
    let mayCut = true
    let count = 0
    const next = (kind: string) => {
      count += 1
      const size = random() < 0.5 ? 300_000 : 200_000 + Math.floor(random() * 200_000)
      const date = new Date(Date.UTC(2024, 0, 1, 0, count)).toUTCString()
      const lines: Record<string, string[]> = {
        'new tag': [`ETag: "${count}"`],
        'same tag, new date': ['ETag: "same"', `Last-Modified: ${date}`],
        'weak tag': [`ETag: W/"${count}"`],
        'old date': [`Last-Modified: ${date}`],
        'young date': [`Last-Modified: ${new Date().toUTCString()}`],
        nothing: [],
      }
      version = { bytes: randomBytes(size), lines: [`Date: ${new Date().toUTCString()}`, ...(lines[kind] ?? [])] }
      versions.push(version.bytes)
    }
    const link = await serve(async (request, wire) => {
      const validator = request.headers['if-range']
      const { bytes: now, lines } = version
      const isSame = validator === undefined || lines.some((line) => line.endsWith(`: ${validator}`))
      const start = request.range !== null && isSame ? request.range.start : 0
      const shared = [...lines, `Content-Length: ${now.length - start}`]
      if (start >= now.length && start > 0) wire.head('416 No', [`Content-Range: bytes */${now.length}`])
      else if (request.range === null || !isSame) wire.head('200 OK', shared)
      else wire.head('206 Partial', [...shared, `Content-Range: bytes ${start}-${now.length - 1}/${now.length}`])
      const isCut = mayCut && random() < 0.6
      await wire.body(now.subarray(start, isCut ? start + Math.floor(random() * (now.length - start)) : now.length))
      wire.socket.end()
    })
    const mixed: number[] = []
    const failed: (string | number)[] = []
    for (let schedule = 0; schedule < schedules; schedule++) {
      const kind = pick(kinds) ?? 'nothing'
      partPath = join(folder, `schedule-${schedule}`)
      const state: { resume: ResumeRecord | null } = { resume: null }
      const sessions = 1 + Math.floor(random() * 4)
      versions = []
      next(kind)
      for (let session = 1; session <= sessions; session++) {
        const stop = new AbortController()
        mayCut = session < sessions
        const stopAt = random() * 400_000
        const { outcome } = await get({
          link,
          partPath,
          resume: state.resume,
          bootId: random() < 0.8 ? 'this boot' : `boot ${session}`,
          signal: stop.signal,
          onCheckpoint: (record) => {
            state.resume = record
          },
          onBytes: (length) => {
            if (mayCut && length > stopAt) stop.abort()
          },
          onTrouble: (sentence) => {
            if (sentence !== null && mayCut && random() < 0.3) next(kind)
          },
        })
        if (session < sessions && random() < 0.5) next(kind)
        if (session === sessions && typeof outcome === 'string') failed.push(outcome)
      }
      const stored = await readFile(partPath)
      if (!versions.some((whole) => whole.equals(stored))) mixed.push(schedule)
    }
    expect([mixed, failed]).toEqual([[], []])
  })
})

describe('an expected checksum', () => {
  const expected = { crc32: crc32(bytes).toString(16).padStart(8, '0') }
  const plain = (etag: string) => (request: BadRequest, wire: Wire) => {
    if (request.index === 0) return cut(wire, { bytes, etag, request }, 600_000)
    return giveFile(request, wire, { bytes, etag })
  }

  it('lets a fetch without a strong validator resume, and verifies the result', async () => {
    const link = await serve(plain('W/"weak"'))
    const { outcome, troubles } = await get({ link, expect: expected })
    expect([outcome, await isWhole(), server.requests.length]).toEqual([bytes.length, true, 2])
    expect(server.requests[1]?.range?.start ?? 0).toBeGreaterThan(0)
    expect(troubles.some((trouble) => trouble?.startsWith('Started over'))).toBe(false)
  })

  it('makes the fetch start over once, and end with the right bytes, when the assembled file does not match', async () => {
    const old = randomBytes(bytes.length)
    const link = await serve((request, wire) =>
      request.index === 0
        ? cut(wire, { bytes: old, etag: 'W/"same"', request }, 600_000)
        : giveFile(request, wire, { bytes, etag: 'W/"same"' }),
    )
    const { outcome, troubles } = await get({ link, expect: expected })
    expect([outcome, await isWhole(), server.requests.map(({ range }) => range === null)]).toEqual([
      bytes.length,
      true,
      [true, false, true],
    ])
    expect(troubles).toContain('Started over at “127.0.0.1”: its checksum is another.')
  })

  it('fails the fetch when the file does not match for the second time', async () => {
    const link = await serve((request, wire) => giveFile(request, wire, { bytes, etag: '"v1"' }))
    const { outcome } = await get({ link, expect: { crc32: '00000001' } })
    expect([outcome, server.requests.length]).toEqual([
      '“127.0.0.1” does not have the file that was expected: its checksum is another.',
      2,
    ])
  })

  it('lets a fetch resume from a record of another run that has no validator', async () => {
    const link = await serve((request, wire) => giveFile(request, wire, { bytes, etag: '"v1"' }))
    const path = join(folder, 'known')
    await writeFile(path, bytes.subarray(0, 500_000))
    const resume = { validators: noValidators, totalBytes: bytes.length, syncedBytes: 0, bootId: 'this boot' }
    const { outcome } = await get({ link, partPath: path, resume, expect: expected })
    expect([outcome, await isWhole(), server.requests[0]?.range]).toEqual([
      bytes.length,
      true,
      { start: 500_000, end: null },
    ])
  })
})

/** Sends a file or the requested part, and breaks off after so many bytes. */
async function cut(
  wire: Wire,
  file: { bytes: Buffer; etag: string; request?: BadRequest; isFin?: boolean },
  count: number,
): Promise<void> {
  const start = file.request?.range?.start ?? 0
  const shared = [`ETag: ${file.etag}`, `Content-Length: ${file.bytes.length - start}`]
  const place = `bytes ${start}-${file.bytes.length - 1}/${file.bytes.length}`
  if (start > 0) wire.head('206 Partial', [...shared, `Content-Range: ${place}`])
  else wire.head('200 OK', shared)
  await wire.body(file.bytes.subarray(start, start + count))
  if (file.isFin === true) wire.socket.end()
  else wire.socket.resetAndDestroy()
}
