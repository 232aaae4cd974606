import { randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import net from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { has } from '../support/facilities.ts'
import { itemsOf } from '../support/items.ts'
import { makeArchive, makeParts } from '../support/made-archive.ts'
import { commandLines } from '../support/processes.ts'
import { type Service, until } from '../support/service.ts'
import { figuresOf, listed, servicesForTests, whenEmpty } from '../support/services.ts'
import { cleanUp, serve } from '../support/torrents.ts'
import { file, type Handler, startWeb, status, type Web } from '../support/web.ts'

const { start, restart } = servicesForTests()
let web: Web
beforeAll(async () => {
  web = await startWeb()
})
afterAll(() => web.stop())
afterEach(cleanUp)

const never = new Promise<void>(() => undefined)
const magnet = () => `magnet:?xt=urn:btih:${randomBytes(20).toString('hex')}&dn=rare`
const numbered = (count: number, make: (index: number) => string) => Array.from({ length: count }, (_, at) => make(at))
const add = (service: Service, ...links: string[]) => service.ask('transfers.add', { links })
const reasonsOf = (rows: Record<string, unknown>[]) => rows.map((row) => figuresOf(row).reason)

/** Sends a byte a second until `until`, then the rest. */
function trickle(bytes: Buffer, until: Promise<void>): Handler {
  return async (_request, response) => {
    response.writeHead(200, { 'content-length': bytes.length, etag: '"trickle"' })
    let at = 0
    const dripping = setInterval(() => response.write(bytes.subarray(at, ++at)), 1000)
    response.on('close', () => clearInterval(dripping))
    await until
    clearInterval(dripping)
    response.end(bytes.subarray(at))
  }
}

/** A peer that accepts the connection and never answers, or only answers the handshake and never sends metadata. */
async function muteServer(greets: boolean): Promise<number> {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', (greeting: Buffer) => {
      if (!greets) return
      const answer = Buffer.from(greeting.subarray(0, 68))
      randomBytes(20).copy(answer, 48)
      socket.write(answer)
    })
  })
  return serve(server)
}

/** Stops the process that unpacks an archive, not the one that lists it first. Null while none is stopped. */
function stopUnpacker(folder: string): number | null {
  const [pid] = [...commandLines()].find(([id, line]) => line.includes(' x -so ') && isIn(id, folder)) ?? []
  if (pid === undefined) return null
  try {
    process.kill(pid, 'SIGSTOP')
    // The state follows the name, which is in parentheses. Source: proc(5).
    return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') T ') ? pid : null
  } catch {
    // It has ended.
    return null
  }
}

/** True for a process whose working directory is in a folder. */
function isIn(pid: number, folder: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder)
  } catch {
    return false
  }
}

/** Waits until only transfers with these names are left. */
const untilOnly = (service: Service, isLeft: (name: unknown) => boolean) =>
  until(
    () => listed(service),
    (rows) => rows.every(({ name }) => isLeft(name)),
  )

describe('stuck transfers', () => {
  const kinds: [string, () => Promise<(index: number) => string>][] = [
    ['magnets without peers', async () => magnet],
    [
      'magnets whose peers never send metadata',
      async () => {
        const ports = [await muteServer(true), await muteServer(false)]
        return (index) => `${magnet()}&x.pe=127.0.0.1:${ports[index % 2]}`
      },
    ],
    [
      'servers that ask for a retry in an hour',
      async () => {
        web.on('/stuck-busy.bin', status(503, { 'retry-after': '3600' }))
        return () => web.url('/stuck-busy.bin')
      },
    ],
    [
      'servers that never answer',
      async () => {
        web.on('/stuck-silent.bin', () => never)
        return () => web.url('/stuck-silent.bin')
      },
    ],
    [
      'servers that send a byte a second',
      async () => {
        web.on('/stuck-slow.bin', trickle(randomBytes(100_000), never))
        return () => web.url('/stuck-slow.bin')
      },
    ],
    [
      'servers that stop in the middle',
      async () => {
        web.on('/stuck-half.bin', file(randomBytes(200_000), { holdUntil: never }))
        return () => web.url('/stuck-half.bin')
      },
    ],
  ]
  it.each(kinds)('from %s say why they wait, and do not keep a good one from finishing', async (_kind, make) => {
    const link = await make()
    web.on('/good.mkv', file(randomBytes(300_000)))
    const service = await start()
    await add(service, ...numbered(12, link), web.url('/good.mkv'))
    const rows = await until(
      () => listed(service),
      (all) =>
        all.length === 12 && all.every((row) => figuresOf(row).reason !== null || row.status === 'Looking for peers'),
    )
    expect(rows.filter(({ status: now }) => now === 'Error')).toEqual([])
    expect((await itemsOf(service)).map(([name]) => name)).toEqual(['good.mkv'])
  })

  it('do not use up the active limit while the computer is busy', async () => {
    web.on('/stuck-silent.bin', () => never)
    web.on('/good.mkv', file(randomBytes(300_000)))
    const service = await start({ busy: 'always', activeLimit: 2 })
    await add(service, magnet(), web.url('/stuck-silent.bin'), web.url('/good.mkv'))
    expect(reasonsOf(await listed(service)).at(-1)).toBe(
      'The computer is busy, so only 2 transfers run at once. Position in the queue: 1.',
    )
    const rows = await until(
      () => listed(service),
      (all) => all.length === 2,
    )
    expect(rows.map(({ status: now }) => now)).toEqual(['Looking for peers', 'Downloading'])
    expect((await itemsOf(service)).map(([name]) => name)).toEqual(['good.mkv'])
  })

  it('let the good ones finish when there are fifty of all kinds, and finish themselves after a kill once they can', async () => {
    const bytes = randomBytes(50_000)
    const opened = Promise.withResolvers<void>()
    let isOpen = false
    web.on('/many-silent.bin', (...asked) => (isOpen ? file(bytes)(...asked) : never))
    web.on('/many-busy.bin', (...asked) => (isOpen ? file(bytes) : status(503, { 'retry-after': '3600' }))(...asked))
    web.on('/many-slow.bin', trickle(bytes, opened.promise))
    web.on('/many-good.mkv', file(bytes))
    const links = numbered(40, (at) => web.url(`/many-${['silent', 'busy', 'slow', 'busy'][at % 4]}.bin`))
    const magnets = numbered(10, magnet)
    const service = await start()
    await add(service, ...magnets, ...links, web.url('/many-good.mkv'))
    await untilOnly(service, (name) => name !== 'many-good.mkv')
    await add(service, web.url('/many-good.mkv'))
    const stuck = await untilOnly(service, (name) => name !== 'many-good.mkv')
    expect(stuck).toHaveLength(50)
    const again = await restart(service)
    isOpen = true
    opened.resolve()
    const left = await untilOnly(again, (name) => name === 'rare')
    expect(left).toHaveLength(10)
    const items = await itemsOf(again)
    expect(new Set(items.map(([, content]) => content))).toEqual(new Set([bytes.toString('hex')]))
    expect(items).toHaveLength(42)
  })

  it('say what they wait for in the queue, and their place in line', async () => {
    const bytes = randomBytes(10_000_000)
    web.on('/steady.bin', file(bytes, { bytesPerSecond: 400_000 }))
    const service = await start()
    await add(service, ...numbered(10, () => web.url('/steady.bin')))
    const rows = await until(
      () => listed(service),
      (all) => all.filter(({ status: now }) => now === 'Downloading').length === 8,
    )
    expect(reasonsOf(rows).slice(8)).toEqual([
      'At most 8 links are fetched at once; now “steady.bin”, “steady.bin” and 6 others are. Position in the queue: 1.',
      'At most 8 links are fetched at once; now “steady.bin”, “steady.bin” and 6 others are. Position in the queue: 2.',
    ])
  })

  it('do not keep the other parts of their archive from being fetched', async () => {
    const parts = await makeParts('set.7z', { 'a.bin': randomBytes(250_000) }, 50_000)
    const names = Object.keys(parts).sort()
    const opened = Promise.withResolvers<void>()
    for (const [index, name] of names.entries()) {
      const whole = file(parts[name] ?? Buffer.alloc(0))
      web.on(`/${name}`, async (...asked) => {
        if (index < 4) await opened.promise
        await whole(...asked)
      })
    }
    const service = await start()
    await add(service, ...names.map((name) => web.url(`/${name}`)))
    const rest = names.slice(4).reduce((sum, name) => sum + (parts[name]?.length ?? 0), 0)
    await until(
      () => listed(service),
      ([row]) => figuresOf(row).downloaded === rest,
    )
    opened.resolve()
    await whenEmpty(service)
    expect((await itemsOf(service)).map(([name]) => name)).toEqual(['a.bin'])
  })

  it.runIf(has('/proc'))(
    'in line for unpacking say what they wait for, leave at once when cancelled, and let plain files pass',
    async () => {
      web.on('/big.7z', file(await makeArchive('big.7z', { 'big.bin': randomBytes(3_000_000) }, '-m0=PPMd', '-mx=1')))
      web.on('/small.zip', file(await makeArchive('small.zip', { 'a.txt': Buffer.from('a') })))
      web.on('/plain.mkv', file(randomBytes(1000)))
      const service = await start()
      await add(service, web.url('/big.7z'))
      // A stopped unpacker takes as long as the test needs.
      const unpacker = await until(
        async () => stopUnpacker(service.data),
        (pid) => pid !== null,
      )
      await add(service, ...numbered(8, () => web.url('/small.zip')), web.url('/plain.mkv'))
      const rows = await until(
        () => listed(service),
        (all) => all.length === 9 && all.slice(1).every(({ status: now }) => now === 'In extraction queue'),
      )
      expect(reasonsOf(rows).slice(1).sort()).toEqual(
        numbered(8, (at) => `One archive is unpacked at a time; now “big.7z” is. Position in the queue: ${at + 1}.`),
      )
      await service.ask('transfers.cancel', { id: 2 })
      await until(
        () => readdir(join(service.data, 'parts')),
        (now) => now.length === 8,
      )
      expect((await listed(service))[0]?.status).toBe('Extracting')
      process.kill(unpacker ?? 0, 'SIGCONT')
      await whenEmpty(service)
      expect(await itemsOf(service)).toHaveLength(9)
    },
  )
})
