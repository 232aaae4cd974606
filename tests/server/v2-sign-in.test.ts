import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, apiV2 } from '../support/api-v2.ts'
import { type Service, startService } from '../support/service.ts'
import { accountShape, problemsOf, settingsShape } from '../support/v2-shapes.ts'

let service: Service
let call: ReturnType<typeof apiV2>
beforeAll(async () => {
  service = await startService({ user: 'ann', diskQuota: 1_000_000 })
  call = apiV2(service)
})
afterAll(() => service.stop())

const typeOf = ({ status, body }: Answer) => [status, body.error_type]
const strangers = { authorization: '' }
const codeOf = async (app = '4711', name = 'A television') =>
  `${(await call('GET', '/v2/oauth2/oob/code', { app_id: app, client_name: name }, strangers)).body.code}`
const poll = (code: string) => call('GET', `/v2/oauth2/oob/code/${code}`, {}, strangers)
const proof = async () => `${(await call('POST', '/v2/putdesk/approval')).body.code}`
const asApp = (token: unknown) => apiV2({ url: service.url, token: `${token}` })
/** A token of an app that was approved by another client. */
async function signedIn(app: string, name: string): Promise<string> {
  const code = await codeOf(app, name)
  await call('POST', '/v2/oauth2/oob/code', { code })
  return `${(await poll(code)).body.oauth_token}`
}
/** Opens the page for approving devices as a browser does. */
async function page(method: 'GET' | 'POST', values: Record<string, string> = {}, headers: Record<string, string> = {}) {
  const form = new URLSearchParams(values)
  const response = await fetch(`${service.url}/link${method === 'GET' ? `?${form}` : ''}`, {
    method,
    headers: method === 'GET' ? headers : { origin: service.url, 'sec-fetch-site': 'same-origin', ...headers },
    ...(method === 'POST' && { body: form }),
  })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

describe('a device that signs in', () => {
  it('gets a token once, after another client has approved its code', async () => {
    const { body } = await call('GET', '/v2/oauth2/oob/code', { app_id: 4711, client_name: 'A television' }, strangers)
    const code = `${body.code}`
    expect(body).toEqual({ status: 'OK', code: expect.any(String), qr_code_url: `${service.url}/link?code=${code}` })
    expect((await poll(code)).body).toEqual({ status: 'OK', oauth_token: null })
    const approved = await call('POST', '/v2/oauth2/oob/code', { code: code.toLowerCase() })
    expect(approved.body).toEqual({ status: 'OK', app: { id: 4711, name: 'A television' } })
    const { oauth_token: token } = (await poll(code)).body
    expect(token).toMatch(/^[0-9a-f]{40}$/)
    expect(typeOf(await poll(code))).toEqual([404, 'NotFound'])
    const { body: validated } = await asApp(token)('GET', '/v2/oauth2/validate')
    expect(validated).toMatchObject({ result: true, token_scope: 'default', user_id: 1 })
    expect(service.log()).not.toContain(`${token}`)
  })

  it('can be seen and signed out by Putdesk only, and signs itself out', async () => {
    const [first, second] = [await signedIn('1', 'First'), await signedIn('2', 'Second')]
    const { body } = await call('GET', '/v2/oauth/grants/')
    const apps: Record<string, unknown>[] = Array.isArray(body.apps) ? body.apps : []
    expect(apps.map(({ name }) => name).slice(0, 2)).toEqual(['Second', 'First'])
    expect(JSON.stringify(body)).not.toContain(first)
    expect(typeOf(await asApp(first)('GET', '/v2/oauth/grants/'))).toEqual([401, 'invalid_scope'])
    expect(typeOf(await asApp(first)('POST', `/v2/oauth/grants/${apps[0]?.id}/delete`))).toEqual([401, 'invalid_scope'])
    expect(typeOf(await asApp(first)('POST', '/v2/putdesk/approval'))).toEqual([401, 'invalid_scope'])
    expect((await call('POST', `/v2/oauth/grants/${apps[0]?.id}/delete`)).status).toBe(200)
    expect(typeOf(await call('POST', '/v2/oauth/grants/999/delete'))).toEqual([404, 'NotFound'])
    expect(typeOf(await asApp(second)('GET', '/v2/account/info'))).toEqual([401, 'invalid_grant'])
    expect((await asApp(first)('POST', '/v2/oauth/grants/logout')).status).toBe(200)
    expect(typeOf(await asApp(first)('GET', '/v2/account/info'))).toEqual([401, 'invalid_grant'])
  })

  it('gets links that end when it is signed out, while those of others stay', async () => {
    const form = new FormData()
    form.append('file', new File(['a film'], 'film.mkv'))
    const headers = { authorization: `Token ${service.token}` }
    const sent = await fetch(`${service.url}/v2/files/upload`, { method: 'POST', headers, body: form })
    const id = Object((await sent.json()).file).id
    const device = asApp(await signedIn('3', 'Third'))
    const linksOf = async (client: typeof call) => {
      const [{ body: link }, { body: account }, { body: listed }, { body: zip }] = await Promise.all([
        client('GET', `/v2/files/${id}/url`),
        client('GET', '/v2/account/info', { download_token: 1 }),
        client('GET', '/v2/files/list', { parent_id: 0, stream_url: 1 }),
        client('POST', '/v2/zips/create', { file_ids: id }),
      ])
      const token = Object(account.info).download_token
      const { body: made } = await client('GET', `/v2/zips/${zip.zip_id}`)
      const [file] = Object(listed).files
      const withToken = `${service.url}/v2/files/${id}/stream?oauth_token=${token}`
      return [link.url, withToken, Object(file).stream_url, made.url].map(String)
    }
    const statuses = (links: string[]) => Promise.all(links.map(async (link) => (await fetch(link)).status))
    const [its, ours] = [await linksOf(device), await linksOf(call)]
    expect(its.filter((link) => ours.includes(link))).toEqual([])
    expect([await statuses(its), await statuses(ours)]).toEqual([its.map(() => 200), ours.map(() => 200)])
    expect((await device('POST', '/v2/oauth/grants/logout')).status).toBe(200)
    expect((await statuses(its)).filter((status) => status < 400)).toEqual([])
    expect(await statuses(ours)).toEqual(ours.map(() => 200))
    // Its token for links grants nothing else.
    const other = asApp(await signedIn('4', 'Fourth'))
    const { body } = await other('GET', '/v2/account/info', { download_token: 1 })
    const reader = asApp(Object(body.info).download_token)
    expect(typeOf(await reader('GET', '/v2/files/list'))).toEqual([401, 'invalid_scope'])
    expect(typeOf(await reader('POST', '/v2/files/delete', { file_ids: id }))).toEqual([401, 'invalid_scope'])
    await call('POST', '/v2/files/delete', { file_ids: id, skip_trash: 1 })
  })

  it('may be Kodi, which asks in its own words', async () => {
    const { body } = await call('GET', '/kodi/getuniqueid', {}, strangers)
    expect((await call('GET', `/kodi/k/${body.id}`, {}, strangers)).body.oauthtoken).toBe(null)
    await call('POST', '/v2/oauth2/oob/code', { code: `${body.id}` })
    expect((await call('GET', `/kodi/k/${body.id}`, {}, strangers)).body.oauthtoken).toMatch(/^[0-9a-f]{40}$/)
    expect(typeOf(await call('GET', `/kodi/k/${body.id}`, {}, strangers))).toEqual([404, 'NotFound'])
  })
})

describe('the page that approves a device', () => {
  it('signs it in with the code of the device and the one of the app', async () => {
    const code = await codeOf()
    const opened = await page('GET', { code })
    expect([opened.status, opened.text.includes('A television'), opened.text.includes('<script')]).toEqual([
      ...[200, true, false],
    ])
    expect(opened.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'nonce-[^']+'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
    )
    const signed = await page('POST', { code, proof: await proof() })
    expect([signed.status, signed.text.includes('“A television” is signed in as “ann”')]).toEqual([200, true])
    expect((await poll(code)).body.oauth_token).toMatch(/^[0-9a-f]{40}$/)
  })

  it('takes each code of the app once, and no wrong one', async () => {
    const [first, second] = [await codeOf(), await codeOf()]
    const used = await proof()
    expect((await page('POST', { code: first, proof: used })).status).toBe(200)
    for (const wrong of [used, '', '12345', '      ', 'é23456'])
      expect((await page('POST', { code: second, proof: wrong })).status).toBe(400)
    expect((await poll(second)).body.oauth_token).toBe(null)
  })

  it('is refused to pages of other origins, however they come', async () => {
    const own = await startService({ user: 'ann' })
    const at = apiV2(own)
    const { code } = (await at('GET', '/v2/oauth2/oob/code', { app_id: 1 }, strangers)).body
    const { code: right } = (await at('POST', '/v2/putdesk/approval')).body
    const tries: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: own.url.replace('127.0.0.1', 'localhost') },
      { origin: `http://127.0.0.1:${own.port + 1}`, 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site' },
    ]
    for (const headers of tries) {
      const body = new URLSearchParams({ code: `${code}`, proof: `${right}` })
      expect((await fetch(`${own.url}/link`, { method: 'POST', headers, body })).status).toBe(403)
      expect((await fetch(`${own.url}/link?code=${code}`, { headers })).status).toBe(403)
    }
    expect((await at('GET', `/v2/oauth2/oob/code/${code}`, {}, strangers)).body.oauth_token).toBe(null)
    await own.stop()
  })

  it('shows the name of a device as text, whatever is in it', async () => {
    const code = await codeOf('1', '"><script>alert(1)</script>\u202eevil\n')
    const { text } = await page('GET', { code })
    expect(text).not.toContain('<script')
    expect(text).toContain('&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt; evil')
    expect((await page('GET', { code: '"><script>' })).text).not.toContain('<script')
  })

  it('slows down whoever guesses codes, in every way to ask', async () => {
    const own = await startService({ user: 'ann' })
    const at = apiV2(own)
    const statuses: number[] = []
    for (let n = 0; n < 22; n++) statuses.push((await at('GET', `/v2/oauth2/oob/code/WRONG${n}`, {}, strangers)).status)
    expect([statuses.slice(0, 20).every((status) => status === 404), statuses.at(-1)]).toEqual([true, 429])
    expect((await fetch(`${own.url}/link?code=ABCDEFGH`)).status).toBe(429)
    expect((await at('GET', '/v2/account/info')).status).toBe(200)
    await own.stop()
  })
})

describe('what an app stores', () => {
  it('is its own, of any JSON, and gone when it is removed', async () => {
    const [one, other] = [asApp(await signedIn('10', 'One')), asApp(await signedIn('11', 'Other'))]
    const put = (key: string, value: unknown, token: string) =>
      fetch(`${service.url}/v2/config/${key}`, {
        method: 'PUT',
        headers: { authorization: `Token ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ value }),
      })
    const token = await signedIn('10', 'One again')
    await put('view', { sort: ['name', 1, null] }, token)
    await put('text', 'täxt', token)
    expect((await one('GET', '/v2/config')).body.config).toEqual({ view: { sort: ['name', 1, null] }, text: 'täxt' })
    expect((await other('GET', '/v2/config')).body.config).toEqual({})
    expect((await one('GET', '/v2/config/unset')).body).toEqual({ status: 'OK', value: null })
    expect((await one('DELETE', '/v2/config/text')).status).toBe(200)
    expect((await one('GET', '/v2/config/text')).body.value).toBe(null)
    expect((await put('x'.repeat(300), 1, token)).status).toBe(400)
    expect(typeOf(await one('PUT', '/v2/config', { config: 'text' }))).toEqual([400, 'BadRequest'])
  })
})

describe('the account', () => {
  it('has every field that strict clients require', async () => {
    const info = (await call('GET', '/v2/account/info', { download_token: 1, features: 1 })).body.info
    expect(problemsOf(info, accountShape)).toEqual([])
    expect(problemsOf(Object(info).settings, settingsShape)).toEqual([])
    expect((await call('GET', '/v2/account/settings')).body.settings).toEqual(Object(info).settings)
  })

  it('keeps the settings that have a meaning here, and refuses to pretend for others', async () => {
    const { body } = await call('POST', '/v2/files/create-folder', { name: 'Inbox', parent_id: 0 })
    const folder = Number(Object(body.file).id)
    const change = (values: Record<string, unknown>) =>
      fetch(`${service.url}/v2/account/settings`, {
        method: 'POST',
        headers: { authorization: `Token ${service.token}`, 'content-type': 'application/json' },
        body: JSON.stringify(values),
      }).then(async (response) => [response.status, Object(await response.json()).error_type])
    const settings = async () => Object((await call('GET', '/v2/account/settings')).body.settings)
    expect(await change({ default_download_folder: folder, trash_enabled: false, theme: 'auto' })).toEqual([
      200,
      undefined,
    ])
    expect(await settings()).toMatchObject({ default_download_folder: folder, trash_enabled: false })
    const added = await call('POST', '/v2/transfers/add', { url: 'http://127.0.0.1:1/a' })
    expect(Object(added.body.transfer).save_parent_id).toBe(folder)
    for (const [values, answer] of [
      [{ theme: 'dark' }, [403, 'UNAVAILABLE_VALUE']],
      [{ trash_enabled: 'perhaps' }, [400, 'INVALID_VALUE']],
      [{ default_download_folder: 999 }, [400, 'INVALID_VALUE']],
      [{ no_such_setting: 1 }, [400, 'INVALID_VALUE']],
      [{ constructor: 1 }, [400, 'INVALID_VALUE']],
      [{ history_enabled: true, theme: 'dark' }, [403, 'UNAVAILABLE_VALUE']],
    ] as const)
      expect(await change(values)).toEqual(answer)
    // Without the trash, what is deleted is gone.
    const gone = await call('POST', '/v2/files/create-folder', { name: 'Gone', parent_id: 0 })
    await call('POST', '/v2/files/delete', { file_ids: `${Object(gone.body.file).id}` })
    expect((await call('GET', '/v2/trash/list')).body.files).toEqual([])
    await change({ default_download_folder: 0, trash_enabled: true })
  })

  it('tells what has happened, newest first, and nothing that is not to be noted', async () => {
    const form = () => {
      const made = new FormData()
      made.append('file', new File(['text'], 'event.txt'))
      return fetch(`${service.url}/v2/files/upload?oauth_token=${service.token}`, { method: 'POST', body: made })
    }
    await call('POST', '/v2/events/delete')
    for (let n = 0; n < 3; n++) await form()
    const { body } = await call('GET', '/v2/events/list', { per_page: 2 })
    const events: Record<string, unknown>[] = Array.isArray(body.events) ? body.events : []
    expect([events.length, body.has_more]).toEqual([2, true])
    expect(events[0]).toEqual({
      id: expect.any(Number),
      type: 'upload',
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/),
      user_id: 1,
      file_id: expect.any(Number),
      file_name: 'event (3).txt',
      file_size: 4,
    })
    const older = await call('GET', '/v2/events/list', { per_page: 2, before: Number(events[1]?.id) })
    expect([Array.isArray(older.body.events) && older.body.events.length, older.body.has_more]).toEqual([1, false])
    expect(typeOf(await call('GET', '/v2/events/list', { per_page: 0 }))).toEqual([400, 'INVALID_PER_PAGE'])
    expect((await call('POST', `/v2/events/delete/${events[0]?.id}`)).status).toBe(200)
    expect(typeOf(await call('POST', `/v2/events/delete/${events[0]?.id}`))).toEqual([404, 'NotFound'])
    await call('POST', '/v2/account/settings', { history_enabled: 'false' })
    await form()
    expect((await call('GET', '/v2/events/list')).body.events).toHaveLength(2)
  })
})
