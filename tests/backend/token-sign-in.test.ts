import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Input, Progress, ServiceAddresses } from '../../shared/contract.ts'
import { apiV2 } from '../support/api-v2.ts'
import { openBackend, type TestBackend, type TestBackendOptions } from '../support/backend.ts'
import { freePort } from '../support/free-port.ts'
import { startService } from '../support/service.ts'
import { type Answer, cut, raw, type SignInServer, silence, startSignInServer } from '../support/sign-in-server.ts'

// Signing in with an access token: by a code, in a browser, with one that the person has; and out again.

const mary = { id: 7, name: 'mary' }
const bob = { id: 8, name: 'bob' }
let server: SignInServer
let backends: TestBackend[]

beforeEach(async () => {
  server = await startSignInServer()
  backends = []
})
afterEach(async () => {
  for (const backend of backends) await backend.close()
  await server.stop()
})

function open(options: TestBackendOptions = {}): TestBackend {
  const backend = openBackend(options)
  backends.push(backend)
  return backend
}

const at = (api: string): ServiceAddresses => ({ api, upload: null, tus: null, socket: null, web: null })
type Given = Partial<Input<'accounts.signInWithCode'>>
const inputOf = (given: Given = {}) => ({
  ...{ accountId: null, service: at(server.url), isKept: true, mayBePlain: false },
  ...given,
})

/** Starts a sign-in with a code, and follows it. */
function startCode({ client }: TestBackend, given: Given = {}) {
  const stop = new AbortController()
  const heard: Progress<'accounts.signInWithCode'>[] = []
  const done = client.call('accounts.signInWithCode', inputOf(given), {
    signal: stop.signal,
    onProgress: (progress) => void heard.push(progress),
  })
  done.catch(() => undefined)
  const shown = (code: (last: string) => boolean = () => true) =>
    vi.waitFor(() => {
      const last = heard.at(-1)
      if (last === undefined || !code(last.code)) throw new Error('not shown yet')
      return last
    })
  return { stop, heard, done, shown }
}

const signInWithToken = ({ client }: TestBackend, token: string, given: Given = {}) =>
  client.call('accounts.signInWithToken', { ...inputOf(given), token })

async function accountsOf({ client, next }: TestBackend) {
  const told = next('accounts.changed', () => true)
  await client.call('sync', {})
  return (await told).map(({ id, name, state, keeping, signsInWith }) => ({ id, name, state, keeping, signsInWith }))
}

const hostName = () => new URL(server.url).host
const asksFor = (what: RegExp) => server.asked.filter((one) => what.test(one.what))
const polls = /^GET \/v2\/oauth2\/oob\/code\/./

it('signs in with a code that is approved elsewhere, and keeps the token in the vault alone', async () => {
  const backend = open()
  const signIn = startCode(backend)
  const { code, enterAt, page, endsAtMs, problem } = await signIn.shown()
  expect([server.codes.at(-1), problem]).toEqual([code, null])
  expect([enterAt, page]).toEqual([`${hostName()}/link`, `${server.url}/link?code=${code}`])
  expect(endsAtMs).toBeGreaterThan(Date.now())
  expect(Object.fromEntries(server.asked[0]?.query ?? [])).toEqual({ app_id: 'putdesk', client_name: 'Putdesk' })
  const token = server.approve(mary)
  const id = await signIn.done
  const account = { id, name: `mary · ${hostName()}`, state: 'signed-in', keeping: 'protected', signsInWith: 'token' }
  expect(await accountsOf(backend)).toEqual([account])
  await backend.close()
  const files = readdirSync(backend.dataFolder).filter((name) => statSync(join(backend.dataFolder, name)).isFile())
  for (const name of files)
    expect([name, readFileSync(join(backend.dataFolder, name), 'utf8')]).toEqual([
      name,
      expect.not.stringMatching(new RegExp(`${token}|${code}`)),
    ])

  const again = open({ dataFolder: backend.dataFolder })
  const opened = again.next('accounts.changed', ([first]) => first?.state === 'signed-in')
  await again.client.call('sync', {})
  expect(await opened).toMatchObject([{ id, name: `mary · ${hostName()}`, signsInWith: 'token' }])
})

it.each<[string, Answer]>([
  ['an error of the API', raw(404, '{"status":"ERROR","error_type":"NotFound"}')],
  ['a page', raw(404, '<html>Not found</html>', { 'content-type': 'text/html' })],
  ['nothing', raw(404, '')],
])('shows a new code when the service answers 404 with %s', async (_what, answer) => {
  const backend = open()
  const signIn = startCode(backend)
  const { code } = await signIn.shown()
  // Only the first code is refused, so that the next one shown is the last.
  server.behave(new RegExp(`^GET /v2/oauth2/oob/code/${code}`), answer)
  await signIn.shown((last) => last !== code)
  server.approve(mary)
  await signIn.done
})

it.each<[string, Answer]>([
  ['an error of its own', raw(500, '')],
  ['a page instead of JSON', raw(200, '<html>', { 'content-type': 'text/html' })],
  ['half an answer', cut],
  ['too many requests', raw(429, '{}', { 'retry-after': '0' })],
  ['JSON that is no object', raw(200, '[]')],
])(
  'goes on asking after %s, and says so',
  async (_what, answer) => {
    const backend = open()
    const signIn = startCode(backend)
    await signIn.shown()
    server.behave(polls, answer)
    const before = server.asked.length
    await vi.waitFor(() => expect(server.asked.length).toBeGreaterThan(before + 1), 5000)
    server.behave(polls, null)
    server.approve(mary)
    await signIn.done
    expect(server.codes).toHaveLength(1)
  },
  15_000,
)

it('says what is wrong with a service that does not answer, while it goes on asking', async () => {
  const backend = open()
  const signIn = startCode(backend)
  await signIn.shown()
  server.behave(polls, raw(200, '<html>'))
  await vi.waitFor(() => expect(signIn.heard.at(-1)?.problem).toContain('not as a Put.io server does'))
  server.behave(polls, null)
  await vi.waitFor(() => expect(signIn.heard.at(-1)?.problem).toBe(null))
  signIn.stop.abort()
})

it.each([
  ['missing', '{}'],
  ['a number', '{"oauth_token":5}'],
  ['an object', '{"oauth_token":{}}'],
  ['empty', '{"oauth_token":""}'],
])('waits while the token is %s', async (_what, body) => {
  const backend = open()
  const signIn = startCode(backend)
  await signIn.shown()
  server.behave(polls, raw(200, body))
  await vi.waitFor(() => expect(asksFor(polls).length).toBeGreaterThan(2))
  server.behave(polls, null)
  server.approve(mary)
  await signIn.done
})

it.each([
  ['missing', '{"status":"OK"}'],
  ['null', '{"code":null}'],
  ['an object', '{"code":{}}'],
  ['empty', '{"code":" "}'],
  ['very long', JSON.stringify({ code: 'x'.repeat(1000) })],
])('does not begin with a code that is %s', async (_what, body) => {
  server.behave(/oob\/code$/, raw(200, body))
  await expect(startCode(open()).done).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining('not as a Put.io server does'),
  })
})

it('takes a code that is a number', async () => {
  server.behave(/oob\/code$/, raw(200, '{"code":123456}'))
  const signIn = startCode(open())
  expect((await signIn.shown()).code).toBe('123456')
  signIn.stop.abort()
})

it('stops asking at once when it is cancelled, even while the service does not answer', async () => {
  const backend = open()
  const signIn = startCode(backend)
  await signIn.shown()
  server.behave(polls, silence)
  await vi.waitFor(() => expect(asksFor(polls).length).toBeGreaterThan(0))
  signIn.stop.abort()
  await expect(signIn.done).rejects.toMatchObject({ code: 'cancelled' })
  await wait(50)
  const { length } = server.asked
  server.behave(polls, null)
  server.approve(mary)
  await wait(200)
  expect(server.asked).toHaveLength(length)
  expect(await accountsOf(backend)).toEqual([])
})

it('ends after its time: as not approved, or with the reason why the service was not reached', async () => {
  const backend = open({ signIn: { pollMs: 30, budgetMs: 300 } })
  await expect(startCode(backend).done).rejects.toMatchObject({
    code: 'refused',
    message: 'The sign-in was not approved within ten minutes. Start it again.',
  })
  server.behave(polls, raw(200, '<html>'))
  const patient = open({ signIn: { pollMs: 30, budgetMs: 1500 } })
  await expect(startCode(patient).done).rejects.toMatchObject({ code: 'unreachable' })
})

it('loses no token that was approved while the service fails', async () => {
  const backend = open()
  const signIn = startCode(backend)
  await signIn.shown()
  server.behave(/validate|account\/info/, raw(200, '<html>'))
  server.approve(mary)
  await vi.waitFor(() => expect(asksFor(/validate/).length).toBeGreaterThan(1))
  server.behave(/validate|account\/info/, null)
  await signIn.done
  expect(await accountsOf(backend)).toMatchObject([{ state: 'signed-in' }])
})

it('opens the page of a code, and only of one that is shown', async () => {
  const backend = open()
  const signIn = startCode(backend)
  const { code, page } = await signIn.shown()
  await backend.client.call('accounts.openSignInPage', { code })
  expect(backend.pages).toEqual([page])
  const other = backend.client.call('accounts.openSignInPage', { code: 'OTHER' })
  await expect(other).rejects.toMatchObject({ code: 'refused' })
  signIn.stop.abort()
  await vi.waitFor(() =>
    expect(backend.client.call('accounts.openSignInPage', { code })).rejects.toMatchObject({ code: 'refused' }),
  )
})

it('says that there is no browser', async () => {
  const backend = open({ hasNoProgram: true })
  const signIn = startCode(backend)
  const { code } = await signIn.shown()
  await expect(backend.client.call('accounts.openSignInPage', { code })).rejects.toMatchObject({
    message: expect.stringContaining('The browser could not be opened.'),
  })
  await expect(backend.client.call('accounts.signInWithBrowser', inputOf())).rejects.toMatchObject({
    message: 'The browser could not be opened. Use a code instead.',
  })
  signIn.stop.abort()
})

it('signs in with a pasted token, whatever spaces are around it', async () => {
  const backend = open()
  const token = server.tokenFor(mary)
  await signInWithToken(backend, `\n  ${token}\t`)
  expect(await accountsOf(backend)).toMatchObject([{ name: `mary · ${hostName()}`, signsInWith: 'token' }])
})

it.each([
  ['text', 'my token is here'],
  ['a line break in it', 'abc\ndef'],
  ['letters that are not ASCII', 'tökén'],
  ['only spaces', '   '],
  ['a page', 'x'.repeat(4000)],
])('refuses a pasted token that is %s, without a request', async (_what, token) => {
  await expect(signInWithToken(open(), token)).rejects.toMatchObject({ code: 'bad-input' })
  expect(server.asked).toEqual([])
})

it('adds no account for a token that is wrong, or that grants too little', async () => {
  const backend = open()
  await expect(signInWithToken(backend, 'wrong')).rejects.toMatchObject({
    code: 'signed-out',
    message: 'The service on this computer does not accept this token.',
  })
  server.behave(/validate/, raw(401, '{"status":"ERROR","error_type":"invalid_grant"}'))
  await expect(signInWithToken(backend, 'wrong')).rejects.toMatchObject({
    message: 'The service on this computer does not accept this token.',
  })
  server.behave(/validate/, null)
  const limited = signInWithToken(backend, server.tokenFor(mary, 'files_download'))
  await expect(limited).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining('files_download') })
  const second = signInWithToken(backend, server.tokenFor(mary, 'two_factor'))
  await expect(second).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining('second factor') })
  expect(await accountsOf(backend)).toEqual([])
})

it('signs in to an account again only as the same user, at the same addresses', async () => {
  const backend = open()
  const accountId = await signInWithToken(backend, server.tokenFor(mary), {
    service: { ...at(server.url), web: 'https://web.example/' },
  })
  const as = (user: typeof mary) => signInWithToken(backend, server.tokenFor(user), { accountId, service: null })
  await expect(as(bob)).rejects.toMatchObject({
    code: 'refused',
    message: `This sign-in belongs to “bob · ${hostName()}”, not to “mary · ${hostName()}”. Add it as another account instead.`,
  })
  expect(await as({ ...mary, name: 'maria' })).toBe(accountId)
  expect(await accountsOf(backend)).toMatchObject([{ id: accountId, name: `maria · ${hostName()}` }])
  const signIn = startCode(backend, { accountId, service: null })
  expect((await signIn.shown()).page).toMatch(/^https:\/\/web\.example\/link\?code=/)
  signIn.stop.abort()
})

it('knows the addresses of an account whose token was not kept, and asks for its sign-in', async () => {
  const first = open()
  const service = { ...at(server.url), web: 'https://web.example' }
  const accountId = await signInWithToken(first, server.tokenFor(mary), { service, isKept: false })
  await first.close()
  const backend = open({ dataFolder: first.dataFolder })
  expect(await accountsOf(backend)).toMatchObject([{ state: 'signed-out', keeping: 'session', signsInWith: 'token' }])
  const signIn = startCode(backend, { accountId, service: null })
  expect((await signIn.shown()).enterAt).toBe('web.example/link')
  server.approve(mary)
  expect(await signIn.done).toBe(accountId)
})

it('keeps a token in a plain file only if the person said so', async () => {
  const backend = open({ protection: 'plain' })
  const keepings: string[] = []
  for (const mayBePlain of [false, true]) {
    await signInWithToken(backend, server.tokenFor(mary), { mayBePlain })
    keepings.push(...(await accountsOf(backend)).map(({ keeping }) => keeping))
  }
  expect(keepings).toEqual(['session', 'plain'])
})

it.each<[string, Partial<ServiceAddresses>]>([
  ['of the API', { api: 'not an address' }],
  ['of uploads', { upload: 'file:///etc' }],
  ['of resumable uploads', { tus: 'http://me@x' }],
  ['of the socket', { socket: 'ftp://x' }],
  ['of pages', { web: 'http://x/?y' }],
])('refuses a wrong address %s', async (_what, wrong) => {
  const service = { ...at(server.url), ...wrong }
  await expect(signInWithToken(open(), server.tokenFor(mary), { service })).rejects.toMatchObject({
    code: 'bad-input',
    message: expect.stringContaining('is not the address of a server'),
  })
  expect(server.asked).toEqual([])
})

it('needs an app id for a code or the browser of Put.io, and says so', async () => {
  const { client, pages } = open()
  const putio = inputOf({ service: null })
  for (const asked of [client.call('accounts.signInWithCode', putio), client.call('accounts.signInWithBrowser', putio)])
    await expect(asked).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('no app id at Put.io'),
    })
  expect(pages).toEqual([])
})

it('tells the service to forget the token of a removed account, and forgets it here whatever it answers', async () => {
  const backend = open()
  const kept = server.tokenFor(mary)
  const accountId = await signInWithToken(backend, kept)
  await backend.client.call('accounts.remove', { accountId })
  expect(server.isValid(kept)).toBe(false)
  const vault = () => readFileSync(join(backend.dataFolder, 'vault.json'), 'utf8')
  expect(vault()).not.toContain(accountId)

  server.behave(/logout/, raw(500, '<html>'))
  const failing = await signInWithToken(backend, server.tokenFor(mary))
  await backend.client.call('accounts.remove', { accountId: failing })
  server.behave(/logout/, silence)
  const silent = await signInWithToken(backend, server.tokenFor(mary))
  const gone = backend.next('accounts.changed', (accounts) => accounts.length === 0)
  const startMs = performance.now()
  const removed = backend.client.call('accounts.remove', { accountId: silent })
  await gone
  expect(performance.now() - startMs).toBeLessThan(3000)
  await removed
  expect(performance.now() - startMs).toBeLessThan(8000)
  expect(vault()).not.toContain(silent)
}, 15_000)

it('signs in to and out of the real service', async () => {
  const service = await startService({ user: 'ann' })
  try {
    const backend = open()
    const accountId = await signInWithToken(backend, service.token, { service: at(`${service.url}/v2/`) })
    const name = `ann · 127.0.0.1:${service.port}`
    expect(await accountsOf(backend)).toMatchObject([{ id: accountId, name, state: 'signed-in' }])
    const { items } = await backend.client.call('items.open', { accountId, folderId: 0, isReload: false })
    expect(items.names).toBe('')
    await backend.client.call('accounts.remove', { accountId })
    expect(await accountsOf(backend)).toEqual([])
  } finally {
    await service.stop()
  }
})

it('signs in to the real service with a code that is approved there, and revokes its token at the end', async () => {
  const service = await startService({ user: 'ann' })
  try {
    const ask = apiV2(service)
    const grants = async () => (await ask('GET', '/v2/oauth/grants')).body.apps
    const backend = open()
    const signIn = startCode(backend, { service: at(service.url) })
    const { code, page } = await signIn.shown()
    expect(page).toBe(`${service.url}/link?code=${code}`)
    expect((await fetch(page)).status).toBe(200)
    expect((await ask('POST', '/v2/oauth2/oob/code', { code })).status).toBe(200)
    const accountId = await signIn.done
    expect(await accountsOf(backend)).toMatchObject([{ name: `ann · 127.0.0.1:${service.port}`, state: 'signed-in' }])
    expect(await grants()).toMatchObject([{ name: 'Putdesk' }])
    await backend.client.call('accounts.remove', { accountId })
    expect(await grants()).toEqual([])
  } finally {
    await service.stop()
  }
})

/** Starts a sign-in in the browser. Returns the page that was opened. */
async function startBrowser(backend: TestBackend, given: Given = {}) {
  const stop = new AbortController()
  const done = backend.client.call('accounts.signInWithBrowser', inputOf(given), { signal: stop.signal })
  done.catch(() => undefined)
  const before = backend.pages.length
  await vi.waitFor(() => expect(backend.pages.length).toBeGreaterThan(before))
  const page = new URL(backend.pages.at(-1) ?? '')
  return { done, stop, page, state: page.searchParams.get('state') ?? '' }
}

it('signs in in the browser, with a state that no other link has', async () => {
  const backend = open()
  const { done, page, state } = await startBrowser(backend)
  expect(`${page.origin}${page.pathname}`).toBe(`${server.url}/authenticate`)
  const { state: _, ...query } = Object.fromEntries(page.searchParams)
  expect(query).toEqual({
    ...{ client_id: 'putdesk', redirect_uri: 'putdesk://auth', response_type: 'token' },
    ...{ client_name: 'Putdesk', isolated: '1' },
  })
  expect(Buffer.from(state, 'base64url')).toHaveLength(32)
  const [wrong, right] = [server.tokenFor(bob), server.tokenFor(mary)]
  for (const ignored of [
    `putdesk://auth#access_token=${wrong}&state=${state.slice(1)}`,
    `putdesk://auth#access_token=${wrong}&state=`,
    `putdesk://auth#access_token=${wrong}`,
    'putdesk://auth#',
    'putdesk:',
    'no link',
  ])
    backend.backend.endSignIn(ignored)
  backend.backend.endSignIn(`putdesk://auth/#access_token=${right}&token_type=Bearer&state=${state}`)
  // Used once.
  backend.backend.endSignIn(`putdesk://auth#access_token=${wrong}&state=${state}`)
  await done
  expect((await accountsOf(backend)).map(({ name }) => name)).toEqual([`mary · ${hostName()}`])
  expect(asksFor(/validate/).map(({ token }) => token)).toEqual([right])
  expect(backend.log.join('\n')).not.toMatch(new RegExp(`${wrong}|${right}|${state}`))
})

it('says that the sign-in was not allowed in the browser, and repeats only a sentence', async () => {
  const backend = open()
  const first = await startBrowser(backend)
  backend.backend.endSignIn(`putdesk://auth#error=access_denied&state=${first.state}`)
  await expect(first.done).rejects.toMatchObject({
    code: 'refused',
    message: 'The sign-in was not allowed in the browser. Start it again.',
  })
  const second = await startBrowser(backend)
  const reason = encodeURIComponent('<a href="http://evil.example">Sign in here</a>')
  backend.backend.endSignIn(`putdesk://auth?error=x&error_description=${reason}&state=${second.state}`)
  await expect(second.done).rejects.toMatchObject({
    message: 'The sign-in was not allowed in the browser. Start it again.',
  })
})

it('ignores the browser after a cancel, and after ten minutes', async () => {
  const backend = open({ signIn: { pollMs: 30, budgetMs: 300 } })
  const cancelled = await startBrowser(backend)
  cancelled.stop.abort()
  await expect(cancelled.done).rejects.toMatchObject({ code: 'cancelled' })
  const late = await startBrowser(backend)
  await expect(late.done).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining('ten minutes') })
  for (const { state } of [cancelled, late])
    backend.backend.endSignIn(`putdesk://auth#access_token=${server.tokenFor(mary)}&state=${state}`)
  await wait(100)
  expect(server.asked).toEqual([])
  expect(await accountsOf(backend)).toEqual([])
})

it('keeps codes and tokens out of the log and the window when a service echoes them in errors', async () => {
  const backend = open()
  const seen: unknown[] = []
  for (const name of ['accounts.changed', 'notices.changed', 'transfers.changed'] as const)
    backend.client.on(name, (data) => void seen.push(data))
  const echo: Answer = (request, response) =>
    raw(
      400,
      JSON.stringify({ status: 'ERROR', error_message: `No way for ${request.url} ${request.headers.authorization}` }),
    )(request, response)
  const token = server.tokenFor(mary)
  const signIn = startCode(backend)
  const { code } = await signIn.shown()
  server.behave(/./, echo)
  seen.push(await signIn.done.catch(({ message }: Error) => message))
  seen.push(await signInWithToken(backend, token).catch(({ message }: Error) => message))
  expect(JSON.stringify(seen)).toContain('•••')
  expect(JSON.stringify(seen)).not.toMatch(new RegExp(`${token}|${code}`))
  expect(backend.log.join('\n')).not.toMatch(new RegExp(`${token}|${code}`))
})

it('says that a service is not there', async () => {
  const service = at(`http://127.0.0.1:${await freePort()}`)
  await expect(startCode(open(), { service }).done).rejects.toMatchObject({ code: 'unreachable' })
})
