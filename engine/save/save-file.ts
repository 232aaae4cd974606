import { chmod, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { cloneFile } from '../disk/clone-file.ts'
import { markOrigin, removeLooseMark } from '../disk/mark-origin.ts'
import { finishMove, moveIntoPlace, NameTaken } from '../disk/move-into-place.ts'
import { requirePlainFolder } from '../disk/plain-folder.ts'
import { type Fetched, type FetchOptions, fetchToPart } from '../fetch/fetch.ts'
import { FetchError } from '../fetch-error.ts'
import { removeSums } from '../part/part-sums.ts'
import { formatSize } from '../text/format-size.ts'

/** A file to save on this computer. `partPath` is on the same volume as `targetPath`. */
export interface SaveOptions extends FetchOptions {
  /** The folder that the person chose, a path without links. Null for a private folder, in which nobody else makes links. */
  root: string | null
  /** In that folder, or below it. */
  targetPath: string
  /** Replaces a file of that name. Otherwise saving fails with `TargetTaken`, and the part file stays. */
  isReplacing: boolean
  /** The size that the service reports; null when unknown. */
  sizeBytes: number | null
  /** A file on this computer with the same content, which is cloned where the volume can. Null if there is none. */
  original: string | null
  /** Called when the file is complete, before it gets its name, with its number in its volume. */
  beforeMove?: (inode: string | null) => Promise<void>
}

/** Another file has the name already. */
export class TargetTaken extends FetchError {
  override name = 'TargetTaken'
}

/**
 * Fetches a file into its part file, or clones it, and gives it its name when every byte is there and on the disk. Rejects as
 * `fetchToPart` does, with `TargetTaken`, and with `FolderReplaced` where a link would lead elsewhere.
 */
export async function saveFile(options: SaveOptions): Promise<Fetched> {
  const { root, partPath, targetPath, isReplacing } = options
  if (root !== null) await requirePlainFolder(root, dirname(targetPath))
  if (!isReplacing && (await finishMove(partPath, targetPath))) {
    await removeSums(partPath)
    return { sizeBytes: (await stat(targetPath)).size, isProven: true }
  }
  const { fetched, inode } = (await clone(options)) ?? (await fetchWhole(options))
  // Before it has its name, so that it is never there without them.
  await markOrigin(partPath, `${new URL(options.link).origin}/`)
  // Some volumes keep no permissions.
  await chmod(partPath, 0o666 & ~process.umask()).catch(() => undefined)
  await options.beforeMove?.(inode)
  // It may have taken days.
  if (root !== null) await requirePlainFolder(root, dirname(targetPath))
  try {
    await moveIntoPlace(partPath, targetPath, { isReplacing })
  } catch (error) {
    throw error instanceof NameTaken ? new TargetTaken('Another file has this name now.', { cause: error }) : error
  }
  await removeLooseMark(partPath)
  await removeSums(partPath)
  return fetched
}

/** Null where it has to be fetched. */
async function clone({ original, resume, partPath, sizeBytes }: SaveOptions): Promise<Complete | null> {
  if (original === null || sizeBytes === null || resume !== null) return null
  try {
    // What is left of an attempt that has no record is of no use.
    await rm(partPath, { force: true })
    const cloned = await cloneFile(original, partPath, sizeBytes)
    return cloned === null ? null : { fetched: { sizeBytes, isProven: true }, ...cloned }
  } catch {
    return null
  }
}

async function fetchWhole(options: SaveOptions): Promise<Complete> {
  const { sizeBytes } = options
  let inode: string | null = null
  const fetched = await fetchToPart({
    ...options,
    isBriefRecorded: false,
    onOpen: (number) => {
      inode = number
    },
    onStart: async (announced) => {
      if (sizeBytes !== null && announced.sizeBytes !== null && announced.sizeBytes !== sizeBytes)
        throw wrongSize(announced.sizeBytes, sizeBytes)
      await options.onStart?.(announced)
    },
  })
  if (sizeBytes !== null && fetched.sizeBytes !== sizeBytes) throw wrongSize(fetched.sizeBytes, sizeBytes)
  return { fetched, inode }
}

/** A part file that is complete, and its number in its volume. */
interface Complete {
  fetched: Fetched
  inode: string | null
}

function wrongSize(bytes: number, expected: number): FetchError {
  return new FetchError(
    `The service sends ${formatSize(bytes)} instead of the ${formatSize(expected)} that it lists: reload the folder and save again.`,
  )
}
