import { afterEach, expect, it } from 'vitest'
import { openBackend, type TestBackend } from '../support/backend.ts'
import { startService } from '../support/service.ts'
import { startWorstDay, type WorstDay } from '../support/worst-day.ts'

// A service that speaks API v2 may add some links and refuse others.

const ends: { close?(): Promise<unknown>; stop?(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await (end.close?.() ?? end.stop?.())
})

async function open(): Promise<{ backend: TestBackend; day: WorstDay; accountId: string }> {
  const service = await startService()
  const day = await startWorstDay(service)
  const backend = openBackend()
  ends.push(service, day, backend)
  const accountId = await backend.client.call('accounts.signInWithToken', {
    ...{ accountId: null, isKept: false, mayBePlain: false, token: service.token },
    service: { api: day.url, upload: null, tus: null, socket: null, web: null },
  })
  return { backend, day, accountId }
}

const links = ['a', 'b', 'c'].map((name) => `http://127.0.0.1:1/${name}.bin`)
const folderId = 0

/** Answers as if these links of a request had been refused. */
function refusing(refused: readonly string[], isNamed: boolean) {
  return (body: unknown) => {
    const { transfers, ...rest }: Record<string, unknown> = Object(body)
    const rows: Record<string, unknown>[] = Array.isArray(transfers) ? transfers : []
    const errors = refused.map((url) => ({
      ...{ status_code: 400, error_type: 'TRANSFER_LIMIT', error_message: 'There are too many transfers.' },
      ...(isNamed && { url }),
    }))
    return { ...rest, transfers: rows.filter(({ source }) => !refused.includes(`${source}`)), errors }
  }
}

it.each([true, false])(
  'returns what was added and each refused link; the errors name their links: %s',
  async (isNamed) => {
    const { backend, day, accountId } = await open()
    day.plan(({ path }) => (path.includes('add-multi') ? { change: refusing([links[1] ?? ''], isNamed) } : null))
    const { ids, refused } = await backend.client.call('transfers.add', { accountId, links, folderId })
    expect(ids).toHaveLength(2)
    expect(refused).toEqual([{ link: links[1], sentence: 'There are too many transfers.' }])
  },
)

it('fails with the sentence of the service if all are refused', async () => {
  const { backend, day, accountId } = await open()
  day.plan(({ path }) => (path.includes('add-multi') ? { change: refusing(links, true) } : null))
  await expect(backend.client.call('transfers.add', { accountId, links, folderId })).rejects.toMatchObject({
    code: 'refused',
    message: 'There are too many transfers.',
  })
})

it('tells of a torrent file that is refused beside links that are added', async () => {
  const { backend, day, accountId } = await open()
  day.plan(({ path }) =>
    path.includes('/files/upload')
      ? { status: 400, body: '{"status":"ERROR","error_type":"BadRequest","error_message":"This torrent is damaged."}' }
      : null,
  )
  const info = 'd6:lengthi9e4:name1:x12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae'
  const base64 = Buffer.from(`d4:info${info}e`).toString('base64')
  const { link } = await backend.client.call('links.fromFile', { name: 'x.torrent', base64 })
  const { ids, refused } = await backend.client.call('transfers.add', {
    ...{ accountId, folderId },
    links: [links[0] ?? '', link],
  })
  expect(ids).toHaveLength(1)
  expect(refused).toEqual([{ link, sentence: 'This torrent is damaged.' }])
})
