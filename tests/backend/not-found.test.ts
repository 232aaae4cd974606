import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Input, type Method, methods } from '../../shared/contract.ts'
import { openBackend, type TestBackend } from '../support/backend.ts'

// Every method that promises `not-found` rejects with it, against the real local service.

const missing = 999_999
let backend: TestBackend
let accountId: string
beforeAll(async () => {
  backend = openBackend()
  accountId = await backend.client.call('accounts.addThisComputer', {})
})
afterAll(() => backend.close())

/** The methods of the contract on an account whose comment names `not-found`. */
function promising(): string[] {
  const source = readFileSync(join(import.meta.dirname, '../../shared/contract.ts'), 'utf8')
  const entries = source.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*'(\w+\.\w+)':/g)
  return [...entries].flatMap(([, comment = '', name = '']) =>
    isMethod(name) && 'accountId' in methods[name].input.shape && comment.includes('not-found') ? [name] : [],
  )
}

function isMethod(name: string): name is Method {
  return Object.hasOwn(methods, name)
}

type Cases = { [M in Method]?: () => Input<M> }
const cases: Cases = {
  'items.open': () => ({ accountId, folderId: missing, isReload: false }),
  'items.folders': () => ({ accountId, folderId: missing }),
  'items.path': () => ({ accountId, folderId: missing }),
  'items.createFolder': () => ({ accountId, parentId: missing, name: 'x' }),
  'items.extract': () => ({ accountId, itemId: missing, password: null }),
  'items.rename': () => ({ accountId, itemId: missing, name: 'x' }),
  'sharing.access': () => ({ accountId, itemId: missing }),
  'sharing.share': () => ({ accountId, itemId: missing, audience: { isEveryone: true, people: [] } }),
  'sharing.makeLink': () => ({ accountId, itemId: missing }),
  'transfers.add': () => ({ accountId, links: ['http://127.0.0.1:1/x'], folderId: missing }),
  'transfers.retry': () => ({ accountId, transferId: missing, password: null, isUnpacked: true }),
  'transfers.reannounce': () => ({ accountId, transferId: missing }),
  'history.links': () => ({ accountId, entryId: `${missing}` }),
  'feeds.items': () => ({ accountId, feedId: missing }),
  'feeds.add': () => ({
    ...{ accountId, title: 'x', address: 'http://127.0.0.1:1/x', folderId: missing },
    ...{ wanted: '', unwanted: '', isFromNowOn: false },
  }),
  'feeds.change': () => ({ accountId, feedId: missing, title: 'x', folderId: 0, wanted: '', unwanted: '' }),
  'feeds.pause': () => ({ accountId, feedId: missing }),
  'feeds.resume': () => ({ accountId, feedId: missing }),
  'feeds.remove': () => ({ accountId, feedId: missing }),
  'feeds.retry': () => ({ accountId, feedId: missing, itemId: 1 }),
  'saves.add': () => ({ accountId, itemIds: [missing], target: 'last', conflict: null }),
  'sends.check': () => ({ accountId, folderId: missing, paths: [import.meta.filename] }),
  'contents.open': () => ({ accountId, itemId: missing, isPlayed: false }),
  'copies.open': () => ({ accountId, itemId: missing }),
  'files.copy': () => ({ accountId, itemIds: [missing], text: 'x' }),
  'play.copyLink': () => ({ accountId, itemId: missing }),
  'play.transfer': () => ({ accountId, transferId: missing }),
  'play.items': () => ({
    accountId,
    itemIds: [missing],
    folderId: null,
    playerId: null,
    start: 'ask',
  }),
}

it('has a case for every method that promises not-found', () => {
  expect(Object.keys(cases).sort()).toEqual(promising().sort())
})

it.each(Object.keys(cases))('%s rejects an unknown id with not-found', async (name) => {
  const method = name as Method
  const input = cases[method]?.()
  if (input === undefined) throw new Error('no case')
  await expect(backend.client.call(method, input)).rejects.toMatchObject({
    code: 'not-found',
    message: expect.stringContaining(`${missing}`),
  })
})

it.each(Object.keys(cases))('%s rejects an unknown account with not-found', async (name) => {
  const method = name as Method
  const input = cases[method]?.()
  if (input === undefined) throw new Error('no case')
  await expect(backend.client.call(method, { ...input, accountId: 'nobody' })).rejects.toMatchObject({
    code: 'not-found',
    message: 'This account is no longer here.',
  })
})

it('accepts the cancellation of a transfer that has left the list', async () => {
  expect(await backend.client.call('transfers.cancel', { accountId, transferIds: [missing] })).toBe(null)
})
