import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, apiV2 } from '../support/api-v2.ts'
import { type Service, startService } from '../support/service.ts'

let service: Service
let call: ReturnType<typeof apiV2>
beforeAll(async () => {
  service = await startService({ user: 'ann', diskQuota: 1_000_000, bandwidthQuota: 5_000_000, activeLimit: 3 })
  call = apiV2(service)
})
afterAll(() => service.stop())

const typeOf = ({ status, body }: Answer) => [status, body.status, body.status_code, body.error_type]

describe('who may use API v2', () => {
  it('takes the token in every form that clients write', async () => {
    const { url, token } = service
    const forms: [string, Record<string, string>][] = [
      ['', { authorization: `Token ${token}` }],
      ['', { authorization: `token ${token}` }],
      ['', { authorization: `Bearer ${token}` }],
      [`?oauth_token=${token}`, {}],
    ]
    for (const [query, headers] of forms) {
      const response = await fetch(`${url}/v2/account/info${query}`, { headers })
      expect(response.headers.get('content-type')).toBe('application/json')
      expect(await response.json()).toMatchObject({ status: 'OK', info: { username: 'ann', account_status: 'active' } })
    }
  })

  it('refuses a wrong and a missing token, and tells neither from an expired one', async () => {
    for (const headers of [{ authorization: 'Token wrong' }, { authorization: '' }, { authorization: 'Basic YTpi' }])
      expect(typeOf(await call('GET', '/v2/account/info', {}, headers))).toEqual([401, 'ERROR', 401, 'invalid_grant'])
    expect((await call('GET', '/v2/oauth2/validate', {}, { authorization: 'Token wrong' })).body).toEqual({
      ...{ status: 'OK', result: false, token_id: null, token_scope: null, user_id: null },
    })
  })

  it('lets a download token only read', async () => {
    const { body } = await call('GET', '/v2/account/info', { download_token: 1 })
    const { download_token: token } = Object(body.info)
    expect(token).toMatch(/^[0-9a-f]{40}$/)
    const headers = { authorization: `Token ${token}` }
    expect(typeOf(await call('GET', '/v2/account/info', {}, headers))).toEqual([401, 'ERROR', 401, 'invalid_scope'])
  })
})

it('tells our own client the limits, and nobody else', async () => {
  const infoFor = async (headers: Record<string, string>) =>
    Object((await call('GET', '/v2/account/info', {}, headers)).body.info)
  expect((await infoFor({ 'putdesk-fields': '1' })).putdesk).toEqual({
    ...{ active_limit: 3, largest_file: null, trash_items: 0, bandwidth_total: 5_000_000, bandwidth_left: 5_000_000 },
    is_app: true,
    other_users: 0,
  })
  expect(await infoFor({})).not.toHaveProperty('putdesk')
})

describe('an odd request', () => {
  it.each([
    ['an unknown address', 'GET', '/v2/nothing', 404, 'NotFound'],
    ['another method', 'DELETE', '/v2/account/info', 405, 'MethodNotAllowed'],
    ['a path that is not decodable', 'GET', '/v2/%ff/x', 404, 'NotFound'],
  ])('%s has an error that a program can read', async (_what, verb, path, status, type) => {
    expect(typeOf(await call(verb, path))).toEqual([status, 'ERROR', status, type])
  })

  it('of a browser page is refused', async () => {
    expect((await call('GET', '/v2/account/info', {}, { origin: 'https://evil.example' })).status).toBe(403)
  })
})
