import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, rm, writeFile } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import loadXxhash, { type XXHashAPI } from 'xxhash-wasm'
import { openPlain } from '../disk/open-plain.ts'
import { replaceFile } from '../disk/replace-file.ts'

const magic = 0x50445332
/** A power of two, so that no slot lies across two pages or sectors. */
const slotBytes = 64
/** Bytes of a part file that have one checksum, at most: what a damage costs. */
const maxExtentBytes = 4 * 1024 * 1024
/** Longer than the next bytes of a fetch that goes on take to come. */
const restMs = 250

/** Bytes of a part file that were written, and their checksum. */
export interface Extent {
  start: number
  length: number
  /** XXH64: quick enough to be taken of everything that comes. */
  sum: bigint
}

/** An extent that can grow, with what is on its way to the file too, and what its checksum was made of so far. */
interface Growing {
  index: number
  start: number
  length: number
  hash: ReturnType<XXHashAPI['create64']>
}

/** What extents are to be once some bytes are written. */
export type Summed = { index: number; extent: Extent }[]

let xxhash: Promise<XXHashAPI> | undefined

function loadHash(): Promise<XXHashAPI> {
  xxhash ??= loadXxhash()
  return xxhash
}

/** What the system says about the last change of a file. Nobody changes a file and keeps both times. */
export interface Stamp {
  mtimeNs: bigint
  ctimeNs: bigint
}

/** The stamp of no file: nothing is known without reading it back. */
const noStamp: Stamp = { mtimeNs: -1n, ctimeNs: -1n }

interface SumsOptions {
  part: FileHandle
  /** The validator of the version that the bytes are from. */
  strong: string | null
  /** What is there already. */
  extents: readonly Extent[]
  /** True when that is known to be as it was written. */
  isProven: boolean
}

/** What was kept about a part file. */
export interface KeptSums {
  extents: Extent[]
  stamp: Stamp
}

/** Where the checksums of a part file are kept. */
function sumsPath(partPath: string): string {
  return `${partPath}.sums`
}

/** Removes the checksums of a part file; what cannot be removed proves nothing about other bytes. */
export async function removeSums(partPath: string): Promise<void> {
  await rm(sumsPath(partPath), { force: true }).catch(() => undefined)
}

/**
 * Keeps the checksums of what is written to a part file, in a file beside it, and the time of its last change. It may lag behind the
 * part file by a moment, and never says more than that holds. The first slot tells the version of the file and the last change, each
 * other one an extent; an extent that grows is written over in its place.
 */
export class PartSums {
  readonly #file: FileHandle
  readonly #part: FileHandle
  readonly #identity: Buffer
  readonly #extents: (Extent | null)[]
  /** Extents that can grow, by where they end. */
  readonly #growing = new Map<number, Growing>()
  readonly #hash: XXHashAPI
  readonly #changed = new Set<number>()
  #isDue = false
  /** False while it is not known whether another program changed what is there. */
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

  /** Begins anew for a version of the file, with what is known of it; what was kept before is replaced at once. */
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

  /** What is kept for a version, or null when that cannot be read or is of another one. A damaged slot is left out. */
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

  /** Sums up what is being written from `start` on. */
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

  /** Keeps what was summed up, now that it is written. Resolves when it is kept. */
  keep(summed: Summed): Promise<void> {
    for (const { index, extent } of summed) {
      // Another connection may have gone on behind this one, and been written first.
      if (extent.length <= (this.#extents[index]?.length ?? 0)) continue
      this.#extents[index] = extent
      this.#changed.add(index)
    }
    return this.#write()
  }

  /** Forgets one of the extents that it began with. */
  drop(index: number): void {
    this.#extents[index] = null
    this.#changed.add(index)
  }

  /** From now on what is there is as it was written. */
  prove(): void {
    this.#isProven = true
    // What cannot be written is left out, and nobody waits for it.
    this.#write().catch(() => undefined)
  }

  /** Forces what is kept to the disk. Only the time of another start is saved by it, so an error is none. */
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

  /** The extent that grows by what comes at a place, or a new one. */
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
      // While bytes come the last change is another all the time: it is worth a note only when they rest.
      this.#resting ??= setTimeout(() => {
        this.#resting = undefined
        this.#stamp().catch(() => undefined)
      }, restMs).unref()
      this.#resting.refresh()
    })
    return this.#busy
  }

  /** What cannot be written is left out: the next run then fetches a little more again. */
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

  /** Notes the last change of the file: whatever changed it until now was this program. */
  async #stamp(): Promise<void> {
    if (!this.#isProven) return
    try {
      const head = encodeHead(this.#identity, await stampOf(this.#part))
      await this.#file.write(head, 0, slotBytes, 0)
    } catch {
      // Without it everything is read back at the next start.
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

/** The extents of what a file holds in a place, with the checksums of what is there now. */
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

/** The checksum of a place in a file; null when the file ends before it does. */
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
