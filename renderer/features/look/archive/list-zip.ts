import { LookError } from '../../../contents/content.ts'
import type { AddEntry } from './entry.ts'
import { Fields } from './fields.ts'
import type { Source } from './source.ts'

// Source: PKWARE APPNOTE 6.3.10, 4.3.

const endBytes = 22
const maxCommentBytes = 0xffff
const entryBytes = 46
const all32 = 0xffffffff

/** Lists a zip from the directory at its end. */
export async function listZip(source: Source, add: AddEntry): Promise<void> {
  const directory = await findDirectory(source)
  if (directory.sizeBytes === 0) return
  let { at } = directory
  for (const end = at + directory.sizeBytes; at + entryBytes <= end; ) {
    const head = new Fields(await source.read(at, entryBytes))
    // What follows the entries is no entry.
    const mark = head.u32()
    if (mark !== 0x02014b50) {
      if (at > directory.at && head.leftBytes > 0) return
      throw new LookError((await hasHiddenNames(source)) ? 'lockedArchive' : 'brokenArchive')
    }
    head.skip(4)
    const flags = head.u16()
    head.skip(14)
    const sizeBytes = head.u32()
    const [nameBytes, extraBytes, commentBytes] = [head.u16(), head.u16(), head.u16()]
    head.skip(4)
    const attributes = head.u32()
    const rest = await source.read(at + entryBytes, nameBytes + extraBytes)
    if (rest.length < nameBytes + extraBytes) throw new LookError('brokenArchive')
    const raw = rest.subarray(0, nameBytes)
    const extra = extraIn(rest.subarray(nameBytes), sizeBytes === all32)
    add({
      name: extra.name ?? raw.slice(),
      isFolder: raw.at(-1) === 0x2f || (attributes & 0x10) !== 0,
      isEncrypted: (flags & 1) !== 0,
      sizeBytes: extra.sizeBytes ?? (sizeBytes === all32 ? null : sizeBytes),
    })
    at += entryBytes + nameBytes + extraBytes + commentBytes
  }
}

/** Where the directory is encrypted, the header of the first file says that its fields are hidden. */
async function hasHiddenNames(source: Source): Promise<boolean> {
  const head = await source.read(0, 8)
  return head.length === 8 && ((head[7] ?? 0) & 0x20) !== 0
}

/** The name in UTF-8 and the 64-bit size, which may be among the extra fields. */
function extraIn(bytes: Uint8Array, isLarge: boolean): { name?: Uint8Array; sizeBytes?: number } {
  const found: { name?: Uint8Array; sizeBytes?: number } = {}
  const fields = new Fields(bytes)
  while (fields.leftBytes >= 4) {
    const id = fields.u16()
    const length = fields.u16()
    if (length > fields.leftBytes) break
    const body = new Fields(fields.take(length))
    if (id === 1 && isLarge && length >= 8) found.sizeBytes = body.u64()
    if (id === 0x7075 && length > 5) {
      body.skip(5)
      found.name = body.take(length - 5).slice()
    }
  }
  return found
}

interface Place {
  at: number
  sizeBytes: number
}

async function findDirectory(source: Source): Promise<Place> {
  // Few zips have a comment, so that their end is in a small piece.
  const near = Math.max(0, source.sizeBytes - 1024)
  const end = (await findEnd(source, near)) ?? (await findEnd(source, source.sizeBytes - endBytes - maxCommentBytes))
  if (end === null) throw new LookError('brokenArchive')
  const fields = new Fields(await source.read(end, endBytes), 12)
  const told = { sizeBytes: fields.u32(), at: fields.u32() }
  const large = told.at === all32 || told.sizeBytes === all32 ? await largeDirectory(source, end) : null
  const { at, sizeBytes } = large ?? told
  const limit = large?.end ?? end
  if (sizeBytes > limit) throw new LookError('brokenArchive')
  // Where it is told to be, or just before its end if something was put in front of the zip.
  const isThere = at + sizeBytes <= limit && (await hasEntryAt(source, at))
  return { at: isThere ? at : limit - sizeBytes, sizeBytes }
}

/** The last end record from `from` on. */
async function findEnd(source: Source, from: number): Promise<number | null> {
  const begin = Math.max(0, from)
  const bytes = await source.read(begin, source.sizeBytes - begin)
  for (let at = bytes.length - endBytes; at >= 0; at--) {
    if (bytes[at] === 0x50 && bytes[at + 1] === 0x4b && bytes[at + 2] === 5 && bytes[at + 3] === 6) return begin + at
  }
  return null
}

async function hasEntryAt(source: Source, at: number): Promise<boolean> {
  const mark = await source.read(at, 4)
  return mark.length === 4 && new Fields(mark).u32() === 0x02014b50
}

/** The record of a zip of more than 4 GiB or 65,535 items; a locator before the end tells where it is. */
async function largeDirectory(source: Source, end: number): Promise<(Place & { end: number }) | null> {
  if (end < 20) return null
  const locator = new Fields(await source.read(end - 20, 20))
  if (locator.u32() !== 0x07064b50) return null
  locator.skip(4)
  const place = locator.u64()
  if (place + 56 > end) throw new LookError('brokenArchive')
  const record = new Fields(await source.read(place, 56))
  if (record.u32() !== 0x06064b50) throw new LookError('brokenArchive')
  record.skip(36)
  return { sizeBytes: record.u64(), at: record.u64(), end: place }
}
