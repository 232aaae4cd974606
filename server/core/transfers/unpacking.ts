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

/** The archives among a transfer's files; `placeOf` tells where the one of an index is. */
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
 * Unpacks archives into the work folder, from the start: what an earlier try left is removed first. Their content is promised by
 * the quota, beside the archives themselves. An archive that gives nothing is not in the answer, as it is kept as it is; the note
 * tells of that and of all else that the person has to know. Rejects with an `ArchiveError` or a `Refusal`.
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
    // One that failed, or waits for room, takes none from others.
    await rm(into, { recursive: true, force: true, maxRetries: 5 })
    quota.setReservation(transfer.id, packedBytes)
    throw error
  }
}

/** What archives became, and what the person has to know of them, or null. */
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

/** What a folder of an archive's content is called. */
function stemOf({ name, parts }: ArchiveSet): string {
  const [set] = groupParts(parts.map((part) => part.name)).groups
  return safeName(set?.name ?? unpackedName(name))
}
