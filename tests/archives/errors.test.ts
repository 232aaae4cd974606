import {
  chmodSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { ArchiveError } from '../../server/archive/archive-error.ts'
import { extractArchive } from '../../server/archive/extract.ts'
import { type ArchiveSet, findArchives } from '../../server/archive/find-archives.ts'
import { findNative } from '../../server/archive/seven-zip.ts'
import { makeTree, run, tarEnd, tarItem, writeRar4, zipOf } from '../support/archives.ts'
import { has } from '../support/facilities.ts'
import { commandLines } from '../support/processes.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

const limits = { maxBytes: 1e9 }
const password = 'correct-horse-battery'
const rounds = Number(process.env.PUTDESK_ROUNDS ?? 4)
let home = ''
let source = ''

beforeAll(() => {
  home = temporaryFolder('errors')
  source = makeTree(join(home, 'source'))
})
afterEach(() => vi.unstubAllEnvs())

const engines = [
  ['native', undefined],
  ['WASM', ''],
] as const

function newFolder(): string {
  return mkdtempSync(join(home, 'made-'))
}

/** Makes an archive of the tree and returns its path. */
function pack(name: string, ...args: string[]): string {
  const path = join(newFolder(), name)
  run(source, '7zz', 'a', '-bd', ...args, '--', path, '.')
  return path
}

async function setOf(...paths: string[]): Promise<ArchiveSet> {
  const [set] = await findArchives(paths.map((path) => ({ name: basename(path), path })))
  if (set === undefined) throw new Error('No archive was found.')
  return set
}

/** How the archive was refused, and whether anything was left of it. */
async function refusal(set: ArchiveSet, options: { password?: string } = {}) {
  const into = join(newFolder(), 'out')
  const refused: unknown = await extractArchive(set, { into, limits, ...options }).catch((error: unknown) => error)
  if (!(refused instanceof ArchiveError)) throw new Error('It was not refused.', { cause: refused })
  return { kind: refused.kind, message: refused.message, isLeft: existsSync(into) }
}

function flip(path: string, at: (length: number) => number): string {
  const bytes = readFileSync(path)
  const place = at(bytes.length)
  bytes[place] = (bytes[place] ?? 0) ^ 0xff
  writeFileSync(path, bytes)
  return path
}

function cutAt(path: string, share: number): string {
  const bytes = readFileSync(path)
  writeFileSync(path, bytes.subarray(0, Math.floor(bytes.length * share)))
  return path
}

/** A tar of the tree, made and compressed by bsdtar. */
function tarBall(name: string, ...args: string[]): string {
  const path = join(newFolder(), name)
  run(source, 'bsdtar', '-c', ...args, '-f', path, '.')
  return path
}

/** Compresses with zstd’s own program, which writes a checksum of the content. */
function zstd(path: string): string {
  run(join(path, '..'), 'zstd', '-q', path)
  return `${path}.zst`
}

const makers: [string, () => string][] = [
  ['zip', () => pack('x.zip')],
  ['7z', () => pack('x.7z')],
  ['rar', () => writeRar4(join(newFolder(), 'x.rar'), join(source, 'noise.bin'))[0] ?? ''],
]

const tarMakers: [string, () => string][] = [
  ['tar', () => tarBall('x.tar')],
  ['tar.gz', () => tarBall('x.tar.gz', '-z')],
  ['tar.bz2', () => tarBall('x.tar.bz2', '-j')],
  ['tar.xz', () => tarBall('x.tar.xz', '-J')],
  ['tar.zst', () => zstd(tarBall('x.tar'))],
]

describe.each(engines)('an archive that cannot be unpacked (F26), with %s 7-Zip', (engine, stub) => {
  const cut = async (name: string, make: () => string) => {
    vi.stubEnv('PUTDESK_7ZIP', stub)
    for (const share of engine === 'native' ? [0.2, 0.6, 0.95] : [0.6]) {
      const seen = await refusal(await setOf(cutAt(make(), share)))
      expect(seen).toEqual({ kind: 'damaged', message: expect.stringContaining(`“x.${name}”`), isLeft: false })
    }
  }
  it.each(makers)('is refused when it is truncated: %s', cut)
  it.runIf(has('programs of Unix')).each(tarMakers)('is refused when it is truncated: %s', cut)

  const flipOne = async (name: string, make: () => string) => {
    vi.stubEnv('PUTDESK_7ZIP', stub)
    const seen = await refusal(await setOf(flip(make(), (length) => Math.floor(length / 2))))
    expect(seen).toEqual({ kind: 'damaged', message: expect.stringContaining(`“x.${name}”`), isLeft: false })
  }
  it.each(makers)('is refused with a wrong byte in the middle: %s', flipOne)
  const summed = tarMakers.filter(([name]) => name !== 'tar')
  it.runIf(has('programs of Unix')).each(summed)('is refused with a wrong byte in the middle: %s', flipOne)

  it.each([
    ['a zip with AES', () => pack('x.zip', `-p${password}`, '-mem=AES256')],
    ['a zip with ZipCrypto', () => pack('x.zip', `-p${password}`)],
    ['a 7z', () => pack('x.7z', `-p${password}`)],
    ['a 7z with hidden names', () => pack('x.7z', `-p${password}`, '-mhe=on')],
  ])('asks for the password, and rejects a wrong one: %s', async (_what, make) => {
    vi.stubEnv('PUTDESK_7ZIP', stub)
    const set = await setOf(make())
    expect(await refusal(set)).toMatchObject({
      kind: 'needs-password',
      message: expect.stringMatching(/“x\..*” needs a password/),
      isLeft: false,
    })
    expect(await refusal(set, { password: 'wrong' })).toMatchObject({ kind: 'wrong-password', isLeft: false })
    expect(await refusal(set, { password: '' })).toMatchObject({ kind: 'wrong-password', isLeft: false })
    const { files } = await extractArchive(set, { into: join(newFolder(), 'out'), password, limits })
    expect(files).toHaveLength(5)
  })

  it('is refused when its method is unknown', async () => {
    vi.stubEnv('PUTDESK_7ZIP', stub)
    const path = join(newFolder(), 'x.zip')
    writeFileSync(path, zipOf([{ name: 'folder/' }, { name: 'new', bytes: Buffer.from('new'), method: 77 }]))
    expect(await refusal(await setOf(path))).toMatchObject({ kind: 'unknown-method', isLeft: false })
  })

  it('is refused when its last part is missing, which the names do not show', async () => {
    vi.stubEnv('PUTDESK_7ZIP', stub)
    for (const style of ['new', 'old'] as const) {
      const parts = writeRar4(join(newFolder(), 'x.rar'), join(source, 'noise.bin'), { bytes: 70_000, style })
      expect(await refusal(await setOf(...parts.slice(0, -1)))).toMatchObject({ kind: 'missing-part', isLeft: false })
    }
    const first = pack('x.7z', '-v100k')
    const folder = join(first, '..')
    const paths = readdirSync(folder)
      .sort()
      .map((name) => join(folder, name))
    expect(await refusal(await setOf(...paths.slice(0, -1)))).toMatchObject({ kind: 'missing-part', isLeft: false })
  })
})

describe('a message to the user', () => {
  it('names the missing parts, before anything is unpacked', async () => {
    const parts = writeRar4(join(newFolder(), 'x.rar'), join(source, 'noise.bin'), { bytes: 70_000, style: 'new' })
    const [one = '', two = '', three = '', ...others] = parts
    expect(await refusal(await setOf(one, three, ...others))).toEqual({
      kind: 'missing-part',
      message: '“x.part01.rar” could not be unpacked: “x.part02.rar” is missing.',
      isLeft: false,
    })
    expect((await refusal(await setOf(two, ...others))).message).toBe(
      '“x.part02.rar” could not be unpacked: “x.part01.rar” and 1 more part are missing.',
    )
  })

  it('replaces bidirectional controls and line breaks in names', async () => {
    const path = join(newFolder(), 'x.tar')
    writeFileSync(path, Buffer.concat([tarItem('a\u202egpj.exe\n', { type: '3' }), tarItem('fine'), tarEnd]))
    const { note } = await extractArchive(await setOf(path), { into: join(newFolder(), 'out'), limits })
    expect(note).toBe('1 thing in “x.tar” was left out: “a\ufffdgpj.exe\ufffd” (a device).')
  })
})

describe('a password', () => {
  it.runIf(has('shell scripts', '/proc'))(
    'appears on no command line and in no environment of the unpacking program',
    async () => {
      const folder = newFolder()
      const seenBy = join(folder, 'seen')
      run(folder, 'mkfifo', seenBy)
      const seen = openSync(seenBy, 'r+')
      const program = join(folder, '7zz')
      writeFileSync(program, `#!/bin/sh\n(echo "$@"; env) > ${seenBy}\nexec ${findNative()} "$@"\n`)
      chmodSync(program, 0o755)
      vi.stubEnv('PUTDESK_7ZIP', program)
      vi.stubEnv('PUTDESK_SECRET_OF_THE_SERVICE', 'canary')
      const set = await setOf(pack('x.7z', `-p${password}`, '-mhe=on'))
      const { files } = await extractArchive(set, { into: join(folder, 'out'), password, limits })
      const text = Buffer.alloc(65_536)
      const told = text.subarray(0, readSync(seen, text)).toString()
      expect(files).toHaveLength(5)
      expect(told).toMatch(/^l -slt -ba [\s\S]*\nx -so /)
      expect(told).not.toContain(password)
      expect(told).not.toContain('canary')
      expect([...commandLines().values()].filter((line) => line.includes(password))).toEqual([])
    },
  )

  it('appears in no message and no cause when it is wrong', async () => {
    const set = await setOf(pack('x.7z', `-p${password}`))
    const into = join(newFolder(), 'out')
    const error: unknown = await extractArchive(set, { into, password: 'wrong-canary', limits }).catch(
      (e: unknown) => e,
    )
    const cause = error instanceof Error ? error.cause : null
    expect(`${error} ${cause instanceof Error ? cause.stack : cause}`).not.toContain('wrong-canary')
  })
})

describe('extractArchive', () => {
  it.each(engines)(
    'leaves nothing behind and rejects with the reason when it is aborted, with %s 7-Zip',
    async (_engine, stub) => {
      vi.stubEnv('PUTDESK_7ZIP', stub)
      for (const make of [() => pack('x.7z'), () => pack('x.zip')]) {
        const set = await setOf(make())
        const into = join(newFolder(), 'out')
        const stop = new AbortController()
        const reason = new Error('no longer wanted')
        const onProgress = () => stop.abort(reason)
        const ended: unknown = await extractArchive(set, { into, limits, signal: stop.signal, onProgress }).catch(
          (e: unknown) => e,
        )
        expect({ isReason: ended === reason, isLeft: existsSync(into) }).toEqual({ isReason: true, isLeft: false })
      }
    },
  )

  it('refuses a folder that is not empty', async () => {
    const into = newFolder()
    writeFileSync(join(into, 'precious'), 'mine')
    await expect(extractArchive(await setOf(pack('x.zip')), { into, limits })).rejects.toThrow('not empty')
    expect(readFileSync(join(into, 'precious'), 'utf8')).toBe('mine')
  })
})

describe('an archive with wrong bytes (F26)', () => {
  it('is either unpacked or refused, whichever bytes are wrong', async () => {
    const zip = zipOf([
      { name: 'a/b.txt', bytes: Buffer.from('words '.repeat(50)), method: 8 },
      { name: 'c', bytes: Buffer.from('c') },
    ])
    const tar = gzipSync(
      Buffer.concat([tarItem('a/b', { bytes: Buffer.from('words') }), tarItem('c', { type: '5' }), tarEnd]),
    )
    const folder = newFolder()
    let seed = 20_261_123
    const random = (below: number) => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
      return seed % below
    }
    for (let round = 0; round < rounds * 10; round++) {
      const [name, whole] = round % 2 === 0 ? (['x.zip', zip] as const) : (['x.tar.gz', tar] as const)
      const bytes = Buffer.from(whole)
      for (let n = 0; n <= random(4); n++) bytes[random(bytes.length)] = random(256)
      const path = join(folder, name)
      writeFileSync(path, bytes)
      const [set] = await findArchives([{ name, path }])
      if (set === undefined) continue
      const into = join(folder, 'out')
      const ended: unknown = await extractArchive(set, { into, limits }).catch((error: unknown) => error)
      if (ended instanceof ArchiveError)
        expect({ round, kind: ended.kind, cause: ended.cause, isLeft: existsSync(into) }).not.toMatchObject({
          kind: 'failed',
        })
      else if (ended instanceof Error) throw ended
      rmSync(into, { recursive: true, force: true })
    }
  })
})
