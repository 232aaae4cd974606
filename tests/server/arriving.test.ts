import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { type BadServer, giveFile, startBadServer } from '../support/bad-server.ts'
import { has } from '../support/facilities.ts'
import { makeArchive } from '../support/made-archive.ts'
import { seededRandom } from '../support/seed.ts'
import { type Service, until } from '../support/service.ts'
import { figuresOf, listed, ownApi, rowsOf, servicesForTests, whenEmpty } from '../support/services.ts'
import { solidBytes } from '../support/solid-bytes.ts'
import { cleanUp, makeTorrent, startLibtorrent } from '../support/torrents.ts'

// A transfer's film is read over HTTP while it is still being fetched.

const MiB = 1024 * 1024
const bytes = solidBytes(10 * MiB + 777)
const { start, restart } = servicesForTests()
let source: BadServer
afterEach(async () => {
  await source?.stop()
  await cleanUp()
})

/** A source whose speed can be changed. */
async function slowSource(isWhole = () => false): Promise<void> {
  source = await startBadServer((request, wire) =>
    giveFile(request, wire, { bytes, etag: '"v1"', bytesPerSecond: () => (isWhole() ? 200 : 1) * MiB }),
  )
}

const playable = (service: Service) =>
  until(
    () => listed(service),
    (rows) => figuresOf(rows[0]).playable === true,
  )

/** Adds the film, and resolves with its stream URL once it can be played. */
async function addFilm(
  service: Service,
): Promise<{ id: string; url: string; film: Record<string, unknown> | undefined }> {
  const [added] = (await service.ask('transfers.add', { links: [source.url('/film.mp4')] })).rows
  const id = `${added?.id}`
  await playable(service)
  return { id, ...(await streamOf(service, id)) }
}

async function filesOf(service: Service, id: string) {
  return rowsOf((await ownApi(service)('GET', `/v2/transfers/${id}/files`)).files)
}

async function streamOf(service: Service, id: string, at = 0) {
  const { [at]: film } = await filesOf(service, id)
  return { film, url: `${film?.stream_url}` }
}

async function read(url: string, from: number, to: number, total = bytes.length): Promise<Buffer> {
  const response = await fetch(url, { headers: { range: `bytes=${from}-${to - 1}` } })
  expect([response.status, response.headers.get('content-range')]).toEqual([206, `bytes ${from}-${to - 1}/${total}`])
  return Buffer.from(await response.arrayBuffer())
}

it('gives any range of a film that arrives, before and while it moves into the space, and after that', async () => {
  const random = seededRandom()
  let isFast = false
  await slowSource(() => isFast)
  const service = await start()
  const { film, url } = await addFilm(service)
  expect(film).toMatchObject({ name: 'film.mp4', type: 'VIDEO', size: bytes.length, item_id: null })
  const head = await fetch(url, { method: 'HEAD' })
  const etag = head.headers.get('etag')
  expect([head.status, head.headers.get('content-length'), head.headers.get('content-type')]).toEqual([
    200,
    `${bytes.length}`,
    'video/mp4',
  ])
  const end = await read(url, bytes.length - 3000, bytes.length)
  expect(end.equals(bytes.subarray(-3000))).toBe(true)
  // The whole file, as a slow player reads it, while others ask for parts.
  const whole = fetch(url).then(async (response) => Buffer.from(await response.arrayBuffer()))
  const isRight = async () => {
    const from = Math.floor(random() * (bytes.length - 1))
    const to = Math.min(bytes.length, from + 1 + Math.floor(random() * 100_000))
    return bytes.subarray(from, to).equals(await read(url, from, to))
  }
  const early = await Promise.all(Array.from({ length: 4 }, isRight))
  isFast = true
  const late = await Promise.all(Array.from({ length: 12 }, isRight))
  expect([...early, ...late].every(Boolean)).toBe(true)
  expect((await whole).equals(bytes)).toBe(true)
  await whenEmpty(service)
  const stored = await fetch(url)
  expect(stored.headers.get('etag')).toBe(etag)
  expect(Buffer.from(await stored.arrayBuffer()).equals(bytes)).toBe(true)
})

it('lets nobody in without the token, and says what is not there', async () => {
  await slowSource()
  const service = await start()
  const { id, url } = await addFilm(service)
  const plain = `${service.url}/stream-transfer/1/${id}-0`
  const statusOf = async (address: string, headers = {}) => (await fetch(address, { headers })).status
  expect([
    await statusOf(plain),
    await statusOf(`${plain}/atk/${'0'.repeat(40)}`),
    await statusOf(url.replace(`${id}-0`, `${id}-1`)),
    await statusOf(url.replace(`${id}-0`, '999-0')),
    await statusOf(url.replace('/stream-transfer/1/', '/stream-transfer/2/')),
    await statusOf(url, { range: `bytes=${bytes.length}-` }),
  ]).toEqual([403, 403, 404, 404, 404, 416])
})

it('gives only films and sounds', async () => {
  await slowSource()
  const service = await start()
  const { url, id } = await addFilm(service)
  const [added] = (await service.ask('transfers.add', { links: [source.url('/page.html')] })).rows
  await until(
    () => listed(service),
    (rows) => Number(figuresOf(rows[1]).downloaded) > 0,
  )
  expect((await fetch(url.replace(`${id}-0`, `${added?.id}-0`), { method: 'HEAD' })).status).toBe(404)
})

it('sends the head of a response at once, long before its first byte arrives', async () => {
  source = await startBadServer((request, wire) => {
    // A part of it never begins.
    const withoutBody = { ...wire, body: () => new Promise<void>(() => undefined) }
    return giveFile(request, request.range?.start ? withoutBody : wire, { bytes, etag: '"v1"', bytesPerSecond: MiB })
  })
  const service = await start()
  const { url } = await addFilm(service)
  const client = new AbortController()
  const response = await fetch(url, { headers: { range: 'bytes=9000000-9000999' }, signal: client.signal })
  expect([response.status, response.headers.get('content-range')]).toEqual([
    206,
    `bytes 9000000-9000999/${bytes.length}`,
  ])
  client.abort()
})

it('refuses more than 64 clients at once, and serves the next when they are gone', async () => {
  await slowSource()
  const service = await start()
  const { url } = await addFilm(service)
  const clients = new AbortController()
  const { signal } = clients
  const responses = await Promise.all(Array.from({ length: 65 }, () => fetch(url, { signal })))
  const statuses = responses.map(({ status }) => status)
  expect(statuses.sort()).toEqual([...new Array<number>(64).fill(200), 503])
  clients.abort()
  await until(
    () => fetch(url, { method: 'HEAD' }),
    ({ status }) => status === 200,
  )
})

it('breaks off what is read when the transfer is cancelled, and removes it', async () => {
  await slowSource()
  const service = await start()
  const { id, url } = await addFilm(service)
  const response = await fetch(url)
  const reading = response.arrayBuffer()
  reading.catch(() => undefined)
  await service.ask('transfers.cancel', { id })
  await expect(reading).rejects.toThrow()
  await until(
    () => readdir(join(service.data, 'parts')),
    (names) => names.length === 0,
  )
  expect((await fetch(url)).status).toBe(404)
})

it('stops at once although a player waits, and continues the same film at the next start', async () => {
  await slowSource()
  const service = await start()
  const { id, url } = await addFilm(service)
  const waiting = fetch(url).then((response) => response.arrayBuffer())
  waiting.catch(() => undefined)
  const stopped = service.stop()
  await expect(waiting).rejects.toThrow()
  await stopped
  const again = await start({ data: service.data })
  await playable(again)
  const killed = fetch((await streamOf(again, id)).url).then((response) => response.arrayBuffer())
  killed.catch(() => undefined)
  const third = await restart(again)
  await expect(killed).rejects.toThrow()
  await playable(third)
  const third0 = await streamOf(third, id)
  const middle = await read(third0.url, 5 * MiB, 5 * MiB + 1000)
  expect(middle.equals(bytes.subarray(5 * MiB, 5 * MiB + 1000))).toBe(true)
})

it('breaks off what is read when the source ends with an error', async () => {
  let isGone = false
  source = await startBadServer((request, wire) =>
    isGone
      ? void wire.socket.end('HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n')
      : giveFile(request, wire, { bytes, etag: '"v1"', bytesPerSecond: MiB }),
  )
  const service = await start()
  const { url } = await addFilm(service)
  const response = await fetch(url)
  const reading = response.arrayBuffer()
  reading.catch(() => undefined)
  isGone = true
  source.breakAll()
  await expect(reading).rejects.toThrow()
  await until(
    () => listed(service),
    ([row]) => row?.status === 'Error' && figuresOf(row).playable === false,
  )
  expect(existsSync(join(service.data, 'parts'))).toBe(true)
})

it.runIf(has('libtorrent'))(
  'gives the films of a torrent while it is fetched, and when its archives are unpacked and it is shared',
  async () => {
    const film = solidBytes(6 * MiB + 99)
    const files = [
      { path: ['extras.zip'], bytes: await makeArchive('extras.zip', { 'notes.txt': solidBytes(70_001) }) },
      { path: ['film.mkv'], bytes: film },
      { path: ['sample.mkv'], bytes: solidBytes(300_001) },
    ]
    const torrent = await makeTorrent({ files, pieceLength: 128 * 1024 })
    const peer = await startLibtorrent(torrent)
    const service = await start({ flags: ['--download-limit', `${2 * MiB}`] })
    const [added] = (
      await service.ask('transfers.add', { links: [`${torrent.magnet}&x.pe=${peer.address}:${peer.port}`] })
    ).rows
    const id = `${added?.id}`
    await playable(service)
    expect((await filesOf(service, id)).map(({ name, index, item_id }) => [name, index, item_id])).toEqual([
      ['film.mkv', 1, null],
      ['sample.mkv', 2, null],
    ])
    const { url } = await streamOf(service, id)
    const end = await read(url, film.length - 3000, film.length, film.length)
    expect(end.equals(film.subarray(-3000))).toBe(true)
    const whole = await fetch(url)
    expect(Buffer.from(await whole.arrayBuffer()).equals(film)).toBe(true)
    await until(
      () => service.ask('files.search', { query: 'notes.txt' }),
      (found) => found.rows.length > 0,
    )
    expect(await filesOf(service, id)).toMatchObject([
      { name: 'film.mkv', item_id: expect.any(Number) },
      { name: 'sample.mkv', item_id: expect.any(Number) },
    ])
    const stored = await streamOf(service, id, 1)
    const sample = await fetch(stored.url)
    expect(Buffer.from(await sample.arrayBuffer()).equals(files[2]?.bytes ?? Buffer.alloc(0))).toBe(true)
  },
)
