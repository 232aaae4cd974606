import { crc32 } from 'node:zlib'

/** A file, or a folder, whose name ends in a slash. */
export interface ZipMember {
  /** Its path in the archive, with slashes; at most 65,535 bytes in UTF-8. */
  name: string
  modifiedAt: Date
  /** Null for a folder. */
  file: { sizeBytes: number } | null
}

/** A member with its content. */
export interface ZipEntry extends ZipMember {
  file: { sizeBytes: number; read: () => AsyncIterable<Buffer> } | null
}

/** From here on, lengths and offsets need ZIP64. The last 32-bit number is the sign that they have it. */
const zip64Bytes = 0xffffffff
const zip64Entries = 0xffff
const timestampBytes = 9
const zip64ExtraBytes = 28
const localZip64ExtraBytes = 20
/** Small records are joined to chunks of this size. */
const chunkBytes = 64 * 1024

/**
 * Where the checksum and the sizes of a file are. In a stream they come after its content, when they are known; some programs that read
 * a zip as a stream refuse that without compression. Otherwise they are before it.
 */
type Layout = 'streamed' | 'whole'

/** The length of the zip that `writeZip` makes of these entries. */
export function zipBytes(entries: Iterable<ZipMember>): number {
  return lengthOf(entries, 'streamed')
}

/** The length of the zip that `zipRecords` makes of these members. */
export function wholeZipBytes(members: Iterable<ZipMember>): number {
  return lengthOf(members, 'whole')
}

function lengthOf(entries: Iterable<ZipMember>, layout: Layout): number {
  let [offset, directory, count] = [0, 0, 0]
  for (const { name, file } of entries) {
    const nameBytes = Buffer.byteLength(name)
    const sizeBytes = file?.sizeBytes ?? 0
    directory += 46 + nameBytes + timestampBytes + (isLarge(sizeBytes, offset) ? zip64ExtraBytes : 0)
    offset += localHeaderBytes(name, file) + sizeBytes + descriptorBytes(file, layout)
    count += 1
  }
  return offset + directory + (needsZip64End(offset, directory, count) ? 76 : 0) + 22
}

/** Where the content of each member is in the zip of `zipRecords`. It follows from the names and sizes alone. */
export function contentOffsets(members: readonly ZipMember[]): number[] {
  let offset = 0
  return members.map(({ name, file }) => {
    const at = offset + localHeaderBytes(name, file)
    offset = at + (file?.sizeBytes ?? 0)
    return at
  })
}

/** All of a zip except for the contents, with where it belongs. `crcOf` returns the checksum of a file by its place. */
export function* zipRecords(
  members: readonly ZipMember[],
  crcOf: (place: number) => number,
): Generator<{ at: number; bytes: Buffer }> {
  const out = new Chunks()
  const offsets: number[] = []
  let position = 0
  for (const [place, member] of members.entries()) {
    offsets.push(position)
    const header = localHeader(member, member.file === null ? null : crcOf(place))
    yield { at: position, bytes: header }
    position += header.length + (member.file?.sizeBytes ?? 0)
  }
  const start = position
  for (const [place, member] of members.entries()) {
    const crc = member.file === null ? 0 : crcOf(place)
    out.add(directoryHeader(member, { layout: 'whole', offset: offsets[place] ?? 0, crc }))
    for (const bytes of out.taken()) {
      yield { at: position, bytes }
      position += bytes.length
    }
  }
  out.add(endOfDirectory(start, out.position, members.length))
  for (const bytes of out.taken(0)) yield { at: position, bytes }
}

/**
 * Writes a zip without compression. The checksum of a file is known when it has been read and comes after it. Fails when a file has
 * more or fewer bytes than announced. Source: PKWARE, APPNOTE.TXT 6.3.10, §4.3.
 */
export async function* writeZip(entries: readonly ZipEntry[]): AsyncGenerator<Buffer> {
  const out = new Chunks()
  const places: { offset: number; crc: number }[] = []
  for (const entry of entries) {
    const offset = out.position
    out.add(localHeader(entry, null))
    let crc = 0
    if (entry.file !== null) {
      const { sizeBytes, read } = entry.file
      let length = 0
      for await (const bytes of read()) {
        length += bytes.length
        if (length > sizeBytes) break
        crc = crc32(bytes, crc)
        out.add(bytes)
        yield* out.taken()
      }
      if (length !== sizeBytes) throw new Error(`A file of ${sizeBytes} bytes changed while it was put into a zip.`)
      out.add(descriptor(crc, sizeBytes))
    }
    places.push({ offset, crc })
    yield* out.taken()
  }
  const start = out.position
  for (const [index, entry] of entries.entries()) {
    const { offset = 0, crc = 0 } = places[index] ?? {}
    out.add(directoryHeader(entry, { layout: 'streamed', offset, crc }))
    yield* out.taken()
  }
  out.add(endOfDirectory(start, out.position - start, entries.length))
  yield* out.taken(0)
}

/** Joins records. */
class Chunks {
  position = 0
  #parts: Buffer[] = []
  #bytes = 0

  add(part: Buffer): void {
    this.#parts.push(part)
    this.#bytes += part.length
    this.position += part.length
  }

  /** What has been added, as one chunk, once there is enough of it. */
  *taken(minBytes = chunkBytes): Generator<Buffer> {
    if (this.#bytes === 0 || this.#bytes < minBytes) return
    const chunk = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts)
    this.#parts = []
    this.#bytes = 0
    if (chunk !== undefined) yield chunk
  }
}

/** True for a file whose length needs ZIP64. */
function isWide(file: ZipMember['file']): boolean {
  return file !== null && file.sizeBytes >= zip64Bytes
}

function isLarge(sizeBytes: number, offset: number): boolean {
  return sizeBytes >= zip64Bytes || offset >= zip64Bytes
}

function localHeaderBytes(name: string, file: ZipMember['file']): number {
  const extra = isWide(file) ? localZip64ExtraBytes : 0
  return 30 + Buffer.byteLength(name) + timestampBytes + extra
}

function descriptorBytes(file: ZipMember['file'], layout: Layout): number {
  if (file === null || layout === 'whole') return 0
  return isWide(file) ? 24 : 16
}

function needsZip64End(offset: number, directory: number, count: number): boolean {
  return count >= zip64Entries || offset >= zip64Bytes || directory >= zip64Bytes
}

/** The version that a reader needs: 2.0 for folders, 4.5 for ZIP64. */
const version = (hasZip64: boolean) => (hasZip64 ? 45 : 20)
/** UTF-8 names; and for a file in a stream, a checksum that follows the content. */
const flags = ({ file }: ZipMember, layout: Layout) => (file === null || layout === 'whole' ? 0x0800 : 0x0808)

/** The header before a file. Without its checksum, its sizes are 0 and follow the content, too; ZIP64 says how wide they are there. */
function localHeader(entry: ZipMember, crc: number | null): Buffer {
  const { file, modifiedAt } = entry
  const name = Buffer.from(entry.name)
  const sizeBytes = crc === null ? 0 : (file?.sizeBytes ?? 0)
  const shownBytes = isWide(file) ? zip64Bytes : sizeBytes
  const extra = isWide(file) ? zip64Extra(sizeBytes, null) : Buffer.alloc(0)
  const header = Buffer.alloc(30)
  header.writeUInt32LE(0x04034b50, 0)
  header.writeUInt16LE(version(isWide(file)), 4)
  header.writeUInt16LE(flags(entry, crc === null ? 'streamed' : 'whole'), 6)
  header.writeUInt32LE(dosTime(modifiedAt), 10)
  header.writeUInt32LE(crc ?? 0, 14)
  header.writeUInt32LE(shownBytes, 18)
  header.writeUInt32LE(shownBytes, 22)
  header.writeUInt16LE(name.length, 26)
  header.writeUInt16LE(timestampBytes + extra.length, 28)
  return Buffer.concat([header, name, timestamp(modifiedAt), extra])
}

function descriptor(crc: number, sizeBytes: number): Buffer {
  const hasZip64 = sizeBytes >= zip64Bytes
  const record = Buffer.alloc(hasZip64 ? 24 : 16)
  record.writeUInt32LE(0x08074b50, 0)
  record.writeUInt32LE(crc, 4)
  if (hasZip64) {
    record.writeBigUInt64LE(BigInt(sizeBytes), 8)
    record.writeBigUInt64LE(BigInt(sizeBytes), 16)
  } else {
    record.writeUInt32LE(sizeBytes, 8)
    record.writeUInt32LE(sizeBytes, 12)
  }
  return record
}

function directoryHeader(
  entry: ZipMember,
  { layout, offset, crc }: { layout: Layout; offset: number; crc: number },
): Buffer {
  const name = Buffer.from(entry.name)
  const sizeBytes = entry.file?.sizeBytes ?? 0
  const hasZip64 = isLarge(sizeBytes, offset)
  const header = Buffer.alloc(46)
  header.writeUInt32LE(0x02014b50, 0)
  // Made on Unix, so that the permissions below count.
  header.writeUInt16LE((3 << 8) | version(hasZip64), 4)
  header.writeUInt16LE(version(hasZip64), 6)
  header.writeUInt16LE(flags(entry, layout), 8)
  header.writeUInt32LE(dosTime(entry.modifiedAt), 12)
  header.writeUInt32LE(crc, 16)
  header.writeUInt32LE(hasZip64 ? zip64Bytes : sizeBytes, 20)
  header.writeUInt32LE(hasZip64 ? zip64Bytes : sizeBytes, 24)
  header.writeUInt16LE(name.length, 28)
  header.writeUInt16LE(timestampBytes + (hasZip64 ? zip64ExtraBytes : 0), 30)
  // The permissions of Unix, and the attribute of a folder on MS-DOS.
  header.writeUInt32LE(entry.file === null ? ((0o40775 << 16) | 0x10) >>> 0 : (0o100664 << 16) >>> 0, 38)
  header.writeUInt32LE(hasZip64 ? zip64Bytes : offset, 42)
  return Buffer.concat([
    header,
    name,
    timestamp(entry.modifiedAt),
    ...(hasZip64 ? [zip64Extra(sizeBytes, offset)] : []),
  ])
}

/** The real sizes of a file, and in the directory where it is. */
function zip64Extra(sizeBytes: number, offset: number | null): Buffer {
  const extra = Buffer.alloc(offset === null ? localZip64ExtraBytes : zip64ExtraBytes)
  extra.writeUInt16LE(0x0001, 0)
  extra.writeUInt16LE(extra.length - 4, 2)
  extra.writeBigUInt64LE(BigInt(sizeBytes), 4)
  extra.writeBigUInt64LE(BigInt(sizeBytes), 12)
  if (offset !== null) extra.writeBigUInt64LE(BigInt(offset), 20)
  return extra
}

function endOfDirectory(offset: number, directory: number, count: number): Buffer {
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(Math.min(count, zip64Entries), 8)
  end.writeUInt16LE(Math.min(count, zip64Entries), 10)
  end.writeUInt32LE(Math.min(directory, zip64Bytes), 12)
  end.writeUInt32LE(Math.min(offset, zip64Bytes), 16)
  if (!needsZip64End(offset, directory, count)) return end
  const wide = Buffer.alloc(76)
  wide.writeUInt32LE(0x06064b50, 0)
  wide.writeBigUInt64LE(44n, 4)
  wide.writeUInt16LE((3 << 8) | 45, 12)
  wide.writeUInt16LE(45, 14)
  wide.writeBigUInt64LE(BigInt(count), 24)
  wide.writeBigUInt64LE(BigInt(count), 32)
  wide.writeBigUInt64LE(BigInt(directory), 40)
  wide.writeBigUInt64LE(BigInt(offset), 48)
  wide.writeUInt32LE(0x07064b50, 56)
  wide.writeBigUInt64LE(BigInt(offset + directory), 64)
  wide.writeUInt32LE(1, 72)
  return Buffer.concat([wide, end])
}

/** The time in UTC, to the second. Source: Info-ZIP, extrafld.txt, “Extended Timestamp Extra Field”. */
function timestamp(time: Date): Buffer {
  const extra = Buffer.alloc(timestampBytes)
  extra.writeUInt16LE(0x5455, 0)
  extra.writeUInt16LE(5, 2)
  extra.writeUInt8(1, 4)
  extra.writeInt32LE(Math.min(2 ** 31 - 1, Math.max(-(2 ** 31), Math.floor(time.getTime() / 1000))), 5)
  return extra
}

/** The date in the upper half and the local time in the lower, within the years that MS-DOS knew. APPNOTE.TXT, §4.4.6. */
function dosTime(time: Date): number {
  const year = Math.min(2107, Math.max(1980, time.getFullYear())) - 1980
  const date = (year << 9) | ((time.getMonth() + 1) << 5) | time.getDate()
  const clock = (time.getHours() << 11) | (time.getMinutes() << 5) | (time.getSeconds() >> 1)
  return ((date << 16) | clock) >>> 0
}
