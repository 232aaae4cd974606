import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { listItems, openBackend, type TestBackend } from '../support/backend.ts'
import { type Asked, startScriptedServer } from '../support/scripted-server.ts'

// The identity and the credentials of an account, with a server of many users.

let server: Awaited<ReturnType<typeof startScriptedServer>>
let dataFolder: string
const open: TestBackend[] = []
/** The users of the server by key. Any other key is refused. */
let users: Record<string, { id: number | null; name: string }>
const signerOf = ({ body }: Asked): string =>
  `${JSON.parse(new URLSearchParams(body).get('request') ?? '{}').api_key}`.replace('key-of-', '')
const methodOf = ({ url }: Asked) => {
  const { pathname, searchParams } = new URL(url, 'http://x')
  return `${pathname.split('/').at(-1)}.${searchParams.get('method')}`
}

beforeAll(async () => {
  server = await startScriptedServer((asked) => {
    const user = users[signerOf(asked)]
    if (user === undefined)
      return {
        body: '{"error": true, "error_message": "Unable to login.", "user_id": null, "response": {"results": []}}',
      }
    const { id, name } = user
    const info = [{ name, disk_quota: '9', disk_quota_available: '9' }]
    const results = methodOf(asked) === 'user.info' ? info : []
    return {
      body: JSON.stringify({ error: false, user_name: name, ...(id !== null && { id }), response: { results } }),
    }
  })
})
afterAll(() => server.stop())
beforeEach(() => {
  dataFolder = mkdtempSync(join(tmpdir(), 'putdesk-accounts-'))
  users = { mary: { id: 1, name: 'mary' } }
})
afterEach(async () => {
  vi.useRealTimers()
  for (const backend of open.splice(0)) await backend.close()
  rmSync(dataFolder, { recursive: true })
})

function backendOf(): TestBackend {
  const backend = openBackend({ dataFolder })
  open.push(backend)
  return backend
}

function add({ client }: TestBackend, user: string, accountId: string | null = null): Promise<string> {
  const secret = { apiKey: `key-of-${user}`, apiSecret: 'open-sesame', isKept: true, mayBePlain: false }
  return client.call('accounts.addServer', { accountId, address: server.url, ...secret })
}

async function accountsOf({ client, next }: TestBackend) {
  const told = next('accounts.changed', () => true)
  await client.call('sync', {})
  return (await told).map(({ name, state }) => [name, state])
}

const named = (name: string) => `${name} · ${new URL(server.url).host}`
const settings = () => JSON.parse(readFileSync(join(dataFolder, 'settings.json'), 'utf8'))

/** Changes a file and writes it as the first version did: without a seal. */
function rewrite(file: string, change: (content: ReturnType<typeof settings>) => void): void {
  for (const copy of [file, file.replace('.json', '.last-good.json')]) {
    const content = JSON.parse(readFileSync(join(dataFolder, copy), 'utf8'))
    delete content.seal
    change(content)
    writeFileSync(join(dataFolder, copy), JSON.stringify(content))
  }
}

it('recognizes a user by the id at the service, even after a rename', async () => {
  const backend = backendOf()
  const mary = await add(backend, 'mary')
  users.mary = { id: 1, name: 'maria' }
  expect(await add(backend, 'mary')).toBe(mary)
  // Another user has the same name, and a third one a name that begins the same.
  users.second = { id: 2, name: 'maria' }
  users.third = { id: 3, name: 'maria · x' }
  const others = [await add(backend, 'second'), await add(backend, 'third')]
  expect(new Set([mary, ...others]).size).toBe(3)
  expect(await accountsOf(backend)).toEqual([
    [named('maria'), 'signed-in'],
    [named('maria'), 'signed-in'],
    [named('maria · x'), 'signed-in'],
  ])
})

it('recognizes a user by name where the service sends no id', async () => {
  users = { one: { id: null, name: 'mary' }, two: { id: null, name: 'mary · x' } }
  const backend = backendOf()
  const mary = await add(backend, 'one')
  expect([await add(backend, 'one'), (await add(backend, 'two')) === mary]).toEqual([mary, false])
})

it('does not sign an account in as another user', async () => {
  users.bob = { id: 2, name: 'bob' }
  const backend = backendOf()
  const mary = await add(backend, 'mary')
  await expect(add(backend, 'bob', mary)).rejects.toMatchObject({
    code: 'refused',
    message: `This key belongs to “${named('bob')}”, not to “${named('mary')}”. Add it as another account instead.`,
  })
  expect(await accountsOf(backend)).toEqual([[named('mary'), 'signed-in']])
})

it('opens accounts and secrets of earlier versions, and then learns their user ids', async () => {
  const first = backendOf()
  const mary = await add(first, 'mary')
  expect(settings().accounts).toMatchObject([{ id: mary, userId: '1' }])
  await first.backend.close()
  rewrite('settings.json', ({ accounts: [account] }) => {
    delete account.userId
  })
  const reversed = Buffer.from(JSON.stringify({ apiKey: 'key-of-mary', apiSecret: 'open-sesame' })).reverse()
  rewrite('vault.json', (content) => {
    content[mary].value = reversed.toString('base64')
  })

  const second = backendOf()
  const signedIn = second.next('accounts.changed', ([account]) => account?.state === 'signed-in')
  await second.client.call('sync', {})
  await signedIn
  expect(settings().accounts).toMatchObject([{ id: mary, userId: '1' }])
  expect(await add(second, 'mary')).toBe(mary)
})

it('recognizes an account of an earlier version without its secret by its full name', async () => {
  users.long = { id: 7, name: 'mary · x' }
  const first = backendOf()
  const accounts = [await add(first, 'mary'), await add(first, 'long')]
  await first.backend.close()
  rewrite('settings.json', (content) => {
    for (const account of content.accounts) {
      delete account.userId
      account.keeping = 'session'
    }
  })
  const second = backendOf()
  expect([await add(second, 'mary'), await add(second, 'long')]).toEqual(accounts)
})

it.each([
  ['damaged', '{"kind":"v1-key","apiKey":7}', 'The key and secret that were kept are damaged.'],
  ['of the local service', '{"kind":"local"}', 'The key and secret that were kept are damaged.'],
  ['without a token', '{"kind":"oauth","token":""}', 'The key and secret that were kept are damaged.'],
])(
  'shows an account whose credentials are %s as signed out, with the reason, and makes no request',
  async (_what, stored, why) => {
    const first = backendOf()
    const mary = await add(first, 'mary')
    await first.backend.close()
    rewrite('vault.json', (content) => {
      content[mary].value = Buffer.from(stored).reverse().toString('base64')
    })
    // A request of the first one may still be on its way.
    await server.idle()
    server.asked.length = 0
    const second = backendOf()
    const told = second.next('accounts.changed', () => true)
    await second.client.call('sync', {})
    expect(await told).toMatchObject([{ state: 'signed-out', problem: expect.stringContaining(why) }])
    await expect(listItems(second.client, mary, 0)).rejects.toMatchObject({
      code: 'signed-out',
    })
    expect(server.asked).toEqual([])
  },
)

it('does not retry a refused secret by itself, and continues once it is accepted again', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  const backend = backendOf()
  const accountId = await add(backend, 'mary')
  users = {}
  const refused = backend.next('accounts.changed', ([account]) => account?.state === 'signed-out')
  await vi.advanceTimersByTimeAsync(5000)
  expect(await refused).toMatchObject([{ problem: 'Unable to login.' }])
  // Requests that were in flight at the refusal are answered by now.
  const list = () => listItems(backend.client, accountId, 0).then(() => 'listed', String)
  await list()
  server.asked.length = 0
  await vi.advanceTimersByTimeAsync(3_600_000)
  await list()
  expect(server.asked.map(methodOf)).toEqual(['files.list'])

  users = { mary: { id: 1, name: 'mary' } }
  const back = backend.next('accounts.changed', ([account]) => account?.state === 'signed-in')
  await backend.client.call('items.delete', { accountId, itemIds: [] })
  await back
  await vi.waitFor(() => expect(server.asked.map(methodOf)).toContain('transfers.list'))
})
