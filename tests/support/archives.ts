import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, join, relative, sep } from 'node:path'
import { crc32, deflateRawSync } from 'node:zlib'

/** A tree of diverse files: text, incompressible bytes, empty files and folders, names in other languages. */
export function makeTree(folder: string): string {
  for (const below of ['', 'Ordner/tief/äöü', 'empty folder']) mkdirSync(join(folder, below), { recursive: true })
  writeFileSync(join(folder, 'read me.txt'), 'words that shrink well. '.repeat(5000))
  writeFileSync(join(folder, 'noise.bin'), randomBytes(300_000))
  writeFileSync(join(folder, 'Ordner/null'), '')
  writeFileSync(join(folder, 'Ordner/tief/äöü/日本語.txt'), 'こんにちは')
  writeFileSync(join(folder, '-dash @at %2e%2e'), 'a name like a switch')
  return folder
}

/** One line for each file and folder below a folder: the path, and the hash of the bytes. */
export function treeOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((item) => {
      const path = join(item.parentPath, item.name)
      const shown = relative(folder, path).split(sep).join('/').normalize('NFC')
      return item.isDirectory() ? `${shown}/` : `${shown} ${hashOf(path)}`
    })
    .sort()
}

/** The same lines for the unpacked files of an archive. */
export function treeFrom(unpacked: { files: { path: string[]; file: string }[]; folders: string[][] }): string[] {
  const folders = unpacked.folders.map((path) => `${path.join('/')}/`)
  return [...folders, ...unpacked.files.map(({ path, file }) => `${path.join('/')} ${hashOf(file)}`)].sort()
}

export function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16)
}

/** Everything below a folder; nothing while it is being removed. */
function listBelow(folder: string) {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

/** The size of a folder with everything below it, in bytes; 0 when it does not exist. */
export function bytesBelow(folder: string): number {
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) return 0
  const items = listBelow(folder)
  return items.reduce((sum, item) => {
    const stat = lstatSync(join(item.parentPath, item.name), { throwIfNoEntry: false })
    return sum + (stat?.isFile() ? stat.size : 0)
  }, 0)
}

/** Runs a program in a folder, and throws when it fails. */
export function run(folder: string, program: string, ...args: string[]): void {
  execFileSync(program, args, {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  })
}

/** Splits a file into `.001`, `.002`… beside it. */
export function cut(path: string, bytes: number): string[] {
  const all = readFileSync(path)
  return Array.from({ length: Math.ceil(all.length / bytes) }, (_, index) => {
    const part = `${path}.${`${index + 1}`.padStart(3, '0')}`
    writeFileSync(part, all.subarray(index * bytes, (index + 1) * bytes))
    return part
  })
}

/** What a zip that we write claims about a file. Default: the truth. */
export interface ZipItem {
  name: string | Buffer
  bytes?: Buffer
  /** The packed bytes, written as they are. */
  packed?: Buffer
  method?: number
  sizeBytes?: number
  crc?: number
  flags?: number
  /** The Unix mode, such as 0o120777 for a link. */
  mode?: number
  /** Extra fields of its entry in the central directory. */
  extra?: { id: number; body: Buffer }[]
  /** Refers to the data of an earlier item instead of having its own. */
  sameAs?: number
}

/** Writes a zip that may make false claims. Source: PKWARE APPNOTE 6.3.10, 4.3. */
export function zipOf(items: readonly ZipItem[], end: { count?: number; comment?: Buffer } = {}): Buffer {
  const pieces: Buffer[] = []
  const lines: Buffer[] = []
  const offsets: number[] = []
  let at = 0
  for (const item of items) {
    const name = Buffer.from(item.name)
    const bytes = item.bytes ?? Buffer.alloc(0)
    const method = item.method ?? (item.packed === undefined ? 0 : 8)
    const packed = item.packed ?? (method === 8 ? deflateRawSync(bytes) : bytes)
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(20, 0)
    fields.writeUInt16LE(item.flags ?? 0x800, 2)
    fields.writeUInt16LE(method, 4)
    fields.writeUInt32LE(0x5a21_6000, 6)
    fields.writeUInt32LE(item.crc ?? crc32(bytes), 10)
    fields.writeUInt32LE(packed.length, 14)
    fields.writeUInt32LE(item.sizeBytes ?? bytes.length, 18)
    fields.writeUInt16LE(name.length, 22)
    const offset = item.sameAs === undefined ? at : (offsets[item.sameAs] ?? 0)
    offsets.push(offset)
    if (item.sameAs === undefined) {
      pieces.push(Buffer.from('504b0304', 'hex'), fields, name, packed)
      at += 4 + fields.length + name.length + packed.length
    }
    const extra = (item.extra ?? []).flatMap(({ id, body }) => {
      const head = Buffer.alloc(4)
      head.writeUInt16LE(id, 0)
      head.writeUInt16LE(body.length, 2)
      return [head, body]
    })
    const tail = Buffer.alloc(14)
    const lineFields = Buffer.from(fields)
    lineFields.writeUInt16LE(Buffer.concat(extra).length, 24)
    tail.writeUInt32LE(((item.mode ?? 0o100644) << 16) >>> 0, 6)
    tail.writeUInt32LE(offset, 10)
    lines.push(Buffer.from('504b01021403', 'hex'), lineFields, tail, name, ...extra)
  }
  const directory = Buffer.concat(lines)
  const record = Buffer.alloc(22)
  record.writeUInt32LE(0x06054b50, 0)
  record.writeUInt16LE((end.count ?? items.length) & 0xffff, 8)
  record.writeUInt16LE((end.count ?? items.length) & 0xffff, 10)
  record.writeUInt32LE(directory.length, 12)
  record.writeUInt32LE(at, 16)
  record.writeUInt16LE(end.comment?.length ?? 0, 20)
  return Buffer.concat([...pieces, directory, record, end.comment ?? Buffer.alloc(0)])
}

/** Deflated zeros of any length, without holding them in memory. */
export function packedZeros(megabytes: number): { packed: Buffer; sizeBytes: number; crc: number } {
  const zeros = Buffer.alloc(1024 * 1024)
  // Non-final blocks of one megabyte, repeated as needed, and an empty final block.
  const whole = deflateRawSync(zeros, { finishFlush: 2 })
  let crc = 0
  for (let n = 0; n < megabytes; n++) crc = crc32(zeros, crc)
  const packed = Buffer.concat([...Array.from({ length: megabytes }, () => whole), Buffer.from([3, 0])])
  return { packed, sizeBytes: megabytes * zeros.length, crc }
}

/** One tar header with its bytes. Source: POSIX.1-2017, pax, "ustar Interchange Format". */
export function tarItem(
  name: string,
  of: { type?: string; bytes?: Buffer; link?: string; size?: number } = {},
): Buffer {
  const { type = '0', bytes = Buffer.alloc(0), link = '' } = of
  const size = of.size ?? bytes.length
  const header = Buffer.alloc(512)
  header.write(name, 0, 100)
  header.write('0000644\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  header.write('00000000000\0', 136)
  header.write(type, 156)
  header.write(link, 157, 100)
  header.write('ustar\x0000', 257)
  header.fill(0x20, 148, 156)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return Buffer.concat([header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)])
}

/** The end of a tar. */
export const tarEnd = Buffer.alloc(1024)

const rar4Mark = Buffer.from('526172211a0700', 'hex')

/**
 * Writes a file, stored, as a RAR 4 archive: one, `.part01.rar`… (`new`), or `.rar`, `.r00`… (`old`). Returns the paths.
 * Source: RAR 4 technote (7-byte blocks, header sums, volume flags).
 */
export function writeRar4(out: string, file: string, volumes?: { bytes: number; style: 'new' | 'old' }): string[] {
  const data = readFileSync(file)
  const name = Buffer.from(basename(file))
  const size = volumes?.bytes ?? data.length
  const pieces = Array.from({ length: Math.ceil(data.length / size) }, (_, n) =>
    data.subarray(n * size, (n + 1) * size),
  )
  return pieces.map((piece, index) => {
    const isLast = index === pieces.length - 1
    const isNew = volumes?.style === 'new'
    const volumeFlags = volumes === undefined ? 0 : 1 | (isNew ? 0x10 : 0) | (index === 0 ? 0x100 : 0)
    const spans = (index > 0 ? 1 : 0) | (isLast ? 0 : 2)
    const endBody = volumes === undefined ? Buffer.alloc(0) : Buffer.from([index & 255, index >> 8])
    const endFlags = volumes === undefined ? 0x4000 : 0x4000 | (isLast ? 0 : 1) | 8
    const path = volumePath(out, index, volumes?.style)
    const header = rar4File({ name, piece, whole: data, sum: crc32(isLast ? data : piece), spans })
    const blocks = [rar4Block(0x73, volumeFlags, Buffer.alloc(6)), header, piece, rar4Block(0x7b, endFlags, endBody)]
    writeFileSync(path, Buffer.concat([rar4Mark, ...blocks]))
    return path
  })
}

function volumePath(out: string, index: number, style: 'new' | 'old' | undefined): string {
  if (style === 'new') return out.replace(/\.rar$/, `.part${`${index + 1}`.padStart(2, '0')}.rar`)
  return style === undefined || index === 0 ? out : out.replace(/\.rar$/, `.r${`${index - 1}`.padStart(2, '0')}`)
}

function rar4File(of: { name: Buffer; piece: Buffer; whole: Buffer; sum: number; spans: number }): Buffer {
  const body = Buffer.alloc(25 + of.name.length)
  body.writeUInt32LE(of.piece.length, 0)
  body.writeUInt32LE(of.whole.length, 4)
  body[8] = 3
  body.writeUInt32LE(of.sum, 9)
  body.writeUInt32LE(0x5a21_6000, 13)
  body[17] = 20
  body[18] = 0x30
  body.writeUInt16LE(of.name.length, 19)
  body.writeUInt32LE(0o100644, 21)
  of.name.copy(body, 25)
  return rar4Block(0x74, 0x8000 | of.spans, body)
}

function rar4Block(type: number, flags: number, body: Buffer): Buffer {
  const block = Buffer.alloc(7 + body.length)
  block[2] = type
  block.writeUInt16LE(flags, 3)
  block.writeUInt16LE(block.length, 5)
  body.copy(block, 7)
  block.writeUInt16LE(crc32(block.subarray(2)) & 0xffff, 0)
  return block
}

/** A file for a RAR 5 archive, or a link: symbolic (`link`), hard, or a copy of another file (`copyOf`). */
export interface RarItem {
  name: string
  bytes?: Buffer
  link?: string
  hardLink?: string
  copyOf?: string
}

/**
 * Writes files, stored, as one RAR 5 archive.
 * Source: RAR 5.0 archive format (rarlab.com/technote.htm).
 */
export function rar5Of(items: readonly RarItem[]): Buffer {
  const blocks = items.flatMap(({ name, bytes = Buffer.alloc(0), link, hardLink, copyOf }) => {
    const rawName = Buffer.from(name)
    const target = link ?? hardLink ?? copyOf
    const rawTarget = Buffer.from(target ?? '')
    const type = link !== undefined ? 1 : hardLink !== undefined ? 4 : 5
    const redirection = Buffer.concat([vint(5), vint(type), vint(0), vint(rawTarget.length), rawTarget])
    const extra = target === undefined ? Buffer.alloc(0) : Buffer.concat([vint(redirection.length), redirection])
    // A hard link and a copy have the size and the checksum of their target, and no bytes.
    const meant = link === undefined && target !== undefined ? items.find((item) => item.name === target)?.bytes : bytes
    const sizeBytes = meant?.length ?? 0
    const sum = Buffer.alloc(4)
    sum.writeUInt32LE(crc32(meant ?? bytes))
    const fields = [vint(4), vint(sizeBytes), vint(0o100644), sum, vint(0), vint(1), vint(rawName.length), rawName]
    const sizes = [...(extra.length > 0 ? [vint(extra.length)] : []), vint(bytes.length)]
    return [rar5Block(2, 2 | (extra.length > 0 ? 1 : 0), [...sizes, ...fields, extra]), bytes]
  })
  const mark = Buffer.from('526172211a070100', 'hex')
  return Buffer.concat([mark, rar5Block(1, 0, [vint(0)]), ...blocks, rar5Block(5, 0, [vint(0)])])
}

function rar5Block(type: number, flags: number, body: Buffer[]): Buffer {
  const header = Buffer.concat([vint(type), vint(flags), ...body])
  const sized = Buffer.concat([vint(header.length), header])
  const sum = Buffer.alloc(4)
  sum.writeUInt32LE(crc32(sized))
  return Buffer.concat([sum, sized])
}

function vint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
    rest = Math.floor(rest / 128)
  } while (rest > 0)
  return Buffer.from(bytes)
}

/** A stored file in RAR 5 volumes, with this many bytes of it in each. Source: RAR 5.0 archive format (rarlab.com/technote.htm). */
export function rar5Volumes(name: string, data: Buffer, bytes: number): Buffer[] {
  const count = Math.ceil(data.length / bytes)
  return Array.from({ length: count }, (_, index) => {
    const [isFirst, isLast] = [index === 0, index === count - 1]
    const piece = data.subarray(index * bytes, (index + 1) * bytes)
    const sum = Buffer.alloc(4)
    // Each volume but the last has the checksum of its own piece.
    sum.writeUInt32LE(crc32(isLast ? data : piece))
    const flags = 2 | (isFirst ? 0 : 8) | (isLast ? 0 : 0x10)
    const rawName = Buffer.from(name)
    const file = [vint(4), vint(data.length), vint(0o100644), sum, vint(0), vint(1), vint(rawName.length), rawName]
    return Buffer.concat([
      Buffer.from('526172211a070100', 'hex'),
      rar5Block(1, 0, isFirst ? [vint(1)] : [vint(3), vint(index)]),
      rar5Block(2, flags, [vint(piece.length), ...file]),
      piece,
      rar5Block(5, 0, [vint(isLast ? 0 : 1)]),
    ])
  })
}
