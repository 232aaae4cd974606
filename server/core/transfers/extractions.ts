import { join, relative, sep } from 'node:path'
import { formatSize } from '../../../engine/text/format-size.ts'
import { ArchiveError } from '../../archive/archive-error.ts'
import type { ArchiveSet } from '../../archive/find-archives.ts'
import { groupParts } from '../../archive/parts.ts'
import { type DiskQuota, trashAdvice } from '../account/quota.ts'
import type { Database } from '../data/database.ts'
import { reasonOf } from '../errors/reason.ts'
import { NotFound, Refusal } from '../errors/refusal.ts'
import { type Content, newContentName } from '../space/content.ts'
import type { Item, Space } from '../space/space.ts'

/** An archive of the space that is unpacked beside itself, or was. */
export interface Extraction {
  id: number
  /** The name of the archive's first part. */
  name: string
  /** `password`: it needs one, or another one than was given. */
  status: 'queued' | 'unpacking' | 'done' | 'password' | 'failed'
  /** Why it could not be unpacked, or what was left out; null if there is nothing to say. */
  message: string | null
  /** The archive's parts, in reading order. */
  itemIds: readonly number[]
  hasPassword: boolean
  /** 0–100. */
  percent: number
  /** The folder that it has become; null until it is done. */
  folderId: number | null
}

/** The extractions of one user, one at a time, in memory only. What a restart interrupts has changed nothing. */
export interface Extractions {
  /**
   * Begins to unpack the archives among some items; of several parts, one is enough. One that is being unpacked already is not begun
   * again. Throws a `Refusal` if there is none.
   */
  add(itemIds: readonly number[], password: string | null): Promise<Extraction[]>
  list(): Extraction[]
  /** Forgets one, or stops it. What it has become stays. */
  dismiss(id: number): void
  stop(): Promise<void>
}

interface ExtractionsOptions {
  db: Database
  space: Space
  content: Content
  quota: DiskQuota
  report(error: unknown): void
}

/** How many are begun at once, and how many are kept that have ended. */
const [maxAtOnce, maxKept] = [100, 200]
/** Quotas are reserved under the ids of transfers; those of extractions are below all others. */
const quotaIds = -(2 ** 42)

interface Job extends Extraction {
  archive: ArchiveSet
  /** Where the archive was when the work began. */
  parentId: number
  password: string | null
  stopping: AbortController
}

export function createExtractions({ db, space, content, quota, report }: ExtractionsOptions): Extractions {
  const jobs = new Map<number, Job>()
  let lastId = 0
  let last: Promise<void> = Promise.resolve()
  const isOpen = ({ status }: Job) => status === 'queued' || status === 'unpacking'

  /** Unpacks and adds the folder, all or nothing. */
  const extract = async (job: Job, work: string, quotaId: number) => {
    const { archive, password, stopping } = job
    const { signal } = stopping
    const { extractArchive } = await import('../../archive/extract.ts')
    const { stemOf } = await import('./unpacking.ts')
    const folder = await content.openPassingFolder(work)
    const { files, folders, note } = await extractArchive(archive, {
      ...{ into: join(folder, 'unpacked'), password, signal },
      limits: { maxBytes: quota.unreservedBytes() },
      onProgress: (percent) => {
        job.percent = percent
      },
    })
    if (files.length === 0 && folders.length === 0)
      throw new Refusal(note ?? `There is nothing to unpack in “${job.name}”.`)
    reserve(job, quotaId, files)
    const stem = stemOf(archive)
    const stored = files.map(({ path, file, sizeBytes }) => {
      const from = relative(folder, file).replaceAll(sep, '/')
      return { path: [stem, ...path], from, content: newContentName(), sizeBytes }
    })
    const contents = stored.map((file) => file.content)
    content.announce(contents)
    try {
      await content.store(work, stored, false)
      signal.throwIfAborted()
      db.transact(() => {
        const parentId = space.find(job.itemIds[0] ?? 0)?.parentId ?? job.parentId
        const { top } = space.addTree({
          ...{ parentId, files: stored },
          folders: [[stem], ...folders.map((path) => [stem, ...path])],
        })
        content.keep(contents)
        job.folderId = top[0]?.id ?? null
      })
    } catch (error) {
      await content.discard(contents)
      throw error
    }
    job.message = note
  }
  const reserve = ({ name }: Job, quotaId: number, files: readonly { sizeBytes: number }[]) => {
    const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0)
    if (quota.reserve(quotaId, sizeBytes)) {
      quota.use(quotaId, sizeBytes)
      return
    }
    const free = formatSize(quota.unreservedBytes())
    const needs = `the content of “${name}” needs ${formatSize(sizeBytes)}, and ${free} is free.`
    throw new Refusal(`There is not enough disk space: ${needs}${trashAdvice(quota)}`)
  }
  const run = async (job: Job) => {
    if (job.stopping.signal.aborted) return
    const work = newContentName()
    job.status = 'unpacking'
    try {
      await extract(job, work, quotaIds - job.id)
      job.status = 'done'
    } catch (error) {
      job.status = needsPassword(error) ? 'password' : 'failed'
      const reason = reasonOf(error)
      job.message = reason ?? `The service had an internal error while unpacking “${job.name}”.`
      if (reason === null && !job.stopping.signal.aborted) report(error)
    } finally {
      job.password = null
      quota.release(quotaIds - job.id)
      await content.removeWorkFolder(work).catch(report)
    }
  }
  const begin = ({ archive, items }: FoundArchive, password: string | null): Job => {
    const itemIds = items.map(({ id }) => id)
    const isSame = (job: Job) => job.itemIds[0] === itemIds[0]
    const before = [...jobs.values()].filter(isSame)
    const running = before.find(isOpen)
    if (running !== undefined) return running
    for (const { id } of before) jobs.delete(id)
    for (const { id } of [...jobs.values()].filter((job) => !isOpen(job)).slice(0, -maxKept)) jobs.delete(id)
    lastId += 1
    const job: Job = {
      ...{ id: lastId, name: archive.name, status: 'queued', message: null, itemIds, percent: 0, folderId: null },
      ...{ hasPassword: password !== null, archive, password, stopping: new AbortController() },
      parentId: items[0]?.parentId ?? 0,
    }
    jobs.set(job.id, job)
    last = last.then(() => run(job))
    return job
  }

  return {
    add: async (itemIds, password) => {
      if (itemIds.length > maxAtOnce)
        throw new Refusal(`At most ${maxAtOnce} archives can be unpacked at once. Select fewer.`)
      const items = itemIds.map((id) => space.get(id))
      const archives = await archivesOf(items, { space, content })
      if (archives.length === 0) {
        const [only] = items
        throw new Refusal(only === undefined ? 'There is nothing to unpack.' : `“${only.name}” is not an archive.`)
      }
      return archives.map((archive) => begin(archive, password))
    },
    list: () => [...jobs.values()],
    dismiss: (id) => {
      const job = jobs.get(id)
      if (job === undefined) throw new NotFound(`There is no extraction with the id ${id}.`)
      jobs.delete(id)
      job.stopping.abort(new Error('The extraction was stopped.'))
    },
    stop: async () => {
      for (const { stopping } of jobs.values()) stopping.abort(new Error('The service is stopping.'))
      await last
    },
  }
}

function needsPassword(error: unknown): boolean {
  return error instanceof ArchiveError && (error.kind === 'needs-password' || error.kind === 'wrong-password')
}

/** An archive with the items that are its parts, in reading order. */
interface FoundArchive {
  archive: ArchiveSet
  items: Item[]
}

/** The archives that items are, or are parts of; each once. Parts are looked for beside them. */
async function archivesOf(
  items: readonly Item[],
  { space, content }: { space: Space; content: Content },
): Promise<FoundArchive[]> {
  const { findArchives } = await import('../../archive/find-archives.ts')
  const found: FoundArchive[] = []
  const beside = new Map<number, { files: Item[]; groups: number[][] }>()
  for (const item of items) {
    const { id, parentId } = item
    if (item.content === null || parentId === null) continue
    if (found.some((one) => one.items.some((part) => part.id === id))) continue
    let siblings = beside.get(parentId)
    if (siblings === undefined) {
      const order = { by: 'name', isDescending: false } as const
      const all = space.list(parentId, { offset: 0, limit: -1, kinds: null, order })
      const files = all.filter((sibling) => sibling.content !== null)
      const { groups } = groupParts(files.map(({ name }) => name))
      siblings = { files, groups: groups.map(({ partIndexes }) => partIndexes) }
      beside.set(parentId, siblings)
    }
    const { files, groups } = siblings
    const parts = groups.map((group) => group.flatMap((index) => files[index] ?? []))
    const together = parts.find((group) => group.some((part) => part.id === id)) ?? [item]
    const archives = await findArchives(
      together.map((part) => ({ name: part.name, path: content.path(part.content ?? '') })),
    )
    for (const archive of archives) {
      const its = archive.fileIndexes.flatMap((index) => together[index] ?? [])
      if (its.some((part) => part.id === id)) found.push({ archive, items: its })
    }
  }
  return found
}
