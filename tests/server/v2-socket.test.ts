import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { apiV2 } from '../support/api-v2.ts'
import { type Service, startService, until } from '../support/service.ts'
import { problemsOf, transferShape } from '../support/v2-shapes.ts'
import { file, startWeb } from '../support/web.ts'

let service: Service
let call: ReturnType<typeof apiV2>
beforeAll(async () => {
  service = await startService({ user: 'ann', diskQuota: 1_000_000 })
  call = apiV2(service)
})
afterAll(() => service.stop())

const socketUrl = () => `${service.url.replace('http', 'ws')}/socket/sockjs/websocket`

/** Connects and sends the first message. Messages and the code of the end are collected. */
async function connect(first: string, headers: Record<string, string> = {}) {
  const socket = new WebSocket(socketUrl(), { headers })
  const heard: { type: string; value: Record<string, unknown> }[] = []
  socket.on('message', (data) => heard.push(JSON.parse(`${data}`)))
  const ended = new Promise<number>((resolve) => socket.on('close', resolve))
  await new Promise((resolve, reject) => {
    socket.on('open', resolve)
    socket.on('error', reject)
  })
  socket.send(first)
  return { socket, heard, ended }
}

it('announces what happens to items, also by another client of API v1', async () => {
  const { socket, heard } = await connect(service.token)
  // A list, as SockJS clients send it.
  const other = await connect(`["${service.token}"]`)
  await new Promise((resolve) => setTimeout(resolve, 100))
  const { body } = await call('POST', '/v2/files/create-folder', { name: 'Films', parent_id: 0 })
  const { id } = Object(body.file)
  await until(
    async () => heard,
    (all) => all.some(({ type }) => type === 'file_create'),
  )
  expect(heard.find(({ type }) => type === 'file_create')?.value).toMatchObject({ id, name: 'Films', parent_id: 0 })
  await service.ask('files.rename', { id, name: 'Movies' })
  await until(
    async () => heard,
    (all) => all.some(({ type }) => type === 'file_update'),
  )
  await call('POST', '/v2/files/delete', { file_ids: id })
  await until(
    async () => [heard, other.heard],
    (both) => both.every((all) => all.some(({ type }) => type === 'file_delete')),
  )
  expect(other.heard.filter(({ type }) => type.startsWith('file_')).map(({ type }) => type)).toEqual([
    'file_create',
    'file_update',
    'file_delete',
  ])
  for (const one of [socket, other.socket]) one.close()
})

it('announces a transfer from its beginning to its end', async () => {
  const { socket, heard } = await connect(service.token)
  await service.ask('transfers.add', { links: ['http://127.0.0.1:1/nothing.bin'] })
  await until(
    async () => heard,
    (all) => all.some(({ type }) => type === 'transfer_create'),
  )
  const { rows } = await service.ask('transfers.list')
  for (const { id } of rows) await service.ask('transfers.cancel', { id })
  await until(
    async () => heard,
    (all) => all.some(({ type }) => type === 'transfer_delete'),
  )
  socket.close()
})

it('announces a transfer that has finished as one of the list, and not as one that is gone', async () => {
  const web = await startWeb()
  web.on('/a.txt', file(Buffer.from('a')))
  const { socket, heard } = await connect(service.token)
  await call('POST', '/v2/transfers/add', { url: web.url('/a.txt') })
  const isDone = ({ type, value }: (typeof heard)[number]) => type === 'transfer_update' && value.status === 'COMPLETED'
  await until(
    async () => heard,
    (all) => all.some(isDone),
  )
  const transfers = heard.filter(({ type }) => /^transfer_(?:create|update)$/.test(type))
  expect(transfers.flatMap(({ value }) => problemsOf(value, transferShape))).toEqual([])
  expect(heard.map(({ type }) => type)).not.toContain('transfer_delete')
  socket.close()
  await web.stop()
})

it('ends the connection of a sign-in that is revoked', async () => {
  const asked = await call('GET', '/v2/oauth2/oob/code', { app_id: 1, client_name: 'A television' })
  const code = `${asked.body.code}`
  await call('POST', '/v2/oauth2/oob/code', { code })
  const { oauth_token: token } = (await call('GET', `/v2/oauth2/oob/code/${code}`)).body
  const { ended } = await connect(`${token}`)
  await new Promise((resolve) => setTimeout(resolve, 100))
  const { apps } = (await call('GET', '/v2/oauth/grants/')).body
  for (const { id } of Array.isArray(apps) ? apps : []) await call('POST', `/v2/oauth/grants/${id}/delete`)
  expect(await ended).toBe(4001)
})

it.each([
  ['a wrong token', 'f'.repeat(40)],
  ['an empty message', ''],
  ['a message that is no token', '{"token":1}'],
])('ends a connection with %s by the code that means not to try again', async (_what, first) => {
  const { ended } = await connect(first)
  expect(await ended).toBe(4001)
})

it('ends a connection whose first message is too long', async () => {
  const { ended } = await connect('x'.repeat(10_000))
  expect(await ended).toBe(1009)
})

it('does not let a page of a browser connect', async () => {
  const socket = new WebSocket(socketUrl(), { headers: { origin: 'https://evil.example' } })
  const error = await new Promise<Error>((resolve) => socket.on('error', resolve))
  expect(error.message).toContain('403')
})

it('answers a request that offers another protocol as usual', async () => {
  const { request } = await import('node:http')
  const status = await new Promise((resolve, reject) => {
    const asked = request(`${service.url}/health`, {
      headers: { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAARAAAAAAAIAAAAA' },
    })
    asked.on('response', (response) => resolve(response.statusCode))
    asked.on('error', reject)
    asked.end()
  })
  expect(status).toBe(200)
})
