import { pipeline } from 'node:stream/promises'
import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib'
import { ArchiveError, damaged, quoted, tooLarge, unsafe } from './archive-error.ts'
import { shownName } from './entry-name.ts'
import type { Output } from './output.ts'
import type { Volumes } from './volumes.ts'
import { findZipEnd, parseZipLines, type ZipEntry } from './zip-directory.ts'

/** A zip whose directory was read and validated. */
export interface OpenZip {
  /** In the order of their positions. */
  entries: ZipEntry[]
  directoryOffset: number
  sizeBytes: number
}

const maxDirectoryBytes = 64 * 1024 * 1024
const windowBytes = 4 * 1024 * 1024
const headerBytes = 30
const streamFromBytes = 32 * 1024 * 1024
const maxTargetBytes = 4096
/**
 * Other methods that 7-Zip unpacks: Shrink, Implode, Deflate64, BZip2, LZMA, Zstandard, XZ, PPMd. Source: PKWARE APPNOTE 6.3.10,
 * 4.4.5.
 */
const otherMethods = new Set([1, 6, 9, 12, 14, 93, 95, 98])

/**
 * Reads the complete directory of a zip. Refuses overlapping files, which only zip bombs have. Source: PKWARE APPNOTE 6.3.10, 4.3;
 * D. Fifield, "A better zip bomb", 2019.
 */
export async function openZip(volumes: Volumes, archive: string): Promise<OpenZip> {
  const end = await findZipEnd(async (offset, length) => volumes.read(offset, length), volumes.sizeBytes)
  if (end === null) throw damaged(archive, 'its end is missing or broken')
  const parts = volumes.paths.length
  if (end.directoryBytes > maxDirectoryBytes) throw tooLarge(archive, 'its list of files is longer than can be read')
  // In a zip on several disks, offsets count from the start of each disk.
  const isOnDisks = parts > 1 && end.disks === parts
  const startOf = (disk: number) => (isOnDisks ? (volumes.starts[disk] ?? Number.NaN) : end.shift)
  const { entries, isWhole } = parseZipLines(await end.readDirectory(end.directoryBytes), startOf, Infinity)
  if (!isWhole) throw damaged(archive, 'its list of files is broken')
  if (parts < end.disks && entries.some(({ disk }) => disk < end.disks - 1))
    throw incomplete(archive, end.disks - parts)
  entries.sort((a, b) => a.offset - b.offset)
  for (const [index, entry] of entries.entries()) {
    const next = entries[index + 1]?.offset ?? end.directoryOffset
    if (
      !Number.isSafeInteger(entry.offset + entry.packedBytes) ||
      entry.offset + headerBytes + entry.packedBytes > next
    ) {
      throw overlapping(archive, entry)
    }
  }
  const sizeBytes = entries.reduce((sum, entry) => sum + entry.sizeBytes, 0)
  return { entries, directoryOffset: end.directoryOffset, sizeBytes }
}

/**
 * Unpacks a zip in the order of its bytes, so that the disk is read sequentially. Returns the files that only 7-Zip can unpack because
 * they are encrypted or use a rarer method; unsupported ones are left out.
 */
export async function unpackZip(
  zip: OpenZip,
  { volumes, archive, output }: { volumes: Volumes; archive: string; output: Output },
  onBytes: () => void,
): Promise<ZipEntry[]> {
  const files = zip.entries.filter(({ kind }) => kind === 'file')
  if (files.length > 0 && files.every((entry) => !isKnown(entry))) {
    const sentence = `${quoted(archive)} could not be unpacked: it is packed in a way that is not known here.`
    throw new ArchiveError('unknown-method', sentence)
  }
  const view = slidingWindow(volumes)
  const others: ZipEntry[] = []
  for (const [index, entry] of zip.entries.entries()) {
    const { name, kind, hasBackslashes } = entry
    if (kind === 'folder') output.addFolder(name, hasBackslashes)
    else if (kind === 'device') output.leaveOut(name, 'a device')
    else if (!isKnown(entry)) output.leaveOut(name, 'packed in a way that is not known here')
    else if (kind === 'symlink' && entry.sizeBytes > maxTargetBytes) output.leaveOut(name, 'a link')
    else if (!isPlain(entry)) others.push(entry)
    else {
      const dataAt = findData(view(entry.offset, headerBytes), entry, archive)
      if (dataAt + entry.packedBytes > (zip.entries[index + 1]?.offset ?? zip.directoryOffset)) {
        throw overlapping(archive, entry)
      }
      const source = { volumes, dataAt, view, archive }
      if (kind === 'symlink') output.addLink('symlink', name, { target: readTarget(entry, source), hasBackslashes })
      else {
        output.begin(name, hasBackslashes)
        const sum = await unpackEntry(entry, { ...source, output })
        if (sum !== entry.crc) throw brokenEntry(archive, entry)
        output.end()
      }
      onBytes()
    }
  }
  return others
}

/** True if it can be unpacked without 7-Zip. */
function isPlain({ method, isEncrypted }: ZipEntry): boolean {
  return (method === 0 || method === 8) && !isEncrypted
}

function isKnown({ method }: ZipEntry): boolean {
  return method === 0 || method === 8 || otherMethods.has(method)
}

type View = (offset: number, length: number) => Buffer

interface Source {
  volumes: Volumes
  dataAt: number
  view: View
  archive: string
}

function readTarget(entry: ZipEntry, source: Source): Buffer {
  const bytes = Buffer.from(unpackInMemory(entry, source))
  if (crc32(bytes) !== entry.crc) throw brokenEntry(source.archive, entry)
  return bytes
}

async function unpackEntry(entry: ZipEntry, source: Source & { output: Output }): Promise<number> {
  if (entry.packedBytes > streamFromBytes || entry.sizeBytes > streamFromBytes) return unpackStream(entry, source)
  const bytes = unpackInMemory(entry, source)
  source.output.write(bytes)
  return crc32(bytes)
}

function unpackInMemory(entry: ZipEntry, { dataAt, view, archive }: Source): Buffer {
  if (entry.packedBytes > streamFromBytes) throw brokenEntry(archive, entry)
  const packed = view(dataAt, entry.packedBytes)
  const bytes = entry.method === 0 ? packed : inflate(packed, entry, archive)
  if (bytes.length !== entry.sizeBytes) throw brokenEntry(archive, entry)
  return bytes
}

function inflate(packed: Buffer, entry: ZipEntry, archive: string): Buffer {
  try {
    // A little extra room avoids a second buffer; more than the declared size is never accepted.
    return inflateRawSync(packed, { chunkSize: entry.sizeBytes + 64, maxOutputLength: Math.max(1, entry.sizeBytes) })
  } catch (cause) {
    throw brokenEntry(archive, entry, cause)
  }
}

async function unpackStream(
  entry: ZipEntry,
  { volumes, dataAt, output, archive }: Source & { output: Output },
): Promise<number> {
  let sum = 0
  let count = 0
  try {
    for await (const chunk of inflated(volumes.stream(dataAt, entry.packedBytes), entry)) {
      count += chunk.length
      if (count > entry.sizeBytes) throw brokenEntry(archive, entry)
      sum = crc32(chunk, sum)
      output.write(chunk)
    }
  } catch (cause) {
    throw cause instanceof ArchiveError ? cause : brokenEntry(archive, entry, cause)
  }
  if (count !== entry.sizeBytes) throw brokenEntry(archive, entry)
  return sum
}

async function* inflated(packed: AsyncGenerator<Buffer>, { method }: ZipEntry): AsyncGenerator<Buffer> {
  if (method === 0) {
    yield* packed
    return
  }
  const inflating = createInflateRaw({ chunkSize: 1024 * 1024 })
  // Errors also surface in the loop below.
  pipeline(packed, inflating).catch(() => undefined)
  for await (const chunk of inflating) if (Buffer.isBuffer(chunk)) yield chunk
}

function findData(header: Buffer, entry: ZipEntry, archive: string): number {
  if (header.length < headerBytes || header.readUInt32LE(0) !== 0x04034b50) throw brokenEntry(archive, entry)
  return entry.offset + headerBytes + header.readUInt16LE(26) + header.readUInt16LE(28)
}

function brokenEntry(archive: string, entry: ZipEntry, cause?: unknown): ArchiveError {
  return damaged(archive, `${quoted(shownName(entry.name))} in it is damaged`, cause)
}

function overlapping(archive: string, entry: ZipEntry): ArchiveError {
  return unsafe(archive, `${quoted(shownName(entry.name))} in it lies over another file, as zip bombs do`)
}

function incomplete(archive: string, missing: number): ArchiveError {
  const which = missing === 1 ? 'one of its parts is' : `${missing} of its parts are`
  return new ArchiveError('missing-part', `${quoted(archive)} could not be unpacked: ${which} missing.`)
}

/** Reads ahead, because entries usually follow one another. A result is valid until the next call. */
function slidingWindow(volumes: Volumes): View {
  let start = 0
  let held = Buffer.alloc(0)
  const room = Buffer.allocUnsafe(windowBytes)
  return (offset, length) => {
    if (length > windowBytes) return volumes.read(offset, length)
    if (offset < start || offset + length > start + held.length) {
      start = offset
      held = room.subarray(0, volumes.readInto(room, offset))
    }
    return held.subarray(offset - start, offset - start + length)
  }
}
