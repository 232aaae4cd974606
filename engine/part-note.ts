import type { FileHandle } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { isRangeList, type Range } from './ranges.ts'

const magic = 0x50444e31
const headBytes = 12
const slotBytes = 4096

/** What a part file that is filled in several places knows about itself. */
export interface PartNote {
  /** Counts the notes of a file: the higher is the newer. */
  turn: number
  /** The validator of the version that its bytes are from. */
  strong: string | null
  done: Range[]
}

/**
 * Writes notes behind the last byte of a part file, in two slots by turns, so that a kill in the middle of one leaves the other.
 * A note is as durable as the data before it: it survives the end of the program, not that of the computer.
 */
export class PartNotes {
  readonly #file: FileHandle
  readonly #offset: number
  #turn: number
  #busy: Promise<void> | null = null
  #next: Omit<PartNote, 'turn'> | null = null

  /** `turn` is that of the newest note which is there already. */
  constructor(file: FileHandle, sizeBytes: number, turn: number) {
    this.#file = file
    this.#offset = sizeBytes
    this.#turn = turn
  }

  /** Writes a note; while one is on its way only the newest of those that follow is kept. */
  write(note: Omit<PartNote, 'turn'>): Promise<void> {
    this.#next = note
    this.#busy ??= this.#drain().finally(() => {
      this.#busy = null
    })
    return this.#busy
  }

  async #drain(): Promise<void> {
    while (this.#next !== null) {
      this.#turn += 1
      const slot = encode({ ...this.#next, turn: this.#turn })
      this.#next = null
      await this.#file.write(slot, 0, slotBytes, this.#offset + (this.#turn % 2) * slotBytes)
    }
  }

  /** The newest whole note in a file, or null when there is none. */
  static async read(file: FileHandle, sizeBytes: number): Promise<PartNote | null> {
    const buffer = Buffer.alloc(2 * slotBytes)
    await file.read(buffer, 0, buffer.length, sizeBytes)
    const notes = [decode(buffer.subarray(0, slotBytes)), decode(buffer.subarray(slotBytes))]
    const [newest] = notes.filter((note) => note !== null).sort((a, b) => b.turn - a.turn)
    return newest ?? null
  }
}

/** A slot: magic, crc32, length, JSON. Where there is no room for every range the small ones are left out, and fetched again. */
function encode(note: PartNote): Buffer {
  let { done } = note
  let text = Buffer.from(JSON.stringify(note))
  while (text.length > slotBytes - headBytes && done.length > 0) {
    const smallest = done.reduce((a, b) => (b[1] - b[0] < a[1] - a[0] ? b : a))
    done = done.filter((range) => range !== smallest)
    text = Buffer.from(JSON.stringify({ ...note, done }))
  }
  const slot = Buffer.alloc(slotBytes)
  if (text.length > slotBytes - headBytes) return slot
  slot.writeUInt32BE(magic, 0)
  slot.writeUInt32BE(crc32(text), 4)
  slot.writeUInt32BE(text.length, 8)
  text.copy(slot, headBytes)
  return slot
}

function decode(slot: Buffer): PartNote | null {
  const length = slot.readUInt32BE(8)
  if (slot.readUInt32BE(0) !== magic || length > slotBytes - headBytes) return null
  const text = slot.subarray(headBytes, headBytes + length)
  if (crc32(text) !== slot.readUInt32BE(4)) return null
  const said: unknown = JSON.parse(text.toString())
  if (typeof said !== 'object' || said === null) return null
  if (!('done' in said) || !('strong' in said) || !('turn' in said) || typeof said.turn !== 'number') return null
  const { done, strong, turn } = said
  return isRangeList(done) && (typeof strong === 'string' || strong === null) ? { turn, strong, done } : null
}
