import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Account } from '../../shared/account.ts'
import type { Settings } from '../../shared/settings.ts'
import type { HistoryEntry, Transfer } from '../../shared/transfer.ts'
import { openBackend, type TestBackend } from '../support/backend.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

/**
 * The folder of an app and its service as they were before API v2: two accounts, two transfers that were running, one of them half, a
 * trash, a history and settings. `known` is what that version showed of it.
 */
interface Installation {
  known: {
    local: string
    home: string
    filmsId: number
    root: [names: string, ids: number[], sizes: number[]]
    films: [names: string, ids: number[], sizes: number[]]
    trash: [names: string, folders: string]
    transfers: Pick<Transfer, 'id' | 'name' | 'folderId'>[]
    accounts: Pick<Account, 'id' | 'kind' | 'name' | 'address' | 'keeping'>[]
    settings: Settings
    history: HistoryEntry[]
  }
  files: Record<string, string>
}
const packed = readFileSync(join(import.meta.dirname, '../fixtures/installation-1.json.gz'))
const { known, files }: Installation = JSON.parse(gunzipSync(packed).toString())

let backend: TestBackend
beforeEach(() => {
  const dataFolder = temporaryFolder('upgrade')
  for (const [name, base64] of Object.entries(files)) {
    mkdirSync(dirname(join(dataFolder, name)), { recursive: true })
    writeFileSync(join(dataFolder, name), Buffer.from(base64, 'base64'), { mode: 0o600 })
  }
  backend = openBackend({ dataFolder })
})
afterEach(() => backend.close())

async function seen(accountId: string, folderId: number) {
  const { items } = await backend.client.call('items.open', { accountId, folderId, isReload: true })
  const order = [...items.ids.keys()].toSorted((a, b) => (items.ids[a] ?? 0) - (items.ids[b] ?? 0))
  const names = items.names.split('\0')
  return order.map((at) => [names[at], items.ids[at], items.sizesBytes[at]])
}

function listed([text, ids, sizes]: Installation['known']['root']) {
  const names = text.split('\0')
  return ids.map((id, at) => [names[at], id, sizes[at]]).toSorted((a, b) => Number(a[1]) - Number(b[1]))
}

it('opens what the last version left: files, trash, settings, accounts and history', async () => {
  const { client } = backend
  const { local } = known
  const [accounts, settings] = [
    backend.next('accounts.changed', () => true),
    backend.next('settings.changed', () => true),
  ]
  await client.call('sync', {})
  expect(await settings).toMatchObject({ ...known.settings })
  expect(await accounts).toMatchObject(known.accounts)
  expect(await seen(local, 0)).toEqual(listed(known.root))
  expect(await seen(local, known.filmsId)).toEqual(listed(known.films))
  const trash = await client.call('trash.list', { accountId: local })
  expect([trash.items.names, trash.folders]).toEqual(known.trash)
  expect(await client.call('history.list', { accountId: local })).toEqual(known.history)
  for (const { id, areLinksKnown } of known.history) {
    expect(areLinksKnown).toBe(true)
    const [link] = await client.call('history.links', { accountId: local, entryId: id })
    expect(link).toMatch(/^http:\/\/127\.0\.0\.1:48123\//)
  }
})

it('keeps the key and secret of the account on a server, which is unreachable and not signed out', async () => {
  const told = backend.next('accounts.changed', (all) =>
    all.some(({ id, state }) => id === known.home && state === 'unreachable'),
  )
  await backend.client.call('sync', {})
  const account = (await told).find(({ id }) => id === known.home)
  expect(account).toMatchObject({ state: 'unreachable', keeping: 'protected', name: 'mary · 127.0.0.1:48124' })
})

it('lists the transfers that were running, with what was fetched, and brings a deleted file back', async () => {
  const { client } = backend
  const { local, filmsId } = known
  const transfers = new Map<number, Transfer>()
  const half = backend.next('transfers.changed', ({ accountId, upserted }) => {
    if (accountId === local) for (const transfer of upserted) transfers.set(transfer.id, transfer)
    return known.transfers.every(({ id }) => transfers.has(id))
  })
  await client.call('sync', {})
  await half
  for (const { id, name, folderId } of known.transfers)
    expect(transfers.get(id)).toMatchObject({ name, folderId, areLinksKnown: true, isCancelled: false })
  // Its server does not answer here. What came before is kept for when it does.
  const [part] = Object.keys(files).filter((name) => /^service\/parts\/.*\/0$/.test(name))
  expect(statSync(join(backend.dataFolder, part ?? '')).size).toBe(200_000)
  // They are neither in the history as cancelled, nor as arrived.
  expect(await client.call('history.list', { accountId: local })).toEqual(known.history)

  const { items } = await client.call('trash.list', { accountId: local })
  const three = items.ids[items.names.split('\0').indexOf('three.bin')] ?? 0
  expect(await client.call('items.restore', { accountId: local, itemIds: [three] })).toEqual({
    folderIds: [filmsId],
    refused: [],
  })
  expect((await seen(local, filmsId)).map(([name]) => name)).toContain('three.bin')
})
