import { randomUUID } from 'node:crypto'
import { lstat, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { safeName } from '../../../engine/text/names.ts'
import { AppError } from '../../../shared/errors.ts'
import type { Item, ItemId } from '../../../shared/item.ts'
import type { SaveRequest } from '../../saver/messages.ts'
import type { PutioClient } from '../putio/client.ts'
import type { FileProgress, ProgressFile } from './progress-file.ts'
import { openSubfolder, TakenNames } from './save-folder.ts'
import type { Ending, OnTheWay } from './saver-process.ts'
import type { Slot } from './slots.ts'
import type { StoredSave } from './stored-save.ts'

const minRetryMs = 1000
const maxRetryMs = 60_000
const recordEveryMs = 1000
/** How often a file gets another name because the last one was taken at the end. */
const maxRenames = 20

/** What a job needs from the others. */
export interface JobOptions {
  save: StoredSave
  progress: ProgressFile
  client(): PutioClient
  isTrusted(origin: string): boolean
  /** Waits for its turn. */
  slot(signal: AbortSignal): Promise<Slot>
  fetch(request: SaveRequest, signal: AbortSignal, tell: (message: OnTheWay) => void): Promise<Ending>
  onChange(): void
  signal: AbortSignal
}

/** A file of the save, and the folder that it goes to. */
interface File {
  itemId: ItemId
  name: string
  /** Relative to the target folder, with slashes; empty for the target folder itself. */
  folder: string
  sizeBytes: number
}

/** Saves one file or one folder, until everything is there or cannot be had. */
export class SaveJob {
  readonly #options: JobOptions
  #files: File[] | null = null
  #doneFiles = 0
  #doneBytes = 0
  readonly #running = new Map<ItemId, number>()
  /** Which item each path was given to in earlier runs. */
  #owners: Map<string, ItemId> | null = null
  reason: string | null = null

  constructor(options: JobOptions) {
    this.#options = options
  }

  get isListing(): boolean {
    return this.#files === null
  }

  get isMoving(): boolean {
    return this.#running.size > 0
  }

  get savedBytes(): number {
    return this.#doneBytes + [...this.#running.values()].reduce((sum, bytes) => sum + bytes, 0)
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
    const { save, signal } = this.#options
    const failing = new AbortController()
    const stop = AbortSignal.any([signal, failing.signal])
    const problems: string[] = []
    const running = new Set<Promise<void>>()
    try {
      this.#files = save.isFolder
        ? await this.#list()
        : [{ itemId: save.itemId, name: save.name, folder: '', sizeBytes: save.sizeBytes ?? 0 }]
      this.#options.onChange()
      const names = new Map<string, Promise<TakenNames>>()
      for (const file of this.#files.filter((one) => !this.#isDone(one))) {
        const slot = await this.#options.slot(stop)
        const work = this.#saveOne(file, { names, slot, stop })
          .catch((error: unknown) => {
            if (stop.aborted) return
            if (error instanceof AppError) problems.push(`“${file.name}”: ${error.message}`)
            else failing.abort(error)
          })
          .finally(() => {
            slot.free()
            this.#running.delete(file.itemId)
            running.delete(work)
            this.#options.onChange()
          })
        running.add(work)
      }
    } finally {
      // One that fails stops the others.
      await Promise.all(running)
    }
    stop.throwIfAborted()
    return problems
  }

  /** Removes what is not finished. */
  async removeParts(): Promise<void> {
    for (const [itemId, { path, isDone }] of this.#options.progress.all()) {
      if (isDone) continue
      const part = this.#partPath(path, itemId)
      for (const one of [part, `${part}.sums`, `${part}.sums.new`])
        await rm(one, { force: true }).catch(() => undefined)
    }
  }

  #isDone({ itemId, sizeBytes }: File): boolean {
    if (this.#options.progress.get(itemId)?.isDone !== true) return false
    this.#doneFiles += 1
    this.#doneBytes += sizeBytes
    return true
  }

  /** Every file below the folder, in the order of the listing. Creates the folders, also empty ones. */
  async #list(): Promise<File[]> {
    const { save, signal } = this.#options
    const files: File[] = []
    const walk = async (folderId: ItemId, folder: string): Promise<void> => {
      signal.throwIfAborted()
      const items = await this.#patiently(signal, null, () => this.#options.client().during(signal).listItems(folderId))
      const taken = TakenNames.none()
      for (const item of items.toSorted(byName)) {
        const name = taken.take(item.name)
        if (item.kind === 'folder') {
          await openSubfolder(join(save.folder, folder), name)
          await walk(item.id, `${folder}/${name}`)
        } else files.push({ itemId: item.id, name, folder, sizeBytes: item.sizeBytes })
      }
    }
    await openSubfolder(save.folder, save.name)
    await walk(save.itemId, save.name)
    return files
  }

  async #saveOne(
    file: File,
    { names, slot, stop }: { names: Map<string, Promise<TakenNames>>; slot: Slot; stop: AbortSignal },
  ): Promise<void> {
    const { save, progress } = this.#options
    const known = progress.get(file.itemId)
    const path = known?.path ?? (await this.#choosePath(file, names))
    if (path === null) {
      this.#finish(file)
      return
    }
    let state: FileProgress = { path, isDone: false, inode: known?.inode ?? null, resume: known?.resume ?? null }
    if (await this.#isInPlace(file, state)) {
      await progress.note(file.itemId, { ...state, isDone: true, resume: null })
      this.#finish(file)
      return
    }
    await progress.note(file.itemId, state)
    let renames = 0
    for (let failures = 0; ; failures++) {
      const { url } = await this.#patiently(stop, slot, () =>
        this.#options
          .client()
          .during(stop)
          .stream(file.itemId, 'save', (origin) => this.#options.isTrusted(origin)),
      )
      stop.throwIfAborted()
      let notedAtMs = Number.NEGATIVE_INFINITY
      let version: string | null | undefined
      const ending = await this.#options.fetch(
        {
          id: randomUUID(),
          link: url,
          partPath: this.#partPath(state.path, file.itemId),
          targetPath: join(save.folder, state.path),
          isReplacing: save.conflict === 'replace',
          // A server that tells no size lists none.
          sizeBytes: file.sizeBytes === 0 ? null : file.sizeBytes,
          resume: state.resume,
        },
        stop,
        (message) => {
          if (message.kind === 'progress') {
            failures = 0
            this.#running.set(file.itemId, message.bytes)
          } else if (message.kind === 'trouble') {
            this.reason = message.sentence
            // While it waits for a disk or a server, another file may move.
            if (message.sentence !== null) slot.free()
            else void slot.hold(stop).catch(() => undefined)
          } else {
            state = { ...state, resume: message.record, inode: message.inode ?? state.inode }
            const isOther = version !== message.record.validators.strong
            version = message.record.validators.strong
            if (isOther || performance.now() - notedAtMs >= recordEveryMs) {
              notedAtMs = performance.now()
              void progress.note(file.itemId, state)
            }
          }
          this.#options.onChange()
        },
      )
      stop.throwIfAborted()
      if (ending.kind === 'done') {
        await progress.note(file.itemId, { ...state, isDone: true, resume: null })
        this.reason = null
        this.#finish(file)
        return
      }
      if (ending.kind === 'cancelled') throw new AppError('cancelled', 'Saving was stopped.')
      if (ending.isTaken && save.conflict === 'keep-both' && renames < maxRenames) {
        renames += 1
        const taken = await TakenNames.of(join(save.folder, file.folder))
        // The folder may be one that cannot be read.
        taken.add(basename(state.path))
        const name = taken.take(file.name)
        state = { ...state, path: file.folder === '' ? name : `${file.folder}/${name}` }
        await progress.note(file.itemId, state)
        continue
      }
      if (!ending.isPassing) throw new AppError('refused', ending.sentence)
      await this.#pause(failures, ending.sentence, stop, slot)
    }
  }

  /** True when Putdesk ended between giving a file its name and noting that. */
  async #isInPlace(file: File, { path, inode }: FileProgress): Promise<boolean> {
    if (inode === null) return false
    const [part, target] = await Promise.all(
      [this.#partPath(path, file.itemId), join(this.#options.save.folder, path)].map((one) =>
        lstat(one, { bigint: true }).catch(() => null),
      ),
    )
    if (part !== null || target === null || target === undefined || !target.isFile()) return false
    return `${target.ino}` === inode && (file.sizeBytes === 0 || target.size === BigInt(file.sizeBytes))
  }

  /** Where a file goes, or null if it is skipped because the name is taken. */
  async #choosePath(file: File, names: Map<string, Promise<TakenNames>>): Promise<string | null> {
    const { save } = this.#options
    const folder = join(save.folder, file.folder)
    const pathOf = (name: string) => (file.folder === '' ? name : `${file.folder}/${name}`)
    // The name of a single file was chosen when it was added.
    if (!save.isFolder) return pathOf(file.name)
    const taking = names.get(file.folder) ?? TakenNames.of(folder)
    names.set(file.folder, taking)
    const taken = await taking
    // A path that another item of this save had before, under another name in the account, is taken as well.
    this.#owners ??= new Map([...this.#options.progress.all()].map(([itemId, { path }]) => [path, itemId]))
    const isUsed = (this.#owners.get(pathOf(file.name)) ?? file.itemId) !== file.itemId
    if (save.conflict === 'keep-both' || isUsed) return pathOf(taken.take(file.name))
    if (save.conflict === 'skip' && (await lstat(join(folder, file.name)).catch(() => null)) !== null) return null
    return pathOf(file.name)
  }

  #finish({ sizeBytes }: File): void {
    this.#doneFiles += 1
    this.#doneBytes += sizeBytes
  }

  /** Beside the target, whose path is relative to the target folder. */
  #partPath(path: string, itemId: ItemId): string {
    const { folder, id } = this.#options.save
    return join(folder, dirname(path), `.${safeName(`${id}-${itemId}`)}.putdesk-part`)
  }

  /** Asks the service again until it answers. What it refuses is not asked again. */
  async #patiently<T>(stop: AbortSignal, slot: Slot | null, ask: () => Promise<T>): Promise<T> {
    for (let failures = 0; ; failures++) {
      try {
        return await ask()
      } catch (error) {
        stop.throwIfAborted()
        if (!(error instanceof AppError) || error.code !== 'unreachable') throw error
        await this.#pause(failures, error.message, stop, slot)
      }
    }
  }

  /** Waits before another attempt, and lets others have the slot in the meantime. */
  async #pause(failures: number, sentence: string, stop: AbortSignal, slot: Slot | null): Promise<void> {
    this.reason = sentence
    this.#options.onChange()
    slot?.free()
    await wait(Math.min(minRetryMs * 2 ** failures, maxRetryMs), undefined, { signal: stop })
    await slot?.hold(stop)
  }
}

function byName(one: Item, other: Item): number {
  return one.name < other.name ? -1 : 1
}
