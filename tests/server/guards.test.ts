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

/** Makes a request with headers that `fetch` does not allow. */
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

describe('requests from a web page', () => {
  it.each([
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-origin' },
  ])('are refused with the header %j, even with valid credentials', async (headers) => {
    const answer = await get(info, headers)
    expect([
      answer.status,
      answer.body.includes('test'),
      (await get('/images/file_types/file.png', headers)).status,
    ]).toEqual([403, false, 403])
  })

  it('are allowed for media with a valid token', async () => {
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

  it('are allowed when the user opened the URL in the address bar', async () => {
    expect((await get(info, { 'sec-fetch-site': 'none' })).status).toBe(200)
  })
})

describe('the Host header', () => {
  it.each([
    'evil.example',
    'evil.example:80',
    '127.0.0.1',
    '127.0.0.1:1',
    '0.0.0.0',
    'api.put.io.evil.example',
    'xput.io',
  ])('is refused as %s', async (host) => {
    expect((await get(info, { host })).status).toBe(403)
  })

  it('is accepted with our own names and port, and with the names of Put.io', async () => {
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

describe('repeated wrong credentials', () => {
  it('are told to pause after twenty attempts, while right ones always get in', async () => {
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

  it('are slowed down when they are password guesses, eight of which wait at most', async () => {
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

  it('are counted for a minute, for each address, and for a limited number of addresses', () => {
    let nowMs = 0
    const attempts = createAttempts(() => nowMs)
    const fail = (times: number, caller: string) => Array.from({ length: times }, () => attempts.fail(caller)).at(-1)
    const during = [fail(20, 'a'), fail(1, 'a'), fail(1, 'b')]
    nowMs = 60_000
    expect([...during, fail(1, 'a')]).toEqual([0, 60_000, 0, 0])
    for (let n = 0; n < 30_000; n++) attempts.fail(`${n}`)
    expect(fail(20, 'a')).toBe(0)
  })

  it('are counted together for all addresses of one IPv6 network', () => {
    expect(['192.0.2.7', '2001:db8::1', '2001:db8:0:0:ffff::9', '::1'].map(callerAt)).toEqual([
      '192.0.2.7',
      '2001:db8:0:0',
      '2001:db8:0:0',
      '0:0:0:0',
    ])
  })
})

describe('outgoing connections (S13)', () => {
  it('never reach this computer unless it is allowed, whatever the spelling or redirect', async () => {
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
