import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readOptions } from '../../server/options.ts'
import { has } from '../support/facilities.ts'
import { rawPost, sendRaw } from '../support/raw-http.ts'
import { ask, type Service, startService, until } from '../support/service.ts'
import { servicesForTests } from '../support/services.ts'
import { file, startWeb, type Web } from '../support/web.ts'

const run = promisify(execFile)
const long = 'k'.repeat(20)
const film = randomBytes(50_000)
const { start } = servicesForTests()
let web: Web
/** Shared by all tests that only need the defaults. */
let plain: Service
beforeAll(async () => {
  web = await startWeb()
  web.on('/film.mkv', file(film))
  plain = await withFilm(await startService({ key: long, secret: long, password: 'pass', user: 'me' }))
})
afterAll(async () => {
  await plain.stop()
  await web.stop()
})

/** A service with a film, started with these flags. */
async function open(...flags: string[]): Promise<Service> {
  return withFilm(await start({ key: long, secret: long, password: 'pass', user: 'me', flags }))
}

async function withFilm(service: Service): Promise<Service> {
  await ask(reachable(service), 'transfers.add', { ...signed, params: { links: [web.url('/film.mkv')] } })
  await until(
    () => ask(reachable(service), 'files.list', signed),
    ({ rows }) => rows.length > 0,
  )
  return service
}

const signed = { api_key: long, api_secret: long, params: {} }
const reachable = ({ url }: Service) => url.replace(/0\.0\.0\.0|\[::\]/, '127.0.0.1')
const list = `/v1/files?method=list&request=${encodeURIComponent(JSON.stringify(signed))}`

/** Makes a request at an address of this computer, with headers that `fetch` does not allow. */
function get(
  service: Service,
  headers: Record<string, string>,
  { path = list, method = 'GET', address = '127.0.0.1' } = {},
): Promise<{ status: number; headers: Record<string, unknown>; body: string }> {
  const { port } = service
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: address, port, path, method, headers, setHost: headers.host === undefined })
    request.on('error', reject).on('response', (response) => {
      let body = ''
      response.on('data', (chunk) => {
        body += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
    request.end()
  })
}

/** The origin of the links in an answer, which is the same for all of them; or the status of the answer. */
async function baseOf(...asked: Parameters<typeof get>): Promise<string | number> {
  const { status, body } = await get(...asked)
  if (status !== 200) return status
  const [item]: Record<string, unknown>[] = JSON.parse(body).response.results
  const links = ['stream_url', 'download_url', 'file_icon_url', 'zip_url']
    .flatMap((name) => item?.[name] ?? [])
    .map((link) => new URL(String(link)).origin)
  expect(new Set(links).size).toBe(1)
  return `${links[0]}`
}

describe('links in answers', () => {
  it('name the host and port of the request', async () => {
    const service = await open('--listen', '0.0.0.0')
    const own = `:${service.port}`
    const bases = {
      [`127.0.0.1${own}`]: `http://127.0.0.1${own}`,
      // A port published by a container.
      '192.0.2.7:9000': 'http://192.0.2.7:9000',
      'localhost:9000': 'http://localhost:9000',
      '192.0.2.7': 'http://192.0.2.7',
      '[2001:DB8::7]:9000': 'http://[2001:db8::7]:9000',
      'api.put.io': 'http://api.put.io',
      'put.io': 'http://put.io',
      'API.PUT.IO.:8088': 'http://api.put.io:8088',
      's01.put.io:80': 'http://s01.put.io',
      [`0.0.0.0${own}`]: `http://127.0.0.1${own}`,
    }
    for (const [host, base] of Object.entries(bases))
      expect([host, await baseOf(service, { host })]).toEqual([host, base])
  })

  it('name the host of the target when it is absolute, as in a request to a proxy', async () => {
    const asked = [
      ['api.put.io', `http://API.put.io${list}`, 'http://api.put.io'],
      [`127.0.0.1:${plain.port}`, `http://put.io:8080${list}`, 'http://put.io:8080'],
      ['api.put.io', `http://me:pass@put.io${list}`, 'http://put.io'],
      ['api.put.io', `http://evil.example${list}`, 403],
      ['api.put.io', `http://put.io@evil.example${list}`, 403],
    ] as const
    for (const [host, path, base] of asked)
      expect([path, await baseOf(plain, { host }, { path })]).toEqual([path, base])
  })

  it('name the address of the connection when an HTTP/1.0 client names no host', async () => {
    const { body } = await sendRaw(plain.port, `GET ${list} HTTP/1.0\r\n\r\n`)
    expect(JSON.parse(body).response.results[0].download_url).toBe(`${plain.url}/download-file/1/1`)
  })

  it('name the host given by --host-name', async () => {
    const names = ['NAS.local:8080', 'other', '[2001:db8::1]:81', 'https://films.example']
    const service = await open('--listen', '0.0.0.0', ...names.flatMap((name) => ['--host-name', name]))
    const bases = {
      'nas.local:8080': 'http://nas.local:8080',
      'nas.local.': 'http://nas.local:8080',
      'other:9000': 'http://other:9000',
      OTHER: 'http://other',
      '[2001:db8::1]:81': 'http://[2001:db8::1]:81',
      'films.example': 'https://films.example',
      'api.put.io': 'http://nas.local:8080',
      [`127.0.0.1:${service.port}`]: 'http://nas.local:8080',
      'another.local': 403,
      'nas.local.evil.example': 403,
    }
    for (const [host, base] of Object.entries(bases))
      expect([host, await baseOf(service, { host })]).toEqual([host, base])
  })

  it('name the host in the example settings for a home server', async () => {
    const example = join(import.meta.dirname, '../../examples/putdesk.json')
    const service = await start({
      flags: ['--config', example, '--listen', '0.0.0.0', '--listen-peers', '127.0.0.1:0'],
    })
    const { users } = JSON.parse(await readFile(example, 'utf8'))
    const request = { api_key: users[0].key, api_secret: users[0].secret, params: {} }
    const path = `/v1/files?method=list&request=${encodeURIComponent(JSON.stringify(request))}`
    expect(await baseOf(service, { host: 'nas.local:8080' }, { path })).toBe('http://nas.local:8080')
  })

  it('name the host that a reverse proxy forwards, but only with --proxy', async () => {
    const forwarded = { 'x-forwarded-host': 'nas.local', 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.1' }
    const direct = await open('--host-name', 'nas.local')
    const proxied = await open('--host-name', 'nas.local', '--proxy', '127.0.0.0/8')
    const host = `127.0.0.1:${direct.port}`
    expect(await baseOf(direct, { host, ...forwarded })).toBe(`http://nas.local:${direct.port}`)
    expect(await baseOf(proxied, { host, ...forwarded })).toBe('https://nas.local')
    expect(await baseOf(proxied, { host, ...forwarded, 'x-forwarded-port': '8443' })).toBe('https://nas.local:8443')
    expect(await baseOf(proxied, { host, ...forwarded, 'x-forwarded-host': 'evil.example' })).toBe(403)
  })

  it('are not refused to one client for the wrong attempts of another behind the same proxy', async () => {
    const service = await open('--proxy', '127.0.0.1')
    const path = '/v1/user?method=info'
    const from = async (address: string) => (await get(service, { 'x-forwarded-for': address }, { path })).status
    for (let n = 0; n < 21; n++) await from('192.0.2.1')
    expect([await from('192.0.2.1'), await from('192.0.2.2'), await from(`192.0.2.1, 192.0.2.3`)]).toEqual([
      429, 200, 200,
    ])
  })
})

describe('address options', () => {
  it.each(['127.0.0.1', '127.0.0.4', '0.0.0.0', '::1', '::'])(
    'accept %s to listen at, and the service prints a URL that works',
    async (address) => {
      const service = await start({ key: long, secret: long, flags: ['--listen', address] })
      expect((await service.ask('user.info')).status).toBe(200)
      const { host } = new URL(service.url)
      expect((await get(service, { host }, { path: '/health', address })).status).toBe(200)
    },
  )

  const optionsWith = (...flags: string[]) => readOptions(['--data', '/d', '--key', 'k', '--secret', 's', ...flags])

  it.each(['nas local', 'nas.local:port', 'nas.local/films', 'ftp://nas.local', '', '*', 'nas.local:8080:1', '"><nas'])(
    'refuse the host name %j with a sentence',
    (name) => {
      expect(() => optionsWith('--host-name', name)).toThrow(
        `--host-name must be a name such as nas.local or nas.local:8080, not “${name}”.`,
      )
    },
  )

  it.each(['here', '10.0.0.0/33', '10.0.0.0/8/8', '::1/129'])('refuse the proxy %j with a sentence', (address) => {
    expect(() => optionsWith('--proxy', address)).toThrow(/^--proxy must be an address/)
  })

  it.each(['*', 'null', 'http://a/b', 'nas.local', 'https://', 'https://a b'])(
    'refuse the origin %j with a sentence',
    (name) => {
      expect(() => optionsWith('--allow-origin', name)).toThrow(/^--allow-origin must be one origin such as/)
    },
  )
})

describe('a browser extension', () => {
  const origin = 'chrome-extension://abcdefghijklmnopabcdefghijklmnop'
  const firefox = 'moz-extension://d9f0a8e2-35a4-4c1f-9d59-5b6a3c1a2b3c'

  let strict: Service
  beforeAll(async () => {
    strict = await startService({ flags: ['--allow-origin', origin] })
  })
  afterAll(() => strict.stop())

  it('gets answers, including to its preflight requests, when its origin is allowed', async () => {
    const service = await open('--allow-origin', origin, '--allow-origin', firefox)
    for (const allowed of [origin, firefox]) {
      const answer = await get(service, { origin: allowed, 'sec-fetch-site': 'cross-site' })
      expect([answer.status, answer.headers['access-control-allow-origin'], answer.headers.vary]).toEqual([
        200,
        allowed,
        'Origin',
      ])
    }
    const preflight = await get(
      service,
      {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,x-prototype-version',
        'access-control-request-private-network': 'true',
      },
      { method: 'OPTIONS' },
    )
    expect([preflight.status, preflight.body, preflight.headers]).toEqual([
      204,
      '',
      expect.objectContaining({
        'access-control-allow-origin': origin,
        'access-control-allow-methods': 'GET, HEAD, POST',
        'access-control-allow-headers': 'content-type,x-prototype-version',
        'access-control-allow-private-network': 'true',
      }),
    ])
  })

  it.each([
    'chrome-extension://another',
    `${origin}.evil.example`,
    `${origin}/`,
    'null',
    '*',
    'http://put.io',
    origin.toUpperCase(),
  ])('is refused, without a CORS header, when its origin is %s', async (other) => {
    const statuses = await Promise.all([
      get(strict, { origin: other }),
      get(strict, { origin: other, 'access-control-request-method': 'POST' }, { method: 'OPTIONS' }),
      get(strict, { 'sec-fetch-site': 'cross-site' }),
    ])
    expect(statuses.map(({ status, headers }) => [status, headers['access-control-allow-origin']])).toEqual([
      [403, undefined],
      [403, undefined],
      [403, undefined],
    ])
  })

  it('is refused by default', async () => {
    expect((await get(plain, { origin })).status).toBe(403)
  })
})

describe('programs that only know put.io, redirected by http_proxy', () => {
  const request = `request=${encodeURIComponent(JSON.stringify(signed))}`
  const programs: [name: string, run: (url: string) => [string, string[]]][] = [
    ['curl', (url) => ['curl', ['-sS', '--fail', '-d', request, url]]],
    ['wget', (url) => ['wget', ['-q', '-O', '-', `--post-data=${request}`, url]]],
    [
      'Python',
      (url) => [
        'python3',
        [
          '-c',
          'import sys, urllib.request as u; sys.stdout.buffer.write(u.urlopen(sys.argv[1], sys.argv[2].encode()).read())',
          url,
          request,
        ],
      ],
    ],
    [
      'Perl',
      (url) => [
        'perl',
        [
          '-MHTTP::Tiny',
          '-e',
          'my $a = HTTP::Tiny->new->request("POST", $ARGV[0], { content => $ARGV[1], headers => { "Content-Type" => "application/x-www-form-urlencoded" } }); die $a->{content} unless $a->{success}; binmode STDOUT; print $a->{content}',
          url,
          request,
        ],
      ],
    ],
  ]

  it.runIf(has('programs of Unix')).each(programs)(
    '%s lists the files, and downloads one by the link in the answer',
    async (_name, command) => {
      const env = { PATH: process.env.PATH, http_proxy: plain.url, no_proxy: '' }
      const fetched = async (url: string) => {
        const [program, argv] = command(url)
        return (await run(program, argv, { env, encoding: 'buffer' })).stdout
      }
      const { response } = JSON.parse((await fetched('http://api.put.io/v1/files?method=list')).toString())
      const [{ download_url: url }] = response.results
      expect(url).toBe('http://api.put.io/download-file/1/1')
      const token = /[0-9a-f]{40}/.exec(JSON.stringify((await plain.ask('user.acctoken')).results))?.[0]
      const got = await run('curl', ['-sS', '--fail', `${url}/atk/${token}`], { env, encoding: 'buffer' })
      expect(got.stdout.equals(film)).toBe(true)
    },
  )

  it.runIf(has('programs of Unix'))('refuses a tunnel for HTTPS with 405', async () => {
    const env = { PATH: process.env.PATH, https_proxy: plain.url }
    await expect(run('curl', ['-sS', 'https://api.put.io/'], { env })).rejects.toThrow(/405/)
  })
})

describe('unusual requests', () => {
  it('are answered when the client half-closes its connection after sending one', async () => {
    const analyze = { ...signed, params: { links: [web.url('/film.mkv')] } }
    const request = rawPost('/v1/urls?method=analyze', `request=${JSON.stringify(analyze)}`)
    expect((await sendRaw(plain.port, request)).body).toContain('film.mkv')
  })

  it.each([
    ['two hosts', 'Host: api.put.io\r\nHost: evil.example\r\n', 400],
    ['two hosts that are the same', 'Host: api.put.io\r\nhost: api.put.io\r\n', 400],
    ['no host', '', 400],
    ['an empty host', 'Host: \r\n', 403],
    ['a host with a path', 'Host: api.put.io/x\r\n', 403],
    ['a host with markup', 'Host: "><b>.put.io\r\n', 403],
    ['a user name in the host', 'Host: put.io@evil.example\r\n', 403],
    ['a length and chunks', 'Host: api.put.io\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n', 400],
    ['two lengths', 'Host: api.put.io\r\nContent-Length: 3\r\nContent-Length: 4\r\n', 400],
    ['a transfer coding after chunked', 'Host: api.put.io\r\nTransfer-Encoding: chunked, gzip\r\n', 400],
    ['a space before the colon', 'Host: api.put.io\r\nContent-Length : 3\r\n', 400],
    ['a folded header', 'Host: api.put.io\r\nX-A: 1\r\n Content-Length: 3\r\n', 400],
    ['headers without end', `Host: api.put.io\r\nX-A: ${'a'.repeat(70_000)}\r\n`, 431],
    ['a request to upgrade', 'Host: api.put.io\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n', 200],
    ['an unknown expectation', 'Host: api.put.io\r\nExpect: the-moon\r\n', 417],
  ])('with %s smuggle in no other request behind them', async (_what, headers, status) => {
    const inner = 'GET /health HTTP/1.1\r\nHost: api.put.io\r\nConnection: close\r\n\r\n'
    const answer = await sendRaw(
      plain.port,
      `POST /v1/user?method=info HTTP/1.1\r\n${headers}Connection: close\r\n\r\n${inner}`,
    )
    expect([answer.status, answer.all.includes('"status":"ok"')]).toEqual([status, false])
  })

  it('are refused with a sentence when their body is compressed', async () => {
    const answer = await sendRaw(plain.port, rawPost('/v1/user?method=info', 'x', ['Content-Encoding: gzip']))
    expect([answer.status, JSON.parse(answer.body).error_message]).toEqual([
      415,
      'This service reads requests only as they are, without compression.',
    ])
  })

  it('do not have their body taken for the next request when they are refused', async () => {
    const inner = 'GET /health HTTP/1.1\r\nHost: api.put.io\r\nConnection: close\r\n\r\n'
    const head = `POST /nothing HTTP/1.1\r\nHost: api.put.io\r\nContent-Length: ${inner.length}\r\n\r\n`
    const answer = await sendRaw(plain.port, head + inner)
    expect([answer.status, answer.all.split('HTTP/1.1').length]).toEqual([404, 2])
  })

  it('are refused before a body that is too large is sent, when the client asks first', async () => {
    const head = `POST /v1/user?method=info HTTP/1.1\r\nHost: api.put.io\r\nExpect: 100-continue\r\nContent-Length: 5000000\r\n\r\n`
    const answer = await sendRaw(plain.port, head)
    expect([answer.status, answer.all.includes('100 Continue')]).toEqual([413, false])
  })

  it('are answered in order when they are pipelined', async () => {
    const paths = ['/health', '/nothing', '/images/file_types/file.png', '/health']
    const requests = paths.map((path) => `HEAD ${path} HTTP/1.1\r\nHost: api.put.io\r\n`)
    const answer = await sendRaw(
      plain.port,
      `${requests.slice(0, 1).join('\r\n')}\r\n${requests[2]}\r\n${requests[1]}\r\n`,
    )
    expect(answer.all.match(/HTTP\/1\.1 (\d+)/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 404'])
  })

  it.each(['/health', '/v1/user?method=info', '/images/file_types/file.png', '/nothing', '/stream-file/1/1', '/'])(
    'with HEAD and OPTIONS for %s are answered without a body',
    async (path) => {
      const host = { host: 'api.put.io' }
      const head = await get(plain, host, { path, method: 'HEAD' })
      const whole = await get(plain, host, { path })
      const options = await get(plain, host, { path, method: 'OPTIONS' })
      expect([head.status, head.body, options.status, options.body, options.headers.allow]).toEqual([
        whole.status,
        '',
        204,
        '',
        'GET, HEAD, POST, OPTIONS',
      ])
    },
  )
})
