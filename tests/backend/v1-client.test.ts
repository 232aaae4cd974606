import { afterAll, beforeAll, expect, it } from 'vitest'
import { createLog } from '../../electron/backend/host/log.ts'
import type { PutioClient } from '../../electron/backend/putio/client.ts'
import { UnreadRows } from '../../electron/backend/putio/unread-rows.ts'
import { createV1Client, withToken } from '../../electron/backend/putio/v1/client.ts'
import { Secrets } from '../../electron/backend/secrets/secrets.ts'
import { noCapabilities } from '../../shared/capabilities.ts'
import { type Asked, startScriptedServer } from '../support/scripted-server.ts'

// Responses recorded from the old service, verbatim. Source: API v1 §2.1, §3, §5, §6, §7, §8, §9.
const recorded: Record<string, string> = {
  'user info':
    '{"response": {"total": 1, "results": [{"name": "rodreegez", "friends_count": 1, "bw_avail_last_month": "462774811875", "shared_space": 0, "shared_items": 0, "bw_quota_available": "496108387615", "disk_quota": "53687091200", "disk_quota_available": "13259450609", "bw_quota": "53687091200"}]}, "error": false, "user_name": "rodreegez", "id": 2183}',
  'user friends':
    '{"response": {"total": 1, "results": [{"dir_id": "7731413", "id": "8664", "name": "Dean Strelau"}]}, "error": false, "user_name": "rodreegez", "id": 2183}',
  'user acctoken':
    '{"response": {"results": {"token": "bebe56e6b3455440f90bf9dec14b7c6be814c7c0"}}, "error": false, "user_name": "x", "id": 17}',
  'files list':
    '{"response": {"total": 1, "results": [{"name": "id5_1.mp4", "download_url": "http://s01.put.io/download-file/17/4701235", "parent_id": "0", "content_type": "video/mp4", "file_icon_url": "http://put.io/images/file_types/movie.png", "stream_url": "http://s01.put.io/stream-file/17/4701235/", "screenshot_url": null, "is_dir": false, "thumb_url": null, "type": "movie", "id": "4701235", "size": "1048576"}]}, "error": false, "user_name": "x", "id": 17}',
  'files dirmap':
    '{"response": {"results": {"dirs": [{"dirs": [], "shared": null, "id": "4220", "name": "renamed (4)", "default_shared": null, "parent_id": "0"}], "shared": null, "id": "0", "name": "Your Files", "default_shared": null, "parent_id": null}}, "error": false, "user_name": "x", "id": 17}',
  'messages list':
    '{"response": {"total": 1, "results": [{"user_file_id": "6036582", "hidden": "0", "user_id": "6190", "description": null, "title": "<a rel=\\"userfile\\" href=\\"/file/6036582\\">dnrtv_0004.zip.torrent</a> <span class=\\"dash-gray\\">(4.87K) downloaded</span>", "importance": "0", "file_name": "dnrtv_0004.zip.torrent", "file_type": "1", "from_user_id": null, "id": "5324666", "channel": "2"}]}, "error": false, "user_name": "x", "id": 17}',
  'transfers list':
    '{"response": {"total": 1, "results": [{"status": "Downloading", "percent_done": "1", "id": "358874", "name": "Shutter.Island.2010.720p.BluRay.x264.DTS-WiKi"}]}, "error": false, "user_name": "x", "id": 17}',
  'urls analyze':
    '{"response": {"results": {"items": {"multiparturl": [{"name": "ABCDE", "size": "366500388", "human_size": "350.0M", "paid_bw": "366500388", "error": null, "parts": [{"url": "http://rapidshare.com/files/1/M.part3.rar", "size": "47711664", "paid_bw": "47711664", "source": "rapidshare.com", "name": "Mdb35.part3.rar", "human_size": "45.5M", "type": "file", "needs_pass": 0, "error": null}]}], "torrent": [{"url": "http://a.b/c.torrent", "name": "ABCDE.avi", "size": "244091464", "human_size": "232.8M", "paid_bw": "0", "source": "a.b", "type": "file", "needs_pass": 0, "error": null}], "singleurl": [{"url": "ftp://a.b.c/name.mp4", "name": "name.mp4", "size": "92014", "human_size": "89.9K", "paid_bw": "0", "source": "a.b.c", "type": "file", "needs_pass": 0, "error": null}], "error": [{"url": "http://x/y", "error": "reason"}]}, "disk_avail": "180546571528", "bw_avail": "139889066230"}}, "error": false, "user_name": "x", "id": 17}',
}
const sameAs: Record<string, string> = {
  'files create_dir': 'files list',
  'files info': 'files list',
  'files rename': 'files list',
  'files move': 'files list',
  'files search': 'files list',
  'transfers add': 'transfers list',
  'transfers cancel': 'transfers list',
}
const nothing = '{"response": {"total": 0, "results": []}, "error": false, "user_name": "x", "id": 17}'
const wrongSecret =
  '{"error_message": "Unable to login. Please check your info.", "user_id": null, "response": {"results": [{"user_name": null, "user_id": null}]}, "error": true}'

const missing =
  '{"error_message": "There is no item with the id 1.", "user_id": 17, "user_name": "x", "id": 17, "response": {"total": 0, "results": []}, "error": true}'

const tooMany =
  '{"error_message": "Too many wrong keys or secrets. Please try again in 30 seconds.", "user_id": null, "response": {"results": []}, "error": true}'
/** An answer with more in every row, as a Putdesk service of an earlier version sends it. */
const extended = (body: string) =>
  body.replace(/"name": /g, '"putdesk": {"added_at": 1, "size": 5, "delivered": true, "trash_size": 9}, "name": ')
const incomplete =
  '{"response": {"results": {"items": {"multiparturl": [{"name": "ABCDE", "size": "20", "paid_bw": "0", "error": "“ABCDE” is not complete: abcde.part3.rar is missing.", "parts": [{"url": "http://a.b/abcde.part1.rar", "size": "10", "paid_bw": "0", "source": "a.b", "name": "abcde.part1.rar", "needs_pass": 0, "error": null}, {"url": "http://a.b/abcde.part2.rar", "size": "10", "paid_bw": "0", "source": "a.b", "name": "abcde.part2.rar", "needs_pass": 1, "error": null}]}], "torrent": [], "singleurl": [], "error": []}, "disk_avail": "180546571528", "bw_avail": "139889066230"}}, "error": false, "user_name": "x", "id": 17}'

let server: Awaited<ReturnType<typeof startScriptedServer>>
const key = ({ url }: Asked) => {
  const parsed = new URL(url, 'http://x')
  return `${parsed.pathname.split('/').at(-1)} ${parsed.searchParams.get('method')}`
}
const requestOf = (asked: Asked | undefined) => JSON.parse(new URLSearchParams(asked?.body).get('request') ?? 'null')

beforeAll(async () => {
  server = await startScriptedServer((asked) => {
    const { api_secret: secret } = requestOf(asked)
    if (secret === 'incomplete' && key(asked) === 'urls analyze') return { body: incomplete }
    if (secret === 'html') return { body: '<html>hello</html>' }
    if (secret === 'broken') return { status: 500, body: '{}' }
    if (secret === 'locked') return { status: 429, body: tooMany }
    if (secret === 'busy') return { status: 429, body: 'slow down' }
    if (secret === 'no') return { body: wrongSecret }
    if (secret === 'missing') return { body: missing }
    if (secret === 'extended') return { body: extended(recorded[key(asked)] ?? nothing) }
    const name = key(asked)
    return { body: recorded[sameAs[name] ?? name] ?? nothing }
  })
})
afterAll(() => server.stop())

const client = (apiSecret = 'open-sesame') =>
  createV1Client({
    baseUrl: async () => server.url,
    key: { apiKey: 'k&+%', apiSecret },
    secrets: new Secrets(),
    unread: new UnreadRows({ log: createLog(() => undefined, new Secrets()), show: () => undefined }),
  })

it('signs every request in the body of a POST, and never in a URL', async () => {
  await client().createFolder(5, 'A & B+C %20 çö')
  const asked = server.asked.at(-1)
  expect({ method: asked?.method, url: asked?.url, request: requestOf(asked) }).toEqual({
    method: 'POST',
    url: '/v1/files?method=create_dir',
    request: {
      api_key: 'k&+%',
      api_secret: 'open-sesame',
      params: { name: 'A & B+C %20 çö', parent_id: 5 },
    },
  })
  expect(server.asked.every(({ url }) => !url.includes('open-sesame'))).toBe(true)
})

it('reads the recorded user and friends', async () => {
  expect(await client().account()).toEqual({
    userId: '2183',
    quota: {
      userName: 'rodreegez',
      diskTotalBytes: 53687091200,
      diskFreeBytes: 13259450609,
      bandwidthTotalBytes: 53687091200,
      bandwidthLeftBytes: 496108387615,
      activeLimit: null,
      largestFileBytes: null,
      trash: null,
    },
    capabilities: noCapabilities,
  })
  expect(await client().friends()).toEqual([{ id: 8664, name: 'Dean Strelau', folderId: 7731413 }])
})

it('takes a Putdesk service of an earlier version, which sends more, for any other server', async () => {
  expect((await client('extended').account()).capabilities).toEqual(noCapabilities)
  expect(await client('extended').account()).toEqual(await client().account())
  expect(await client('extended').listItems(0)).toEqual(await client().listItems(0))
  const listed = async (secret?: string) =>
    (
      await client(secret)
        .followTransfers(() => [])
        .changes()
    ).listed
  expect(await listed('extended')).toEqual(await listed())
})

it.each<[string, (one: PutioClient) => Promise<unknown>]>([
  ['trashItem', (one) => one.trashItem(1)],
  ['listTrash', (one) => one.listTrash()],
  ['restoreItem', (one) => one.restoreItem(1)],
  ['deleteTrashed', (one) => one.deleteTrashed([1])],
  ['reannounce', (one) => one.reannounce(1)],
  ['retryTransfer', (one) => one.retryTransfer(1, { password: null, isUnpacked: true })],
  ['transferFiles', (one) => one.transferFiles(1, () => true)],
  ['contentOf', (one) => one.contentOf(1)],
])('refuses %s without asking the server', async (_name, act) => {
  const count = server.asked.length
  await expect(act(client())).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining('API v1') })
  expect(server.asked).toHaveLength(count)
})

it('reads the recorded items from every method that returns them', async () => {
  const item = { id: 4701235, parentId: 0, name: 'id5_1.mp4', kind: 'movie', sizeBytes: 1048576, addedAtMs: null }
  const one = client()
  expect(await one.listItems(0)).toEqual([item])
  expect(await one.listFolders(0)).toEqual([])
  expect(await one.searchItems('jazz')).toEqual([item])
  expect(
    await Promise.all([one.item(1), one.createFolder(0, 'x'), one.renameItem(1, 'y'), one.moveItem(1, 2)]),
  ).toEqual([item, item, item, item])
  await one.deleteItem(1)
  expect(key(server.asked.at(-1) ?? { method: '', url: '', headers: {}, body: '' })).toBe('files delete')
  expect(await one.folderMap()).toEqual([
    { id: 0, name: 'Your Files', parentId: null },
    { id: 4220, name: 'renamed (4)', parentId: 0 },
  ])
})

const figures = {
  serviceStatus: null,
  sizeBytes: null,
  downloadedBytes: null,
  uploadedBytes: null,
  isTorrent: false,
  peers: null,
  stagePercent: null,
  canPlay: false,
  speedBytesPerSecond: null,
  secondsLeft: null,
  reason: null,
  failure: null,
  addedAtMs: null,
  host: null,
  folderId: null,
  links: [],
}

it('reads the recorded transfers, and treats one that is no longer listed as finished, as its message says', async () => {
  const one = client()
  const name = 'Shutter.Island.2010.720p.BluRay.x264.DTS-WiKi'
  const transfer = { id: 358874, name, status: 'downloading', percentDone: 1, ...figures }
  const gone = { transferId: 5, name: 'dnrtv_0004.zip.torrent', links: ['http://a.b/c'], folderId: 7 }
  expect(await one.followTransfers(() => [gone]).changes()).toEqual({
    listed: [{ ...transfer, hasArrived: false, itemId: null }],
    left: [{ ...gone, outcome: 'finished', sizeBytes: 1048576, itemId: 6036582, note: null }],
    touchedFolderIds: [],
    isSure: true,
  })
  expect(await one.addTransfers(['http://a.b/c'], 7)).toMatchObject({ added: [{ id: 358874, name, links: [] }] })
  expect(requestOf(server.asked.at(-1)).params).toEqual({ links: ['http://a.b/c'], to_folder: 7 })
  await one.cancelTransfer(358874)
  expect([server.asked.at(-1)?.url, requestOf(server.asked.at(-1)).params]).toEqual([
    '/v1/transfers?method=cancel',
    { id: 358874 },
  ])
})

it('reads the recorded analysis', async () => {
  const { rows, ...available } = await client().analyzeLinks(['http://x/y'])
  expect(available).toEqual({
    diskFreeBytes: 180546571528,
    diskTotalBytes: 53687091200,
    bandwidthLeftBytes: 139889066230,
  })
  expect(
    rows.map(({ kind, name, host, sizeBytes, bandwidthBytes, problem, links }) => ({
      kind,
      name,
      host,
      sizeBytes,
      bandwidthBytes,
      problem,
      links,
    })),
  ).toEqual([
    {
      kind: 'file',
      name: 'name.mp4',
      host: 'a.b.c',
      sizeBytes: 92014,
      bandwidthBytes: 0,
      problem: null,
      links: ['ftp://a.b.c/name.mp4'],
    },
    {
      kind: 'multipart',
      name: 'ABCDE',
      host: 'rapidshare.com',
      sizeBytes: 366500388,
      bandwidthBytes: 366500388,
      problem: null,
      links: ['http://rapidshare.com/files/1/M.part3.rar'],
    },
    {
      kind: 'torrent',
      name: 'ABCDE.avi',
      host: 'a.b',
      sizeBytes: 244091464,
      bandwidthBytes: 0,
      problem: null,
      links: ['http://a.b/c.torrent'],
    },
    {
      kind: 'problem',
      name: 'http://x/y',
      host: 'x',
      sizeBytes: null,
      bandwidthBytes: 0,
      problem: 'reason',
      links: ['http://x/y'],
    },
  ])
})

it('reads the missing part of a set as its problem, and a part that needs a password as that of the set', async () => {
  const { rows } = await client('incomplete').analyzeLinks(['x'])
  expect(rows).toEqual([
    {
      ...{ kind: 'problem', name: 'ABCDE', host: 'a.b', sizeBytes: 20, bandwidthBytes: 0, needsPassword: true },
      ...{ problem: '“ABCDE” is not complete: abcde.part3.rar is missing.' },
      ...{ links: ['http://a.b/abcde.part1.rar', 'http://a.b/abcde.part2.rar'] },
      ...{ seeds: null, entryCount: null, unpackedBytes: null, note: null },
    },
  ])
})

it.each([
  ['http://s01.put.io/stream-file/17/4701235/', 'http://s01.put.io/stream-file/17/4701235/atk/bebe'],
  ['http://s01.put.io/stream-file/17/4701235', 'http://s01.put.io/stream-file/17/4701235/atk/bebe'],
  ['http://s01.put.io/stream-file/17/4701235//', 'http://s01.put.io/stream-file/17/4701235/atk/bebe'],
])('adds one /atk/ and the token to %s', (streamUrl, playing) => {
  expect(withToken(streamUrl, 'bebe')).toBe(playing)
})

it('builds the stream URL with the current token', async () => {
  expect((await client().stream(4701235, 'play', () => true)).url).toBe(
    'http://s01.put.io/stream-file/17/4701235/atk/bebe56e6b3455440f90bf9dec14b7c6be814c7c0',
  )
})

it('builds it again when the token is a known secret by then', async () => {
  const first = client()
  const { url } = await first.stream(4701235, 'play', () => true)
  expect((await first.stream(4701235, 'play', () => true)).url).toBe(url)
  expect((await first.during(new AbortController().signal).stream(4701235, 'play', () => true)).url).toBe(url)
})

it("reports a wrong secret in the server's own words", async () => {
  await expect(client('no').account()).rejects.toMatchObject({
    code: 'signed-out',
    message: 'Unable to login. Please check your info.',
  })
})

it('reports what a server does not find as refused, because API v1 does not distinguish that', async () => {
  await expect(client('missing').item(1)).rejects.toMatchObject({
    ...{ code: 'refused', message: 'There is no item with the id 1.' },
  })
})

it.each([
  ['html', 'answered, but not as a Put.io server does'],
  ['broken', 'reports an error of its own (500)'],
  ['busy', 'is busy now (429). Try again later.'],
  ['locked', 'Too many wrong keys or secrets. Please try again in 30 seconds.'],
])('reports a server as unreachable, rather than as refusing, when its response is %s', async (secret, sentence) => {
  await expect(client(secret).account()).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining(sentence),
  })
})

it('reports that nothing answers', async () => {
  const gone = createV1Client({
    baseUrl: async () => 'http://127.0.0.1:1',
    key: { apiKey: 'k', apiSecret: 's' },
    secrets: new Secrets(),
    unread: new UnreadRows({ log: createLog(() => undefined, new Secrets()), show: () => undefined }),
  })
  await expect(gone.account()).rejects.toMatchObject({
    code: 'unreachable',
    message: 'The service on this computer does not answer.',
  })
})
