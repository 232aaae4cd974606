import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basesOf } from '../../electron/backend/putio/bases.ts'
import type { PutioClient } from '../../electron/backend/putio/client.ts'
import { UnreadRows } from '../../electron/backend/putio/unread-rows.ts'
import { createV2Client } from '../../electron/backend/putio/v2/client.ts'
import { systemClock } from '../../electron/backend/putio/v2/clock.ts'
import { Secrets } from '../../electron/backend/secrets/secrets.ts'
import { type Service, startService, until } from '../support/service.ts'
import { file, startWeb, type Web } from '../support/web.ts'

function clientOf(url: string, token: string): PutioClient {
  const log = { info: () => undefined, error: () => undefined }
  const unread = new UnreadRows({ log, show: () => undefined })
  return createV2Client({ bases: async () => basesOf(url), token, secrets: new Secrets(), unread, clock: systemClock })
}
const draft = { folderId: 0, wanted: '', unwanted: '', deletesOldFiles: false }

describe('with the service on this computer', () => {
  let web: Web
  let service: Service
  let client: PutioClient
  beforeAll(async () => {
    web = await startWeb()
    service = await startService({ user: 'ann', diskQuota: 100_000_000 })
    client = clientOf(service.url, service.token)
    web.on('/jazz.mp3', file(Buffer.from('jazz')))
    const item = (name: string) =>
      `<item><title>${name}</title><guid>${name}</guid><enclosure url="${web.url(`/${name}.mp3`)}" type="audio/mpeg"/></item>`
    web.on('/feed', (_request, response) => {
      const items = ['jazz', 'rock', 'lost-jazz'].map(item).join('')
      response.writeHead(200).end(`<rss version="2.0"><channel>${items}</channel></rss>`)
    })
  })
  afterAll(async () => {
    await service.stop()
    await web.stop()
  })

  it('declares feeds, and shows what would match before anything is added', async () => {
    const { capabilities } = await client.account()
    expect(capabilities).toMatchObject({ hasFeeds: true, canPreviewFeeds: true })
    expect(await client.previewFeed(web.url('/feed'), { wanted: 'jazz', unwanted: 'lost' })).toEqual({
      total: 3,
      matching: 1,
      entries: [
        { title: 'jazz', isMatch: true },
        { title: 'rock', isMatch: false },
        { title: 'lost-jazz', isMatch: false },
      ],
    })
    expect(await client.feeds()).toEqual([])
    await expect(client.previewFeed(web.url('/nowhere'), { wanted: '', unwanted: '' })).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('127.0.0.1'),
    })
  })

  it('follows a feed, tells what became of its entries, and tries again what failed', async () => {
    await client.account()
    const { id } = await client.createFeed(
      { ...draft, title: 'Jazz', address: web.url('/feed'), wanted: 'jazz' },
      false,
    )
    const items = await until(
      () => client.feedItems(id),
      (rows) => rows.some(({ itemId }) => itemId !== null) && rows.some(({ problem }) => problem !== null),
    )
    expect(items.map(({ title, itemId, problem }) => [title, itemId !== null, problem !== null]).sort()).toEqual([
      ['jazz', true, false],
      ['lost-jazz', false, true],
    ])
    const [feed] = await client.feeds()
    expect(feed).toEqual({
      ...{ id, title: 'Jazz', host: '127.0.0.1', folderId: 0, wanted: 'jazz', unwanted: '', isPaused: false },
      ...{ checkedAtMs: expect.any(Number), problem: null, failedItems: 1 },
    })
    web.on('/lost-jazz.mp3', file(Buffer.from('found')))
    await client.retryFeedItem(id, items.find(({ problem }) => problem !== null)?.id ?? -1)
    await until(
      () => client.feedItems(id),
      (rows) => rows.every(({ itemId }) => itemId !== null),
    )
    await client.deleteFeed(id)
  })

  it('pauses, changes and resumes a feed, and tells why one cannot be read', async () => {
    await client.account()
    const address = web.url('/gone?passkey=1')
    const { id } = await client.createFeed({ ...draft, title: 'Gone', address }, true)
    await until(
      () => client.feed(id),
      ({ problem }) => problem !== null,
    )
    await client.pauseFeed(id)
    await client.changeFeed(id, { ...draft, title: 'Away', address, unwanted: 'rock' })
    expect(await client.feed(id)).toMatchObject({ title: 'Away', unwanted: 'rock', isPaused: true, address })
    await client.resumeFeed(id)
    expect(await client.feed(id)).toMatchObject({ isPaused: false })
    await client.deleteFeed(id)
    await expect(client.feed(id)).rejects.toMatchObject({ code: 'not-found' })
  })
})

describe('with another service', () => {
  let server: Server
  let url: string
  const answers = new Map<string, { status: number; body: unknown }>()
  beforeAll(async () => {
    server = createServer((request, response) => {
      const { status, body } = answers.get(request.url?.replace(/\?.*/, '') ?? '') ?? { status: 404, body: {} }
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
    const info = { user_id: 1, username: 'ann', disk: { avail: 1, size: 2, used: 1 } }
    answers.set('/v2/account/info', { status: 200, body: { status: 'OK', info } })
  })
  afterAll(() => void server.close())

  it('keeps the list when a feed has no id, and fields are missing, null or of a wrong type', async () => {
    const feeds = [
      { title: 'without an id' },
      { id: '7', title: 7, rss_source_url: null, keyword: null, paused: 'no', last_fetch: 5, failed_item_count: 'x' },
      { id: 8, title: 'b', rss_source_url: 'https://a.test/?key=1', last_error: 'FETCH_FAILED', parentdirid: 3 },
    ]
    answers.set('/v2/rss/list', { status: 200, body: { status: 'OK', feeds } })
    const client = clientOf(url, 't')
    const nothing = { wanted: '', unwanted: '', isPaused: false, checkedAtMs: null, failedItems: 0 }
    expect(await client.feeds()).toEqual([
      { id: 7, title: '7', host: '', folderId: 0, problem: null, ...nothing },
      { id: 8, title: 'b', host: 'a.test', folderId: 3, problem: 'The service could not read this feed.', ...nothing },
    ])
    const items = [null, { id: 1, title: 'a', is_failed: true }, { id: 2, title: 'b', user_file_id: '9' }]
    answers.set('/v2/rss/8/items', { status: 200, body: { status: 'OK', items } })
    expect(await client.feedItems(8)).toEqual([
      { id: 1, title: 'a', foundAtMs: null, itemId: null, problem: 'This entry failed.' },
      { id: 2, title: 'b', foundAtMs: null, itemId: 9, problem: null },
    ])
  })

  it('turns feeds off for the session when the service answers invalid_scope, and never offers a preview', async () => {
    const client = clientOf(url, 't')
    expect((await client.account()).capabilities).toMatchObject({ hasFeeds: true, canPreviewFeeds: false })
    answers.set('/v2/rss/list', { status: 401, body: { status: 'ERROR', error_type: 'invalid_scope' } })
    await expect(client.feeds()).rejects.toMatchObject({ code: 'refused' })
    expect((await client.account()).capabilities.hasFeeds).toBe(false)
  })
})
