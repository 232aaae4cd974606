import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { itemsOf, serveZip } from '../../server/api/media/zip.ts'
import { messages, user } from '../../server/api/v1/account.ts'
import { files } from '../../server/api/v1/files.ts'
import type { Method } from '../../server/api/v1/method.ts'
import { readParams } from '../../server/api/v1/params.ts'
import { transfers } from '../../server/api/v1/transfers.ts'
import { fileChanges } from '../../server/api/v2/file-changes.ts'
import { files as filesV2 } from '../../server/api/v2/files.ts'
import type { Result } from '../../server/api/v2/method.ts'
import { createParams } from '../../server/api/v2/params.ts'
import { trash } from '../../server/api/v2/trash.ts'
import type { Core, Cores } from '../../server/core/core.ts'
import { dataFiles } from '../../server/core/data/data-files.ts'
import { openData } from '../../server/core/data/restore.ts'
import { openFolder } from '../support/cores.ts'
import { cpuMs } from '../support/growth.ts'
import { memoryFolder } from '../support/temp-folder.ts'

/** Fewer than a few thousand items fit into SQLite’s page cache, and cost less each. */
const [small, large] = [5000, 40_000]
/** How many times more the larger count may cost: 2.5 for each doubling. */
const maxGrowth = 2.5 ** Math.log2(large / small)

const opened: Cores[] = []
let few: Filled
let many: Filled
beforeAll(async () => {
  few = await filled(small)
  many = await filled(large)
})
afterAll(async () => {
  for (const cores of opened.splice(0)) await cores.close()
})

interface Filled {
  core: Core
  friend: Core
  folderId: number
}

/**
 * Two users. The first shares a tree of `count` items, with as many folders as files in each folder, and has as many messages and
 * transfers. The files of a folder have consecutive ids.
 */
async function filled(count: number): Promise<Filled> {
  const data = memoryFolder('growth')
  await openFolder(data, ['ann', 'bob'], 'Shared').close()
  const { sql } = openData(dataFiles(data))
  const width = Math.floor(Math.sqrt(count))
  sql.exec(`BEGIN;
    INSERT INTO items (id, user_id, parent_id, name, folded, extension, kind, size, content, created_at)
      WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${count} - 1)
      SELECT 100 + i, 1,
        CASE WHEN i = 0 THEN 1 WHEN i <= ${width} THEN 100 ELSE 101 + (i - ${width} - 1) * ${width} / (${count} - ${width}) END,
        'item ' || i, 'item ' || i, 'bin', CASE WHEN i <= ${width} THEN 'folder' ELSE 'file' END, 0,
        CASE WHEN i <= ${width} THEN NULL ELSE printf('%032x', i) END, i FROM n;
    INSERT INTO messages (user_id, type, item_id, item_name, item_kind, item_size, created_at)
      SELECT 1 + id % 2, 'file-arrived', id, name, 'file', 1, 1 FROM items WHERE id >= 100;
    INSERT INTO transfers (user_id, links, name, folder_id, status, reason, content, created_at)
      SELECT 1, '["http://127.0.0.1/x"]', name, 0, 'error', 'It failed.', printf('%032x', id), 1 FROM items WHERE id >= 100;
    COMMIT`)
  sql.close()
  const cores = openFolder(data, ['ann', 'bob'], 'Shared')
  opened.push(cores)
  for (const { transfers: list } of cores.users) list.start()
  const [core, friend] = cores.users
  if (core === undefined || friend === undefined) throw new Error('there are no users')
  return { core, friend, folderId: 100 }
}

function ask(core: Core, method: Method | undefined, params: Record<string, unknown> = {}) {
  if (method === undefined) throw new Error('there is no such method')
  return method({ core, params: readParams(params), base: 'http://127.0.0.1' })
}

/** Calls a method of API v2, such as `GET /v2/files/:id`. */
async function askV2(core: Core, name: string, params: Record<string, unknown> = {}): Promise<NonNullable<Result>> {
  const [verb, path] = name.split(' ')
  const found = [...filesV2, ...fileChanges, ...trash].find((route) => route.verb === verb && route.path === path)
  if (found === undefined || found.access === 'open') throw new Error('there is no such method')
  const request = new IncomingMessage(new Socket())
  const response = new ServerResponse(request)
  const sent: Buffer[] = []
  Object.assign(response, { writeHead: () => response, end: (bytes: Buffer) => sent.push(bytes) })
  const http = {
    request,
    response,
    base: 'http://127.0.0.1',
    path: { id: `${params.id}` },
    noteFailure: () => 0,
    pauseMs: () => 0,
  }
  const caller = { core, scope: 'default', tokenId: 0, readToken: '', isExtended: true } as const
  const cores = opened.find(({ users }) => users.includes(core))
  if (cores === undefined) throw new Error('there is no such service')
  const result = await found.run({ ...http, ...caller, cores, params: createParams(new Map(Object.entries(params))) })
  return result ?? JSON.parse(`${sent[0]}`)
}

/** Reads a listing to its end; returns the number of its items. */
async function readPages(core: Core, params: Record<string, unknown>): Promise<number> {
  let count = 0
  for (let page = await askV2(core, 'GET /v2/files/list', params); ; ) {
    count += Object(page.files).length
    if (page.cursor === null) return count
    page = await askV2(core, 'POST /v2/files/list/continue', { cursor: page.cursor })
  }
}

type Work = (space: Filled, turn: number) => unknown
const works: Record<string, Work> = {
  'files.list of all': ({ core, folderId }, turn) => {
    core.space.touch()
    return ask(core, files.list, { parent_id: folderId + 1 + turn, limit: 100_000, orderby: 'name_asc' })
  },
  'files.info': ({ core, folderId }) => ask(core, files.info, { id: folderId + 200 }),
  'files.info of a friend': ({ friend, folderId }) => ask(friend, files.info, { id: folderId + 200 }),
  'files.dirmap': ({ core }) => ask(core, files.dirmap),
  'files.search': ({ core }) => ask(core, files.search, { query: 'item' }),
  'files.search in what friends share': ({ friend }) => ask(friend, files.search, { query: 'item from:shares' }),
  'files.rename': ({ core, folderId }, turn) => ask(core, files.rename, { id: folderId, name: `renamed ${turn}` }),
  'files.move': ({ core, folderId }, turn) =>
    ask(core, files.move, { id: folderId, parent_id: turn % 2 === 0 ? 0 : 1 }),
  'user.info with what is shared': ({ core }) => {
    core.space.touch()
    return ask(core, user.info)
  },
  'user.friends': ({ friend }) => ask(friend, user.friends),
  'messages.list': ({ core }) => ask(core, messages.list),
  'transfers.list': ({ core }) => ask(core, transfers.list),
  'v2: a page of each order': async ({ core, folderId }) => {
    core.space.touch()
    for (const order of ['NAME_ASC', 'SIZE_DESC', 'DATE_DESC', 'MODIFIED_ASC', 'TYPE_ASC', 'WATCH_DESC'])
      await askV2(core, 'GET /v2/files/list', { parent_id: `${folderId}`, sort_by: order, per_page: 50, total: 1 })
  },
  'v2: all pages of all files': ({ core }) => readPages(core, { parent_id: '-1' }),
  'v2: a file and a child': async ({ core, folderId }) => {
    await askV2(core, 'GET /v2/files/:id', { id: folderId + 200 })
    await askV2(core, 'GET /v2/files/:id/child', { id: folderId, name: 'item 1' })
  },
  'v2: a page of a search': ({ core }) => askV2(core, 'GET /v2/files/search', { query: 'item 1', per_page: 50 }),
  'v2: a touched, deleted and restored folder': async ({ core, folderId }) => {
    await askV2(core, 'POST /v2/files/touch', { file_ids: folderId })
    await askV2(core, 'POST /v2/files/delete', { file_ids: folderId })
    await askV2(core, 'GET /v2/trash/list')
    await askV2(core, 'POST /v2/trash/restore', { file_ids: folderId })
  },
  'a zip': ({ core, folderId }) => zipOf(core, folderId),
}

describe('eight times as many items take at most sixteen times as long', () => {
  it.each(Object.entries(works))('%s', async (_name, work) => {
    await expectGrowth(20, (which, turn) => cpuMs(() => work(which === 'few' ? few : many, turn)))
  })

  it('files.delete, including the clean-up after it', async () => {
    await expectGrowth(4, async (which) => {
      const { core, folderId } = await filled(which === 'few' ? small : large)
      return cpuMs(async () => {
        await ask(core, files.delete, { id: folderId })
        await core.space.purge({ eraseContents: async () => undefined, signal: new AbortController().signal })
      })
    })
  })

  it.each(['the same name', 'distinct names'])('files that arrive with %s', async (which) => {
    await expectGrowth(6, async (size) => {
      const count = size === 'few' ? small : large
      const { core } = await filled(16)
      const nameOf = (index: number) => (which === 'the same name' ? 'film.mkv' : `film ${index}.mkv`)
      const of = (index: number) => ({ path: [nameOf(index)], sizeBytes: 1, content: `${index}`.padStart(32, 'f') })
      return cpuMs(() =>
        core.space.addTree({ parentId: 0, files: Array.from({ length: count }, (_, n) => of(n)), folders: [] }),
      )
    })
  })
})

/** Queries over everything, which are made only once at a start or an update. There are only a few users and tokens. */
const atStart =
  /^(SELECT content(?:, parent_id)? FROM (items|transfers|removals|missing|left_work|uploads)|SELECT plan FROM transfers|SELECT id FROM users|SELECT 1 FROM (shares|public_shares) WHERE NOT EXISTS|SELECT \* FROM messages$)\b/

it('makes no query that scans a whole table', async () => {
  const prepare = vi.spyOn(DatabaseSync.prototype, 'prepare')
  const space = await filled(small)
  for (const [name, work] of Object.entries(works)) if (name !== 'a zip') await work(space, 0)
  await askV2(space.core, 'POST /v2/files/delete', { file_ids: space.folderId })
  await ask(space.core, files.dirmap)
  await ask(space.core, user.info)
  await space.core.space.trash.expire(0)
  await askV2(space.core, 'POST /v2/trash/empty')
  await space.core.space.purge({ eraseContents: async () => undefined, signal: new AbortController().signal })
  const queries = [...new Set(prepare.mock.calls.map(([query]) => query.trim()))].filter(
    (query) => /^(SELECT|UPDATE|DELETE|WITH)/.test(query) && !atStart.test(query),
  )
  const sql = prepare.mock.contexts.at(-1)
  prepare.mockRestore()
  if (!(sql instanceof DatabaseSync)) throw new Error('no query was made')
  const plans = queries.map((query) => ({
    query,
    scans: sql
      .prepare(`EXPLAIN QUERY PLAN ${query}`)
      .all()
      .map(({ detail }) => `${detail}`)
      .filter((step) => /^SCAN (?!below|CONSTANT|users|tokens|written|pragma|sqlite_schema|json_each)/.test(step)),
  }))
  expect(plans.length).toBeGreaterThan(20)
  expect(plans.filter(({ scans }) => scans.length > 0)).toEqual([])
})

/**
 * Compares the shortest of several turns, as a busy machine only makes a turn slower. Below 1 ms everything is noise. A bad
 * figure is measured again, in `maxTurns` turns at most.
 */
async function expectGrowth(
  maxTurns: number,
  measureMs: (which: 'few' | 'many', turn: number) => Promise<number>,
): Promise<void> {
  const least = { few: Number.POSITIVE_INFINITY, many: Number.POSITIVE_INFINITY }
  const growth = () => Math.max(1, least.many) / Math.max(1, least.few)
  for (let turn = 0; turn < 2 || (turn < maxTurns && growth() >= maxGrowth); turn += 1) {
    least.few = Math.min(least.few, await measureMs('few', turn))
    least.many = Math.min(least.many, await measureMs('many', turn))
  }
  expect(growth()).toBeLessThan(maxGrowth)
}

/** The headers of a zip, which take a walk through the whole tree, but no content. */
async function zipOf(core: Core, folderId: number): Promise<void> {
  const request = new IncomingMessage(new Socket())
  request.method = 'HEAD'
  const response = new ServerResponse(request)
  response.assignSocket(new Socket().on('error', () => undefined))
  const { space, content } = core
  await serveZip(request, response, { name: 'x', content, items: itemsOf(space, space.get(folderId)) })
}
