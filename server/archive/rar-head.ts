/** The volume information in the first bytes of a RAR file, and in the last bytes of an old one. */
export interface RarHead {
  isVolume: boolean
  /** True for the first volume; null if encryption hides it. */
  isFirst: boolean | null
  /** True when its volumes are named `.part1.rar`, `.part2.rar`; otherwise they are `.rar`, `.r00`, `.r01`. */
  hasPartNames: boolean
}

/** How many bytes to read from the beginning and the end. */
export const rarHeadBytes = 128 * 1024
export const rarTailBytes = 64

const mark4 = '526172211a0700'
const mark5 = '526172211a070100'
const maxBlocks = 64

export function isRar(head: Buffer): boolean {
  return head.subarray(0, 8).toString('hex') === mark5 || head.subarray(0, 7).toString('hex') === mark4
}

/**
 * Reads the volume information of a RAR file; null if it is not one. Source: RAR 4 technote; RAR 5.0 archive format
 * (rarlab.com/technote.htm).
 */
export function readRarHead(head: Buffer, tail: Buffer): RarHead | null {
  if (!isRar(head)) return null
  return head.subarray(0, 8).toString('hex') === mark5 ? readRar5(head) : readRar4(head, tail)
}

function readRar5(head: Buffer): RarHead {
  // After the magic number: the header's checksum, its size, then its fields.
  let at = 12
  const next = () => {
    const [value, end] = vintAt(head, at)
    at = end
    return value
  }
  next()
  const type = next()
  const flags = next()
  // An encryption header comes first and hides all others.
  if (type !== 1) return { isVolume: true, isFirst: null, hasPartNames: true }
  if ((flags & 1) !== 0) next()
  const archiveFlags = next()
  const number = (archiveFlags & 2) === 0 ? 0 : next()
  return { isVolume: (archiveFlags & 1) !== 0, isFirst: number === 0, hasPartNames: true }
}

function vintAt(bytes: Buffer, at: number): [number, number] {
  let value = 0
  for (let place = 0; place < 10; place++) {
    const byte = bytes[at + place] ?? 0
    value += (byte & 0x7f) * 2 ** (7 * place)
    if (byte < 0x80) return [value, at + place + 1]
  }
  return [value, at + 10]
}

/**
 * Reads the RAR 4 headers. Only newer programs mark the first volume and number each volume at its end; otherwise, the first volume
 * is the one that does not start with a continued file.
 */
function readRar4(head: Buffer, tail: Buffer): RarHead {
  const flags = head.length >= 12 ? head.readUInt16LE(10) : 0
  const found = { isVolume: (flags & 1) !== 0, hasPartNames: (flags & 0x10) !== 0 }
  if ((flags & 0x100) !== 0) return { ...found, isFirst: true }
  const number = numberAtEnd(tail)
  if (number !== null) return { ...found, isFirst: number === 0 }
  if ((flags & 0x80) !== 0) return { ...found, isFirst: null }
  for (let at = 7, count = 0; count < maxBlocks && at + 11 <= head.length; count++) {
    const type = head[at + 2]
    const blockFlags = head.readUInt16LE(at + 3)
    if (type === 0x74) return { ...found, isFirst: (blockFlags & 1) === 0 }
    const added = (blockFlags & 0x8000) === 0 ? 0 : head.readUInt32LE(at + 7)
    const sizeBytes = head.readUInt16LE(at + 5)
    if (sizeBytes < 7) break
    at += sizeBytes + added
  }
  return { ...found, isFirst: null }
}

/** The volume number in the end-of-volume block, from 0. */
function numberAtEnd(tail: Buffer): number | null {
  for (let at = tail.length - 9; at >= 0; at--) {
    if (tail[at + 2] !== 0x7b) continue
    const flags = tail.readUInt16LE(at + 3)
    const sizeBytes = tail.readUInt16LE(at + 5)
    const place = at + 7 + ((flags & 2) === 0 ? 0 : 4)
    if ((flags & 8) !== 0 && at + sizeBytes === tail.length && place + 2 <= tail.length) return tail.readUInt16LE(place)
  }
  return null
}
