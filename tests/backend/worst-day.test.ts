import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { basesOf } from '../../electron/backend/putio/bases.ts'
import type { PutioClient } from '../../electron/backend/putio/client.ts'
import { UnreadRows } from '../../electron/backend/putio/unread-rows.ts'
import { createV2Client } from '../../electron/backend/putio/v2/client.ts'
import { systemClock } from '../../electron/backend/putio/v2/clock.ts'
import { Secrets } from '../../electron/backend/secrets/secrets.ts'
import { AppError } from '../../shared/errors.ts'
import { apiV2 } from '../support/api-v2.ts'
import { signInDevice } from '../support/device.ts'
import { type Service, startService } from '../support/service.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { makeTorrent } from '../support/torrents.ts'
import { type Failure, startWorstDay, type WorstDay } from '../support/worst-day.ts'

let service: Service
let day: WorstDay
let ids: { folder: number; a: number; b: number; target: number; taken: number; file: number }
const table: [failure: string, act: string, outcome: string, reached: string][] = []
beforeAll(async () => {
  service = await startService({ user: 'ann' })
  day = await startWorstDay(service)
})
afterEach(() => day.plan(() => null))
afterAll(async () => {
  await day.stop()
  await service.stop()
  const width = (column: 0 | 1 | 2) => Math.max(...table.map((row) => row[column].length))
  const lines = table.map((row) =>
    row.map((cell, at) => (at < 3 ? cell.padEnd(width(at as 0 | 1 | 2)) : cell)).join('  '),
  )
  console.info(`What was tried on the worst day:\n${lines.join('\n')}`)
})

interface ClientOptions {
  told?: string[]
  token?: string | null
  /** How much faster its clock is. */
  faster?: number
}

function clientOf({ url }: WorstDay, { told = [], token = null, faster = 20 }: ClientOptions = {}): PutioClient {
  const log = { info: (line: string) => told.push(line), error: () => undefined }
  const unread = new UnreadRows({ log, show: (_list, sentence) => sentence !== null && told.push(sentence) })
  const clock = {
    nowMs: () => systemClock.nowMs() * faster,
    wait: (ms: number, signal: AbortSignal | undefined) => systemClock.wait(ms / faster, signal),
  }
  const bases = async () => basesOf(url)
  return createV2Client({ bases, token: token ?? service.token, secrets: new Secrets(), unread, clock, timeoutMs: 700 })
}

const error = (status: number, type: string, headers = {}) => ({
  ...{ status, headers },
  body: JSON.stringify({ status: 'ERROR', status_code: status, error_type: type, error_message: type }),
})
const daySeconds = 24 * 60 * 60
const soon = () => `${Math.floor(Date.now() / 1000) - 2}`

/** What goes wrong, and whether it passes: then reading succeeds. */
const failures: Record<string, { passes: boolean; at(count: number): Failure | null }> = {
  'two errors of the service': { passes: true, at: (count) => (count <= 2 ? error(503, 'SERVICE_UNAVAILABLE') : null) },
  'an error of the service for long': { passes: false, at: () => error(502, 'BAD_GATEWAY') },
  'an error of the service as a page': {
    passes: false,
    at: () => ({ status: 500, headers: { 'content-type': 'text/html' }, body: '<h1>Oops</h1>' }),
  },
  'a page in place of the answer': {
    passes: false,
    at: () => ({ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Log in to this hotel</html>' }),
  },
  'an empty answer': { passes: false, at: () => ({ status: 200, body: '' }) },
  'a broken connection, once': { passes: true, at: (count) => (count === 1 ? { cutAt: 0 } : null) },
  'an answer that is cut, once': { passes: true, at: (count) => (count === 1 ? { cutAt: 5 } : null) },
  'silence, once': { passes: true, at: (count) => (count === 1 ? { silence: true, isDone: true } : null) },
  'a wait by Retry-After': {
    passes: true,
    at: (count) => (count === 1 ? error(429, 'RATE_LIMIT_ERROR', { 'retry-after': '1' }) : null),
  },
  'a wait by the time of the reset': {
    passes: true,
    at: (count) => (count === 1 ? error(429, 'RATE_LIMIT_ERROR', { 'x-ratelimit-reset': soon() }) : null),
  },
  'a wait by the time of the reset, of a clock that is a day ahead': {
    passes: true,
    at: (count) =>
      count === 1
        ? error(429, 'RATE_LIMIT_ERROR', {
            'x-ratelimit-reset': `${Math.floor(Date.now() / 1000) + daySeconds + 1}`,
            date: new Date(Date.now() + daySeconds * 1000).toUTCString(),
          })
        : null,
  },
  'a wait without a time': { passes: false, at: () => error(429, 'RATE_LIMIT_ERROR') },
  'a captcha': {
    passes: false,
    at: () => error(429, 'RATE_LIMIT_ERROR', { 'x-ratelimit-action': 'captcha-needed', 'x-ratelimit-id': 'c4' }),
  },
  'a refused token, once, although it is valid': {
    passes: true,
    at: (count) => (count === 1 ? error(401, 'invalid_grant') : null),
  },
  'a scope that is not allowed': { passes: false, at: () => error(401, 'invalid_scope') },
  'an account that is not paid': { passes: false, at: () => error(402, 'PAYMENT_REQUIRED') },
}

const reads: Record<string, { path: RegExp; run(client: PutioClient): Promise<unknown> }> = {
  'read the account': { path: /account\/info/, run: (client) => client.account() },
  'list a folder': { path: /files\/list/, run: (client) => client.listItems(0) },
  search: { path: /files\/search/, run: (client) => client.searchItems('folder') },
  'list the trash': { path: /trash\/list/, run: (client) => client.listTrash() },
  'list the transfers': { path: /transfers\/list/, run: (client) => client.followTransfers(() => []).changes() },
  'see who can read an item': { path: /shared-with-v2/, run: (client) => client.access(ids.a) },
  'read an item': { path: /files\/\d+$/, run: (client) => client.item(ids.a) },
}

/** What changes something, and where it is counted at the service. */
const changes: Record<string, { path: RegExp; run(client: PutioClient): Promise<unknown> }> = {
  'make a folder': { path: /create-folder/, run: (client) => client.createFolder(0, `f${Math.random()}`) },
  rename: { path: /files\/rename/, run: (client) => client.renameItem(ids.a, `a${Math.random()}`) },
  copy: { path: /files\/copy/, run: (client) => client.copyItem(ids.a, ids.folder) },
  unpack: { path: /files\/extract/, run: (client) => client.extract(ids.a, null) },
  move: { path: /files\/move/, run: (client) => client.moveItem(ids.b, ids.folder) },
  share: {
    path: /files\/share$/,
    run: async (client) => {
      const { id } = await client.createFolder(0, `s${Math.random()}`)
      await client.share(id, { isEveryone: true, people: [] })
    },
  },
  'make a public link': { path: /public_share\/\d+$/, run: (client) => client.makePublicLink(ids.a) },
  'add a link': { path: /add-multi/, run: (client) => client.addTransfers(['http://127.0.0.1:1/x'], 0) },
  'cancel a transfer': {
    path: /transfers\/cancel/,
    run: async (client) => {
      const { added } = await client.addTransfers([`http://127.0.0.1:1/${Math.random()}`], 0)
      await client.cancelTransfer(added[0]?.id ?? 0)
    },
  },
  restore: {
    path: /trash\/restore/,
    run: async (client) => {
      const { id } = await client.createFolder(0, `r${Math.random()}`)
      await client.trashItem(id)
      await client.restoreItem(id)
    },
  },
  delete: {
    path: /files\/delete/,
    run: async (client) => client.trashItem((await client.createFolder(0, `d${Math.random()}`)).id),
  },
}

/** Done twice, these have the same result as done once. */
const sameTwice = new Set(['rename', 'cancel a transfer'])

beforeAll(async () => {
  const client = clientOf(day)
  const [folder, a, b] = await Promise.all(['folder', 'a', 'b'].map((name) => client.createFolder(0, name)))
  const [target, taken] = await Promise.all(['target', 'taken'].map((name) => client.createFolder(0, name)))
  const path = join(temporaryFolder('first'), 'sent.one')
  writeFileSync(path, 'some bytes')
  const { size: sizeBytes, mtimeMs: changedAtMs } = statSync(path)
  const send = (folderId: number) =>
    client.upload({
      ...{ path, name: 'sent.one', folderId, sizeBytes, changedAtMs, isReplacing: false, begunAt: null },
      ...{ signal: new AbortController().signal, onBegun: () => undefined, onProgress: () => undefined },
    })
  const file = await send(0)
  await send(taken?.id ?? 0)
  const [folderId, targetId, takenId] = [folder?.id ?? 0, target?.id ?? 0, taken?.id ?? 0]
  ids = { folder: folderId, a: a?.id ?? 0, b: b?.id ?? 0, target: targetId, taken: takenId, file: file ?? 0 }
})

async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'done'
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    expect(error.message).toMatch(/^[“A-Z].* .*[.!?”]$/s)
    expect(error.message).not.toMatch(/undefined|null|\[object|<h1>|_/)
    return `${error.code}: ${error.message.replace(/“[^”]*”/g, '“…”').replace(/\d\d:\d\d:\d\d( [AP]M)?/, 'a time')}`
  }
}

for (const [failure, { passes, at }] of Object.entries(failures)) {
  it(`${failure}: what reads ${passes ? 'succeeds' : 'fails with a sentence'}, and what changes something is done once at most`, async () => {
    for (const [name, { path, run }] of Object.entries(reads)) {
      day.plan((asked) => (path.test(asked.path) ? at(asked.count) : null))
      const outcome = await outcomeOf(run(clientOf(day)))
      table.push([failure, name, outcome, ''])
      expect(outcome === 'done').toBe(passes)
    }
    for (const [name, { path, run }] of Object.entries(changes)) {
      day.plan((asked) => (path.test(asked.path) ? at(asked.count) : null))
      const outcome = await outcomeOf(run(clientOf(day)))
      const reached = [...day.reached].filter(([key]) => path.test(key)).reduce((sum, [, count]) => sum + count, 0)
      table.push([failure, name, outcome, `${reached} ×`])
      if (!sameTwice.has(name)) expect(reached).toBeLessThanOrEqual(1)
    }
  })
}

/** What would be there twice, how it is asked for, and how often the service has it. */
const made: Record<
  string,
  { path: RegExp; run(client: PutioClient, name: string): Promise<unknown>; count(name: string): Promise<number> }
> = {
  'a folder': {
    path: /create-folder/,
    run: (client, name) => client.createFolder(0, name),
    count: (name) => namesIn(0, name),
  },
  'a copy of a folder': {
    path: /files\/copy/,
    run: (client) => client.copyItem(ids.folder, ids.target),
    count: () => namesIn(ids.target, 'folder'),
  },
  'a copy of a file whose name is taken': {
    path: /files\/copy/,
    run: (client) => client.copyItem(ids.file, ids.taken),
    count: async () => (await namesIn(ids.taken, 'sent')) - 1,
  },
  'a link': {
    path: /transfers\/add/,
    run: (client, name) => client.addTransfers([`http://127.0.0.1:1/${name}`, 'http://127.0.0.1:1/other'], 0),
    count: async (name) => {
      const { body } = await apiV2(service)('GET', '/v2/transfers/list')
      const rows: unknown[] = Array.isArray(body.transfers) ? body.transfers : []
      return rows.filter((row) => `${Object(row).source}`.endsWith(`/${name}`)).length
    },
  },
}

/** As the window has, before the person changes something. */
async function clientThatHasListed(): Promise<PutioClient> {
  const client = clientOf(day)
  for (const folderId of [0, ids.target, ids.taken]) await client.listItems(folderId)
  await client.followTransfers(() => []).changes()
  return client
}

async function namesIn(folderId: number, name: string): Promise<number> {
  return (await clientOf(day).listItems(folderId)).filter((item) => item.name.startsWith(name)).length
}

it.each(Object.entries(made))(
  '%s whose answer is lost is found when it is asked for again',
  async (what, { path, run, count }) => {
    const name = `${Math.random()}`
    const client = await clientThatHasListed()
    day.plan((asked) => (path.test(asked.path) ? { cutAt: 0 } : null))
    expect(await outcomeOf(run(client, name))).toMatch(/^unreachable: .* does not answer\.$/)
    day.plan(() => null)
    expect(await outcomeOf(run(client, name))).toBe('done')
    const again = [...day.reached].filter(([key]) => path.test(key)).length
    const times = await count(name)
    table.push(['an answer that is lost', what, 'done', `${times} ×`])
    expect([again, times]).toEqual([0, 1])
  },
)

it('adds a link once whose answer does not come, although the list shows it in the meantime', async () => {
  const name = `${Math.random()}`
  const client = await clientThatHasListed()
  const add = () => outcomeOf(client.addTransfers([`http://127.0.0.1:1/${name}`], 0))
  day.plan(({ path }) => (path.includes('add-multi') ? { silence: true, isDone: true } : null))
  const adding = add()
  await expect.poll(() => made['a link']?.count(name)).toBe(1)
  await client.followTransfers(() => []).changes()
  expect(await adding).toMatch(/^unreachable: /)
  day.plan(() => null)
  expect([await add(), await made['a link']?.count(name)]).toEqual(['done', 1])
})

it('makes what did not reach the service when it is asked for again', async () => {
  const client = await clientThatHasListed()
  for (const [what, { path, run, count }] of Object.entries(made)) {
    const name = `${Math.random()}`
    const before = await count(name)
    day.plan((asked) => (path.test(asked.path) ? error(503, 'SERVICE_UNAVAILABLE') : null))
    expect(await outcomeOf(run(client, name))).toMatch(/^unreachable: /)
    day.plan(() => null)
    expect(await outcomeOf(run(client, name)), what).toBe('done')
    expect(await count(name), what).toBe(before + 1)
  }
})

/** Changes to each file of a list, or to the list itself. None may cost the others. */
const oddities: Record<string, (file: Record<string, unknown>) => unknown> = {
  'an unknown type': (file) => ({ ...file, file_type: 'HOLOGRAM' }),
  'an unknown field': (file) => ({ ...file, colour: { nested: [1] } }),
  'numbers as texts': (file) => ({ ...file, id: `${file.id}`, size: `${file.size}`, parent_id: `${file.parent_id}` }),
  'a missing size': ({ size: _, ...file }) => file,
  'a null size': (file) => ({ ...file, size: null }),
  'a missing time': ({ created_at: _, ...file }) => file,
  'a time with a zone': (file) => ({ ...file, created_at: '2026-01-02T03:04:05+00:00' }),
  'a time that is none': (file) => ({ ...file, created_at: 'yesterday' }),
  'a missing parent': ({ parent_id: _, ...file }) => file,
  'a name that is a number': (file) => ({ ...file, name: 2026 }),
  'a negative size': (file) => ({ ...file, size: -5 }),
}

it.each(Object.keys(oddities))('lists all items when each has %s', async (oddity) => {
  const change = oddities[oddity] ?? ((file) => file)
  const told: string[] = []
  const before = (await clientOf(day).listItems(0)).length
  day.plan(() => ({ change: (body) => ({ ...Object(body), files: Object(body).files?.map(change) }) }))
  const items = await clientOf(day, { told }).listItems(0)
  expect(items.length).toBe(before)
  expect(told).toEqual([])
  for (const { id, sizeBytes, kind } of items)
    expect([id > 0, sizeBytes >= 0, kind.length > 0]).toEqual([true, true, true])
})

it('lists the others, and tells it, when items have no id, are no objects, or come twice', async () => {
  const told: string[] = []
  const before = (await clientOf(day).listItems(0)).length
  day.plan(() => ({
    change: (body) => {
      const { files } = Object(body)
      return { ...Object(body), files: [...files, ...files, { name: 'no id' }, null, 'text', 7, { id: -1, name: 'x' }] }
    },
  }))
  expect((await clientOf(day, { told }).listItems(0)).length).toBe(before)
  expect(told.at(-1)).toBe('The service on this computer sent 5 items that could not be read. The others are shown.')
})

it.each(['NEWEST', 'constructor', '__proto__', '', null, 7])('lists a transfer whose status is %j', async (status) => {
  await clientOf(day).addTransfers(['http://127.0.0.1:1/x'], 0)
  day.plan(({ path }) =>
    path.endsWith('/transfers/list')
      ? {
          change: (body) => {
            const { transfers } = Object(body)
            return {
              transfers: transfers.map(({ putdesk: _, ...row }: Record<string, unknown>) => ({ ...row, status })),
            }
          },
        }
      : null,
  )
  const { listed } = await clientOf(day)
    .followTransfers(() => [])
    .changes()
  expect(listed.length).toBeGreaterThan(0)
  for (const transfer of listed) expect(transfer.status).toBe('unknown')
})

it('ends a list whose cursors never end', async () => {
  let pages = 0
  day.plan(({ path }) => {
    if (!path.includes('/files/list')) return null
    pages += 1
    return { change: (body) => ({ ...Object(body), cursor: `c${pages}` }) }
  })
  await clientOf(day)
    .listItems(0)
    .catch(() => undefined)
  expect(pages).toBeLessThan(20)
})

it('reads a list again from its beginning when its cursor expires, and each item once', async () => {
  const client = clientOf(day)
  const before = (await client.listItems(0)).map(({ id }) => id)
  let pages = 0
  day.plan(({ path, count }) => {
    if (path.endsWith('/list/continue')) return count === 1 ? error(400, 'INVALID_CURSOR') : { change: (body) => body }
    pages += 1
    const split = pages === 1
    return {
      change: (body) => (split ? { ...Object(body), files: Object(body).files.slice(0, 2), cursor: 'gone' } : body),
    }
  })
  expect((await client.listItems(0)).map(({ id }) => id)).toEqual(before)
  expect(pages).toBe(2)
})

it('says that a list cannot be read when its cursor never leads to an end', async () => {
  day.plan(() => ({ change: (body) => ({ ...Object(body), cursor: 'again' }) }))
  expect(await outcomeOf(clientOf(day).listItems(0))).toBe(
    'unreachable: The list changes too fast to be read. Try again.',
  )
})

it.each([
  ['the first', 1],
  ['the second', 2],
])('adds one of two torrent files when %s meets an error, and says so of the other', async (_which, failing) => {
  const torrents = [await makeTorrent({ name: 'one' }), await makeTorrent({ name: 'two' })]
  const links = torrents.map(({ bytes }) => `data:application/x-bittorrent;base64,${bytes.toString('base64')}`)
  day.plan(({ path, count }) => (path.endsWith('/files/upload') && count === failing ? error(500, 'INTERNAL') : null))
  const { added, refused } = await clientOf(day).addTransfers(links, 0)
  expect(added.map((transfer) => transfer?.name)).toEqual([failing === 1 ? 'two' : 'one'])
  expect(refused).toEqual([{ link: links[failing - 1], sentence: expect.stringContaining('is busy now (500)') }])
  expect(day.reached.get('POST /v2/files/upload')).toBe(1)
})

it('sends nothing during a wait, however much is asked for, and not before its end', async () => {
  const client = clientOf(day)
  const asked: number[] = []
  day.plan(({ count }) => {
    asked.push(performance.now())
    return count === 1 ? error(429, 'RATE_LIMIT_ERROR', { 'retry-after': '120' }) : null
  })
  const outcomes = [
    await outcomeOf(client.account()),
    ...(await Promise.all([1, 2, 3].map(() => outcomeOf(client.listTrash())))),
  ]
  for (const outcome of outcomes) expect(outcome).toMatch(/^unreachable: .* asks to wait until/)
  expect(asked.length).toBe(1)
})

it('sends no piece of a file during a wait, and nothing else either when an upload was asked to wait', async () => {
  const client = clientOf(day, { faster: 1 })
  const asked: { path: string; atMs: number }[] = []
  let seconds = 2
  day.plan(({ verb, path }) => {
    asked.push({ path, atMs: performance.now() })
    const isFirst = asked.filter((one) => one.path === path).length === 1
    return verb === 'POST' && isFirst ? error(429, 'RATE_LIMIT_ERROR', { 'retry-after': `${seconds}` }) : null
  })
  const folder = temporaryFolder('wait')
  const path = join(folder, 'sent.bin')
  writeFileSync(path, 'some bytes')
  const { size: sizeBytes, mtimeMs: changedAtMs } = statSync(path)
  const ignore = () => undefined
  const upload = (signal: AbortSignal) =>
    client.upload({
      ...{ path, name: 'sent.bin', folderId: 0, sizeBytes, changedAtMs, isReplacing: false, begunAt: null, signal },
      ...{ onBegun: ignore, onProgress: ignore },
    })
  expect(await upload(new AbortController().signal)).toBeGreaterThan(0)
  const [first, second] = asked
  expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(2000)

  asked.length = 0
  seconds = 120
  expect(await outcomeOf(upload(new AbortController().signal))).toMatch(/^unreachable: .* asks to wait until/)
  expect(await outcomeOf(client.listTrash())).toMatch(/^unreachable: .* asks to wait until/)
  expect(asked.length).toBe(1)
})

it('asks once for what several want at the same time, and again after a change', async () => {
  const client = clientOf(day)
  day.plan(() => null)
  await Promise.all(Array.from({ length: 20 }, () => client.listItems(0)))
  expect(day.reached.get('GET /v2/files/list')).toBe(1)
  const stale = client.listItems(0)
  const { id } = await client.createFolder(0, 'newest')
  expect((await client.listItems(0)).some((item) => item.id === id)).toBe(true)
  await stale
})

it('stops asking when nobody waits any more, and goes on when somebody does', async () => {
  const client = clientOf(day)
  day.plan(() => null)
  const [one, other] = [new AbortController(), new AbortController()]
  const first = client.during(one.signal).listItems(0)
  const second = client.during(other.signal).listItems(0)
  one.abort(new Error('not wanted'))
  await expect(first).rejects.toThrow('not wanted')
  expect((await second).length).toBeGreaterThan(0)
})

// Silence is noticed after a minute.
for (const [failure, { at }] of Object.entries(failures).filter(([name]) => !name.startsWith('silence'))) {
  it(`${failure}: a file that is sent up arrives once at most, and whole`, async () => {
    const path = join(temporaryFolder('sent'), 'sent.bin')
    writeFileSync(path, 'some bytes')
    const { size: sizeBytes, mtimeMs: changedAtMs } = statSync(path)
    for (const [request, wanted] of Object.entries({ begin: /^POST .files/, piece: /^PATCH/ })) {
      const name = `${Math.random()}.bin`
      const signal = new AbortController().signal
      day.plan(({ verb, path: asked, count }) => (wanted.test(`${verb} ${asked}`) ? at(count) : null))
      const sending = clientOf(day, { faster: 400 }).upload({
        ...{ path, name, folderId: 0, sizeBytes, changedAtMs, isReplacing: false, begunAt: null, signal },
        ...{ onBegun: () => undefined, onProgress: () => undefined },
      })
      const outcome = await outcomeOf(sending)
      day.plan(() => null)
      const arrived = (await clientOf(day).listItems(0)).filter((item) => item.name.startsWith(name.slice(0, -4)))
      table.push([failure, `send up, ${request}`, outcome, `${arrived.length} ×`])
      expect(arrived.map((item) => item.sizeBytes)).toEqual(
        outcome === 'done' ? [sizeBytes] : arrived.slice(0, 1).map(() => sizeBytes),
      )
    }
  })
}

it('has 20 transfers once each after the token that added them is revoked, and another account goes on', async () => {
  const call = apiV2(service)
  const proof = async () => `${(await call('POST', '/v2/putdesk/approval')).body.code}`
  const [first, second] = [
    await signInDevice(`${service.url}/link`, await proof()),
    await signInDevice(`${service.url}/link`, await proof()),
  ]
  const [mine, other] = [clientOf(day, { token: first }), clientOf(day)]
  const links = Array.from({ length: 20 }, (_, at) => `http://127.0.0.1:1/revoked-${at}`)
  expect(await outcomeOf(mine.addTransfers(links, 0))).toBe('done')
  const { body } = await call('GET', '/v2/oauth/grants/')
  const apps: unknown[] = Array.isArray(body.apps) ? body.apps : []
  for (const app of apps.slice(1, 2)) await call('POST', `/v2/oauth/grants/${Object(app).id}/delete`)
  const outcomes = await Promise.all([
    outcomeOf(mine.followTransfers(() => []).changes()),
    outcomeOf(mine.listItems(0)),
    outcomeOf(mine.addTransfers(['http://127.0.0.1:1/after'], 0)),
    outcomeOf(mine.createFolder(0, 'after')),
  ])
  for (const outcome of outcomes) expect(outcome).toMatch(/^signed-out: /)
  expect((await other.listItems(0)).length).toBeGreaterThan(0)
  // Signed in again, everything is there once.
  const again = await clientOf(day, { token: second })
    .followTransfers(() => [])
    .changes()
  const found = again.listed.flatMap(({ name }) => name.match(/^revoked-\d+$/)?.[0] ?? []).sort()
  expect(found).toEqual(links.map((link) => link.slice(link.lastIndexOf('/') + 1)).sort())
  expect(again.listed.filter(({ name }) => name === 'after')).toEqual([])
})
