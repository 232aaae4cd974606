import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { ArchiveSet } from '../../archive/find-archives.ts'
import { readTorrent } from '../../torrent/torrent-file.ts'
import type { Messages } from '../account/messages.ts'
import type { DiskQuota } from '../account/quota.ts'
import type { Database } from '../data/database.ts'
import type { Content } from '../space/content.ts'
import type { Space } from '../space/space.ts'
import type { Arrivals } from './arrivals.ts'
import { type Effect, next, type Step } from './life.ts'
import { type Plan, rawPlan, unpackedPlan } from './plan.ts'
import { SlotPool } from './slot-pool.ts'
import type { DeliveryStatus, Transfer, TransferFile } from './transfer.ts'
import type { TransferRows } from './transfer-rows.ts'
import type { UnpackResult } from './unpacking.ts'

/** The slots for delivery, shared by all users: one archive is unpacked and one tree saved at a time. */
export interface DeliverySlots {
  unpack: SlotPool<Transfer>
  complete: SlotPool<Transfer>
}

/** An unpacker that makes no progress for this long gives up its slot. */
const stalledUnpackerMs = 5 * 60_000
const maxStalledUnpackers = 2

export function createDeliverySlots(): DeliverySlots {
  const endless = { graceMs: Number.POSITIVE_INFINITY, minProgress: 1, maxSuspended: 0 }
  return {
    unpack: new SlotPool({ limit: 1, maxSuspended: maxStalledUnpackers, graceMs: stalledUnpackerMs, minProgress: 1 }),
    complete: new SlotPool({ limit: 1, ...endless }),
  }
}

export interface DeliveryOptions {
  db: Database
  rows: TransferRows
  space: Space
  content: Content
  quota: DiskQuota
  messages: Messages
  slots: DeliverySlots
  arrivals: Arrivals
}

/** How a delivery is stopped, and what it reports. */
export interface DeliveryCallbacks {
  signal: AbortSignal
  /** Reports its status. */
  onStatus(status: DeliveryStatus): void
  /**
   * True when the delivery resumes after a restart or a failure: then unpacked files are not trusted, because other
   * programs may have changed them.
   */
  isResumed: boolean
}

/**
 * Moves what a transfer has fetched into the space: archives unpacked, then everything at once, with a message. Each
 * step is saved before it is taken, so that it can be repeated after a crash. Bytes that are still shared also stay
 * where they are. Returns the effects to run next. Rejects when an archive cannot be unpacked: then nothing of it is in
 * the space, and its bytes are kept.
 */
export async function deliver(
  transfer: Transfer,
  options: DeliveryOptions,
  callbacks: DeliveryCallbacks,
): Promise<readonly Effect[]> {
  const { rows, content, space } = options
  const plan = (made: Plan) => {
    transfer.plan = made
    rows.save(transfer)
  }
  callbacks.onStatus('in-complete-queue')
  const { plan: unfinished } = transfer
  const pathOf = pathResolver(transfer, content)
  if (unfinished?.kind === 'whole') {
    // The same archives give the same files under the same names.
    if (callbacks.isResumed && hasMissingContent(unfinished, content))
      await unpackInSlot(transfer, await findArchives(transfer, pathOf), { options, callbacks })
    return complete(transfer, options, callbacks)
  }
  if (unfinished?.kind === 'raw') await complete(transfer, options, callbacks)
  const root = rootOf(transfer, rows)
  const archives = transfer.isUnpacked ? await findArchives(transfer, pathOf) : []
  if (archives.length === 0) {
    plan(rawPlan(transfer, 'whole', root))
    return complete(transfer, options, callbacks)
  }
  if (transfer.isSharing && transfer.itemIds === null) {
    plan(rawPlan(transfer, 'raw', root))
    await complete(transfer, options, callbacks)
  }
  const unpacked = await unpackInSlot(transfer, archives, { options, callbacks })
  const parentOf = (id: number) => (space.has(id) ? space.get(id).parentId : null)
  plan(unpackedPlan(transfer, unpacked, { root, parentOf }))
  return complete(transfer, options, callbacks)
}

/** What reads archives is loaded with the first delivery. */
async function findArchives(transfer: Transfer, pathOf: (name: string) => string): Promise<ArchiveSet[]> {
  const { archivesOf } = await import('./unpacking.ts')
  return archivesOf(transfer, pathOf)
}

async function unpackInSlot(
  transfer: Transfer,
  archives: ArchiveSet[],
  {
    options: { content, quota, slots },
    callbacks: { signal, onStatus },
  }: { options: DeliveryOptions; callbacks: DeliveryCallbacks },
): Promise<UnpackResult> {
  onStatus('in-extraction-queue')
  const { unpack } = await import('./unpacking.ts')
  const unpacked = await slots.unpack.run(transfer, { signal, progress: () => transfer.percentUnpacked }, () => {
    onStatus('extracting')
    return unpack({ transfer, work: content.workFolder(transfer.content), archives, quota, signal })
  })
  onStatus('in-complete-queue')
  return unpacked
}

/** True when some of what was unpacked for a plan is not in the content yet. */
function hasMissingContent({ trees }: Plan, content: Content): boolean {
  return trees.some(({ files }) =>
    files.some(({ from, content: name }) => from.includes('/') && !existsSync(content.path(name))),
  )
}

/**
 * Returns a function for the current paths of a transfer's files: in its work folder, or in the content once a plan has
 * moved them.
 */
export function pathResolver({ plan, content: work }: Transfer, content: Content): (name: string) => string {
  const moved = new Map(plan?.trees.flatMap(({ files }) => files.map((file) => [file.from, file.content])))
  return (name) => {
    const [path, target] = [join(content.workFolder(work), name), moved.get(name)]
    return target !== undefined && !existsSync(path) ? content.path(target) : path
  }
}

/** A torrent that is a folder stays one, even with a single file. */
function rootOf({ id, kind, name, files }: Transfer, rows: TransferRows): string[] {
  if (kind !== 'torrent') return []
  if (files.length > 1 || (files[0]?.path.length ?? 0) > 1) return [name]
  const torrentFile = rows.torrentFile(id)
  return torrentFile !== null && readTorrent(torrentFile).info.isFolder ? [name] : []
}

/**
 * Carries out a plan: moves files into the content, then changes items, messages and the transfer's own row in one
 * transaction.
 */
async function complete(
  transfer: Transfer,
  options: DeliveryOptions,
  { signal, onStatus }: DeliveryCallbacks,
): Promise<readonly Effect[]> {
  const { content, quota, db } = options
  return options.slots.complete.run(transfer, { signal, progress: () => 0 }, async () => {
    const { plan } = transfer
    if (plan === null) return []
    if (plan.note != null) transfer.reason = plan.note
    onStatus('completing')
    const files = plan.trees.flatMap((tree) => tree.files)
    // Shared files are read at their old path until sharing ends.
    const isKept = ({ from }: { from: string }) => (plan.kind === 'raw' || transfer.isSharing) && !from.includes('/')
    await content.store(transfer.content, files.filter(isKept), true)
    await content.store(
      transfer.content,
      files.filter((file) => !isKept(file)),
      false,
    )
    signal.throwIfAborted()
    const { changes, effects } = db.transact(() => commit(transfer, plan, options))
    Object.assign(transfer, changes)
    quota.setReservation(transfer.id, heldBytes(transfer, content))
    return effects
  })
}

/**
 * True when all bytes to be delivered are on the disk: other programs may have been in the work folder while the
 * service was not running.
 */
export function hasAllBytes({ files, plan, content: work }: Transfer, content: Content): boolean {
  const settled = new Map(plan?.trees.flatMap((tree) => tree.files.map(({ from, content: name }) => [from, name])))
  return files.every(({ sizeBytes }, index) => {
    const name = settled.get(`${index}`)
    return [join(content.workFolder(work), `${index}`), ...(name === undefined ? [] : [content.path(name)])].some(
      (path) => statSync(path, { throwIfNoEntry: false })?.size === sizeBytes,
    )
  })
}

/**
 * False when another program changed fetched bytes before their delivery: links are checked by checksum, torrents by
 * modification time. Files that are already in the content are not checked.
 */
export async function isUnmodified(
  transfer: Transfer,
  { content, bootId, signal }: { content: Content; bootId: string; signal: AbortSignal },
): Promise<boolean> {
  const work = content.workFolder(transfer.content)
  if (transfer.kind === 'torrent') return isTorrentUnmodified(transfer, work)
  const { isIntact } = await import('../../../engine/part/is-intact.ts')
  for (const [index, { resume, sizeBytes }] of transfer.files.entries()) {
    const path = join(work, `${index}`)
    if (resume === null || sizeBytes === null || !existsSync(path)) continue
    if (!(await isIntact(path, { resume, sizeBytes, bootId, signal }))) return false
  }
  return true
}

async function isTorrentUnmodified({ files, torrentResume }: Transfer, work: string): Promise<boolean> {
  const [{ Stamps }, { readTorrentResume }] = await Promise.all([
    import('../../torrent/stamps.ts'),
    import('../../torrent/resume.ts'),
  ])
  const stamps = new Stamps(files.length, readTorrentResume(torrentResume)?.stamps)
  return files.every((_, index) => {
    const found = statSync(join(work, `${index}`), { bigint: true, throwIfNoEntry: false })
    return found === undefined || stamps.isSame(index, found)
  })
}

/** How many bytes a transfer has on the disk that are not in the space. */
export function heldBytes(transfer: Transfer, content: Content): number {
  const names = transfer.files.map((_, index) => `${index}`)
  return content.heldBytes(transfer.content, names)
}

/** The notice about files whose completeness is not proven. */
function unprovenNotice(files: readonly TransferFile[]): string {
  const names = files.map(({ path }) => `“${path.at(-1)}”`).join(', ')
  return `${names}: the sender did not say how long it is, so it may not be whole.`
}

/** The transaction at the end of a plan. Returns the transfer's next step. */
function commit(transfer: Transfer, plan: Plan, { space, messages, rows, arrivals }: DeliveryOptions): Step {
  const { note = null } = plan
  space.remove(plan.replacedIds.filter(space.has))
  const added = plan.trees.map(space.addTree)
  const fileIds = added.flatMap((tree) => tree.fileIds)
  arrivals.deliver(transfer.id, itemIdsByIndex(transfer, plan, fileIds))
  const top = added.flatMap((tree) => tree.top)
  const resultId = top[0]?.id ?? transfer.resultId
  if (plan.kind === 'raw') {
    const changes = { plan: null, itemIds: fileIds, resultId }
    rows.save({ ...transfer, ...changes })
    return { changes, effects: [] }
  }
  for (const item of top) messages.addFile(item, transfer.id)
  const unproven = transfer.files.filter(({ isUnproven }) => isUnproven === true)
  const notices = [note, unproven.length > 0 ? unprovenNotice(unproven) : null]
    .filter((text) => text !== null)
    .join(' ')
  if (notices !== '') messages.addNotice(notices, { itemId: top[0]?.id ?? null, transferId: transfer.id })
  const step = next(transfer, { type: 'delivered', note })
  const changes = { ...step.changes, resultId }
  rows.save({ ...transfer, ...changes })
  return { ...step, changes }
}

/**
 * The items that files became as they are, by file index, now or before their archives were unpacked. What was unpacked has no
 * index.
 */
function itemIdsByIndex(
  { itemIds }: Pick<Transfer, 'itemIds'>,
  { trees, replacedIds }: Plan,
  fileIds: readonly number[],
): Map<number, number> {
  const files = trees.flatMap((tree) => tree.files)
  const replaced = new Set(replacedIds)
  const earlier = [...(itemIds ?? []).entries()].filter(([, itemId]) => !replaced.has(itemId))
  return new Map([
    ...earlier,
    ...files.flatMap(({ from }, at) => {
      const itemId = fileIds[at]
      return itemId === undefined || from.includes('/') ? [] : [[Number(from), itemId] as const]
    }),
  ])
}
