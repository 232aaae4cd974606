import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, rm, unlink, writeFile } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import loadXxhash, { type XXHashAPI } from 'xxhash-wasm'
import { openPlain } from '../disk/open-plain.ts'
import { replaceFile } from '../disk/replace-file.ts'

const magic = 0x50445332
/** A power of two, so that no slot crosses a page or sector boundary. */
const slotBytes = 64
/** The maximum number of bytes under one checksum: what damage costs. */
const maxExtentBytes = 4 * 1024 * 1024
/** Longer than the pause between two arrivals of an active fetch. */
const restMs = 250

/** A written range of a part file, and its checksum. */
export interface Extent {
  start: number
  length: number
  /** XXH64: fast enough for everything that arrives. */
  sum: bigint
}

/** An extent that can grow, including what is still being written, and its running checksum. */
interface Growing {
  index: number
  start: number
  length: number
  hash: ReturnType<XXHashAPI['create64']>
}

/** The extents after some bytes are written. */
export type Summed = { index: number; extent: Extent }[]

let xxhash: Promise<XXHashAPI> | undefined

function loadHash(): Promise<XXHashAPI> {
  xxhash ??= loadXxhash()
  return xxhash
}

/** The system's times of the last change of a file. No accidental change keeps both. */
export interface Stamp {
  mtimeNs: bigint
  ctimeNs: bigint
}

/** The stamp of no file: everything has to be read back. */
const noStamp: Stamp = { mtimeNs: -1n, ctimeNs: -1n }

interface SumsOptions {
  part: FileHandle
  /** The validator of the version that the bytes belong to. */
  strong: string | null
  /** What exists already. */
  extents: readonly Extent[]
  /** True when that is known to be as it was written. */
  isProven: boolean
}

/** What was stored about a part file. */
export interface KeptSums {
  extents: Extent[]
  stamp: Stamp
}

/** Where the checksums of a part file are stored. */
function sumsPath(partPath: string): string {
  return `${partPath}.sums`
}

/** Removes the checksums of a part file. If that fails, they prove nothing about other bytes. */
export async function removeSums(partPath: string): Promise<void> {
  await unlink(sumsPath(partPath)).catch(() => undefined)
}

/**
 * Stores the checksums of what is written to a part file, in a file next to it, and the time of its last change. It may lag
 * behind the part file by a moment, and never claims more than the file holds. The first slot holds the version and the last
 * change, each other slot an extent; an extent that grows is overwritten in place.
 */
export class PartSums {
  readonly #file: FileHandle
  readonly #part: FileHandle
  readonly #identity: Buffer
  readonly #extents: (Extent | null)[]
  /** Extents that can grow, by their end. */
  readonly #growing = new Map<number, Growing>()
  readonly #hash: XXHashAPI
  readonly #changed = new Set<number>()
  #isDue = false
  /** False until it is known whether another program changed the file. */
  #isProven: boolean
  #busy: Promise<void> | null = null
  #resting: NodeJS.Timeout | undefined

  private constructor(file: FileHandle, hash: XXHashAPI, { part, strong, extents, isProven }: SumsOptions) {
    this.#file = file
    this.#hash = hash
    this.#part = part
    this.#identity = identityOf(strong)
    this.#extents = [...extents]
    this.#isProven = isProven
  }

  /** Starts over for a version of the file, with what is known of it. Replaces what was stored before. */
  static async begin(partPath: string, options: SumsOptions): Promise<PartSums> {
    const { part, strong, extents, isProven } = options
    const path = sumsPath(partPath)
    const hash = await loadHash()
    const head = encodeHead(identityOf(strong), isProven ? await stampOf(part) : noStamp)
    await rm(`${path}.new`, { force: true })
    await writeFile(`${path}.new`, Buffer.concat([head, ...extents.map(encode)]), { flag: 'wx', mode: 0o600 })
    await replaceFile(`${path}.new`, path)
    const file = await openPlain(path, constants.O_RDWR)
    return new PartSums(file, hash, options)
  }

  /** What is stored for a version, or null when it cannot be read or belongs to another one. Damaged slots are skipped. */
  static async read(partPath: string, strong: string | null): Promise<KeptSums | null> {
    const bytes = await readPlain(sumsPath(partPath)).catch(() => null)
    if (bytes === null) return null
    const slots = Array.from({ length: Math.floor(bytes.length / slotBytes) }, (_, index) =>
      bytes.subarray(index * slotBytes, (index + 1) * slotBytes),
    )
    const [head, ...rest] = slots
    if (head === undefined || !isSound(head) || !head.subarray(8, 40).equals(identityOf(strong))) return null
    const stamp = { mtimeNs: head.readBigInt64BE(40), ctimeNs: head.readBigInt64BE(48) }
    return { extents: rest.filter(isSound).map(decode), stamp }
  }

  /** Computes the checksums of what is being written from `start` on. */
  sum(start: number, chunks: readonly Buffer[]): Summed {
    const summed: Summed = []
    let at = start
    for (const chunk of chunks) {
      for (let from = 0; from < chunk.length; ) {
        const growing = this.#growingAt(at)
        const piece = chunk.subarray(from, from + maxExtentBytes - growing.length)
        growing.hash.update(piece)
        growing.length += piece.length
        at += piece.length
        from += piece.length
        const isFull = growing.length === maxExtentBytes
        if (!isFull) this.#growing.set(at, growing)
        if (isFull || from === chunk.length) summed.push(seen(growing))
      }
    }
    return summed
  }

  /** Stores the computed checksums, now that the bytes are written. Resolves when they are stored. */
  keep(summed: Summed): Promise<void> {
    for (const { index, extent } of summed) {
      // Another connection may have continued behind this one, and been written first.
      if (extent.length <= (this.#extents[index]?.length ?? 0)) continue
      this.#extents[index] = extent
      this.#changed.add(index)
    }
    return this.#write()
  }

  /** Discards one of the initial extents. */
  drop(index: number): void {
    this.#extents[index] = null
    this.#changed.add(index)
  }

  /** From now on the content counts as verified. */
  prove(): void {
    this.#isProven = true
    // Failing to write is tolerated, and nothing waits for it.
    this.#write().catch(() => undefined)
  }

  /** Forces the checksums to the disk. This only saves time after a reboot, so errors are ignored. */
  async sync(): Promise<void> {
    await this.#busy
    await this.#file.datasync().catch(() => undefined)
  }

  async close(): Promise<void> {
    await this.#busy
    clearTimeout(this.#resting)
    await this.#stamp()
    await this.#file.close().catch(() => undefined)
  }

  /** The extent that grows with bytes at `at`, or a new one. */
  #growingAt(at: number): Growing {
    const known = this.#growing.get(at)
    this.#growing.delete(at)
    if (known !== undefined) return known
    this.#extents.push(null)
    return { index: this.#extents.length - 1, start: at, length: 0, hash: this.#hash.create64() }
  }

  #write(): Promise<void> {
    this.#isDue = true
    this.#busy ??= this.#drain().finally(() => {
      this.#busy = null
      // While bytes arrive the last change keeps moving: it is recorded only when they pause.
      this.#resting ??= setTimeout(() => {
        this.#resting = undefined
        this.#stamp().catch(() => undefined)
      }, restMs).unref()
      this.#resting.refresh()
    })
    return this.#busy
  }

  /** Failing to write is tolerated: the next run then fetches a little more again. */
  async #drain(): Promise<void> {
    while (this.#isDue) {
      const due = [...this.#changed]
      this.#changed.clear()
      this.#isDue = false
      const slots = due.map((index) => {
        const extent = this.#extents[index] ?? null
        const slot = extent === null ? Buffer.alloc(slotBytes) : encode(extent)
        return this.#file.write(slot, 0, slotBytes, (index + 1) * slotBytes)
      })
      try {
        await Promise.all(slots)
      } catch {
        for (const index of due) this.#changed.add(index)
        return
      }
    }
  }

  /** Records the last change of the file: every change until now was made by this program. */
  async #stamp(): Promise<void> {
    if (!this.#isProven) return
    try {
      const head = encodeHead(this.#identity, await stampOf(this.#part))
      await this.#file.write(head, 0, slotBytes, 0)
    } catch {
      // Without it, everything is read back at the next start.
    }
  }
}

async function readPlain(path: string): Promise<Buffer> {
  const file = await openPlain(path, constants.O_RDONLY)
  try {
    return await file.readFile()
  } finally {
    await file.close()
  }
}

function seen({ index, start, length, hash }: Growing): Summed[number] {
  return { index, extent: { start, length, sum: hash.digest() } }
}

/** The last change of a file. */
export async function stampOf(file: FileHandle): Promise<Stamp> {
  const { mtimeNs, ctimeNs } = await file.stat({ bigint: true })
  return { mtimeNs, ctimeNs }
}

/** The extents of a range of a file, with the checksums of its current content. */
export async function sumUp(file: FileHandle, start: number, end: number): Promise<Extent[]> {
  const extents: Extent[] = []
  for (let at = start; at < end; at += maxExtentBytes) {
    const length = Math.min(maxExtentBytes, end - at)
    extents.push({ start: at, length, sum: (await sumOf(file, at, length)) ?? 0n })
  }
  return extents
}

/** True when a file still holds what was written there. */
export async function isUnchanged(file: FileHandle, { start, length, sum }: Extent): Promise<boolean> {
  return (await sumOf(file, start, length)) === sum
}

const stepBytes = 1024 * 1024

/** The checksum of a range of a file; null when the file ends before it. */
async function sumOf(file: FileHandle, start: number, length: number): Promise<bigint | null> {
  const buffer = Buffer.allocUnsafe(Math.min(stepBytes, length))
  const hash = (await loadHash()).create64()
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(stepBytes, length - done), start + done)
    if (bytesRead === 0) return null
    hash.update(buffer.subarray(0, bytesRead))
    done += bytesRead
  }
  return hash.digest()
}

function identityOf(strong: string | null): Buffer {
  return createHash('sha256')
    .update(strong ?? '')
    .digest()
}

/** A slot: magic, its own crc32, then 56 bytes. */
function seal(slot: Buffer): Buffer {
  slot.writeUInt32BE(magic, 0)
  slot.writeUInt32BE(crc32(slot.subarray(8)), 4)
  return slot
}

function isSound(slot: Buffer): boolean {
  return slot.readUInt32BE(0) === magic && slot.readUInt32BE(4) === crc32(slot.subarray(8))
}

function encodeHead(identity: Buffer, { mtimeNs, ctimeNs }: Stamp): Buffer {
  const slot = Buffer.alloc(slotBytes)
  identity.copy(slot, 8)
  slot.writeBigInt64BE(mtimeNs, 40)
  slot.writeBigInt64BE(ctimeNs, 48)
  return seal(slot)
}

function encode({ start, length, sum }: Extent): Buffer {
  const slot = Buffer.alloc(slotBytes)
  slot.writeBigInt64BE(BigInt(start), 8)
  slot.writeUInt32BE(length, 16)
  slot.writeBigUInt64BE(sum, 24)
  return seal(slot)
}

function decode(slot: Buffer): Extent {
  return { start: Number(slot.readBigInt64BE(8)), length: slot.readUInt32BE(16), sum: slot.readBigUInt64BE(24) }
}
