import { damaged, quoted } from './archive-error.ts'
import type { RawName } from './entry-name.ts'
import { isTarHeader } from './formats.ts'
import type { Output } from './output.ts'
import { arePieces, maxPieces, type Piece, SparseWriter } from './sparse.ts'
import {
  linkIn,
  moreSparseIn,
  nameIn,
  numberIn,
  oldSparseIn,
  SparseMap,
  TarAttributes,
  untilNul,
} from './tar-header.ts'

type Body = 'file' | 'skipped' | 'long-name' | 'long-link' | 'attributes' | 'sparse-map'

/** A sparse file whose pieces are not all known yet. */
interface Sparse {
  sizeBytes: number
  pieces: Piece[]
}

const blockBytes = 512
const maxNoteBytes = 8 * 1024 * 1024
const noAttributes = new TarAttributes()

/**
 * Reads a tar as a stream and passes its entries to the output: the old format, ustar, pax, GNU's long names and sparse files. A
 * tar that ends inside a file is damaged; a missing end mark is only noted. Source: POSIX.1-2017, pax, "pax
 * Interchange Format"; GNU tar manual, "Basic Tar Format".
 */
export class TarReader {
  readonly #archive: string
  readonly #output: Output
  #header = Buffer.alloc(0)
  #body: Body = 'skipped'
  #left = 0
  #padding = 0
  #note: Buffer[] = []
  #longName: Buffer | null = null
  #longLink: Buffer | null = null
  #attributes = noAttributes
  #sparse: Sparse | null = null
  #map = new SparseMap()
  #writer: SparseWriter | null = null
  #isContinued = false
  #isBegun = false
  #isEnded = false

  constructor(archive: string, output: Output) {
    this.#archive = archive
    this.#output = output
  }

  push(chunk: Buffer): void {
    let rest = chunk
    while (rest.length > 0) {
      if (this.#isEnded) {
        this.#checkTrailingData(rest)
        return
      }
      if (this.#left > 0 && !this.#isContinued) rest = this.#readBody(rest)
      else if (this.#padding > 0 && !this.#isContinued) {
        const skipped = Math.min(this.#padding, rest.length)
        this.#padding -= skipped
        rest = rest.subarray(skipped)
      } else rest = this.#readBlock(rest)
    }
  }

  /** Ends the input. */
  end(): void {
    if (this.#isEnded) return
    const isInside = this.#left > 0 || this.#header.length > 0 || this.#isContinued
    const isAwaited = this.#longName !== null || this.#longLink !== null || !this.#attributes.isEmpty
    if (isInside || isAwaited || !this.#isBegun) throw damaged(this.#archive, 'it ends too early')
    this.#output.note.say(`${quoted(this.#archive)} has no mark of its end: more may have been in it.`)
  }

  #checkTrailingData(bytes: Buffer): void {
    if (bytes.some((byte) => byte !== 0)) this.#output.note.trailingData(this.#archive)
  }

  #readBody(bytes: Buffer): Buffer {
    const max = this.#body === 'sparse-map' ? blockBytes - this.#header.length : this.#left
    const piece = bytes.subarray(0, Math.min(max, this.#left))
    this.#left -= piece.length
    if (this.#body === 'sparse-map') this.#readMap(piece)
    else if (this.#body === 'file') this.#writeBody(piece)
    else if (this.#body !== 'skipped') this.#note.push(Buffer.from(piece))
    if (this.#left === 0) this.#endBody()
    return bytes.subarray(piece.length)
  }

  #writeBody(piece: Buffer): void {
    if (this.#writer === null) this.#output.write(piece)
    else this.#writer.write(piece)
  }

  #readMap(piece: Buffer): void {
    this.#header = Buffer.concat([this.#header, piece])
    if (this.#header.length < blockBytes) return
    const isWhole = this.#map.push(this.#header)
    this.#header = Buffer.alloc(0)
    const pieces = isWhole === true ? this.#map.pieces : []
    if (isWhole === null || pieces === null) throw this.#broken()
    if (isWhole) this.#beginSparse(pieces)
  }

  #readBlock(bytes: Buffer): Buffer {
    const piece = bytes.subarray(0, blockBytes - this.#header.length)
    const block = this.#header.length === 0 ? piece : Buffer.concat([this.#header, piece])
    const rest = bytes.subarray(piece.length)
    if (block.length < blockBytes) {
      this.#header = Buffer.from(block)
      return rest
    }
    this.#header = Buffer.alloc(0)
    if (this.#isContinued) this.#continue(block)
    else if (block.every((byte) => byte === 0)) this.#isEnded = true
    else this.#begin(block)
    return rest
  }

  #begin(header: Buffer): void {
    if (!isTarHeader(header)) throw this.#broken()
    this.#isBegun = true
    const type = String.fromCharCode(header[156] ?? 0)
    const isNote = 'xgXLKV'.includes(type)
    const sizeBytes = this.#bodyBytes(type, header)
    this.#left = sizeBytes
    this.#padding = (blockBytes - (sizeBytes % blockBytes)) % blockBytes
    if (isNote) this.#beginNote(type, sizeBytes)
    else this.#beginItem(type, header)
    if (this.#left === 0 && !this.#isContinued) this.#endBody()
  }

  #beginNote(type: string, sizeBytes: number): void {
    if (sizeBytes > maxNoteBytes) throw damaged(this.#archive, 'a name in it is longer than any can be')
    this.#note = []
    this.#body =
      type === 'L' ? 'long-name' : type === 'K' ? 'long-link' : 'xX'.includes(type) ? 'attributes' : 'skipped'
  }

  #beginItem(type: string, header: Buffer): void {
    const attributes = this.#attributes
    const name = attributes.bytes('GNU.sparse.name') ?? attributes.bytes('path') ?? this.#longName ?? nameIn(header)
    const target = attributes.bytes('linkpath') ?? this.#longLink ?? linkIn(header)
    this.#attributes = noAttributes
    this.#longName = null
    this.#longLink = null
    this.#body = 'skipped'
    if (type === '2') this.#output.addLink('symlink', name, { target, hasBackslashes: false })
    else if (type === '1' && this.#left === 0) {
      this.#output.addLink('hard-link', name, { target, hasBackslashes: false })
    } else if ('346'.includes(type)) this.#output.leaveOut(name, 'a device')
    else if ('5D'.includes(type) || name.at(-1) === 0x2f || name.at(-1) === '/') this.#output.addFolder(name, false)
    else if (type === 'M') this.#output.leaveOut(name, 'its beginning is in another archive')
    else if (/[A-Z]/.test(type) && type !== 'S') this.#output.leaveOut(name, 'a kind of thing that is not known here')
    else this.#beginFile(name, { type, header, attributes })
  }

  #beginFile(name: RawName, of: { type: string; header: Buffer; attributes: TarAttributes }): void {
    const { type, header, attributes } = of
    const { sparse } = attributes
    this.#output.checkDeclared(0, this.#output.totalBytes + Math.max(this.#left, sparse?.sizeBytes ?? 0))
    this.#output.begin(name, false)
    this.#body = 'file'
    if (type === 'S') {
      const old = oldSparseIn(header)
      this.#sparse = { sizeBytes: old.sizeBytes, pieces: [] }
      this.#addPieces(old)
    } else if (sparse !== null) {
      this.#sparse = { sizeBytes: sparse.sizeBytes, pieces: [] }
      if (sparse.isBroken) throw this.#broken()
      if (sparse.pieces !== null) this.#beginSparse(sparse.pieces)
      else {
        this.#map = new SparseMap()
        this.#body = 'sparse-map'
      }
    }
  }

  #continue(block: Buffer): void {
    this.#addPieces(moreSparseIn(block))
    if (this.#left === 0 && !this.#isContinued) this.#endBody()
  }

  #addPieces({ pieces, isContinued }: { pieces: Piece[]; isContinued: boolean }): void {
    const all = this.#sparse?.pieces ?? []
    all.push(...pieces)
    if (all.length > maxPieces) throw this.#broken()
    this.#isContinued = isContinued
    if (!isContinued) this.#beginSparse(all)
  }

  /** Starts writing a sparse file once all pieces are known: the rest of the body is their bytes. */
  #beginSparse(pieces: Piece[]): void {
    const sizeBytes = this.#sparse?.sizeBytes ?? Number.NaN
    if (!arePieces(pieces, { sizeBytes, storedBytes: this.#left })) throw this.#broken()
    this.#writer = new SparseWriter(pieces, sizeBytes, this.#output)
    this.#sparse = null
    this.#body = 'file'
  }

  #endBody(): void {
    const note = Buffer.concat(this.#note)
    this.#note = []
    // The list of pieces was truncated.
    if (this.#sparse !== null) throw this.#broken()
    if (this.#body === 'file') {
      this.#writer?.end()
      this.#writer = null
      this.#output.end()
    } else if (this.#body === 'long-name') this.#longName = Buffer.from(untilNul(note))
    else if (this.#body === 'long-link') this.#longLink = Buffer.from(untilNul(note))
    else if (this.#body === 'attributes') this.#attributes = TarAttributes.of(note)
    this.#body = 'skipped'
  }

  /**
   * How many bytes follow a header. Links, folders and devices have none, whatever their size field says; other readers agree.
   */
  #bodyBytes(type: string, header: Buffer): number {
    const isNote = 'xgXLKV'.includes(type)
    if ('23456'.includes(type) || (type === '1' && this.#attributes.isEmpty)) return 0
    const sizeText = isNote ? null : this.#attributes.text('size')
    const size = sizeText === null ? numberIn(header.subarray(124, 136)) : Number(sizeText)
    if (!Number.isSafeInteger(size) || size < 0) throw this.#broken()
    return size
  }

  #broken() {
    return damaged(this.#archive, 'it is damaged inside')
  }
}
