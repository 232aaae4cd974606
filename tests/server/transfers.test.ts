import { createHash, randomBytes } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Service, type ServiceOptions, startService, until } from '../support/service.ts'
import { figuresOf, listed as list } from '../support/services.ts'
import { solidBytes } from '../support/solid-bytes.ts'
import { endless, file, redirect, startWeb, status, type Web } from '../support/web.ts'

const bytes = solidBytes(4 * 1024 * 1024 + 3)
const page = Buffer.from('<!doctype html><title>Sign in</title>')
const sha = (data: Buffer) => createHash('sha256').update(data).digest('hex')

let web: Web
let services: Service[] = []
beforeAll(async () => {
  web = await startWeb()
})
afterAll(() => web.stop())
afterEach(async () => {
  await Promise.all(services.map((service) => service.stop()))
  services = []
})

async function start(options: ServiceOptions = {}): Promise<Service> {
  const service = await startService(options)
  services.push(service)
  return service
}

const add = (service: Service, ...paths: string[]) =>
  service.ask('transfers.add', { links: paths.map((path) => (path.startsWith('/') ? web.url(path) : path)) })
/** Adds a link, waits until it has failed, and returns the reason. */
async function failing(service: Service, path: string): Promise<unknown> {
  await add(service, path)
  const rows = await until(
    () => list(service),
    ([row]) => row?.status === 'Error',
  )
  return figuresOf(rows[0]).reason
}
async function fetched(service: Service): Promise<string[]> {
  await until(
    () => list(service),
    (rows) => rows.length === 0,
  )
  const { rows } = await service.ask('files.list', { limit: 100 })
  const token = await tokenOf(service)
  return Promise.all(
    rows.map(async ({ stream_url }) =>
      sha(Buffer.from(await (await fetch(`${stream_url}atk/${token}`)).arrayBuffer())),
    ),
  )
}

/** How much of the only file being fetched is on the disk with its checksum: this much survives a kill. */
async function storedBytes({ data }: Service): Promise<number> {
  const [work = ''] = await readdir(join(data, 'parts'))
  const path = join(data, 'parts', work, '0')
  const [part, sums] = await Promise.all([path, `${path}.sums`].map((one) => stat(one).catch(() => null)))
  return (sums?.size ?? 0) > 64 ? (part?.size ?? 0) : 0
}

async function tokenOf(service: Service): Promise<string> {
  const { results } = await service.ask('user.acctoken')
  return /[0-9a-f]{40}/.exec(JSON.stringify(results))?.[0] ?? ''
}

describe('a transfer', () => {
  it('leaves the list when it is done, with a file and a message', async () => {
    web.on('/Big%20Buck.mp4', file(bytes))
    const service = await start()
    const added = await add(service, '/Big%20Buck.mp4')
    expect(added.rows).toEqual([{ status: 'In queue', percent_done: '0', id: '1', name: 'Big Buck.mp4' }])
    expect(await fetched(service)).toEqual([sha(bytes)])
    const { rows } = await service.ask('messages.list')
    expect(rows).toEqual([
      {
        user_file_id: '1',
        hidden: '0',
        user_id: '1',
        description: null,
        title: '<a rel="userfile" href="/file/1">Big Buck.mp4</a> <span class="dash-gray">(4.00M) downloaded</span>',
        importance: '0',
        file_name: 'Big Buck.mp4',
        file_type: '3',
        from_user_id: null,
        id: '1',
        channel: '2',
      },
    ])
    expect((await service.ask('messages.delete', { id: 1 })).results).toEqual([])
    expect((await service.ask('messages.list')).rows).toEqual([])
  })

  it('reports its figures to our own client while it runs, and is delivered to the given folder', async () => {
    const held = Promise.withResolvers<void>()
    web.on('/slow.mkv', file(bytes, { holdUntil: held.promise }))
    const service = await start()
    const [folder] = (await service.ask('files.create_dir', { name: 'Films' })).rows
    await service.ask('transfers.add', { links: { 0: web.url('/slow.mkv') }, to_folder: folder?.id })
    const rows = await until(
      () => list(service),
      ([row]) => row?.percent_done === 1 && figuresOf(row).playable === true,
    )
    expect(rows).toEqual([
      {
        status: 'Downloading',
        percent_done: 1,
        id: '1',
        name: 'slow.mkv',
        putdesk: {
          status: 'downloading',
          note: null,
          size: bytes.length,
          downloaded: 65536,
          uploaded: 0,
          speed: 0,
          seconds_left: null,
          peers: null,
          playable: true,
          stage_percent: null,
          reason: null,
          failure: null,
          delivered: false,
          added_at: expect.any(Number),
          host: '127.0.0.1',
          folder_id: Number(folder?.id),
          links: [web.url('/slow.mkv')],
        },
      },
    ])
    const [user] = (await service.ask('user.info')).rows
    expect(Number(user?.disk_quota) - Number(user?.disk_quota_available)).toBe(65536)
    held.resolve()
    await until(
      () => list(service),
      (left) => left.length === 0,
    )
    const inFolder = (await service.ask('files.list', { parent_id: folder?.id })).rows
    expect(inFolder.map(({ name, size }) => [name, size])).toEqual([['slow.mkv', `${bytes.length}`]])
    expect((await service.ask('files.info', { id: folder?.id })).rows[0]?.size).toBe(`${bytes.length}`)
  })

  it('leaves the list, the disk and the quota when it is cancelled while it runs', async () => {
    web.on('/held.bin', file(bytes, { holdUntil: new Promise(() => undefined) }))
    const service = await start({ diskQuota: bytes.length })
    await add(service, '/held.bin')
    await until(
      () => list(service),
      ([row]) => row?.status === 'Downloading' && Object(row.putdesk).downloaded > 0,
    )
    expect((await service.ask('transfers.cancel', { id: '1' })).rows).toMatchObject([{ id: '1', name: 'held.bin' }])
    expect(await list(service)).toEqual([])
    await until(
      () => readdir(join(service.data, 'parts')),
      (parts) => parts.length === 0,
    )
    web.on('/again.bin', file(bytes))
    await add(service, '/again.bin')
    expect(await fetched(service)).toEqual([sha(bytes)])
  })

  it('is refused with a sentence for an unknown folder, and so is a cancel with an unknown id', async () => {
    const service = await start()
    expect((await service.ask('transfers.add', { links: [web.url('/a')], to_folder: 9 })).message).toBe(
      'There is no item with the id 9.',
    )
    expect((await service.ask('transfers.add', {})).message).toBe('The parameter “links” is missing.')
    expect((await service.ask('transfers.add', { links: [] })).results).toEqual([])
    expect((await service.ask('transfers.cancel', { id: 'x' })).message).toContain('“id” is not a number')
    expect((await service.ask('transfers.cancel', { id: 77 })).message).toBe('There is no transfer with the id 77.')
  })
})

describe('bad input', () => {
  it.each([
    ['not a link at all', '“not a link at all” is not a link that can be fetched.'],
    ['ftp://127.0.0.1:22/file', 'Port 22 is not used for files, so the link was refused.'],
    ['magnet:?xt=urn:btih:AA&dn=x', 'This magnet link names no torrent.'],
    [
      'data:application/x-bittorrent;base64,AAAA',
      'This is not a torrent file, or it is damaged. There is no value at byte 0.',
    ],
    [
      'http://rapidgator.net/file/1',
      '“rapidgator.net” gives files only to its paying users: enter your account there first.',
    ],
    [
      'http://10.0.0.1/x',
      '“10.0.0.1” is on this computer or a private network. Add it to the hosts that may be reached to fetch from it.',
    ],
    ['file:///etc/passwd', '“file:///etc/passwd” is not a link that can be fetched.'],
  ])('fails the link %s with the reason', async (link, reason) => {
    const service = await start()
    expect(await failing(service, link)).toBe(reason)
  })

  it('fails on 404, 500 and a redirect loop with the reason', async () => {
    web.on('/500', status(500))
    web.on('/loop', redirect('/loop'))
    const service = await start()
    await add(service, '/404', '/500', '/loop')
    const rows = await until(
      () => list(service),
      (all) => all.every((row) => row.status === 'Error'),
    )
    expect(rows.map((row) => Object(row.putdesk).reason)).toEqual([
      '“127.0.0.1” says there is no such file (404).',
      '“127.0.0.1” reports an error of its own (500).',
      '“127.0.0.1” redirects in a circle.',
    ])
    expect((await service.ask('files.list')).rows).toEqual([])
  })

  it('fails on a Content-Length that is too long or too short, and keeps nothing', async () => {
    web.on('/less.bin', file(bytes, { announce: bytes.length + 5, etag: null }))
    web.on('/more.bin', (_request, response) => {
      response.socket?.end(`HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\n${'x'.repeat(50)}`)
    })
    const service = await start()
    await add(service, '/less.bin', '/more.bin')
    const rows = await until(
      () => list(service),
      (all) => all.every((row) => row.status === 'Error'),
    )
    expect(rows.map((row) => Object(row.putdesk).reason)).toEqual([
      '“127.0.0.1” closed the connection early.',
      '“127.0.0.1” sent more than it had announced, so the file cannot be trusted.',
    ])
    await until(
      () => readdir(join(service.data, 'parts')),
      (parts) => parts.length === 0,
    )
  })

  it('stops a body that never ends at the quota, and says what is free', async () => {
    web.on('/endless.bin', endless)
    const service = await start({ diskQuota: 20 * 1024 * 1024 })
    expect(await failing(service, '/endless.bin')).toMatch(
      /^There is not enough disk space: “endless.bin” needs more than \d+ MB, and \d+ MB is free\.$/,
    )
    const [user] = (await service.ask('user.info')).rows
    expect([user?.disk_quota, user?.disk_quota_available]).toEqual(['20971520', '20971520'])
  })

  it('fails a file larger than the disk quota', async () => {
    web.on('/huge.bin', file(bytes))
    const service = await start({ diskQuota: 1_048_576 })
    expect(await failing(service, '/huge.bin')).toBe(
      'There is not enough disk space: “huge.bin” needs 4.2 MB, and 1 MB is free.',
    )
  })

  it('fails on HTML in place of a film, and keeps HTML that was asked for (F36)', async () => {
    web.on('/film.mkv', file(page, { type: 'text/html; charset=utf-8' }))
    web.on('/index.html', file(page, { type: 'text/html' }))
    const service = await start()
    expect(await failing(service, '/film.mkv')).toContain('A web page came instead of the file')
    await service.ask('transfers.cancel', { id: 1 })
    await add(service, '/index.html')
    expect(await fetched(service)).toEqual([sha(page)])
  })
})

describe('the active limit', () => {
  it('starts the oldest transfers first and lets the others wait under high load, and starts all without load', async () => {
    const held = Promise.withResolvers<void>()
    for (const name of ['a', 'b', 'c', 'd']) web.on(`/${name}.bin`, file(bytes, { holdUntil: held.promise }))
    const busy = await start({ busy: 'always', activeLimit: 2 })
    await add(busy, '/a.bin', '/b.bin', '/c.bin', '/d.bin')
    const states = async () => (await list(busy)).map(({ status: word }) => word)
    expect(await until(states, ([first, second]) => first === 'Downloading' && second === first)).toEqual([
      'Downloading',
      'Downloading',
      'Waiting',
      'Waiting',
    ])
    await busy.ask('transfers.cancel', { id: 1 })
    expect(await until(states, (words) => words[1] === 'Downloading')).toEqual([
      'Downloading',
      'Downloading',
      'Waiting',
    ])
    const idle = await start({ busy: 'never', activeLimit: 2 })
    await add(idle, '/a.bin', '/b.bin', '/c.bin', '/d.bin')
    await until(
      () => list(idle),
      (rows) => rows.every((row) => row.status === 'Downloading'),
    )
    held.resolve()
  })
})

describe('a restart after kill -9', () => {
  it('resumes a download with If-Range, and the bytes are identical', async () => {
    const held = Promise.withResolvers<void>()
    web.on('/kill.mp4', file(bytes, { etag: '"k1"', holdUntil: held.promise }))
    const first = await startService({ diskQuota: 10 * 1024 * 1024 })
    await add(first, '/kill.mp4')
    await until(
      () => storedBytes(first),
      (stored) => stored === 65536,
    )
    await first.kill9()
    held.resolve()
    const second = await start({ data: first.data, diskQuota: 10 * 1024 * 1024 })
    expect(await fetched(second)).toEqual([sha(bytes)])
    const again = web.requests.filter(({ path }) => path === '/kill.mp4').at(-1)
    expect([again?.headers.range, again?.headers['if-range']]).toEqual(['bytes=65536-', '"k1"'])
    expect((await second.ask('messages.list')).rows.length).toBe(1)
  })

  it('starts over when the file has changed meanwhile, and keeps only the new bytes', async () => {
    const newer = randomBytes(bytes.length)
    web.on('/changed.mp4', file(bytes, { etag: '"old"', holdUntil: new Promise(() => undefined) }))
    const first = await startService()
    await add(first, '/changed.mp4')
    await until(
      () => list(first),
      ([row]) => Object(row?.putdesk).downloaded === 65536,
    )
    await first.kill9()
    web.on('/changed.mp4', file(newer, { etag: '"new"' }))
    const second = await start({ data: first.data })
    expect(await fetched(second)).toEqual([sha(newer)])
  })

  it('leaves every file there once, identical, and nothing else, at twelve moments around the end', async () => {
    const data = (
      await startService().then(async (service) => {
        await service.stop()
        return service
      })
    ).data
    const names = Array.from({ length: 12 }, (_, n) => `/moment${n}.bin`)
    for (const name of names) web.on(name, file(bytes, { etag: '"m"' }))
    for (const [n, name] of names.entries()) {
      const service = await startService({ data })
      await add(service, name)
      if (n > 0) await web.asked(name)
      // The kills are spread over the time that a transfer takes; where exactly each one hits is up to chance.
      const endMs = performance.now() + n * 5
      while (performance.now() < endMs) await service.ask('transfers.list')
      await service.kill9()
    }
    const service = await start({ data })
    expect(await fetched(service)).toEqual(names.map(() => sha(bytes)))
    expect((await service.ask('messages.list')).rows.length).toBe(12)
    const [user] = (await service.ask('user.info')).rows
    expect(Number(user?.disk_quota) - Number(user?.disk_quota_available)).toBe(12 * bytes.length)
    expect(await readdir(join(data, 'parts'))).toEqual([])
  })

  it('preserves transfers that wait or have failed, in order', async () => {
    const first = await startService({ busy: 'always', activeLimit: 1 })
    web.on('/hold1.bin', file(bytes, { holdUntil: new Promise(() => undefined) }))
    await add(first, '/hold1.bin', '/hold1.bin', 'nothing')
    await until(
      () => list(first),
      ([row]) => row?.status === 'Downloading',
    )
    await first.kill9()
    const second = await start({ data: first.data, busy: 'always', activeLimit: 1 })
    expect((await list(second)).map(({ id, status: word }) => [id, word])).toEqual([
      ['1', 'Downloading'],
      ['2', 'Waiting'],
      ['3', 'Error'],
    ])
  })
})
