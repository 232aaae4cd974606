import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../support/service.ts'
import { servicesForTests } from '../support/services.ts'
import { solidBytes } from '../support/solid-bytes.ts'
import { file, startWeb, type Web } from '../support/web.ts'

const bytes = solidBytes(200_000)
const work = 'ab'.repeat(16)
const content = 'cd'.repeat(16)
const { start: startService } = servicesForTests()
let web: Web
beforeAll(async () => {
  web = await startWeb()
  web.on('/late.bin', file(bytes))
})
afterAll(() => web.stop())

interface Crash {
  status: string
  stage: 'fetching' | 'delivering'
  /** Where its bytes are: in its work folder, in the content, or nowhere. */
  place: 'work' | 'content' | 'none'
  length?: number
  hasPlan?: boolean
}

/** A data folder as a crash leaves it, with one transfer. */
async function crashed({ status, stage, place, length = bytes.length, hasPlan = false }: Crash): Promise<string> {
  const service = await startService()
  await service.stop()
  const { data } = service
  const [folder, name] = place === 'content' ? [join(data, 'content/cd'), content] : [join(data, 'parts', work), '0']
  await mkdir(folder, { recursive: true })
  if (place !== 'none') await writeFile(join(folder, name), bytes.subarray(0, length))
  const files = [{ path: ['late.bin'], sizeBytes: bytes.length, isWhole: stage === 'delivering', resume: null }]
  const planned = { path: ['late.bin'], from: '0', content, sizeBytes: bytes.length }
  const plan = { kind: 'whole', trees: [{ parentId: 0, files: [planned], folders: [] }], replacedIds: [] }
  const db = new DatabaseSync(join(data, 'putdesk.db'))
  db.prepare(
    `INSERT INTO transfers (user_id, links, name, folder_id, status, stage, size, downloaded, files, plan, content, created_at)
     VALUES (1, ?, 'late.bin', 0, ?, ?, ?, ?, ?, ?, ?, 1)`,
  ).run(
    JSON.stringify([web.url('/late.bin')]),
    status,
    stage,
    bytes.length,
    length,
    JSON.stringify(files),
    hasPlan ? JSON.stringify(plan) : null,
    work,
  )
  db.close()
  // A crash leaves no seal.
  await rm(join(data, 'putdesk.seal'), { force: true })
  return data
}

const delivering = { stage: 'delivering', place: 'work' } as const
const fetching = { stage: 'fetching', place: 'none' } as const

describe('a start after a crash', () => {
  it.each<[string, Crash, number]>([
    ['its bytes in the work folder', { ...delivering, status: 'in-complete-queue' }, 0],
    ['its plan written, nothing moved', { ...delivering, status: 'completing', hasPlan: true }, 0],
    ['its bytes moved', { ...delivering, status: 'completing', hasPlan: true, place: 'content' }, 0],
    ['its bytes truncated by another program', { ...delivering, status: 'completing', length: 1000 }, 1],
    ['its bytes missing', { ...delivering, status: 'in-complete-queue', place: 'none' }, 1],
    ['its plan written, its bytes missing', { ...delivering, status: 'completing', hasPlan: true, place: 'none' }, 1],
    ['looking for archives', { ...delivering, status: 'in-extraction-queue' }, 0],
    ['nothing fetched', { ...fetching, status: 'downloading' }, 1],
    ['nothing fetched', { ...fetching, status: 'in-queue' }, 1],
    ['nothing fetched', { ...fetching, status: 'waiting' }, 1],
  ])(
    'delivers a transfer once with %s, in %o, with one message, after fetching it again %i times',
    async (_what, crash, times) => {
      const before = web.requests.length
      const service = await startService({ data: await crashed(crash) })
      await until(
        () => service.ask('transfers.list'),
        ({ rows }) => rows.length === 0,
      )
      const { rows } = await service.ask('files.list')
      const token = /[0-9a-f]{40}/.exec(JSON.stringify((await service.ask('user.acctoken')).results))?.[0]
      const stored = Buffer.from(await (await fetch(`${String(rows[0]?.stream_url)}atk/${token}`)).arrayBuffer())
      const [user] = (await service.ask('user.info')).rows
      const messages = (await service.ask('messages.list')).rows
      expect([rows.length, stored.equals(bytes), messages.length]).toEqual([1, true, 1])
      expect(Number(user?.disk_quota) - Number(user?.disk_quota_available)).toBe(bytes.length)
      const left = await until(
        () => readdir(join(service.data, 'parts')),
        (names) => names.length === 0,
      )
      expect([web.requests.length - before, left]).toEqual([times, []])
      await service.stop()
    },
  )

  it('erases the content of a deleted file that the crash left behind', async () => {
    const data = await crashed({ ...delivering, status: 'completing', hasPlan: true, place: 'content' })
    const service = await startService({ data })
    await until(
      () => service.ask('files.list'),
      ({ rows }) => rows.length === 1,
    )
    await service.stop()
    const db = new DatabaseSync(join(data, 'putdesk.db'))
    db.exec(`INSERT INTO removals SELECT content FROM items WHERE content IS NOT NULL; DELETE FROM items;
      UPDATE users SET stored_bytes = 0`)
    db.close()
    // With the seal, the change made here would be reported.
    await rm(join(data, 'putdesk.seal'), { force: true })
    const next = await startService({ data })
    await until(
      () => readdir(join(data, 'content/cd')),
      (left) => left.length === 0,
    )
    expect(next.notice).toBe(null)
    await next.stop()
  })
})

describe('data of the first version', () => {
  it.each([
    ['a transfer resumes from its part file', work],
    ['a transfer resumes after a kill while its part file was being moved', `${work}.part`],
  ])('is migrated: %s', async (_what, place) => {
    const before = web.requests.length
    const data = await mkdtemp(join(tmpdir(), 'putdesk-first-'))
    await mkdir(join(data, 'parts'))
    const db = new DatabaseSync(join(data, 'putdesk.db'))
    db.exec(`CREATE TABLE users (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL, stored_bytes INTEGER NOT NULL DEFAULT 0
      ) STRICT;
      CREATE TABLE items (
        id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL REFERENCES users(id), parent_id INTEGER NOT NULL,
        name TEXT NOT NULL, folded TEXT NOT NULL, extension TEXT NOT NULL, kind INTEGER NOT NULL, size INTEGER NOT NULL,
        content TEXT UNIQUE, created_at INTEGER NOT NULL
      ) STRICT;
      CREATE UNIQUE INDEX items_by_name ON items(user_id, parent_id, name);
      CREATE INDEX items_by_age ON items(user_id, parent_id, created_at DESC, id DESC);
      CREATE TABLE messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL REFERENCES users(id), item_id INTEGER,
        title TEXT NOT NULL, file_name TEXT, kind INTEGER, created_at INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE bandwidth (
        user_id INTEGER NOT NULL REFERENCES users(id), month TEXT NOT NULL, used_bytes INTEGER NOT NULL DEFAULT 0,
        carried_bytes INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (user_id, month)
      ) STRICT;
      CREATE TABLE removals (content TEXT PRIMARY KEY) STRICT;
      INSERT INTO users (id, name) VALUES (1, 'you');
      CREATE TABLE transfers (
        id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL REFERENCES users(id), link TEXT NOT NULL,
        name TEXT NOT NULL, folder_id INTEGER NOT NULL, status TEXT NOT NULL, reason TEXT, size INTEGER,
        downloaded INTEGER NOT NULL DEFAULT 0, resume TEXT, content TEXT NOT NULL, created_at INTEGER NOT NULL
      ) STRICT;
      PRAGMA user_version = 1`)
    const etag = `"${bytes.length.toString(16)}"`
    const resume = {
      validators: { etag, lastModified: null, strong: etag },
      totalBytes: bytes.length,
      syncedBytes: 100_000,
      bootId: 'an older boot',
    }
    const add = db.prepare(
      `INSERT INTO transfers (user_id, link, name, folder_id, status, reason, size, downloaded, resume, content, created_at)
       VALUES (1, ?, 'late.bin', 0, ?, ?, ?, 100000, ?, ?, 1)`,
    )
    add.run(web.url('/late.bin'), 'Downloading', null, bytes.length, JSON.stringify(resume), work)
    add.run('http://example.invalid/x', 'Error', 'It failed.', null, null, content)
    db.close()
    await writeFile(join(data, 'parts', place), bytes.subarray(0, 100_000))
    const next = await startService({ data })
    const { rows } = await until(
      () => next.ask('transfers.list'),
      (answer) => answer.rows.length === 1,
    )
    const ranges = web.requests.slice(before).map(({ headers }) => headers.range)
    const [item] = (await next.ask('files.list')).rows
    expect([rows[0]?.status, ranges, item?.size]).toEqual(['Error', ['bytes=100000-'], `${bytes.length}`])
    await next.stop()
    await rm(data, { recursive: true })
  })
})
