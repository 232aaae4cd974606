import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Service, startService } from '../support/service.ts'

let service: Service
beforeAll(async () => {
  service = await startService({ key: 'k', secret: 's', user: 'çelik' })
})
afterAll(() => service.stop())

/** Sends bytes as they are, and returns the status line, the head and the body. */
function raw(text: string | Buffer): Promise<{ status: string; head: string; body: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect(service.port, '127.0.0.1')
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1')
    })
    socket.on('error', reject)
    socket.on('close', () => {
      const [head = '', body = ''] = answer.replace('HTTP/1.1 100 Continue\r\n\r\n', '').split('\r\n\r\n', 2)
      resolve({ status: head.split('\r\n', 1)[0] ?? '', head, body })
    })
    socket.end(text)
  })
}

function post(target: string, body: string, headers = ''): Promise<{ status: string; head: string; body: string }> {
  const type = 'Content-Type: application/x-www-form-urlencoded\r\n'
  return raw(
    `POST ${target} HTTP/1.1\r\nHost: api.put.io\r\n${type}${headers}Connection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

const get = (target: string, host = 'api.put.io') =>
  raw(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
const isInfo = (body: string) => JSON.parse(body).response.results[0].name

describe('requests of old clients, byte for byte', () => {
  it('putio.py: lists by id although there is a parent_id too', async () => {
    const body =
      'request=%7B%22api_secret%22%3A+%22s%22%2C+%22api_key%22%3A+%22k%22%2C+%22params%22%3A+%7B%22parent_id%22%3A+0%2C+%22limit%22%3A+20%2C+%22id%22%3A+7%2C+%22offset%22%3A+0%7D%7D'
    const answer = await post('/v1/files?method=list', body)
    expect([answer.status, JSON.parse(answer.body).error_message]).toEqual([
      'HTTP/1.1 200 OK',
      'There is no item with the id 7.',
    ])
  })

  it('PHP 5: reads links given as an object in raw JSON with & and %', async () => {
    const body =
      'request={"api_key":"k","api_secret":"s","params":{"links":{"0":"http:\\/\\/a\\/b?x=1&y=2","1":"magnet:?xt=urn:btih:AA&tr=http%3A%2F%2Ft%2F&dn=a+b"}}}'
    const { results } = JSON.parse((await post('/v1/transfers?method=add', body)).body).response
    expect(results.map(({ name, status }: Record<string, string>) => [name, status])).toEqual([
      ['b', 'In queue'],
      ['a b', 'Error'],
    ])
  })

  it('PHP 5: accepts nulls for parameters that are not given', async () => {
    const answer = await post(
      '/v1/files?method=list',
      'request={"api_key":"k","api_secret":"s","params":{"id":null,"parent_id":0}}',
    )
    expect(JSON.parse(answer.body).error).toBe(false)
  })

  it('.NET: reads raw UTF-8 with &, + and % after 100-continue', async () => {
    const body = 'request={"api_key":"k","api_secret":"s","params":{"name":"A & B+C %20 çö","parent_id":"0"}}'
    const answer = await post(
      '/v1/files?method=create_dir',
      body,
      'Expect: 100-continue\r\nAccept: application/json\r\n',
    )
    expect(JSON.parse(answer.body).response.results[0].name).toBe('A & B+C %20 çö')
  })

  it.each([
    ['Java on an old Windows: raw Latin-1', 'request={"api_key":"k","api_secret":"s","params":{"name":"Café"}}', ''],
    [
      'Latin-1, percent-encoded',
      'request=%7B%22api_key%22%3A%22k%22%2C%22api_secret%22%3A%22s%22%2C%22params%22%3A%7B%22name%22%3A%22Caf%E9%22%7D%7D',
      '',
    ],
    ['declared Latin-1', 'request={"api_key":"k","api_secret":"s","params":{"name":"Café"}}', '; charset=ISO-8859-1'],
    [
      'declared Cyrillic',
      'request={"api_key":"k","api_secret":"s","params":{"name":"\xca\xe0\xf4\xe5"}}',
      '; charset="Windows-1251"',
    ],
  ])('%s: reads the name correctly', async (_what, body, charset) => {
    const bytes = Buffer.from(body, 'latin1')
    const head = `POST /v1/files?method=create_dir HTTP/1.1\r\nHost: api.put.io\r\nConnection: close\r\n`
    const type = `Content-Type: application/x-www-form-urlencoded${charset}\r\nContent-Length: ${bytes.length}\r\n\r\n`
    const answer = await raw(Buffer.concat([Buffer.from(head + type), bytes]))
    const { name } = JSON.parse(answer.body).response.results[0]
    expect(name).toMatch(charset.includes('1251') ? /^Кафе( \(\d\))?$/ : /^Café( \(\d\))?$/)
  })

  it('Ruby GET: reads a form-encoded query', async () => {
    const answer = await get(
      '/v1/files?method=list&request=%7B%22api_key%22%3A%22k%22%2C%22api_secret%22%3A%22s%22%2C%22params%22%3A%7B%22parent_id%22%3A%2299%22%7D%7D',
    )
    expect(JSON.parse(answer.body).error_message).toBe('There is no item with the id 99.')
  })

  it('Ruby 1.8 POST: reads a twice-encoded body without a key after an empty request', async () => {
    const answer = await post(
      '/v1/user?method=info&request=',
      '%257B%2522api_key%2522%253A%2522k%2522%252C%2522api_secret%2522%253A%2522s%2522%252C%2522params%2522%253A%257B%257D%257D=',
    )
    expect(isInfo(answer.body)).toBe('çelik')
  })

  it('a browser: reads escaped quotes, raw braces and a callback at the end', async () => {
    const answer = await get(
      '/v1/transfers?method=add&request={%22api_key%22:%22k%22,%22api_secret%22:%22s%22,%22params%22:{%22links%22:[%22http://a/b?x=1&y=2+3%22]}}&callback=h&_=123',
    )
    expect([answer.head.includes('Content-Type: text/javascript'), /^h\(\{.*\}\);$/.test(answer.body)]).toEqual([
      true,
      true,
    ])
  })

  it('the documentation: reads raw JSON in the query of a GET', async () => {
    expect(isInfo((await get('/v1/user?method=info&request={"api_key":"k","api_secret":"s","params":{}}')).body)).toBe(
      'çelik',
    )
  })

  it('an extension: reads JSON in the URL of a POST with an empty body', async () => {
    const target = '/v1/user?method=info&request={%22api_key%22:%22k%22,%22api_secret%22:%22s%22,%22params%22:{}}'
    expect(isInfo((await post(target, '')).body)).toBe('çelik')
  })

  it('PutioFS: reads flat fields with the method in the body', async () => {
    const answer = await post('/v1/mounter', 'method=log&api_key=k&api_secret=s&msg=it crashed & burned')
    expect(JSON.parse(answer.body)).toMatchObject({ error: false, response: { total: 0, results: [] } })
  })

  it('a proxy: accepts an absolute target, and HTTP/1.0 without a host', async () => {
    const query = '?method=info&request={"api_key":"k","api_secret":"s"}'
    expect(isInfo((await get(`http://api.put.io/v1/user${query}`)).body)).toBe('çelik')
    expect(isInfo((await raw(`GET /v1/user/${query} HTTP/1.0\r\n\r\n`)).body)).toBe('çelik')
  })

  it('are answered in compact ASCII', async () => {
    const { body, head } = await get('/v1/user?method=friends&request={"api_key":"k","api_secret":"s"}')
    expect(body).toBe(
      '{"response":{"total":0,"results":[]},"error":false,"error_message":null,"user_name":"\\u00e7elik","id":1,"user_id":1}',
    )
    expect(head).toContain('Content-Type: application/json')
  })
})

describe('bad requests', () => {
  const refusal =
    '{"error_message":"Unable to login. Please check your info.","user_id":null,"response":{"results":[{"user_name":null,"user_id":null}]},"error":true,"user_name":null,"id":null}'

  it.each([
    ['wrong secret', '/v1/user?method=info&request={"api_key":"k","api_secret":"x"}'],
    ['wrong key', '/v1/user?method=info&request={"api_key":"x","api_secret":"s"}'],
    ['no credentials', '/v1/user?method=info'],
    ['unparseable request', '/v1/user?method=info&request={"api_key":"k",'],
  ])('get the exact answer of Put.io with status 200: %s', async (_what, target) => {
    const answer = await get(target)
    expect([answer.status, answer.body]).toEqual(['HTTP/1.1 200 OK', refusal])
  })

  it.each([
    '/v1/files?method=upload',
    '/v1/nothing?method=list',
    '/v1/files',
    '/v1/files?method=constructor',
    '/v1/__proto__?method=x',
  ])('get 404 with an envelope for the unknown method %s', async (target) => {
    const answer = await get(`${target}${target.includes('?') ? '&' : '?'}request={"api_key":"k","api_secret":"s"}`)
    expect([answer.status, JSON.parse(answer.body).error, JSON.parse(answer.body).response]).toEqual([
      'HTTP/1.1 404 Not Found',
      true,
      { total: 0, results: [] },
    ])
  })

  it('get 413 with an envelope for a body of more than 4 MiB', async () => {
    const answer = await post('/v1/user?method=info', `request=${'x'.repeat(5 * 1024 * 1024)}`)
    expect([answer.status, JSON.parse(answer.body).error]).toEqual(['HTTP/1.1 413 Payload Too Large', true])
  })
})
