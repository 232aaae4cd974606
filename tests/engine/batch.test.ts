import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createGate } from '../../engine/net/gate.ts'
import { type FetchBatchOptions, fetchBatch } from '../../engine/save/fetch-batch.ts'
import { nameBatch, writeBatch } from '../../engine/save/place-batch.ts'
import { has } from '../support/facilities.ts'
import { seededRandom } from '../support/seed.ts'
import { mountSmallDisk } from '../support/small-disk.ts'
import { solidBytes } from '../support/solid-bytes.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

const all = solidBytes(200_000)
const random = seededRandom()
const gate = createGate({ allowHosts: ['127.0.0.1'] })

/** How the server answers a request for so many bytes from a position: what it writes, and whether it closes the connection. */
const habits = {
  good: (bytes: Buffer) => [head(200, [`Content-Length: ${bytes.length}`]), bytes],
  'in small pieces': (bytes: Buffer) => [head(200, [`Content-Length: ${bytes.length}`]), ...piecesOf(bytes)],
  'closing after it': (bytes: Buffer) => [
    head(200, [`Content-Length: ${bytes.length}`, 'Connection: close']),
    bytes,
    'close',
  ],
  // In one piece: a request that comes before the end is answered, or not at all.
  'closing after it unannounced': (bytes: Buffer) => [
    Buffer.concat([Buffer.from(head(200, [`Content-Length: ${bytes.length}`])), bytes]),
    'close',
  ],
  'in chunks without a size': (bytes: Buffer) => [
    head(200, ['Transfer-Encoding: chunked']),
    `${bytes.length.toString(16)}\r\n`,
    bytes,
    '\r\n0\r\n\r\n',
  ],
  'of another size': (bytes: Buffer) => [
    head(200, [`Content-Length: ${bytes.length - 1}`]),
    bytes.subarray(0, bytes.length - 1),
  ],
  'cut off': (bytes: Buffer) => [head(200, [`Content-Length: ${bytes.length}`]), bytes.subarray(0, 3), 'close'],
  'too long': (bytes: Buffer) => [head(200, [`Content-Length: ${bytes.length}`]), Buffer.concat([bytes, all])],
  'too long a moment later': (bytes: Buffer) => [head(200, [`Content-Length: ${bytes.length}`]), bytes, 'wait', all],
  'too long by another answer': (bytes: Buffer) => [
    head(200, [`Content-Length: ${bytes.length}`]),
    Buffer.concat([bytes, Buffer.from(head(200, ['Content-Length: 4'])), Buffer.from('lies')]),
  ],
  'too long by another answer of its size, a moment later': (bytes: Buffer) => [
    head(200, [`Content-Length: ${bytes.length}`]),
    bytes,
    'wait',
    head(200, [`Content-Length: ${bytes.length}`]),
    Buffer.alloc(bytes.length, 'lies'),
  ],
  'as a part': (bytes: Buffer) => [
    head(206, [`Content-Length: ${bytes.length}`, `Content-Range: bytes 0-${bytes.length - 1}/${bytes.length + 1}`]),
    bytes,
  ],
  compressed: (bytes: Buffer) => [head(200, [`Content-Length: ${bytes.length}`, 'Content-Encoding: gzip']), bytes],
  'with an error': () => [head(503, ['Content-Length: 4']), 'busy'],
  'not at all': () => [],
  'with a reset': () => ['close'],
  'with something that is not HTTP': () => ['what?\r\n\r\n', 'close'],
  'with a redirect to itself': () => [head(302, ['Location: #', 'Content-Length: 0'])],
} satisfies Record<string, (bytes: Buffer) => (string | Buffer)[]>
type Habit = keyof typeof habits

function head(status: number, lines: readonly string[]): string {
  return `HTTP/1.1 ${status} Whatever\r\n${lines.join('\r\n')}\r\n\r\n`
}

function piecesOf(bytes: Buffer): Buffer[] {
  const cut = Math.floor(bytes.length / 3)
  return [bytes.subarray(0, cut), bytes.subarray(cut, 2 * cut), bytes.subarray(2 * cut)]
}

let server: Server
let connections = 0
beforeAll(async () => {
  server = createServer((socket) => {
    connections += 1
    socket.on('error', () => socket.destroy())
    let text = ''
    let last: Promise<unknown> = Promise.resolve()
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
        const path = decodeURIComponent(/^GET \/(\S*)/.exec(text)?.[1] ?? '')
        text = text.slice(end + 4)
        last = last.then(() => answer(socket, path)).catch(() => socket.destroy())
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => new Promise((resolve) => server.close(resolve)))

async function answer(socket: Socket, path: string): Promise<void> {
  const [habit = '', start, length] = path.split('/')
  const steps = habits[habit as Habit](all.subarray(Number(start), Number(start) + Number(length)))
  for (const step of steps) {
    if (step === 'close') socket.end()
    else if (step === 'wait') await wait(5)
    else socket.write(step)
    // In packets of their own.
    await wait(1)
  }
}

function fileOf(habit: Habit, start: number, sizeBytes: number): FetchBatchOptions['files'][number] {
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  return { link: `http://127.0.0.1:${port}/${encodeURIComponent(`${habit}/${start}/${sizeBytes}`)}`, sizeBytes }
}

const patience = { silentMs: 150, fileMs: 400, batchMs: 60_000 }
const fetchNow = (files: FetchBatchOptions['files'], more: Partial<FetchBatchOptions> = {}) =>
  fetchBatch({
    ...{ files, gate, signal: new AbortController().signal, tokenOrigins: [], onFile: async () => undefined, patience },
    ...more,
  })

describe('small files fetched together', () => {
  it('share one connection', async () => {
    const before = connections
    const files = [0, 1, 2, 3].map((at) => fileOf('good', at * 1000, 900))
    const { arrived } = await fetchNow(files)
    expect(arrived).toEqual(['whole', 'whole', 'whole', 'whole'])
    expect(connections - before).toBe(1)
  })

  it('are asked for again where the server closed the connection in between, but only then', async () => {
    const closing = [0, 1, 2, 3, 4, 5].map((at) => fileOf('closing after it unannounced', at * 1000, 900))
    expect((await fetchNow(closing)).arrived).toEqual(closing.map(() => 'whole'))
    const before = connections
    const broken = ['good', 'with a reset', 'good'] as const
    const { arrived } = await fetchNow(broken.map((habit) => fileOf(habit, 0, 10)))
    expect(arrived).toEqual(['whole', 'missing', 'whole'])
    // The first, one more for what is asked for again, and one after that.
    expect(connections - before).toBe(3)
  })

  it('have exactly their own bytes, or are missing, however odd the server is', async () => {
    const names = Object.keys(habits) as Habit[]
    const fine = new Set<Habit>(['good', 'in small pieces', 'closing after it', 'closing after it unannounced'])
    for (let round = 0; round < 40; round += 1) {
      const chosen = Array.from({ length: 6 }, (): { habit: Habit; start: number; length: number } => ({
        habit: random() < 0.5 ? 'good' : (names[Math.floor(random() * names.length)] ?? 'good'),
        start: Math.floor(random() * 100_000),
        length: 1 + Math.floor(random() * 60_000),
      }))
      const { bytes, arrived } = await fetchNow(chosen.map(({ habit, start, length }) => fileOf(habit, start, length)))
      const shown = JSON.stringify({ chosen, arrived })
      let at = 0
      let missing = 0
      let isSpoiled = chosen.some(({ habit }) => habit.startsWith('too long'))
      for (const [index, { habit, start, length }] of chosen.entries()) {
        const how = arrived[index]
        if (how === 'whole')
          expect(all.subarray(start, start + length).equals(bytes.subarray(at, at + length)), shown).toBe(true)
        if (missing >= 2 && !isSpoiled) expect(how, shown).toBe('untried')
        else if (fine.has(habit) && !isSpoiled) expect(how, shown).toBe('whole')
        else if (!fine.has(habit) && !isSpoiled) expect(how, shown).toBe('missing')
        if (how === 'missing') missing += 1
        // What follows on its connection may be spoiled by it.
        isSpoiled ||= habit.endsWith('unannounced')
        at += length
      }
    }
  }, 60_000)

  it('never have the bytes of another file when a server sends one response too many', async () => {
    for (const habit of [
      'too long by another answer',
      'too long by another answer of its size, a moment later',
    ] as const)
      for (const place of [0, 2, 4]) {
        const files = [0, 1, 2, 3, 4].map((index) => fileOf(index === place ? habit : 'good', index * 1000, 4))
        const { bytes, arrived } = await fetchNow(files)
        for (const [index, how] of arrived.entries()) {
          const isRight = all.subarray(index * 1000, index * 1000 + 4).equals(bytes.subarray(index * 4, index * 4 + 4))
          if (how === 'whole') expect(isRight, JSON.stringify({ habit, place, arrived })).toBe(true)
        }
        // In one piece with the response before it, it is seen at once, and closes the connection.
        if (habit.endsWith('later')) expect(arrived, JSON.stringify({ habit, place })).not.toContain('whole')
      }
  })

  it('are not asked for any more when the batch is stopped', async () => {
    const stop = new AbortController()
    const files = [0, 1, 2].map((at) => fileOf('good', at, 10))
    let whole = 0
    const fetching = fetchNow(files, {
      signal: stop.signal,
      onFile: async () => {
        whole += 1
        stop.abort(new Error('stopped'))
      },
    })
    await expect(fetching).rejects.toThrow('stopped')
    expect(whole).toBe(1)
  })

  it('are not asked for any more once the batch takes long, so that what has arrived is written', async () => {
    const files = [0, 1, 2, 3].map((at) => fileOf('good', at, 10))
    const onFile = () => wait(60)
    const { arrived } = await fetchNow(files, { onFile, patience: { ...patience, batchMs: 100 } })
    expect(arrived).toEqual(['whole', 'whole', 'untried', 'untried'])
    const first = await fetchNow(files, { onFile, patience: { ...patience, batchMs: 0 } })
    expect(first.arrived).toEqual(['whole', 'untried', 'untried', 'untried'])
  })

  it('never leave by the gate to a host that it refuses', async () => {
    const { arrived } = await fetchNow([fileOf('good', 0, 10)], { gate: createGate({ allowHosts: [] }) })
    expect(arrived).toEqual(['missing'])
  })
})

describe('small files written together', () => {
  let root: string
  beforeEach(() => {
    root = temporaryFolder('batch')
    mkdirSync(join(root, 'inner'))
  })
  const contents = [0, 1, 2].map((index) => all.subarray(index * 1000, index * 1000 + 900 + index))
  const parts = (folder = root) =>
    contents.map((_, index) => join(folder, index === 1 ? 'inner' : '', `.${index}.part`))
  const targets = () => contents.map((_, index) => join(root, index === 1 ? 'inner' : '', `${index}.bin`))
  const write = (folder = root, reserveBytes = 0) =>
    writeBatch(
      parts(folder).map((partPath, index) => ({ partPath, origin: 'http://host/', bytes: contents[index] ?? all })),
      { root: folder, reserveBytes },
    )
  const name = (written: Awaited<ReturnType<typeof write>>) =>
    nameBatch(
      written.map((one, index) => ({
        partPath: parts()[index] ?? '',
        targetPath: targets()[index] ?? '',
        inode: one?.inode ?? null,
      })),
      { root },
    )
  const found = () =>
    readdirSync(root, { recursive: true, withFileTypes: true }).flatMap((one) => (one.isFile() ? one.name : []))

  it('are there under their names alone, with their bytes, the permissions of new files, and their mark', async () => {
    const written = await write()
    expect(written.map((one) => one?.inode)).toEqual(parts().map((path) => `${lstatSync(path, { bigint: true }).ino}`))
    expect(await name(written)).toEqual([true, true, true])
    expect(found().toSorted()).toEqual(['0.bin', '1.bin', '2.bin'])
    for (const [index, path] of targets().entries())
      expect(readFileSync(path).equals(contents[index] ?? all)).toBe(true)
    if (has('permissions of Unix')) expect(statSync(join(root, '0.bin')).mode & 0o777).toBe(0o666 & ~process.umask())
    if (process.platform === 'linux') {
      const { getAttribute } = await import('@napi-rs/xattr')
      expect((await getAttribute(join(root, '0.bin'), 'user.xdg.origin.url'))?.toString()).toBe('http://host/')
    }
  })

  it('leave alone what has the name of a part file, or of the file', async () => {
    writeFileSync(join(root, '.0.part'), 'somebody’s')
    const written = await write()
    expect(written.map((one) => one !== null)).toEqual([false, true, true])
    writeFileSync(join(root, 'inner', '1.bin'), 'mine')
    const [, second, third] = written
    expect(await name([null, second ?? null, third ?? null])).toEqual([true, false, true])
    expect(readFileSync(join(root, 'inner', '1.bin'), 'utf8')).toBe('mine')
  })

  it('do not get their names when another file is in the place of what was written', async () => {
    const written = await write()
    writeFileSync(join(root, 'other'), 'other')
    renameSync(join(root, 'other'), parts()[0] ?? '')
    rmSync(parts()[2] ?? '')
    expect(await name(written)).toEqual([false, true, false])
    expect(existsSync(join(root, '0.bin'))).toBe(false)
  })

  it('get their names when an earlier attempt ended between the new name and the removal of the old one', async () => {
    const written = await write()
    linkSync(parts()[0] ?? '', targets()[0] ?? '')
    expect(await name(written)).toEqual([true, true, true])
    expect(found().toSorted()).toEqual(['0.bin', '1.bin', '2.bin'])
  })

  it.runIf(has('symbolic links'))('are not written where a link leads that takes the place of a folder', async () => {
    const elsewhere = temporaryFolder('elsewhere')
    const written = await write()
    rmSync(join(root, 'inner'), { recursive: true })
    symlinkSync(elsewhere, join(root, 'inner'))
    expect(await name(written)).toEqual([true, false, true])
    rmSync(join(root, '0.bin'))
    rmSync(join(root, '2.bin'))
    expect((await write()).map((one) => one !== null)).toEqual([true, false, true])
    expect(readdirSync(elsewhere)).toEqual([])
  })

  it.runIf(has('tmpfs'))('leave nothing on a disk that is full, or that has only its reserve left', async () => {
    const disk = mountSmallDisk(1)
    const large = [0, 1, 2].map((index) => ({
      partPath: join(disk.folder, `.${index}.part`),
      origin: 'http://host/',
      bytes: Buffer.alloc(150_000, 'x'),
    }))
    const writeLarge = async (reserveBytes: number) => {
      const written = await writeBatch(large, { root: disk.folder, reserveBytes })
      const left = readdirSync(disk.folder).filter((one) => one.endsWith('.part'))
      for (const one of left) rmSync(join(disk.folder, one))
      return { left: left.length, isWritten: written.map((one) => one !== null) }
    }
    try {
      writeFileSync(join(disk.folder, 'much'), Buffer.alloc(450_000))
      expect(await writeLarge(2 ** 40)).toEqual({ left: 3, isWritten: [true, true, true] })
      writeFileSync(join(disk.folder, 'much'), Buffer.alloc(550_000))
      expect(await writeLarge(2 ** 40)).toEqual({ left: 0, isWritten: [false, false, false] })
      writeFileSync(join(disk.folder, 'much'), Buffer.alloc(800_000))
      // As if others had taken the space after it was looked at.
      const { left, isWritten } = await writeLarge(-(2 ** 40))
      expect(isWritten).toEqual([true, false, false])
      expect(left).toBe(1)
    } finally {
      disk.stop()
    }
  })
})
