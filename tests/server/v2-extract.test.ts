import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { apiV2 } from '../support/api-v2.ts'
import { filesOf } from '../support/items.ts'
import { makeArchive, makeParts, manyFiles } from '../support/made-archive.ts'
import { type Service, until } from '../support/service.ts'
import { ownApi, rowsOf, servicesForTests, usedBytes } from '../support/services.ts'
import { cleanUp } from '../support/torrents.ts'

// Archives of the space are unpacked there. Source: API v2 §6.

const { start, restart } = servicesForTests()
afterEach(cleanUp)

type Row = Record<string, unknown>

/** Puts a file into the space, and returns its id. */
async function put({ url, token }: Service, name: string, bytes: Buffer, parentId = 0): Promise<number> {
  const body = new FormData()
  body.set('parent_id', `${parentId}`)
  body.set('file', new Blob([new Uint8Array(bytes)]), name)
  const headers = { authorization: `Token ${token}`, connection: 'close' }
  const response = await fetch(`${url}/v2/files/upload`, { method: 'POST', headers, body })
  return Number(Object((await response.json()) as Row).file.id)
}

const listed = async (service: Service) => rowsOf((await ownApi(service)('GET', '/v2/files/extract')).extractions)

/** Unpacks an archive, and waits until that has ended. */
async function extract(service: Service, id: number, password?: string): Promise<Row> {
  const form = { user_file_ids: id, ...(password !== undefined && { password }) }
  const [begun] = rowsOf((await ownApi(service)('POST', '/v2/files/extract', form)).extractions)
  const isOver = (row: Row | undefined) => /^(?:EXTRACTED|ERROR|PASSWORD)$/.test(`${row?.status}`)
  const find = async () => (await listed(service)).find((row) => row.id === begun?.id)
  return (await until(find, isOver)) ?? {}
}

const pathsOf = async (service: Service) => (await filesOf(service)).map(({ path }) => path).sort()

/** What must hold whenever nothing runs: nothing partial is left, and the used quota is the sum of what is stored. */
async function expectTidy(service: Service): Promise<void> {
  const files = await filesOf(service)
  const contents = async () => {
    const shelves = await readdir(join(service.data, 'content'))
    return (await Promise.all(shelves.map((shelf) => readdir(join(service.data, 'content', shelf))))).flat().length
  }
  await until(
    async () => [(await readdir(join(service.data, 'parts'))).length, await contents()],
    ([parts, count]) => parts === 0 && count === files.length,
  )
  expect(await usedBytes(service)).toBe(files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))
}

it('unpacks a zip beside itself under a free name, keeps it, and tells our own client the folder', async () => {
  const service = await start()
  const zip = await makeArchive('x.zip', { 'a.txt': Buffer.from('one'), 'in/b.txt': Buffer.from('two') })
  const folder = Object((await ownApi(service)('POST', '/v2/files/create-folder', { name: 'f', parent_id: 0 })).file)
  const id = await put(service, 'x.zip', zip, folder.id)
  await ownApi(service)('POST', '/v2/files/create-folder', { name: 'x', parent_id: folder.id })

  const done = await extract(service, id)
  expect(done).toMatchObject({ name: 'x.zip', status: 'EXTRACTED', message: null, num_parts: 1, files: [id] })
  const paths = await pathsOf(service)
  expect(paths).toHaveLength(3)
  const made = Object((await ownApi(service)('GET', `/v2/files/${Object(done.putdesk).folder_id}`)).file)
  expect(made).toMatchObject({ parent_id: folder.id, file_type: 'FOLDER', size: 6 })
  expect(made.name).not.toBe('x')
  expect(paths).toEqual([`f/${made.name}/a.txt`, `f/${made.name}/in/b.txt`, 'f/x.zip'])
  await expectTidy(service)

  const { body } = await apiV2(service)('GET', '/v2/files/extract')
  expect(body).toEqual({
    extractions: [{ id: done.id, name: 'x.zip', status: 'EXTRACTED', message: null, num_parts: 1, files: [id] }],
    status: 'OK',
  })
  await ownApi(service)('DELETE', `/v2/files/extract/${done.id}`)
  expect(await listed(service)).toEqual([])
  expect((await apiV2(service)('DELETE', `/v2/files/extract/${done.id}`)).status).toBe(404)
  expect(await pathsOf(service)).toEqual(paths)
})

it('asks for the password of a 7z, refuses a wrong one, and unpacks it with the right one, also with spaces', async () => {
  const service = await start()
  const archive = await makeArchive('locked.7z', { 'a.txt': Buffer.from('secret text') }, '-p secret ', '-mhe=on')
  const id = await put(service, 'locked.7z', archive)
  for (const password of [undefined, 'wrong', 'secret']) {
    expect(await extract(service, id, password)).toMatchObject({ status: 'PASSWORD', files: [id] })
    expect(await pathsOf(service)).toEqual(['locked.7z'])
  }
  expect(await extract(service, id, ' secret ')).toMatchObject({ status: 'EXTRACTED' })
  expect(await pathsOf(service)).toEqual(['locked.7z', 'locked/a.txt'])
  // Each attempt takes the place of the one before.
  expect(await listed(service)).toHaveLength(1)
  await expectTidy(service)
})

it('unpacks several volumes that lie beside each other, whichever is named, as one; and says which is missing', async () => {
  const service = await start()
  const bytes = randomBytes(250_000)
  const parts = await makeParts('film.7z', { 'film.bin': bytes }, 100_000)
  const ids: number[] = []
  for (const [name, part] of Object.entries(parts)) ids.push(await put(service, name, part))
  expect(ids).toHaveLength(3)
  const { extractions } = await ownApi(service)('POST', '/v2/files/extract', { user_file_ids: ids.join(',') })
  expect(rowsOf(extractions)).toMatchObject([{ num_parts: 3, files: ids }])
  await until(
    () => listed(service),
    ([row]) => row?.status === 'EXTRACTED',
  )
  expect((await filesOf(service)).find(({ path }) => path === 'film/film.bin')?.sizeBytes).toBe(bytes.length)
  await expectTidy(service)
  await ownApi(service)('POST', '/v2/files/delete', { file_ids: ids[1] ?? 0, skip_trash: 'true' })
  expect(await extract(service, ids[2] ?? 0)).toMatchObject({
    status: 'ERROR',
    message: expect.stringContaining('“film.7z.002” is missing'),
  })
})

it('leaves nothing of a damaged archive, or of one that does not fit into the quota', async () => {
  const service = await start({ diskQuota: 3_000_000 })
  const damaged = await makeArchive(
    'bad.zip',
    { 'a.bin': randomBytes(200_000), 'b.bin': randomBytes(200_000) },
    '-mx=0',
  )
  damaged.fill(7, 250_000, 260_000)
  const bad = await put(service, 'bad.zip', damaged)
  const large = await put(
    service,
    'large.7z',
    await makeArchive('large.7z', { 'zeros.bin': Buffer.alloc(5_000_000, 'ab') }),
  )
  expect(await extract(service, bad)).toMatchObject({ status: 'ERROR', message: expect.stringContaining('bad.zip') })
  expect(await extract(service, large)).toMatchObject({
    status: 'ERROR',
    message: expect.stringMatching(/“large\.7z”.*disk space/),
  })
  expect(await pathsOf(service)).toEqual(['bad.zip', 'large.7z'])
  await expectTidy(service)
})

it('refuses what is no archive, not there, or nothing at all', async () => {
  const service = await start()
  const call = apiV2(service)
  const text = await put(service, 'a.txt', Buffer.from('text'))
  const film = await put(service, 'film.zip', Buffer.from('no zip'))
  const post = async (form: Record<string, string | number>) => {
    const { status, body } = await call('POST', '/v2/files/extract', form)
    return [status, body.error_message]
  }
  expect(await post({ user_file_ids: text })).toEqual([400, '“a.txt” is not an archive.'])
  expect(await post({ user_file_ids: film })).toEqual([400, '“film.zip” is not an archive.'])
  expect((await post({ user_file_ids: 0 }))[0]).toBe(400)
  expect((await post({ user_file_ids: 999_999 }))[0]).toBe(404)
  expect((await post({}))[0]).toBe(400)
  expect((await post({ user_file_ids: text, password: 'p'.repeat(1025) }))[0]).toBe(400)
  expect(await listed(service)).toEqual([])
})

it('unpacks one archive at a time, does not begin one twice, and stops one that is dismissed', async () => {
  const service = await start()
  const own = ownApi(service)
  const slow = await makeArchive('slow.7z', { 'slow.bin': randomBytes(6_000_000) }, '-m0=PPMd', '-mx=1')
  const first = await put(service, 'slow.7z', slow)
  const second = await put(service, 'b.zip', await makeArchive('b.zip', { 'b.txt': Buffer.from('b') }))
  await own('POST', '/v2/files/extract', { user_file_ids: `${first},${second}` })
  const again = rowsOf((await own('POST', '/v2/files/extract', { user_file_ids: first })).extractions)
  const rows = await until(
    () => listed(service),
    ([row]) => row?.status === 'EXTRACTING',
  )
  expect(rows).toMatchObject([{ status: 'EXTRACTING' }, { status: 'SENT_TO_QUEUE' }])
  expect(again).toMatchObject([{ id: rows[0]?.id }])
  await own('DELETE', `/v2/files/extract/${rows[0]?.id}`)
  await until(
    () => listed(service),
    ([row]) => row?.status === 'EXTRACTED',
  )
  expect(await pathsOf(service)).toEqual(['b.zip', 'b/b.txt', 'slow.7z'])
  await expectTidy(service)
})

it.each(['while it reads the archive', 'while the files move into the space'])(
  'a kill -9 %s leaves nothing half, and it can be unpacked again',
  async (when) => {
    const first = await start()
    const isReading = when.includes('reads')
    const contents = isReading ? { 'slow.bin': randomBytes(6_000_000) } : manyFiles(3000)
    const archive = await makeArchive('tree.7z', contents, ...(isReading ? ['-m0=PPMd', '-mx=1'] : ['-mx=0']))
    const id = await put(first, 'tree.7z', archive)
    await ownApi(first)('POST', '/v2/files/extract', { user_file_ids: id })
    await until(
      async () =>
        isReading
          ? (await readdir(join(first.data, 'parts'))).length
          : (await readdir(join(first.data, 'content'))).length - 5,
      (count) => count > 0,
    )
    const second = await restart(first)
    const left = await pathsOf(second)
    // On a slow computer, the kill may come when all of it is there.
    expect([1, 1 + Object.keys(contents).length]).toContain(left.length)
    await expectTidy(second)
    expect(await listed(second)).toEqual([])
    expect(await extract(second, id)).toMatchObject({ status: 'EXTRACTED' })
    expect(await pathsOf(second)).toHaveLength(left.length + Object.keys(contents).length)
    await expectTidy(second)
  },
)
