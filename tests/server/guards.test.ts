import { request as httpRequest } from 'node:http'
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callerAt, createAttempts } from '../../server/api/attempts.ts'
import { redact } from '../../server/log/log.ts'
import { ask, type Service, startService, until } from '../support/service.ts'
import { file, redirect, startWeb, type Web } from '../support/web.ts'

let service: Service
let web: Web
beforeAll(async () => {
  web = await startWeb()
  service = await startService()
})
afterAll(async () => {
  await service.stop()
  await web.stop()
})

/** Asks with headers that `fetch` would not let a program set. */
function get(path: string, headers: Record<string, string>): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${service.url}${path}`, { headers }, (response) => {
      let body = ''
      response.on('data', (chunk) => {
        body += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
    request.on('error', reject)
    request.end()
  })
}
const info = '/v1/user?method=info&request={"api_key":"test-key","api_secret":"test-secret"}'

describe('requests that a page in a browser made', () => {
  it.each([
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-origin' },
  ])('%j: refused, with right credentials too', async (headers) => {
    const answer = await get(info, headers)
    expect([
      answer.status,
      answer.body.includes('test'),
      (await get('/images/file_types/file.png', headers)).status,
    ]).toEqual([403, false, 403])
  })

  it('but for media with a valid token', async () => {
    web.on('/a.mp4', file(Buffer.from('film')))
    await service.ask('transfers.add', { links: [web.url('/a.mp4')] })
    const [item] = (
      await until(
        () => service.ask('files.list'),
        ({ rows }) => rows.length > 0,
      )
    ).rows
    const token = /[0-9a-f]{40}/.exec(JSON.stringify((await service.ask('user.acctoken')).results))?.[0]
    const headers = { origin: 'http://evil.example' }
    expect((await get(`/stream-file/1/${String(item?.id)}/atk/${token}`, headers)).body).toBe('film')
    expect((await get(`/download-file/1/${String(item?.id)}`, headers)).status).toBe(403)
  })

  it('opened by the person in the address bar: fine', async () => {
    expect((await get(info, { 'sec-fetch-site': 'none' })).status).toBe(200)
  })
})

describe('the host a request is for', () => {
  it.each([
    'evil.example',
    'evil.example:80',
    '127.0.0.1',
    '127.0.0.1:1',
    '0.0.0.0',
    'api.put.io.evil.example',
    'xput.io',
  ])('%s: refused', async (host) => {
    expect((await get(info, { host })).status).toBe(403)
  })

  it('our own names with our port, and those of Put.io: fine', async () => {
    const hosts = [
      `127.0.0.1:${service.port}`,
      `localhost:${service.port}`,
      `[::1]:${service.port}`,
      'api.put.io',
      'put.io:80',
      's01.put.io',
    ]
    const statuses = await Promise.all(hosts.map(async (host) => (await get(info, { host })).status))
    expect(statuses).toEqual(hosts.map(() => 200))
  })

  it('listens on 127.0.0.1 alone', async () => {
    await expect(fetch(`http://[::1]:${service.port}${info}`)).rejects.toThrow()
  })
})

describe('wrong credentials again and again', () => {
  it('after twenty only wrong ones are told to pause: right ones always get in', async () => {
    const own = await startService({ key: 'own', user: 'me', password: 'pass word' })
    const wrong = { api_key: 'own', api_secret: 'wrong', params: {} }
    for (let n = 0; n < 20; n++) expect((await ask(own.url, 'user.info', wrong)).status).toBe(200)
    expect(await ask(own.url, 'user.info', { ...wrong, api_key: 'another' })).toMatchObject({
      status: 429,
      error: true,
      message: expect.stringMatching(/^Too many wrong keys or secrets\. Please try again in \d+ seconds\.$/),
    })
    expect((await own.ask('user.info')).status).toBe(200)
    const token = /[0-9a-f]{40}/.exec(JSON.stringify((await own.ask('user.acctoken')).results))?.[0]
    const media = `${own.url}/download-file/1/7`
    const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
    const statuses = [
      await fetch(`${media}/atk/${'0'.repeat(40)}`),
      await fetch(`${media}/atk/${token}`),
      await fetch(media, { headers: basic('me:wrong') }),
      await fetch(media, { headers: basic('me:pass word') }),
    ].map(({ status }) => status)
    expect(statuses).toEqual([429, 404, 429, 404])
    await own.stop()
  })

  it('guesses of passwords are slowed down, and only so many wait', async () => {
    const own = await startService({ user: 'me', password: 'pass' })
    const guess = () =>
      fetch(`${own.url}/download-file/1/7`, { headers: { authorization: `Basic ${btoa('me:wrong')}` } })
    for (let n = 0; n < 20; n++) expect((await guess()).status).toBe(401)
    const startedMs = performance.now()
    const many = await Promise.all(Array.from({ length: 12 }, async () => [(await guess()).status, performance.now()]))
    const late = many.filter(([, atMs = 0]) => atMs - startedMs > 900)
    expect([many.map(([status]) => status), late.length]).toEqual([many.map(() => 429), 8])
    await own.stop()
  })

  it('the pause ends after a minute, holds for one address, and is kept for so many', () => {
    let nowMs = 0
    const attempts = createAttempts(() => nowMs)
    const fail = (times: number, caller: string) => Array.from({ length: times }, () => attempts.fail(caller)).at(-1)
    const during = [fail(20, 'a'), fail(1, 'a'), fail(1, 'b')]
    nowMs = 60_000
    expect([...during, fail(1, 'a')]).toEqual([0, 60_000, 0, 0])
    for (let n = 0; n < 30_000; n++) attempts.fail(`${n}`)
    expect(fail(20, 'a')).toBe(0)
  })

  it('all addresses of one IPv6 network count as one', () => {
    expect(['192.0.2.7', '2001:db8::1', '2001:db8:0:0:ffff::9', '::1'].map(callerAt)).toEqual([
      '192.0.2.7',
      '2001:db8:0:0',
      '2001:db8:0:0',
      '0:0:0:0',
    ])
  })
})

describe('the way out (S13)', () => {
  it('makes no connection to this computer unless it is allowed, by whatever spelling or redirect', async () => {
    let connections = 0
    const inner = createServer((socket) => {
      connections++
      socket.destroy()
    })
    await new Promise<void>((resolve) => inner.listen(0, '0.0.0.0', resolve))
    const address = inner.address()
    const port = address !== null && typeof address !== 'string' ? address.port : 0
    const hosts = [
      'localhost',
      '0.0.0.0',
      '2130706434',
      '0x7f.0.0.2',
      '0177.0.0.2',
      '127.2',
      '[::1]',
      '[::ffff:127.0.0.2]',
      '[::ffff:7f00:2]',
      'localhost.',
    ]
    for (const [n, host] of hosts.entries()) web.on(`/to${n}`, redirect(`http://${host}:${port}/`))
    const links = hosts.flatMap((host, n) => [`http://${host}:${port}/x`, web.url(`/to${n}`)])
    const { results } = await service.ask('urls.analyze', { links })
    await service.ask('transfers.add', { links })
    const { rows } = await until(
      () => service.ask('transfers.list'),
      (answer) => answer.rows.every(({ status }) => status === 'Error'),
    )
    expect([rows.length, connections, JSON.stringify(results).includes('"singleurl":[]')]).toEqual([
      links.length,
      0,
      true,
    ])
    await new Promise((resolve) => inner.close(resolve))
  })
})

describe('the log', () => {
  it('holds no query, token, user name in a link, key or secret', () => {
    const text = [
      'GET /v1/user?method=info&request={"api_key":"CANARY1"} failed',
      'http://me:CANARY2@host/path and /stream-file/1/2/atk/CANARY3',
      '{"api_secret": "CANARY4", "token":"CANARY5"} password=CANARY6',
    ].join('\n')
    expect(redact(text)).not.toContain('CANARY')
  })
})
