import { constants } from 'node:fs'
import { copyFile, lstat, rm } from 'node:fs/promises'
import { openPlain } from './open-plain.ts'

/**
 * Makes `to` a clone of `from`, a file of this size: it shares the blocks of `from` until one of the two is changed. Forces it to the disk,
 * and returns its number in its volume, which is null where the volume does not tell. Where the volume cannot clone, returns null, and
 * nothing is under that name. Btrfs, XFS, bcachefs, ZFS and APFS can.
 *
 * Sources: Linux, ioctl_ficlone(2); macOS, clonefile(2).
 */
export async function cloneFile(from: string, to: string, sizeBytes: number): Promise<{ inode: string | null } | null> {
  try {
    const original = await lstat(from)
    if (!original.isFile() || original.size !== sizeBytes) return null
    // Neither replaces anything, nor follows a link.
    await copyFile(from, to, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL)
  } catch {
    return null
  }
  try {
    return await forceToDisk(to, sizeBytes)
  } catch (error) {
    await rm(to, { force: true })
    throw error
  }
}

async function forceToDisk(path: string, sizeBytes: number): Promise<{ inode: string | null }> {
  const file = await openPlain(path, constants.O_RDWR)
  try {
    const { size, ino } = await file.stat({ bigint: true })
    if (size !== BigInt(sizeBytes)) throw new Error(`“${path}” was changed while it was cloned`)
    await file.datasync()
    return { inode: ino === 0n ? null : `${ino}` }
  } finally {
    await file.close()
  }
}
