import type { FileHandle } from 'node:fs/promises'
import { cutRanges, isRangeList, type Range } from '../ranges.ts'
import type { ResumeRecord } from '../resume.ts'
import { readNote } from './part-note.ts'
import { type Extent, PartSums, stampOf, sumUp } from './part-sums.ts'

const blockBytes = 64 * 1024

export interface TrustOptions {
  path: string
  resume: ResumeRecord | null
  bootId: string
  /** True when the disk failed to keep what was written: then only what it had confirmed before is trusted. */
  isLost: boolean
}

export interface Trusted {
  extents: Extent[]
  /** False when the content has yet to be read back and compared with the checksums. */
  isProven: boolean
  /** How many written bytes are certainly lost. */
  lostBytes: number
}

/**
 * What can be resumed of a part file: what its checksums prove. If this program made the last change to the file and the computer
 * has not rebooted since, no reading back is needed.
 */
export async function trustedExtents(file: FileHandle, options: TrustOptions): Promise<Trusted> {
  const { path, resume, bootId, isLost } = options
  if (resume === null) return { extents: [], isProven: true, lostBytes: 0 }
  if (resume.isSummed !== true) return { extents: await oldExtents(file, resume, bootId), isProven: true, lostBytes: 0 }
  const kept = await PartSums.read(path, resume.validators.strong)
  const { size } = await file.stat()
  if (kept === null) return { extents: [], isProven: true, lostBytes: size }
  const { mtimeNs, ctimeNs } = await stampOf(file)
  const isOurs = resume.bootId === bootId && mtimeNs === kept.stamp.mtimeNs && ctimeNs === kept.stamp.ctimeNs
  const synced = syncedOf(resume)
  const isThere = ({ start, length }: Extent) =>
    start + length <= size && (!isLost || synced.some(([from, to]) => from <= start && start + length <= to))
  const lost = kept.extents.filter((extent) => !isThere(extent))
  return {
    extents: kept.extents.filter(isThere),
    isProven: isOurs,
    lostBytes: lost.reduce((sum, { length }) => sum + length, 0),
  }
}

function syncedOf({ syncedRanges, syncedBytes }: ResumeRecord): Range[] {
  return isRangeList(syncedRanges) ? syncedRanges : headRange(syncedBytes)
}

/** What can be trusted of a file that an earlier version of this program began, without checksums. */
async function oldExtents(file: FileHandle, resume: ResumeRecord, bootId: string): Promise<Extent[]> {
  const extents: Extent[] = []
  for (const [start, end] of await oldRanges(file, resume, bootId)) extents.push(...(await sumUp(file, start, end)))
  return extents
}

/**
 * After a reboot: what was forced to the disk. Within one boot: what the file's own note says, or its length. Zeros at its end
 * may be a hole from another program that truncated and extended the file: except with a note of the same boot, they are never
 * trusted.
 */
async function oldRanges(file: FileHandle, resume: ResumeRecord, bootId: string): Promise<Range[]> {
  const { size } = await file.stat()
  const { totalBytes } = resume
  const synced = syncedOf(resume)
  if (resume.bootId !== bootId) return cutRanges(synced, await solidLength(file, size))
  const isTooLong = totalBytes !== null && size > totalBytes
  const note = isTooLong ? await readNote(file, totalBytes) : null
  if (note !== null && note.strong === resume.validators.strong) return cutRanges(note.done, totalBytes ?? size)
  const solid = await solidLength(file, size)
  if (isRangeList(resume.done)) return cutRanges(resume.done, solid)
  return isTooLong ? cutRanges(synced, solid) : headRange(solid)
}

function headRange(length: number): Range[] {
  return length > 0 ? [[0, length]] : []
}

/** The length of a file without trailing zeros. */
async function solidLength(file: FileHandle, size: number): Promise<number> {
  const buffer = Buffer.alloc(blockBytes)
  let end = size
  while (end > 0) {
    const start = Math.max(0, end - blockBytes)
    const { bytesRead } = await file.read(buffer, 0, end - start, start)
    const last = buffer.subarray(0, bytesRead).findLastIndex((byte) => byte !== 0)
    if (last >= 0) return start + last + 1
    end = start
  }
  return 0
}
