import { closeSync, createReadStream, openSync, readSync } from 'node:fs'
import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib'
import { ArchiveError, damaged, quoted, tooLarge, unsafe } from './archive-error.ts'
import type { Output } from './output.ts'
import { findZipEnd, parseZipLines, type ZipEntry } from './zip-directory.ts'

/** A zip whose directory was read and found safe. */
export interface OpenZip {
  entries: ZipEntry[]
  directoryOffset: number
  /** Whether the files are all stored or deflated, without a password. */
  isPlain: boolean
  sizeBytes: number
}

const maxDirectoryBytes = 64 * 1024 * 1024
const windowBytes = 4 * 1024 * 1024
const headerBytes = 30
const streamFromBytes = 32 * 1024 * 1024

/**
 * Reads the whole directory of a zip in one file and refuses what is only made to do harm: files that lie over one another,
 * links, devices.
 * Source: PKWARE APPNOTE 6.3.10, 4.3; D. Fifield, "A better zip bomb", 2019.
 */
export async function openZip(path: string, fileBytes: number, archive: string): Promise<OpenZip> {
  const fd = openSync(path, 'r')
  try {
    const end = await findZipEnd(async (offset, length) => readAt(fd, offset, length), fileBytes)
    if (end === null) throw damaged(archive, 'its end is missing or broken')
    if (end.directoryBytes > maxDirectoryBytes) throw tooLarge(archive, 'its list of files is longer than can be read')
    const { entries, isWhole } = parseZipLines(await end.readDirectory(end.directoryBytes), end.shift, Infinity)
    if (!isWhole) throw damaged(archive, 'its list of files is broken')
    entries.sort((a, b) => a.offset - b.offset)
    for (const [index, entry] of entries.entries()) {
      const next = entries[index + 1]?.offset ?? end.directoryOffset
      if (entry.isSpecial) throw unsafe(archive, `it holds ${quoted(entry.name)}, a link or a device`)
      if (
        !Number.isSafeInteger(entry.offset + entry.packedBytes) ||
        entry.offset + headerBytes + entry.packedBytes > next
      ) {
        throw unsafe(archive, `${quoted(entry.name)} in it lies over another file, as only a trap does`)
      }
    }
    const isPlain = entries.every(({ method, isEncrypted }) => (method === 0 || method === 8) && !isEncrypted)
    const sizeBytes = entries.reduce((sum, entry) => sum + entry.sizeBytes, 0)
    return { entries, directoryOffset: end.directoryOffset, isPlain, sizeBytes }
  } finally {
    closeSync(fd)
  }
}

/** Unpacks a plain zip, in the order of the bytes, so that the disk is read once from front to back. */
export async function unpackZip(
  zip: OpenZip,
  { path, archive, output }: { path: string; archive: string; output: Output },
  onBytes: () => void,
): Promise<void> {
  const fd = openSync(path, 'r')
  try {
    const view = slidingWindow(fd)
    for (const [index, entry] of zip.entries.entries()) {
      if (entry.isFolder) {
        output.addFolder(entry.name, entry.separators)
        continue
      }
      output.begin(entry.name, entry.separators)
      const dataAt = findData(view(entry.offset, headerBytes), entry, archive)
      if (dataAt + entry.packedBytes > (zip.entries[index + 1]?.offset ?? zip.directoryOffset)) {
        throw unsafe(archive, `${quoted(entry.name)} in it lies over another file, as only a trap does`)
      }
      const sum = await unpackEntry(entry, { path, dataAt, view, output, archive })
      if (sum !== entry.crc) throw brokenEntry(archive, entry)
      output.end()
      onBytes()
    }
  } finally {
    closeSync(fd)
  }
}

type View = (offset: number, length: number) => Buffer

interface Source {
  path: string
  dataAt: number
  view: View
  output: Output
  archive: string
}

async function unpackEntry(entry: ZipEntry, { path, dataAt, view, output, archive }: Source): Promise<number> {
  if (entry.method === 0 && entry.packedBytes !== entry.sizeBytes) throw brokenEntry(archive, entry)
  if (entry.packedBytes > streamFromBytes || entry.sizeBytes > streamFromBytes) {
    return unpackStream(entry, { path, dataAt, view, output, archive })
  }
  const packed = view(dataAt, entry.packedBytes)
  const bytes = entry.method === 0 ? packed : inflate(packed, entry, archive)
  if (bytes.length !== entry.sizeBytes) throw brokenEntry(archive, entry)
  output.write(bytes)
  return crc32(bytes)
}

function inflate(packed: Buffer, entry: ZipEntry, archive: string): Buffer {
  try {
    // A little more room than the bytes need spares a second buffer; not one byte more than declared comes out.
    return inflateRawSync(packed, { chunkSize: entry.sizeBytes + 64, maxOutputLength: Math.max(1, entry.sizeBytes) })
  } catch (cause) {
    throw brokenEntry(archive, entry, cause)
  }
}

async function unpackStream(entry: ZipEntry, { path, dataAt, output, archive }: Source): Promise<number> {
  const end = dataAt + entry.packedBytes - 1
  const packed = createReadStream(path, { start: dataAt, end, highWaterMark: 1024 * 1024 })
  const inflating = createInflateRaw({ chunkSize: 1024 * 1024 })
  const bytes = entry.method === 0 ? packed : packed.on('error', (error) => inflating.destroy(error)).pipe(inflating)
  let sum = 0
  let count = 0
  try {
    for await (const chunk of bytes) {
      if (!Buffer.isBuffer(chunk)) continue
      count += chunk.length
      if (count > entry.sizeBytes) throw brokenEntry(archive, entry)
      sum = crc32(chunk, sum)
      output.write(chunk)
    }
  } catch (cause) {
    throw cause instanceof ArchiveError ? cause : brokenEntry(archive, entry, cause)
  } finally {
    packed.destroy()
  }
  if (count !== entry.sizeBytes) throw brokenEntry(archive, entry)
  return sum
}

function findData(header: Buffer, entry: ZipEntry, archive: string): number {
  if (header.length < headerBytes || header.readUInt32LE(0) !== 0x04034b50) throw brokenEntry(archive, entry)
  return entry.offset + headerBytes + header.readUInt16LE(26) + header.readUInt16LE(28)
}

function brokenEntry(archive: string, entry: ZipEntry, cause?: unknown): ArchiveError {
  return damaged(archive, `${quoted(entry.name)} in it is damaged`, cause)
}

/** Reads ahead, as entries mostly follow one another. What it gives is good until it is asked again. */
function slidingWindow(fd: number): View {
  let start = 0
  let held = Buffer.alloc(0)
  const room = Buffer.allocUnsafe(windowBytes)
  return (offset, length) => {
    if (length > windowBytes) return readAt(fd, offset, length)
    if (offset < start || offset + length > start + held.length) {
      start = offset
      held = room.subarray(0, readSync(fd, room, 0, windowBytes, offset))
    }
    return held.subarray(offset - start, offset - start + length)
  }
}

function readAt(fd: number, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  return bytes.subarray(0, readSync(fd, bytes, 0, length, offset))
}
