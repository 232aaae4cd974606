import { randomUUID } from 'node:crypto'
import { diskCode, diskSentence, isPassingOnDisk } from '../../../engine/disk/disk-sentence.ts'
import { isFullDisk } from '../../../engine/fetch-error.ts'
import { AppError } from '../../../shared/errors.ts'
import type { ItemId } from '../../../shared/item.ts'
import type { ZipRequest } from '../../saver/messages.ts'
import type { ProgressFile } from './progress-file.ts'
import { type AloneOptions, maxRefusals, maxRenames, RestsForNow, saveAlone } from './save-alone.ts'
import { type LinkOptions, SaveLinks } from './save-links.ts'
import { listedLately, listFiles, type SavedFile } from './save-listing.ts'
import { SavePaths } from './save-paths.ts'
import type { Place } from './save-places.ts'
import { type Due, SaveQueue } from './save-queue.ts'
import { SaveTally } from './save-tally.ts'
import { saveTogether, type TogetherOptions, takeTogether } from './save-together.ts'
import { SaveWaits, type Waiting, type WaitOptions } from './save-waits.ts'
import type { Ending } from './saver-process.ts'
import type { Slot } from './slots.ts'
import { ZipPlan } from './zip-plan.ts'

/** How many files of one save are begun at a time, also while they wait and hold no slot. */
const maxBegun = 12

/** What a job needs from the others. */
export interface JobOptions
  extends LinkOptions,
    WaitOptions,
    Pick<AloneOptions, 'original' | 'fetch'>,
    Pick<TogetherOptions, 'fetchBatch'> {
  progress: ProgressFile
  /** Waits for its turn. */
  slot(signal: AbortSignal, sizeBytes: number): Promise<Slot>
  finishZip(request: ZipRequest, signal: AbortSignal): Promise<Ending>
  signal: AbortSignal
}

type Turn = Pick<AloneOptions, 'slot' | 'stop' | 'queue'>

/** Saves one file or one folder, until everything is there or cannot be had. */
export class SaveJob {
  readonly tally: SaveTally
  readonly #options: JobOptions
  /** Of files that are saved together, the first stands for all of them. */
  readonly #begun = new Set<ItemId>()
  readonly #links: SaveLinks
  readonly #paths: SavePaths
  readonly #waits: SaveWaits
  /** Null where files are saved as they are. */
  #zip: ZipPlan | null = null
  #name: string

  constructor(options: JobOptions) {
    const { save, progress } = options
    this.#options = options
    this.tally = new SaveTally(save.sizeBytes)
    this.#paths = new SavePaths(save, progress)
    this.#links = new SaveLinks(options, save)
    this.#waits = new SaveWaits(options, this.#paths)
    this.#name = save.name
  }

  get isListing(): boolean {
    return this.tally.totalFiles === null && this.#waits.reason === null
  }

  get isMoving(): boolean {
    return [...this.#begun].some((itemId) => !this.#waits.has(itemId))
  }

  get reason(): string | null {
    return this.#links.question?.sentence ?? this.#waits.reason
  }

  /** The first of the origins that the person has to agree to. */
  get untrustedOrigin(): string | null {
    return this.#links.question?.origin ?? null
  }

  /** True while another folder is in the place of the one in which the save began. */
  get isElsewhere(): boolean {
    return this.#waits.isElsewhere
  }

  /** True while the folder to save in is not there, or cannot be used. */
  get lacksFolder(): boolean {
    return this.#waits.lacksFolder
  }

  /** The name that a zip got in the end. */
  get name(): string {
    return this.#name
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
        this.#begun.add(file.itemId)
        const work = (files.length > 1 ? this.#saveTogether(files, turn) : this.#saveAlone(next, turn))
          .then(() => this.#forget(file))
          .catch((error: unknown) => {
            if (error instanceof RestsForNow) return queue.rest(file, error.failures)
            const origin = error instanceof AppError ? error.origin : null
            if (error instanceof AppError && origin !== null) {
              this.#waits.setReason(file.itemId, null)
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
    const files = await this.#listAll(stop)
    this.tally.setFiles(files)
    const finishedName = (await this.#zip?.finishedName()) ?? null
    if (finishedName !== null) {
      // Putdesk ended between giving the zip its name and noting that.
      for (const file of files) this.tally.finish(file)
      this.#name = finishedName
      this.#zip = null
      return []
    }
    const left: SavedFile[] = []
    for (const file of files) {
      if (this.#isDone(file)) this.tally.finish(file)
      else left.push(file)
    }
    for (const { itemId, sizeBytes } of left) {
      const bytes = await this.#paths.storedBytes(itemId)
      if (bytes > 0) this.tally.setStored(itemId, Math.min(bytes, sizeBytes))
    }
    if (this.#zip !== null) await this.#paths.removeDoneParts()
    await this.#claimSpace(left, stop)
    return left
  }

  async #claimSpace(left: readonly SavedFile[], stop: AbortSignal): Promise<void> {
    const { save, places } = this.#options
    // A file that goes into a zip is there twice for a moment.
    const largest = left.map(({ sizeBytes }) => sizeBytes).sort((one, other) => other - one)
    const twice = save.isZip ? largest.slice(0, maxBegun).reduce((sum, bytes) => sum + bytes, 0) : 0
    const neededBytes = () => this.tally.neededBytes + twice
    const problemOf = (place: Place) =>
      this.tally.spaceProblem(place, neededBytes(), places.claimedBytes(place, save.id))
    // Clones take no space, but whether the volume can make them is not known before one is made.
    if (problemOf(await this.#waits.look(stop)) !== null) await this.#countClones(left, stop)
    const place = await this.#waits.untilReady(whole(stop), problemOf)
    places.claim(save.id, place, neededBytes)
  }

  async #countClones(left: readonly SavedFile[], stop: AbortSignal): Promise<void> {
    const files = this.#zip === null ? this.tally.cloneable(left) : []
    const [first] = files
    const original = first === undefined ? null : await this.#options.original(first, stop)
    if (first === undefined || original === null || !(await this.#paths.canClone(original, first))) return
    this.tally.setCloneable(files)
  }

  /** All files of the save, also those that are there. */
  async #listAll(stop: AbortSignal): Promise<readonly SavedFile[]> {
    const { isZip, isFolder, itemId, name, sizeBytes } = this.#options.save
    if (isZip) {
      this.#zip = await this.#planZip(stop)
      return this.#zip.files
    }
    if (isFolder) return this.#listFolder(stop)
    return [{ itemId, name, folder: '', sizeBytes: sizeBytes ?? 0, listed: null }]
  }

  #planZip(stop: AbortSignal): Promise<ZipPlan> {
    const { save, progress } = this.#options
    const client = () => this.#options.client().during(stop)
    return ZipPlan.of(save, progress, {
      item: (itemId) => this.#waits.patiently(whole(stop), () => client().item(itemId)),
      list: (folderId) => this.#waits.patiently(whole(stop), () => client().listItems(folderId)),
    })
  }

  async #listFolder(stop: AbortSignal): Promise<SavedFile[]> {
    const ask = (folderId: ItemId) =>
      this.#waits.patiently(whole(stop), () => this.#options.client().during(stop).listWithAddresses(folderId))
    for (let refusals = 0; ; refusals++) {
      await this.#waits.untilReady(whole(stop))
      try {
        return await listFiles(this.#options.save, ask)
      } catch (error) {
        const code = diskCode(error)
        if (!isPassingOnDisk(code)) throw error
        if (refusals >= maxRefusals && !isFullDisk(error))
          throw new AppError('refused', diskSentence(code), { cause: error })
        await this.#waits.pause(whole(stop), refusals, diskSentence(code))
      }
    }
  }

  #isDone(file: SavedFile): boolean {
    return this.#zip?.isInPlace(file) ?? this.#options.progress.get(file.itemId)?.isDone === true
  }

  async #saveAlone(due: Due, turn: Turn): Promise<void> {
    const { tally } = this
    const parts = { tally, paths: this.#paths, links: this.#links, waits: this.#waits, zip: this.#zip }
    await saveAlone(due, { ...this.#options, ...parts, ...turn })
    tally.finish(due.file)
  }

  /** Saves small files together. What does not work at the first attempt is put back, and saved alone. */
  async #saveTogether(files: readonly SavedFile[], { slot, stop, queue }: Turn): Promise<void> {
    const [first] = files
    if (first === undefined) return
    const waiting = { itemId: first.itemId, slot, stop }
    const outcomes = await saveTogether(files, {
      ...this.#options,
      paths: this.#paths,
      stop,
      whenReady: async (neededBytes) => {
        await this.#waits.untilReady(waiting, (place) => this.tally.spaceProblem(place, neededBytes))
      },
      tokenOrigins: this.#links.tokenOrigins,
      untilWithdrawn: (links) => this.#links.untilWithdrawn(links),
      urlOf: (file) => this.#links.of(file, listedLately(file), { stop, isAlone: false }),
      onProgress: (bytes) => {
        this.tally.setStored(first.itemId, bytes)
        this.#options.onChange()
      },
    })
    for (const [index, file] of files.entries()) {
      const outcome = outcomes[index] ?? 'left'
      if (outcome === 'saved') this.tally.finish(file)
      else queue.putBack(file, { mayJoin: outcome === 'untried' })
    }
  }

  /** What is shown of a file that is not finished. */
  #forget({ itemId }: SavedFile): void {
    this.tally.forget(itemId)
    this.#waits.setReason(itemId, null)
  }

  /** Completes the zip, and gives it its name. */
  async #finishZip(zip: ZipPlan, stop: AbortSignal): Promise<void> {
    const { save, client, isTrusted, finishZip } = this.#options
    const askOrigin = () => this.#waits.patiently(whole(stop), () => zip.origin(client().during(stop), isTrusted))
    const origin = await this.#links.onceTrusted(askOrigin, stop)
    for (let failures = 0; ; failures++) {
      await this.#waits.untilReady(whole(stop))
      this.#waits.setReason(null, 'The zip is being completed and checked.')
      const ending = await finishZip({ id: randomUUID(), ...(await zip.finish(this.#name, origin)) }, stop)
      this.#waits.setReason(null, null)
      stop.throwIfAborted()
      if (ending.kind === 'done') return
      if (ending.kind === 'cancelled') throw new AppError('cancelled', 'Saving was stopped.')
      if (ending.isTaken && save.conflict !== 'skip' && failures < maxRenames)
        this.#name = await this.#paths.another({ folder: '', name: save.name }, this.#name)
      else if (ending.isPassing || ending.isFolder) await this.#waits.pause(whole(stop), failures, ending.sentence)
      else {
        if (!ending.isTaken) await zip.forget()
        throw new AppError('refused', ending.sentence)
      }
    }
  }
}

/** The whole save waits. */
function whole(stop: AbortSignal): Waiting {
  return { itemId: null, slot: null, stop }
}
