import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { folderKey } from '../../renderer/store/keys.ts'
import { type AppStore, createAppStore } from '../../renderer/store/store.ts'
import { openBackend, type TestBackend } from '../support/backend.ts'
import { type Asked, startScriptedServer } from '../support/scripted-server.ts'

interface Folder {
  id: number
  name: string
  parentId: number
}

/** Three folders in each folder, eight levels deep along the first one. */
const depth = 8
const folders: Folder[] = []
for (let level = 0; level < depth; level++) {
  const parentId = level === 0 ? 0 : (level - 1) * 3 + 1
  for (let at = 1; at <= 3; at++) folders.push({ id: level * 3 + at, name: `folder ${level}.${at}`, parentId })
}
const deepest = (depth - 1) * 3 + 1

let server: Awaited<ReturnType<typeof startScriptedServer>>
let app: TestBackend
let store: AppStore
let accountId: string

function answer({ url, body }: Asked): unknown {
  const { pathname, searchParams } = new URL(url, 'http://x')
  const { params } = JSON.parse(new URLSearchParams(body).get('request') ?? '{}')
  const row = ({ id, name, parentId }: Folder) => ({
    id: `${id}`,
    name,
    parent_id: `${parentId}`,
    type: 'folder',
    is_dir: true,
    size: '0',
    stream_url: null,
  })
  const tree = (id: number, name: string): unknown => ({
    id: `${id}`,
    name,
    dirs: folders.filter(({ parentId }) => parentId === id).map((folder) => tree(folder.id, folder.name)),
  })
  switch (`${pathname.split('/').at(-1)} ${searchParams.get('method')}`) {
    case 'user info':
      return [{ name: 'ann', disk_quota: '9', disk_quota_available: '9', bw_quota: '9', bw_quota_available: '9' }]
    case 'files list':
      return folders.filter(({ parentId }) => parentId === Number(params.parent_id)).map(row)
    case 'files info':
      return folders.filter(({ id }) => id === Number(params.id)).map(row)
    case 'files dirmap':
      return tree(0, 'Your Files')
    case 'files rename':
      for (const folder of folders) if (folder.id === Number(params.id)) folder.name = params.name
      return folders.filter(({ id }) => id === Number(params.id)).map(row)
    default:
      return []
  }
}

beforeEach(async () => {
  server = await startScriptedServer((asked) => ({
    body: JSON.stringify({ error: false, id: 1, user_name: 'ann', response: { results: answer(asked) } }),
  }))
  app = openBackend()
  store = createAppStore(app.client)
  await store.getState().sync()
  accountId = await store.getState().addServer({
    accountId: null,
    address: server.url,
    apiKey: 'key-of-ann',
    apiSecret: 'secret-of-ann',
    isKept: false,
    mayBePlain: false,
  })
  await settle()
  server.asked.splice(0)
})
afterEach(async () => {
  await app.close()
  await server.stop()
})

/** Requests about files since the last count. */
function requests(): string[] {
  return server.asked
    .splice(0)
    .map(({ url }) => new URL(url, 'http://x'))
    .filter(({ pathname }) => pathname.endsWith('/files'))
    .map(({ searchParams }) => searchParams.get('method') ?? '')
}

/** Resolves when the window is no longer waiting for anything. */
async function settle(): Promise<void> {
  await vi.waitFor(
    () => {
      const { folders: known, tree, place } = store.getState()
      expect(place).not.toBe(null)
      const shown = place === null ? undefined : known.get(folderKey(place.accountId, place.folderId))
      expect(shown).toMatchObject({ isLoading: false, problem: null })
      expect([...tree.values()].filter(({ isLoading }) => isLoading)).toEqual([])
    },
    { timeout: 5000, interval: 10 },
  )
}

async function visit(folderId: number): Promise<string[]> {
  store.getState().goTo(accountId, folderId)
  await settle()
  return requests()
}

it('makes two requests for a first visit at any depth, and one for a return visit', async () => {
  expect(await visit(deepest)).toEqual(['list', 'dirmap'])
  expect(store.getState().paths.get(folderKey(accountId, deepest))).toHaveLength(depth + 1)
  for (const branch of folders.filter(({ id }) => id % 3 === 1 && id !== deepest))
    expect(store.getState().tree.get(folderKey(accountId, branch.id))?.folders).toHaveLength(3)
  for (const { id } of folders) {
    expect(await visit(id)).toEqual(['list'])
    expect(await visit(deepest)).toEqual(['list'])
  }
})

it('makes one request for each step down', async () => {
  for (let level = 0; level < depth; level++) {
    expect(await visit(level * 3 + 1)).toEqual(['list'])
    expect(store.getState().paths.get(folderKey(accountId, level * 3 + 1))).toHaveLength(level + 2)
  }
})

it('makes two requests for a reload, and shows what another program changed', async () => {
  await visit(deepest)
  for (const folder of folders) folder.name = `${folder.name} now`
  store.getState().refresh()
  await settle()
  expect(requests()).toEqual(['list', 'dirmap'])
  const path = store.getState().paths.get(folderKey(accountId, deepest)) ?? []
  expect(path.slice(1).every(({ name }) => name.endsWith('now'))).toBe(true)
  const branch = store.getState().tree.get(folderKey(accountId, 0))?.folders ?? []
  expect(branch.every(({ name }) => name.endsWith('now'))).toBe(true)
})

it('shows the new name of a renamed folder in the tree and in every path below it', async () => {
  await visit(deepest)
  const [first] = folders
  if (first === undefined) throw new Error('no folder')
  await app.client.call('items.rename', { accountId, itemId: first.id, name: 'other' })
  await settle()
  await visit(4)
  expect(
    store
      .getState()
      .paths.get(folderKey(accountId, 4))
      ?.map(({ name }) => name)[1],
  ).toBe('other')
  const branch = store.getState().tree.get(folderKey(accountId, 0))?.folders ?? []
  expect(branch.map(({ name }) => name)).toContain('other')
})
