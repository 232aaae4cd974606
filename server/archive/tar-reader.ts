import { ArchiveError, damaged, quoted, unsafe } from './archive-error.ts'
import { isTarHeader } from './formats.ts'
import type { Output } from './output.ts'

type Body = 'file' | 'skipped' | 'long-name' | 'attributes'

const blockBytes = 512
const maxNoteBytes = 1024 * 1024
const slash = /\//

/**
 * Reads a tar as it comes and gives its files to the output: the old format, ustar, pax and GNU's long names. Links and devices stop it,
 * as does a tar that ends before its own end mark.
 * Source: POSIX.1-2017, pax, "pax Interchange Format"; GNU tar manual, "Basic Tar Format".
 */
export class TarReader {
  readonly #archive: string
  readonly #output: Output
  #header = Buffer.alloc(0)
  #body: Body = 'skipped'
  #left = 0
  #padding = 0
  #note: Buffer[] = []
  #longName: string | null = null
  #attributes = new Map<string, string>()
  #isEnded = false

  constructor(archive: string, output: Output) {
    this.#archive = archive
    this.#output = output
  }

  push(chunk: Buffer): void {
    let rest = chunk
    while (rest.length > 0 && !this.#isEnded) {
      if (this.#left > 0) rest = this.#readBody(rest)
      else if (this.#padding > 0) {
        const skipped = Math.min(this.#padding, rest.length)
        this.#padding -= skipped
        rest = rest.subarray(skipped)
      } else rest = this.#readHeader(rest)
    }
  }

  /** Says that no more comes. */
  end(): void {
    if (!this.#isEnded) throw damaged(this.#archive, 'it ends too early')
  }

  #readBody(bytes: Buffer): Buffer {
    const piece = bytes.subarray(0, this.#left)
    this.#left -= piece.length
    if (this.#body === 'file') this.#output.write(piece)
    else if (this.#body !== 'skipped') this.#note.push(Buffer.from(piece))
    if (this.#left === 0) this.#endBody()
    return bytes.subarray(piece.length)
  }

  #readHeader(bytes: Buffer): Buffer {
    const piece = bytes.subarray(0, blockBytes - this.#header.length)
    const header = this.#header.length === 0 ? piece : Buffer.concat([this.#header, piece])
    const rest = bytes.subarray(piece.length)
    if (header.length < blockBytes) {
      this.#header = Buffer.from(header)
      return rest
    }
    this.#header = Buffer.alloc(0)
    if (header.every((byte) => byte === 0)) this.#isEnded = true
    else this.#begin(header)
    return rest
  }

  #begin(header: Buffer): void {
    if (!isTarHeader(header)) throw damaged(this.#archive, 'it is damaged inside')
    const type = String.fromCharCode(header[156] ?? 0)
    const isNote = 'xgXLKV'.includes(type)
    const sizeBytes = this.#sizeOf(header, isNote)
    this.#left = sizeBytes
    this.#padding = (blockBytes - (sizeBytes % blockBytes)) % blockBytes
    if (isNote) this.#beginNote(type, sizeBytes)
    else this.#beginItem(type, header)
    if (this.#left === 0) this.#endBody()
  }

  #beginNote(type: string, sizeBytes: number): void {
    if (sizeBytes > maxNoteBytes) throw damaged(this.#archive, 'a name in it is longer than any can be')
    this.#note = []
    this.#body = type === 'L' ? 'long-name' : type === 'x' || type === 'X' ? 'attributes' : 'skipped'
  }

  #beginItem(type: string, header: Buffer): void {
    const name = this.#attributes.get('path') ?? this.#longName ?? nameIn(header)
    const isSparse = [...this.#attributes.keys()].some((key) => key.startsWith('GNU.sparse.'))
    this.#attributes = new Map()
    this.#longName = null
    this.#body = 'skipped'
    if (type === '1' || type === '2') throw unsafe(this.#archive, `it holds ${quoted(name)}, a link to elsewhere`)
    if (type === '3' || type === '4' || type === '6') throw unsafe(this.#archive, `it holds ${quoted(name)}, a device`)
    if (isSparse || !'05\x007'.includes(type)) throw unknownMethod(this.#archive, name)
    if (type === '5' || name.endsWith('/')) {
      this.#output.addFolder(name, slash)
      return
    }
    this.#output.checkDeclared(0, this.#output.totalBytes + this.#left)
    this.#output.begin(name, slash)
    this.#body = 'file'
  }

  #endBody(): void {
    const note = Buffer.concat(this.#note)
    this.#note = []
    if (this.#body === 'file') this.#output.end()
    else if (this.#body === 'long-name') this.#longName = text(note).replace(/\0+$/, '')
    else if (this.#body === 'attributes') this.#attributes = attributesIn(note)
    this.#body = 'skipped'
  }

  #sizeOf(header: Buffer, isNote: boolean): number {
    const said = isNote ? undefined : this.#attributes.get('size')
    const size = said === undefined ? numberIn(header.subarray(124, 136)) : Number(said)
    if (!Number.isSafeInteger(size) || size < 0) throw damaged(this.#archive, 'it is damaged inside')
    return size
  }
}

function unknownMethod(archive: string, name: string): ArchiveError {
  const sentence = `${quoted(archive)} could not be unpacked: ${quoted(name)} in it is kept in a way that is not known here.`
  return new ArchiveError('unknown-method', sentence)
}

function nameIn(header: Buffer): string {
  const name = text(untilNul(header.subarray(0, 100)))
  const isPosix = header.subarray(257, 263).toString('latin1') === 'ustar\0'
  const prefix = isPosix ? text(untilNul(header.subarray(345, 500))) : ''
  return prefix === '' ? name : `${prefix}/${name}`
}

function untilNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0)
  return end === -1 ? bytes : bytes.subarray(0, end)
}

/** Octal digits, or, where the first bit is set, a number in base 256. */
function numberIn(field: Buffer): number {
  if ((field[0] ?? 0) < 0x80) {
    const digits = field.toString('latin1').replaceAll('\0', ' ').trim()
    return digits === '' ? 0 : /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN
  }
  return field.subarray(1).reduce((value, byte) => value * 256 + byte, (field[0] ?? 0) & 0x7f)
}

/** Records of `length key=value`, each ending in a newline. */
function attributesIn(note: Buffer): Map<string, string> {
  const attributes = new Map<string, string>()
  for (let at = 0; at < note.length; ) {
    const space = note.indexOf(0x20, at)
    const length = space === -1 ? Number.NaN : Number(note.subarray(at, space).toString('latin1'))
    if (!Number.isSafeInteger(length) || length <= space - at || at + length > note.length) break
    const record = note.subarray(space + 1, at + length - 1)
    const equals = record.indexOf(0x3d)
    if (equals > 0) attributes.set(text(record.subarray(0, equals)), text(record.subarray(equals + 1)))
    at += length
  }
  return attributes
}

function text(bytes: Buffer): string {
  const decoded = bytes.toString('utf8')
  return Buffer.from(decoded).equals(bytes) ? decoded : bytes.toString('latin1')
}
