import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, renameSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Save } from '../../shared/save.ts'
import { openBackend, type TestBackend } from '../support/backend.ts'
import { has } from '../support/facilities.ts'
import { solidBytes } from '../support/solid-bytes.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { file, startWeb, type Web } from '../support/web.ts'

// Folders on a v1 server. In the first, more files cannot be had now than are begun at a time, before those that can, and the addresses
// of some are listed wrongly. In the second are many small files, some of which are not answered.

const bytes = solidBytes(3000)
const folders = [
  { id: 1, name: 'Folder', parent_id: 0, type: 'folder', is_dir: true },
  { id: 2, name: 'Many', parent_id: 0, type: 'folder', is_dir: true },
]
const names = [
  ...Array.from({ length: 14 }, (_, at) => `busy ${String(at).padStart(2, '0')}`),
  ...Array.from({ length: 5 }, (_, at) => `good ${at}`),
]
const many = Array.from({ length: 60 }, (_, at) => `small ${String(at).padStart(2, '0')}`)
const silent = [5, 21, 33].map((at) => many[at])
let isBusy = true
let isSilent = true
/** Files are given only after that. */
let hold: Promise<void> | null = null
/** Called with each request for a file. */
let onRequest: () => void = () => undefined
let web: Web
let backend: TestBackend
let accountId: string

const items = () =>
  [...names, ...many].map((name, at) => ({
    ...{ id: at + 10, name, parent_id: at < names.length ? 1 : 2, type: 'file', is_dir: false, size: bytes.length },
    stream_url: web.url(`/stream/${at + 10}`),
  }))

/** Some servers list other addresses than they give for a single file. */
function listed(item: ReturnType<typeof items>[number]): unknown {
  if (item.name === 'good 1') return { ...item, stream_url: 'not a link' }
  if (item.name === 'good 2') return { ...item, stream_url: web.url('/gone') }
  return item.name === 'good 3' ? { ...item, stream_url: undefined } : item
}

function resultsOf(method: string, params: Record<string, unknown>): unknown {
  const user = { name: 'me', disk_quota: 9e12, disk_quota_available: 9e12, bw_quota: 9, bw_quota_available: 9 }
  const results: Record<string, unknown> = {
    'user.info': [user],
    'user.acctoken': { token: 'token of the account' },
    'files.list':
      `${params.parent_id}` === '0'
        ? folders
        : items()
            .filter((item) => `${item.parent_id}` === `${params.parent_id}`)
            .map(listed),
    'files.info': [...folders, ...items()].filter(({ id }) => `${id}` === `${params.id}`),
    'files.dirmap': { id: 0, name: 'root', dirs: [] },
  }
  return results[method] ?? []
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const form = new URLSearchParams(await text(request)).get('request') ?? '{}'
  const { params = {} }: { params?: Record<string, unknown> } = JSON.parse(form)
  const url = new URL(request.url ?? '', 'http://x')
  const method = `${url.pathname.split('/').at(-1)}.${url.searchParams.get('method')}`
  response.end(
    JSON.stringify({ error: false, user_name: 'me', id: 1, response: { results: resultsOf(method, params) } }),
  )
}

beforeAll(async () => {
  web = await startWeb()
  for (const resource of ['user', 'files', 'transfers', 'messages']) web.on(`/v1/${resource}`, handle)
  for (const { id, name } of items()) {
    const give = file(bytes)
    web.on(`/stream/${id}/atk/token%20of%20the%20account`, async (request, response, body) => {
      onRequest()
      await hold
      if (silent.includes(name) && isSilent) return
      if (!isBusy || !name.startsWith('busy')) return give(request, response, body)
      response.statusCode = 503
      response.end()
    })
  }
  backend = openBackend()
  const secret = { apiKey: 'key of mine', apiSecret: 'secret of mine', isKept: false, mayBePlain: false }
  accountId = await backend.client.call('accounts.addServer', { accountId: null, address: web.url(''), ...secret })
})
afterAll(async () => {
  await backend.close()
  await web.stop()
})

it('saves all others of a folder while fourteen files cannot be had, and those too once they can', async () => {
  const { client, next, downloadsFolder } = backend
  const others = next('saves.changed', ({ upserted }) => upserted.some(({ doneFiles }) => doneFiles === 5))
  await client.call('saves.add', { accountId, itemIds: [1], target: 'last', conflict: null })
  await others
  const isPart = (name: string) => name.startsWith('.')
  const there = () => readdirSync(join(downloadsFolder, 'Folder')).filter((name) => !isPart(name))
  expect(there().sort()).toEqual(names.filter((name) => name.startsWith('good')))

  const saved = next('saves.changed', ({ upserted }) => upserted.some(({ status }) => status === 'saved'))
  isBusy = false
  await saved
  expect(readdirSync(join(downloadsFolder, 'Folder')).sort()).toEqual(names)
  for (const name of names) expect(readFileSync(join(downloadsFolder, 'Folder', name)).equals(bytes)).toBe(true)
})

it.runIf(has('tmpfs'))('ends with a reason where the folder refuses more files than are begun at a time', async () => {
  const { client, next, downloadsFolder } = backend
  const place = join(downloadsFolder, 'Folder (2)')
  onRequest = () => {
    onRequest = () => undefined
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', place])
  }
  const ended = next('saves.changed', ({ upserted }) => upserted.some(({ status }) => status === 'error'))
  try {
    const ask = { accountId, itemIds: [1], target: 'last' as const, conflict: 'keep-both' as const }
    await client.call('saves.add', ask)
    const { upserted } = await ended
    expect(upserted.find(({ status }) => status === 'error')?.reason).toContain('read-only')
  } finally {
    execFileSync('umount', ['-l', place])
  }
})

it('saves the other small files of a folder while some are not answered, and those too once they are', async () => {
  const { client, next, downloadsFolder } = backend
  const others = next('saves.changed', ({ upserted }) =>
    upserted.some(({ name, doneFiles }) => name === 'Many' && doneFiles === many.length - silent.length),
  )
  const ask = { accountId, itemIds: [2], target: 'last' as const, conflict: null }
  const { saveIds } = await client.call('saves.add', ask)
  await others
  const there = () => readdirSync(join(downloadsFolder, 'Many')).sort()
  expect(there().filter((name) => silent.includes(name))).toEqual([])

  isSilent = false
  const paused = next('saves.changed', ({ upserted }) => upserted.some(({ status }) => status === 'paused'))
  await client.call('saves.pause', { saveIds })
  await paused
  const saved = next('saves.changed', ({ upserted }) =>
    upserted.some(({ name, status }) => name === 'Many' && status === 'saved'),
  )
  await client.call('saves.resume', { saveIds })
  await saved
  expect(there()).toEqual(many)
  for (const name of many) expect(readFileSync(join(downloadsFolder, 'Many', name)).equals(bytes)).toBe(true)
})

it('waits, and says why, when the folder is gone before its small files get their turn', async () => {
  const { client, next, chosenFolders } = backend
  const folder = temporaryFolder('gone')
  const held = Promise.withResolvers<void>()
  isSilent = false
  hold = held.promise
  const begun = next('saves.changed', ({ upserted }) => upserted.some(({ status }) => status === 'saving'))
  const ask = { accountId, itemIds: [2], conflict: 'keep-both' as const }
  const first = await client.call('saves.add', { ...ask, target: 'last' })
  await begun
  chosenFolders.push(folder)
  const listed = next('saves.changed', ({ upserted }) =>
    upserted.some((one) => one.folder === folder && one.totalFiles === many.length),
  )
  await client.call('saves.add', { ...ask, target: 'ask' })
  await listed
  renameSync(folder, `${folder}-away`)
  // What was seen of it counts for a second.
  await wait(1100)
  const isIn = (one: Save) => one.folder === folder
  const told = next('saves.changed', ({ upserted }) => upserted.some((one) => isIn(one) && one.reason !== null))
  await client.call('saves.remove', { saveIds: first.saveIds })
  const { upserted } = await told
  expect(upserted.find(isIn)).toMatchObject({ status: 'waiting', reason: expect.stringContaining('is gone') })

  hold = null
  held.resolve()
  const saved = next('saves.changed', (data) => data.upserted.some((one) => isIn(one) && one.status === 'saved'))
  renameSync(`${folder}-away`, folder)
  await saved
  expect(readdirSync(join(folder, 'Many')).sort()).toEqual(many)
})
