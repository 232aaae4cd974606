import { LookError } from '../../../contents/content.ts'
import { type AddEntry, Cut } from './entry.ts'
import { crc32, Fields, hexOf } from './fields.ts'
import { Lzma } from './lzma.ts'
import type { Source } from './source.ts'

// Source: 7zFormat.txt of the LZMA SDK, public domain.

export const sevenZipMagic = '377abcaf271c'
const startBytes = 32
/** A packed header may unpack to no more. */
const maxHeaderBytes = 4 * 1024 * 1024
/** A packed header may be packed again. */
const maxDepth = 4
/** More solids, and more files of one, than are ever listed. */
const maxSolids = 100_000
const maxKeptSizes = 20_000

/** The coder that encrypts. */
const aes = '06f10701'

const id = {
  end: 0,
  header: 1,
  archiveProperties: 2,
  moreStreams: 3,
  streams: 4,
  files: 5,
  packInfo: 6,
  unpackInfo: 7,
  subStreams: 8,
  sizes: 9,
  sums: 10,
  folders: 11,
  unpackedSizes: 12,
  counts: 13,
  emptyStreams: 14,
  emptyFiles: 15,
  names: 17,
  packedHeader: 23,
}

interface Coder {
  method: string
  settings: Uint8Array
}

/** What the archive packs as one: a chain of coders, and the files in it. */
interface Solid {
  coders: Coder[]
  unpackedSizes: number[]
  /** Which of the sizes is that of the result. */
  last: number
  sum: number | null
  fileSizes: number[]
}

interface Streams {
  packedAt: number
  packedSizes: number[]
  solids: Solid[]
}

/** Lists a 7z archive from the header at its end. */
export async function listSevenZip(source: Source, add: AddEntry): Promise<void> {
  const start = await source.read(0, startBytes)
  const fields = new Fields(start, 8)
  const sum = fields.u32()
  if (crc32(start.subarray(12)) !== sum) throw new LookError('brokenArchive')
  const place = startBytes + fields.u64()
  const size = fields.u64()
  const headerSum = fields.u32()
  if (size === 0) return
  if (!(place + size <= source.sizeBytes)) throw new LookError('brokenArchive')
  let header = await readPart(source, place, size)
  if (header.isWhole && crc32(header.bytes) !== headerSum) throw new LookError('brokenArchive')
  for (let depth = 0; ; depth++) {
    const reader = new HeaderReader(header)
    const kind = reader.u8()
    if (kind === id.header) return readHeader(reader, add)
    if (kind !== id.packedHeader || depth === maxDepth) throw new LookError('brokenArchive')
    header = await unpackHeader(source, reader)
  }
}

/** The bytes of a header, or their beginning. */
interface Part {
  bytes: Uint8Array
  isWhole: boolean
}

async function readPart(source: Source, at: number, size: number): Promise<Part> {
  for (let length = size; ; length = Math.floor(length / 2)) {
    try {
      return { bytes: await source.read(at, length), isWhole: length === size }
    } catch (error) {
      // As much of it as may be read.
      if (!(error instanceof Cut) || length < 1024) throw error
    }
  }
}

async function unpackHeader(source: Source, reader: HeaderReader): Promise<Part> {
  const { packedAt, packedSizes, solids } = reader.streams()
  const [solid] = solids
  if (solid === undefined) throw new LookError('brokenArchive')
  const [coder] = solid.coders
  // The names are encrypted.
  if (solid.coders.some(({ method }) => method === aes)) throw new LookError('lockedArchive')
  if (coder === undefined || solid.coders.length > 1) throw new LookError('unlistedArchive')
  const size = solid.unpackedSizes[0] ?? 0
  const packedSize = packedSizes[0] ?? 0
  if (!(startBytes + packedAt + packedSize <= source.sizeBytes)) throw new LookError('brokenArchive')
  const packed = await readPart(source, startBytes + packedAt, packedSize)
  const bytes = unpack(coder, packed.bytes, Math.min(size, maxHeaderBytes))
  const isWhole = bytes.length === size
  if (packed.isWhole && !isWhole && size <= maxHeaderBytes) throw new LookError('brokenArchive')
  if (isWhole && solid.sum !== null && crc32(bytes) !== solid.sum) throw new LookError('brokenArchive')
  return { bytes, isWhole }
}

function unpack({ method, settings }: Coder, packed: Uint8Array, size: number): Uint8Array {
  if (method === '00') return packed.subarray(0, size)
  const out = new Uint8Array(size)
  const lzma = new Lzma(out)
  if (method === '030101') lzma.unpack(packed, settings[0] ?? 0xff)
  else if (method === '21') lzma.unpack2(packed, 0)
  else throw new LookError('unlistedArchive')
  return out.subarray(0, lzma.length)
}

function readHeader(reader: HeaderReader, add: AddEntry): void {
  let streams: Streams | null = null
  for (let kind = reader.u8(); kind !== id.end; kind = reader.u8()) {
    if (kind === id.archiveProperties) reader.skipProperties()
    else if (kind === id.moreStreams) reader.streams()
    else if (kind === id.streams) streams = reader.streams()
    else if (kind === id.files) {
      addFiles(reader, streams, add)
      return
    } else throw new LookError('brokenArchive')
  }
}

function addFiles(reader: HeaderReader, streams: Streams | null, add: AddEntry): void {
  const count = reader.count()
  let empty = new Uint8Array()
  let emptyFiles = new Uint8Array()
  for (let kind = reader.number(); kind !== id.end; kind = reader.number()) {
    const size = reader.number()
    if (kind === id.names) {
      addNamed({ count, empty, emptyFiles, names: reader.rest(size) }, streams, add)
      return
    }
    const body = reader.body(size)
    if (kind === id.emptyStreams) empty = body.bits(count)
    else if (kind === id.emptyFiles) emptyFiles = body.bits(empty.reduce((sum, bit) => sum + bit, 0))
  }
}

/** What is known of the files: which have no content, and which of those are files. */
interface Files {
  count: number
  empty: Uint8Array
  emptyFiles: Uint8Array
  names: Fields
}

function addNamed({ count, empty, emptyFiles, names }: Files, streams: Streams | null, add: AddEntry): void {
  const contents = (streams?.solids ?? []).flatMap(({ coders, fileSizes }) => {
    const isEncrypted = coders.some(({ method }) => method === aes)
    return fileSizes.map((sizeBytes) => ({ sizeBytes, isEncrypted }))
  })
  if (names.u8() !== 0) throw new LookError('unlistedArchive')
  for (let index = 0, emptyIndex = 0, full = 0; index < count; index++) {
    const name = nameIn(names)
    if (empty[index] === 1) {
      add({ name, isFolder: emptyFiles[emptyIndex++] !== 1, isEncrypted: false, sizeBytes: 0 })
      continue
    }
    const { sizeBytes = null, isEncrypted = false } = contents[full++] ?? {}
    add({ name, isFolder: false, isEncrypted, sizeBytes })
  }
}

const utf16 = new TextDecoder('utf-16le')

/** UTF-16, up to a zero. */
function nameIn(names: Fields): string {
  const bytes: number[] = []
  for (let unit = names.u16(); unit !== 0; unit = names.u16()) bytes.push(unit & 0xff, unit >> 8)
  return utf16.decode(Uint8Array.from(bytes))
}

/** Reads the structures of a header. What it counts can never exceed its bytes. */
class HeaderReader extends Fields {
  readonly #part: Part

  constructor(part: Part) {
    super(part.bytes, 0, () => (part.isWhole ? new LookError('brokenArchive') : new Cut()))
    this.#part = part
  }

  /** A number of up to eight bytes; the first one tells how many follow. Not exact beyond 2^53. */
  number(): number {
    const first = this.u8()
    let value = 0
    for (let place = 0; place < 8; place++) {
      const mask = 0x80 >> place
      if ((first & mask) === 0) return value + (first & (mask - 1)) * 2 ** (8 * place)
      value += this.u8() * 2 ** (8 * place)
    }
    return value
  }

  /** The number of things that each take at least a bit. */
  count(): number {
    const count = this.number()
    if (count > maxHeaderBytes || (this.#part.isWhole && count > this.leftBytes * 8))
      throw new LookError('brokenArchive')
    return count
  }

  /** A one or a zero for each. */
  bits(count: number): Uint8Array<ArrayBuffer> {
    const bytes = this.take(Math.ceil(count / 8))
    const bits = new Uint8Array(count)
    for (let index = 0; index < count; index++) bits[index] = ((bytes[index >> 3] ?? 0) >> (7 - (index & 7))) & 1
    return bits
  }

  body(size: number): HeaderReader {
    return new HeaderReader({ bytes: this.take(size), isWhole: true })
  }

  /** Up to `size` bytes, fewer if the header is cut there. */
  rest(size: number): HeaderReader {
    if (this.#part.isWhole || size <= this.leftBytes) return this.body(size)
    return new HeaderReader({ bytes: this.take(this.leftBytes), isWhole: false })
  }

  skipProperties(): void {
    while (this.number() !== id.end) this.skip(this.number())
  }

  streams(): Streams {
    const streams: Streams = { packedAt: 0, packedSizes: [], solids: [] }
    for (let kind = this.number(); kind !== id.end; kind = this.number()) {
      if (kind === id.packInfo) {
        streams.packedAt = this.number()
        streams.packedSizes = this.#packedSizes(this.count())
      } else if (kind === id.unpackInfo) streams.solids = this.#solids()
      else if (kind === id.subStreams) this.#readFileSizes(streams.solids)
      else throw new LookError('brokenArchive')
    }
    return streams
  }

  #packedSizes(count: number): number[] {
    const sizes: number[] = []
    for (let kind = this.number(); kind !== id.end; kind = this.number()) {
      if (kind === id.sizes) for (let index = 0; index < count; index++) sizes.push(this.number())
      else if (kind === id.sums) this.#skipSums(count)
      else throw new LookError('brokenArchive')
    }
    return sizes
  }

  /** A checksum for each, or null where there is none. */
  #sums(count: number): (number | null)[] {
    const isAll = this.u8() !== 0
    const bits = isAll ? null : this.bits(count)
    return Array.from({ length: count }, (_, index) => (bits === null || bits[index] === 1 ? this.u32() : null))
  }

  #skipSums(count: number): void {
    const isAll = this.u8() !== 0
    this.skip(4 * (isAll ? count : this.bits(count).reduce((sum, bit) => sum + bit, 0)))
  }

  #solids(): Solid[] {
    if (this.number() !== id.folders) throw new LookError('brokenArchive')
    const count = this.count()
    if (count > maxSolids) throw new Cut()
    if (this.u8() !== 0) throw new LookError('unlistedArchive')
    const solids: Solid[] = []
    const outCounts: number[] = []
    for (let index = 0; index < count; index++) {
      const { solid, outCount } = this.#solid()
      solids.push(solid)
      outCounts.push(outCount)
    }
    for (let kind = this.number(); kind !== id.end; kind = this.number()) {
      if (kind === id.unpackedSizes) {
        for (const [index, solid] of solids.entries()) {
          for (let out = 0; out < (outCounts[index] ?? 0); out++) solid.unpackedSizes.push(this.number())
          solid.fileSizes = [solid.unpackedSizes[solid.last] ?? 0]
        }
      } else if (kind === id.sums) {
        const sums = this.#sums(solids.length)
        for (const [index, solid] of solids.entries()) solid.sum = sums[index] ?? null
      } else throw new LookError('brokenArchive')
    }
    return solids
  }

  #solid(): { solid: Solid; outCount: number } {
    const coders: Coder[] = []
    const coderCount = this.number()
    let inCount = 0
    let outCount = 0
    if (coderCount > 32 || coderCount === 0) throw new LookError('brokenArchive')
    for (let index = 0; index < coderCount; index++) {
      const flags = this.u8()
      const method = hexOf(this.take(flags & 0xf))
      const [ins, outs] = (flags & 0x10) === 0 ? [1, 1] : [this.number(), this.number()]
      inCount += ins
      outCount += outs
      if (inCount > 32 || outCount > 32) throw new LookError('brokenArchive')
      coders.push({ method, settings: (flags & 0x20) === 0 ? new Uint8Array() : this.take(this.number()) })
    }
    const bound = new Set<number>()
    for (let pair = 0; pair < outCount - 1; pair++) {
      this.number()
      bound.add(this.number())
    }
    const packedCount = inCount - (outCount - 1)
    if (packedCount > 1) for (let index = 0; index < packedCount; index++) this.number()
    let last = 0
    while (bound.has(last)) last += 1
    return { solid: { coders, unpackedSizes: [], last, sum: null, fileSizes: [] }, outCount }
  }

  /** The last file of a solid has what the others leave. */
  #readFileSizes(solids: Solid[]): void {
    let kind = this.number()
    const counts = solids.map(() => 1)
    if (kind === id.counts) {
      for (const index of solids.keys()) counts[index] = this.count()
      kind = this.number()
    }
    const hasSizes = kind === id.sizes
    for (const [index, solid] of solids.entries()) {
      const count = counts[index] ?? 0
      let left = solid.unpackedSizes[solid.last] ?? 0
      solid.fileSizes = []
      if (count > 1 && !hasSizes) throw new LookError('brokenArchive')
      for (let file = 0; file < count; file++) {
        const size = file === count - 1 ? left : this.number()
        left = Math.max(0, left - size)
        if (file < maxKeptSizes) solid.fileSizes.push(size)
      }
    }
    if (hasSizes) kind = this.number()
    while (kind !== id.end) {
      if (kind !== id.sums) throw new LookError('brokenArchive')
      // Only files whose solid has no checksum have their own.
      const missing = solids.reduce(
        (sum, { sum: known }, index) => sum + (counts[index] === 1 && known !== null ? 0 : (counts[index] ?? 0)),
        0,
      )
      this.#skipSums(missing)
      kind = this.number()
    }
  }
}
