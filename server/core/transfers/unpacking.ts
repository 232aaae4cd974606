import { mkdir, rm } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { safeName } from '../../../engine/text/names.ts'
import { type ArchiveSet, findArchives } from '../../archive/find-archives.ts'
import { unpackedName } from '../../archive/formats.ts'
import { groupParts } from '../../archive/parts.ts'
import type { DiskQuota } from '../account/quota.ts'
import type { Unpacked } from './plan.ts'
import { quotaExceeded } from './quota-exceeded.ts'
import type { Transfer } from './transfer.ts'

const maxNotes = 3

/** Finds the archives among a transfer's files; `pathOf` gives the path for an index. */
export function archivesOf({ files }: Transfer, pathOf: (index: string) => string): Promise<ArchiveSet[]> {
  return findArchives(
    files.map(({ path }, index) => ({
      name: path.at(-1) ?? '',
      folder: path.slice(0, -1).join('/'),
      path: pathOf(`${index}`),
    })),
  )
}

/**
 * Unpacks archives into the work folder, after removing what an earlier attempt left. Quota is reserved for their
 * content as well as for the archives themselves. An archive without content is left out of the result, because it is
 * kept as it is; the note says so, and everything else that the person should know. Rejects with an `ArchiveError` or a
 * `Refusal`.
 */
export async function unpack(job: UnpackJob): Promise<UnpackResult> {
  const { transfer, work, quota } = job
  const into = join(work, 'unpacked')
  const packedBytes = quota.reservedFor(transfer.id)
  transfer.percentUnpacked = 0
  await rm(into, { recursive: true, force: true, maxRetries: 5 })
  await mkdir(into, { recursive: true, mode: 0o700 })
  try {
    return await unpackInto(into, job, packedBytes)
  } catch (error) {
    // A failed attempt, or one that waits for disk space, must not take space from others.
    await rm(into, { recursive: true, force: true, maxRetries: 5 })
    quota.setReservation(transfer.id, packedBytes)
    throw error
  }
}

/** The unpacked archives, and what the person should know about them, or null. */
export interface UnpackResult {
  unpacked: Unpacked[]
  note: string | null
}

interface UnpackJob {
  transfer: Transfer
  work: string
  archives: ArchiveSet[]
  quota: DiskQuota
  signal: AbortSignal
}

async function unpackInto(
  into: string,
  { transfer, work, archives, quota, signal }: UnpackJob,
  packedBytes: number,
): Promise<UnpackResult> {
  const { extractArchive } = await import('../../archive/extract.ts')
  const unpacked: Unpacked[] = []
  const notes: string[] = []
  let unpackedBytes = 0
  for (const [index, archive] of archives.entries()) {
    const { files, folders, note } = await extractArchive(archive, {
      into: join(into, `${index}`),
      password: transfer.password,
      limits: { maxBytes: quota.unreservedBytes() },
      signal,
      onProgress: (percent) => {
        transfer.percentUnpacked = Math.floor((index * 100 + percent) / archives.length)
      },
    })
    unpackedBytes += files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    if (!quota.reserve(transfer.id, packedBytes + unpackedBytes)) throw quotaExceeded(transfer, quota)
    if (note !== null) notes.push(note)
    if (files.length === 0 && folders.length === 0) continue
    unpacked.push({
      indexes: archive.fileIndexes,
      stem: stemOf(archive),
      files: files.map(({ path, file, sizeBytes }) => ({
        path,
        from: relative(work, file).replaceAll(sep, '/'),
        sizeBytes,
      })),
      folders,
    })
  }
  const summary = notes.slice(0, maxNotes)
  if (notes.length > maxNotes) summary.push(`${notes.length - maxNotes} more archives had such things in them.`)
  return { unpacked, note: summary.length === 0 ? null : summary.join(' ') }
}

/** The name of the folder for an archive's content. */
export function stemOf({ name, parts }: ArchiveSet): string {
  const [set] = groupParts(parts.map((part) => part.name)).groups
  return safeName(set?.name ?? unpackedName(name))
}
