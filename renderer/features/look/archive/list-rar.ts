import { LookError } from '../../../contents/content.ts'
import type { AddEntry } from './entry.ts'
import { beginsWith, crc32, Fields } from './fields.ts'
import type { Source } from './source.ts'

// Source: RAR 4 technote; RAR 5.0 archive format (rarlab.com/technote.htm).

export const rar4Magic = '526172211a0700'
export const rar5Magic = '526172211a070100'
const maxHeaderBytes = 64 * 1024

/** Lists a RAR archive, or one volume of it: each header is read, and the content of each file skipped. */
export async function listRar(source: Source, add: AddEntry): Promise<void> {
  const isRar5 = beginsWith(await source.read(0, 8), rar5Magic)
  const readBlock = isRar5 ? readRar5 : readRar4
  let at = isRar5 ? 8 : 7
  // Some programs leave the end out, but every archive has a header.
  do {
    const next = await readBlock(source, at, add)
    if (next === null) return
    at = next
  } while (at < source.sizeBytes)
  if (at > source.sizeBytes) throw new LookError('brokenArchive')
}

/** Reads one header, and returns where the next one begins; null at the end of the archive. */
async function readRar5(source: Source, at: number, add: AddEntry): Promise<number | null> {
  const sized = new Fields(await source.read(at, 7))
  const sum = sized.u32()
  const size = sized.vint()
  const begin = at + sized.at
  if (size > maxHeaderBytes || size < 2) throw new LookError('brokenArchive')
  // The checksum covers the size, too.
  const bytes = await source.read(at + 4, begin - at - 4 + size)
  if (crc32(bytes) !== sum) throw new LookError('brokenArchive')
  const header = new Fields(bytes, begin - at - 4)
  const type = header.vint()
  const flags = header.vint()
  const extraBytes = (flags & 1) === 0 ? 0 : header.vint()
  const dataBytes = (flags & 2) === 0 ? 0 : header.vint()
  if (type === 4) throw new LookError('lockedArchive')
  if (type === 5) return null
  if (type === 2) {
    const fileFlags = header.vint()
    const sizeBytes = header.vint()
    header.vint()
    header.skip(((fileFlags & 2) === 0 ? 0 : 4) + ((fileFlags & 4) === 0 ? 0 : 4))
    header.vint()
    header.vint()
    const name = header.take(header.vint()).slice()
    const extra = new Fields(extraBytes > bytes.length ? new Uint8Array() : bytes.subarray(bytes.length - extraBytes))
    add({
      name,
      isFolder: (fileFlags & 1) !== 0,
      isEncrypted: hasEncryption(extra),
      sizeBytes: (fileFlags & 8) === 0 ? sizeBytes : null,
    })
  }
  return begin + size + dataBytes
}

/** An encrypted file has a record of type 1 after its fields. */
function hasEncryption(extra: Fields): boolean {
  while (extra.leftBytes > 1) {
    const size = extra.vint()
    const end = extra.at + size
    if (extra.vint() === 1) return true
    if (size === 0 || end < extra.at || end - extra.at > extra.leftBytes) return false
    extra.skip(end - extra.at)
  }
  return false
}

async function readRar4(source: Source, at: number, add: AddEntry): Promise<number | null> {
  const start = new Fields(await source.read(at, 7))
  const sum = start.u16()
  const type = start.u8()
  const flags = start.u16()
  const size = start.u16()
  if (type === 0x7b) return null
  if (size < 7 || type < 0x72 || type > 0x7b) throw new LookError('brokenArchive')
  const bytes = await source.read(at, size)
  const header = new Fields(bytes, 7)
  if (type === 0x73 && (flags & 0x80) !== 0) throw new LookError('lockedArchive')
  let dataBytes = (flags & 0x8000) === 0 ? 0 : header.u32()
  if (type === 0x74) {
    // Headers with an old comment inside have another checksum.
    if ((flags & 8) === 0 && (crc32(bytes.subarray(2)) & 0xffff) !== sum) throw new LookError('brokenArchive')
    let sizeBytes = header.u32()
    const host = header.u8()
    header.skip(10)
    const nameBytes = header.u16()
    const attributes = header.u32()
    if ((flags & 0x100) !== 0) {
      dataBytes += header.u32() * 2 ** 32
      sizeBytes += header.u32() * 2 ** 32
    }
    const raw = header.take(nameBytes)
    add({
      name: (flags & 0x200) === 0 ? raw.slice() : unicodeName(raw),
      isFolder: (flags & 0xe0) === 0xe0 || (host <= 2 && (attributes & 0x10) !== 0),
      isEncrypted: (flags & 4) !== 0,
      sizeBytes: sizeBytes % 2 ** 32 === 0xffffffff ? null : sizeBytes,
    })
  }
  return at + size + dataBytes
}

/** A name in RAR 4's own encoding: the name in bytes, a zero, and what its characters differ in. */
function unicodeName(raw: Uint8Array): Uint8Array | string {
  const zero = raw.indexOf(0)
  if (zero === -1) return raw.slice()
  const plain = raw.subarray(0, zero)
  const coded = new Fields(raw, zero + 1)
  const units: number[] = []
  if (coded.leftBytes === 0) return plain.slice()
  const high = coded.u8() << 8
  while (coded.leftBytes > 0) {
    const flags = coded.u8()
    for (let shift = 6; shift >= 0 && coded.leftBytes > 0; shift -= 2) {
      const kind = (flags >> shift) & 3
      if (kind === 0) units.push(coded.u8())
      else if (kind === 1) units.push(coded.u8() | high)
      else if (kind === 2) units.push(coded.u16())
      else {
        const run = coded.u8()
        const add = (run & 0x80) === 0 ? null : coded.u8()
        for (let left = (run & 0x7f) + 2; left > 0; left--) {
          const byte = plain[units.length]
          if (byte === undefined) break
          units.push(add === null ? byte : ((byte + add) & 0xff) | high)
        }
      }
    }
  }
  return String.fromCharCode(...units).replaceAll('\\', '/')
}
