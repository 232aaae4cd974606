import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  linkSync,
  lstatSync,
  openSync,
  statfsSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { blockingMarks } from '../disk/mark-origin.ts'
import { moveIntoPlace, syncFolderSync } from '../disk/move-into-place.ts'
import { requirePlainFolderSync } from '../disk/plain-folder.ts'

// What is done on the disk with a batch of small files. It blocks its thread: for such files, handing each call to another thread takes
// several times as long as the call itself.

/** A small file that has arrived. */
export interface ArrivedFile {
  partPath: string
  /** Where it came from: an address without a path. */
  origin: string
  bytes: Uint8Array
}

/** A file that is on the disk. */
export interface WrittenFile {
  /** Its number in its volume; null where the volume does not tell. */
  inode: string | null
}

/** A file that is to get its name. */
export interface NamedFile extends WrittenFile {
  partPath: string
  targetPath: string
}

const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)

/**
 * Writes files of a batch to their part files, which must not exist, and forces them to the disk. Returns null for one that could not be
 * written; nothing is left of it. `root` is the folder to save in, a path without links; what is between it and the files is no link,
 * either. At most a tenth of the volume counts as reserve.
 */
export async function writeBatch(
  files: readonly ArrivedFile[],
  { root, reserveBytes }: { root: string; reserveBytes: number },
): Promise<(WrittenFile | null)[]> {
  const { markOrigin } = await blockingMarks()
  const sizeBytes = files.reduce((sum, { bytes }) => sum + bytes.length, 0)
  if (!hasRoom(root, sizeBytes, reserveBytes)) return files.map(() => null)
  const isPlain = plainFolders(root)
  const begun = files.map(({ partPath, origin, bytes }) =>
    isPlain(dirname(partPath)) ? begin(partPath, bytes, () => markOrigin(partPath, origin)) : null,
  )
  // Only now: what the first one makes the disk do serves all of them.
  return begun.map((one) => (one === null ? null : finish(one)))
}

/**
 * Gives files of a batch their names. Returns false for one that did not get it, because another file has it, or its part file is not
 * what was written.
 */
export async function nameBatch(files: readonly NamedFile[], { root }: { root: string }): Promise<boolean[]> {
  const { removeLooseMark } = await blockingMarks()
  const isPlain = plainFolders(root)
  const named: boolean[] = []
  for (const file of files) {
    const isNamed = isPlain(dirname(file.targetPath)) && (await name(file))
    if (isNamed) removeLooseMark(file.partPath)
    named.push(isNamed)
  }
  const isSynced = once((folder) => syncFolderSync(folder))
  return named.map((isNamed, index) => isNamed && isSynced(dirname(files[index]?.targetPath ?? '')))
}

interface Begun {
  partPath: string
  handle: number
}

function begin(partPath: string, bytes: Uint8Array, mark: () => void): Begun | null {
  let handle: number
  try {
    handle = openSync(partPath, flags, 0o666)
  } catch {
    return null
  }
  const begun = { partPath, handle }
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at)
    mark()
    return begun
  } catch {
    return discard(begun)
  }
}

function finish(begun: Begun): WrittenFile | null {
  const { handle } = begun
  try {
    fdatasyncSync(handle)
    const { ino, nlink } = fstatSync(handle, { bigint: true })
    closeSync(handle)
    return nlink === 0n ? null : { inode: ino === 0n ? null : `${ino}` }
  } catch {
    return discard(begun)
  }
}

function discard({ partPath, handle }: Begun): null {
  for (const act of [() => closeSync(handle), () => unlinkSync(partPath)]) {
    try {
      act()
    } catch {
      // Whoever fetches it next begins with an empty file.
    }
  }
  return null
}

async function name({ partPath, targetPath, inode }: NamedFile): Promise<boolean> {
  try {
    if (inode !== null && `${lstatSync(partPath, { bigint: true }).ino}` !== inode) return false
    try {
      linkSync(partPath, targetPath)
      unlinkSync(partPath)
    } catch {
      // It knows what to do on every volume.
      await moveIntoPlace(partPath, targetPath)
    }
    return true
  } catch {
    return false
  }
}

function hasRoom(folder: string, bytes: number, reserveBytes: number): boolean {
  try {
    const { bavail, blocks, bsize } = statfsSync(folder)
    return bavail * bsize - Math.min(reserveBytes, (blocks * bsize) / 10) >= bytes
  } catch {
    // The volume does not tell.
    return true
  }
}

/** Tells whether folders can be reached without following a link. */
function plainFolders(root: string): (folder: string) => boolean {
  return once((folder) => requirePlainFolderSync(root, folder))
}

/** Does something once for each folder, and tells whether that worked. */
function once(act: (folder: string) => void): (folder: string) => boolean {
  const results = new Map<string, boolean>()
  return (folder) => {
    const known = results.get(folder)
    if (known !== undefined) return known
    let hasWorked = true
    try {
      act(folder)
    } catch {
      hasWorked = false
    }
    results.set(folder, hasWorked)
    return hasWorked
  }
}
