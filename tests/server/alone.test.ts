import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { has } from '../support/facilities.ts'
import { makeArchive, manyFiles } from '../support/made-archive.ts'
import { ask, serviceEntry, until } from '../support/service.ts'
import { reaches, servicesForTests } from '../support/services.ts'
import { startWith } from '../support/start-with.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { cleanUp } from '../support/torrents.ts'
import { file, startWeb, type Web } from '../support/web.ts'

const long = 'k'.repeat(20)
const film = randomBytes(100_000)
const { start } = servicesForTests()
let web: Web
beforeAll(async () => {
  web = await startWeb()
  web.on('/film.mkv', file(film))
})
afterAll(async () => {
  await cleanUp()
  await web.stop()
})

/** The exit code and the error output of a start that is refused. */
async function refusal(...flags: string[]): Promise<[number | null, string]> {
  const data = temporaryFolder('alone')
  const argv = ['--no-warnings', serviceEntry, '--data', data, ...flags]
  const { status, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8', timeout: 20_000 })
  return [status, stderr.trim()]
}

const two = {
  'allow-host': ['127.0.0.1'],
  users: [
    { name: 'ann', key: 'ann-key', secret: 'ann-secret', 'disk-quota': 1_000_000, share: 'Shared' },
    { name: 'bob', key: 'bob-key', secret: 'bob-secret', 'disk-quota': 50_000 },
  ],
}
const as =
  (url: string, name: string) =>
  (method: string, params: Record<string, unknown> = {}) =>
    ask(url, method, { api_key: `${name}-key`, api_secret: `${name}-secret`, params })

describe('two users of one service', () => {
  it('each have their own space, transfers, messages and quota', async () => {
    const url = await startWith(two)
    const [ann, bob] = [as(url, 'ann'), as(url, 'bob')]
    await ann('transfers.add', { links: [web.url('/film.mkv')] })
    await bob('transfers.add', { links: [web.url('/film.mkv')] })
    await until(
      () => ann('transfers.list'),
      ({ rows }) => rows.length === 0,
    )
    const [failed] = (
      await until(
        () => bob('transfers.list'),
        ({ rows }) => rows[0]?.status === 'Error',
      )
    ).rows
    expect(failed?.name).toBe('film.mkv')
    const names = async (who: typeof ann) =>
      (await who('files.list', { orderby: 'name_asc' })).rows.map((row) => row.name)
    expect([await names(ann), await names(bob)]).toEqual([['film.mkv', 'Shared'], []])
    expect([(await ann('messages.list')).rows.length, (await bob('messages.list')).rows.length]).toEqual([1, 0])
    const quotas = await Promise.all(
      [ann, bob].map(async (who) => (await who('user.info')).rows[0]?.disk_quota_available),
    )
    expect(quotas).toEqual(['900000', '50000'])
    const [item] = (await ann('files.list')).rows
    expect((await bob('files.info', { id: item?.id })).message).toBe(
      `There is no item with the id ${String(item?.id)}.`,
    )
    expect((await bob('files.delete', { id: item?.id })).error).toBe(true)
    expect((await bob('transfers.cancel', { id: 1 })).message).toBe('There is no transfer with the id 1.')
  })

  it('are friends: one can list, play and search what the other shares, but not change it', async () => {
    const url = await startWith(two)
    const [ann, bob] = [as(url, 'ann'), as(url, 'bob')]
    const [shared] = (await ann('files.list')).rows
    await ann('transfers.add', { links: [web.url('/film.mkv')], to_folder: shared?.id })
    await ann('files.create_dir', { name: 'Private' })
    await until(
      () => ann('transfers.list'),
      ({ rows }) => rows.length === 0,
    )
    const [friend] = (await bob('user.friends')).rows
    expect(friend).toEqual({ dir_id: shared?.id, id: '1', name: 'ann' })
    expect((await ann('user.friends')).rows).toEqual([])
    const [user] = (await ann('user.info')).rows
    expect([user?.shared_items, user?.shared_space]).toEqual([1, film.length])

    const [item] = (await bob('files.list', { parent_id: friend?.dir_id })).rows
    expect(item?.stream_url).toBe(`${url}/stream-file/1/${String(item?.id)}/`)
    const token = /[0-9a-f]{40}/.exec(JSON.stringify((await bob('user.acctoken')).results))?.[0]
    const played = await fetch(`${String(item?.stream_url)}atk/${token}`)
    expect(Buffer.from(await played.arrayBuffer()).equals(film)).toBe(true)
    const found = async (query: string) => (await bob('files.search', { query })).rows.map(({ name }) => name)
    expect([await found('film from:shares'), await found('film from:ann'), await found('film')]).toEqual([
      ['film.mkv'],
      ['film.mkv'],
      [],
    ])
    const changes = await Promise.all([
      bob('files.rename', { id: item?.id, name: 'mine.mkv' }),
      bob('files.move', { id: item?.id, parent_id: 0 }),
      bob('files.delete', { id: shared?.id }),
      bob('files.create_dir', { name: 'x', parent_id: shared?.id }),
    ])
    expect(changes.map(({ error }) => error)).toEqual([true, true, true, true])
    const outside = (await ann('files.list')).rows.find(({ name }) => name === 'Private')
    expect((await bob('files.list', { parent_id: outside?.id })).error).toBe(true)
  })
})

describe('listening beyond this computer', () => {
  it.each([
    [
      ['--listen', '0.0.0.0', '--key', 'short', '--secret', long],
      /At 0\.0\.0\.0 others can reach the service: the key and the secret of “you” need at least 20 characters each\./,
    ],
    [['--listen', '0.0.0.0', '--key', long, '--secret', 'short'], /need at least 20 characters/],
    [
      ['--listen', 'example.com', '--key', long, '--secret', long],
      /--listen must be an address of this computer, not “example\.com”\./,
    ],
    [
      ['--listen', '192.0.2.1', '--key', long, '--secret', long],
      /This computer does not have the address to listen on\./,
    ],
    [['--listen-peers', 'everywhere', '--key', 'k', '--secret', 's'], /--listen-peers must be an address and a port/],
    [['--config', '/nowhere.json'], /The settings file “\/nowhere\.json” cannot be read/],
  ])('refuses the flags %j', async (flags, sentence) => {
    const [code, output] = await refusal(...flags)
    expect([code !== 0, output]).toEqual([true, expect.stringMatching(sentence)])
  })

  it.each([
    [{ usres: [] }, /has an unknown name: “usres”/],
    [{ users: [] }, /“users” must be a list of users/],
    [{ users: [{ name: 'ann', key: 'k' }] }, /Every user needs a “name”, a “key” and a “secret”/],
    [{ users: [two.users[0], { ...two.users[1], key: 'ann-key' }] }, /Two users have the same key/],
    [{ 'active-limit': 0 }, /--active-limit must be a whole number of at least 1/],
  ])('refuses the settings %j', async (settings, sentence) => {
    const folder = temporaryFolder('alone')
    await writeFile(join(folder, 'putdesk.json'), JSON.stringify({ key: 'k', secret: 's', ...settings }))
    const [code, output] = await refusal('--config', join(folder, 'putdesk.json'))
    expect([code, output]).toEqual([2, expect.stringMatching(sentence)])
  })

  it('is possible with long keys, and URLs in answers name the address of the request', async () => {
    const address = Object.values(networkInterfaces())
      .flat()
      .find((one) => one !== undefined && one.family === 'IPv4' && !one.internal)?.address
    const url = await startWith({ listen: '0.0.0.0', key: long, secret: long, 'allow-host': ['127.0.0.1'] })
    const port = new URL(url).port
    const outer = `http://${address ?? '127.0.0.1'}:${port}`
    const asAnyone = (method: string, params: object = {}) =>
      ask(outer, method, { api_key: long, api_secret: long, params })
    await asAnyone('transfers.add', { links: [web.url('/film.mkv')] })
    const { rows } = await until(
      () => asAnyone('files.list'),
      (answer) => answer.rows.length === 1,
    )
    expect(rows[0]?.stream_url).toBe(`${outer}/stream-file/1/1/`)
    const rebound = await fetch(`http://127.0.0.1:${port}/health`, { headers: { host: 'evil.example' } })
    expect([rebound.status, (await fetch(`${outer}/health`)).status]).toEqual([200, 200])
  })
})

describe('running under a supervisor', () => {
  it('answers GET /health without a key, but not to a web page', async () => {
    const service = await start()
    const health = await fetch(`${service.url}/health`)
    const page = await fetch(`${service.url}/health`, { headers: { origin: 'http://evil.example' } })
    expect([health.status, await health.text(), page.status]).toEqual([200, '{"status":"ok"}', 403])
  })

  it.runIf(has('signals of Unix'))(
    'exits with code 0 within 5 seconds of SIGTERM while fetching and unpacking, and resumes at the next start',
    async () => {
      const archive = await makeArchive('Many.7z', { ...manyFiles(2000), 'big.bin': randomBytes(40_000_000) }, '-mx=0')
      web.on('/Many.7z', file(archive))
      web.on('/slow.bin', file(randomBytes(3_000_000), { bytesPerSecond: 300_000 }))
      const service = await start()
      await service.ask('transfers.add', { links: [web.url('/Many.7z'), web.url('/slow.bin')] })
      await reaches(service, '1', 'Extracting')
      const began = performance.now()
      const code = await service.stop()
      expect([code, performance.now() - began < 5000]).toEqual([0, true])
      const next = await start({ data: service.data })
      const { rows } = await until(
        () => next.ask('files.list'),
        (answer) => answer.rows.length > 0,
      )
      expect(rows[0]?.name).toBe('Many')
    },
  )
})
