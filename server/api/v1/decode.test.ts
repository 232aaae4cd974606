import { describe, expect, it } from 'vitest'
import { decode } from './decode.ts'

const signed = { key: 'k', secret: 's', callback: null }

/** All parts of a request, decoded at once. */
async function read(target: string, body: string | Buffer = '', charset: string | null = null) {
  const { readParams, ...fields } = await decode(target, Buffer.from(body), charset)
  return { ...fields, params: readParams() ?? 'not JSON' }
}

describe('decode', () => {
  it.each([
    ['a method in the path', '/v1/files/list', 'request={"api_key":"k","api_secret":"s","params":{}}'],
    ['the method twice', '/v1/files/list?method=list', 'request={"api_key":"k","api_secret":"s"}'],
    ['a trailing slash', '/v1/files/?method=list', 'request={"api_key":"k","api_secret":"s","params":""}'],
    [
      'an absolute target',
      'http://api.put.io/v1/files?method=list',
      'request={"api_key":"k","api_secret":"s","params":null}',
    ],
    ['empty segments', '//v1//files//?method=list', 'request={"api_key":"k","api_secret":"s","params":"{}"}'],
    ['the method in the body', '/v1/files', 'method=list&request={"api_key":"k","api_secret":"s"}'],
    ['the method after raw JSON', '/v1/files', 'request={"api_key":"k","api_secret":"s"}&method=list'],
    [
      'the separator &amp;',
      '/v1/files?method=list&amp;request=%7B%22api_key%22:%22k%22,%22api_secret%22:%22s%22%7D',
      '',
    ],
    ['a bare JSON body', '/v1/files?method=list', '{"api_key":"k","api_secret":"s"}'],
    [
      'other fields after the request',
      '/v1/files?method=list',
      'request={"api_key":"k","api_secret":"s"}&client=putio_js',
    ],
    ['an old user_id', '/v1/files?method=list', 'request={"api_key":"k","api_secret":"s","user_id":7}'],
    ['flat fields with a Ruby dump', '/v1/files?method=list', 'api_key=k&api_secret=s&params=parent_id0'],
  ])('understands %s', async (_what, target, body) => {
    await expect(read(target, body)).resolves.toEqual({ ...signed, resource: 'files', method: 'list', params: {} })
  })

  it('is not misled by a link that contains method and callback', async () => {
    const request =
      '{"api_key":"k","api_secret":"s","params":{"links":["http://a/?x=1&method=cancel&callback=evil&y=2"]}}'
    await expect(read(`/v1/transfers?request=${request}&method=add&callback=h&_=1`)).resolves.toEqual({
      ...signed,
      resource: 'transfers',
      method: 'add',
      callback: 'h',
      params: { links: ['http://a/?x=1&method=cancel&callback=evil&y=2'] },
    })
  })

  it('accepts no callback that could be a script', async () => {
    const request = '%7B%22api_key%22:%22k%22%7D'
    expect((await read(`/v1/user?method=info&request=${request}&callback=alert(1)//`)).callback).toBe(null)
  })

  it.each([
    '',
    'request=',
    'request={',
    'request=[1,2]',
    'request="text"',
    'request=%',
    'nonsense',
    '{"a":',
    'request=null',
  ])('finds no credentials in %j', async (body) => {
    const { key, secret, params } = await read('/v1/user?method=info', body)
    expect([key, secret, params]).toEqual([null, null, {}])
  })

  it.each([
    ['duplicate names, of which the last ones count', '{"api_key":"a","api_key":"k","api_secret":"s"}', {}],
    ['escaped names, among other values', '{"x":{"api_key":"no"},"api\\u005fkey":"k","api_secret":"s"}', {}],
    [
      'deep and long params before them',
      `{"params":{"a":[[[{}]]],"b":"}]{[\\""},"api_secret":"s","api_key":"k"}`,
      { a: [[[{}]]], b: '}]{["' },
    ],
    [
      'a name like a prototype',
      '{"__proto__":{"api_key":"x"},"api_key":"k","api_secret":"s","params":{"__proto__":1}}',
      JSON.parse('{"__proto__":1}'),
    ],
  ])('finds credentials with %s', async (_what, request, params) => {
    const { key, secret, params: decodedParams } = await read('/v1/user?method=info', `request=${request}`)
    expect([key, secret, decodedParams]).toEqual(['k', 's', params])
    const encoded = await read('/v1/user?method=info', `request=${encodeURIComponent(request)}`)
    expect([encoded.key, encoded.secret, encoded.params]).toEqual(['k', 's', params])
  })

  it('identifies the user even if the rest is not JSON', async () => {
    expect(
      await read('/v1/user?method=info', 'request={"api_key":"k","api_secret":"s","params":{nothing}}'),
    ).toMatchObject({
      key: 'k',
      secret: 's',
      params: 'not JSON',
    })
  })

  it.each([
    ['too much nesting', `{"api_key":"k","api_secret":"s","params":${'['.repeat(40)}${']'.repeat(40)}}`],
    ['too many values', `{"api_key":"k","api_secret":"s","params":[${'1,'.repeat(200_000)}1]}`],
    ['a key that is too long', `{"api_key":"${'k'.repeat(5000)}","api_secret":"s"}`],
  ])('finds no key with %s', async (_what, request) => {
    expect((await read('/v1/user?method=info', `request=${request}`)).key).toBe(null)
  })
})

describe('names in other encodings', () => {
  const body = (name: Buffer) =>
    Buffer.concat([Buffer.from('request={"api_key":"k","api_secret":"s","params":{"name":"'), name, Buffer.from('"}}')])
  const percent = (bytes: Buffer) =>
    Buffer.from(`request=${[...bytes.subarray(8)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')}`)
  const texts: [charset: string | null, bytes: string, text: string][] = [
    [null, '436166e9', 'Café'],
    [null, '436166c3a9', 'Café'],
    [null, '93e7f694', '“çö”'],
    ['iso-8859-1', '436166e9', 'Café'],
    ['utf-8', '436166e9', 'Café'],
    ['iso-8859-9', '69fe', 'iş'],
    ['windows-1251', 'cff0e8e2e5f2', 'Привет'],
    ['koi8-r', 'f0d2c9d7c5d4', 'Привет'],
    ['gbk', 'bada', '黑'],
    ['nonsense', '436166c3a9', 'Café'],
    ['us-ascii', '436166e9', 'Café'],
  ]

  it.each(texts)('are read in %s, %s: raw, percent-encoded in the body, and in a query', async (charset, hex, text) => {
    const raw = body(Buffer.from(hex, 'hex'))
    const target = '/v1/files?method=create_dir'
    const decoded = [await read(target, raw, charset), await read(target, percent(raw), charset)]
    if (charset === null) decoded.push(await read(`${target}&${percent(raw).toString('latin1')}`))
    expect(decoded.map(({ params }) => params)).toEqual(decoded.map(() => ({ name: text })))
  })

  it('are read in Shift_JIS, whose second byte may be a backslash', async () => {
    const raw = body(Buffer.from('955c', 'hex'))
    expect((await read('/v1/files?method=create_dir', raw, 'shift_jis')).params).toEqual({ name: '表' })
  })

  it('are read in UTF-16 and in UTF-8 with a byte order mark', async () => {
    const text = '{"api_key":"k","api_secret":"s","params":{"name":"Café"}}'
    const utf16 = Buffer.from(`\ufeff${text}`, 'utf16le')
    const decoded = [
      await read('/v1/files?method=create_dir', utf16),
      await read('/v1/files?method=x', `\ufeff${text}`),
    ]
    expect(decoded.map(({ params }) => params)).toEqual([{ name: 'Café' }, { name: 'Café' }])
  })
})
