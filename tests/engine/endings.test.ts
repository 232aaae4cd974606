import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import type { FetchOptions } from '../../engine/fetch/fetch.ts'
import { type BadRequest, type BadServer, giveFile, startBadServer, type Wire } from '../support/bad-server.ts'
import { observeFetch } from '../support/fetching.ts'
import { solidBytes } from '../support/solid-bytes.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

const MiB = 1024 * 1024
const bytes = solidBytes(3_000_000)
const folder = temporaryFolder('endings')
let partPath: string
let server: BadServer
afterEach(() => server?.stop())

/** Serves one link, fetches it without waiting between attempts, and returns the outcome. */
async function get(
  answer: (request: BadRequest, wire: Wire) => void | Promise<void>,
  more: Partial<FetchOptions> = {},
): Promise<{ outcome: unknown; isWhole: boolean; troubles: string[] }> {
  server = await startBadServer(answer)
  partPath = join(folder, randomBytes(8).toString('hex'))
  const { result, outcome, sentences } = await observeFetch({ link: server.url('/a'), partPath, ...more })
  return { outcome: result ?? outcome, isWhole: bytes.equals(await readFile(partPath)), troubles: sentences }
}

/** Resets the connection, late enough not to overtake what was sent. */
const thenReset = (wire: Wire) =>
  new Promise<void>((resolve) => {
    setTimeout(() => {
      wire.socket.resetAndDestroy()
      resolve()
    }, 30)
  })
const raw = (wire: Wire, text: string) => void wire.socket.write(text, 'latin1')
const good = (request: BadRequest, wire: Wire) => giveFile(request, wire, { bytes, etag: '"e"' })

describe('a body of known length', () => {
  /** Slower than the server, so that the body has arrived long before it is read. */
  const slowly = { maxGatheredBytes: () => 64 * 1024, onStored: () => wait(15) }
  const some = bytes.subarray(0, 400_000)

  it('is whole although the connection is reset after its last byte, while it is still being read', async () => {
    let requests = 0
    server = await startBadServer(async (_request, wire) => {
      requests += 1
      raw(wire, `HTTP/1.1 200 OK\r\nContent-Length: ${some.length}\r\n\r\n`)
      // The body comes by itself, past the parser.
      await wait(5)
      await wire.body(some)
      await thenReset(wire)
    })
    partPath = join(folder, randomBytes(8).toString('hex'))
    const { outcome, sentences } = await observeFetch({ link: server.url('/a'), partPath, pace: slowly })
    expect([outcome, requests, sentences]).toEqual([some.length, 1, []])
    expect(some.equals(await readFile(partPath))).toBe(true)
  })

  it('is not read to its end when it is cancelled after its last byte has arrived', async () => {
    const stop = new AbortController()
    const arrived = Promise.withResolvers<void>()
    server = await startBadServer(async (_request, wire) => {
      raw(wire, `HTTP/1.1 200 OK\r\nContent-Length: ${some.length}\r\n\r\n`)
      // In pieces that are far smaller than the body.
      for (let at = 0; at < some.length; at += 40_000) {
        await wait(3)
        await wire.body(some.subarray(at, at + 40_000))
      }
      await wait(50)
      arrived.resolve()
    })
    partPath = join(folder, randomBytes(8).toString('hex'))
    const onStored = async () => {
      await arrived.promise
      stop.abort(new Error('cancelled'))
    }
    const { outcome, lengths } = await observeFetch({
      ...{ link: server.url('/a'), partPath, pace: { ...slowly, onStored }, signal: stop.signal },
    })
    expect(outcome).toBe('cancelled')
    expect(lengths.at(-1)).toBeLessThan(some.length)
  })
})

describe('a body without a length or chunks', () => {
  const heads: [string, string][] = [
    ['HTTP/1.1 with Connection: close', 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n'],
    ['HTTP/1.1 without headers', 'HTTP/1.1 200 OK\r\n\r\n'],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\n'],
    ['HTTP/1.0 with Connection: keep-alive', 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n'],
  ]

  it.each(heads)('is never delivered when it is reset midway: %s', async (_what, head) => {
    const { outcome } = await get(async (_request, wire) => {
      raw(wire, head)
      await wire.body(bytes.subarray(0, 1_000_000))
      await thenReset(wire)
    })
    expect(outcome).toMatch(/^“127\.0\.0\.1” (closed the connection early|keeps closing the connection)/)
  })

  it.each(heads)('is delivered as unproven when the connection closes cleanly: %s', async (_what, head) => {
    const { outcome, isWhole } = await get(async (_request, wire) => {
      raw(wire, head)
      await wire.body(bytes)
      wire.socket.end()
    })
    expect([outcome, isWhole]).toEqual([{ sizeBytes: bytes.length, isProven: false }, true])
  })

  it('is fetched again from the start after a reset', async () => {
    const { outcome, isWhole, troubles } = await get(async (request, wire) => {
      raw(wire, 'HTTP/1.0 200 OK\r\n\r\n')
      await wire.body(request.index === 0 ? bytes.subarray(0, 1_000_000) : bytes)
      if (request.index === 0) await thenReset(wire)
      else wire.socket.end()
    })
    expect([outcome, isWhole, troubles.some((trouble) => trouble.startsWith('Started over'))]).toEqual([
      { sizeBytes: bytes.length, isProven: false },
      true,
      true,
    ])
  })

  it.each([
    ['a length', [`Content-Length: ${bytes.length}`], bytes],
    ['chunks', ['Transfer-Encoding: chunked'], chunked(bytes)],
    ['chunks and a trailer', ['Transfer-Encoding: chunked'], chunked(bytes, 'X-Sum: 1\r\n')],
  ])('is proven complete when it has %s instead', async (_what, lines, body) => {
    const { outcome, isWhole } = await get(async (_request, wire) => {
      wire.head('200 OK', lines)
      await wire.body(body)
      wire.socket.end()
    })
    expect([outcome, isWhole]).toEqual([{ sizeBytes: bytes.length, isProven: true }, true])
  })

  it('is rejected in a transfer coding that was not requested', async () => {
    const { outcome } = await get((_request, wire) => {
      raw(wire, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc')
      wire.socket.end()
    })
    expect(outcome).toContain('“gzip”')
  })

  it.each(['204 No Content', '304 Not Modified'])('is rejected under status %s', async (status) => {
    const { outcome } = await get((_request, wire) => {
      raw(wire, `HTTP/1.1 ${status}\r\nContent-Length: 5\r\n\r\nhello`)
      wire.socket.end()
    })
    expect(outcome).toContain('something that is not a file')
  })

  it('is fetched after interim responses (100 and 103)', async () => {
    const { outcome, isWhole } = await get((request, wire) => {
      raw(wire, 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n')
      return good(request, wire)
    })
    expect([outcome, isWhole]).toEqual([{ sizeBytes: bytes.length, isProven: true }, true])
  })
})

describe('a fetch that gets a status that does not match the body', () => {
  const broken = async (request: BadRequest, wire: Wire) => {
    wire.head('200 OK', [`Content-Length: ${bytes.length}`, 'ETag: "e"', 'Accept-Ranges: bytes'])
    await wire.body(bytes.subarray(0, 1_200_000))
    if (request.index === 0) await thenReset(wire)
  }
  const tailFrom = (request: BadRequest) => bytes.subarray(request.range?.start ?? 0)
  const lies: [string, (request: BadRequest, wire: Wire) => void | Promise<void>][] = [
    [
      '200 with Content-Range, the same tag and the tail',
      async (request, wire) => {
        const tail = tailFrom(request)
        const range = `Content-Range: bytes ${request.range?.start}-${bytes.length - 1}/${bytes.length}`
        wire.head('200 OK', [range, 'ETag: "e"', `Content-Length: ${tail.length}`])
        await wire.body(tail)
        wire.socket.end()
      },
    ],
    [
      '200 with the same tag and the tail',
      async (request, wire) => {
        wire.head('200 OK', ['ETag: "e"', `Content-Length: ${tailFrom(request).length}`])
        await wire.body(tailFrom(request))
        wire.socket.end()
      },
    ],
    [
      '200 with the same tag and the tail in chunks',
      async (request, wire) => {
        wire.head('200 OK', ['ETag: "e"', 'Transfer-Encoding: chunked'])
        await wire.body(chunked(tailFrom(request)))
        wire.socket.end()
      },
    ],
    [
      '200 with the same tag and the tail without a length',
      async (request, wire) => {
        wire.head('200 OK', ['ETag: "e"'])
        await wire.body(tailFrom(request))
        wire.socket.end()
      },
    ],
  ]

  it.each(lies)('fails with a clear error when the server always answers %s', async (_what, lie) => {
    const { outcome, isWhole } = await get((request, wire) =>
      request.range === null && request.index === 0
        ? broken(request, wire)
        : lie({ ...request, range: request.range ?? { start: 1_200_000, end: null } }, wire),
    )
    expect([typeof outcome, isWhole]).toEqual(['string', false])
    expect(outcome).toMatch(/a part of the file|another length|contradicts/)
  })

  it.each(lies)('ends with the right file when the server once answers %s', async (_what, lie) => {
    const { outcome, isWhole } = await get((request, wire) =>
      request.index === 0 ? broken(request, wire) : request.index === 1 ? lie(request, wire) : good(request, wire),
    )
    expect([outcome, isWhole]).toEqual([{ sizeBytes: bytes.length, isProven: true }, true])
  })

  it('does not simply accept a 200 with the tail of a file whose length was never announced', async () => {
    const { outcome, isWhole } = await get(async (request, wire) => {
      wire.head('200 OK', ['ETag: "e"', ...(request.index === 0 ? [] : ['Content-Length: 1800000'])])
      await wire.body(request.index === 0 ? bytes.subarray(0, 1_200_000) : bytes.subarray(1_200_000))
      if (request.index === 0) await thenReset(wire)
      else wire.socket.end()
    }).catch((error: Error) => ({ outcome: error.message, isWhole: false }))
    // The first lie is noticed; what the server then answers to a request without a range cannot be checked.
    expect(
      server.requests.length > 1 && (isWhole || typeof outcome === 'string' || server.requests.at(-1)?.range === null),
    ).toBe(true)
  })

  it.each([
    ['the whole file', `bytes 0-${bytes.length - 1}/${bytes.length}`, { sizeBytes: bytes.length, isProven: true }],
    ['a part', `bytes 0-${bytes.length - 1}/${bytes.length + 1}`, expect.stringContaining('a part')],
    ['a part of an unknown total', `bytes 0-${bytes.length - 1}/*`, expect.stringContaining('a part')],
    ['an unreadable range', 'bytes 7', expect.stringContaining('a part')],
  ])(
    'accepts an unrequested 206 only where its Content-Range covers the whole file: %s',
    async (_what, range, expected) => {
      const { outcome } = await get(async (_request, wire) => {
        wire.head('206 Partial Content', [`Content-Range: ${range}`, 'ETag: "e"', `Content-Length: ${bytes.length}`])
        await wire.body(bytes)
        wire.socket.end()
      })
      expect(outcome).toEqual(expected)
    },
  )

  it('starts over when a 206 of an unknown total ends early', async () => {
    const { outcome, isWhole } = await get(async (request, wire) => {
      if (request.index === 0) {
        wire.head('200 OK', ['ETag: "e"'])
        await wire.body(bytes.subarray(0, 1_000_000))
        return thenReset(wire)
      }
      if (request.range === null) return good(request, wire)
      const { start } = request.range
      wire.head('206 Partial Content', ['ETag: "e"', `Content-Range: bytes ${start}-${start + 999}/*`])
      await wire.body(bytes.subarray(start, start + 1000))
      wire.socket.end()
    })
    expect([outcome, isWhole]).toEqual([{ sizeBytes: bytes.length, isProven: true }, true])
  })

  it('starts over on a multipart/byteranges 206 with a Content-Range of its own', async () => {
    const { outcome, isWhole } = await get(async (request, wire) => {
      if (request.index === 0) return broken(request, wire)
      if (request.range === null) return good(request, wire)
      const { start } = request.range
      const range = `Content-Range: bytes ${start}-${bytes.length - 1}/${bytes.length}`
      wire.head('206 Partial', ['ETag: "e"', range, 'Content-Type: multipart/byteranges; boundary=x'])
      await wire.body(randomBytes(bytes.length - start))
      wire.socket.end()
    })
    expect([outcome, isWhole]).toEqual([{ sizeBytes: bytes.length, isProven: true }, true])
  })
})

describe('a fetch that gets a part without a strong validator', () => {
  const silent = (lines: (request: BadRequest) => string[]) => async (request: BadRequest, wire: Wire) => {
    const other = randomBytes(bytes.length)
    if (request.index === 0) {
      wire.head('200 OK', [`Content-Length: ${bytes.length}`, ...lines(request)])
      await wire.body(other.subarray(0, 1_000_000))
      return thenReset(wire)
    }
    const start = request.range?.start ?? 0
    if (request.range === null) wire.head('200 OK', [`Content-Length: ${bytes.length}`, ...lines(request)])
    else wire.head('206 Partial', [`Content-Range: bytes ${start}-${bytes.length - 1}/${bytes.length}`])
    await wire.body(bytes.subarray(start))
    wire.socket.end()
  }

  it.each([
    ['an ETag', ['ETag: "a"']],
    ['an old date', ['Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT', 'Date: Tue, 02 Jan 2024 00:00:00 GMT']],
  ])('starts over, says so and mixes nothing when the first response had %s', async (_what, lines) => {
    const { outcome, isWhole, troubles } = await get(silent(() => lines))
    expect([outcome, isWhole, troubles.some((trouble) => trouble.startsWith('Started over'))]).toEqual([
      { sizeBytes: bytes.length, isProven: true },
      true,
      true,
    ])
  })

  it.each([
    ['no tag', []],
    ['a weak tag', ['ETag: W/"e"']],
  ])('fetches everything over the first connection when the part on the second has %s', async (_what, lines) => {
    const large = solidBytes(12 * MiB)
    const { outcome, troubles } = await get(async (request, wire) => {
      if (request.range === null)
        return giveFile(request, wire, {
          bytes: large,
          etag: '"e"',
          bytesPerSecond: server.requests.length < 2 ? 4 * MiB : 60 * MiB,
        })
      const { start, end } = request.range
      wire.head('206 Partial', [`Content-Range: bytes ${start}-${(end ?? large.length) - 1}/${large.length}`, ...lines])
      await wire.body(randomBytes((end ?? large.length) - start))
      wire.socket.end()
    })
    expect([outcome, troubles, large.equals(await readFile(partPath))]).toEqual([
      { sizeBytes: large.length, isProven: true },
      [],
      true,
    ])
  })
})

describe('a fetch that gets no second connection', () => {
  const large = solidBytes(12 * MiB)
  it.each([
    ['200 in chunks', ['Transfer-Encoding: chunked', 'ETag: "e"']],
    ['200 without a length', ['ETag: "e"']],
    ['200 with a new tag each time', [`Content-Length: ${large.length}`, 'ETag: "other"']],
    ['200 of another length', [`Content-Length: ${large.length - 5}`, 'ETag: "other"']],
  ])('finishes over one connection when the second gets a %s', async (_what, lines) => {
    const { outcome, troubles } = await get(async (request, wire) => {
      if (request.index === 0)
        return giveFile(request, wire, {
          bytes: large,
          etag: '"e"',
          bytesPerSecond: () => (server.requests.length < 2 ? 4 * MiB : 60 * MiB),
        })
      wire.head('200 OK', lines)
      await wire.body(large)
      wire.socket.end()
    })
    expect([outcome, troubles, large.equals(await readFile(partPath)), server.requests.length]).toEqual([
      { sizeBytes: large.length, isProven: true },
      [],
      true,
      2,
    ])
  })

  it('starts over once and finishes over one connection when each 206 has a new tag', async () => {
    let count = 0
    const { outcome, troubles } = await get((request, wire) => {
      count += 1
      const { 'if-range': _dropped, ...headers } = request.headers
      const pace = () => (server.requests.length % 2 === 1 && server.requests.length < 3 ? 4 * MiB : 60 * MiB)
      return giveFile({ ...request, headers }, wire, { bytes: large, etag: `"${count}"`, bytesPerSecond: pace })
    })
    expect([
      outcome,
      troubles.filter((trouble) => trouble.startsWith('Started over')).length,
      large.equals(await readFile(partPath)),
    ]).toEqual([{ sizeBytes: large.length, isProven: true }, 1, true])
  })
})

describe('a request that ends in an unusual way', () => {
  it.each<[string, (wire: Wire) => unknown, RegExp]>([
    [
      '101 Switching Protocols',
      (wire) => raw(wire, 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
      /not a file \(101\)/,
    ],
    [
      '101 and more bytes',
      (wire) => raw(wire, `HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n${'x'.repeat(5000)}`),
      /not a file \(101\)/,
    ],
    ['a closed connection', (wire) => wire.socket.end(), /broke the connection/],
    ['a reset', (wire) => wire.socket.resetAndDestroy(), /broke the connection/],
    ['half a head', (wire) => wire.socket.end('HTTP/1.1 200 OK\r\nX-A: '), /broke the connection/],
    ['something that is not HTTP', (wire) => wire.socket.end('220 Hello\r\n\r\n'), /proper HTTP/],
    ['silence', () => undefined, /does not answer/],
    [
      'endless 102 responses',
      (wire) => {
        const many = Buffer.from('HTTP/1.1 102 Processing\r\n\r\n'.repeat(1000))
        // Under Wine a write may end at once, and would leave no turn to the client.
        const more = () => void (wire.socket.destroyed || wire.socket.write(many, () => setImmediate(more)))
        more()
      },
      /only says “go on”/,
    ],
    [
      '100 Continue and nothing else',
      (wire) => wire.socket.end('HTTP/1.1 100 Continue\r\n\r\n'),
      /broke the connection/,
    ],
    [
      'an oversized head',
      (wire) => wire.socket.end(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`),
      /proper HTTP/,
    ],
  ])('fails in time on %s', async (_what, lie, sentence) => {
    const { outcome } = await get((_request, wire) => void lie(wire), { stallMs: 300 }).catch((error: Error) => ({
      outcome: error.message,
    }))
    expect(outcome).toMatch(sentence)
  })

  it('ends at once when it is cancelled while waiting for the response', async () => {
    const stop = new AbortController()
    const { outcome } = await get((_request, _wire) => stop.abort(new Error('cancelled')), { signal: stop.signal })
    expect(outcome).toBe('cancelled')
  })
})

function chunked(body: Buffer, trailer = ''): Buffer {
  const size = 100_000
  const pieces: Buffer[] = []
  for (let at = 0; at < body.length; at += size) {
    const piece = body.subarray(at, at + size)
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'))
  }
  return Buffer.concat([...pieces, Buffer.from(`0\r\n${trailer}\r\n`)])
}
