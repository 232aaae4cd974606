import { randomBytes } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { FetchOptions } from '../../engine/fetch/fetch.ts'
import type { ResumeRecord } from '../../engine/resume.ts'
import {
  type BadRequest,
  type BadServer,
  countOpen,
  giveFile,
  startBadServer,
  type Wire,
} from '../support/bad-server.ts'
import { has } from '../support/facilities.ts'
import { observeFetch } from '../support/fetching.ts'
import { startNginx } from '../support/nginx.ts'
import { solidBytes } from '../support/solid-bytes.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

const MiB = 1024 * 1024
const bytes = solidBytes(12 * MiB + 4321)
const file = { bytes, etag: '"v1"', bytesPerSecond: 2 * MiB }
let folder: string
let server: BadServer
beforeAll(async () => {
  folder = temporaryFolder('segments')
})
afterEach(() => server?.stop())

/** Fetches into a new part file, and returns all that was reported on the way. */
async function get(more: Partial<FetchOptions> & Pick<FetchOptions, 'link'>) {
  const partPath = more.partPath ?? join(folder, randomBytes(8).toString('hex'))
  const { result, outcome, sentences, lengths, records } = await observeFetch({ ...more, partPath })
  if (result === null) throw new Error(`${outcome}`)
  return { troubles: sentences, lengths, records, isWhole: bytes.equals(await readFile(partPath)) }
}

const slowUntilAskedTwice = () => (server.requests.length < 2 ? 4 * MiB : 50 * MiB)

describe('a fetch from a slow server that supports ranges', () => {
  it('uses four connections and ends with the whole file', async () => {
    const { seen, answer } = countOpen((request, wire) => giveFile(request, wire, file))
    server = await startBadServer(answer)
    const startedAtMs = performance.now()
    const { isWhole, troubles, lengths, records } = await get({ link: server.url('/a') })
    const seconds = (performance.now() - startedAtMs) / 1000
    expect([isWhole, troubles, seen.most]).toEqual([true, [], 4])
    expect(seconds).toBeLessThan((bytes.length / file.bytesPerSecond) * 0.75)
    expect([...lengths].sort((a, b) => a - b).at(-1)).toBe(bytes.length)
    expect(lengths.filter((length) => length > bytes.length)).toEqual([])
    // Each further connection asks for a part of the same version.
    expect(server.requests.slice(1).every(({ headers }) => headers['if-range'] === '"v1"')).toBe(true)
    expect(records.at(-1)?.record).toMatchObject({ totalBytes: bytes.length, syncedBytes: bytes.length })
  })

  it('uses one connection when only one is allowed', async () => {
    server = await startBadServer((request, wire) => giveFile(request, wire, { ...file, bytesPerSecond: 12 * MiB }))
    const { isWhole } = await get({ link: server.url('/a'), maxConnections: 1 })
    expect([isWhole, server.requests.length]).toEqual([true, 1])
  })

  it.each<[string, (wire: Wire, request: BadRequest) => void | Promise<void>]>([
    ['503', (wire) => void wire.socket.end('HTTP/1.1 503 Busy\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n')],
    ['429', (wire) => void wire.socket.end('HTTP/1.1 429 Slow\r\nContent-Length: 0\r\n\r\n')],
    ['403', (wire) => void wire.socket.end('HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n')],
    ['a reset', (wire) => void wire.socket.resetAndDestroy()],
    ['a closed connection', (wire) => void wire.socket.end()],
    ['416', (wire) => void wire.socket.end(`HTTP/1.1 416 No\r\nContent-Range: bytes */${bytes.length}\r\n\r\n`)],
    [
      'the whole file',
      async (wire) => {
        wire.head('200 OK', [`Content-Length: ${bytes.length}`, 'ETag: "v1"'])
        await wire.body(bytes)
      },
    ],
    [
      'a part at another offset',
      (wire, { range }) => {
        const [start, end] = [(range?.start ?? 0) - 5, range?.end ?? bytes.length]
        wire.head('206 Partial', [`Content-Range: bytes ${start}-${end - 1}/${bytes.length}`, 'ETag: "v1"'])
        wire.socket.end(randomBytes(end - start))
      },
    ],
    [
      'less than was requested',
      (wire, { range }) => {
        const start = range?.start ?? 0
        wire.head('206 Partial', [`Content-Range: bytes ${start}-${start + 9}/${bytes.length}`, 'ETag: "v1"'])
        wire.socket.end(Buffer.alloc(10))
      },
    ],
    [
      'multipart/byteranges',
      (wire) => {
        wire.head('206 Partial', ['Content-Type: multipart/byteranges; boundary=x', 'ETag: "v1"'])
        wire.socket.end(Buffer.alloc(100))
      },
    ],
  ])('continues undisturbed over one connection when the second gets %s', async (_what, refuse) => {
    server = await startBadServer((request, wire) =>
      request.index === 0
        ? giveFile(request, wire, { ...file, bytesPerSecond: slowUntilAskedTwice })
        : refuse(wire, request),
    )
    const { isWhole, troubles } = await get({ link: server.url('/a') })
    expect([isWhole, troubles, server.requests.length]).toEqual([true, [], 2])
  })

  it.each([
    ['its ETag', '"v2"', bytes.length],
    ['its size', '"v1"', bytes.length + 1],
  ])('starts over and keeps no old byte when a part is of another version by %s', async (_what, etag, size) => {
    const old = randomBytes(bytes.length)
    server = await startBadServer((request, wire) => {
      if (request.index === 0) return giveFile(request, wire, { ...file, bytes: old })
      if (request.index > 1) return giveFile(request, wire, { bytes, etag: '"v2"', bytesPerSecond: 20 * MiB })
      const [start, end] = [request.range?.start ?? 0, request.range?.end ?? bytes.length]
      wire.head('206 Partial', [`Content-Range: bytes ${start}-${end - 1}/${size}`, `ETag: ${etag}`])
      return wire.body(bytes.subarray(start, end))
    })
    const { isWhole, troubles } = await get({ link: server.url('/a') })
    expect([isWhole, troubles.some((trouble) => trouble?.startsWith('Started over'))]).toEqual([true, true])
  })

  it('gives up further connections that bring no more speed', async () => {
    let open = 0
    server = await startBadServer(async (request, wire) => {
      open += 1
      wire.socket.once('close', () => {
        open -= 1
      })
      // All connections share one bandwidth.
      const [start, end] = [request.range?.start ?? 0, request.range?.end ?? bytes.length]
      const lines = ['ETag: "v1"', 'Accept-Ranges: bytes', `Content-Length: ${end - start}`]
      if (request.range === null) wire.head('200 OK', lines)
      else wire.head('206 Partial', [...lines, `Content-Range: bytes ${start}-${end - 1}/${bytes.length}`])
      for (let at = start; at < end && !wire.socket.destroyed; ) {
        const piece = Math.floor((4 * MiB) / 50 / open)
        await wire.body(bytes.subarray(at, Math.min(end, at + piece)), 50 * MiB)
        at += piece
      }
      wire.socket.end()
    })
    const { isWhole, troubles } = await get({ link: server.url('/a') })
    expect([isWhole, troubles]).toEqual([true, []])
    expect(server.requests.length).toBeLessThanOrEqual(4)
    expect(server.sentBytes()).toBeLessThan(bytes.length * 1.3)
  })

  it.runIf(has('nginx'))('exceeds the per-connection rate limit of a real nginx', async () => {
    const place = temporaryFolder('nginx')
    await writeFile(join(place, 'a.bin'), bytes)
    const nginx = await startNginx(place, { rate: '2m' })
    const startedAtMs = performance.now()
    const { isWhole, troubles } = await get({ link: nginx.url('/a.bin') })
    const seconds = (performance.now() - startedAtMs) / 1000
    await nginx.stop()
    expect([isWhole, troubles]).toEqual([true, []])
    expect(seconds).toBeLessThan(6)
  })
})

describe('the resume record', () => {
  it('never runs ahead of the file, wherever its parts are', async () => {
    // So slow that something is forced to the disk on the way.
    server = await startBadServer((request, wire) => giveFile(request, wire, { ...file, bytesPerSecond: MiB }))
    const partPath = join(folder, 'watched')
    const seen: ResumeRecord[] = []
    const ahead: ResumeRecord[] = []
    await get({
      link: server.url('/a'),
      partPath,
      onCheckpoint: async (record) => {
        seen.push(record)
        const stored = await readFile(partPath)
        const known = [...(record.done ?? []), ...(record.syncedRanges ?? [[0, record.syncedBytes]])]
        if (known.some(([start = 0, end]) => stored.compare(bytes, start, end, start, end) !== 0)) ahead.push(record)
      },
    })
    expect(ahead).toEqual([])
    expect(seen.some(({ syncedRanges }) => (syncedRanges?.length ?? 0) > 1)).toBe(true)
  })

  it('is written at most four times a second between the first and the last, however fast the bytes come', async () => {
    const large = { bytes: Buffer.alloc(64 * MiB, bytes), etag: '"v1"' }
    const endless = Buffer.concat(Array.from({ length: 6 }, () => large.bytes))
    server = await startBadServer((request, wire) => giveFile(request, wire, { ...large, bytes: endless }))
    const partPath = join(folder, 'fast')
    const { records } = await observeFetch({ link: server.url('/a'), partPath })
    const times = records.map(({ atMs }) => atMs)
    const gaps = times.slice(1, -1).map((time, index) => time - (times[index] ?? 0))
    expect([(await stat(partPath)).size, gaps.length > 0, gaps.filter((gap) => gap < 250)]).toEqual([
      endless.length,
      true,
      [],
    ])
  })
})
