import type { FileHandle } from 'node:fs/promises'
import { PartNotes } from './part-note.ts'
import { cutRanges, isRangeList, type Range } from './ranges.ts'
import type { ResumeRecord } from './resume.ts'

const blockBytes = 64 * 1024

export interface Trusted {
  done: Range[]
  /** The count of the note that said so, or null when none did. */
  turn: number | null
}

/**
 * What of a part file can be gone on with. After another start of the computer: what was forced to the disk. Within one: what the
 * file's own note says, or its length. Zeros at its end may be a hole that another program left by cutting the file and
 * lengthening it again: but for a note within one start, they are never trusted.
 */
export async function trustedRanges(
  file: FileHandle,
  options: { resume: ResumeRecord | null; bootId: string },
): Promise<Trusted> {
  const { resume } = options
  if (resume === null) return { done: [], turn: null }
  const { size } = await file.stat()
  const { totalBytes } = resume
  const synced = isRangeList(resume.syncedRanges) ? resume.syncedRanges : headRange(resume.syncedBytes)
  if (resume.bootId !== options.bootId) return { done: cutRanges(synced, await solidLength(file, size)), turn: null }
  const isTooLong = totalBytes !== null && size > totalBytes
  const note = isTooLong ? await PartNotes.read(file, totalBytes) : null
  if (note !== null && note.strong === resume.validators.strong) return { done: note.done, turn: note.turn }
  const solid = await solidLength(file, size)
  if (isRangeList(resume.done)) return { done: cutRanges(resume.done, solid), turn: null }
  return { done: isTooLong ? cutRanges(synced, solid) : headRange(solid), turn: null }
}

function headRange(length: number): Range[] {
  return length > 0 ? [[0, length]] : []
}

/** The length of a file without the zeros at its end. */
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
