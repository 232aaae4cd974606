import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { extractArchive } from '../../server/archive/extract.ts'
import { findArchives } from '../../server/archive/find-archives.ts'
import { rar5Of, run, tarEnd, tarItem, type ZipItem, zipOf } from '../support/archives.ts'
import { has } from '../support/facilities.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

// One odd member of an archive is made harmless, or left out and named; the rest is unpacked.

let home = ''
beforeAll(() => {
  home = temporaryFolder('blemishes')
})
afterEach(() => vi.unstubAllEnvs())

const text = (words: string) => Buffer.from(words)

/** Unpacks an archive: its files with their text, its folders, and the note to the user. */
async function unpack(name: string, bytes: Buffer) {
  const folder = mkdtempSync(join(home, 'made-'))
  writeFileSync(join(folder, 'content'), bytes)
  const [set] = await findArchives([{ name, path: join(folder, 'content') }])
  if (set === undefined) throw new Error(`${name} was not found to be an archive.`)
  const { files, folders, note } = await extractArchive(set, {
    into: join(folder, 'out'),
    limits: { maxBytes: 1e9 },
  })
  const shown = files.map(({ path, file }) => [path.join('/'), readFileSync(file, 'latin1')])
  return { files: Object.fromEntries(shown), folders: folders.map((path) => path.join('/')), note }
}

const tarOf = (...items: Buffer[]) => Buffer.concat([...items, tarEnd])
const link = (name: string, target: string) => tarItem(name, { type: '2', link: target })
const hardLink = (name: string, target: string) => tarItem(name, { type: '1', link: target })

describe('a link in an archive', () => {
  const good = [
    link('a/early', '../b/late.txt'),
    tarItem('a/x.txt', { bytes: text('x') }),
    hardLink('hard', 'a/x.txt'),
    link('a/soft', 'x.txt'),
    link('chain', 'a/../a/soft'),
    link('way', 'a'),
    link('through', 'way/x.txt'),
    hardLink('of a link', 'chain'),
    tarItem('b/late.txt', { bytes: text('late') }),
  ]
  const copies = {
    'a/x.txt': 'x',
    hard: 'x',
    'a/soft': 'x',
    chain: 'x',
    through: 'x',
    'of a link': 'x',
    'b/late.txt': 'late',
    'a/early': 'late',
  }

  it('becomes a copy of its target, also through other links and before the target', async () => {
    expect(await unpack('x.tgz', gzipSync(tarOf(...good)))).toEqual({
      files: copies,
      folders: ['a', 'b'],
      note: '1 thing in “x.tgz” was left out: “way” (a link to a folder).',
    })
  })

  it('is left out and named when it leads nowhere, to itself, to a folder or outside, as is a device', async () => {
    const bad = [
      link('passwd', '/etc/passwd'),
      link('up', '../../up'),
      link('nothing', 'not/here'),
      link('one', 'two'),
      link('two', 'one'),
      link('folder', 'a'),
      hardLink('hard out', '../x'),
      tarItem('null', { type: '3' }),
      tarItem('disk', { type: '4' }),
      tarItem('pipe', { type: '6' }),
    ]
    const { files, note } = await unpack('x.tar', tarOf(tarItem('a/x.txt', { bytes: text('x') }), ...bad))
    expect([files, note]).toEqual([
      { 'a/x.txt': 'x' },
      '10 things in “x.tar” were left out: “passwd” (a link to “/etc/passwd”), “up” (a link to “../../up”), ' +
        '“nothing” (a link to “not/here”, which is not in it), “one” (a link that leads to itself), ' +
        '“two” (a link that leads to itself) and 5 more.',
    ])
  })

  it('is not followed when files lie below it', async () => {
    const { files, folders } = await unpack(
      'x.tar',
      tarOf(link('d', '/tmp'), tarItem('d/evil', { bytes: text('evil') })),
    )
    expect([files, folders]).toEqual([{ 'd/evil': 'evil' }, ['d']])
  })

  it('becomes a copy or is left out in a zip', async () => {
    const items: ZipItem[] = [
      { name: 'soft', bytes: text('a/x.txt'), mode: 0o120777 },
      { name: 'a/x.txt', bytes: text('x') },
      { name: 'out', bytes: text('/etc/passwd'), mode: 0o120777 },
      { name: 'pipe', mode: 0o010644 },
      { name: 'socket', mode: 0o140644 },
      { name: 'device', mode: 0o020666 },
    ]
    expect(await unpack('x.zip', zipOf(items))).toEqual({
      files: { soft: 'x', 'a/x.txt': 'x' },
      folders: ['a'],
      note:
        '4 things in “x.zip” were left out: “out” (a link to “/etc/passwd”), “pipe” (a device), “socket” (a device) ' +
        'and “device” (a device).',
    })
  })

  it.runIf(has('symbolic links')).each([
    ['native', undefined],
    ['WASM', ''],
  ])('becomes a copy or is left out in a 7z and a rar, with %s 7-Zip', async (_engine, stub) => {
    vi.stubEnv('PUTDESK_7ZIP', stub)
    const folder = mkdtempSync(join(home, 'links-'))
    mkdirSync(join(folder, 'in/a'), { recursive: true })
    writeFileSync(join(folder, 'in/a/x.txt'), 'x')
    symlinkSync('a/x.txt', join(folder, 'in', 'soft'))
    symlinkSync('/etc/passwd', join(folder, 'in', 'out'))
    run(join(folder, 'in'), '7zz', 'a', '-snl', '../x.7z', '.')
    const wanted = { files: { soft: 'x', 'a/x.txt': 'x' }, folders: ['a'] }
    expect(await unpack('x.7z', readFileSync(join(folder, 'x.7z')))).toEqual({
      ...wanted,
      note: '1 thing in “x.7z” was left out: “out” (a link to “/etc/passwd”).',
    })
    const rar = rar5Of([
      { name: 'soft', link: 'a/x.txt' },
      { name: 'a/x.txt', bytes: text('x') },
      { name: 'out', link: '/etc/passwd' },
    ])
    expect(await unpack('x.rar', rar)).toEqual({
      ...wanted,
      note: '1 thing in “x.rar” was left out: “out” (a link to “/etc/passwd”).',
    })
  })

  it.each([
    ['native', undefined],
    ['WASM', ''],
  ])(
    'becomes a copy as a hard link or a file copy in a rar, unless that is damaged, with %s 7-Zip',
    async (_engine, stub) => {
      vi.stubEnv('PUTDESK_7ZIP', stub)
      const rar = rar5Of([
        { name: 'early', hardLink: 'c' },
        { name: 'a', bytes: text('aaa') },
        { name: 'hard', hardLink: 'a' },
        { name: 'copy', copyOf: 'a' },
        { name: 'c', bytes: text('c') },
      ])
      const files = { early: 'c', a: 'aaa', hard: 'aaa', copy: 'aaa', c: 'c' }
      expect(await unpack('x.rar', rar)).toEqual({ files, folders: [], note: null })
      // One byte of what a file holds, then one of a header in the middle.
      const wrong = Buffer.from(rar)
      wrong[rar.indexOf('aaaa') + 2] = 0x62
      await expect(unpack('x.rar', wrong)).rejects.toMatchObject({ kind: 'damaged' })
      rar[rar.indexOf('hard')] = 0x62
      await expect(unpack('x.rar', rar)).rejects.toMatchObject({ kind: 'damaged' })
    },
  )

  it('counts towards the size limit: 99,000 links to one file are refused', async () => {
    const tar = tarOf(
      tarItem('one', { bytes: Buffer.alloc(1_000_000, 'x') }),
      ...Array.from({ length: 99_000 }, (_, n) => hardLink(`link ${n}`, 'one')),
    )
    const folder = mkdtempSync(join(home, 'many-'))
    writeFileSync(join(folder, 'x.tgz'), gzipSync(tar, { level: 1 }))
    const [set] = await findArchives([{ name: 'x.tgz', path: join(folder, 'x.tgz') }])
    if (set === undefined) throw new Error('It was not found.')
    await expect(
      extractArchive(set, { into: join(folder, 'out'), limits: { maxBytes: 20_000_000 } }),
    ).rejects.toMatchObject({ kind: 'too-large' })
  })
})

describe('a 7z member that was packed from a pipe', () => {
  it.each([
    ['native', undefined],
    ['WASM', ''],
  ])('becomes a file, with %s 7-Zip', async (_engine, stub) => {
    vi.stubEnv('PUTDESK_7ZIP', stub)
    const folder = mkdtempSync(join(home, 'piped-'))
    for (const [name, input] of [
      ['film', 'words'],
      ['empty', ''],
    ]) {
      execFileSync('7zz', ['a', `-si${name}`, 'x.7z'], { cwd: folder, input, stdio: ['pipe', 'ignore', 'inherit'] })
    }
    expect(await unpack('x.7z', readFileSync(join(folder, 'x.7z')))).toMatchObject({
      files: { film: 'words', empty: '' },
      note: null,
    })
  })
})

describe('an unsafe name', () => {
  const names: [string, string][] = [
    ['/etc/passwd', 'etc/passwd'],
    ['//server/share/x', 'server/share/x'],
    ['../up.txt', 'up.txt'],
    ['a/../../b.txt', 'a/b.txt'],
    ['C:/windows/x', 'windows/x'],
    ['a:b', 'a_b'],
    ['c:x', 'c_x'],
    ['con.txt', '_con.txt'],
    ['dot.', 'dot_'],
  ]
  const kinds = [
    ['x.zip', (name: string) => zipOf([{ name: 'fine/f' }, { name, bytes: text('x') }])],
    ['x.tar', (name: string) => tarOf(tarItem('fine/f'), tarItem(name, { bytes: text('x') }))],
    ['x.rar', (name: string) => rar5Of([{ name: 'fine/f' }, { name, bytes: text('x') }])],
  ] as const
  it.each(kinds)('is made safe, and the user is told: %s', async (archive, make) => {
    for (const [name, safe] of names) {
      const { files, note } = await unpack(archive, make(name))
      expect([files, note]).toEqual([
        { 'fine/f': '', [safe]: 'x' },
        `1 name in “${archive}” was changed: “${name}” is now “${safe}”.`,
      ])
    }
  })

  it('becomes part of the same tree when it is absolute', async () => {
    const { files, note } = await unpack('x.tar', tarOf(...['/a/b', '/a/c', 'a/d'].map((name) => tarItem(name))))
    expect([Object.keys(files), note]).toEqual([
      ['a/b', 'a/c', 'a/d'],
      '2 names in “x.tar” were changed: “/a/b” is now “a/b” and “/a/c” is now “a/c”.',
    ])
  })

  it('is split at backslashes in an archive from Windows that claims to be from Unix', async () => {
    const zip = zipOf([{ name: 'docs\\' }, { name: 'docs\\a.txt', bytes: text('a') }, { name: 'C:\\docs\\b.txt' }])
    expect(await unpack('x.zip', zip)).toMatchObject({
      files: { 'docs/a.txt': 'a', 'docs/b.txt': '' },
      folders: ['docs'],
    })
    const tar = tarOf(tarItem('docs\\a.txt', { bytes: text('a') }), tarItem('docs\\sub\\b.txt'))
    expect(await unpack('x.tar', tar)).toMatchObject({ folders: ['docs', 'docs/sub'] })
    const mixed = zipOf([{ name: 'a/b' }, { name: 'not\\a folder' }])
    expect((await unpack('x.zip', mixed)).files).toEqual({ 'a/b': '', 'not_a folder': '' })
  })
})

describe('a sparse file', () => {
  const holes: string[][] = [
    ['--format=gnu'],
    ...['0.0', '0.1', '1.0'].map((version) => ['--format=pax', `--sparse-version=${version}`]),
  ]
  it.runIf(has('programs of Unix')).each(holes)('is unpacked whole: %s %s', async (...how) => {
    const folder = mkdtempSync(join(home, 'sparse-'))
    const whole = Buffer.alloc(1_000_000)
    // Many pieces, so that their map does not fit into one header.
    for (let n = 0; n < 40; n++) whole.write(`piece ${n}`, n * 24_576 + 4096)
    writeFileSync(join(folder, 'holes'), whole)
    run(folder, 'fallocate', '--dig-holes', 'holes')
    writeFileSync(join(folder, 'next'), 'next')
    writeFileSync(join(folder, 'void'), '')
    run(folder, 'truncate', '-s', '70000', 'void')
    run(folder, 'tar', '-c', '-S', ...how, '-f', 'x.tar', 'holes', 'void', 'next')
    const { files, note } = await unpack('x.tar', readFileSync(join(folder, 'x.tar')))
    expect(Object.keys(files)).toEqual(['holes', 'void', 'next'])
    expect(files.holes === whole.toString('latin1')).toBe(true)
    expect([files.void, files.next, note]).toEqual(['\0'.repeat(70_000), 'next', null])
  })

  it('is rejected as damaged when its map is invalid', async () => {
    for (const map of ['0,5', '5,5,0,5', '0,999999', '-1,5', 'x,y', '0,5,3,1']) {
      const records = [
        ['GNU.sparse.map', map],
        ['GNU.sparse.size', '8'],
      ]
      const note = records.map(([key, value]) => paxRecord(`${key}=${value}`)).join('')
      const tar = tarOf(
        tarItem('x', { type: 'x', bytes: text(note) }),
        tarItem('holes', { bytes: text('123456') }),
        tarItem('next'),
      )
      await expect(unpack('x.tar', tar)).rejects.toMatchObject({ kind: 'damaged' })
    }
  })
})

describe('extractArchive', () => {
  it.runIf(has('programs of Unix')).each([
    ['a newline', '\n'],
    ['zeros', '\0'.repeat(70_000)],
    ['zeros and a newline', `${'\0'.repeat(512)}\r\n`],
  ])('ignores %s after the end', async (_what, padding) => {
    const folder = mkdtempSync(join(home, 'padded-'))
    const more = text(padding)
    writeFileSync(join(folder, 'x'), 'words')
    run(folder, 'xz', '-k', 'x')
    run(folder, 'zstd', '-q', 'x')
    execFileSync('7zz', ['a', '-tbzip2', 'x.bz2', 'x'], { cwd: folder })
    for (const bytes of [
      ['x.gz', gzipSync('words')],
      ['x.gz', Buffer.concat([gzipSync('wo'), gzipSync('rds')])],
      ...['x.xz', 'x.zst', 'x.bz2'].map((name) => [name, readFileSync(join(folder, name))] as const),
    ] as const) {
      const [name, packed] = bytes
      const { files, note } = await unpack(name, Buffer.concat([packed, more]))
      // Of an xz and a bz2, 7-Zip tells only that something follows.
      const isKnown = !/xz|bz2/.test(name)
      const told = expect.stringMatching(/^What stands behind the end of “x\..z2?” was left out\.$/)
      expect([name, files, note]).toEqual([name, { x: 'words' }, isKnown || note === null ? null : told])
    }
    const tgz = gzipSync(tarOf(tarItem('a', { bytes: text('a') })))
    expect(await unpack('x.tgz', Buffer.concat([tgz, more]))).toMatchObject({ files: { a: 'a' }, note: null })
  })

  it('leaves out any other bytes after the end, and says so', async () => {
    expect(await unpack('x.gz', Buffer.concat([gzipSync('words'), text('more words')]))).toEqual({
      files: { x: 'words' },
      folders: [],
      note: 'What stands behind the end of “x.gz” was left out.',
    })
  })

  it('unpacks a zst of several frames whole, also with padding between them', async () => {
    const [one, two] = [zstdCompressSync('one '), zstdCompressSync('two')]
    const skipped = Buffer.from('502a4d1803000000aaaaaa', 'hex')
    expect((await unpack('x.zst', Buffer.concat([one, skipped, two]))).files).toEqual({ x: 'one two' })
    expect((await unpack('x.zst', Buffer.concat([one, text('\n\0'), two]))).files).toEqual({ x: 'one two' })
    const large = zstdCompressSync(Buffer.alloc(3_000_000, 'noise'))
    expect((await unpack('x.zst', Buffer.concat([large, one, large]))).files.x?.length).toBe(6_000_004)
    await expect(unpack('x.zst', Buffer.concat([one, two.subarray(0, -1)]))).rejects.toMatchObject({ kind: 'damaged' })
  })

  it('rejects a truncated or broken second gzip stream as damaged', async () => {
    const two = Buffer.concat([gzipSync('words'), gzipSync('more')])
    await expect(unpack('x.gz', two.subarray(0, -3))).rejects.toMatchObject({ kind: 'damaged' })
    two[two.length - 6] = (two[two.length - 6] ?? 0) ^ 1
    await expect(unpack('x.gz', two)).rejects.toMatchObject({ kind: 'damaged' })
  })

  it('skips a self-extracting stub before a zip', async () => {
    const zip = zipOf([{ name: 'a', bytes: text('a') }])
    const stub = Buffer.concat([text('MZ'), Buffer.alloc(5000, 'stub')])
    expect((await unpack('x.zip', Buffer.concat([stub, zip]))).files).toEqual({ a: 'a' })
  })

  it('unpacks a tar without an end marker, and tells the user', async () => {
    const tar = tarItem('a', { bytes: text('a') })
    expect(await unpack('x.tar', tar)).toEqual({
      files: { a: 'a' },
      folders: [],
      note: '“x.tar” has no mark of its end: more may have been in it.',
    })
  })
})

describe('a member with an unusual method', () => {
  it('is left out and named when the method is unknown', async () => {
    const zip = zipOf([
      { name: 'fine', bytes: text('fine') },
      { name: 'new', bytes: text('new'), method: 77 },
      { name: 'packed', bytes: text('packed'), packed: deflateRawSync('packed') },
    ])
    expect(await unpack('x.zip', zip)).toEqual({
      files: { fine: 'fine', packed: 'packed' },
      folders: [],
      note: '1 thing in “x.zip” was left out: “new” (packed in a way that is not known here).',
    })
  })

  it('is unpacked by 7-Zip beside members with common methods', async () => {
    const folder = mkdtempSync(join(home, 'mixed-'))
    for (const [name, method] of [
      ['a', 'Copy'],
      ['b', 'LZMA'],
      ['c', 'Deflate'],
      ['d', 'BZip2'],
    ] as const) {
      writeFileSync(join(folder, name), `${name} `.repeat(1000))
      run(folder, '7zz', 'a', '-tzip', `-mm=${method}`, 'x.zip', name)
    }
    const { files, note } = await unpack('x.zip', readFileSync(join(folder, 'x.zip')))
    expect([Object.keys(files).sort(), note]).toEqual([['a', 'b', 'c', 'd'], null])
  })
})

describe('an encrypted file beside a plain one', () => {
  it('needs the password, with which both are unpacked', async () => {
    const folder = mkdtempSync(join(home, 'locked-'))
    for (const [name, ...flags] of [['plain'], ['locked', '-psesame', '-mem=AES256']] as const) {
      writeFileSync(join(folder, name), name)
      run(folder, '7zz', 'a', '-tzip', ...flags, 'x.zip', name)
    }
    const [set] = await findArchives([{ name: 'x.zip', path: join(folder, 'x.zip') }])
    if (set === undefined) throw new Error('It was not found.')
    const into = join(folder, 'out')
    const limits = { maxBytes: 1e9 }
    await expect(extractArchive(set, { into, limits })).rejects.toMatchObject({ kind: 'needs-password' })
    await expect(extractArchive(set, { into, limits, password: 'x' })).rejects.toMatchObject({ kind: 'wrong-password' })
    const { files } = await extractArchive(set, { into, limits, password: 'sesame' })
    expect(files.map(({ path, file }) => [path[0], readFileSync(file, 'latin1')])).toEqual([
      ['plain', 'plain'],
      ['locked', 'locked'],
    ])
  })
})

describe('an empty archive', () => {
  it('gives no files, and the user is told that it is kept', async () => {
    const folder = mkdtempSync(join(home, 'empty-'))
    mkdirSync(join(folder, 'in'))
    run(join(folder, 'in'), '7zz', 'a', '../x.7z')
    const links = tarOf(link('out', '/etc/passwd'))
    const nothing = { files: {}, folders: [] }
    for (const [name, bytes] of [
      ['x.zip', zipOf([])],
      ['x.7z', readFileSync(join(folder, 'x.7z'))],
      ['x.tgz', gzipSync(Buffer.alloc(10_240))],
    ] as const) {
      expect(await unpack(name, bytes)).toEqual({ ...nothing, note: `“${name}” is empty, so it is kept as it is.` })
    }
    expect(await unpack('x.tar', links)).toEqual({
      ...nothing,
      note: '“x.tar” is kept as it is, as nothing in it could be unpacked: “out” (a link to “/etc/passwd”).',
    })
  })
})

function paxRecord(body: string): string {
  const length = body.length + 2
  const digits = `${length}`.length
  const whole = length + digits
  return `${`${whole}`.length > digits ? whole + 1 : whole} ${body}\n`
}
