import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gunzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { messages } from '../../server/api/v1/account.ts'
import { files } from '../../server/api/v1/files.ts'
import type { Method } from '../../server/api/v1/method.ts'
import { readParams } from '../../server/api/v1/params.ts'
import { subscriptions } from '../../server/api/v1/subscriptions.ts'
import type { Core, Cores } from '../../server/core/core.ts'
import { generatedCases } from '../support/cases.ts'
import { openFolder as open, treeOf } from '../support/cores.ts'
import { seededRandom } from '../support/seed.ts'

const random = seededRandom()

/**
 * Two data folders from a service of schema version 5, one stopped and one killed with kill -9, and what that service answered
 * from them, by method and parameters. Back then, statuses were display words, kinds were numbers, and messages were HTML.
 */
interface Left {
  answers: Record<How, Record<string, unknown>>
  stopped: Record<string, string>
  killed: Record<string, string>
}
type How = 'stopped' | 'killed'
const hows = ['stopped', 'killed'] as const
const packed = readFileSync(join(import.meta.dirname, '../fixtures/schema-5.json.gz'))
const left: Left = JSON.parse(gunzipSync(packed).toString())

const forms = generatedCases(100, 24)

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** The data folder as that service left it. */
function unpack(how: How): string {
  const data = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'putdesk-update-'))
  folders.push(data)
  for (const [name, base64] of Object.entries(left[how])) {
    mkdirSync(dirname(join(data, name)), { recursive: true })
    writeFileSync(join(data, name), Buffer.from(base64, 'base64'))
  }
  return data
}

const resources: Record<string, Record<string, Method>> = { files, messages, subscriptions }

/** What this version answers to the same requests, without the message about the restoration itself. */
function answersOf({ users, notice }: Cores, how: How): Record<string, unknown> {
  const [core] = users
  if (core === undefined) throw new Error('there is no user')
  return Object.fromEntries(
    Object.keys(left.answers[how]).map((request) => {
      const [, resource = '', name = '', json = ''] = /^(\w+)\.(\w+) (.*)$/.exec(request) ?? []
      const params: Record<string, unknown> = JSON.parse(json)
      const method = resources[resource]?.[name]
      const call = { core, params: readParams(params), base: 'http://service' }
      const answer: unknown = JSON.parse(JSON.stringify(method?.(call)))
      const results = Array.isArray(answer) ? answer.map((row) => ({ ...row, ...moreOn(core, resource, row) })) : answer
      const isOwn = resource === 'messages' && notice !== null
      return [request, isOwn && Array.isArray(results) ? results.slice(1) : results]
    }),
  )
}

/** What that service also told our own client, which API v1 does not have any more. */
function moreOn(core: Core, resource: string, row: { id: string }): Record<string, unknown> {
  const id = Number(row.id)
  if (resource === 'files') return { putdesk: { added_at: core.space.get(id).addedAtSeconds } }
  const message = core.messages.list().find((one) => one.id === id)
  return resource === 'messages' ? { putdesk: { transfer_id: message?.transferId } } : {}
}

function statusesIn(data: string): unknown[] {
  const db = new DatabaseSync(join(data, 'putdesk.db'), { readOnly: true })
  const statuses = db.prepare('SELECT status FROM transfers ORDER BY id').all()
  db.close()
  return statuses.map(({ status }) => status)
}

function flip(bytes: Buffer, at: number, bit: number): Buffer {
  const flipped = Buffer.from(bytes)
  flipped[at] = (flipped[at] ?? 0) ^ bit
  return flipped
}

/** The offsets of the names of stored contents in a file. A database has each of them in a row and in an index. */
function contentNamesIn(how: How, bytes: Buffer): number[] {
  const names = Object.keys(left[how]).flatMap((path) => /^content\/.*\/([^/]+)$/.exec(path)?.[1] ?? [])
  return names.flatMap((name) => placesOf(name, bytes))
}

function placesOf(text: string, bytes: Buffer): number[] {
  const found: number[] = []
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) found.push(at)
  return found
}

async function opened(data: string, how: How) {
  const cores = open(data)
  const found = { notice: cores.notice, answers: answersOf(cores, how), tree: treeOf(cores) }
  await cores.close()
  return found
}

describe.each(hows)('a data folder of schema version 5 whose service was %s', (how) => {
  it('gives the same answers, with its statuses migrated', async () => {
    const data = unpack(how)
    const first = await opened(data, how)
    expect([first.notice, first.answers]).toEqual([null, left.answers[how]])
    expect(first.tree.map(([, bytes]) => bytes)).not.toContain('missing')
    expect(statusesIn(data)).toEqual(['error', 'downloading', 'waiting'])
    expect(await opened(data, how)).toEqual(first)
  })

  it('loses nothing when the list is missing: it is restored from a copy and journal of both versions', async () => {
    const data = unpack(how)
    const before = await opened(data, how)
    const cores = open(data)
    cores.users[0]?.space.createFolder('New folder', 0)
    cores.users[0]?.messages.addNotice('A new message.')
    await cores.close()
    for (const name of ['putdesk.db', 'putdesk.db-wal', 'putdesk.seal']) rmSync(join(data, name), { force: true })
    const restored = open(data)
    expect(restored.notice).toBe(
      'The list of your files was missing, and the last good copy was restored. What changed after it is back too.',
    )
    expect(treeOf(restored)).toEqual(before.tree)
    const [core] = restored.users
    expect(core?.space.findFolder(0, 'New folder')).not.toBe(null)
    expect(core?.messages.list().slice(1, 2)).toMatchObject([{ type: 'notice', sentence: 'A new message.' }])
    const messagesBefore = before.answers['messages.list {}']
    expect(core?.messages.list().length).toBe(2 + (Array.isArray(messagesBefore) ? messagesBefore.length : 0))
    await restored.close()
  })

  it.each(Object.keys(left[how]).filter((name) => !name.includes('/')))(
    'loses nothing when %s is damaged, and reports what differs',
    async (name) => {
      const whole = await opened(unpack(how), how)
      const bytes = Buffer.from(left[how][name] ?? '', 'base64')
      const damaged: [string, Buffer | null][] = [
        ['missing', null],
        ['empty', Buffer.alloc(0)],
        ['zeros', Buffer.alloc(bytes.length)],
        ['its first half', bytes.subarray(0, Math.floor(bytes.length / 2))],
        ...contentNamesIn(how, bytes).map((at): [string, Buffer] => [`the name at byte ${at}`, flip(bytes, at, 1)]),
      ]
      for (const start of name === 'putdesk.db' ? placesOf('CREATE ', bytes) : []) {
        const at = start + Math.floor(random() * 100)
        damaged.push([`the schema at byte ${at}`, flip(bytes, at, 1 << Math.floor(random() * 8))])
      }
      for (const start of name === 'putdesk.db' ? placesOf('CREATE TABLE ', bytes) : [])
        damaged.push([`the case of the name at byte ${start}`, flip(bytes, start + 'CREATE TABLE '.length, 0x20)])
      while (damaged.length < forms) {
        const at = Math.floor(random() * bytes.length)
        damaged.push([`a bit of byte ${at}`, flip(bytes, at, 1 << Math.floor(random() * 8))])
      }
      for (const [what, form] of damaged) {
        const data = unpack(how)
        if (form === null) rmSync(join(data, name))
        else writeFileSync(join(data, name), form)
        const label = `${name}, ${how}: ${what}`
        const found = await opened(data, how).catch((error: unknown) => {
          throw new Error(label, { cause: error })
        })
        expect(found.tree, label).toEqual(whole.tree)
        if (found.notice === null) expect(found.answers, label).toEqual(whole.answers)
        else expect((await opened(data, how)).notice, label).toBe(null)
        rmSync(data, { recursive: true })
      }
    },
  )
})
