import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, apiV2 } from '../support/api-v2.ts'
import { itemsOf } from '../support/items.ts'
import { makeArchive } from '../support/made-archive.ts'
import { type Service, startService, until } from '../support/service.ts'
import { servicesForTests } from '../support/services.ts'
import { cleanUp, makeTorrent } from '../support/torrents.ts'
import { problemsOf, transferShape } from '../support/v2-shapes.ts'
import { file, startWeb, type Web } from '../support/web.ts'

const { start } = servicesForTests()
let web: Web
let service: Service
let call: ReturnType<typeof apiV2>
beforeAll(async () => {
  web = await startWeb()
})
afterAll(() => web.stop())
/** A service for each test. */
const ownService = async () => {
  service = await start({ user: 'ann', diskQuota: 100_000_000 })
  call = apiV2(service)
}
afterEach(cleanUp)

type Row = Record<string, unknown>
const rowsOf = (list: unknown): Row[] => (Array.isArray(list) ? list.map((row: unknown) => Object(row)) : [])
const list = async (params = {}, headers = {}) =>
  rowsOf((await call('GET', '/v2/transfers/list', params, headers)).body.transfers)
const one = ({ body }: Answer): Row => Object(body.transfer)
const typeOf = ({ status, body }: Answer) => [status, body.error_type]
const own = { 'putdesk-fields': '1' }
const inStatus = (id: unknown, ...statuses: string[]) =>
  until(
    async () => one(await call('GET', `/v2/transfers/${id}`)),
    ({ status }) => statuses.includes(`${status}`),
  )

describe('a transfer', () => {
  beforeEach(ownService)

  it('has every field that strict clients require, from the first moment to long after it is finished', async () => {
    const bytes = randomBytes(300_000)
    web.on('/song.mp3', file(bytes))
    const added = one(await call('POST', '/v2/transfers/add', { url: web.url('/song.mp3'), save_parent_id: 0 }))
    expect(problemsOf(added, transferShape)).toEqual([])
    const finished = await inStatus(added.id, 'COMPLETED')
    expect(problemsOf(finished, transferShape)).toEqual([])
    const [item] = await itemsOf(service)
    expect(item).toEqual(['song.mp3', bytes.toString('hex')])
    expect(finished).toMatchObject({
      name: 'song.mp3',
      type: 'URL',
      source: web.url('/song.mp3'),
      size: 300_000,
      downloaded: 300_000,
      percent_done: 100,
      userfile_exists: true,
      error_message: null,
    })
    const { body } = await call('GET', `/v2/files/${finished.file_id}`)
    expect(Object(body.file)).toMatchObject({ name: 'song.mp3', size: 300_000 })
    await call('POST', '/v2/files/delete', { file_ids: `${finished.file_id}` })
    expect((await list())[0]).toMatchObject({ id: added.id, userfile_exists: false, file_id: finished.file_id })
    expect(service.log()).not.toContain('Error')
  })

  it('that failed says why, can be retried, and is cancelled once, and once more', async () => {
    const { id } = one(await call('POST', '/v2/transfers/add', { url: web.url('/missing.bin') }))
    const failed = await inStatus(id, 'ERROR')
    expect(problemsOf(failed, transferShape)).toEqual([])
    expect(failed.error_message).toMatch(/\.$/)
    web.on('/missing.bin', file(Buffer.from('now it is there')))
    expect(one(await call('POST', '/v2/transfers/retry', { id: Number(id) })).status).not.toBe('ERROR')
    await inStatus(id, 'COMPLETED')
    // Harmless on one that is well.
    expect(one(await call('POST', '/v2/transfers/retry', { id: Number(id) })).status).toBe('COMPLETED')
    for (let n = 0; n < 2; n++)
      expect((await call('POST', '/v2/transfers/cancel', { transfer_ids: `${id},999` })).body.status).toBe('OK')
    expect(await list()).toEqual([])
  })

  it('has the exact status, the reason and all figures for our own client, and nothing of that for others', async () => {
    const archive = await makeArchive('Locked.zip', { 'a.txt': Buffer.from('a') }, '-psesame')
    web.on('/Locked.zip', file(archive))
    const { id } = one(await call('POST', '/v2/transfers/add', { url: web.url('/Locked.zip') }))
    await inStatus(id, 'ERROR')
    const [plain] = await list()
    expect(plain).not.toHaveProperty('putdesk')
    const [row] = await list({}, own)
    expect(row?.putdesk).toMatchObject({
      status: 'error',
      failure: 'needs-password',
      delivered: false,
      playable: false,
      links: [web.url('/Locked.zip')],
      folder_id: 0,
      host: '127.0.0.1',
      note: null,
    })
    const retried = await call('POST', '/v2/transfers/retry', { id: Number(id), password: 'sesame' }, own)
    expect(Object(one(retried).putdesk).status).not.toBe('error')
    await inStatus(id, 'COMPLETED')
    expect((await itemsOf(service)).map(([path]) => path)).toEqual(['a.txt'])
    const [done] = await list({}, own)
    expect(Object(done?.putdesk)).toMatchObject({
      status: 'completed',
      delivered: true,
      links: [web.url('/Locked.zip')],
    })
  })

  it('of a torrent file has its type and gives the file back', async () => {
    const { bytes, infoHash } = await makeTorrent({ name: 'film.mkv', sizeBytes: 100_000 })
    const form = new FormData()
    form.append('file', new File([new Uint8Array(bytes)], 'film.torrent'))
    const response = await fetch(`${service.url}/v2/files/upload`, {
      method: 'POST',
      headers: { authorization: `Token ${service.token}` },
      body: form,
    })
    const body: unknown = await response.json()
    const transfer: Row = Object(Object(body).transfer)
    expect(problemsOf(transfer, transferShape)).toEqual([])
    expect([transfer.type, transfer.name]).toEqual(['TORRENT', 'film.mkv'])
    const sent = await fetch(`${service.url}${transfer.torrent_link}?oauth_token=${service.token}`)
    expect(Buffer.from(await sent.arrayBuffer()).equals(bytes)).toBe(true)
    const magnet = one(await call('POST', '/v2/transfers/add', { url: `magnet:?xt=urn:btih:${'a'.repeat(40)}` }))
    expect(problemsOf(magnet, transferShape)).toEqual([])
    expect([magnet.hash, infoHash.length]).toEqual(['a'.repeat(40), 40])
    expect(typeOf(await call('GET', `/v2/transfers/${magnet.id}/torrent`))).toEqual([400, 'IS_MAGNET'])
    const trackers = { trackers: 'http://127.0.0.1/announce' }
    expect(typeOf(await call('POST', `/v2/transfers/add-trackers/${magnet.id}`, trackers))).toEqual([400, 'BadRequest'])
    expect(typeOf(await call('POST', `/v2/transfers/add-trackers/${magnet.id}`))).toEqual([400, 'NO_TRACKERS'])
    expect(typeOf(await call('POST', '/v2/transfers/reannounce', { id: Number(magnet.id) }))).toEqual([
      400,
      'BadRequest',
    ])
  })
})

describe('the list of transfers', () => {
  beforeEach(ownService)

  it('is a list of pages that has each of them once, while others come and go', async () => {
    web.on('/small.txt', file(Buffer.from('small')))
    const links = Array.from({ length: 25 }, (_, index) => ({ url: `${web.url('/small.txt')}?${index}` }))
    const { body } = await call('POST', '/v2/transfers/add-multi', { urls: JSON.stringify(links) })
    expect([rowsOf(body.transfers).length, body.errors]).toEqual([25, []])
    const first = await call('GET', '/v2/transfers/list', { per_page: 10, total: 1 })
    expect([rowsOf(first.body.transfers).length, first.body.total]).toEqual([10, 25])
    await call('POST', '/v2/transfers/add', { url: `${web.url('/small.txt')}?new` })
    const seen = rowsOf(first.body.transfers).map(({ id }) => id)
    let cursor = first.body.cursor
    while (cursor !== null) {
      const next = await call('POST', '/v2/transfers/list/continue?per_page=10', { cursor: `${cursor}` })
      seen.push(...rowsOf(next.body.transfers).map(({ id }) => id))
      cursor = next.body.cursor
    }
    expect([seen.length, new Set(seen).size]).toEqual([25, 25])
    await until(
      async () => (await call('GET', '/v2/transfers/count')).body.count,
      (count) => count === 0,
    )
    const { body: cleaned } = await call('POST', '/v2/transfers/clean')
    expect([Array.isArray(cleaned.deleted_ids) && cleaned.deleted_ids.length, await list()]).toEqual([26, []])
  })

  it('loses exactly what is removed: those that are named, the finished ones, or all', async () => {
    web.on('/small.txt', file(Buffer.from('small')))
    const add = async (path: string) => one(await call('POST', '/v2/transfers/add', { url: web.url(path) })).id
    const [first, second] = [await add('/small.txt?1'), await add('/small.txt?2')]
    const failing = await add('/nothing-here')
    for (const id of [first, second]) await inStatus(id, 'COMPLETED')
    await inStatus(failing, 'ERROR')
    const ids = async () => (await list()).map(({ id }) => id)
    await call('POST', '/v2/transfers/remove', { transfer_ids: `${first}` })
    expect(await ids()).toEqual([failing, second])
    await call('POST', '/v2/transfers/remove', { remove_filter: 'completed' })
    expect(await ids()).toEqual([failing])
    // What failed has bytes that can be used again: only by name.
    expect((await call('POST', '/v2/transfers/clean')).body.deleted_ids).toEqual([])
    expect((await call('POST', '/v2/transfers/clean', { transfer_ids: `${failing}` })).body.deleted_ids).toEqual([
      failing,
    ])
    await add('/nothing-here')
    await call('POST', '/v2/transfers/remove', { remove_filter: 'all' })
    expect(await ids()).toEqual([])
    expect(await itemsOf(service)).toHaveLength(2)
  })
})

describe('several links at once', () => {
  beforeEach(ownService)

  it('are added as far as they can be, and the others are named with a reason', async () => {
    web.on('/a.txt', file(Buffer.from('a')))
    const { body } = await call('POST', '/v2/transfers/add-multi', {
      urls: JSON.stringify([
        { url: web.url('/a.txt') },
        { url: 'no link at all' },
        { url: '' },
        { url: web.url('/a.txt?2'), save_parent_id: 999 },
        'text',
        null,
        { url: 'magnet:?xt=urn:btih:short' },
      ]),
    })
    expect(rowsOf(body.transfers).map(({ source }) => source)).toEqual([web.url('/a.txt')])
    expect(rowsOf(body.errors).map(({ url, status_code, error_type }) => [url, status_code, error_type])).toEqual([
      ['no link at all', 400, 'BadRequest'],
      ['', 400, 'EMPTY_URL'],
      [web.url('/a.txt?2'), 404, 'NotFound'],
      ['', 400, 'EMPTY_URL'],
      ['', 400, 'EMPTY_URL'],
      ['magnet:?xt=urn:btih:short', 400, 'BadRequest'],
    ])
  })

  it('are looked at without being added: each has a row, and one that fails does not keep the others', async () => {
    web.on('/a.iso', file(randomBytes(1_048_576)))
    for (const part of ['part1', 'part2']) web.on(`/Set.${part}.rar`, file(randomBytes(1000)))
    const links = [
      web.url('/a.iso'),
      web.url('/gone.iso'),
      'nonsense',
      web.url('/Set.part1.rar'),
      web.url('/Set.part2.rar'),
    ]
    const { body } = await call('POST', '/v2/transfers/info', { urls: links.join('\n') })
    const rows = rowsOf(body.ret)
    expect(rows.map(({ url }) => url)).toEqual(links)
    expect(rows[0]).toEqual({
      url: links[0],
      name: 'a.iso',
      type_name: 'file',
      file_size: 1_048_576,
      human_size: '1.0 MB',
    })
    expect(rows.map((row) => 'error' in row)).toEqual([false, true, true, false, false])
    expect(typeof body.disk_avail).toBe('number')
    const extended = (await call('POST', '/v2/transfers/info', { urls: links.join('\n') }, own)).body
    const { groups, bandwidth_left: left } = Object(extended.putdesk)
    expect(typeof left).toBe('number')
    expect(rowsOf(groups).filter((group) => group.is_multipart === true)).toEqual([
      {
        name: expect.stringContaining('Set'),
        links: links.slice(3),
        is_multipart: true,
        size: 2000,
        paid_bw: 0,
        error: null,
      },
    ])
    expect(Object(rowsOf(extended.ret)[1]?.putdesk)).toMatchObject({ size: null, needs_pass: false, seeds: null })
    expect(await list()).toEqual([])
  })
})

describe('a bad request', () => {
  let shared: Service
  beforeAll(async () => {
    shared = await startService({ user: 'ann', diskQuota: 100_000_000 })
  })
  afterAll(() => shared.stop())

  it.each<[string, string, string, Record<string, string | number>, number, string]>([
    ['no link', 'POST', '/v2/transfers/add', {}, 400, 'EMPTY_URL'],
    ['a link that is none', 'POST', '/v2/transfers/add', { url: 'file:///etc/passwd' }, 400, 'BadRequest'],
    ['no folder', 'POST', '/v2/transfers/add', { url: 'http://127.0.0.1/a', save_parent_id: 99 }, 404, 'NotFound'],
    ['a list that is none', 'POST', '/v2/transfers/add-multi', { urls: '{"a":1}' }, 400, 'BadRequest'],
    ['JSON that is none', 'POST', '/v2/transfers/add-multi', { urls: '[' }, 400, 'BadRequest'],
    ['too many links', 'POST', '/v2/transfers/add-multi', { urls: `[${'{},'.repeat(1000)}{}]` }, 403, 'TOO_MANY_URLS'],
    ['too large a page', 'GET', '/v2/transfers/list', { per_page: 1001 }, 400, 'INVALID_PER_PAGE'],
    ['an empty page', 'GET', '/v2/transfers/list', { per_page: 0 }, 400, 'INVALID_PER_PAGE'],
    ['a strange cursor', 'POST', '/v2/transfers/list/continue', { cursor: 'abc' }, 400, 'BadRequest'],
    ['no transfer', 'GET', '/v2/transfers/999', {}, 404, 'TRANSFER_NOT_FOUND'],
    ['an id that is none', 'GET', '/v2/transfers/abc', {}, 404, 'NotFound'],
    ['no transfer to retry', 'POST', '/v2/transfers/retry', { id: 999 }, 404, 'TRANSFER_NOT_FOUND'],
    ['no transfer with films', 'GET', '/v2/transfers/999/files', {}, 404, 'NotFound'],
    ['nothing to remove', 'POST', '/v2/transfers/remove', {}, 400, 'BadRequest'],
    ['a strange filter', 'POST', '/v2/transfers/remove', { remove_filter: 'some' }, 400, 'BadRequest'],
    ['no recording', 'POST', '/v2/transfers/stop-recording', { transfer_id: 999 }, 404, 'TRANSFER_NOT_FOUND'],
    ['no links to look at', 'POST', '/v2/transfers/info', { urls: ' \n ' }, 400, 'EMPTY_URL'],
  ])('with %s has an error that a program can read', async (_what, verb, path, params, status, type) => {
    expect(typeOf(await apiV2(shared)(verb, path, params))).toEqual([status, type])
  })
})
