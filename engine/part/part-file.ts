import { type BigIntStats, constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import type { DiskRoom } from '../disk/disk-room.ts'
import { openPlain } from '../disk/open-plain.ts'
import { FetchError, isFullDisk } from '../fetch-error.ts'
import { addRange, cutRanges, headOf, type Range, sizeOf, withoutRange } from '../ranges.ts'
import type { ResumeRecord } from '../resume.ts'
import { type Extent, isUnchanged, PartSums, removeSums, type Summed } from './part-sums.ts'
import { trustedExtents } from './part-trust.ts'

const syncBytes = 64 * 1024 * 1024
const syncMs = 2000
const recordMs = 250
const headBytes = 64 * 1024

/** The part file is not what was written to it, or cannot be relied on: only a new one helps. */
export class PartFileLost extends FetchError {
  override name = 'PartFileLost'
}

export interface PartFileOptions {
  path: string
  /** The record of an earlier run, or null to begin with an empty file. */
  resume: ResumeRecord | null
  bootId: string
  /** True when the disk failed to keep what the same run wrote before. */
  isLost: boolean
  room: DiskRoom
  /** Called when the record changes: at most four times a second, except at the beginning and the end. */
  onRecord: () => void | Promise<void>
  /** Called when it turns out how many bytes that an earlier run had written are lost, if any are. */
  onLoss: (bytes: number) => void
  /** Called when more of what an earlier run had written turned out to be unchanged. */
  onVerified?: () => void
}

/**
 * A file being fetched: written at any position, with a list of finished ranges and a file of checksums next to it. From time to
 * time everything is forced to the disk.
 */
export class PartFile {
  readonly #file: FileHandle
  readonly #options: PartFileOptions
  /** Its number in its volume; null where the volume does not tell. */
  readonly inode: string | null
  /** True when everything arrived in one piece, which is neither summed nor recorded. */
  #isBrief = false
  #done: Range[]
  #synced: Range[]
  #sums: PartSums | null = null
  #summing: Promise<void> | undefined
  #syncedAtMs = performance.now()
  #recordedAtMs = performance.now()
  #syncing: Promise<void> | null = null
  #failure: unknown = null
  /** What an earlier run left and is still to be read back; null when that has begun or is not needed. */
  #unchecked: readonly Extent[] | null = null
  #checking: Promise<void> = Promise.resolve()
  /** What is still to be read back before it can be relied on. */
  #doubtful: Range[] = []
  /** Counts how often everything was discarded: what is known of an earlier content says nothing about a later one. */
  #generation = 0
  #lostBytes = 0

  private constructor(file: FileHandle, inode: bigint, options: PartFileOptions, done: Range[]) {
    this.#file = file
    this.inode = inode === 0n ? null : `${inode}`
    this.#options = options
    this.#done = done
    // What is trusted after a reboot was on the disk; within one boot it is forced again.
    this.#synced = options.resume?.bootId === options.bootId ? cutRanges(done, syncedHead(options.resume)) : done
  }

  /** Opens or creates the file and keeps what can be trusted in it. */
  static async open(options: PartFileOptions): Promise<PartFile> {
    const file = await openPlain(options.path, constants.O_RDWR | constants.O_CREAT)
    try {
      const { extents, isProven, lostBytes } = await trustedExtents(file, options)
      const done = extents.reduce<Range[]>((all, { start, length }) => addRange(all, [start, start + length]), [])
      const end = done.at(-1)?.[1] ?? 0
      const { size, ino } = await file.stat({ bigint: true })
      if (size > end) await file.truncate(end)
      const part = new PartFile(file, ino, options, done)
      part.#lostBytes = lostBytes
      if (extents.length > 0) await part.#keepSums(options.resume?.validators.strong ?? null, { extents, isProven })
      if (isProven) part.#reportLoss()
      else {
        part.#unchecked = extents
        part.#doubtful = done
      }
      // Without a size, a gap that is found later would go unnoticed.
      if (options.resume?.totalBytes === null) await part.checked()
      return part
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** Resolves when everything that an earlier run left is verified or discarded. */
  async checked(): Promise<void> {
    this.#startCheck()
    await this.#checking
  }

  get doneBytes(): number {
    return sizeOf(this.#done)
  }

  /** True when it is not filled sequentially from the beginning. */
  get isSplit(): boolean {
    return sizeOf(this.#done) !== headOf(this.#done)
  }

  get done(): Range[] {
    return this.#done
  }

  get synced(): Range[] {
    return this.#synced
  }

  /** What is written, and not by an earlier run whose bytes are still to be verified. */
  get readable(): Range[] {
    return this.#doubtful.reduce(withoutRange, this.#done)
  }

  /** Writes consecutive chunks from `position` on, waiting for disk space as long as it takes. */
  async write(chunks: Buffer[], position: number): Promise<void> {
    // Not before the first bytes have arrived: the request for them comes first.
    this.#startCheck()
    let rest = chunks
    let at = position
    let summed: Summed | undefined
    while (rest.length > 0) {
      if (this.#failure !== null) throw this.#failure
      await this.#options.room.take(lengthOf(rest))
      try {
        const writing = this.#file.writev(rest, at)
        // Computed while the system writes.
        summed ??= this.#sums?.sum(position, chunks)
        const { bytesWritten } = await writing
        this.#done = addRange(this.#done, [at, at + bytesWritten])
        at += bytesWritten
        rest = after(rest, bytesWritten)
      } catch (error) {
        if (!isFullDisk(error)) throw error
        await this.#options.room.waitAfterRefusal()
      }
    }
    // Checksums are stored while the next batch is written: what a crash costs is never more than these two.
    await this.#summing
    if (summed !== undefined) this.#summing = this.#sums?.keep(summed)
    const now = performance.now()
    const isDue = this.doneBytes - sizeOf(this.#synced) >= syncBytes || now - this.#syncedAtMs >= syncMs
    if (isDue && this.#syncing === null && now - this.#recordedAtMs >= recordMs) {
      this.#syncing = this.#sync().finally(() => {
        this.#syncing = null
      })
    }
  }

  /** Stores what has to be known before the first byte of a version is written. `strong` is its validator. */
  async begin(strong: string | null): Promise<void> {
    this.#isBrief = false
    await this.record()
    await this.#keepSums(strong, { extents: [], isProven: true })
  }

  /** Instead of `begin`, when all that is written comes at once: it takes less time to fetch again than to record. */
  beginBrief(): void {
    this.#isBrief = true
  }

  /** Has the current state recorded. */
  async record(): Promise<void> {
    this.#recordedAtMs = performance.now()
    await this.#options.onRecord()
  }

  /** Discards every byte. Nothing may be writing. */
  async startOver(): Promise<void> {
    await this.#syncing
    await this.#forget()
    this.#isBrief = false
    await this.#file.truncate(0)
    await this.record()
  }

  /** Forces everything to the disk and verifies that it is there. A failed sync is never retried as if it had worked. */
  async finish(sizeBytes: number): Promise<void> {
    await this.#syncing
    if (this.#failure !== null) throw this.#failure
    const found = await this.#file.stat({ bigint: true })
    const size = Number(found.size)
    if (size < sizeBytes || !(await this.#isInPlace(found))) {
      throw new PartFileLost('Another program changed or removed what had been fetched.', { isPassing: true })
    }
    try {
      if (size > sizeBytes) await this.#file.truncate(sizeBytes)
      await this.#file.datasync()
    } catch (error) {
      throw lost(error)
    }
    this.#synced = this.#done
    if (!this.#isBrief) await this.record()
  }

  /** False when the file was removed. */
  async #isInPlace(ours: BigIntStats): Promise<boolean> {
    if (process.platform !== 'win32') return ours.nlink > 0n
    // Windows may still show and count the name of an open file that was removed, but it opens it no more.
    const there = await openPlain(this.#options.path, constants.O_RDONLY).catch(unlessGone)
    if (there === null) return false
    try {
      const now = await there.stat({ bigint: true })
      return now.ino === ours.ino && now.dev === ours.dev
    } finally {
      await there.close()
    }
  }

  /** Closes the file. Rejects when the system failed to, after which nothing in it can be relied on. */
  async close(): Promise<void> {
    await this.#syncing
    this.#generation += 1
    await this.#checking.catch(() => undefined)
    await this.#sums?.close()
    try {
      await this.#file.close()
    } catch (error) {
      await this.#forget()
      await this.record()
      throw lost(error)
    }
  }

  /** The bytes from `start` to `end`, or as many as exist. */
  async read(start: number, end: number, buffer: Buffer): Promise<Buffer> {
    const { bytesRead } = await this.#file.read(buffer, 0, Math.min(buffer.length, end - start), start)
    return buffer.subarray(0, bytesRead)
  }

  /** The first bytes up to the first gap: enough to tell one file from another. */
  async readHead(): Promise<Buffer> {
    return this.read(0, headOf(this.#done), Buffer.alloc(headBytes))
  }

  /** Without checksums nothing is lost now; the next run has to fetch more again. */
  async #keepSums(strong: string | null, known: { extents: Extent[]; isProven: boolean }): Promise<void> {
    await this.#sums?.close()
    this.#sums = await PartSums.begin(this.#options.path, { part: this.#file, strong, ...known }).catch(() => null)
  }

  #startCheck(): void {
    if (this.#unchecked === null) return
    this.#checking = this.#check(this.#unchecked)
    // A read error is handled where the end of the check is awaited.
    this.#checking.catch(() => undefined)
    this.#unchecked = null
  }

  #reportLoss(): void {
    if (this.#lostBytes > 0) this.#options.onLoss(this.#lostBytes)
  }

  /** Reads back what an earlier run wrote, while fetching continues, and discards what has changed. */
  async #check(extents: readonly Extent[]): Promise<void> {
    const generation = this.#generation
    for (const [index, extent] of extents.entries()) {
      const isSame = await isUnchanged(this.#file, extent)
      if (this.#generation !== generation) return
      const range: Range = [extent.start, extent.start + extent.length]
      // What is lost is no longer in `done`, and becomes readable when it is written again.
      if (!isSame) this.#done = withoutRange(this.#done, range)
      this.#doubtful = withoutRange(this.#doubtful, range)
      if (isSame) {
        this.#options.onVerified?.()
        continue
      }
      this.#synced = withoutRange(this.#synced, range)
      this.#sums?.drop(index)
      this.#lostBytes += extent.length
    }
    this.#sums?.prove()
    this.#reportLoss()
  }

  async #forget(): Promise<void> {
    this.#generation += 1
    this.#unchecked = null
    await this.#sums?.close()
    await removeSums(this.#options.path)
    this.#done = []
    this.#synced = []
    this.#doubtful = []
    this.#sums = null
  }

  /** Runs in parallel with writing: it covers what had been written when it began. */
  async #sync(): Promise<void> {
    const done = this.#done
    try {
      await this.#file.datasync()
      await this.#sums?.sync()
      this.#synced = done
      this.#syncedAtMs = performance.now()
      await this.record()
    } catch (error) {
      this.#failure = lost(error)
    }
  }
}

const goneCodes = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EPERM', 'EACCES'])

function unlessGone(error: unknown): null {
  if (error instanceof Error && 'code' in error && goneCodes.has(`${error.code}`)) return null
  throw error
}

function lost(cause: unknown): PartFileLost {
  return new PartFileLost('This computer’s disk could not keep what had been fetched.', { isPassing: true, cause })
}

function syncedHead(resume: ResumeRecord): number {
  return resume.syncedRanges === undefined ? resume.syncedBytes : headOf(resume.syncedRanges)
}

/** The total length of chunks. */
export function lengthOf(chunks: Buffer[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0)
}

function after(chunks: Buffer[], bytes: number): Buffer[] {
  let skip = bytes
  const first = chunks.findIndex((chunk) => {
    if (skip < chunk.length) return true
    skip -= chunk.length
    return false
  })
  const [head, ...tail] = first === -1 ? [] : chunks.slice(first)
  return head === undefined ? [] : [head.subarray(skip), ...tail]
}
