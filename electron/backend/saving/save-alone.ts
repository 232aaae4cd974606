import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { AppError } from '../../../shared/errors.ts'
import type { SaveRequest } from '../../saver/messages.ts'
import type { FileProgress, ProgressFile } from './progress-file.ts'
import type { SaveLinks } from './save-links.ts'
import { listedLately, type SavedFile } from './save-listing.ts'
import type { SavePaths } from './save-paths.ts'
import { type Due, restMs, type SaveQueue } from './save-queue.ts'
import type { SaveTally } from './save-tally.ts'
import type { SaveWaits } from './save-waits.ts'
import type { Ending, OnTheWay, Tell } from './saver-process.ts'
import type { Slot } from './slots.ts'
import type { StoredSave } from './stored-save.ts'
import type { ZipPlan } from './zip-plan.ts'

const recordEveryMs = 1000
/** How often a file, or a zip, gets another name because the last one was taken at the end. */
export const maxRenames = 20
/** How often a folder that seems to be there may refuse a file. */
export const maxRefusals = 3

/** What saving a file needs from its job. */
export interface AloneOptions {
  save: StoredSave
  progress: ProgressFile
  paths: SavePaths
  links: SaveLinks
  tally: SaveTally
  waits: SaveWaits
  /** What the file is put into; null where it is saved as it is. */
  zip: ZipPlan | null
  slot: Slot
  stop: AbortSignal
  /** Those that wait for their turn. */
  queue: SaveQueue
  /** The path of a file with the same content, which can be cloned; null if there is none. */
  original(file: SavedFile, stop: AbortSignal): Promise<string | null>
  fetch(request: SaveRequest, signal: AbortSignal, tell: Tell): Promise<Ending>
  onChange(): void
}

/** A file that is being saved. */
interface Work extends AloneOptions {
  file: SavedFile
  state: FileProgress
}

/** A file cannot be had now, while others wait for their turn. */
export class RestsForNow extends Error {
  readonly failures: number

  constructor(failures: number) {
    super('it is tried again later')
    this.failures = failures
  }
}

/**
 * Saves one file, with as many attempts as it takes. Resolves when it is in its place, and noted, or skipped. Rejects with `refused`
 * when that cannot be, and with `RestsForNow` to let another file have its turn.
 */
export async function saveAlone({ file, failures }: Due, options: AloneOptions): Promise<void> {
  const { progress, paths, zip } = options
  const known = progress.get(file.itemId)
  const path = zip?.pathOf(file) ?? known?.path ?? (await paths.choose(file))
  if (path === null) return
  const state = { path, isDone: false, inode: known?.inode ?? null, resume: known?.resume ?? null, crc: null }
  const work: Work = { ...options, file, state }
  let crc: number | null = null
  if (zip !== null || !(await paths.isInPlace(file, state))) {
    await progress.note(file.itemId, state)
    crc = await persist(work, failures)
  }
  await progress.note(file.itemId, { ...work.state, isDone: true, resume: null, crc })
}

/** Fetches a file until it is in place. Resolves to its checksum in a zip. `failuresBefore` are those in a row before this turn. */
async function persist(work: Work, failuresBefore: number): Promise<number | null> {
  const { file, save, progress, paths, links, tally, waits, zip, slot, stop, queue } = work
  const waiting = { itemId: file.itemId, slot, stop }
  let [failures, refusals, renames] = [failuresBefore, 0, 0]
  let ending: Ending | null = null
  for (;;) {
    await waits.untilReady(waiting, (place) => tally.spaceProblem(place, tally.neededBytesOf(file)))
    if (ending?.kind === 'failed' && ending.isFolder) await paths.makeFolders(file.folder)
    if (ending !== null) {
      // The process that saves may have ended right after the file got its name, or came to its place in the zip.
      if (zip === null && (await paths.isInPlace(file, work.state))) return null
      const crc = progress.get(file.itemId)?.crc ?? null
      if (crc !== null) {
        await paths.removePart(work.state.path, file.itemId)
        return crc
      }
    }
    const listed = ending === null && failures === 0 ? listedLately(file) : null
    const url = await waits.patiently(waiting, () => links.of(file, listed, { stop, isAlone: true }))
    const before = tally.storedBytes(file.itemId)
    const isFresh = ending === null || (ending.kind === 'failed' && ending.isTaken)
    const original = isFresh && zip === null ? await work.original(file, stop) : null
    const withdrawn = links.untilWithdrawn([url])
    ending = await attempt(work, { link: url, original, withdrawn })
    // Noted even when it was stopped in the meantime.
    if (ending.kind === 'done') return ending.crc
    stop.throwIfAborted()
    // Where the token may be sent is found out anew.
    if (withdrawn.aborted) continue
    if (ending.kind === 'cancelled') throw new AppError('cancelled', 'Saving was stopped.')
    if (await links.allowRedirect(file, ending.tokenOrigin)) continue
    // A listed address may be out of date, and only a new one tells what is wrong.
    if (listed !== null && !ending.isTaken && !ending.isPassing) continue
    const isMore = tally.storedBytes(file.itemId) > before
    failures = isMore ? 0 : failures + 1
    refusals = isMore || !ending.isFolder ? 0 : refusals + 1
    // Where files are replaced, only a folder takes a name.
    if (ending.isTaken && save.conflict !== 'skip' && renames < maxRenames) {
      renames += 1
      work.state = { ...work.state, path: await paths.another(file, work.state.path) }
      await progress.note(file.itemId, work.state)
      continue
    }
    if (!ending.isPassing && (!ending.isFolder || refusals > maxRefusals))
      throw new AppError('refused', ending.sentence)
    if (failures > 0 && ending.isPassing && queue.size > 0) return makeRoom(work, failures, ending.sentence)
    await waits.pause(waiting, Math.max(0, failures - 1), ending.sentence)
  }
}

/** Lets another file have the turn of one that cannot be had now, but not at once: it may be the same with all of them. */
async function makeRoom(
  { file, state, progress, waits, slot, stop }: Work,
  failures: number,
  sentence: string,
): Promise<never> {
  waits.setReason(file.itemId, sentence)
  slot.free()
  await progress.note(file.itemId, state)
  await wait(restMs(0), undefined, { signal: stop })
  throw new RestsForNow(failures)
}

/** Ends with `cancelled` also when `withdrawn` aborts. */
function attempt(
  work: Work,
  { link, original, withdrawn }: { link: string; original: string | null; withdrawn: AbortSignal },
): Promise<Ending> {
  const { file, save, progress, paths, links, tally, waits, zip, slot, stop } = work
  const { itemId, sizeBytes } = file
  const { path, resume } = work.state
  let notedAtMs = Number.NEGATIVE_INFINITY
  let version: string | null | undefined
  const tell: Tell = (message: OnTheWay) => {
    if (message.kind === 'progress') tally.setStored(itemId, message.bytes)
    else if (message.kind === 'trouble') {
      waits.setReason(itemId, message.sentence)
      // While it waits for a disk or a server, another file may move.
      if (message.sentence !== null) slot.free()
      else void slot.hold(stop).catch(() => undefined)
    } else if (message.kind === 'placing') {
      const { inodes, crc } = message
      work.state = { ...work.state, inode: inodes[0] ?? work.state.inode }
      return progress.note(itemId, { ...work.state, isDone: crc !== null, crc })
    } else {
      work.state = { ...work.state, resume: message.record, inode: message.inode ?? work.state.inode }
      const isOther = version !== message.record.validators.strong
      version = message.record.validators.strong
      if (isOther || performance.now() - notedAtMs >= recordEveryMs) {
        notedAtMs = performance.now()
        void progress.note(itemId, work.state)
      }
    }
    work.onChange()
  }
  return work.fetch(
    {
      id: randomUUID(),
      link,
      tokenOrigins: links.tokenOrigins,
      root: save.folder,
      partPath: paths.partOf(path, itemId),
      targetPath: join(save.folder, zip === null ? path : save.name),
      isReplacing: save.conflict === 'replace',
      // A server that tells no size lists none.
      sizeBytes: sizeBytes === 0 ? null : sizeBytes,
      resume,
      original,
      zip: zip === null ? null : { path: zip.zipPath, at: zip.atOf(itemId) },
    },
    AbortSignal.any([stop, withdrawn]),
    tell,
  )
}
