import { link, lstat, open, rename, rm, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorCode } from '../fetch-error.ts'
import { replaceFile } from './replace-file.ts'

/** What a file system says that has no hard links, or does not let this user make them. */
const withoutLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL', 'EISDIR', 'UNKNOWN'])

/**
 * Gives a finished file its final name, on the same volume. Another file of that name is never replaced unless `isReplacing`: that
 * rejects with `EEXIST`. A repeated call after a crash has no further effect. Resolves when the name is on the disk.
 */
export async function moveIntoPlace(
  from: string,
  to: string,
  { isReplacing = false }: { isReplacing?: boolean } = {},
): Promise<void> {
  if (isReplacing) await replaceFile(from, to)
  else if (await isSameFile(from, to)) await unlink(from)
  else await moveExclusively(from, to)
  await syncFolder(dirname(to))
}

async function moveExclusively(from: string, to: string): Promise<void> {
  try {
    // A link fails where the name is taken; a rename would replace what has it.
    await link(from, to)
  } catch (error) {
    if (!withoutLinks.has(errorCode(error))) throw error
    return moveOverPlaceholder(from, to)
  }
  await unlink(from)
}

/** Takes the name with an empty file, and replaces that. */
async function moveOverPlaceholder(from: string, to: string): Promise<void> {
  await (await open(to, 'wx')).close()
  try {
    await rename(from, to)
  } catch (error) {
    await rm(to, { force: true })
    throw error
  }
}

/** True when an earlier call was interrupted between the new name and the removal of the old one. */
async function isSameFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((path) => lstat(path, { bigint: true }).catch(() => null)))
  return a !== null && b !== null && a?.ino === b?.ino && a?.dev === b?.dev && a?.ino !== 0n
}

/** A new name is durable only once its folder is synced. Windows has no such call and needs none. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
