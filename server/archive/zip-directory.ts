import { crc32 } from 'node:zlib'
import { decodeNames, type RawName, utf8Of } from './entry-name.ts'

/** Reads `length` bytes from `offset`; fewer only at the end. */
export type ReadRange = (offset: number, length: number) => Promise<Buffer>

/** An entry of a zip's central directory. */
export interface ZipEntry {
  name: RawName
  kind: 'file' | 'folder' | 'symlink' | 'device'
  sizeBytes: number
  packedBytes: number
  /** The number of its disk, from 0; always 0 for a zip in one file. */
  disk: number
  /** The offset of its own header, from the start of the file. */
  offset: number
  crc: number
  /** 0 is stored, 8 is deflated; others need 7-Zip. For an encrypted file, the underlying method. */
  method: number
  isEncrypted: boolean
  /** False if the checksum is unused because the bytes are authenticated in another way. */
  hasCrc: boolean
  /** True when backslashes also separate folders. */
  hasBackslashes: boolean
  /** The raw directory entry. */
  line: Buffer
}

/** The declared content of a zip. */
export interface ZipDirectory {
  /** At most 10,000, and fewer if the directory is too long to read completely. */
  entries: { name: string; sizeBytes: number; isEncrypted: boolean }[]
  entryCount: number
  /** Null when only part of the directory was read. */
  unpackedBytes: number | null
  needsPassword: boolean
}

const budgetBytes = 256 * 1024
const maxShown = 10_000
export const endBytes = 22
const maxCommentBytes = 65_535
export const end64Bytes = 56
export const locatorBytes = 20
export const lineBytes = 46
const aesMethod = 99

/**
 * Reads the directory of a zip with ranged reads of at most 256 KiB in total: the end record, then the directory. Null if it is not a
 * zip or its directory is invalid. The result is what the zip declares, which may be wrong. Source: PKWARE APPNOTE 6.3.10, 4.3.12
 * to 4.3.16.
 */
export async function readZipDirectory(read: ReadRange, sizeBytes: number): Promise<ZipDirectory | null> {
  const end = await findZipEnd(read, sizeBytes)
  if (end === null) return null
  const budget = budgetBytes - endBytes - maxCommentBytes - end64Bytes
  const length = Math.min(end.directoryBytes, budget)
  const lines = parseZipLines(await end.readDirectory(length), () => end.shift, maxShown)
  const isWhole = end.directoryBytes <= budget && lines.isWhole && !lines.isCut
  if (end.entryCount > 0 && lines.entries.length === 0) return null
  if (end.directoryBytes <= budget && !lines.isWhole) return null
  const names = await decodeNames(lines.entries.map(({ name }) => name))
  return {
    entries: lines.entries.map(({ sizeBytes: size, isEncrypted }, index) => ({
      name: names[index] ?? '',
      sizeBytes: size,
      isEncrypted,
    })),
    entryCount: isWhole ? lines.entries.length : end.entryCount,
    unpackedBytes: isWhole ? lines.entries.reduce((sum, entry) => sum + entry.sizeBytes, 0) : null,
    needsPassword: lines.entries.some((entry) => entry.isEncrypted),
  }
}

/** The position of a zip's directory. */
export interface ZipEnd {
  entryCount: number
  directoryBytes: number
  directoryOffset: number
  /** The number of bytes before the zip, to be added to all its offsets. */
  shift: number
  /** The number of disks; 1 unless it was split into disks. */
  disks: number
  readDirectory: (length: number) => Promise<Buffer>
}

/** Finds the end record of a zip on one disk; null if none fits the file. */
export async function findZipEnd(read: ReadRange, sizeBytes: number): Promise<ZipEnd | null> {
  if (sizeBytes < endBytes) return null
  const tailBytes = Math.min(sizeBytes, endBytes + maxCommentBytes)
  const tailAt = sizeBytes - tailBytes
  const tail = await read(tailAt, tailBytes)
  if (tail.length < tailBytes) return null
  const readKnown = async (offset: number, length: number) =>
    offset >= tailAt ? tail.subarray(offset - tailAt, offset - tailAt + length) : read(offset, length)
  const place = lastEnd(tail)
  if (place === -1) return null
  const end = tail.subarray(place)
  const small = {
    entryCount: end.readUInt16LE(10),
    directoryBytes: end.readUInt32LE(12),
    directoryOffset: end.readUInt32LE(16),
  }
  let { entryCount, directoryBytes, directoryOffset } = small
  let directoryEnd = tailAt + place
  const locator = place >= locatorBytes ? tail.subarray(place - locatorBytes, place) : Buffer.alloc(0)
  const isLarge = small.entryCount === 0xffff || directoryBytes === 0xffffffff || directoryOffset === 0xffffffff
  if (isLarge && locator.length === locatorBytes && locator.readUInt32LE(0) === 0x07064b50) {
    const recordedAt = Number(locator.readBigUInt64LE(8))
    // With data before the zip, the record is not at its declared position but right before the locator.
    const end64At = await firstOf([recordedAt, directoryEnd - locatorBytes - end64Bytes], async (at) => {
      if (!(at >= 0 && at <= sizeBytes - end64Bytes)) return false
      const mark = await readKnown(at, 4)
      return mark.length === 4 && mark.readUInt32LE(0) === 0x06064b50
    })
    if (end64At === null) return null
    const end64 = await readKnown(end64At, end64Bytes)
    if (end64.length < end64Bytes) return null
    entryCount = Number(end64.readBigUInt64LE(32))
    directoryBytes = Number(end64.readBigUInt64LE(40))
    directoryOffset = Number(end64.readBigUInt64LE(48))
    directoryEnd = end64At
  }
  const shift = directoryEnd - directoryBytes - directoryOffset
  if (!Number.isSafeInteger(shift) || shift < 0) return null
  const at = directoryOffset + shift
  return {
    entryCount,
    directoryBytes,
    directoryOffset: at,
    shift,
    disks: end.readUInt16LE(4) === 0xffff ? 1 : end.readUInt16LE(4) + 1,
    readDirectory: (length) => readKnown(at, Math.min(length, directoryBytes)),
  }
}

async function firstOf(offsets: readonly number[], isRight: (at: number) => Promise<boolean>): Promise<number | null> {
  for (const at of offsets) if (await isRight(at)) return at
  return null
}

/** The last end record whose comment ends with the file; otherwise the last one. */
function lastEnd(tail: Buffer): number {
  let best = -1
  for (let place = tail.length - endBytes; place >= 0; place--) {
    if (tail[place] !== 0x50 || tail.readUInt32LE(place) !== 0x06054b50) continue
    if (place + endBytes + tail.readUInt16LE(place + 20) === tail.length) return place
    if (best === -1) best = place
  }
  return best
}

/** Parses the entries of a directory; `isWhole` is false when invalid bytes remain, `isCut` when `maxEntries` were read. */
export function parseZipLines(
  directory: Buffer,
  startOf: (disk: number) => number,
  maxEntries: number,
): { entries: ZipEntry[]; isWhole: boolean; isCut: boolean } {
  const entries: ZipEntry[] = []
  let at = 0
  while (at + lineBytes <= directory.length && directory.readUInt32LE(at) === 0x02014b50) {
    const nameBytes = directory.readUInt16LE(at + 28)
    const extraBytes = directory.readUInt16LE(at + 30)
    const next = at + lineBytes + nameBytes + extraBytes + directory.readUInt16LE(at + 32)
    if (next > directory.length) break
    if (entries.length === maxEntries) return { entries, isWhole: true, isCut: true }
    entries.push(parseLine(directory.subarray(at, next), nameBytes, { extraBytes, startOf }))
    at = next
  }
  return { entries, isWhole: at === directory.length, isCut: false }
}

function parseLine(
  line: Buffer,
  nameBytes: number,
  { extraBytes, startOf }: { extraBytes: number; startOf: (disk: number) => number },
): ZipEntry {
  const system = line.readUInt8(5)
  const flags = line.readUInt16LE(8)
  const method = line.readUInt16LE(10)
  const rawName = line.subarray(lineBytes, lineBytes + nameBytes)
  const extra = extraFields(line.subarray(lineBytes + nameBytes, lineBytes + nameBytes + extraBytes))
  const aesField = extra.get(0x9901)
  const aes = method === aesMethod && aesField !== undefined && aesField.length >= 7 ? aesField : null
  const long = longValues(extra.get(1))
  const wide = (value: number) => (value === 0xffffffff ? (long.shift() ?? value) : value)
  const sizeBytes = wide(line.readUInt32LE(24))
  const packedBytes = wide(line.readUInt32LE(20))
  const disk = line.readUInt16LE(34)
  const offset = wide(line.readUInt32LE(42)) + startOf(disk)
  // Unix and macOS store the file type; 0 where the writer did not.
  const isUnix = system === 3 || system === 19
  const unixKind = isUnix ? (line.readUInt32LE(38) >>> 28) & 0xf : 0
  const isFolder = rawName.at(-1) === 0x2f || unixKind === 4
  return {
    name: nameOf(rawName, { isUtf8: (flags & 0x800) !== 0, unicodePath: extra.get(0x7075) }),
    kind: isFolder ? 'folder' : unixKind === 0 || unixKind === 8 ? 'file' : unixKind === 10 ? 'symlink' : 'device',
    sizeBytes,
    packedBytes,
    disk,
    offset,
    crc: line.readUInt32LE(16),
    hasCrc: aes === null || line.readUInt32LE(16) !== 0,
    method: aes === null ? method : aes.readUInt16LE(5),
    isEncrypted: (flags & 1) !== 0,
    hasBackslashes: !isUnix,
    line,
  }
}

const noFields: ReadonlyMap<number, Buffer> = new Map()

/** The extra fields of an entry by number, the first of each; truncated ones are skipped. */
export function extraFields(extra: Buffer): ReadonlyMap<number, Buffer> {
  if (extra.length === 0) return noFields
  const fields = new Map<number, Buffer>()
  for (let at = 0; at + 4 <= extra.length; ) {
    const length = extra.readUInt16LE(at + 2)
    const body = extra.subarray(at + 4, at + 4 + length)
    const id = extra.readUInt16LE(at)
    if (body.length === length && !fields.has(id)) fields.set(id, body)
    at += 4 + length
  }
  return fields
}

/** The 64-bit values of an entry, in their fixed order. */
function longValues(field: Buffer | undefined): number[] {
  if (field === undefined) return []
  return Array.from({ length: Math.min(3, Math.floor(field.length / 8)) }, (_, n) =>
    Number(field.readBigUInt64LE(n * 8)),
  )
}

/**
 * The name as text if the entry declares UTF-8, otherwise as bytes. The Unicode name field counts only if its checksum matches the
 * plain name, which another program may have changed since. Source: PKWARE APPNOTE 6.3.10, 4.4.4 (bit 11) and 4.6.9 (0x7075).
 */
function nameOf(raw: Buffer, { isUtf8, unicodePath }: { isUtf8: boolean; unicodePath: Buffer | undefined }): RawName {
  const isOurs = unicodePath !== undefined && unicodePath.length > 5 && unicodePath[0] === 1
  const unicodeName = isOurs && unicodePath.readUInt32LE(1) === crc32(raw) ? utf8Of(unicodePath.subarray(5)) : null
  return unicodeName ?? (isUtf8 ? utf8Of(raw) : null) ?? raw
}
