import { afterEach, expect, it } from 'vitest'
import { namesOf } from '../../shared/item-kinds.ts'
import { listItems, openBackend, type TestBackend } from '../support/backend.ts'
import { startScriptedServer } from '../support/scripted-server.ts'
import { startWith } from '../support/start-with.ts'

// Who can read an item, as the window asks for it, at a service of several users and at one that knows less.

const toStop: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of toStop.splice(0).reverse()) await stop()
})

async function signIn({ client }: TestBackend, api: string, token: string): Promise<string> {
  return await client.call('accounts.signInWithToken', {
    ...{ accountId: null, isKept: false, mayBePlain: false, token },
    service: { api, upload: null, tus: null, socket: null, web: null },
  })
}

function backendOf(): TestBackend {
  const backend = openBackend()
  toStop.push(() => backend.close())
  return backend
}

const nobody = { isEveryone: false, people: [] }
const users = ['ann', 'bob', 'cem'].map((name) => ({
  ...{ name, key: `${name}-key`, secret: `${name}-secret`, token: `token-of-${name}-with-more-letters` },
}))

/** Two accounts of one service, and a folder of the first one. */
async function openTwo() {
  const url = await startWith({ users })
  const backend = backendOf()
  const { client } = backend
  const capable = backend.next('accounts.changed', (accounts) => accounts.some((one) => one.capabilities.canShare))
  const [ann, bob] = [
    await signIn(backend, url, 'token-of-ann-with-more-letters'),
    await signIn(backend, url, 'token-of-bob-with-more-letters'),
  ]
  await capable
  const folder = await client.call('items.createFolder', { accountId: ann, parentId: 0, name: 'Films' })
  await client.call('items.createFolder', { accountId: ann, parentId: folder.id, name: 'Inner' })
  return { backend, client, ann, bob, itemId: folder.id }
}

it('shares an item with exactly whom it is said, and what is shared is there for them', async () => {
  const { client, ann, bob, itemId } = await openTwo()
  const access = () => client.call('sharing.access', { accountId: ann, itemId })
  const shareWith = (isEveryone: boolean, ...people: string[]) =>
    client.call('sharing.share', { accountId: ann, itemId, audience: { isEveryone, people } })
  const shared = () => client.call('friends.list', { accountId: bob })
  expect(await access()).toEqual({ audience: nobody, friends: ['bob', 'cem'], link: null })
  expect(await shared()).toEqual([])
  const seen: unknown[] = []
  for (const audience of [[false, 'bob', 'cem'], [false, 'cem'], [true], [true], [false, 'bob'], [false]] as const) {
    const [isEveryone, ...people] = audience
    await shareWith(isEveryone, ...people)
    seen.push([(await access()).audience, (await shared()).length])
  }
  expect(seen).toEqual([
    [{ isEveryone: false, people: ['bob', 'cem'] }, 1],
    [{ isEveryone: false, people: ['cem'] }, 0],
    [{ isEveryone: true, people: [] }, 1],
    [{ isEveryone: true, people: [] }, 1],
    [{ isEveryone: false, people: ['bob'] }, 1],
    [nobody, 0],
  ])
  await shareWith(false, 'bob')
  expect(await shared()).toMatchObject([{ name: 'Films', folderId: itemId }])
  expect(namesOf(await listItems(client, bob, itemId))).toEqual(['Inner'])
  await expect(client.call('sharing.share', { accountId: bob, itemId, audience: nobody })).rejects.toMatchObject({
    code: 'refused',
    message: 'Only the owner of this item can change it.',
  })
  await expect(shareWith(false, 'nobody')).rejects.toMatchObject({ message: expect.stringContaining('“nobody”') })
})

it('makes one public link to an item, whose page opens without a sign-in, and removes it', async () => {
  const { client, ann, itemId } = await openTwo()
  const link = await client.call('sharing.makeLink', { accountId: ann, itemId })
  expect(link.expiresAtMs).toBeGreaterThan(Date.now() + 29 * 24 * 60 * 60 * 1000)
  expect(await client.call('sharing.makeLink', { accountId: ann, itemId })).toEqual(link)
  expect((await client.call('sharing.access', { accountId: ann, itemId })).link).toEqual(link)
  expect(await (await fetch(link.page)).text()).toContain('Inner')
  for (let time = 1; time <= 2; time += 1) await client.call('sharing.removeLink', { accountId: ann, linkId: link.id })
  expect((await fetch(link.page)).status).toBe(404)
  expect((await client.call('sharing.access', { accountId: ann, itemId })).link).toBe(null)
})

it('offers only public links where a service has one user, and nothing with API v1', async () => {
  const backend = backendOf()
  const { client } = backend
  const known = backend.next('accounts.changed', ([one]) => one?.capabilities.canLinkPublicly === true)
  await client.call('accounts.addThisComputer', {})
  expect((await known)[0]?.capabilities.canShare).toBe(false)
  const address = await startWith({ users })
  const v1 = { accountId: null, address, apiKey: 'ann-key', apiSecret: 'ann-secret', isKept: false, mayBePlain: false }
  const accountId = await client.call('accounts.addServer', v1)
  await expect(client.call('sharing.access', { accountId, itemId: 1 })).rejects.toMatchObject({ code: 'refused' })
})

/** A service that is not ours, which answers requests for sharing with this. */
async function openForeign(answer: (path: string) => { status?: number; body: object } | null) {
  const info = { user_id: 1, username: 'ann', disk: { avail: 1, size: 2, used: 1 } }
  const server = await startScriptedServer(({ url }) => {
    const path = url.replace(/\?.*/, '')
    const usual =
      path === '/v2/account/info'
        ? { info }
        : path === '/v2/oauth2/validate'
          ? { result: true, user_id: 1 }
          : { transfers: [], files: [], friends: [], cursor: null }
    const { status = 200, body } = answer(path) ?? { body: usual }
    return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  })
  toStop.push(() => server.stop())
  const backend = backendOf()
  const accountId = await signIn(backend, server.url, 'a-token-of-twenty-letters')
  return { backend, client: backend.client, accountId, server }
}
const noScope = { status: 401, body: { status: 'ERROR', error_type: 'invalid_scope' } }

it('reads what another service answers as far as it can, and asks it for no public links', async () => {
  const shares = [{ share_id: '7', user_name: 'bob' }, { share_id: null }, 'x', { share_id: 8, user_name: 9 }]
  const { client, accountId, server } = await openForeign((path) => {
    if (path === '/v2/files/5/shared-with-v2') return { body: { share_type: 'a word of tomorrow', shares } }
    return path === '/v2/friends/list' ? { body: { friends: [{ name: 'cem' }, { id: 1 }, null] } } : null
  })
  const access = await client.call('sharing.access', { accountId, itemId: 5 })
  expect(access).toEqual({ audience: { isEveryone: false, people: ['bob', '9'] }, friends: ['cem'], link: null })
  await expect(client.call('sharing.makeLink', { accountId, itemId: 5 })).rejects.toMatchObject({ code: 'refused' })
  expect(server.asked.filter(({ url }) => url.includes('public_share'))).toEqual([])
})

it('shares without a list of friends where the sign-in may not see them', async () => {
  const { client, accountId } = await openForeign((path) => {
    if (path === '/v2/friends/list') return noScope
    return path.endsWith('/shared-with-v2') ? { body: { share_type: 'everyone' } } : null
  })
  expect(await client.call('sharing.access', { accountId, itemId: 5 })).toEqual({
    ...{ audience: { isEveryone: true, people: [] }, friends: [], link: null },
  })
})

it('does not offer sharing any more for the session once the service answers invalid_scope', async () => {
  const { backend, client, accountId } = await openForeign((path) => (path.includes('shared-with') ? noScope : null))
  const off = backend.next('accounts.changed', ([account]) => account?.capabilities.canShare === false)
  await expect(client.call('sharing.access', { accountId, itemId: 5 })).rejects.toMatchObject({ code: 'refused' })
  expect((await off)[0]?.state).toBe('signed-in')
})
