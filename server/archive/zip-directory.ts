/** Gives `length` bytes from `offset`; fewer only at the end. */
export type ReadRange = (offset: number, length: number) => Promise<Buffer>

/** One line of a zip's directory. */
export interface ZipEntry {
  name: string
  sizeBytes: number
  packedBytes: number
  /** Where its own header is, from the start of the file. */
  offset: number
  crc: number
  /** 0 is stored, 8 is deflated; only these are unpacked without help. */
  method: number
  isEncrypted: boolean
  isFolder: boolean
  /** Anything but a plain file or a folder: a link, a device. */
  isSpecial: boolean
  separators: RegExp
}

/** What a zip says that it holds. */
export interface ZipDirectory {
  /** At most 10,000, and fewer when the directory is too long to be read for a look. */
  entries: { name: string; sizeBytes: number; isEncrypted: boolean }[]
  entryCount: number
  /** Null when only part of the directory was read. */
  unpackedBytes: number | null
  needsPassword: boolean
}

const budgetBytes = 256 * 1024
const maxShown = 10_000
const endBytes = 22
const maxCommentBytes = 65_535
const end64Bytes = 56
const locatorBytes = 20
const lineBytes = 46

/**
 * Looks into a zip by ranged reads of at most 256 KiB in all: the end record, then the directory. Null when it is no zip, or its
 * directory makes no sense. What it answers is what the zip says of itself, which may be a lie.
 * Source: PKWARE APPNOTE 6.3.10, 4.3.12 to 4.3.16.
 */
export async function readZipDirectory(read: ReadRange, sizeBytes: number): Promise<ZipDirectory | null> {
  const end = await findZipEnd(read, sizeBytes)
  if (end === null) return null
  const budget = budgetBytes - endBytes - maxCommentBytes - end64Bytes
  const length = Math.min(end.directoryBytes, budget)
  const lines = parseZipLines(await end.readDirectory(length), end.shift, maxShown)
  const isWhole = end.directoryBytes <= budget && lines.isWhole && !lines.isCut
  if (end.entryCount > 0 && lines.entries.length === 0) return null
  if (end.directoryBytes <= budget && !lines.isWhole) return null
  return {
    entries: lines.entries.map(({ name, sizeBytes: size, isEncrypted }) => ({ name, sizeBytes: size, isEncrypted })),
    entryCount: isWhole ? lines.entries.length : end.entryCount,
    unpackedBytes: isWhole ? lines.entries.reduce((sum, entry) => sum + entry.sizeBytes, 0) : null,
    needsPassword: lines.entries.some((entry) => entry.isEncrypted),
  }
}

/** Where a zip's directory is. */
export interface ZipEnd {
  entryCount: number
  directoryBytes: number
  directoryOffset: number
  /** How much was put before the zip: all its offsets are off by this. */
  shift: number
  readDirectory: (length: number) => Promise<Buffer>
}

/** Finds the end record of a zip on one disk. Null when there is none that fits the file. */
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
    const said = Number(locator.readBigUInt64LE(8))
    const end64At = [said, directoryEnd - locatorBytes - end64Bytes].find(
      (at) => at >= 0 && at <= sizeBytes - end64Bytes,
    )
    if (end64At === undefined) return null
    const end64 = await readKnown(end64At, end64Bytes)
    if (end64.length < end64Bytes || end64.readUInt32LE(0) !== 0x06064b50) return null
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
    readDirectory: (length) => readKnown(at, Math.min(length, directoryBytes)),
  }
}

/** The last end record whose comment ends where the file does; else the last one at all. */
function lastEnd(tail: Buffer): number {
  let best = -1
  for (let place = tail.length - endBytes; place >= 0; place--) {
    if (tail[place] !== 0x50 || tail.readUInt32LE(place) !== 0x06054b50) continue
    if (place + endBytes + tail.readUInt16LE(place + 20) === tail.length) return place
    if (best === -1) best = place
  }
  return best
}

/** Reads the lines of a directory; `isWhole` is false when bytes remain that are no line, `isCut` when `most` were read. */
export function parseZipLines(
  directory: Buffer,
  shift: number,
  most: number,
): { entries: ZipEntry[]; isWhole: boolean; isCut: boolean } {
  const entries: ZipEntry[] = []
  let at = 0
  while (at + lineBytes <= directory.length && directory.readUInt32LE(at) === 0x02014b50) {
    const nameBytes = directory.readUInt16LE(at + 28)
    const extraBytes = directory.readUInt16LE(at + 30)
    const next = at + lineBytes + nameBytes + extraBytes + directory.readUInt16LE(at + 32)
    if (next > directory.length) break
    if (entries.length === most) return { entries, isWhole: true, isCut: true }
    entries.push(parseLine(directory.subarray(at, next), nameBytes, { extraBytes, shift }))
    at = next
  }
  return { entries, isWhole: at === directory.length, isCut: false }
}

function parseLine(line: Buffer, nameBytes: number, { extraBytes, shift }: { extraBytes: number; shift: number }) {
  const system = line.readUInt8(5)
  const flags = line.readUInt16LE(8)
  const rawName = line.subarray(lineBytes, lineBytes + nameBytes)
  const extra = line.subarray(lineBytes + nameBytes, lineBytes + nameBytes + extraBytes)
  const long = longValues(extra)
  const wide = (value: number) => (value === 0xffffffff ? (long.shift() ?? value) : value)
  const sizeBytes = wide(line.readUInt32LE(24))
  const packedBytes = wide(line.readUInt32LE(20))
  const offset = wide(line.readUInt32LE(42)) + shift
  const attributes = line.readUInt32LE(38)
  // Unix and macOS keep what kind of thing it is; 0 where the writer did not say.
  const unixKind = system === 3 || system === 19 ? (attributes >>> 28) & 0xf : 0
  const name = decodeZipName(rawName, (flags & 0x800) !== 0)
  const separators = system === 3 || system === 19 ? /\// : /[/\\]/
  const isFolder = /[/]$/.test(name) || unixKind === 4 || (separators.test('\\') && name.endsWith('\\'))
  return {
    name,
    sizeBytes,
    packedBytes,
    offset,
    crc: line.readUInt32LE(16),
    method: line.readUInt16LE(10),
    isEncrypted: (flags & 1) !== 0,
    isFolder,
    isSpecial: unixKind !== 0 && unixKind !== 4 && unixKind !== 8,
    separators,
  } satisfies ZipEntry
}

/** The 64-bit values of a line, in their fixed order; none where the extra field is broken. */
function longValues(extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length; ) {
    const length = extra.readUInt16LE(at + 2)
    const body = extra.subarray(at + 4, at + 4 + length)
    if (extra.readUInt16LE(at) === 1 && body.length === length) {
      return Array.from({ length: Math.min(3, Math.floor(length / 8)) }, (_, n) => Number(body.readBigUInt64LE(n * 8)))
    }
    at += 4 + length
  }
  return []
}

const upperHalf437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0'

/** Many writers put UTF-8 without saying so; what is not UTF-8 is read as code page 437, the format's own. */
function decodeZipName(raw: Buffer, isUtf8: boolean): string {
  const text = raw.toString('utf8')
  if (isUtf8 || Buffer.from(text).equals(raw)) return text
  return Array.from(raw, (byte) => (byte < 128 ? String.fromCharCode(byte) : (upperHalf437[byte - 128] ?? '_'))).join(
    '',
  )
}
