import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { extractArchive } from '../../server/archive/extract.ts'
import { findArchives } from '../../server/archive/find-archives.ts'
import { readZipDirectory } from '../../server/archive/zip-directory.ts'
import { tarEnd, tarItem, treeFrom, treeOf, type ZipItem, zipOf } from '../support/archives.ts'
import { has } from '../support/facilities.ts'
import { encoded } from '../support/old-encodings.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

// Names in archives that do not declare their encoding.

let home = ''
beforeAll(() => {
  home = temporaryFolder('names')
})

async function unpack(name: string, bytes: Buffer) {
  const folder = mkdtempSync(join(home, 'made-'))
  writeFileSync(join(folder, name), bytes)
  const [set] = await findArchives([{ name, path: join(folder, name) }])
  if (set === undefined) throw new Error(`${name} was not found to be an archive.`)
  return { folder, unpacked: await extractArchive(set, { into: join(folder, 'out'), limits: { maxBytes: 1e9 } }) }
}

const pathsOf = async (name: string, bytes: Buffer) =>
  (await unpack(name, bytes)).unpacked.files.map(({ path }) => path.join('/'))

// The second byte of ソ, 表, 能 and 予 in Shift-JIS, and of some characters of GBK and Big5, is a backslash.
const samples: [string, string[]][] = [
  ['shift_jis', ['ソフトウェア/表示について.txt', '能力テスト/予定表.txt', '日本語の名前.txt']],
  ['gbk', ['我的文档/黑客帝国.txt', '我的文档/中文说明.txt', '电影介绍.txt']],
  ['euc-kr', ['한국어 문서/설명서.txt', '사진 모음/가족 여행.txt']],
  ['windows-1251', ['Документы/Описание фильма.txt', 'Музыка/Русские песни.txt']],
  ['ibm866', ['Документы/Описание фильма.txt', 'Музыка/Русские песни.txt']],
]

describe('a name in an old encoding', () => {
  it.each(samples)('is decoded in a zip and a tar: %s', async (label, names) => {
    const raw = names.map((name) => encoded(name, label))
    const zip = zipOf(raw.map((name) => ({ name, flags: 0, bytes: Buffer.from('x') })))
    expect(await pathsOf('x.zip', zip)).toEqual(names)
    const tar = Buffer.concat([...raw.map((name) => tarRaw(name)), tarEnd])
    expect(await pathsOf('x.tar', tar)).toEqual(names)
    const directory = await readZipDirectory(async (at, length) => zip.subarray(at, at + length), zip.length)
    expect(directory?.entries.map(({ name }) => name)).toEqual(names)
  })

  it('is split at a backslash in a zip from Windows, unless that is half of a character', async () => {
    const names = ['ソフト\\表.txt', 'ソフト\\能力.txt', '日本語\\予定.txt'].map((name) => encoded(name, 'shift_jis'))
    const zip = zipOf(names.map((name) => ({ name, flags: 0 })))
    // “Made by” FAT, as Windows writes it.
    for (let at = zip.indexOf('PK\x01\x02'); at !== -1; at = zip.indexOf('PK\x01\x02', at + 1)) zip[at + 5] = 0
    expect(await pathsOf('x.zip', zip)).toEqual(['ソフト/表.txt', 'ソフト/能力.txt', '日本語/予定.txt'])
  })

  it('gives way to what is declared: the UTF-8 flag, and a Unicode path field whose checksum matches the name', async () => {
    const field = (name: Buffer, unicode: string) => {
      const body = Buffer.alloc(5)
      body[0] = 1
      body.writeUInt32LE(crc32(name), 1)
      return { id: 0x7075, body: Buffer.concat([body, Buffer.from(unicode)]) }
    }
    const raw = Buffer.from('?.txt')
    const items: ZipItem[] = [
      { name: Buffer.from('黒.txt') },
      { name: raw, flags: 0, extra: [field(raw, '白.txt')] },
      { name: Buffer.from('renamed.txt'), flags: 0, extra: [field(raw, 'before.txt')] },
    ]
    expect(await pathsOf('x.zip', zipOf(items))).toEqual(['黒.txt', '白.txt', 'renamed.txt'])
  })

  it('keeps its bytes, escaped, where no guess is good enough', async () => {
    const paths = await pathsOf('x.zip', zipOf([{ name: Buffer.from([0xff, 0xfe, 0x2e, 0x80]), flags: 0 }]))
    expect(paths).toEqual([expect.stringMatching(/^[^\ufffd]+$/)])
    expect(await pathsOf('x.tar', Buffer.concat([tarRaw(Buffer.from([0xba, 0xda, 0x2e, 0x62])), tarEnd]))).toEqual([
      expect.stringMatching(/^(?:%BA%DA|黑)\.b$/),
    ])
  })

  it('has half a surrogate pair escaped in a 7z', async () => {
    const folder = mkdtempSync(join(home, 'half-'))
    writeFileSync(join(folder, 'QQ.txt'), 'a')
    execFileSync('7zz', ['a', '-mhc=off', 'x.7z', 'QQ.txt'], { cwd: folder })
    const bytes = readFileSync(join(folder, 'x.7z'))
    bytes.writeUInt16LE(0xd800, bytes.indexOf(Buffer.from('QQ.txt', 'utf16le')))
    const start = 32 + Number(bytes.readBigUInt64LE(12))
    bytes.writeUInt32LE(crc32(bytes.subarray(start, start + Number(bytes.readBigUInt64LE(20)))), 28)
    bytes.writeUInt32LE(crc32(bytes.subarray(12, 32)), 8)
    expect(await pathsOf('x.7z', bytes)).toEqual(['%ED%A0%80Q.txt'])
  })
})

describe('extractArchive compared with other programs', () => {
  const seed = Number(process.env.PUTDESK_SEED ?? Date.now() % 1_000_000)
  const random = randomFrom(seed)

  it.runIf(has('programs of Unix'))(`gives the same tree for harmless archives, seed ${seed}`, async () => {
    for (let round = 0; round < 6; round++) {
      const names = Array.from({ length: 1 + random(12) }, (_, index) => `${nameOf(random)}-${index}`)
      const items = names.map((name) => ({ name, bytes: Buffer.alloc(random(3000), name) }))
      const readers: [string, Buffer, (folder: string) => string[]][] = [
        [
          'x.zip',
          zipOf(items.map((item) => ({ ...item, method: random(2) * 8 }))),
          () => ['unzip', '-qq', 'x.zip', '-d', 'them'],
        ],
        ['x.zip', zipOf(items), () => ['7zz', 'x', '-othem', 'x.zip']],
        ['x.tar', tarWithLinks(items, random), () => ['bsdtar', '-xf', 'x.tar', '-C', 'them']],
      ]
      for (const [name, bytes, command] of readers) {
        const { folder, unpacked } = await unpack(name, bytes)
        const [program = '', ...args] = command(folder)
        execFileSync('mkdir', ['them'], { cwd: folder })
        execFileSync(program, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
        expect({ seed, round, program, tree: treeFrom(unpacked) }).toEqual({
          seed,
          round,
          program,
          tree: treeOf(join(folder, 'them')),
        })
      }
    }
  })
})

/** A tar of files, and of links to some of them. */
function tarWithLinks(items: { name: string; bytes: Buffer }[], random: (below: number) => number): Buffer {
  const links = items.flatMap(({ name }, index) => {
    if (random(3) > 0) return []
    const symlink = tarItem(`soft-${index}`, { type: '2', link: name })
    return [symlink, tarItem(`hard-${index}`, { type: '1', link: name })]
  })
  return Buffer.concat([...items.map(({ name, bytes }) => tarItem(name, { bytes })), ...links, tarEnd])
}

function nameOf(random: (below: number) => number): string {
  const words = ['a', 'Bild', 'ä ö', '日本', 'x.y', 'русский', '-dash', '#', "it's"]
  return Array.from({ length: 1 + random(3) }, (_, depth) => `${words[random(words.length)]}${depth}`).join('/')
}

/** A tar header with these bytes as its name. */
function tarRaw(name: Buffer): Buffer {
  const item = tarItem('')
  name.copy(item, 0)
  item.fill(0x20, 148, 156)
  const sum = item.subarray(0, 512).reduce((total, byte) => total + byte, 0)
  item.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return item
}

function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
