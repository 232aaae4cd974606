import { afterAll, beforeAll, expect, it } from 'vitest'
import { basesOf } from '../../electron/backend/putio/bases.ts'
import { UnreadRows } from '../../electron/backend/putio/unread-rows.ts'
import { createV2Client } from '../../electron/backend/putio/v2/client.ts'
import { systemClock } from '../../electron/backend/putio/v2/clock.ts'
import { Secrets } from '../../electron/backend/secrets/secrets.ts'
import { type Asked, startScriptedServer } from '../support/scripted-server.ts'
import { type Service, startService } from '../support/service.ts'

let service: Service
beforeAll(async () => {
  service = await startService({ user: 'ann', diskQuota: 1_000_000 })
})
afterAll(() => service.stop())

function clientOf({ url, token }: Pick<Service, 'url' | 'token'>) {
  const log = { info: () => undefined, error: () => undefined }
  const unread = new UnreadRows({ log, show: () => undefined })
  return createV2Client({ bases: async () => basesOf(url), token, secrets: new Secrets(), unread, clock: systemClock })
}

it('reads the account, and what its service can do', async () => {
  const { userId, quota, capabilities } = await clientOf(service).account()
  expect(userId).toBe('1')
  expect(quota).toMatchObject({ userName: 'ann', diskTotalBytes: 1_000_000, trash: { items: 0, sizeBytes: 0 } })
  expect(capabilities).toMatchObject({ hasTrash: true, canRetryInPlace: true })
})

it('tells that a wrong token is not accepted', async () => {
  const asked = clientOf({ ...service, token: 'f'.repeat(40) }).account()
  await expect(asked).rejects.toMatchObject({
    code: 'signed-out',
    message: 'The service on this computer no longer accepts this sign-in.',
  })
})

const torrent = { id: 1, name: 'album', type: 'TORRENT', status: 'SEEDING', percent_done: 100, save_parent_id: 7 }
const archive = { id: 2, name: 'a.zip', type: 'URL', status: 'ERROR', percent_done: 100, save_parent_id: 0 }
const [first, second] = ['http://a.b/abcde.part1.rar', 'http://a.b/abcde.part2.rar']
const magnet = 'magnet:?xt=urn:btih:1'
/** What our own service answers, with the fields that only our own client gets. */
const answers: Record<string, object> = {
  '/v2/account/info': { info: { user_id: 1, username: 'mary', disk: { avail: 9, size: 10, used: 1 }, putdesk: {} } },
  '/v2/transfers/list': {
    transfers: [
      {
        ...{ ...torrent, uploaded: 400 },
        putdesk: {
          ...{ status: 'seeding', size: 1000, speed: 50, seconds_left: 12, peers: 3, stage_percent: 40 },
          ...{ delivered: true, failure: null, added_at: 1_500_000_000, host: null, links: [] },
        },
      },
      {
        ...archive,
        putdesk: {
          ...{ status: 'error', size: 10, peers: null, stage_percent: null, delivered: false },
          ...{ reason: '“a.zip” needs a password.', failure: 'a word of tomorrow', links: ['http://a.b/a.zip'] },
        },
      },
    ],
    cursor: null,
  },
  '/v2/transfers/info': {
    ret: [
      { url: first, name: 'abcde.part1.rar', file_size: 10, putdesk: { size: 10, needs_pass: false, entries: null } },
      { url: second, name: 'abcde.part2.rar', putdesk: { size: 10, needs_pass: true, entries: 4, unpacked: 50 } },
      { url: magnet, name: 'album', file_size: 0, putdesk: { size: null, seeds: 12, entries: 3 } },
    ],
    disk_avail: 9,
    putdesk: {
      groups: [
        {
          ...{ name: 'ABCDE', links: [first, second], is_multipart: true, size: 20 },
          error: '“ABCDE” is not complete: abcde.part3.rar is missing.',
        },
      ],
    },
  },
  '/v2/transfers/retry': { transfer: archive },
}

/** A client of a service that answers with these, and what it has asked. */
async function ownService() {
  const server = await startScriptedServer(({ url }) => ({
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...answers[url.split('?')[0] ?? ''], status: 'OK' }),
  }))
  const client = clientOf({ url: server.url, token: 'a-token-of-twenty-letters' })
  await client.account()
  return { client, server }
}

it('reads what our own service tells about transfers, and takes an unknown failure for “other”', async () => {
  const { client, server } = await ownService()
  expect((await client.followTransfers(() => []).changes()).listed).toMatchObject([
    {
      ...{ status: 'seeding', uploadedBytes: 400, isTorrent: true, peers: 3, stagePercent: 40, secondsLeft: 12 },
      ...{ failure: null, addedAtMs: 1_500_000_000_000, links: [], hasArrived: true, folderId: 7 },
    },
    {
      ...{ status: 'error', isTorrent: false, peers: null, stagePercent: null, failure: 'other', hasArrived: false },
      ...{ reason: '“a.zip” needs a password.', links: ['http://a.b/a.zip'] },
    },
  ])
  await server.stop()
})

it('reads the seeds of a torrent, the contents of an archive, and the missing part of a set', async () => {
  const { client, server } = await ownService()
  const { rows } = await client.analyzeLinks([first, second, magnet])
  expect(rows).toMatchObject([
    {
      ...{ kind: 'problem', name: 'ABCDE', problem: '“ABCDE” is not complete: abcde.part3.rar is missing.' },
      ...{ needsPassword: true, entryCount: 4, unpackedBytes: 50, links: [first, second] },
    },
    { kind: 'torrent', sizeBytes: null, seeds: 12, entryCount: 3, needsPassword: false },
  ])
  await server.stop()
})

it('retries a failed transfer, with its password in the body only', async () => {
  const { client, server } = await ownService()
  const sent = (asked: Asked | undefined) => [asked?.url, Object.fromEntries(new URLSearchParams(asked?.body))]
  await client.retryTransfer(2, { password: 'open sesame', isUnpacked: true })
  expect(sent(server.asked.at(-1))).toEqual(['/v2/transfers/retry', { id: '2', password: 'open sesame' }])
  await client.retryTransfer(2, { password: null, isUnpacked: false })
  expect(sent(server.asked.at(-1))).toEqual(['/v2/transfers/retry', { id: '2', unpack: 'false' }])
  await server.stop()
})

it('keeps the list with a status that it does not know, and the service’s own word where it says more', async () => {
  const long = 'X'.repeat(5000)
  const words = ['IN_QUEUE', 'DOWNLOADING', 'WAITING_FOR_DOWNLOADER', 'STOPPING', 'REHEATING', long, '', null, 7]
  const transfers = words.map((status, id) => ({ id, name: `t${id}`, type: 'URL', status, percent_done: 0 }))
  const own = { id: 90, name: 'own', status: 'PREPARING_DOWNLOAD', putdesk: { status: 'waiting', links: [] } }
  const server = await startScriptedServer(() => ({
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ status: 'OK', transfers: [...transfers, own], cursor: null }),
  }))
  const { listed } = await clientOf({ url: server.url, token: 'a-token-of-twenty-letters' })
    .followTransfers(() => [])
    .changes()
  expect(listed.map(({ status, serviceStatus }) => [status, serviceStatus])).toEqual([
    ['in-queue', null],
    ['downloading', null],
    ['in-queue', 'WAITING_FOR_DOWNLOADER'],
    ['completing', 'STOPPING'],
    ['unknown', 'REHEATING'],
    ['unknown', 'X'.repeat(60)],
    ['unknown', null],
    ['unknown', null],
    ['unknown', null],
    ['waiting', null],
  ])
  await server.stop()
})

it('takes the trash of another service for one that may take space, and a missing size for no trash', async () => {
  const disk = { avail: 9, size: 10, used: 1 }
  const quotaOf = async (more: object) => {
    const server = await startScriptedServer(() => ({
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ status: 'OK', info: { user_id: 1, username: 'mary', disk, ...more } }),
    }))
    const { quota } = await clientOf({ url: server.url, token: 'a-token-of-twenty-letters' }).account()
    await server.stop()
    return quota
  }
  const nothing = { bandwidthTotalBytes: null, bandwidthLeftBytes: null }
  expect(await quotaOf({ trash_size: 5 })).toMatchObject({
    ...nothing,
    trash: { items: null, sizeBytes: 5, isCounted: false },
  })
  expect(await quotaOf({ trash_size: null })).toMatchObject({ ...nothing, trash: null })
  const own = { trash_items: 1, bandwidth_total: 0, bandwidth_left: 0 }
  expect(await quotaOf({ trash_size: 5, putdesk: own })).toMatchObject({
    trash: { items: 1, sizeBytes: 5, isCounted: true },
    bandwidthLeftBytes: 0,
  })
})

const disks: [string, object, { free: number | null; total: number | null }][] = [
  ['no disk', {}, { free: null, total: null }],
  ['null for a disk', { disk: null }, { free: null, total: null }],
  ['a text for a disk', { disk: 'full' }, { free: null, total: null }],
  ['numbers as texts', { disk: { avail: '9', size: '10' } }, { free: 9, total: 10 }],
  ['one number missing', { disk: { size: 10 } }, { free: null, total: 10 }],
  ['less than nothing', { disk: { avail: -5, size: 10 } }, { free: 0, total: 10 }],
]
it.each(disks)('signs in with %s in the account', async (_what, disk, { free, total }) => {
  const server = await startScriptedServer(({ url }) => {
    const info = { user_id: 1, username: 'mary', ...disk }
    const ret = [{ url: 'http://a.b/c', name: 'c', file_size: 1 }]
    const body = url.startsWith('/v2/account/info') ? { info } : { ret }
    return { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ status: 'OK', ...body }) }
  })
  const client = clientOf({ url: server.url, token: 'a-token-of-twenty-letters' })
  const { quota } = await client.account()
  expect([quota.diskFreeBytes, quota.diskTotalBytes]).toEqual([free, total])
  const analysis = await client.analyzeLinks(['http://a.b/c'])
  expect(analysis.rows).toHaveLength(1)
  expect([analysis.diskFreeBytes, analysis.diskTotalBytes]).toEqual([free, total])
  await server.stop()
})
