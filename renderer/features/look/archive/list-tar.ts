import { LookError } from '../../../contents/content.ts'
import type { AddEntry } from './entry.ts'
import type { Source } from './source.ts'

// Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Interchange Format"; GNU tar manual, "Basic Tar Format".

const block = 512
/** The longest extended header that is read. */
const maxNoteBytes = 64 * 1024

/** True if this is the first header of a tar, by its checksum. */
export function isTar(head: Uint8Array): boolean {
  return head.length >= block && head[0] !== 0 && hasChecksum(head.subarray(0, block))
}

/** What the headers before a file say about it. */
interface Note {
  name?: Uint8Array
  sizeBytes?: number
  shownBytes?: number
}

/** Lists a tar: each header is read, and the content of each file skipped. */
export async function listTar(source: Source, add: AddEntry): Promise<void> {
  let note: Note = {}
  let shared: Note = {}
  for (let at = 0; at < source.sizeBytes; ) {
    const header = await source.read(at, block)
    // Zeros end it; some programs leave them out.
    if (header.every((byte) => byte === 0)) return
    if (header.length < block || !hasChecksum(header)) throw new LookError('brokenArchive')
    const type = String.fromCharCode(header[156] ?? 0)
    const sizeBytes = note.sizeBytes ?? numberIn(header.subarray(124, 136))
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) throw new LookError('brokenArchive')
    const body = at + block
    // Links and devices have no content, whatever their size says.
    const hasBody = !/[1-6]/.test(type)
    at = body + (hasBody ? Math.ceil(sizeBytes / block) * block : 0)
    if (/[xgLK]/.test(type)) {
      const bytes = await source.read(body, Math.min(sizeBytes, maxNoteBytes))
      if (type === 'L') note = { ...note, name: untilNul(bytes) }
      else if (type === 'x') note = { ...note, ...noteIn(bytes) }
      else if (type === 'g') shared = { ...shared, ...noteIn(bytes) }
      continue
    }
    if (type === 'S') at += await moreSparseBytes(source, header, body)
    const name = note.name ?? shared.name ?? nameIn(header)
    const isFolder = type === '5' || (type !== '2' && name.at(-1) === 0x2f)
    const oldSparse = type === 'S' ? numberIn(header.subarray(483, 495)) : undefined
    const shownBytes = note.shownBytes ?? oldSparse ?? (hasBody ? sizeBytes : 0)
    add({ name, isFolder, isEncrypted: false, sizeBytes: Number.isSafeInteger(shownBytes) ? shownBytes : null })
    note = {}
    if (hasBody && body + sizeBytes > source.sizeBytes) throw new LookError('brokenArchive')
  }
}

/** GNU's old form of a sparse file may have more headers, which its size does not count. */
async function moreSparseBytes(source: Source, header: Uint8Array, body: number): Promise<number> {
  let length = 0
  for (let isContinued = header[482] !== 0; isContinued; length += block) {
    const more = await source.read(body + length, block)
    if (more.length < block) throw new LookError('brokenArchive')
    isContinued = more[504] !== 0
  }
  return length
}

function hasChecksum(header: Uint8Array): boolean {
  let sum = 0
  for (const [at, byte] of header.entries()) sum += at >= 148 && at < 156 ? 0x20 : byte
  return numberIn(header.subarray(148, 156)) === sum
}

function nameIn(header: Uint8Array): Uint8Array {
  const name = untilNul(header.subarray(0, 100))
  const isPosix = latin1(header.subarray(257, 263)) === 'ustar\0'
  const prefix = isPosix ? untilNul(header.subarray(345, 500)) : new Uint8Array()
  return prefix.length === 0 ? name.slice() : Uint8Array.of(...prefix, 0x2f, ...name)
}

/** Octal digits, or base 256 when the first bit is set. NaN if it is neither. */
function numberIn(field: Uint8Array): number {
  if ((field[0] ?? 0) >= 0x80) return field.subarray(1).reduce((value, byte) => value * 256 + byte, 0)
  const digits = latin1(field).replaceAll('\0', ' ').trim()
  return digits === '' ? 0 : /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN
}

/** Records of `length key=value`, each ending in a newline. */
function noteIn(bytes: Uint8Array): Note {
  const note: Note = {}
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at)
    // A length has a few digits; what is longer is none.
    if (space === -1 || space - at > 12) break
    const length = Number(latin1(bytes.subarray(at, space)))
    if (!Number.isSafeInteger(length) || length <= space - at || at + length > bytes.length) break
    const record = bytes.subarray(space + 1, at + length - 1)
    const equals = record.indexOf(0x3d)
    const key = latin1(record.subarray(0, Math.min(Math.max(equals, 0), 64)))
    const value = record.subarray(equals + 1)
    if (key === 'path' || key === 'GNU.sparse.name') note.name = value.slice()
    else if (key === 'size') note.sizeBytes = Number(latin1(value.subarray(0, 20)))
    else if (key === 'GNU.sparse.realsize' || key === 'GNU.sparse.size')
      note.shownBytes = Number(latin1(value.subarray(0, 20)))
    at += length
  }
  return note
}

function untilNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0)
  return (end === -1 ? bytes : bytes.subarray(0, end)).slice()
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}
