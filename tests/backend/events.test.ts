import { afterEach, describe, expect, it } from 'vitest'
import type { CompletedTransfer } from '../../electron/backend/putio/v2/transfer-feed.ts'
import { V2TransferFeed } from '../../electron/backend/putio/v2/transfer-feed.ts'
import { AppError } from '../../shared/errors.ts'
import { openBackend, type TestBackend } from '../support/backend.ts'
import { startService, until } from '../support/service.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { startWeb } from '../support/web.ts'

const toStop: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of toStop.splice(0).reverse()) await stop()
})

describe('with the service on this computer', () => {
  it('takes what finished and was cleared while the app was closed for finished, and what was cancelled for cancelled', async () => {
    const web = await startWeb()
    toStop.push(() => web.stop())
    const held = Promise.withResolvers<void>()
    web.on('/film', (_request, response) => {
      response.writeHead(200, { 'content-length': 4, 'content-disposition': 'attachment; filename="film.bin"' })
      held.promise.then(() => response.end('film')).catch(() => undefined)
    })
    web.on('/lost', () => undefined)
    const service = await startService({ user: 'ann', diskQuota: 1_000_000 })
    toStop.push(() => service.stop())
    const ask = async (verb: 'GET' | 'POST', path: string, form: Record<string, string> = {}) => {
      const response = await fetch(`${service.url}${path}`, {
        method: verb,
        headers: { authorization: `Token ${service.token}` },
        ...(verb === 'POST' && { body: new URLSearchParams(form) }),
      })
      return (await response.json()) as { transfers?: { id: number; status: string; file_id: number | null }[] }
    }
    const dataFolder = temporaryFolder('backend')
    const first = openBackend({ dataFolder })
    const accountId = await first.client.call('accounts.signInWithToken', {
      ...{ accountId: null, isKept: true, mayBePlain: true, token: service.token },
      service: { api: service.url, upload: null, tus: null, socket: null, web: null },
    })
    const links = [web.url('/film'), web.url('/lost')]
    const { ids } = await first.client.call('transfers.add', { accountId, links, folderId: 0 })
    await first.close()

    held.resolve()
    const transfers = await until(
      async () => (await ask('GET', '/v2/transfers/list')).transfers ?? [],
      (rows) => rows.some(({ id, status }) => id === ids[0] && status === 'COMPLETED'),
    )
    const itemId = transfers.find(({ id }) => id === ids[0])?.file_id
    await ask('POST', '/v2/transfers/clean')
    await ask('POST', '/v2/transfers/cancel', { transfer_ids: `${ids[1]}` })
    expect((await ask('GET', '/v2/transfers/list')).transfers).toEqual([])

    const second = openBackend({ dataFolder })
    toStop.push(() => second.close())
    await second.client.call('sync', {})
    const history = await until(
      () => historyOf(second, accountId),
      (entries) => entries.length === 2,
    )
    expect(history.toSorted()).toEqual([
      [ids[0], 'finished', itemId, 4],
      [ids[1], 'cancelled', null, null],
    ])
  })
})

async function historyOf({ client }: TestBackend, accountId: string) {
  const entries = await client.call('history.list', { accountId })
  return entries.map(({ transferId, outcome, itemId, sizeBytes }) => [transferId, outcome, itemId, sizeBytes])
}

describe('the feed', () => {
  const hour = 3_600_000
  const addedAtMs = 10 * hour
  const remembered = { transferId: 1, name: 'film', links: ['http://a.test/film'], folderId: 3, atMs: addedAtMs }
  const event: CompletedTransfer = {
    ...{ link: 'http://a.test/film', name: 'film.mkv', atMs: addedAtMs + hour, itemId: 7, sizeBytes: 9 },
  }
  /** What became of transfers that the first answer does not list, and how often events were asked for. */
  async function outcomes(events: CompletedTransfer[], transfers = [remembered]) {
    let asked = 0
    const feed = new V2TransferFeed({
      remembered: () => transfers,
      list: async () => ({ transfers: [], unread: [], tick: null }),
      item: () => Promise.reject(new AppError('not-found', 'There is no such item.')),
      completed: async () => {
        asked += 1
        return events
      },
    })
    const { left } = await feed.changes()
    return { asked, left: left.map(({ outcome, name, itemId }) => [outcome, name, itemId]) }
  }
  const cancelled = ['cancelled', 'film', null]

  it('asks once for the events, whatever the number of transfers that have left', async () => {
    const other = { ...remembered, transferId: 2, links: ['http://a.test/other'] }
    expect(await outcomes([event], [remembered, other])).toEqual({
      asked: 1,
      left: [['finished', 'film.mkv', 7], cancelled],
    })
    expect(await outcomes([event], [])).toEqual({ asked: 0, left: [] })
  })

  it('takes one event for one transfer only, of two with the same link', async () => {
    const { left } = await outcomes([event], [remembered, { ...remembered, transferId: 2 }])
    expect(left).toEqual([['finished', 'film.mkv', 7], cancelled])
  })

  it('ignores an event of another link, and one from before the transfer was added', async () => {
    expect((await outcomes([{ ...event, link: 'http://a.test/else' }])).left).toEqual([cancelled])
    expect((await outcomes([{ ...event, atMs: addedAtMs - hour }])).left).toEqual([cancelled])
  })

  it('goes by the name where the link is not known', async () => {
    const unlinked = { ...remembered, links: [] }
    expect((await outcomes([{ ...event, name: 'film' }], [unlinked])).left).toEqual([['finished', 'film', 7]])
    expect((await outcomes([event], [unlinked])).left).toEqual([cancelled])
  })
})
