import { describe, expect, it } from 'vitest'
import { decode } from './decode.ts'

const signed = { key: 'k', secret: 's', isExtended: false, callback: null }

describe('decode', () => {
  it('stops looking for an end of hostile text in time', () => {
    const started = performance.now()
    const said = decode('/v1/files?method=list', `request={${'&'.repeat(2_000_000)}`)
    expect([said.key, performance.now() - started < 2000]).toEqual([null, true])
  })

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
    ['other fields after it', '/v1/files?method=list', 'request={"api_key":"k","api_secret":"s"}&client=putio_js'],
    ['an old user_id', '/v1/files?method=list', 'request={"api_key":"k","api_secret":"s","user_id":7}'],
    ['flat fields with a Ruby dump', '/v1/files?method=list', 'api_key=k&api_secret=s&params=parent_id0'],
  ])('understands %s', (_what, target, body) => {
    expect(decode(target, body)).toEqual({ ...signed, resource: 'files', method: 'list', params: {} })
  })

  it('is not led astray by a link that holds method and callback', () => {
    const request =
      '{"api_key":"k","api_secret":"s","params":{"links":["http://a/?x=1&method=cancel&callback=evil&y=2"]}}'
    expect(decode(`/v1/transfers?request=${request}&method=add&callback=h&_=1`, '')).toEqual({
      ...signed,
      resource: 'transfers',
      method: 'add',
      callback: 'h',
      params: { links: ['http://a/?x=1&method=cancel&callback=evil&y=2'] },
    })
  })

  it('takes no callback that could be a script', () => {
    const request = '%7B%22api_key%22:%22k%22%7D'
    expect(decode(`/v1/user?method=info&request=${request}&callback=alert(1)//`, '').callback).toBe(null)
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
  ])('finds no credentials in %j', (body) => {
    const { key, secret, params } = decode('/v1/user?method=info', body)
    expect([key, secret, params]).toEqual([null, null, {}])
  })
})
