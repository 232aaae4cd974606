import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { diskCode, diskSentence, isPassingOnDisk } from '../../../engine/disk/disk-sentence.ts'
import { isFullDisk } from '../../../engine/fetch-error.ts'
import { AppError } from '../../../shared/errors.ts'
import type { ItemId } from '../../../shared/item.ts'
import type { BatchOutcome, BatchRequest, SaveRequest, ZipRequest } from '../../saver/messages.ts'
import { minStoredBytes } from '../accounts/stored-content.ts'
import type { FileProgress, ProgressFile } from './progress-file.ts'
import { type LinkOptions, SaveLinks } from './save-links.ts'
import { listedLately, listFiles, type SavedFile } from './save-listing.ts'
import { SavePaths } from './save-paths.ts'
import { type Place, type PlaceId, roomProblem, type SavePlaces } from './save-places.ts'
import { type Due, restMs, SaveQueue } from './save-queue.ts'
import { saveTogether, takeTogether } from './save-together.ts'
import type { Ending, OnTheWay, Tell } from './saver-process.ts'
import type { Slot } from './slots.ts'
import type { StoredSave } from './stored-save.ts'
import { ZipPlan } from './zip-plan.ts'

const lookAgainMs = 1000
const recordEveryMs = 1000
/** How often a file gets another name because the last one was taken at the end. */
const maxRenames = 20
/** How often a folder that seems to be there may refuse a file. */
const maxRefusals = 3
/** How many files of one save are begun at a time, also while they wait and hold no slot. */
const maxBegun = 12

const otherFolder =
  'The disk of the folder to save in is not there. To save in the folder that is in its place, pause and resume.'

/** What a job needs from the others. */
export interface JobOptions extends LinkOptions {
  save: StoredSave
  progress: ProgressFile
  places: SavePlaces
  /** The path of a file with the same content, which can be cloned; null if there is none. */
  original(file: SavedFile, stop: AbortSignal): Promise<string | null>
  /** Waits for its turn. */
  slot(signal: AbortSignal, sizeBytes: number): Promise<Slot>
  fetch(request: SaveRequest, signal: AbortSignal, tell: Tell): Promise<Ending>
  /** Resolves to null when it was interrupted. */
  fetchBatch(request: BatchRequest, signal: AbortSignal, tell: Tell): Promise<BatchOutcome[] | null>
  finishZip(request: ZipRequest, signal: AbortSignal): Promise<Ending>
  /** Called when it is known which folder the target is. */
  onPlace(id: PlaceId): void
  signal: AbortSignal
}

interface Turn {
  slot: Slot
  stop: AbortSignal
  /** Those that wait for their turn. */
  queue: SaveQueue
}

/** A file that is being saved. */
interface Work extends Turn {
  file: SavedFile
  progress: FileProgress
  /** How often in a row it could not be had when its turn came before. */
  failures: number
}

/** A file cannot be had now, while others wait for their turn. */
class RestsForNow extends Error {
  readonly failures: number

  constructor(failures: number) {
    super('it is tried again later')
    this.failures = failures
  }
}

/** Saves one file or one folder, until everything is there or cannot be had. */
export class SaveJob {
  readonly #options: JobOptions
  #files: SavedFile[] | null = null
  #doneFiles = 0
  #doneBytes = 0
  /** How much is there of files that are not finished. */
  readonly #stored = new Map<ItemId, number>()
  /** Of files that are saved together, the first stands for all of them, here and below. */
  readonly #begun = new Set<ItemId>()
  /** How much of what is not finished takes no space, because it can be cloned. */
  #cloneableBytes = 0
  /** Why files wait; for null, why all of them do. */
  readonly #reasons = new Map<ItemId | null, string>()
  readonly #links: SaveLinks
  readonly #paths: SavePaths
  #place: PlaceId | null
  /** Null where files are saved as they are. */
  #zip: ZipPlan | null = null
  #name: string

  constructor(options: JobOptions) {
    this.#options = options
    this.#paths = new SavePaths(options.save, options.progress)
    this.#links = new SaveLinks(options, options.save)
    this.#place = options.save.place
    this.#name = options.save.name
  }

  get isListing(): boolean {
    return this.#files === null && this.#reasons.size === 0
  }

  get isMoving(): boolean {
    return [...this.#begun].some((itemId) => !this.#reasons.has(itemId))
  }

  get reason(): string | null {
    const [first] = this.#reasons.values()
    return this.#links.question?.sentence ?? first ?? null
  }

  /** The first of the origins that the person has to agree to. */
  get untrustedOrigin(): string | null {
    return this.#links.question?.origin ?? null
  }

  /** True while another folder is in the place of the one in which the save began. */
  get isElsewhere(): boolean {
    return [...this.#reasons.values()].includes(otherFolder)
  }

  /** The name that a zip got in the end. */
  get name(): string {
    return this.#name
  }

  get savedBytes(): number {
    return this.#doneBytes + [...this.#stored.values()].reduce((sum, bytes) => sum + bytes, 0)
  }

  get sizeBytes(): number | null {
    return this.#files?.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) ?? this.#options.save.sizeBytes
  }

  get doneFiles(): number {
    return this.#doneFiles
  }

  get totalFiles(): number | null {
    return this.#files?.length ?? null
  }

  /**
   * Resolves with the sentences of files that could not be saved. Rejects when it is stopped, or when something unexpected fails. Nothing
   * of it runs any more when it has ended.
   */
  async run(): Promise<string[]> {
    const { save, signal, places } = this.#options
    const failing = new AbortController()
    const stop = AbortSignal.any([signal, failing.signal])
    const problems: string[] = []
    const running = new Set<Promise<void>>()
    try {
      const queue = new SaveQueue(await this.#prepare(stop))
      while (queue.size > 0 || running.size > 0) {
        if (running.size >= maxBegun) await Promise.race(running)
        const next = queue.take()
        if (next === null) {
          await queue.changed(running, stop)
          continue
        }
        const { file } = next
        // Not more than the share of each connection.
        const most = Math.ceil((queue.size + 1) / maxBegun)
        const files = takeTogether(next, { ...this.#options, queue, most })
        const slot = await this.#options.slot(stop, file.sizeBytes)
        const turn = { slot, stop, queue }
        const work = (files.length > 1 ? this.#saveTogether(files, turn) : this.#saveOne(next, turn))
          .then(() => this.#forget(file))
          .catch((error: unknown) => {
            if (error instanceof RestsForNow) return queue.rest(file, error.failures)
            const origin = error instanceof AppError ? error.origin : null
            if (error instanceof AppError && origin !== null) {
              this.#setReason(file.itemId, null)
              return queue.hold(file, origin, () => this.#links.untilTrusted(origin, error.message, stop))
            }
            this.#forget(file)
            if (stop.aborted) return
            if (error instanceof AppError) problems.push(`“${file.name}”: ${error.message}`)
            else failing.abort(error)
          })
          .finally(() => {
            slot.end()
            this.#begun.delete(file.itemId)
            running.delete(work)
            this.#options.onChange()
          })
        running.add(work)
      }
    } finally {
      // One that fails stops the others.
      await Promise.all(running)
      places.release(save.id)
    }
    stop.throwIfAborted()
    if (this.#zip !== null && problems.length === 0) await this.#finishZip(this.#zip, stop)
    return problems
  }

  /** Lists what is to be saved, and waits until there is space for what is left of it, which it returns. */
  async #prepare(stop: AbortSignal): Promise<SavedFile[]> {
    const { save, places } = this.#options
    if (save.isZip) {
      this.#zip = await this.#planZip(stop)
      this.#files = [...this.#zip.files]
      const name = await this.#zip.finishedName()
      if (name !== null) return this.#endEarly(name)
    } else if (save.isFolder) this.#files = await this.#list(stop)
    else {
      const { itemId, name, sizeBytes } = save
      this.#files = [{ itemId, name, folder: '', sizeBytes: sizeBytes ?? 0, listed: null }]
    }
    const left = this.#files.filter((one) => !this.#isDone(one))
    for (const { itemId, sizeBytes } of left) {
      const bytes = await this.#paths.storedBytes(itemId)
      if (bytes > 0) this.#stored.set(itemId, Math.min(bytes, sizeBytes))
    }
    if (this.#zip !== null) await this.#paths.removeDoneParts()
    // A file that goes into a zip is there twice for a moment.
    const largest = left.map(({ sizeBytes }) => sizeBytes).sort((one, other) => other - one)
    const twice = save.isZip ? largest.slice(0, maxBegun).reduce((sum, bytes) => sum + bytes, 0) : 0
    const neededBytes = () => Math.max(0, (this.sizeBytes ?? 0) - this.savedBytes - this.#cloneableBytes) + twice
    const problemOf = (seen: Place) => this.#roomProblem(seen, neededBytes(), places.claimedBytes(seen, save.id))
    // Clones take no space, but whether the volume can make them is not known before one is made.
    if (problemOf(await during(stop, places.look(save.folder))) !== null) await this.#countClones(left, stop)
    const place = await this.#whenReady(null, stop, problemOf)
    places.claim(save.id, place, neededBytes)
    return left
  }

  /** Where clones are all that is left, it does not matter how little space there is. */
  #roomProblem(place: Place, neededBytes: number, claimedBytes = 0): string | null {
    return neededBytes === 0 && this.#cloneableBytes > 0 ? null : roomProblem(place, neededBytes, claimedBytes)
  }

  async #countClones(files: readonly SavedFile[], stop: AbortSignal): Promise<void> {
    const large = files.filter((file) => this.#zip === null && isCloneable(file) && !this.#stored.has(file.itemId))
    const [first] = large
    const original = first === undefined ? null : await this.#options.original(first, stop)
    if (first === undefined || original === null || !(await this.#paths.canClone(original, first))) return
    this.#cloneableBytes = large.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  }

  /** Putdesk ended between giving the zip its name and noting that. */
  #endEarly(name: string): SavedFile[] {
    for (const file of this.#files ?? []) this.#finish(file)
    this.#name = name
    this.#zip = null
    return []
  }

  #planZip(stop: AbortSignal): Promise<ZipPlan> {
    const { save, progress } = this.#options
    const waiting = { itemId: null, slot: null, stop }
    const client = () => this.#options.client().during(stop)
    return ZipPlan.of(save, progress, {
      item: (itemId) => this.#patiently(waiting, () => client().item(itemId)),
      list: (folderId) => this.#patiently(waiting, () => client().listItems(folderId)),
    })
  }

  /** Completes the zip, and gives it its name. */
  async #finishZip(zip: ZipPlan, stop: AbortSignal): Promise<void> {
    const { save, client, isTrusted, finishZip } = this.#options
    const waiting = { itemId: null, slot: null, stop }
    const askOrigin = () => this.#patiently(waiting, () => zip.origin(client().during(stop), isTrusted))
    const origin = await this.#links.onceTrusted(askOrigin, stop)
    for (let failures = 0; ; failures++) {
      await this.#whenReady(null, stop)
      this.#setReason(null, 'The zip is being completed and checked.')
      const ending = await finishZip({ id: randomUUID(), ...(await zip.finish(this.#name, origin)) }, stop)
      this.#setReason(null, null)
      stop.throwIfAborted()
      if (ending.kind === 'done') return
      if (ending.kind === 'cancelled') throw new AppError('cancelled', 'Saving was stopped.')
      if (ending.isTaken && save.conflict === 'keep-both' && failures < maxRenames)
        this.#name = await this.#paths.another({ folder: '', name: save.name }, this.#name)
      else if (ending.isPassing || ending.isFolder) await this.#pause(waiting, failures, ending.sentence)
      else {
        if (!ending.isTaken) await zip.forget()
        throw new AppError('refused', ending.sentence)
      }
    }
  }

  #isDone(file: SavedFile): boolean {
    const { itemId, sizeBytes } = file
    if (this.#zip !== null ? !this.#zip.isInPlace(file) : this.#options.progress.get(itemId)?.isDone !== true)
      return false
    this.#doneFiles += 1
    this.#doneBytes += sizeBytes
    return true
  }

  async #list(stop: AbortSignal): Promise<SavedFile[]> {
    const ask = (folderId: ItemId) =>
      this.#patiently({ itemId: null, slot: null, stop }, () =>
        this.#options.client().during(stop).listWithAddresses(folderId),
      )
    for (let refusals = 0; ; refusals++) {
      await this.#whenReady(null, stop)
      try {
        return await listFiles(this.#options.save, ask)
      } catch (error) {
        const code = diskCode(error)
        if (!isPassingOnDisk(code)) throw error
        if (refusals >= maxRefusals && !isFullDisk(error))
          throw new AppError('refused', diskSentence(code), { cause: error })
        await this.#pause({ itemId: null, slot: null, stop }, refusals, diskSentence(code))
      }
    }
  }

  /** What is shown of a file that is not finished. */
  #forget({ itemId }: SavedFile): void {
    this.#stored.delete(itemId)
    this.#reasons.delete(itemId)
  }

  async #saveOne({ file, failures }: Due, { slot, stop, queue }: Turn): Promise<void> {
    const { progress } = this.#options
    this.#begun.add(file.itemId)
    const known = progress.get(file.itemId)
    const path = this.#zip?.pathOf(file) ?? known?.path ?? (await this.#paths.choose(file))
    if (path === null) return this.#finish(file)
    const state: FileProgress = {
      path,
      isDone: false,
      inode: known?.inode ?? null,
      resume: known?.resume ?? null,
      crc: null,
    }
    const work: Work = { file, failures, progress: state, slot, stop, queue }
    let crc: number | null = null
    if (this.#zip !== null || !(await this.#paths.isInPlace(file, state))) {
      await progress.note(file.itemId, work.progress)
      crc = await this.#persist(work)
    }
    await progress.note(file.itemId, { ...work.progress, isDone: true, resume: null, crc })
    this.#finish(file)
  }

  /** Saves small files together. What does not work at the first attempt is put back, and saved alone. */
  async #saveTogether(files: readonly SavedFile[], { slot, stop, queue }: Turn): Promise<void> {
    const [first] = files
    if (first === undefined) return
    this.#begun.add(first.itemId)
    const outcomes = await saveTogether(files, {
      ...this.#options,
      paths: this.#paths,
      stop,
      whenReady: async (neededBytes) => {
        await this.#whenReady(slot, stop, (place) => this.#roomProblem(place, neededBytes), first.itemId)
      },
      tokenOrigins: this.#links.tokenOrigins,
      urlOf: (file) => this.#links.of(file, listedLately(file), { stop, isAlone: false }),
      onProgress: (bytes) => {
        this.#stored.set(first.itemId, bytes)
        this.#options.onChange()
      },
    })
    for (const [index, file] of files.entries()) {
      const outcome = outcomes[index] ?? 'left'
      if (outcome === 'saved') this.#finish(file)
      else queue.putBack(file, { mayJoin: outcome === 'untried' })
    }
  }

  /** Fetches a file until it is in place. Resolves to its checksum in a zip. Throws `refused` when that cannot be. */
  async #persist(work: Work): Promise<number | null> {
    const { file, slot, stop, queue } = work
    const waiting = { itemId: file.itemId, slot, stop }
    let [failures, refusals, renames] = [work.failures, 0, 0]
    let ending: Ending | null = null
    for (;;) {
      await this.#whenReady(slot, stop, (place) => this.#roomProblem(place, this.#missingBytes(file)), file.itemId)
      if (ending?.kind === 'failed' && ending.isFolder) await this.#paths.makeFolders(file.folder)
      if (ending !== null) {
        // The process that saves may have ended right after the file got its name, or came to its place in the zip.
        if (this.#zip === null && (await this.#paths.isInPlace(file, work.progress))) return null
        const crc = this.#options.progress.get(file.itemId)?.crc ?? null
        if (crc !== null) {
          await this.#paths.removePart(work.progress.path, file.itemId)
          return crc
        }
      }
      const listed = ending === null && failures === 0 ? listedLately(file) : null
      const url = await this.#patiently(waiting, () => this.#links.of(file, listed, { stop, isAlone: true }))
      const before = this.#stored.get(file.itemId)
      const isFresh = ending === null || (ending.kind === 'failed' && ending.isTaken)
      const original = isFresh && this.#zip === null ? await this.#options.original(file, stop) : null
      ending = await this.#attempt(work, url, original)
      // Noted even when it was stopped in the meantime.
      if (ending.kind === 'done') return ending.crc
      stop.throwIfAborted()
      if (ending.kind === 'cancelled') throw new AppError('cancelled', 'Saving was stopped.')
      if (await this.#links.allowRedirect(file, ending.tokenOrigin)) continue
      // A listed address may be out of date, and only a new one tells what is wrong.
      if (listed !== null && !ending.isTaken && !ending.isPassing) continue
      const isMore = (this.#stored.get(file.itemId) ?? 0) > (before ?? 0)
      failures = isMore ? 0 : failures + 1
      refusals = isMore || !ending.isFolder ? 0 : refusals + 1
      if (ending.isTaken && this.#options.save.conflict === 'keep-both' && renames < maxRenames) {
        renames += 1
        work.progress = { ...work.progress, path: await this.#paths.another(file, work.progress.path) }
        await this.#options.progress.note(file.itemId, work.progress)
        continue
      }
      if (!ending.isPassing && (!ending.isFolder || refusals > maxRefusals))
        throw new AppError('refused', ending.sentence)
      if (failures > 0 && ending.isPassing && queue.size > 0) return this.#makeRoom(work, failures, ending.sentence)
      await this.#pause(waiting, Math.max(0, failures - 1), ending.sentence)
    }
  }

  /** Lets another file have the turn of one that cannot be had now, but not at once: it may be the same with all of them. */
  async #makeRoom({ file, progress, slot, stop }: Work, failures: number, sentence: string): Promise<never> {
    this.#setReason(file.itemId, sentence)
    slot.free()
    await this.#options.progress.note(file.itemId, progress)
    await wait(restMs(0), undefined, { signal: stop })
    throw new RestsForNow(failures)
  }

  #attempt(work: Work, link: string, original: string | null): Promise<Ending> {
    const { save, progress } = this.#options
    const { file, slot, stop } = work
    const { itemId, sizeBytes } = file
    const { path, resume } = work.progress
    let notedAtMs = Number.NEGATIVE_INFINITY
    let version: string | null | undefined
    const tell: Tell = (message: OnTheWay) => {
      if (message.kind === 'progress') this.#stored.set(itemId, message.bytes)
      else if (message.kind === 'trouble') {
        this.#setReason(itemId, message.sentence)
        // While it waits for a disk or a server, another file may move.
        if (message.sentence !== null) slot.free()
        else void slot.hold(stop).catch(() => undefined)
      } else if (message.kind === 'placing') {
        const { inodes, crc } = message
        work.progress = { ...work.progress, inode: inodes[0] ?? work.progress.inode }
        return progress.note(itemId, { ...work.progress, isDone: crc !== null, crc })
      } else {
        work.progress = { ...work.progress, resume: message.record, inode: message.inode ?? work.progress.inode }
        const isOther = version !== message.record.validators.strong
        version = message.record.validators.strong
        if (isOther || performance.now() - notedAtMs >= recordEveryMs) {
          notedAtMs = performance.now()
          void progress.note(itemId, work.progress)
        }
      }
      this.#options.onChange()
    }
    return this.#options.fetch(
      {
        id: randomUUID(),
        link,
        tokenOrigins: this.#links.tokenOrigins,
        root: save.folder,
        partPath: this.#paths.partOf(path, itemId),
        targetPath: join(save.folder, this.#zip === null ? path : save.name),
        isReplacing: save.conflict === 'replace',
        // A server that tells no size lists none.
        sizeBytes: sizeBytes === 0 ? null : sizeBytes,
        resume,
        original,
        zip: this.#zip === null ? null : { path: this.#zip.zipPath, at: this.#zip.atOf(itemId) },
      },
      stop,
      tell,
    )
  }

  #finish(file: SavedFile): void {
    const { itemId, sizeBytes } = file
    if (isCloneable(file)) this.#cloneableBytes = Math.max(0, this.#cloneableBytes - sizeBytes)
    this.#stored.delete(itemId)
    this.#doneFiles += 1
    this.#doneBytes += sizeBytes
  }

  #missingBytes(file: SavedFile): number {
    const stored = this.#stored.get(file.itemId) ?? 0
    return this.#cloneableBytes > 0 && isCloneable(file) && stored === 0 ? 0 : Math.max(0, file.sizeBytes - stored)
  }

  /** Waits until the target folder is there and nothing else speaks against it. A slot is given to others in the meantime. */
  async #whenReady(
    slot: Slot | null,
    stop: AbortSignal,
    problemOf: (place: Place) => string | null = () => null,
    itemId: ItemId | null = null,
  ): Promise<Place> {
    const { places, save } = this.#options
    for (;;) {
      const place = await during(stop, places.look(save.folder))
      const problem = place.problem ?? (await this.#identityProblem(place)) ?? problemOf(place)
      this.#setReason(itemId, problem)
      if (problem === null) {
        await slot?.hold(stop)
        return place
      }
      slot?.free()
      await wait(lookAgainMs, undefined, { signal: stop })
    }
  }

  /**
   * Why a folder is not the one in which the save began: a disk that is not mounted leaves an empty folder in its place. Numbers of a
   * disk may change from time to time, so another folder is accepted if something of this save is in it.
   */
  async #identityProblem({ id }: Place): Promise<string | null> {
    const before = this.#place
    if (id === null || (before?.dev === id.dev && before.ino === id.ino)) return null
    const isOther = before !== null && before.dev !== id.dev && before.ino !== id.ino
    if (isOther && !(await this.#paths.hasSomething())) return otherFolder
    this.#place = id
    this.#options.onPlace(id)
    return null
  }

  /** Asks the service again until it answers. What it refuses is not asked again. */
  async #patiently<T>(waiting: Waiting, ask: () => Promise<T>): Promise<T> {
    for (let failures = 0; ; failures++) {
      try {
        return await ask()
      } catch (error) {
        waiting.stop.throwIfAborted()
        if (!(error instanceof AppError) || error.code !== 'unreachable') throw error
        await this.#pause(waiting, failures, error.message)
      }
    }
  }

  /** Waits before another attempt, and lets others have the slot in the meantime. */
  async #pause({ itemId, slot, stop }: Waiting, failures: number, sentence: string): Promise<void> {
    this.#setReason(itemId, sentence)
    slot?.free()
    await wait(restMs(failures), undefined, { signal: stop })
    await slot?.hold(stop)
    this.#setReason(itemId, null)
  }

  #setReason(itemId: ItemId | null, sentence: string | null): void {
    if ((this.#reasons.get(itemId) ?? null) === sentence) return
    if (sentence === null) this.#reasons.delete(itemId)
    else this.#reasons.set(itemId, sentence)
    this.#options.onChange()
  }
}

function isCloneable({ sizeBytes }: SavedFile): boolean {
  return sizeBytes >= minStoredBytes
}

interface Waiting {
  /** Null for the whole save. */
  itemId: ItemId | null
  slot: Slot | null
  stop: AbortSignal
}

/** The same, but rejects at once when the signal aborts. */
function during<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const leave = () => reject(signal.reason)
    signal.addEventListener('abort', leave, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}
