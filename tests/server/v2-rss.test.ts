import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, apiV2 } from '../support/api-v2.ts'
import { type Service, startService, until } from '../support/service.ts'
import { file, startWeb, type Web } from '../support/web.ts'

let web: Web
let service: Service
let call: ReturnType<typeof apiV2>
beforeAll(async () => {
  web = await startWeb()
  service = await startService({ user: 'ann', diskQuota: 100_000_000 })
  call = apiV2(service)
})
afterAll(async () => {
  await service.stop()
  await web.stop()
})

type Row = Record<string, unknown>
const rowsOf = (list: unknown): Row[] => (Array.isArray(list) ? list.map((row: unknown) => Object(row)) : [])
const typeOf = ({ status, body }: Answer) => [status, body.error_type]

function serveFeed(path: string, ...names: string[]): string {
  const items = names.map(
    (name) =>
      `<item><title>${name}</title><guid>${name}</guid><enclosure url="${web.url(`/${name}.mp3`)}" type="audio/mpeg"/></item>`,
  )
  const text = `<?xml version="1.0"?><rss version="2.0"><channel><title>Feed</title>${items.join('')}</channel></rss>`
  web.on(
    path,
    (_request, response) => void response.writeHead(200, { 'content-type': 'application/rss+xml' }).end(text),
  )
  return web.url(path)
}
const create = async (params: Record<string, string | number>) =>
  Object((await call('POST', '/v2/rss/create', params)).body.feed)
const items = async (id: unknown) => rowsOf((await call('GET', `/v2/rss/${id}/items`)).body.items)

describe('a feed', () => {
  it('is followed: what matches is fetched into its folder, and what failed says why and can be retried', async () => {
    web.on('/jazz.mp3', file(Buffer.from('jazz')))
    web.on('/rock.mp3', file(Buffer.from('rock')))
    const rss_source_url = serveFeed('/feed', 'jazz', 'rock', 'lost jazz')
    const folder = Object((await call('POST', '/v2/files/create-folder', { name: 'Music', parent_id: 0 })).body.file)
    const feed = await create({ title: 'Jazz', rss_source_url, keyword: 'jazz', parent_dir_id: Number(folder.id) })
    expect(feed).toEqual({
      id: expect.any(Number),
      title: 'Jazz',
      rss_source_url,
      parent_dir_id: folder.id,
      parentdirid: folder.id,
      keyword: 'jazz',
      unwanted_keywords: '',
      delete_old_files: false,
      extract: true,
      paused: false,
      paused_at: null,
      last_fetch: null,
      last_error: null,
      start_at: null,
      failed_item_count: 0,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/),
      updated_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/),
    })
    const found = await until(
      () => items(feed.id),
      (rows) => rows.some(({ is_failed }) => is_failed === true) && rows.some(({ user_file_id: id }) => Number(id) > 0),
    )
    const [failed, fetched] = found
    expect(found.map(({ title }) => title).toSorted()).toEqual(['jazz', 'lost jazz'])
    expect(
      [failed, fetched].map((row) => [row?.title, row?.is_failed, 'failure_reason' in (row ?? {})]),
    ).toContainEqual([...['lost jazz', true, true]])
    expect(Object((await call('GET', `/v2/rss/${feed.id}`)).body.feed).failed_item_count).toBe(1)
    web.on('/lost%20jazz.mp3', file(Buffer.from('found')))
    web.on('/lost jazz.mp3', file(Buffer.from('found')))
    await call('POST', `/v2/rss/${feed.id}/retry-all`)
    await until(
      () => items(feed.id),
      (rows) => rows.every(({ user_file_id: id }) => Number(id) > 0),
    )
    const { body } = await call('GET', '/v2/files/list', { parent_id: Number(folder.id) })
    expect(rowsOf(body.files).map(({ name }) => name)).toEqual(['jazz.mp3', 'lost jazz.mp3'])
    await call('POST', `/v2/rss/${feed.id}/clear-log`)
    expect(await items(feed.id)).toEqual([])
  })

  it('can begin with what comes next, be paused, changed and deleted', async () => {
    web.on('/old.mp3', file(Buffer.from('old')))
    web.on('/new.mp3', file(Buffer.from('new')))
    const rss_source_url = serveFeed('/next', 'old')
    const { id } = await create({
      title: 'Next',
      rss_source_url,
      dont_process_whole_feed: 'true',
      parent_dir_id: 'newf',
    })
    const feed = async () => Object((await call('GET', `/v2/rss/${id}`)).body.feed)
    const checked = () => until(feed, ({ last_fetch: at }) => at !== null)
    await checked()
    expect(await items(id)).toEqual([])
    serveFeed('/next', 'new', 'old')
    await call('POST', `/v2/rss/${id}/pause`)
    expect((await feed()).paused).toBe(true)
    await call('POST', `/v2/rss/${id}`, { title: 'Renamed' })
    await call('POST', `/v2/rss/${id}/resume`)
    const [item] = await until(
      () => items(id),
      (rows) => rows.length > 0,
    )
    expect([item?.title, (await feed()).title]).toEqual(['new', 'Renamed'])
    expect((await call('POST', `/v2/rss/${id}/delete`)).status).toBe(200)
    expect(typeOf(await call('GET', `/v2/rss/${id}`))).toEqual([404, 'NotFound'])
  })

  it('can be looked at before it is added, but only by our own client, and nothing is added', async () => {
    const rss_source_url = serveFeed('/preview', 'jazz', 'rock', 'live jazz')
    const look = (params: Record<string, string>, headers: Record<string, string> = { 'putdesk-fields': '1' }) =>
      call('POST', '/v2/putdesk/rss/preview', params, headers)
    web.on('/live%20jazz.mp3', file(Buffer.from('live')))
    expect((await look({ rss_source_url, keyword: 'jazz', unwanted_keywords: 'live' })).body).toEqual({
      status: 'OK',
      total: 3,
      matching: 1,
      entries: [
        { title: 'jazz', matches: true },
        { title: 'rock', matches: false },
        { title: 'live jazz', matches: false },
      ],
    })
    expect(web.requests.map(({ path }) => path)).not.toContain('/live%20jazz.mp3')
    expect(rowsOf((await call('GET', '/v2/rss/list')).body.feeds).map(({ rss_source_url: url }) => url)).not.toContain(
      rss_source_url,
    )
    expect(typeOf(await look({ rss_source_url }, {}))).toEqual([404, 'NotFound'])
    expect(typeOf(await look({}))).toEqual([400, 'URL_REQUIRED'])
    expect(typeOf(await look({ rss_source_url: 'ftp://a/' }))).toEqual([400, 'URL_NOT_VALID'])
    expect(typeOf(await look({ rss_source_url: web.url('/nowhere') }))).toEqual([400, 'FEED_CANNOT_FETCHED'])
    web.on('/page', (_request, response) => void response.writeHead(200).end('<p>no feed</p>'))
    expect(typeOf(await look({ rss_source_url: web.url('/page') }))).toEqual([400, 'FEED_CANNOT_PARSED'])
  })

  it.each<[string, string, Record<string, string>, number, string]>([
    ['without an address', '/v2/rss/create', { title: 'a' }, 400, 'URL_REQUIRED'],
    ['without a title', '/v2/rss/create', { rss_source_url: 'http://127.0.0.1/' }, 400, 'TITLE_REQUIRED'],
    ['at no address', '/v2/rss/create', { title: 'a', rss_source_url: 'file:///etc' }, 400, 'URL_NOT_VALID'],
    ['that would delete files', '/v2/rss/create', { title: 'a', delete_old_files: 'on' }, 400, 'BadRequest'],
    ['that is not there', '/v2/rss/999/pause', {}, 404, 'NotFound'],
    ['with an id that is none', '/v2/rss/abc/delete', {}, 404, 'NotFound'],
    ['whose entry is not there', '/v2/rss/1/items/999/retry', {}, 404, 'NotFound'],
  ])('%s is refused with an error that a program can read', async (_what, path, params, status, type) => {
    expect(typeOf(await call('POST', path, params))).toEqual([status, type])
  })
})
