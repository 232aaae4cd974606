/** What the beginning of a RAR file, and the end of an old one, tell of its place among volumes. */
export interface RarHead {
  isVolume: boolean
  /** Whether it is the first one; null where that is hidden by encryption. */
  isFirst: boolean | null
  /** Whether its volumes are called `.part1.rar`, `.part2.rar`; else `.rar`, `.r00`, `.r01`. */
  hasPartNames: boolean
}

/** How many bytes of the beginning and of the end are looked at. */
export const rarHeadBytes = 128 * 1024
export const rarTailBytes = 64

const mark4 = '526172211a0700'
const mark5 = '526172211a070100'
const maxBlocks = 64

export function isRar(head: Buffer): boolean {
  return head.subarray(0, 8).toString('hex') === mark5 || head.subarray(0, 7).toString('hex') === mark4
}

/** Reads what a RAR file says of itself; null when it is none. Source: RAR 4 technote; RAR 5.0 archive format (rarlab.com/technote.htm). */
export function readRarHead(head: Buffer, tail: Buffer): RarHead | null {
  if (!isRar(head)) return null
  return head.subarray(0, 8).toString('hex') === mark5 ? readRar5(head) : readRar4(head, tail)
}

function readRar5(head: Buffer): RarHead {
  // After the mark: the header's sum, its size, then its fields.
  let at = 12
  const next = () => {
    const [value, end] = vintAt(head, at)
    at = end
    return value
  }
  next()
  const type = next()
  const flags = next()
  // The first header is that of encryption: all others are hidden.
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

/** Only newer programs mark the first volume, and number the end of each; in older ones the first begins with no file that is cut. */
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

/** The number in the block that ends a volume, from 0. */
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
