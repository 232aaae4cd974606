import { constants } from 'node:fs'
import { openPlain } from '../disk/open-plain.ts'
import type { ResumeRecord } from '../resume.ts'
import { isUnchanged } from './part-sums.ts'
import { trustedExtents } from './part-trust.ts'

/** True when a part file that was complete is still what was written. Assumed true where nothing can tell. */
export async function isIntact(
  partPath: string,
  {
    resume,
    sizeBytes,
    bootId,
    signal,
  }: { resume: ResumeRecord; sizeBytes: number; bootId: string; signal: AbortSignal },
): Promise<boolean> {
  if (resume.isSummed !== true) return true
  const file = await openPlain(partPath, constants.O_RDONLY).catch(() => null)
  if (file === null) return false
  try {
    const { extents, isProven } = await trustedExtents(file, { path: partPath, resume, bootId, isLost: false })
    const heldBytes = extents.reduce((sum, { length }) => sum + length, 0)
    if (heldBytes !== sizeBytes || (await file.stat()).size !== sizeBytes) return false
    for (const extent of isProven ? [] : extents) {
      signal.throwIfAborted()
      if (!(await isUnchanged(file, extent))) return false
    }
    return true
  } finally {
    await file.close()
  }
}
