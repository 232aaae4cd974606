import type { BigIntStats } from 'node:fs'
import { lstat, stat, truncate } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { cut, diskError, readFully, writeFully } from './file-bytes.ts'
import type { FilePool } from './file-pool.ts'
import type { Torrent } from './torrent-file.ts'

const syncBytes = 64 * 1024 * 1024
const syncMs = 2000
const segmentBytes = 1024 * 1024
const maxSegments = 32

interface Part {
  index: number | null
  position: number
  /** Where in the piece it begins. */
  start: number
  length: number
}

/** Called with the pieces that were just synced to disk, and the state of their files after that. */
type OnSynced = (pieces: ReadonlySet<number>, files: ReadonlyMap<number, BigIntStats>) => void

/** What the files of a torrent may contain, judged without reading them. */
export interface Survey {
  /** True when the files are long enough for a piece, whatever their content. */
  isPresent: (piece: number) => boolean
  /** True when no file of a piece has changed since it was noted. */
  isUntouched: (piece: number) => boolean
}

/**
 * Stores the pieces of one torrent in the files of its folder, named `0`, `1`, … by their index in the torrent. Padding is read as
 * zeros and never written. Files are synced to disk every 64 MiB or two seconds.
 */
export class PieceStore {
  readonly #torrent: Torrent
  readonly #folder: string
  readonly #pool: FilePool
  readonly #onSynced: OnSynced
  readonly #segments = new Map<string, Promise<Buffer>>()
  readonly #dirtyFiles = new Set<number>()
  #unsynced = new Set<number>()
  #unsyncedBytes = 0
  #syncedAtMs = performance.now()
  #syncing: Promise<void> | null = null
  #failure: unknown = null
  #working = new Set<Promise<unknown>>()
  /** Bytes accepted and not yet written. */
  pendingBytes = 0

  constructor(options: {
    torrent: Torrent
    folder: string
    pool: FilePool
    onSynced: OnSynced
  }) {
    this.#torrent = options.torrent
    this.#folder = options.folder
    this.#pool = options.pool
    this.#onSynced = options.onSynced
  }

  lengthOf(piece: number): number {
    const { pieceLength, pieceCount, length } = this.#torrent
    return piece === pieceCount - 1 ? length - pieceLength * (pieceCount - 1) : pieceLength
  }

  /** Writes a verified piece, given as consecutive blocks. */
  async write(piece: number, blocks: readonly Uint8Array[]): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    const length = blocks.reduce((sum, block) => sum + block.length, 0)
    if (length !== this.lengthOf(piece)) throw new Error(`piece ${piece} came with ${length} bytes`)
    this.pendingBytes += length
    try {
      await this.#track(this.#writeParts(piece, blocks))
    } catch (cause) {
      this.#failure = diskError(cause)
      throw this.#failure
    } finally {
      this.pendingBytes -= length
    }
    this.adopt(piece)
    const isDue = this.#unsyncedBytes >= syncBytes || performance.now() - this.#syncedAtMs >= syncMs
    if (isDue && this.#syncing === null) void this.sync().catch(() => null)
  }

  /** Marks a piece that is already in the files as not synced yet. */
  adopt(piece: number): void {
    const length = this.lengthOf(piece)
    for (const { index } of this.#parts(piece, 0, length)) if (index !== null) this.#dirtyFiles.add(index)
    this.#unsynced.add(piece)
    this.#unsyncedBytes += length
  }

  /**
   * Reads a part of a piece through a small cache of segments, because peers request neighbouring blocks one after another.
   */
  async read(piece: number, offset: number, length: number): Promise<Buffer> {
    if (offset < 0 || length < 1 || offset + length > this.lengthOf(piece))
      throw new Error('a range outside of its piece')
    const first = Math.floor(offset / segmentBytes)
    const last = Math.floor((offset + length - 1) / segmentBytes)
    if (first !== last) return this.readDirect(piece, offset, length)
    const start = first * segmentBytes
    const segment = await this.#segment(piece, start)
    return segment.subarray(offset - start, offset - start + length)
  }

  /** Reads `length` bytes from an offset in a piece, across the following pieces if needed. Rejects when the files are shorter. */
  async readDirect(piece: number, offset: number, length: number, into?: Buffer): Promise<Buffer> {
    const buffer = into?.subarray(0, length) ?? Buffer.allocUnsafeSlow(length)
    const read = async ({ index, position, start, length: partLength }: Part) => {
      const target = buffer.subarray(start, start + partLength)
      if (index === null) return void target.fill(0)
      await this.#pool.with(this.#path(index), false, (file) => readFully(file, target, position))
    }
    await this.#track(Promise.all(this.#parts(piece, offset, length).map(read)))
    return buffer
  }

  /**
   * Checks the files without reading them; `isUntouched` decides whether a file is as it was noted. Bytes appended by another program are
   * truncated: no piece covers them, so no hash would reveal them.
   */
  async survey(isUntouched: (index: number, found: BigIntStats) => boolean): Promise<Survey> {
    const sizes = new Map<number, number>()
    const untouched = new Set<number>()
    for (const { index, sizeBytes } of this.#torrent.placed) {
      if (index === null) continue
      await this.#truncate(index, sizeBytes)
      const found = await stat(this.#path(index), { bigint: true }).catch(() => null)
      if (found?.isFile() !== true) continue
      sizes.set(index, Number(found.size))
      if (isUntouched(index, found)) untouched.add(index)
    }
    const every = (piece: number, holds: (index: number, end: number) => boolean) =>
      this.#parts(piece, 0, this.lengthOf(piece)).every(
        ({ index, position, length }) => index === null || holds(index, position + length),
      )
    return {
      isPresent: (piece) => every(piece, (index, end) => (sizes.get(index) ?? 0) >= end),
      isUntouched: (piece) => every(piece, (index) => untouched.has(index)),
    }
  }

  /** Creates empty files, truncates those that are too long, and syncs everything to disk. */
  async finish(): Promise<void> {
    for (const { index, sizeBytes } of this.#torrent.placed) {
      if (index === null) continue
      await this.#truncate(index, sizeBytes)
      if (sizeBytes === 0) await this.#pool.with(this.#path(index), true, async () => this.#dirtyFiles.add(index))
    }
    await this.sync()
  }

  async #truncate(index: number, sizeBytes: number): Promise<void> {
    const path = this.#path(index)
    const found = await lstat(path).catch(() => null)
    if (found?.isFile() !== true || found.size <= sizeBytes) return
    await truncate(path, sizeBytes)
    this.#dirtyFiles.add(index)
  }

  /** Syncs everything written to disk. After a failure, the store stays failed. */
  async sync(): Promise<void> {
    await this.#syncing
    if (this.#failure !== null) throw this.#failure
    this.#syncing = this.#track(this.#syncNow()).finally(() => {
      this.#syncing = null
    })
    await this.#syncing
  }

  async close(): Promise<void> {
    if (this.#failure === null && this.#unsynced.size > 0) await this.sync().catch(() => null)
    while (this.#working.size > 0) await Promise.allSettled(this.#working)
    this.#segments.clear()
    await this.#pool.closeIn(this.#folder + sep)
  }

  async #syncNow(): Promise<void> {
    const pieces = this.#unsynced
    const files = [...this.#dirtyFiles]
    this.#unsynced = new Set()
    this.#unsyncedBytes = 0
    this.#dirtyFiles.clear()
    const found = new Map<number, BigIntStats>()
    try {
      for (const index of files) {
        await this.#pool.with(this.#path(index), true, async (file) => {
          await file.datasync()
          found.set(index, await file.stat({ bigint: true }))
        })
      }
    } catch (cause) {
      this.#failure = diskError(cause)
      throw this.#failure
    }
    this.#syncedAtMs = performance.now()
    this.#onSynced(pieces, found)
  }

  async #writeParts(piece: number, blocks: readonly Uint8Array[]): Promise<void> {
    for (const { index, position, start, length } of this.#parts(piece, 0, this.lengthOf(piece))) {
      if (index === null) continue
      await this.#pool.with(this.#path(index), true, (file) => writeFully(file, cut(blocks, start, length), position))
    }
  }

  #segment(piece: number, start: number): Promise<Buffer> {
    const key = `${piece}/${start}`
    const known = this.#segments.get(key)
    const length = Math.min(segmentBytes, this.lengthOf(piece) - start)
    const segment = known ?? this.readDirect(piece, start, length)
    this.#segments.delete(key)
    this.#segments.set(key, segment)
    if (known === undefined) segment.catch(() => this.#segments.delete(key))
    const [oldest] = this.#segments.keys()
    if (this.#segments.size > maxSegments && oldest !== undefined) this.#segments.delete(oldest)
    return segment
  }

  /** The parts of files that a range of a piece consists of. */
  #parts(piece: number, offset: number, length: number): Part[] {
    const begin = piece * this.#torrent.pieceLength + offset
    const end = begin + length
    const { placed } = this.#torrent
    const parts: Part[] = []
    for (let at = firstEndingAfter(placed, begin); at < placed.length; at += 1) {
      const file = placed[at]
      if (file === undefined || file.offset >= end) break
      const from = Math.max(begin, file.offset)
      const partLength = Math.min(end, file.offset + file.sizeBytes) - from
      if (partLength > 0) {
        parts.push({ index: file.index, position: from - file.offset, start: from - begin, length: partLength })
      }
    }
    return parts
  }

  #path(index: number): string {
    return join(this.#folder, `${index}`)
  }

  async #track<T>(work: Promise<T>): Promise<T> {
    this.#working.add(work)
    try {
      return await work
    } finally {
      this.#working.delete(work)
    }
  }
}

function firstEndingAfter(placed: Torrent['placed'], position: number): number {
  let [low, high] = [0, placed.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const file = placed[middle]
    if (file !== undefined && file.offset + file.sizeBytes <= position) low = middle + 1
    else high = middle
  }
  return low
}
