import { constants } from 'node:fs'
import { chmod, type FileHandle, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { DiskRoom } from '../disk/disk-room.ts'
import { markOrigin, removeLooseMark } from '../disk/mark-origin.ts'
import { finishMove, moveIntoPlace, NameTaken } from '../disk/move-into-place.ts'
import { openPlain } from '../disk/open-plain.ts'
import { requirePlainFolder } from '../disk/plain-folder.ts'
import { type FetchOptions, fetchToPart, sleep } from '../fetch/fetch.ts'
import { errorCode, FetchError } from '../fetch-error.ts'
import { removeSums } from '../part/part-sums.ts'
import { contentOffsets, wholeZipBytes, type ZipMember, zipRecords } from '../zip/zip-writer.ts'
import { TargetTaken } from './save-file.ts'

const copyBytes = 1024 * 1024

/** A file to put into a zip that is being saved. */
export interface SaveMemberOptions extends FetchOptions {
  /** The folder that the person chose, a path without links, in which the zip and the part files are. */
  root: string
  /** The part file of the zip. */
  zipPath: string
  /** Where the content of the file belongs in it. */
  at: number
  sizeBytes: number
  /** Called with the checksum of what was written, when it is on the disk and before the part file is removed. */
  beforeRemoval?: (crc: number) => Promise<void>
}

/** Fetches a file, and writes it to its place in a zip. Returns the checksum of what was written, when it is on the disk. */
export async function saveMember(options: SaveMemberOptions): Promise<number> {
  const { root, partPath, zipPath, at, sizeBytes, signal } = options
  await requirePlainFolder(root, dirname(zipPath))
  const fetched = await fetchToPart({
    ...options,
    onStart: async (announced) => {
      if (announced.sizeBytes !== null && announced.sizeBytes !== sizeBytes) throw wrongSize()
      await options.onStart?.(announced)
    },
  })
  if (fetched.sizeBytes !== sizeBytes) throw wrongSize()
  const part = await openFile(partPath, constants.O_RDWR)
  let copiedBytes = 0
  const room = new DiskRoom({
    path: dirname(zipPath),
    reserveBytes: options.reserveBytes,
    signal,
    sleep: options.sleep ?? sleep,
    neededBytes: () => sizeBytes - copiedBytes,
    onTrouble: (sentence) => options.onTrouble?.(sentence),
  })
  try {
    const crc = await withZip(zipPath, async (zip) => {
      const sum = await checksum(part, { at: 0, sizeBytes, signal }, async (bytes, offset) => {
        await room.take(bytes.length)
        await writeAll(zip, bytes, at + offset)
        copiedBytes += bytes.length
      })
      await zip.sync()
      return sum
    })
    await part.close()
    await options.beforeRemoval?.(crc)
    await rm(partPath, { force: true })
    await removeLooseMark(partPath)
    await removeSums(partPath)
    return crc
  } finally {
    await part.close().catch(() => undefined)
  }
}

function wrongSize(): FetchError {
  return new FetchError('The service sends another size than it lists: reload the folder, or save it without a zip.')
}

/** A zip whose files are in their places. */
export interface FinishZipOptions {
  root: string
  zipPath: string
  targetPath: string
  isReplacing: boolean
  members: readonly ZipMember[]
  /** The checksum of each file, by its place in the list; 0 for a folder. */
  crcs: readonly number[]
  /** Where it comes from, an address without a path. */
  origin: string
  signal: AbortSignal
}

/** A file of the zip is no longer what was written. */
class ZipChanged extends FetchError {
  override name = 'ZipChanged'
}

/**
 * Completes a zip, reads all of it back, and gives it its name. Rejects with `ZipChanged` if a file in it is not as it was written, and
 * with `TargetTaken` if another file has the name.
 */
export async function finishZip(options: FinishZipOptions): Promise<number> {
  const { root, zipPath, targetPath, isReplacing, members, crcs, origin, signal } = options
  await requirePlainFolder(root, dirname(targetPath))
  const sizeBytes = wholeZipBytes(members)
  if (!isReplacing && (await finishMove(zipPath, targetPath))) return sizeBytes
  await withZip(zipPath, async (zip) => {
    for (const { at, bytes } of zipRecords(members, (place) => crcs[place] ?? 0)) await writeAll(zip, bytes, at)
    await zip.truncate(sizeBytes)
    const offsets = contentOffsets(members)
    for (const [place, { file }] of members.entries()) {
      if (file === null) continue
      const sum = await checksum(zip, { at: offsets[place] ?? 0, sizeBytes: file.sizeBytes, signal })
      if (sum !== crcs[place]) throw changed()
    }
    await zip.sync()
  })
  await markOrigin(zipPath, origin)
  await chmod(zipPath, 0o666 & ~process.umask()).catch(() => undefined)
  await requirePlainFolder(root, dirname(targetPath))
  try {
    await moveIntoPlace(zipPath, targetPath, { isReplacing })
  } catch (error) {
    throw error instanceof NameTaken ? new TargetTaken('Another file has this name now.', { cause: error }) : error
  }
  await removeLooseMark(zipPath)
  return sizeBytes
}

/** Opens the part file of a zip, which is created if it is not there. */
async function withZip<T>(path: string, use: (zip: FileHandle) => Promise<T>): Promise<T> {
  const zip = await openFile(path, constants.O_RDWR | constants.O_CREAT)
  try {
    return await use(zip)
  } finally {
    await zip.close()
  }
}

/** Opens a file that is ours. Rejects with `ZipChanged` where a link or anything else is in its place. */
async function openFile(path: string, flags: number): Promise<FileHandle> {
  // Opened for writing, a named pipe does not wait for the other end.
  const file = await openPlain(path, flags).catch((error: unknown) => {
    throw errorCode(error) === 'ELOOP' ? changed(error) : error
  })
  if ((await file.stat()).isFile()) return file
  await file.close()
  throw changed()
}

function changed(cause?: unknown): ZipChanged {
  return new ZipChanged('The unfinished zip was changed by another program. Try again to begin anew.', { cause })
}

/** The checksum of a part of a file, all of which goes to `onBytes`. */
async function checksum(
  file: FileHandle,
  { at, sizeBytes, signal }: { at: number; sizeBytes: number; signal: AbortSignal },
  onBytes?: (bytes: Buffer, offset: number) => Promise<void>,
): Promise<number> {
  const buffer = Buffer.allocUnsafe(Math.min(copyBytes, Math.max(1, sizeBytes)))
  let sum = 0
  for (let done = 0; done < sizeBytes; ) {
    signal.throwIfAborted()
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, sizeBytes - done), at + done)
    if (bytesRead === 0) throw new ZipChanged('A file that was fetched is shorter now.')
    const bytes = buffer.subarray(0, bytesRead)
    sum = crc32(bytes, sum)
    await onBytes?.(bytes, done)
    done += bytesRead
  }
  return sum
}

async function writeAll(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done)
    done += bytesWritten
  }
}
