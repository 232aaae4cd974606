import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { rawPost, sendRaw } from '../support/raw-http.ts'
import { serviceEntry, startService, until } from '../support/service.ts'
import { listed, retry, servicesForTests } from '../support/services.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { startWeb, status, type Web } from '../support/web.ts'

const { start } = servicesForTests()
let web: Web
beforeAll(async () => {
  web = await startWeb()
})
afterAll(() => web.stop())

/** A canary: nothing else in a log looks like it. */
const canary = 'Canary'
const encodings = [
  (text: string) => text,
  (text: string) => [...text].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join(''),
  (text: string) => [...text].map((letter) => `%25${letter.charCodeAt(0).toString(16)}`).join(''),
  (text: string) => text.toUpperCase(),
]

it('logs no secret from any field of a request, in any encoding', async () => {
  const service = await start({ key: `${canary}Key`, secret: `${canary}Secret`, user: 'me', password: `${canary}Pass` })
  const token = /[0-9a-f]{40}/.exec(JSON.stringify((await service.ask('user.acctoken')).results))?.[0] ?? ''
  const targets = [token, canary].flatMap((secret) =>
    encodings.flatMap((encode) => [
      `/stream-file/1/2/atk/${encode(secret)}`,
      `/stream-file/1/2//atk//${encode(secret)}`,
      `/stream-file/1/2/atk///${encode(secret)}/`,
      `/${encode('stream-file')}/1/2/${encode('atk')}/${encode(secret)}`,
      `/stream-file/1/2/ATK/${encode(secret)}`,
      `/stream-file/1/${encode(secret)}/atk/${encode(secret)}`,
      `/stream-file/${encode(secret)}/2?token=${encode(secret)}`,
      `/download-file/1/2?oauth_token=${encode(secret)}`,
      `http://me:${encode(secret)}@api.put.io/download-file/1/2/atk/${encode(secret)}`,
      `/v1/user/${encode(secret)}?method=${encode(secret)}&api_key=${encode(secret)}&api_secret=${encode(secret)}`,
      `/v1/user?method=info&request={"api_key":"${encode(secret)}","api_secret":"${encode(secret)}"}`,
    ]),
  )
  const headers = [
    `Authorization: Basic ${Buffer.from(`me:${canary}`).toString('base64')}`,
    `Cookie: id=${canary}`,
    `Referer: http://a.example/${canary}`,
    `User-Agent: ${canary}`,
    `Range: bytes=${canary}`,
    `X-Forwarded-For: ${canary}`,
    `${canary}: ${canary}`,
  ]
  await Promise.all(
    targets.flatMap((target) => {
      const get = [`GET ${target} HTTP/1.1`, 'Host: api.put.io', 'Connection: close', ...headers, '', ''].join('\r\n')
      const body = `request={"api_key":"${canary}","api_secret":"${canary}"}`
      return [sendRaw(service.port, get), sendRaw(service.port, rawPost(target, body, headers))]
    }),
  )
  web.on('/locked', status(403))
  const links = [
    `http://me:${canary}@127.0.0.1:${new URL(web.url('/')).port}/locked`,
    web.url(`/locked?passkey=${canary}`),
    `magnet:?xt=urn:btih:${randomBytes(20).toString('hex')}&tr=http%3A%2F%2F127.0.0.1%2F${canary}%2Fannounce`,
    `http://127.0.0.1:1/${canary}/\nfake line`,
  ]
  await service.ask('transfers.add', { links })
  await retry(service, 1, { password: canary })
  await service.ask('urls.analyze', { links: links.slice(0, 2) })
  await service.ask('subscriptions.create', { title: canary, url: web.url(`/locked?key=${canary}`) })
  await until(
    () => listed(service),
    (rows) => rows.filter(({ status: transferStatus }) => transferStatus === 'Error').length >= 2,
  )
  const lines = service.log().split('\n')
  const shown = lines.filter((line) => /canary/i.test(line) || encodings.some((encode) => line.includes(encode(token))))
  expect(shown).toEqual([])
  expect(lines.filter((line) => /^\S+ (GET|POST) \/[a-z-]+\/(1|…)\/(2|…) \d{3}$/.test(line)).length).toBeGreaterThan(
    100,
  )
  expect(lines.every((line) => line === '' || /^(\d{4}-\d\d-\d\dT[\d:.]+Z | {4})/.test(line))).toBe(true)
})

it('reports a crash like any other error, without secrets', async () => {
  const folder = temporaryFolder('crash')
  const program = join(folder, 'crash.mjs')
  const message = `went wrong: http://me:${canary}@host.example/?q=${canary} test-secret token=${canary}\\n2026-01-01 forged`
  const trigger = join(folder, 'trigger')
  await writeFile(
    program,
    `import { existsSync } from 'node:fs'
    setInterval(() => {
      if (existsSync(${JSON.stringify(trigger)})) throw new Error('${message}', { cause: 'password: ${canary}' })
    }, 20).unref()`,
  )
  const service = await startService({ environment: { NODE_OPTIONS: `--import=${pathToFileURL(program)}` } })
  const gone = new Promise((resolve) => service.child.once('close', resolve))
  await writeFile(trigger, '')
  expect(await gone).toBe(1)
  expect(service.log()).toMatch(
    /^\d{4}\S+Z Error: went wrong: http:\/\/host\.example\/\?… … token=…\n {4}2026-01-01 forged\n/,
  )
  expect(service.log()).toMatch(/ {4}caused by password: …\n$/)
  expect(service.log()).not.toContain(canary)
})

it.each([
  ['a settings file that is not JSON', `{ "key": "${canary}", "secret": "${canary}" "x" }`, []],
  ['a settings file cut off', `{ "users": [{ "secret": "${canary}`, []],
  ['a secret of two words', '{}', ['--secret', 'my', canary]],
])('refuses %s without printing any of it', async (_what, settings, flags) => {
  const folder = temporaryFolder('settings')
  const path = join(folder, 'putdesk.json')
  await writeFile(path, settings)
  const argv = ['--no-warnings', serviceEntry, '--data', folder, '--config', path, ...flags]
  const { status: code, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8', timeout: 20_000 })
  expect([code, stderr.includes(canary), stderr.trim().split('\n').length]).toEqual([2, false, 1])
})
