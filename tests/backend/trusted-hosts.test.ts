import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Account } from '../../shared/account.ts'
import { maxReadBytes } from '../../shared/limits.ts'
import type { Save } from '../../shared/save.ts'
import { openBackend, type TestBackend } from '../support/backend.ts'
import { has } from '../support/facilities.ts'
import { type OtherHost, startOtherHost } from '../support/other-host.ts'
import { file, redirect, startWeb, type Web } from '../support/web.ts'

// A service whose contents are on another host: the account's token goes there only after the person has agreed, whatever fetches them.

const count = 300
const bytesOf = (at: number) => Buffer.from(`content of file ${at}`)
const nameOf = (at: number) => `file ${String(at).padStart(3, '0')}.txt`
const many = Array.from({ length: count }, (_, at) => ({ name: nameOf(at), bytes: bytesOf(at), folderId: 1 }))
const note = { name: 'note.txt', bytes: Buffer.from('a note') }
const film = { name: 'film.mp4', type: 'movie', bytes: Buffer.alloc(maxReadBytes / 64, 'f') }
let host: OtherHost
let backend: TestBackend
let accountId: string
let accounts: Account[]
let saves: Map<string, Save>

const signIn = (change: { accountId?: string; address?: string } = {}) =>
  backend.client.call('accounts.addServer', {
    accountId: null,
    address: host.url,
    ...{ apiKey: 'key of mine', apiSecret: 'secret of mine', isKept: false, mayBePlain: false },
    ...change,
  })

beforeEach(async () => {
  host = await startOtherHost([...many, note, film])
  backend = openBackend()
  accounts = []
  saves = new Map()
  backend.client.on('accounts.changed', (all) => {
    accounts = all
  })
  backend.client.on('saves.changed', ({ upserted, removed }) => {
    for (const save of upserted) saves.set(save.id, save)
    for (const id of removed) saves.delete(id)
  })
  accountId = await signIn()
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await backend.close()
  await host.stop()
})

const trust = (origin: string) => backend.client.call('accounts.trust', { accountId, origin })
const itemId = (name: string) => host.idOf(name)
const save = async (itemIds: number[], isZip = false) => {
  const ask = { accountId, itemIds, target: 'last' as const, conflict: 'keep-both' as const, isZip }
  const { saveIds } = await backend.client.call('saves.add', ask)
  return saveIds[0] ?? ''
}
const reached = (id: string, is: Partial<Save>) =>
  vi.waitFor(() => expect(saves.get(id)).toMatchObject(is), { timeout: 20_000, interval: 50 })
const isAsked = () => ({ code: 'untrusted-host', origin: host.contentOrigin })
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no failure',
    (error: unknown) => error,
  )
const hasToken = () => host.requests.filter(({ path }) => path.includes('f00d1234cafe5678'))

it('waits with a folder of 300 files until the person agrees, and then saves it without another command', async () => {
  const id = await save([1])
  const sentence = expect.stringMatching(/would be saved from localhost:\d+, which is not the server of this account/)
  await reached(id, { status: 'waiting', untrustedOrigin: host.contentOrigin, reason: sentence })
  // It does not ask again and again meanwhile: the service is left alone.
  host.called()
  await wait(2500)
  expect(host.called().filter((method) => method.startsWith('files.'))).toEqual([])
  expect(hasToken()).toEqual([])

  await trust(host.contentOrigin)
  await reached(id, { status: 'saved', untrustedOrigin: null, reason: null })
  const folder = join(backend.downloadsFolder, 'Folder')
  expect(readdirSync(folder).sort()).toEqual(many.map(({ name }) => name))
  for (const at of [0, 17, count - 1])
    expect(readFileSync(join(folder, nameOf(at)), 'utf8')).toBe(bytesOf(at).toString())
})

it('asks the service for few of the 300 files before it waits, also for a zip', async () => {
  for (const isZip of [false, true]) {
    host.called()
    const id = await save([1], isZip)
    await reached(id, { status: 'waiting', untrustedOrigin: host.contentOrigin })
    await wait(500)
    expect(host.called().filter((method) => method === 'files.info').length).toBeLessThan(40)
    await backend.client.call('saves.remove', { saveIds: [id] })
  }
})

it('saves a zip whose files are on a host that the person agrees to', async () => {
  const id = await save([1], true)
  await reached(id, { status: 'waiting', untrustedOrigin: host.contentOrigin })
  await trust(host.contentOrigin)
  await reached(id, { status: 'saved' })
})

it('saves the files that are on the account’s own server while others wait for an answer', async () => {
  host.giveAddresses((address, name) => (name < nameOf(200) ? address : address.replace(host.contentOrigin, host.url)))
  const id = await save([1])
  await reached(id, { status: 'waiting', doneFiles: 100, untrustedOrigin: host.contentOrigin })
  await trust(host.contentOrigin)
  await reached(id, { status: 'saved' })
  expect(readdirSync(join(backend.downloadsFolder, 'Folder')).length).toBe(count)
})

it('names one host after the other where a folder is on several, and each has to be agreed to', async () => {
  const other = host.contentOrigin.replace('localhost', '127.0.0.1')
  host.giveAddresses((address, name) => (name < nameOf(10) ? address : address.replace(host.contentOrigin, other)))
  const id = await save([1])
  await reached(id, { untrustedOrigin: expect.any(String) })
  const first = saves.get(id)?.untrustedOrigin
  const [second, doneFiles] = first === other ? [host.contentOrigin, count - 10] : [other, 10]
  await trust(`${first}`)
  await reached(id, { status: 'waiting', doneFiles, untrustedOrigin: second })
  await trust(second)
  await reached(id, { status: 'saved' })
})

it('pauses, resumes and stops a save that waits for an answer, and knows the question after a restart', async () => {
  const id = await save([1])
  await reached(id, { untrustedOrigin: host.contentOrigin })
  await backend.client.call('saves.pause', { saveIds: [id] })
  await reached(id, { status: 'paused', untrustedOrigin: null })
  await backend.client.call('saves.resume', { saveIds: [id] })
  await reached(id, { status: 'waiting', untrustedOrigin: host.contentOrigin })
  await backend.client.call('saves.remove', { saveIds: [id] })
  expect(readdirSync(join(backend.downloadsFolder, 'Folder'))).toEqual([])
  const again = await save([itemId('note.txt')])
  await reached(again, { untrustedOrigin: host.contentOrigin })
  await backend.close()
  const { dataFolder, downloadsFolder } = backend
  backend = openBackend({ dataFolder, downloadsFolder })
  saves = new Map()
  backend.client.on('saves.changed', ({ upserted }) => {
    for (const one of upserted) saves.set(one.id, one)
  })
  await backend.client.call('sync', {})
  await signIn({ accountId })
  await backend.client.call('saves.pause', { saveIds: [again] })
  await backend.client.call('saves.resume', { saveIds: [again] })
  await reached(again, { status: 'waiting', untrustedOrigin: host.contentOrigin })
  await trust(host.contentOrigin)
  await reached(again, { status: 'saved' })
})

it('ends a save that waits for an answer with a reason when its account is removed', async () => {
  const id = await save([1])
  await reached(id, { untrustedOrigin: host.contentOrigin })
  await backend.client.call('accounts.remove', { accountId })
  await reached(id, { status: 'error', untrustedOrigin: null })
})

it('asks before it opens, copies, shows or links a file from another host, and does it after a yes', async () => {
  const { client } = backend
  const acts = {
    open: () => client.call('copies.open', { accountId, itemId: itemId('note.txt') }),
    copy: () => client.call('files.copy', { accountId, itemIds: [itemId('note.txt')], text: 'note.txt' }),
    look: () => client.call('contents.open', { accountId, itemId: itemId('note.txt'), isPlayed: false }),
    link: () => client.call('play.copyLink', { accountId, itemId: itemId('film.mp4') }),
  }
  for (const act of Object.values(acts)) expect(await failure(act())).toMatchObject(isAsked())
  expect(hasToken()).toEqual([])
  await trust(host.contentOrigin)
  expect(await acts.open()).toEqual({ outcome: 'opened' })
  expect(await acts.copy()).toEqual({ names: ['note.txt'], rest: [] })
  const id = new URL(await acts.look()).host
  expect((await backend.backend.readContent({ id, method: 'GET', range: null })).status).toBe(200)
  expect(await acts.link()).toBeNull()
})

it.runIf(has('shell scripts'))('plays from another host after a yes, without any other flag', async () => {
  writeFileSync(join(backend.dataFolder, 'mpv'), '#!/bin/sh\n', { mode: 0o755 })
  vi.stubEnv('PATH', backend.dataFolder)
  const ask = { accountId, itemIds: [itemId('film.mp4')], folderId: null, playerId: 'mpv', start: 'ask' as const }
  const play = () => failure(backend.client.call('play.items', ask))
  expect(await play()).toMatchObject(isAsked())
  await trust(host.contentOrigin)
  expect(await play()).not.toMatchObject({ code: 'untrusted-host' })
})

it('trusts no host that the window names, unless exactly this one was refused for this account', async () => {
  const refused = { code: 'refused' }
  expect(await failure(trust(host.contentOrigin))).toMatchObject(refused)
  await failure(backend.client.call('contents.open', { accountId, itemId: itemId('note.txt'), isPlayed: false }))
  const port = new URL(host.contentOrigin).port
  for (const origin of [
    'http://evil.example',
    'localhost',
    `localhost:${port}`,
    'http://localhost',
    `https://localhost:${port}`,
    `http://LOCALHOST:${port}`,
    `http://localhost.:${port}`,
    `http://localhost:${port}/`,
    `http://me@localhost:${port}`,
    `http://localhost:${port}1`,
    ` http://localhost:${port}`,
    `http://[::1]:${port}`,
    'null',
    '*',
  ])
    expect([origin, await failure(trust(origin))]).toEqual([origin, expect.objectContaining(refused)])
  const other = await signIn({ address: host.url.replace('127.0.0.1', 'localhost') })
  expect(
    await failure(backend.client.call('accounts.trust', { accountId: other, origin: host.contentOrigin })),
  ).toMatchObject(refused)
  expect(
    await failure(backend.client.call('accounts.trust', { accountId: 'none', origin: host.contentOrigin })),
  ).toMatchObject({ code: 'not-found' })
  expect(accounts.flatMap(({ trustedOrigins }) => trustedOrigins)).toEqual([])
  await trust(host.contentOrigin)
  await trust(host.contentOrigin)
  expect(accounts.find(({ id }) => id === accountId)?.trustedOrigins).toEqual([host.contentOrigin])
})

it('asks again for another port, another scheme, a final dot, an IPv6 address and a subdomain of a trusted host', async () => {
  const look = () =>
    failure(backend.client.call('contents.open', { accountId, itemId: itemId('note.txt'), isPlayed: false }))
  await look()
  await trust(host.contentOrigin)
  expect(await look()).toBe('no failure')
  const port = new URL(host.contentOrigin).port
  for (const [given, origin] of [
    ['http://localhost:81/x', 'http://localhost:81'],
    [`https://localhost:${port}/x`, `https://localhost:${port}`],
    [`http://localhost.:${port}/x`, `http://localhost.:${port}`],
    [`http://[::1]:${port}/x`, `http://[::1]:${port}`],
    [`http://[0:0:0:0:0:ffff:127.0.0.1]:${port}/x`, `http://[::ffff:7f00:1]:${port}`],
    [`http://a.localhost:${port}/x`, `http://a.localhost:${port}`],
    [`http://localhost:${port}@evil.example/x`, 'http://evil.example'],
    [`${host.url}@evil.example:80/x`, 'http://evil.example'],
    ['http://evil.example\\@localhost/x', 'http://evil.example'],
    ['http://раypal.example/x', 'http://xn--ypal-43d9g.example'],
    ['HTTP://EVIL.example:80/x', 'http://evil.example'],
    ['http://0x7f.1:1/x', 'http://127.0.0.1:1'],
  ] as const) {
    host.giveAddresses(() => given)
    expect([given, await look()]).toEqual([given, expect.objectContaining({ code: 'untrusted-host', origin })])
  }
  // The same origin, written otherwise.
  for (const given of [
    `HTTP://LOCALHOST:${port}/x`,
    `http:\\\\localhost:${port}\\x`,
    `http://user:pw@localhost:${port}/x`,
  ]) {
    host.giveAddresses(() => given)
    expect([given, await look()]).toEqual([given, 'no failure'])
  }
})

it('refuses addresses whose host is no host name, too long, or contains a secret, and never asks for them', async () => {
  const look = () =>
    failure(backend.client.call('contents.open', { accountId, itemId: itemId('note.txt'), isPlayed: false }))
  expect(await look()).toMatchObject(isAsked())
  for (const given of [
    'ftp://cdn.example/x',
    'file:///etc/passwd',
    'data:text/plain,x',
    'http://cdn.example,which-is-your-server(ok)/x',
    `http://${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.${'e'.repeat(60)}.example/x`,
    `http://${'a'.repeat(1_000_000)}.example/x`,
    'http://f00d1234cafe5678.evil.example/x',
    'http://*.example/x',
  ]) {
    host.giveAddresses(() => given)
    expect([given.slice(0, 80), await look()]).toEqual([
      given.slice(0, 80),
      expect.objectContaining({ code: 'refused', origin: null }),
    ])
  }
})

it('says that the token would not be encrypted where the account’s own connection is', async () => {
  const { checkHost } = await import('../../electron/backend/putio/stream-host.ts')
  const { Secrets } = await import('../../electron/backend/secrets/secrets.ts')
  const asked = { name: 'x', purpose: 'save' as const, baseUrl: 'https://files.example', isTrusted: () => false }
  const check = (address: string) => checkHost(address, { ...asked, secrets: new Secrets() })
  expect(() => check('http://files.example/x')).toThrow(
    '“x” would be saved from files.example without encryption, unlike everything else of this account.',
  )
  expect(() => check('http://cdn.example/x')).toThrow(/cdn\.example, which is not the server .* not encrypted/)
  expect(() => check('https://cdn.example/x')).toThrow(/Whoever runs it gets the access token of your account\.$/)
})

it('keeps what the person agreed to over a restart, shows it, and forgets it when it is withdrawn', async () => {
  const look = () =>
    failure(backend.client.call('contents.open', { accountId, itemId: itemId('note.txt'), isPlayed: false }))
  await look()
  await trust(host.contentOrigin)
  await backend.close()
  backend = openBackend({ dataFolder: backend.dataFolder })
  const shown = backend.next('accounts.changed', ([account]) => account?.trustedOrigins.length === 1)
  await backend.client.call('sync', {})
  await shown
  await signIn({ accountId })
  expect(await look()).toBe('no failure')
  const url = await backend.client.call('contents.open', { accountId, itemId: itemId('note.txt'), isPlayed: false })
  const read = () => backend.backend.readContent({ id: new URL(url).host, method: 'GET', range: null })
  expect((await read()).status).toBe(200)
  const withdrawn = backend.next('accounts.changed', ([account]) => account?.trustedOrigins.length === 0)
  await backend.client.call('accounts.distrust', { accountId, origin: host.contentOrigin })
  await withdrawn
  expect(await look()).toMatchObject(isAsked())
  // A link that was made before is no way around that.
  const before = hasToken().length
  expect((await read()).status).toBe(502)
  expect(hasToken().length).toBe(before)
})

it('forgets what the person agreed to when the account moves to another server', async () => {
  const look = () =>
    failure(backend.client.call('contents.open', { accountId, itemId: itemId('note.txt'), isPlayed: false }))
  await look()
  await trust(host.contentOrigin)
  const moved = await startOtherHost([note])
  moved.giveAddresses(() => `${host.contentOrigin}/x`)
  try {
    await signIn({ accountId, address: moved.url })
    const opened = backend.client.call('contents.open', { accountId, itemId: moved.idOf('note.txt'), isPlayed: false })
    expect(await failure(opened)).toMatchObject(isAsked())
  } finally {
    await moved.stop()
  }
})

it('can be asked about the last hosts of a service that names a new one each time, and keeps no more of them', async () => {
  const look = () =>
    failure(backend.client.call('contents.open', { accountId, itemId: itemId('note.txt'), isPlayed: false }))
  for (let at = 0; at < 150; at++) {
    host.giveAddresses(() => `http://host-${at}.example/x`)
    await look()
  }
  expect(await failure(trust('http://host-10.example'))).toMatchObject({ code: 'refused' })
  expect(await failure(trust('http://host-149.example'))).toBe('no failure')
})

it('agrees to the host that a save waits for, however many others were refused in the meantime', async () => {
  const id = await save([1])
  await reached(id, { untrustedOrigin: host.contentOrigin })
  for (let at = 0; at < 120; at++) {
    host.giveAddresses((address, name) => (name === 'note.txt' ? `http://host-${at}.example/x` : address))
    await failure(backend.client.call('contents.open', { accountId, itemId: itemId('note.txt'), isPlayed: false }))
  }
  await trust(host.contentOrigin)
  await reached(id, { status: 'saved' })
})

it('sends the token to a third host that a trusted one redirects to only after the person agreed to that as well', async () => {
  const third = await startWeb()
  const thirdOrigin = `http://localhost:${third.port}`
  const path = `/stream/${itemId('note.txt')}/atk/f00d1234cafe5678`
  third.on(path, file(note.bytes))
  host.content.on(path, (_request, response) => {
    response.writeHead(302, { location: `${thirdOrigin}${path}` }).end()
  })
  const { client } = backend
  const open = () => client.call('copies.open', { accountId, itemId: itemId('note.txt') })
  const read = async () => {
    const url = await client.call('contents.open', { accountId, itemId: itemId('note.txt'), isPlayed: false })
    return backend.backend.readContent({ id: new URL(url).host, method: 'GET', range: null })
  }
  try {
    expect(await failure(open())).toMatchObject(isAsked())
    await trust(host.contentOrigin)
    expect((await read()).status).toBe(502)
    expect(await failure(open())).toMatchObject({ code: 'untrusted-host', origin: thirdOrigin })
    const id = await save([itemId('note.txt')])
    await reached(id, { status: 'waiting', untrustedOrigin: thirdOrigin })
    expect(third.requests).toEqual([])
    await trust(thirdOrigin)
    await reached(id, { status: 'saved' })
    expect(await open()).toEqual({ outcome: 'opened' })
    expect((await read()).status).toBe(200)
  } finally {
    await third.stop()
  }
})

it('saves a folder through redirects that carry the token after one answer, and before that sends it nowhere', async () => {
  const third = await startWeb()
  const thirdOrigin = `http://localhost:${third.port}`
  for (const { name, bytes } of many) {
    const path = `/stream/${itemId(name)}/atk/f00d1234cafe5678`
    third.on(path, file(bytes))
    host.content.on(path, (_request, response) => {
      response.writeHead(307, { location: `${thirdOrigin}${path}` }).end()
    })
  }
  try {
    const id = await save([1])
    await reached(id, { untrustedOrigin: host.contentOrigin })
    await trust(host.contentOrigin)
    await reached(id, { status: 'waiting', untrustedOrigin: thirdOrigin })
    await wait(1000)
    expect(third.requests).toEqual([])
    await trust(thirdOrigin)
    await reached(id, { status: 'saved' })
    expect(readdirSync(join(backend.downloadsFolder, 'Folder')).length).toBe(count)
  } finally {
    await third.stop()
  }
})

it('follows redirects without the token, but never into the person’s network', async () => {
  const third = await startWeb()
  third.on('/signed', file(note.bytes))
  let location = `http://localhost:${third.port}/signed`
  host.content.on(`/stream/${itemId('note.txt')}/atk/f00d1234cafe5678`, (_request, response) => {
    response.writeHead(302, { location }).end()
  })
  try {
    const id = await save([itemId('note.txt')])
    await reached(id, { untrustedOrigin: host.contentOrigin })
    await trust(host.contentOrigin)
    await reached(id, { status: 'saved' })
    expect(third.requests.map(({ headers }) => JSON.stringify(headers))).toEqual([
      expect.not.stringContaining('f00d1234cafe5678'),
    ])
    location = third.url('/signed')
    const other = await save([itemId('note.txt')])
    await reached(other, { status: 'error', reason: expect.stringContaining('127.0.0.1') })
  } finally {
    await third.stop()
  }
})

/** Sends the film slowly. Returns what tells how many of these connections are open. */
function sendSlowly(web: Web, bytesPerSecond = 16 * 1024): () => number {
  const open = new Set<ServerResponse>()
  web.on(filmPath(), (request, response, socket) => {
    open.add(response)
    response.once('close', () => open.delete(response))
    return file(film.bytes, { bytesPerSecond })(request, response, socket)
  })
  return () => open.size
}
const filmPath = () => `/stream/${itemId('film.mp4')}/atk/f00d1234cafe5678`
const distrust = (origin: string) => backend.client.call('accounts.distrust', { accountId, origin })
const closed = (count: () => number) => vi.waitFor(() => expect(count()).toBe(0), { timeout: 1000, interval: 20 })

it.each(['is saved from', 'is redirected to'])(
  'ends a save and asks again when the host that it %s is not trusted any more, and continues after a yes',
  async (how) => {
    const third = await startWeb()
    const from = how === 'is saved from' ? host.content : third
    const origin = `http://localhost:${from.port}`
    if (from === third) host.content.on(filmPath(), redirect(`${origin}${filmPath()}`))
    const connections = sendSlowly(from)
    try {
      const id = await save([itemId('film.mp4')])
      await reached(id, { untrustedOrigin: host.contentOrigin })
      await trust(host.contentOrigin)
      if (from === third) {
        await reached(id, { untrustedOrigin: origin })
        await trust(origin)
      }
      await vi.waitFor(() => expect(connections()).toBe(1))
      await distrust(origin)
      await closed(connections)
      await reached(id, { status: 'waiting', untrustedOrigin: origin })
      const before = from.requests.length
      await wait(1500)
      expect(from.requests.length).toBe(before)
      from.on(filmPath(), file(film.bytes))
      await trust(origin)
      await reached(id, { status: 'saved', untrustedOrigin: null })
      expect(readFileSync(join(backend.downloadsFolder, 'film.mp4')).equals(film.bytes)).toBe(true)
    } finally {
      await third.stop()
    }
  },
)

it('asks a host that is not trusted any more for no more of the small files of a folder', async () => {
  for (const { name, bytes } of many)
    host.content.on(`/stream/${itemId(name)}/atk/f00d1234cafe5678`, async (request, response, socket) => {
      await wait(200)
      return file(bytes)(request, response, socket)
    })
  const id = await save([1])
  await reached(id, { untrustedOrigin: host.contentOrigin })
  await trust(host.contentOrigin)
  await reached(id, { untrustedOrigin: null })
  await vi.waitFor(() => expect(hasToken().length).toBeGreaterThan(0))
  await distrust(host.contentOrigin)
  await reached(id, { status: 'waiting', untrustedOrigin: host.contentOrigin })
  expect(hasToken().length).toBeLessThan(100)
  const before = hasToken().length
  await wait(1500)
  expect(hasToken().length).toBe(before)
  await trust(host.contentOrigin)
  await reached(id, { status: 'saved' })
  expect(readdirSync(join(backend.downloadsFolder, 'Folder')).length).toBe(count)
})

it('ends a copy and what is being read when their host is not trusted any more, and asks again', async () => {
  const { client } = backend
  const copy = () => failure(client.call('files.copy', { accountId, itemIds: [itemId('film.mp4')], text: 'film.mp4' }))
  const look = () => client.call('contents.open', { accountId, itemId: itemId('film.mp4'), isPlayed: true })
  expect(await copy()).toMatchObject(isAsked())
  await trust(host.contentOrigin)
  const connections = sendSlowly(host.content)
  const { body } = await backend.backend.readContent({ id: new URL(await look()).host, method: 'GET', range: null })
  const [reading, copying] = [failure(buffer(body ?? Readable.from([]))), copy()]
  await vi.waitFor(() => expect(connections()).toBe(2))
  await distrust(host.contentOrigin)
  await closed(connections)
  expect(await copying).toMatchObject(isAsked())
  expect(await reading).toBeInstanceOf(Error)
  expect(await failure(look())).toMatchObject(isAsked())
})

it('lets a save go on when another host, or one of another account, is not trusted any more', async () => {
  const other = await signIn({ address: host.url.replace('127.0.0.1', 'localhost') })
  const connections = sendSlowly(host.content, 64 * 1024)
  const id = await save([itemId('film.mp4')])
  await reached(id, { untrustedOrigin: host.contentOrigin })
  await trust(host.contentOrigin)
  await vi.waitFor(() => expect(connections()).toBe(1))
  await backend.client.call('accounts.distrust', { accountId: other, origin: host.contentOrigin })
  await distrust('http://elsewhere.example')
  await reached(id, { status: 'saved' })
  expect(host.content.requests.filter(({ path }) => path === filmPath()).length).toBe(1)
})
