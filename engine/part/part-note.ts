import type { FileHandle } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { isRangeList, type Range } from '../ranges.ts'

const magic = 0x50444e31
const headBytes = 12
const slotBytes = 4096

/** The note that an earlier version of this program wrote into a part file that it filled in several places. */
interface PartNote {
  /** A counter: the higher note is the newer one. */
  turn: number
  /** The validator of the version that its bytes belong to. */
  strong: string | null
  done: Range[]
}

/** The newest valid note behind the last byte of a part file, or null. There are two slots. */
export async function readNote(file: FileHandle, sizeBytes: number): Promise<PartNote | null> {
  const buffer = Buffer.alloc(2 * slotBytes)
  await file.read(buffer, 0, buffer.length, sizeBytes)
  const notes = [decode(buffer.subarray(0, slotBytes)), decode(buffer.subarray(slotBytes))]
  const [newest] = notes.filter((note) => note !== null).sort((a, b) => b.turn - a.turn)
  return newest ?? null
}

/** A slot: magic, crc32, length, JSON. */
function decode(slot: Buffer): PartNote | null {
  const length = slot.readUInt32BE(8)
  if (slot.readUInt32BE(0) !== magic || length > slotBytes - headBytes) return null
  const text = slot.subarray(headBytes, headBytes + length)
  if (crc32(text) !== slot.readUInt32BE(4)) return null
  const parsed: unknown = JSON.parse(text.toString())
  if (typeof parsed !== 'object' || parsed === null) return null
  if (!('done' in parsed) || !('strong' in parsed) || !('turn' in parsed) || typeof parsed.turn !== 'number')
    return null
  const { done, strong, turn } = parsed
  return isRangeList(done) && (typeof strong === 'string' || strong === null) ? { turn, strong, done } : null
}
