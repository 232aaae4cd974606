import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { namesOf } from '../../shared/item-kinds.ts'
import { listItems, openBackend, type TestBackend } from '../support/backend.ts'
import { has } from '../support/facilities.ts'

// A server that echoes what it was sent wherever it can: none of it may reach the window, the log or a file.

const apiKey = 'key-0123456789'
const apiSecret = 'open/sesame+secret 77'
const token = 'bebe56e6b3455440f90bf9dec14b7c6be814c7c0'
let server: Server
let backend: TestBackend
let address: string
/** The stream URL that the server returns. */
let streamUrl: string
let refusal: string | null

beforeEach(async () => {
  refusal = null
  server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body = Buffer.concat(parts).toString()
      const echo = `${body} ${decodeURIComponent(body.replaceAll('+', ' '))}`
      const way = `${new URL(request.url ?? '/', address).pathname}.${/method=(\w+)/.exec(request.url ?? '')?.[1] ?? ''}`
      const item = {
        id: 4,
        name: `film ${echo}`,
        parent_id: 0,
        type: 'movie',
        is_dir: false,
        size: 9,
        stream_url: streamUrl,
      }
      const user = { name: `me ${echo}`, disk_quota: 9, disk_quota_available: 9, bw_quota: 9, bw_quota_available: 9 }
      const transfer = { id: 7, name: `film ${echo}`, status: `Error ${echo}`, percent_done: 1 }
      const results: Record<string, unknown> = {
        '/v1/user.info': [user],
        '/v1/user.acctoken': { token },
        '/v1/user.friends': [{ id: 1, name: echo, dir_id: 2 }],
        '/v1/files.list': [item],
        '/v1/files.info': [item],
        '/v1/transfers.list': [transfer],
        '/v1/messages.list': [],
      }
      const answer =
        refusal !== null && way !== '/v1/user.info'
          ? { error: true, error_message: `${refusal} ${echo}`, user_name: 'me', id: 1, response: { results: [] } }
          : { error: false, user_name: 'me', id: 1, response: { results: results[way] ?? [] } }
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(answer))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  address = `http://127.0.0.1:${bound !== null && typeof bound === 'object' ? bound.port : 0}`
  streamUrl = `${address}/stream/4`
  backend = openBackend()
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await backend.close()
  server.closeAllConnections()
  server.close()
})

const secretsIn = /sesame|key-0123456789|bebe56/i
const signIn = () =>
  backend.client.call('accounts.addServer', {
    accountId: null,
    address,
    apiKey,
    apiSecret,
    isKept: false,
    mayBePlain: false,
  })

it('keeps secrets out of the window, the log and files when a server echoes them', async () => {
  const { client, dataFolder, log, next } = backend
  const seen: unknown[] = []
  for (const name of ['accounts.changed', 'quota.changed', 'transfers.changed', 'notices.changed'] as const)
    client.on(name, (data) => seen.push(data))
  const listed = next('transfers.changed', ({ upserted }) => upserted.length > 0)
  const accountId = await signIn()
  await listed
  await client.call('sync', {})
  const columns = await listItems(client, accountId, 0)
  seen.push(namesOf(columns), await client.call('friends.list', { accountId }))
  refusal = 'No:'
  seen.push(await listItems(client, accountId, 0).catch((error: Error) => error.message))
  refusal = `http://s01.put.io/stream-file/1/2/atk//${token}`
  seen.push(await listItems(client, accountId, 0).catch((error: Error) => error.message))
  await backend.backend.close()
  expect(JSON.stringify(seen)).toContain('•••')
  expect(JSON.stringify(seen)).not.toMatch(secretsIn)
  expect(log.join('\n')).not.toMatch(secretsIn)
  for (const name of readdirSync(dataFolder).filter((name) => statSync(join(dataFolder, name)).isFile()))
    expect([name, readFileSync(join(dataFolder, name), 'utf8')]).toEqual([name, expect.not.stringMatching(secretsIn)])
})

it.runIf(has('shell scripts'))(
  'asks once before the token goes to another host, names it, and remembers the answer for that host alone',
  async () => {
    const { client, dataFolder } = backend
    const accountId = await signIn()
    writeFileSync(join(dataFolder, 'mpv'), '#!/bin/sh\n', { mode: 0o755 })
    vi.stubEnv('PATH', dataFolder)
    const play = () =>
      client
        .call('play.items', {
          accountId,
          itemIds: [4],
          folderId: null,
          playerId: 'mpv',
          start: 'ask',
        })
        .catch((error: unknown) => error)
    const isAsked = (host: string) => ({ code: 'untrusted-host', message: expect.stringContaining(host) })

    const trust = (origin: string) =>
      client.call('accounts.trust', { accountId, origin }).catch((error: unknown) => error)
    streamUrl = 'http://cdn.example:81/stream/4'
    // The user has not been asked yet: an answer without a question does not count.
    expect(await trust('http://cdn.example:81')).toMatchObject({ code: 'refused' })
    expect(await play()).toMatchObject(isAsked('cdn.example:81'))
    // The server names another host after the question: the answer was not about that one.
    streamUrl = 'http://other.example/stream/4'
    await trust('http://cdn.example:81')
    expect(await play()).toMatchObject(isAsked('other.example'))
    streamUrl = 'http://cdn.example:81/stream/4'
    expect(await play()).not.toMatchObject({ code: 'untrusted-host' })
    streamUrl = `${address}/stream/4`
    expect(await play()).not.toMatchObject({ code: 'untrusted-host' })
    for (const url of ['file:///etc/passwd', 'javascript:1', 'no address'] as const) {
      streamUrl = url
      expect(await play()).toMatchObject({ code: 'refused' })
    }
    const kept = JSON.parse(readFileSync(join(dataFolder, 'settings.json'), 'utf8'))
    expect(kept.accounts).toMatchObject([{ id: accountId, streamOrigins: ['http://cdn.example:81'] }])
  },
)
