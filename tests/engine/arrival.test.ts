import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { Arrival, ArrivalEnded } from '../../engine/fetch/arrival.ts'
import type { FetchOptions } from '../../engine/fetch/fetch.ts'
import { type BadRequest, type BadServer, giveFile, startBadServer, type Wire } from '../support/bad-server.ts'
import { type Observed, observeFetch } from '../support/fetching.ts'
import { seededRandom } from '../support/seed.ts'
import { solidBytes } from '../support/solid-bytes.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

// A file is read while it arrives: what is asked for comes first, and only true bytes are given.

const MiB = 1024 * 1024
const folder = temporaryFolder('arrival')
const bytes = solidBytes(12 * MiB + 4321)
const never = new AbortController().signal
let server: BadServer
let fetches = 0
afterEach(() => server?.stop())

interface Fetching {
  partPath: string
  arrival: Arrival
  ended: Promise<Observed>
}

function start(options: Partial<FetchOptions> = {}): Fetching {
  const { partPath = join(folder, `${++fetches}`), arrival = new Arrival() } = options
  return { partPath, arrival, ended: observeFetch({ link: server.url('/a'), ...options, partPath, arrival }) }
}

/** Reads a range as it arrives. */
async function readRange({ partPath, arrival }: Fetching, from: number, to: number): Promise<Buffer> {
  const reader = arrival.open()
  if (reader === null) throw new Error('the size is not known yet')
  const read = Buffer.alloc(to - from)
  for (let at = from; at < to; ) {
    const end = await reader.readableAt(at, to, never)
    const file = await open(partPath)
    const { bytesRead } = await file.read(read, at - from, Math.min(end, to, at + 64 * 1024) - at, at)
    await file.close()
    reader.check(at, at + bytesRead)
    at += bytesRead
  }
  return read
}

/** Resolves when the first bytes of a version can be read, or the fetch is over. */
async function begun({ arrival, ended }: Fetching, before?: string): Promise<void> {
  const isOver = ended.then(() => true)
  const isBegun = () => arrival.hasBegun && ![undefined, before].includes(arrival.open()?.tag)
  while (!isBegun()) {
    if (await Promise.race([isOver, new Promise<false>((resolve) => setTimeout(() => resolve(false), 5))])) return
  }
}

const isRight = async (fetching: Fetching, from: number, to: number) =>
  bytes.subarray(from, to).equals(await readRange(fetching, from, to))

it('brings the end of a slow file first, and then the middle, while everything else arrives too', async () => {
  let rate = MiB
  server = await startBadServer((request, wire) =>
    giveFile(request, wire, { bytes, etag: '"v1"', bytesPerSecond: () => rate }),
  )
  const fetching = start()
  await begun(fetching)
  const end = await isRight(fetching, bytes.length - 5000, bytes.length)
  const middle = await isRight(fetching, 6 * MiB, 6 * MiB + 5000)
  expect([end, middle, server.sentBytes() < 4 * MiB]).toEqual([true, true, true])
  rate = 100 * MiB
  expect((await fetching.ended).outcome).toBe(bytes.length)
  expect(await isRight(fetching, 0, bytes.length)).toBe(true)
})

it('uses all its connections for what a reader needs next', async () => {
  const film = solidBytes(64 * MiB)
  server = await startBadServer((request, wire) =>
    giveFile(request, wire, { bytes: film, etag: '"v1"', bytesPerSecond: 4 * MiB }),
  )
  const stop = new AbortController()
  const fetching = start({ signal: stop.signal })
  while (server.requests.length < 4) await begun(fetching).then(() => new Promise(setImmediate))
  const begin = await fetching.arrival.open()?.readableAt(0, film.length, never)
  const to = (begin ?? 0) + 10 * MiB
  const read = await readRange(fetching, 0, to)
  expect(read.equals(film.subarray(0, to))).toBe(true)
  // One that was far away is closed, and another one begins where the reader will soon be.
  const starts = server.requests.slice(4).map(({ range }) => range?.start ?? 0)
  expect(starts.filter((at) => at < to)).not.toEqual([])
  stop.abort(new Error('stopped'))
  await fetching.ended
})

it('moves its only connection where a server allows no second one, and fetches the rest after that', async () => {
  let openNow = 0
  let rate = MiB
  server = await startBadServer(async (request, wire) => {
    openNow += 1
    wire.socket.once('close', () => {
      openNow -= 1
    })
    if (openNow > 1) return void wire.socket.end('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n')
    await giveFile(request, wire, { bytes, etag: '"v1"', bytesPerSecond: () => rate })
  })
  const fetching = start()
  await begun(fetching)
  expect(await isRight(fetching, bytes.length - 5000, bytes.length)).toBe(true)
  expect(server.sentBytes()).toBeLessThan(3 * MiB)
  rate = 100 * MiB
  expect(await fetching.ended).toMatchObject({ outcome: bytes.length, sentences: [] })
  expect(await isRight(fetching, 0, bytes.length)).toBe(true)
})

it.each<[string, (request: BadRequest, wire: Wire) => Promise<void>]>([
  [
    'gives no parts',
    async (_request, wire) => {
      wire.head('200 OK', [`Content-Length: ${bytes.length}`, 'ETag: "v1"'])
      await wire.body(bytes, 20 * MiB)
      wire.socket.end()
    },
  ],
  [
    'refuses every part',
    (request, wire) =>
      request.range === null
        ? giveFile(request, wire, { bytes, etag: '"v1"', bytesPerSecond: 20 * MiB })
        : Promise.resolve(void wire.socket.end('HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n')),
  ],
])('gives the bytes in order where the server %s', async (_what, answer) => {
  server = await startBadServer(answer)
  const fetching = start()
  await begun(fetching)
  const early = await isRight(fetching, 0, 5000)
  expect([early, await isRight(fetching, bytes.length - 5000, bytes.length)]).toEqual([true, true])
  expect((await fetching.ended).outcome).toBe(bytes.length)
})

it('gives only true bytes to many readers at random places', async () => {
  const random = seededRandom()
  server = await startBadServer((request, wire) =>
    request.index > 0 && random() < 0.15
      ? void wire.socket.resetAndDestroy()
      : giveFile(request, wire, { bytes, etag: '"v1"', bytesPerSecond: 6 * MiB }),
  )
  const fetching = start()
  await begun(fetching)
  const one = async () => {
    const results: boolean[] = []
    for (let round = 0; round < 6; round += 1) {
      const from = Math.floor(random() * bytes.length)
      const to = Math.min(bytes.length, from + 1 + Math.floor(random() * 200_000))
      results.push(await isRight(fetching, from, to))
    }
    return results
  }
  const results = await Promise.all(Array.from({ length: 6 }, one))
  expect(results.flat().every(Boolean)).toBe(true)
  expect((await fetching.ended).outcome).toBe(bytes.length)
})

it('ends its readers when the source is replaced, and never mixes two versions', async () => {
  const old = solidBytes(bytes.length)
  let isNew = false
  server = await startBadServer((request, wire) =>
    isNew
      ? giveFile(request, wire, { bytes, etag: '"v2"', bytesPerSecond: 50 * MiB })
      : giveFile(request, wire, { bytes: old, etag: '"v1"', bytesPerSecond: MiB }),
  )
  const fetching = start()
  await begun(fetching)
  const head = await readRange(fetching, 0, 1000)
  const tag = fetching.arrival.open()?.tag
  isNew = true
  const far = readRange(fetching, bytes.length - 1000, bytes.length)
  server.breakAll()
  await expect(far).rejects.toThrow(ArrivalEnded)
  expect(old.subarray(0, 1000).equals(head)).toBe(true)
  await begun(fetching, tag)
  expect(await isRight(fetching, 0, bytes.length)).toBe(true)
  expect((await fetching.ended).outcome).toBe(bytes.length)
})

it('does not give what another program changed between two runs', async () => {
  server = await startBadServer((request, wire) =>
    giveFile(request, wire, { bytes, etag: '"v1"', bytesPerSecond: 16 * MiB }),
  )
  const stop = new AbortController()
  const first = start({
    maxConnections: 1,
    signal: stop.signal,
    onBytes: (length) => (length > 5 * MiB ? stop.abort(new Error('stopped')) : undefined),
  })
  const { resume } = await first.ended
  const file = await open(first.partPath, 'r+')
  await file.write(Buffer.alloc(100, 7), 0, 100, 1000)
  await file.close()
  const second = start({ partPath: first.partPath, arrival: first.arrival, resume, bootId: 'another boot' })
  await begun(second)
  expect(await isRight(second, 0, 2 * MiB)).toBe(true)
  expect((await second.ended).outcome).toBe(bytes.length)
})

it('starts over for readers when what an earlier run fetched is gone', async () => {
  let version = 1
  server = await startBadServer((request, wire) =>
    giveFile(request, wire, {
      bytes: version === 1 ? solidBytes(bytes.length) : bytes,
      etag: `"v${version}"`,
      bytesPerSecond: version === 1 ? MiB : 50 * MiB,
    }),
  )
  const stop = new AbortController()
  const first = start({ signal: stop.signal })
  await begun(first)
  const reader = first.arrival.open()
  stop.abort(new Error('stopped'))
  const { resume } = await first.ended
  await writeFile(first.partPath, '')
  await writeFile(`${first.partPath}.sums`, '')
  version = 2
  const second = start({ partPath: first.partPath, arrival: first.arrival, resume })
  await expect(reader?.readableAt(0, 1, never)).rejects.toThrow(ArrivalEnded)
  expect((await second.ended).outcome).toBe(bytes.length)
})
