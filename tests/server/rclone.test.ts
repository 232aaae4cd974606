import { createHash } from 'node:crypto'
import { createReadStream, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { apiV2 } from '../support/api-v2.ts'
import { has } from '../support/facilities.ts'
import { makeArchive } from '../support/made-archive.ts'
import { type Ran, type Rclone, startRclone } from '../support/rclone.ts'
import { type Service, startService, until } from '../support/service.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { file, repeated, startWeb, type Web } from '../support/web.ts'

const large = { block: Buffer.from('every byte of this has its place. '), sizeBytes: 300_000_000 }
const options = { user: 'ann', diskQuota: 3_000_000_000 }
const small: Record<string, Buffer> = {
  'empty.txt': Buffer.alloc(0),
  'one.txt': Buffer.from('1'),
  'film.mkv': Buffer.from('the bytes of a film '.repeat(5000)),
}
/** With PUTDESK_ROUNDS, as many as people have, which takes minutes: rclone sends at most a hundred requests a second. */
const [count, timeout] = process.env.PUTDESK_ROUNDS === undefined ? [200, 90_000] : [5000, 900_000]
const many = Object.fromEntries(
  Array.from({ length: count }, (_, n) => [`many/${n % 10}/number ${n}.txt`, Buffer.from(`number ${n}`)]),
)

/** The unmodified program of Debian, as everyone has it. */
describe.skipIf(!has('rclone', 'programs of Unix'))('rclone', { timeout }, () => {
  let web: Web
  let service: Service
  let rclone: Rclone
  let call: ReturnType<typeof apiV2>
  const down = temporaryFolder('rclone-down')

  beforeAll(async () => {
    web = await startWeb()
    service = await startService(options)
    call = apiV2(service)
    rclone = await startRclone(() => service)
    const read = String((await service.ask('files.create_dir', { name: 'Read' })).rows[0]?.id)
    for (const [name, bytes] of Object.entries(small)) web.on(`/${name}`, file(bytes))
    web.on('/large.bin', repeated(large.block, large.sizeBytes))
    web.on('/many.zip', file(await makeArchive('many.zip', many, '-mx=0')))
    const links = [...Object.keys(small), 'large.bin', 'many.zip'].map((name) => web.url(`/${name}`))
    await service.ask('transfers.add', { links, to_folder: read })
    await until(
      () => service.ask('transfers.list'),
      ({ rows }) => rows.length === 0,
    )
  })
  afterAll(async () => {
    console.info(rclone?.table())
    await rclone?.stop()
    await service?.stop()
    await web?.stop()
  })

  const ok = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr }: Ran = await rclone.run(...words)
    expect([code, stderr]).toEqual([0, ''])
    return stdout
  }
  const stat = async (path: string): Promise<unknown> => JSON.parse(await ok('lsjson', '--stat', `p:${path}`))
  const names = async (path: string) => (await ok('lsf', `p:${path}`)).split('\n').filter((name) => name !== '')

  it('lists a tree with sizes, times and kinds', async () => {
    const rows: { Path: string; Size: number; IsDir: boolean; ModTime: string }[] = JSON.parse(
      await ok('lsjson', '-R', 'p:Read'),
    )
    const expected = [
      ...Object.entries({ ...small, ...many }).map(([path, bytes]) => [path, bytes.length]),
      ['large.bin', large.sizeBytes],
      ['many', -1],
      ...Array.from({ length: 10 }, (_, n) => [`many/${n}`, -1]),
    ]
    const byPath = (a: unknown[], b: unknown[]) => (`${a[0]}` < `${b[0]}` ? -1 : 1)
    expect(rows.map(({ Path, Size, IsDir }) => [Path, IsDir ? -1 : Size]).sort(byPath)).toEqual(expected.sort(byPath))
    for (const { ModTime } of rows) expect(Math.abs(Date.parse(ModTime) - Date.now())).toBeLessThan(120_000)
  })

  it('reads a part of a file', async () => {
    expect(await ok('cat', '--offset', '20', '--count', '19', 'p:Read/film.mkv')).toBe('the bytes of a film')
    expect(await ok('cat', '--offset', '-6', 'p:Read/film.mkv')).toBe(' film ')
    expect(await ok('cat', '--offset', '299999990', 'p:Read/large.bin')).toHaveLength(10)
  })

  it('copies everything down, and every byte is right', async () => {
    const to = down
    await ok('copy', 'p:Read', to, '--transfers', '16', '--checkers', '16')
    for (const [path, bytes] of Object.entries({ ...small, ...many }))
      expect(readFileSync(join(to, path)).equals(bytes)).toBe(true)
    expect(await digestOf(createReadStream(join(to, 'large.bin')))).toBe(await digestOf(blocks()))
    expect(readdirSync(to, { recursive: true })).toHaveLength(count + 4 + 11)
    await ok('check', 'p:Read', to)
    // A difference that only a checksum shows.
    writeFileSync(join(to, 'one.txt'), '2')
    const { code, stderr } = await rclone.run('check', 'p:Read', to)
    expect([code, /one\.txt: crc32 differ/i.test(stderr)]).toEqual([1, true])
  })

  it('gets the checksum of every file', async () => {
    const lines = (await ok('hashsum', 'crc32', 'p:Read')).split('\n').filter((line) => line !== '')
    const sums = Object.fromEntries(lines.map((line) => [line.slice(10), line.slice(0, 8)]))
    const hex = (sum: number) => sum.toString(16).padStart(8, '0')
    let sum = 0
    for await (const block of blocks()) sum = crc32(block, sum)
    expect(sums).toEqual({
      ...Object.fromEntries(Object.entries({ ...small, ...many }).map(([path, bytes]) => [path, hex(crc32(bytes))])),
      'large.bin': hex(sum),
    })
  })

  it('copies and moves on the service, without a byte over the network', async () => {
    await ok('copyto', 'p:Read/film.mkv', 'p:Copies/a/copy of film.mkv')
    await ok('copy', 'p:Read/many/1', 'p:Copies/many', '--transfers', '16')
    await ok('moveto', 'p:Copies/a/copy of film.mkv', 'p:Copies/b/moved.mkv')
    await ok('moveto', 'p:Copies/many', 'p:Moved/many')
    await ok('check', 'p:Read/many/1', 'p:Moved/many')
    expect(await names('Copies')).toEqual(['a/', 'b/'])
    expect(await ok('cat', 'p:Copies/b/moved.mkv')).toBe(`${small['film.mkv']}`)
    expect(await names('Moved/many')).toHaveLength(count / 10)
    // The same bytes, under two names on the disk.
    expect(await stat('Copies/b/moved.mkv')).toMatchObject({ Size: 100_000 })
    const linked = contents(service.data).filter(({ size, nlink }) => size === 100_000 && nlink === 2)
    expect(linked).toHaveLength(2)
    expect(rclone.requests.filter((one) => /^(?:PATCH|POST \/files)/.test(one))).toEqual([])
  })

  it('keeps names and times when it changes them', async () => {
    await ok('touch', '--no-create', '-t', '2020-02-03T04:05:06', 'p:Copies/b/moved.mkv')
    expect(await stat('Copies/b/moved.mkv')).toMatchObject({ Name: 'moved.mkv', ModTime: '2020-02-03T04:05:06Z' })
    await ok('moveto', 'p:Copies/b/moved.mkv', 'p:Copies/b/again.mkv')
    expect(await stat('Copies/b/again.mkv')).toMatchObject({ Name: 'again.mkv', ModTime: '2020-02-03T04:05:06Z' })
  })

  it('makes and removes folders', async () => {
    await ok('mkdir', 'p:Folders')
    await Promise.all(oddNames.map((name) => ok('mkdir', `p:Folders/${name}/inner`)))
    // rclone has a picture of a line break in its place, in listings and on the service.
    const shown = oddNames.map((name) => name.replace('\n', '␊'))
    expect((await names('Folders')).sort()).toEqual(shown.map((name) => `${name}/`).sort())
    const all: { Path: string }[] = JSON.parse(await ok('lsjson', '-R', 'p:Folders'))
    expect(all.map(({ Path }) => Path).sort()).toEqual(shown.flatMap((name) => [name, `${name}/inner`]).sort())
    expect((await rclone.run('rmdir', 'p:Folders')).code).not.toBe(0)
    await ok('rmdirs', 'p:Folders')
    expect(await names('')).toEqual(['Copies/', 'Moved/', 'Read/'])
  })

  it('deletes to the trash, which is emptied at last', async () => {
    await ok('delete', 'p:Moved/many', '--include', 'number 1.txt')
    await ok('deletefile', 'p:Moved/many/number 11.txt')
    await ok('purge', 'p:Moved')
    expect(await names('')).toEqual(['Copies/', 'Read/'])
    const listed = await call('GET', '/v2/trash/list')
    expect(listed.body).toMatchObject({ total: 3 + oddNames.length * 2 + 1, cursor: null })
    const before = JSON.parse(await ok('about', '--json', 'p:'))
    await ok('cleanup', 'p:')
    const { body } = await call('GET', '/v2/trash/list')
    expect(body).toMatchObject({ files: [], total: 0, trash_size: 0 })
    const after = JSON.parse(await ok('about', '--json', 'p:'))
    expect(after.total).toBe(3_000_000_000)
    expect(before.used - after.used).toBe(listed.body.trash_size)
    expect(after.free + after.used).toBe(after.total)
  })

  it('sends files of any size, and has their checksums at once', async () => {
    await ok('copy', down, 'p:Sent', '--exclude', 'many/**')
    await ok('copy', down, 'p:Sent', '--include', 'many/[12]/**', '--transfers', '16')
    await ok('check', down, 'p:Sent', '--one-way', '--exclude', 'many/[03-9]/**')
    const rows: { Path: string; IsDir: boolean; ModTime: string }[] = JSON.parse(await ok('lsjson', '-R', 'p:Sent'))
    const files = rows.filter(({ IsDir }) => !IsDir)
    expect(files).toHaveLength(4 + count / 5)
    for (const { Path, ModTime } of files)
      expect(Date.parse(ModTime)).toBe(Math.floor(statSync(join(down, Path)).mtimeMs / 1000) * 1000)
    // Nothing is sent twice, and a new version takes the place of the old one.
    const before = sent()
    await ok('copy', down, 'p:Sent', '--exclude', 'many/**')
    expect(sent()).toBe(before)
    writeFileSync(join(down, 'one.txt'), 'another')
    await ok('copy', down, 'p:Sent', '--exclude', 'many/**')
    expect([sent(), await ok('cat', 'p:Sent/one.txt')]).toEqual([before + 1, 'another'])
    expect((await names('Sent')).filter((name) => name.startsWith('one'))).toEqual(['one.txt'])
  })

  it('sends files with names that others do not like, and gets the same back', async () => {
    const [from, to] = [temporaryFolder('rclone-names'), temporaryFolder('rclone-names-back')]
    const deep = Array.from({ length: 12 }, (_, n) => `${n}`.repeat(120).slice(0, 120)).join('/')
    mkdirSync(join(from, deep), { recursive: true })
    for (const [n, name] of [...oddNames, `${deep}/end`].entries()) writeFileSync(join(from, name), `${n}`)
    writeFileSync(Buffer.concat([Buffer.from(`${from}/not UTF-8: `), Buffer.of(0xff, 0xfe)]), 'bytes')
    const flags = ['--no-unicode-normalization', '--transfers', '8']
    await ok('copy', from, 'p:Names', ...flags)
    await ok('copy', 'p:Names', to, ...flags)
    expect(treeOf(to)).toEqual(treeOf(from))
    expect(treeOf(to)).toHaveLength(oddNames.length + 2)
    await ok('check', from, 'p:Names', '--no-unicode-normalization')
  })

  it('continues a file when the service is killed in the middle', async () => {
    const source = join(down, 'large.bin')
    const before = sent()
    const { ended } = rclone.start('copyto', source, 'p:Killed/service.bin', '--low-level-retries', '20')
    await until(
      async () => sendingBytes(service.data),
      (bytes) => bytes > 60_000_000,
    )
    const { port, data } = service
    await service.kill9()
    service = await startService({ ...options, port, data })
    expect(await ended).toMatchObject({ code: 0 })
    // It was not begun again.
    expect(sent()).toBe(before + 1)
    await ok('check', down, 'p:Killed', '--include', 'service.bin', '--one-way', '--size-only')
    expect(await ok('hashsum', 'crc32', 'p:Killed')).toBe(
      (await ok('hashsum', 'crc32', 'p:Read/large.bin')).replace('large', 'service'),
    )
    expect(await names('Killed')).toEqual(['service.bin'])
  })

  it('sends a file again after it was killed itself, and leaves no half of it', async () => {
    const source = join(down, 'large.bin')
    const { child, ended } = rclone.start('copyto', source, 'p:Killed/client.bin')
    await until(
      async () => sendingBytes(service.data),
      (bytes) => bytes > 60_000_000,
    )
    child.kill('SIGKILL')
    await ended
    expect(await names('Killed')).toEqual(['service.bin'])
    await ok('copyto', source, 'p:Killed/client.bin')
    expect(await names('Killed')).toEqual(['client.bin', 'service.bin'])
    expect(await ok('hashsum', 'crc32', 'p:Killed/client.bin')).toBe(
      (await ok('hashsum', 'crc32', 'p:Killed/service.bin')).replace('service', 'client'),
    )
  })

  const sent = () => rclone.requests.filter((request) => request === 'POST /files/').length
})

/** Names that some systems or programs do not like. */
const oddNames = [
  ...['CON', 'aux.txt', 'dot.', 'space ', '-rf', '~', '%2e%2e', '%2F', 'a&b=c+d', 'quote"s', "it's", 'ünïcode', '日本'],
  ...[
    'e\u0301',
    '\u00e9',
    'case',
    'CASE',
    'left\u202eright',
    'new\nline',
    'back\\slash',
    'x'.repeat(255),
    'ü'.repeat(127),
  ],
]

async function* blocks(): AsyncGenerator<Buffer> {
  const whole = Buffer.concat(Array.from({ length: 30_000 }, () => large.block))
  for (let at = 0; at < large.sizeBytes; at += whole.length) yield whole.subarray(0, large.sizeBytes - at)
}

async function digestOf(bytes: AsyncIterable<Buffer>): Promise<string> {
  const digest = createHash('sha1')
  for await (const block of bytes) digest.update(block)
  return digest.digest('hex')
}

function contents(data: string) {
  return readdirSync(join(data, 'content'), { recursive: true, encoding: 'utf8' })
    .flatMap((name) => statSync(join(data, 'content', name), { throwIfNoEntry: false }) ?? [])
    .filter((stats) => stats.isFile())
}

/** How much of the files that are being sent is on the disk. */
function sendingBytes(data: string): number {
  const parts = readdirSync(join(data, 'parts'), { recursive: true, encoding: 'utf8' })
  return parts.reduce(
    (sum, name) => sum + (statSync(join(data, 'parts', name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  )
}

/** Every file by its path, in hexadecimal, with its text. */
function treeOf(folder: string): [string, string][] {
  const filesIn = (path: Buffer): Buffer[] =>
    readdirSync(path, { encoding: 'buffer' })
      .map((name) => Buffer.concat([path, Buffer.from('/'), name]))
      .flatMap((one) => (statSync(one).isFile() ? [one] : filesIn(one)))
  return filesIn(Buffer.from(folder))
    .map((path): [string, string] => [path.toString('hex', folder.length), readFileSync(path, 'utf8')])
    .sort(([a], [b]) => (a < b ? -1 : 1))
}
