import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isIntact } from '../../../engine/fetch/fetch.ts'
import type { ArchiveSet } from '../../archive/find-archives.ts'
import { readTorrentResume } from '../../torrent/resume.ts'
import { Stamps } from '../../torrent/stamps.ts'
import { readTorrent } from '../../torrent/torrent-file.ts'
import type { Messages } from '../account/messages.ts'
import type { DiskQuota } from '../account/quota.ts'
import type { Database } from '../data/database.ts'
import type { Content } from '../space/content.ts'
import type { Space } from '../space/space.ts'
import { type Effect, next, type Step } from './life.ts'
import { type Plan, rawPlan, unpackedPlan } from './plan.ts'
import { SlotPool } from './slot-pool.ts'
import type { DeliveryStatus, Transfer, TransferFile } from './transfer.ts'
import type { TransferRows } from './transfer-rows.ts'
import { archivesOf, type UnpackResult, unpack } from './unpacking.ts'

/** Shared by all users: one archive at a time is unpacked on this computer, and one tree at a time saved to a space. */
export interface DeliverySlots {
  unpack: SlotPool<Transfer>
  complete: SlotPool<Transfer>
}

/** An unpacker that is silent for so long lends its turn. */
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
}

/** What a delivery asks and tells the list. */
export interface DeliveryCallbacks {
  signal: AbortSignal
  /** Tells how far it is. */
  onStatus(status: DeliveryStatus): void
  /** True when others may have been in the work folder since this was begun: nothing that was unpacked is relied on then. */
  isResumed: boolean
}

/**
 * Brings what a transfer has fetched into the space: archives unpacked, then everything at once, with a message. Each step is
 * written down before it is taken, so that it can be repeated after a crash; bytes that are still shared stay where they are too.
 * Answers with what is to be done then. Rejects when an archive cannot be unpacked: then nothing of it is in the space, and its bytes
 * are kept.
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
      await unpackInSlot(transfer, await archivesOf(transfer, pathOf), { options, callbacks })
    return complete(transfer, options, callbacks)
  }
  if (unfinished?.kind === 'raw') await complete(transfer, options, callbacks)
  const root = rootOf(transfer, rows)
  const archives = transfer.isUnpacked ? await archivesOf(transfer, pathOf) : []
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

async function unpackInSlot(
  transfer: Transfer,
  archives: ArchiveSet[],
  {
    options: { content, quota, slots },
    callbacks: { signal, onStatus },
  }: { options: DeliveryOptions; callbacks: DeliveryCallbacks },
): Promise<UnpackResult> {
  onStatus('in-extraction-queue')
  const unpacked = await slots.unpack.run(transfer, { signal, progress: () => transfer.percentUnpacked }, () => {
    onStatus('extracting')
    return unpack({ transfer, work: content.workFolder(transfer.content), archives, quota, signal })
  })
  onStatus('in-complete-queue')
  return unpacked
}

/** True when some of what was unpacked for a plan is not in its place yet. */
function hasMissingContent({ trees }: Plan, content: Content): boolean {
  return trees.some(({ files }) =>
    files.some(({ from, content: name }) => from.includes('/') && !existsSync(content.path(name))),
  )
}

/** Where a transfer's files are now: in its work folder, or those that a plan has moved already, in the content. */
function pathResolver({ plan, content: work }: Transfer, content: Content): (name: string) => string {
  const moved = new Map(plan?.trees.flatMap(({ files }) => files.map((file) => [file.from, file.content])))
  return (name) => {
    const [path, target] = [join(content.workFolder(work), name), moved.get(name)]
    return target !== undefined && !existsSync(path) ? content.path(target) : path
  }
}

/** A torrent that is a folder stays one, also where it holds one file only. */
function rootOf({ id, kind, name, files }: Transfer, rows: TransferRows): string[] {
  if (kind !== 'torrent') return []
  if (files.length > 1 || (files[0]?.path.length ?? 0) > 1) return [name]
  const torrentFile = rows.torrentFile(id)
  return torrentFile !== null && readTorrent(torrentFile).info.isFolder ? [name] : []
}

/** Takes up a plan: files become content, then items, message and the transfer's own row change in one transaction. */
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
    // What is shared is read in its old place until that ends.
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

/** True when every byte that is to be delivered is there: others may have been in the work folder while the program was not. */
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
 * False when another program changed fetched bytes while they waited for delivery: those of links as their checksums tell, those of
 * torrents as the time of the last write does. What is in its place in the content already is not looked at any more.
 */
export async function isUnmodified(
  transfer: Transfer,
  { content, bootId, signal }: { content: Content; bootId: string; signal: AbortSignal },
): Promise<boolean> {
  const work = content.workFolder(transfer.content)
  if (transfer.kind === 'torrent') return isTorrentUnmodified(transfer, work)
  for (const [index, { resume, sizeBytes }] of transfer.files.entries()) {
    const path = join(work, `${index}`)
    if (resume === null || sizeBytes === null || !existsSync(path)) continue
    if (!(await isIntact(path, { resume, sizeBytes, bootId, signal }))) return false
  }
  return true
}

function isTorrentUnmodified({ files, torrentResume }: Transfer, work: string): boolean {
  const stamps = new Stamps(files.length, readTorrentResume(torrentResume)?.stamps)
  return files.every((_, index) => {
    const found = statSync(join(work, `${index}`), { bigint: true, throwIfNoEntry: false })
    return found === undefined || stamps.isSame(index, found)
  })
}

/** What a transfer has on the disk that is not in the space. */
export function heldBytes(transfer: Transfer, content: Content): number {
  const names = transfer.files.map((_, index) => `${index}`)
  return content.heldBytes(transfer.content, names)
}

/** What a person is told of a file whose end nothing proves. */
function unprovenNotice(files: readonly TransferFile[]): string {
  const names = files.map(({ path }) => `“${path.at(-1)}”`).join(', ')
  return `${names}: the sender did not say how long it is, so it may not be whole.`
}

/** The transaction at the end of a plan. Answers with what becomes of the transfer. */
function commit(transfer: Transfer, plan: Plan, { space, messages, rows }: DeliveryOptions): Step {
  const { note = null } = plan
  space.remove(plan.replacedIds.filter(space.has))
  const added = plan.trees.map(space.addTree)
  if (plan.kind === 'raw') {
    const changes = { plan: null, itemIds: added.flatMap(({ fileIds }) => fileIds) }
    rows.save({ ...transfer, ...changes })
    return { changes, effects: [] }
  }
  const top = added.flatMap((tree) => tree.top)
  for (const item of top) messages.addFile(item, transfer.id)
  const unproven = transfer.files.filter(({ isUnproven }) => isUnproven === true)
  const notices = [note, unproven.length > 0 ? unprovenNotice(unproven) : null]
    .filter((text) => text !== null)
    .join(' ')
  if (notices !== '') messages.addNotice(notices, { itemId: top[0]?.id ?? null, transferId: transfer.id })
  const step = next(transfer, { type: 'delivered', note })
  rows.save({ ...transfer, ...step.changes })
  return step
}
