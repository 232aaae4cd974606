import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createDiskQuota } from '../../server/core/account/quota.ts'
import { apiV2 } from '../support/api-v2.ts'
import { has } from '../support/facilities.ts'
import { itemsOf } from '../support/items.ts'
import { seededRandom } from '../support/seed.ts'
import { type Service, startService, until } from '../support/service.ts'
import { listed, servicesForTests, trashOf, usedBytes } from '../support/services.ts'
import { mountSmallDisk } from '../support/small-disk.ts'
import { cleanUp, makeTorrent } from '../support/torrents.ts'
import { metadata, tusClient } from '../support/uploads.ts'
import { filesIn } from '../support/v2-shapes.ts'
import { file, startWeb } from '../support/web.ts'

const { start, restart } = servicesForTests()
let service: Service
let call: ReturnType<typeof apiV2>
let tus: ReturnType<typeof tusClient>
beforeAll(async () => {
  service = await startService({ diskQuota: 200_000_000 })
  call = apiV2(service)
  tus = tusClient(service)
})
afterAll(() => service.stop())
afterEach(cleanUp)

const mebibyte = 1024 * 1024
const hexSum = (bytes: Buffer) => crc32(bytes).toString(16).padStart(8, '0')
/** The bytes of the only file in the root with this name. */
async function bytesOf(from: Service, name: string): Promise<string | undefined> {
  const { rows } = await from.ask('files.list', { parent_id: 0, limit: 1000 })
  const row = rows.find((one) => one.name === name)
  return row === undefined ? undefined : (await itemsOf(from, row))[0]?.[1]
}
/** What lies in the work folders. */
const partsIn = ({ data }: Service) => readdirSync(join(data, 'parts'))
const workIsGone = (of: Service) =>
  until(
    async () => partsIn(of),
    (parts) => parts.length === 0,
  )

/** A piece of a file whose connection breaks after some of its bytes. */
function beginPiece(
  { port, token }: Service,
  location: string,
  { offset, length }: { offset: number; length: number },
) {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined)
  socket.write(
    [
      `PATCH ${new URL(location).pathname} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      `Authorization: Token ${token}`,
      'Tus-Resumable: 1.0.0',
      'Content-Type: application/offset+octet-stream',
      `Upload-Offset: ${offset}`,
      `Content-Length: ${length}`,
      '\r\n',
    ].join('\r\n'),
  )
  return socket
}

describe('a file that is sent in pieces', () => {
  it('is in its folder once the last one has arrived, with its checksum', async () => {
    const bytes = randomBytes(3 * mebibyte + 17)
    const location = await tus.begin(bytes.length, { name: 'in pieces.bin' })
    expect(location).toMatch(new RegExp(`^${service.url}/files/[0-9a-f]{32}$`))
    for (const [from, to] of [
      [0, 1_000_000],
      [1_000_000, 1_000_001],
      [1_000_001, bytes.length],
    ] as const) {
      expect(await tus.offset(location)).toBe(from)
      const response = await tus.patch(location, from, bytes.subarray(from, to))
      expect([response.status, response.headers.get('upload-offset')]).toEqual([204, `${to}`])
      expect(response.headers.get('putio-file-id') === null).toBe(to < bytes.length)
      if (to === bytes.length) expect(response.headers.get('putio-file-crc32')).toBe(hexSum(bytes))
    }
    expect(await bytesOf(service, 'in pieces.bin')).toBe(bytes.toString('hex'))
    await workIsGone(service)
  })

  it('may be empty, with a name of any script', async () => {
    const response = await tus.send(Buffer.alloc(0), { name: 'Ничего 🫙.txt' })
    expect([response.status, response.headers.get('putio-file-crc32')]).toEqual([204, '00000000'])
    expect(await bytesOf(service, 'Ничего 🫙.txt')).toBe('')
  })

  it('is there once, however often the last piece is sent again after a lost answer', async () => {
    const location = await tus.begin(5, { name: 'once.txt' })
    const first = await tus.patch(location, 0, 'hello')
    const ids = await Promise.all(
      [0, 5, 3].map(async (offset) => (await tus.patch(location, offset, '')).headers.get('putio-file-id')),
    )
    expect(new Set([...ids, first.headers.get('putio-file-id')]).size).toBe(1)
    expect((await itemsOf(service)).filter(([path]) => path.startsWith('once'))).toHaveLength(1)
  })

  it('can be stopped for good, and gives its space back', async () => {
    const before = await usedBytes(service)
    const location = await tus.begin(150_000_000, { name: 'stopped.bin' })
    await tus.patch(location, 0, new Uint8Array(1_000_000))
    expect((await tus.create(150_000_000, { name: 'no room.bin' })).status).toBe(413)
    expect((await tus.request('DELETE', location)).status).toBe(204)
    expect((await tus.request('HEAD', location)).status).toBe(404)
    expect(await usedBytes(service)).toBe(before)
    await tus.request('DELETE', await tus.begin(150_000_000, { name: 'now there is room.bin' }))
    await workIsGone(service)
  })

  it('keeps both files of a name, and one of them where it replaces the other, which goes to the trash', async () => {
    for (const [text, overwrite] of [
      ['first', 'false'],
      ['second', 'false'],
      ['third', 'true'],
    ] as const) {
      await tus.send(Buffer.from(text), { name: 'twice.txt', overwrite })
    }
    const there = (await itemsOf(service)).filter(([path]) => path.startsWith('twice'))
    expect(there.map(([path, hex]) => [path, Buffer.from(hex, 'hex').toString()])).toEqual([
      ['twice (2).txt', 'second'],
      ['twice.txt', 'third'],
    ])
    expect((await trashOf(service)).map(({ name }) => name)).toEqual(['twice.txt'])
    await tus.send(Buffer.from('other case'), { name: 'Twice.txt' })
    expect(await bytesOf(service, 'Twice.txt')).toBe(Buffer.from('other case').toString('hex'))
  })

  it('becomes a transfer when it is a torrent, unless the client does not want that', async () => {
    const { bytes } = await makeTorrent({ name: 'film.mkv', sizeBytes: 100_000 })
    const transfer = await tus.send(bytes, { name: 'film.torrent' })
    expect([transfer.status, transfer.headers.get('putio-file-id')]).toEqual([204, null])
    expect((await listed(service)).map(({ id, name }) => [id, name])).toEqual([
      [transfer.headers.get('putio-transfer-id'), 'film.mkv'],
    ])
    expect((await tus.send(bytes, { name: 'film.torrent', 'no-torrent': 'true' })).headers.has('putio-file-id')).toBe(
      true,
    )
    // What only has the name of a torrent is a file.
    expect((await tus.send(Buffer.from('text'), { name: 'notes.torrent' })).headers.has('putio-file-id')).toBe(true)
    await service.ask('transfers.cancel', { id: transfer.headers.get('putio-transfer-id') })
  })
})

describe('a request that does not fit', () => {
  const sound = { 'upload-length': '5', 'upload-metadata': metadata({ name: 'a.txt' }) }
  it.each<[string, number, string, Record<string, string>]>([
    ['without a length', 400, 'BadRequest', { 'upload-metadata': sound['upload-metadata'] }],
    ['with a length that is no number', 400, 'BadRequest', { ...sound, 'upload-length': '-1' }],
    ['with an endless length', 400, 'BadRequest', { ...sound, 'upload-length': '9'.repeat(40) }],
    ['larger than the disk space', 413, 'DISK_QUOTA_EXCEEDED', { ...sound, 'upload-length': '99999999999' }],
    ['without a name', 400, 'EMPTY_NAME', { ...sound, 'upload-metadata': '' }],
    ['with a path as name', 400, 'SLASH_IN_NAME', { ...sound, 'upload-metadata': metadata({ name: '../a' }) }],
    [
      'with too long a name',
      400,
      'NAME_TOO_LONG',
      { ...sound, 'upload-metadata': metadata({ name: 'é'.repeat(200) }) },
    ],
    ['into no folder', 404, 'NotFound', { ...sound, 'upload-metadata': metadata({ name: 'a', parent_id: '999' }) }],
    [
      'into a strange folder',
      400,
      'BadRequest',
      { ...sound, 'upload-metadata': metadata({ name: 'a', parent_id: '1e3' }) },
    ],
    ['of another version of tus', 412, 'BadRequest', { ...sound, 'tus-resumable': '0.2.2' }],
  ])('%s is refused with a reason, before anything is stored', async (_what, status, type, headers) => {
    const response = await tus.request('POST', '/files/', headers)
    const body: unknown = await response.json()
    expect([response.status, Object(body).error_type]).toEqual([status, type])
    expect(response.headers.get('tus-resumable')).toBe('1.0.0')
    expect(Object(body).error_message).toMatch(/\.$/)
  })

  it('in the middle of a file changes nothing: a wrong place, a wrong type, too many bytes, no such upload', async () => {
    const location = await tus.begin(10, { name: 'picky.txt' })
    await tus.patch(location, 0, '01234')
    const send = (offset: string, body: string, type = 'application/offset+octet-stream', at = location) =>
      tus.request('PATCH', at, { 'upload-offset': offset, 'content-type': type }, body)
    const statuses = [
      await send('3', '3456789'),
      await send('6', '6789'),
      await send('', '56789'),
      await send('5', '56789', 'text/plain'),
      await send('5', '567890'),
      await send('5', '56789', 'application/offset+octet-stream', `/files/${'0'.repeat(32)}`),
      await tus.request('PATCH', location, {
        authorization: 'Token wrong',
        'upload-offset': '5',
        'content-type': 'application/offset+octet-stream',
      }),
    ].map(({ status }) => status)
    expect(statuses).toEqual([409, 409, 400, 415, 413, 404, 401])
    // In chunks, too many bytes are only seen when they arrive.
    const stream = new ReadableStream({
      start: (controller) => {
        for (const piece of ['567', '890']) controller.enqueue(Buffer.from(piece))
        controller.close()
      },
    })
    expect((await tus.patch(location, 5, stream)).status).toBe(413)
    const offset = await tus.offset(location)
    expect((await tus.patch(location, offset, '0123456789'.slice(offset))).status).toBe(204)
    expect(await bytesOf(service, 'picky.txt')).toBe(Buffer.from('0123456789').toString('hex'))
  })

  it('of a user is not found by another', async () => {
    const location = await tus.begin(5, { name: 'mine.txt' })
    const download: unknown = Object((await call('GET', '/v2/account/info', { download_token: 1 })).body.info)
    const { download_token: token } = Object(download)
    expect((await tus.request('HEAD', location, { authorization: `Token ${token}` })).status).toBe(401)
    await tus.request('DELETE', location)
  })
})

describe('a connection that breaks', () => {
  it('keeps what has arrived, and the rest is sent after it', async () => {
    const bytes = randomBytes(2_000_000)
    const location = await tus.begin(bytes.length, { name: 'cut.bin' })
    const socket = beginPiece(service, location, { offset: 0, length: bytes.length })
    socket.write(bytes.subarray(0, 700_000), () => socket.destroy())
    await once(socket, 'close')
    const offset = await until(
      () => tus.offset(location),
      (at) => at > 0,
    )
    expect(offset).toBeLessThanOrEqual(700_000)
    expect((await tus.patch(location, offset, bytes.subarray(offset))).status).toBe(204)
    expect(await bytesOf(service, 'cut.bin')).toBe(bytes.toString('hex'))
  })

  it('is not mixed with a second one that sends to the same file at the same time', async () => {
    const location = await tus.begin(10, { name: 'two at once.txt' })
    const socket = beginPiece(service, location, { offset: 0, length: 10 })
    socket.write('01234')
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect((await tus.patch(location, 0, 'abcdefghij')).status).toBe(423)
    expect((await tus.request('DELETE', location)).status).toBe(423)
    const ended = once(socket.resume(), 'data').then(([answer]) => `${answer}`.slice(0, 12))
    socket.write('56789')
    expect(await ended).toBe('HTTP/1.1 204')
    socket.destroy()
    expect(await bytesOf(service, 'two at once.txt')).toBe(Buffer.from('0123456789').toString('hex'))
  })

  it('is one of twenty, each with a file of its own', async () => {
    const files = Array.from({ length: 20 }, (_, index) => ({
      name: `one of twenty ${index}.bin`,
      bytes: randomBytes(200_000 + index),
    }))
    const answers = await Promise.all(files.map(({ name, bytes }) => tus.send(bytes, { name })))
    expect(answers.map(({ status }) => status)).toEqual(files.map(() => 204))
    const stored = new Map(await itemsOf(service))
    expect(files.every(({ name, bytes }) => stored.get(name) === bytes.toString('hex'))).toBe(true)
  })
})

describe('a service that is killed while a file arrives', () => {
  it('tells a place whose bytes are all right, and continues there', async () => {
    const random = seededRandom()
    let own = await start()
    const bytes = randomBytes(48 * mebibyte)
    const location = await tusClient(own).begin(bytes.length, { name: 'killed.bin' })
    const at = (of: Service) => `${of.url}${new URL(location).pathname}`
    let offset = 0
    const offsets: number[] = []
    for (let round = 0; round < 4; round++) {
      const socket = beginPiece(own, at(own), { offset, length: bytes.length - offset })
      const sent = Math.floor((9 + random() * 3) * mebibyte)
      await new Promise((resolve) => socket.write(bytes.subarray(offset, offset + sent), resolve))
      // Half of the kills come at any moment, half of them after something was synced.
      const before = offset
      if (round % 2 === 0) await new Promise((resolve) => setTimeout(resolve, random() * 60))
      else
        await until(
          () => tusClient(own).offset(at(own)),
          (saved) => saved > before,
        )
      own = await restart(own)
      socket.destroy()
      const next = await tusClient(own).offset(at(own))
      expect(next).toBeGreaterThanOrEqual(offset + (round % 2) * 8 * mebibyte)
      expect(next).toBeLessThanOrEqual(offset + sent)
      offset = next
      offsets.push(offset)
    }
    console.info(`offsets after kills: ${offsets.join(', ')}`)
    const response = await tusClient(own).patch(at(own), offset, bytes.subarray(offset))
    expect([response.status, response.headers.get('putio-file-crc32')]).toEqual([204, hexSum(bytes)])
    expect(await bytesOf(own, 'killed.bin')).toBe(bytes.toString('hex'))
    await own.stop()
    expect(partsIn(own)).toEqual([])
  })

  it('has the file once, whenever the kill comes around the last piece', async () => {
    const random = seededRandom()
    let own = await start()
    for (let round = 0; round < 6; round++) {
      const bytes = randomBytes(300_000)
      const name = `last piece ${round}.bin`
      const location = await tusClient(own).begin(bytes.length, { name })
      const at = (of: Service) => `${of.url}${new URL(location).pathname}`
      const sending = tusClient(own)
        .patch(at(own), 0, bytes)
        .catch(() => null)
      await new Promise((resolve) => setTimeout(resolve, random() * 40))
      own = await restart(own)
      await sending
      const offset = await tusClient(own).offset(at(own))
      expect((await tusClient(own).patch(at(own), offset, bytes.subarray(offset))).status).toBe(204)
      expect(await bytesOf(own, name)).toBe(bytes.toString('hex'))
    }
    // Nothing twice, and nothing that no one knows.
    expect((await itemsOf(own)).map(([path]) => path)).toHaveLength(6)
    expect(own.notice).toBe(null)
  })

  it('has reserved the space of unfinished files again before anything else can take it', async () => {
    const own = await start({ diskQuota: 1_000_000 })
    await tusClient(own).begin(900_000, { name: 'promised.bin' })
    const again = await restart(own, { diskQuota: 1_000_000 })
    expect((await tusClient(again).create(200_000, { name: 'more.bin' })).status).toBe(413)
  })
})

describe('the SHA-1 of a file', () => {
  it('is known although the service was killed while it arrived, and of what was fetched', async () => {
    const web = await startWeb()
    onTestFinished(web.stop)
    const bytes = randomBytes(2 * mebibyte + 7)
    const sums = { crc32: hexSum(bytes), sha1: createHash('sha1').update(bytes).digest('hex') }
    const first = await start()
    const location = await tusClient(first).begin(bytes.length, { name: 'sent.bin' })
    await beginHalf(first, location, bytes)
    const own = await restart(first)
    const place = `${own.url}${new URL(location).pathname}`
    await tusClient(own).patch(place, mebibyte, new Uint8Array(bytes.subarray(mebibyte)))
    web.on('/fetched.bin', file(bytes))
    await own.ask('transfers.add', { links: [web.url('/fetched.bin')] })
    const isSummed = (row: Record<string, unknown>) => row.sha1 === sums.sha1 && row.crc32 === sums.crc32
    // Our own client never waits for sums, and does not make the service compute them.
    const rows = await until(
      async () => filesIn((await apiV2(own)('GET', '/v2/files/list', {}, { 'putdesk-fields': '1' })).body.files),
      (found) => found.length === 2 && found.every(isSummed),
    )
    expect(rows.map(({ name }) => name)).toEqual(['fetched.bin', 'sent.bin'])
  })
})

describe('the space of a file that is arriving', () => {
  it('is nobody else’s from the beginning, counted once, also after a restart and at the end', async () => {
    const size = 3 * mebibyte
    const bytes = randomBytes(size)
    let own = await start({ diskQuota: 10 * mebibyte })
    const free = async () => {
      const { body } = await apiV2(own)('GET', '/v2/account/info')
      const { body: info } = await apiV2(own)('POST', '/v2/transfers/info', { urls: 'nonsense' })
      expect(info.disk_avail).toBe(Object(Object(body.info).disk).avail)
      const { avail, used, size: total } = Object(Object(body.info).disk)
      expect(avail + used).toBe(total)
      return avail / mebibyte
    }
    const location = await tusClient(own).begin(size, { name: 'film.mkv' })
    expect(await free()).toBe(7)
    await beginHalf(own, location, bytes)
    expect(await free()).toBe(7)
    expect((await tusClient(own).create(8 * mebibyte, { name: 'other.mkv' })).status).toBe(413)
    const other = await tusClient(own).begin(6 * mebibyte, { name: 'other.mkv' })
    expect(await free()).toBe(1)
    own = await restart(own, { diskQuota: 10 * mebibyte })
    expect(await free()).toBe(1)
    const place = (of: string) => `${own.url}${new URL(of).pathname}`
    expect((await tusClient(own).create(2 * mebibyte, { name: 'third.mkv' })).status).toBe(413)
    await tusClient(own).request('DELETE', place(other))
    expect(await free()).toBe(7)
    const done = await tusClient(own).patch(place(location), mebibyte, new Uint8Array(bytes.subarray(mebibyte)))
    expect([done.status, await free()]).toEqual([204, 7])
  })

  it('is part of the total that is computed at the start, like what is stored', () => {
    const stored = { storedBytes: () => 2e15, trashBytes: () => 0, uploadedBytes: () => 3e15 }
    expect(createDiskQuota(tmpdir(), null, stored).totalBytes).toBeGreaterThanOrEqual(5e15)
  })
})

/** Sends the first MiB, and ends the connection. */
async function beginHalf(to: Service, location: string, bytes: Buffer): Promise<void> {
  const socket = beginPiece(to, location, { offset: 0, length: bytes.length })
  socket.write(bytes.subarray(0, mebibyte))
  socket.end()
  await until(
    () => tusClient(to).offset(location),
    (offset) => offset === mebibyte,
  )
}

describe.runIf(has('tmpfs'))('a full disk', () => {
  it('stops a file with the reason, and lets it continue when there is space', async () => {
    const disk = mountSmallDisk(24)
    onTestFinished(disk.stop)
    const ballast = join(disk.folder, 'of another program')
    await writeFile(ballast, Buffer.alloc(16 * mebibyte))
    const own = await start({ data: join(disk.folder, 'data'), diskQuota: 100_000_000 })
    const client = tusClient(own)
    const bytes = randomBytes(12_000_000)
    const location = await client.begin(bytes.length, { name: 'film.mkv' })
    const full = await client.patch(location, 0, bytes)
    expect([full.status, Object(await full.json()).error_type]).toEqual([507, 'DISK_FULL'])
    await rm(ballast)
    const offset = await client.offset(location)
    expect((await client.patch(location, offset, bytes.subarray(offset))).status).toBe(204)
    expect(await bytesOf(own, 'film.mkv')).toBe(bytes.toString('hex'))
  })
})

describe('a form with a file', () => {
  const post = async (path: string, form: FormData, headers: Record<string, string> = {}) => {
    const response = await fetch(`${service.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Token ${service.token}`, ...headers },
      body: form,
    })
    const body: unknown = await response.json()
    return { status: response.status, body: Object(body) }
  }
  const formOf = (...parts: [string, string | File][]) => {
    const form = new FormData()
    for (const [name, value] of parts) {
      if (typeof value === 'string') form.append(name, value)
      else form.append(name, value)
    }
    return form
  }
  const textFile = (text: string, name: string) => new File([text], name)

  it('is stored at every address that clients know, whatever the order of its parts', async () => {
    const { body: made } = await call('POST', '/v2/files/create-folder', { name: 'Forms', parent_id: 0 })
    const folderId = Number(Object(made.file).id ?? 0)
    const answers = [
      await post('/v2/files/upload', formOf(['file', textFile('one', 'Één.txt')])),
      await post('/', formOf(['parent_id', `${folderId}`], ['filename', 'two.txt'], ['file', textFile('two', 'x')])),
      await post('/v2/files/upload', formOf(['file', textFile('three', 'x')], ['filename', 'three.txt'])),
    ]
    expect(answers.map(({ status, body }) => [status, body.status, Object.keys(body).sort()])).toEqual(
      answers.map(() => [200, 'OK', ['file', 'status']]),
    )
    expect(answers.map(({ body }) => Object(body.file).name)).toEqual(['Één.txt', 'two.txt', 'three.txt'])
    expect(await bytesOf(service, 'Één.txt')).toBe(Buffer.from('one').toString('hex'))
    const query = await fetch(`${service.url}/v2/files/upload?oauth_token=${service.token}`, {
      method: 'POST',
      body: formOf(['file', textFile('four', 'four.txt')]),
    })
    expect(query.status).toBe(200)
  })

  it('becomes a transfer when it is a torrent, and is refused when it had to be one', async () => {
    const { bytes } = await makeTorrent({ name: 'song.mp3', sizeBytes: 50_000 })
    const torrent = new File([new Uint8Array(bytes)], 'song.torrent')
    const { body } = await post('/v2/files/upload', formOf(['file', torrent]))
    expect([body.status, Object.keys(body).sort()]).toEqual(['OK', ['status', 'transfer']])
    await service.ask('transfers.cancel', { id: `${Object(body.transfer).id}` })
    const { body: refused, status } = await post(
      '/v2/files/upload',
      formOf(['torrent', 'true'], ['file', textFile('no torrent', 'a.torrent')]),
    )
    expect([status, refused.error_type]).toEqual([400, 'NotTorrent'])
    await workIsGone(service)
  })

  it.each<[string, number, string, () => FormData | string, Record<string, string>]>([
    ['without a file', 400, 'BadRequest', () => formOf(['parent_id', '0']), {}],
    ['into no folder', 404, 'NotFound', () => formOf(['parent_id', '99'], ['file', textFile('a', 'a')]), {}],
    ['with a path as name', 400, 'SLASH_IN_NAME', () => formOf(['filename', 'a/b'], ['file', textFile('a', 'a')]), {}],
    ['that is no form', 400, 'BadRequest', () => 'file=a', {}],
    ['without a boundary', 400, 'BadRequest', () => 'x', { 'content-type': 'multipart/form-data' }],
  ])('%s is refused, and leaves nothing behind', async (_what, status, type, body, headers) => {
    const response = await fetch(`${service.url}/v2/files/upload`, {
      method: 'POST',
      headers: { authorization: `Token ${service.token}`, ...headers },
      body: body(),
    })
    expect([response.status, Object(await response.json()).error_type]).toEqual([status, type])
    await workIsGone(service)
  })

  it('larger than the disk space is refused at once', async () => {
    const own = await start({ diskQuota: 1_000_000 })
    const response = await fetch(`${own.url}/v2/files/upload`, {
      method: 'POST',
      headers: { authorization: `Token ${own.token}` },
      body: formOf(['file', new File([new Uint8Array(3_000_000)], 'large.bin')]),
    })
    expect(response.status).toBe(413)
    await workIsGone(own)
  })

  it('that ends in the middle leaves nothing behind', async () => {
    const before = await usedBytes(service)
    for (const cut of [300, 100_000]) {
      const socket = connect(service.port, '127.0.0.1').on('error', () => undefined)
      const head = [
        'POST /v2/files/upload HTTP/1.1',
        `Host: 127.0.0.1:${service.port}`,
        `Authorization: Token ${service.token}`,
        'Content-Type: multipart/form-data; boundary=cut',
        'Content-Length: 5000000',
        '',
        '--cut',
        'Content-Disposition: form-data; name="file"; filename="cut.bin"',
        '',
        'x'.repeat(cut),
      ].join('\r\n')
      await new Promise((resolve) => socket.write(head, resolve))
      await until(
        async () => partsIn(service),
        (parts) => parts.length > 0,
      )
      socket.destroy()
      await workIsGone(service)
    }
    expect(await usedBytes(service)).toBe(before)
    expect(service.log().replace(/^.* GET \/stream-file\/\S+ 200\n/gm, '')).toBe('')
  })

  it('of a client that waits for permission is read, and one without a token is not', async () => {
    const ask = async (token: string) => {
      const socket = connect(service.port, '127.0.0.1').on('error', () => undefined)
      const body = '--b\r\nContent-Disposition: form-data; name="file"; filename="asked.txt"\r\n\r\nhello\r\n--b--\r\n'
      socket.write(
        `POST / HTTP/1.1\r\nHost: 127.0.0.1:${service.port}\r\nAuthorization: Token ${token}\r\nExpect: 100-continue\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`,
      )
      const [first] = await once(socket, 'data')
      if (`${first}`.startsWith('HTTP/1.1 100')) {
        socket.write(body)
        const [second] = await once(socket, 'data')
        socket.destroy()
        return `${second}`.slice(0, 12)
      }
      socket.destroy()
      return `${first}`.slice(0, 12)
    }
    expect([await ask(service.token), await ask('wrong')]).toEqual(['HTTP/1.1 200', 'HTTP/1.1 401'])
  })
})
