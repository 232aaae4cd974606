import { createServer } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { namesOf } from '../../shared/item-kinds.ts'
import { listItems, openBackend, type TestBackend } from '../support/backend.ts'
import { startScriptedServer } from '../support/scripted-server.ts'
import { startService } from '../support/service.ts'

const toStop: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of toStop.splice(0).reverse()) await stop()
})

function backendOf(options: Parameters<typeof openBackend>[0] = {}): TestBackend {
  const backend = openBackend(options)
  toStop.push(() => backend.close())
  return backend
}

const signIn = ({ client }: TestBackend, api: string, token: string) =>
  client.call('accounts.signInWithToken', {
    ...{ accountId: null, isKept: false, mayBePlain: false, token },
    service: { api, upload: null, tus: null, socket: null, web: null },
  })

/** Resolves when the account has a trash, or has none. */
const whenTrash = (backend: TestBackend, accountId: string, hasTrash: boolean) =>
  backend.next('accounts.changed', (accounts) =>
    accounts.some(({ id, capabilities }) => id === accountId && capabilities.hasTrash === hasTrash),
  )

describe('with the service on this computer', () => {
  async function open() {
    const backend = backendOf({ holdMs: 60_000 })
    const accountId = await backend.client.call('accounts.addThisComputer', {})
    const settings = () => backend.client.call('accounts.settings', { accountId })
    const folder = (name: string) => backend.client.call('items.createFolder', { accountId, parentId: 0, name })
    const names = async () => namesOf(await listItems(backend.client, accountId, 0))
    return { backend, client: backend.client, accountId, settings, folder, names }
  }

  it('changes each setting at the service, and leaves the others as they are', async () => {
    const { client, accountId, settings, folder } = await open()
    const before = { isTrashEnabled: true, isHistoryEnabled: true, defaultFolderId: 0 }
    expect(await settings()).toEqual(before)
    const { id: defaultFolderId } = await folder('Incoming')
    await client.call('accounts.changeSettings', { accountId, isHistoryEnabled: false })
    expect(await settings()).toEqual({ ...before, isHistoryEnabled: false })
    await client.call('accounts.changeSettings', { accountId, defaultFolderId })
    expect(await settings()).toEqual({ ...before, isHistoryEnabled: false, defaultFolderId })
    const missing = client.call('accounts.changeSettings', { accountId, defaultFolderId: 999_999 })
    await expect(missing).rejects.toMatchObject({ code: 'refused' })
    expect(await settings()).toMatchObject({ defaultFolderId })
  })

  it('has no trash as soon as it is switched off, and has it again afterwards', async () => {
    const { backend, client, accountId } = await open()
    const off = whenTrash(backend, accountId, false)
    await client.call('accounts.changeSettings', { accountId, isTrashEnabled: false })
    await expect(client.call('trash.list', { accountId })).rejects.toMatchObject({ code: 'refused' })
    await off
    const on = whenTrash(backend, accountId, true)
    await client.call('accounts.changeSettings', { accountId, isTrashEnabled: true })
    expect(namesOf((await client.call('trash.list', { accountId })).items)).toEqual([])
    await on
  })

  it('undoes a deletion from before the trash was switched off', async () => {
    const { client, accountId, folder, names } = await open()
    const { id } = await folder('Films')
    await client.call('items.delete', { accountId, itemIds: [id] })
    await client.call('accounts.changeSettings', { accountId, isTrashEnabled: false })
    expect(await client.call('items.restore', { accountId, itemIds: [id] })).toEqual({ folderIds: [0], refused: [] })
    expect(await names()).toEqual(['Films'])
  })

  it('undoes a deletion that was held back before the trash was switched on', async () => {
    const { client, accountId, folder, names } = await open()
    const { id } = await folder('Films')
    await client.call('accounts.changeSettings', { accountId, isTrashEnabled: false })
    await client.call('items.delete', { accountId, itemIds: [id] })
    await client.call('accounts.changeSettings', { accountId, isTrashEnabled: true })
    expect(await names()).toEqual([])
    expect(await client.call('items.restore', { accountId, itemIds: [id] })).toMatchObject({ refused: [] })
    expect(await names()).toEqual(['Films'])
  })

  it('says that it is too late to undo what was deleted for good without a trash', async () => {
    const { client, accountId, folder } = await open()
    const { id } = await folder('Films')
    await client.call('accounts.changeSettings', { accountId, isTrashEnabled: false })
    await client.call('items.deleteForGood', { accountId, itemIds: [id] })
    const { refused } = await client.call('items.restore', { accountId, itemIds: [id] })
    expect(refused).toEqual([{ itemId: id, sentence: expect.stringContaining('It is too late') }])
  })
})

it('refuses settings of a server of API v1', async () => {
  const service = await startService({ user: 'mary' })
  toStop.push(() => service.stop())
  const { client } = backendOf()
  const accountId = await client.call('accounts.addServer', {
    ...{ accountId: null, address: service.url, apiKey: service.key, apiSecret: service.secret },
    ...{ isKept: false, mayBePlain: false },
  })
  await expect(client.call('accounts.settings', { accountId })).rejects.toMatchObject({ code: 'refused' })
})

describe('with another service', () => {
  const info = { user_id: 1, username: 'ann', disk: { avail: 1, size: 2, used: 1 } }
  /** A service that answers requests for settings with this. */
  async function open(answer: (method: string) => { status?: number; body: object }) {
    const server = await startScriptedServer(({ method, url }) => {
      const path = url.replace(/\?.*/, '')
      const { status = 200, body } =
        path === '/v2/account/settings'
          ? answer(method)
          : path === '/v2/account/info'
            ? { body: { info } }
            : path === '/v2/oauth2/validate'
              ? { body: { result: true, user_id: 1 } }
              : { body: { transfers: [], files: [], friends: [], cursor: null } }
      return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    })
    toStop.push(() => server.stop())
    const backend = backendOf()
    const accountId = await signIn(backend, server.url, 'a-token-of-twenty-letters')
    return { backend, client: backend.client, accountId, server }
  }

  it('takes settings that are missing, null or of a wrong type for unknown', async () => {
    const settings = { trash_enabled: 'perhaps', history_enabled: null, theme: 7 }
    const { client, accountId } = await open(() => ({ body: { status: 'OK', settings } }))
    expect(await client.call('accounts.settings', { accountId })).toEqual({
      ...{ isTrashEnabled: null, isHistoryEnabled: null, defaultFolderId: null },
    })
  })

  it('sends only what is changed, as JSON', async () => {
    const { client, accountId, server } = await open(() => ({ body: { status: 'OK' } }))
    await client.call('accounts.changeSettings', { accountId, isTrashEnabled: false })
    const sent = server.asked.find(({ method, url }) => method === 'POST' && url === '/v2/account/settings')
    expect(sent?.headers['content-type']).toBe('application/json')
    expect(JSON.parse(sent?.body ?? '')).toEqual({ trash_enabled: false })
  })

  it('has no settings any more for the session once the service answers invalid_scope to a change', async () => {
    const { backend, client, accountId } = await open((method) =>
      method === 'POST'
        ? { status: 401, body: { status: 'ERROR', error_type: 'invalid_scope' } }
        : { body: { status: 'OK', settings: { trash_enabled: true } } },
    )
    const off = backend.next('accounts.changed', (accounts) =>
      accounts.some(({ id, capabilities }) => id === accountId && !capabilities.hasAccountSettings),
    )
    const changed = client.call('accounts.changeSettings', { accountId, isTrashEnabled: false })
    await expect(changed).rejects.toMatchObject({ code: 'refused' })
    expect((await off).find(({ id }) => id === accountId)?.state).toBe('signed-in')
  })

  it('keeps the trash that was switched on again, when an answer from before that comes last', async () => {
    let isOn = true
    let isHeld = false
    const held = Promise.withResolvers<() => void>()
    const server = createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      if (request.method === 'POST' && request.url === '/v2/account/settings') isOn = JSON.parse(body).trash_enabled
      const answer = JSON.stringify({
        ...{ status: 'OK', transfers: [], files: [], friends: [], cursor: null, result: true },
        info: { ...info, settings: { trash_enabled: isOn } },
      })
      const send = () => response.writeHead(200, { 'content-type': 'application/json' }).end(answer)
      if (!isHeld || !request.url?.startsWith('/v2/account/info')) return send()
      isHeld = false
      held.resolve(send)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    toStop.push(async () => server.close().closeAllConnections())
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    const backend = backendOf()
    const { client } = backend
    const accountId = await signIn(backend, `http://127.0.0.1:${port}`, 'a-token-of-twenty-letters')
    isHeld = true
    const off = client.call('accounts.changeSettings', { accountId, isTrashEnabled: false })
    const sendLate = await held.promise
    await client.call('accounts.changeSettings', { accountId, isTrashEnabled: true })
    sendLate()
    await off
    expect(namesOf((await client.call('trash.list', { accountId })).items)).toEqual([])
  })
})
