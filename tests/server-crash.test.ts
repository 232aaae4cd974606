import { randomBytes } from 'node:crypto'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startService, until } from './support/service.ts'
import { file, startWeb, type Web } from './support/web.ts'

const bytes = randomBytes(200_000)
let web: Web
beforeAll(async () => {
  web = await startWeb()
  web.on('/late.bin', file(bytes))
})
afterAll(() => web.stop())

/** A data folder as a crash leaves it: one transfer in a status, and its bytes in the part file, in the content, or nowhere. */
async function crashed(status: string, place: 'part' | 'content' | 'none', length = bytes.length): Promise<string> {
  const service = await startService()
  await service.stop()
  const { data } = service
  const name = 'ab'.repeat(16)
  const shelf = join(data, place === 'content' ? 'content/ab' : 'parts')
  await mkdir(shelf, { recursive: true })
  if (place !== 'none') await writeFile(join(shelf, name), bytes.subarray(0, length))
  const db = new DatabaseSync(join(data, 'putdesk.db'))
  db.prepare(
    `INSERT INTO transfers (user_id, link, name, folder_id, status, size, downloaded, content, created_at)
     VALUES (1, ?, 'late.bin', 0, ?, ?, ?, ?, 1)`,
  ).run(web.url('/late.bin'), status, bytes.length, length, name)
  db.close()
  return data
}

describe('after a crash', () => {
  it.each([
    ['In complete queue', 'part', bytes.length, 0],
    ['Completing', 'part', bytes.length, 0],
    ['Completing', 'content', bytes.length, 0],
    ['Completing', 'part', 1000, 1],
    ['In complete queue', 'none', bytes.length, 1],
    ['Downloading', 'none', 0, 1],
    ['In queue', 'none', 0, 1],
    ['Waiting', 'none', 0, 1],
  ] as const)(
    'in %s with its bytes in %s (%i): one file, one message, fetched again %i times',
    async (status, place, length, times) => {
      const before = web.requests.length
      const service = await startService({ data: await crashed(status, place, length) })
      await until(
        () => service.ask('transfers.list'),
        ({ rows }) => rows.length === 0,
      )
      const { rows } = await service.ask('files.list')
      const token = /[0-9a-f]{40}/.exec(JSON.stringify((await service.ask('user.acctoken')).results))?.[0]
      const stored = Buffer.from(await (await fetch(`${String(rows[0]?.stream_url)}atk/${token}`)).arrayBuffer())
      const [user] = (await service.ask('user.info')).rows
      expect([rows.length, stored.equals(bytes), (await service.ask('messages.list')).rows.length]).toEqual([
        1,
        true,
        1,
      ])
      expect(Number(user?.disk_quota) - Number(user?.disk_quota_available)).toBe(bytes.length)
      expect([web.requests.length - before, await readdir(join(service.data, 'parts'))]).toEqual([times, []])
      await service.stop()
    },
  )

  it('between a deletion and the end of its bytes: the bytes go at the next start', async () => {
    const service = await startService({ data: await crashed('Completing', 'content') })
    await until(
      () => service.ask('files.list'),
      ({ rows }) => rows.length === 1,
    )
    await service.stop()
    const db = new DatabaseSync(join(service.data, 'putdesk.db'))
    db.exec('INSERT INTO removals SELECT content FROM items; DELETE FROM items; UPDATE users SET stored_bytes = 0')
    db.close()
    const next = await startService({ data: service.data })
    await until(
      () => readdir(join(service.data, 'content/ab')),
      (left) => left.length === 0,
    )
    expect(next.notice).toBe(null)
    await next.stop()
  })
})
