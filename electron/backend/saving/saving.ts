import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { realFolder } from '../../../engine/disk/plain-folder.ts'
import { safeName } from '../../../engine/text/names.ts'
import type { AccountId } from '../../../shared/account.ts'
import type { HandlersOf } from '../../../shared/contract.ts'
import { AppError } from '../../../shared/errors.ts'
import type { Item, ItemId } from '../../../shared/item.ts'
import type { SaveId } from '../../../shared/save.ts'
import type { Accounts } from '../accounts/accounts.ts'
import { storedContent } from '../accounts/stored-content.ts'
import { isObject } from '../files/json-content.ts'
import { JsonFile } from '../files/json-file.ts'
import type { Emit } from '../host/emit.ts'
import type { Host } from '../host/host.ts'
import type { Log } from '../host/log.ts'
import { asZip, chooseNames } from './choose-names.ts'
import { HeldRemovals } from './held-removals.ts'
import { ProgressFile } from './progress-file.ts'
import { TakenNames } from './save-folder.ts'
import { SaveJob } from './save-job.ts'
import { moved } from './save-order.ts'
import { SavePaths } from './save-paths.ts'
import { SavePlaces } from './save-places.ts'
import { asWritten, unchangedPath } from './saved-file.ts'
import type { SaverClient } from './saver-process.ts'
import { shownSave } from './shown-save.ts'
import { Slots } from './slots.ts'
import { Speedometer } from './speedometer.ts'
import { StoredSave } from './stored-save.ts'

const maxConnections = 12
/** The engine opens only one connection for a smaller file, and up to four for others. */
const largeBytes = 4 * 1024 * 1024
const connectionsOf = (sizeBytes: number) => (sizeBytes > 0 && sizeBytes < largeBytes ? 1 : 4)
const maxSaved = 200
const emitEveryMs = 500
/** The end of a save is shown earlier. */
const emitEndWithinMs = 100
const tellEveryMs = 30_000
const group = 'saves'

export interface SavingOptions {
  accounts: Accounts
  host: Host
  log: Log
  saver: SaverClient
  emit: Emit
  tell(sentence: string): void
  onSaved(problem: string | null): void
  /** How long the parts of a removed save are kept, so that it can be put back. */
  holdMs: number
  /** Opens a file in the system's program for it, unless it could run code. Resolves to false if it could. */
  openFile(path: string): Promise<boolean>
}

/** A save, and what it is doing now. */
interface Entry {
  save: StoredSave
  progress: ProgressFile | null
  job: SaveJob | null
  stop: AbortController | null
  ended: Promise<void>
  speed: Speedometer
}

/** The saves of all accounts, in the order in which they get their turn. They survive restarts, and continue where they were. */
export class Saving {
  readonly #options: SavingOptions
  readonly #file: JsonFile
  readonly #folder: string
  readonly #saver: SaverClient
  readonly #slots = new Slots(maxConnections)
  readonly #places = new SavePlaces()
  readonly #entries = new Map<SaveId, Entry>()
  readonly #removed: HeldRemovals<Entry>
  readonly #changed = new Set<SaveId>()
  #timer: ReturnType<typeof setTimeout> | null = null
  #emitAtMs = Number.POSITIVE_INFINITY

  constructor(options: SavingOptions) {
    const { host, log, saver, tell, onSaved, holdMs } = options
    this.#options = options
    this.#folder = join(host.dataFolder, 'saves')
    this.#file = new JsonFile({
      path: join(host.dataFolder, 'saves.json'),
      title: 'list of what is saved here',
      contents: 'entries',
      whatToDo: 'Files that were saved are where they were; save the others again.',
      groups: {
        [group]: {
          nouns: ['save', 'saves'],
          idOf: (value) => (isObject(value) && typeof value.id === 'string' && value.id !== '' ? value.id : null),
          isGood: (_id, value) => StoredSave.safeParse(value).success,
        },
        targets: {
          nouns: ['folder', 'folders'],
          idOf: (value) => (isObject(value) && typeof value.id === 'string' && value.id !== '' ? value.id : null),
          isGood: (_id, value) => isObject(value) && typeof value.folder === 'string',
        },
      },
      copies: [join(host.dataFolder, 'saves.last-good.json')],
      isUsed: false,
      tell,
      onSaved,
    })
    this.#saver = saver
    this.#removed = new HeldRemovals({
      holdMs,
      maxFinished: maxSaved,
      isFinished: ({ save }) => save.state === 'saved',
      folderOf: ({ save }) => save.folder,
      discard: (entry) => this.#discard(entry),
      onProblem: (error) => log.error('saving', error),
    })
  }

  /** Shows what is stored, and continues what was running. */
  open(): void {
    const stored = [...this.#file.entries(group).values()].flatMap((value) => StoredSave.safeParse(value).data ?? [])
    const entries = stored.map((save) => this.#entryOf(save))
    this.#list(entries.filter(({ save }) => !save.isRemoved))
    // Putdesk ended before it could delete these.
    const removed = entries.filter(({ save }) => save.isRemoved)
    void this.#removed.hold(removed.map((entry) => [entry.save.id, entry])).then(() => this.#removed.flush())
    this.#prune()
    for (const entry of this.#entries.values()) if (entry.save.state === 'active') this.#run(entry)
  }

  /** Puts entries in their order into the list. */
  #list(entries: Iterable<Entry>): void {
    const all = [...this.#entries.values(), ...entries].sort(
      ({ save: one }, { save: other }) => one.order - other.order || one.addedAtMs - other.addedAtMs,
    )
    this.#entries.clear()
    for (const entry of all) this.#entries.set(entry.save.id, entry)
  }

  /** Limits the speed of all saves together, from now on. Null means no limit. */
  limit(bytesPerSecond: number | null): void {
    this.#saver.set({ kind: 'limit', bytesPerSecond })
  }

  /** How much stays free on each disk, from now on. */
  reserve(bytes: number): void {
    this.#places.reserve(bytes)
    this.#saver.set({ kind: 'reserve', bytes })
  }

  /** Interrupts everything. It continues at the next start. What was removed cannot be put back any more. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    const running = [...this.#entries.values()].filter(({ job }) => job !== null)
    for (const entry of running) entry.save = { ...entry.save, ...reachedBy(entry) }
    for (const { stop } of this.#entries.values()) stop?.abort()
    if (running.length > 0) this.#write(running)
    await Promise.all(
      [...this.#entries.values()].map(async ({ ended, progress }) => {
        await ended
        await progress?.close()
      }),
    )
    await this.#removed.flush()
    this.#file.close()
  }

  emitAll(): void {
    const upserted = [...this.#entries.values()].map(shownSave)
    this.#options.emit('saves.changed', { isReset: true, upserted, removed: [] })
  }

  /** The path of a file that was saved as it is in the account, and that nobody has changed or moved since; otherwise null. */
  async pathOf(accountId: AccountId, item: Item): Promise<string | null> {
    for (const { save } of this.#entries.values()) {
      if (save.itemId !== item.id || save.accountId !== accountId) continue
      const path = await unchangedPath(save, item)
      if (path !== null) return path
    }
    return null
  }

  /** The items of an account that were saved. */
  itemsOf(accountId: AccountId): ItemId[] {
    return [...this.#entries.values()].flatMap(({ save }) => (save.accountId === accountId ? save.itemId : []))
  }

  handlers(): HandlersOf<'saves'> {
    return {
      'saves.add': async ({ accountId, itemIds: chosenIds, target, conflict, isZip = false }, { signal, tell }) => {
        const itemIds = [...new Set(chosenIds)]
        const total = itemIds.length
        const chosen = await this.#chooseFolder(target, () => tell({ done: 0, total }))
        if (chosen === null) return { folder: null, saveIds: [], taken: [] }
        const folder = await realFolder(chosen)
        const client = this.#options.accounts.session(accountId).client().during(signal)
        const items: Item[] = []
        for (const itemId of itemIds) {
          items.push(await client.item(itemId))
          tell({ done: items.length, total })
        }
        const there = await TakenNames.of(folder)
        const named = isZip ? await asZip(items, client) : items
        const taken = named
          .filter(({ name }) => there.has(safeName(name)))
          .map(({ name, kind }) => ({ name, isFolder: kind === 'folder' && there.isFolder(safeName(name)) }))
        if (taken.length > 0 && conflict === null) return { folder, saveIds: [], taken }
        signal.throwIfAborted()
        const saves = chooseNames(named, {
          there,
          names: await TakenNames.of(folder),
          conflict: conflict ?? 'keep-both',
        })
        const after = ([...this.#entries.values()].at(-1)?.save.order ?? 0) + 1
        const entries = saves.map(({ item, name, conflict: how }, place) =>
          this.#entryOf({
            id: randomUUID(),
            accountId,
            itemId: item.id,
            name,
            folder,
            place: null,
            isFolder: isZip || item.kind === 'folder',
            isZip,
            itemIds: isZip ? itemIds : [],
            sizeBytes: isZip || item.kind === 'folder' ? null : item.sizeBytes,
            conflict: how,
            itemAddedAtMs: item.addedAtMs,
            written: null,
            state: 'active',
            reason: null,
            addedAtMs: Date.now(),
            order: after + place,
            savedBytes: 0,
            isRemoved: false,
          }),
        )
        for (const entry of entries) this.#entries.set(entry.save.id, entry)
        this.#store(entries)
        for (const entry of entries) this.#run(entry)
        // Before the reply, so that the window knows them then.
        this.#options.emit('saves.changed', { isReset: false, upserted: entries.map(shownSave), removed: [] })
        return { folder, saveIds: entries.map(({ save }) => save.id), taken: [] }
      },
      'saves.pause': async ({ saveIds }) => {
        const running = this.#pick(saveIds).filter(({ save }) => save.state === 'active')
        for (const entry of running) {
          const place = entry.job?.isElsewhere === true ? null : entry.save.place
          entry.save = { ...entry.save, ...reachedBy(entry), state: 'paused', reason: null, place }
          entry.stop?.abort()
        }
        this.#store(running)
        return null
      },
      'saves.resume': async ({ saveIds }) => {
        for (const entry of this.#pick(saveIds)) {
          await entry.ended
          const { state } = entry.save
          if (!this.#canRun(entry) || (state !== 'paused' && state !== 'error')) continue
          this.#set(entry, { state: 'active', reason: null })
          this.#run(entry)
        }
        return null
      },
      'saves.move': async ({ saveIds, to }) => {
        const move = typeof to === 'string' ? to : { before: this.#entries.get(to.before) }
        const list = moved([...this.#entries.values()], new Set(this.#pick(saveIds)), move)
        this.#entries.clear()
        for (const [order, entry] of list.entries()) {
          entry.save = { ...entry.save, order }
          this.#entries.set(entry.save.id, entry)
        }
        this.#write(list)
        this.emitAll()
        return null
      },
      'saves.remove': async ({ saveIds }) => {
        await this.#takeOut(this.#pick(new Set(saveIds)))
        return null
      },
      'saves.elsewhere': async ({ saveId }, { tell, signal }) => {
        const chosen = await this.#chooseFolder('ask', () => tell({ done: 0, total: 1 }))
        const entry = this.#one(saveId)
        if (entry.save.state === 'saved') throw new AppError('refused', `“${entry.save.name}” is saved already.`)
        if (chosen === null) return { saveId: null }
        const folder = await realFolder(chosen)
        const name = (await TakenNames.of(folder)).take(entry.save.name)
        signal.throwIfAborted()
        const begun = { place: null, conflict: 'keep-both', state: 'active', reason: null, savedBytes: 0 } as const
        const other = this.#entryOf({ ...entry.save, ...begun, id: randomUUID(), folder, name, addedAtMs: Date.now() })
        this.#list([other])
        this.#store([other])
        await this.#takeOut(this.#pick([saveId]))
        this.#run(other)
        this.emitAll()
        return { saveId: other.save.id }
      },
      'saves.keep': async ({ saveIds }) => {
        const kept = this.#removed.release(saveIds)
        for (const entry of kept) entry.save = { ...entry.save, isRemoved: false }
        this.#list(kept)
        this.#write(kept)
        this.emitAll()
        const late = saveIds.filter((id) => !this.#entries.has(id))
        for (const entry of kept) {
          await entry.ended
          if (this.#canRun(entry) && entry.save.state === 'active') this.#run(entry)
        }
        return late
      },
      'saves.open': async ({ saveId }) => {
        const { save } = this.#one(saveId)
        const path = join(save.folder, save.name)
        const found = save.state === 'saved' ? await lstat(path).catch(() => null) : null
        if (found === null) throw new AppError('refused', `“${save.name}” is not where it is saved to.`)
        const isOpened = found.isFile() && (await this.#options.openFile(path))
        if (!isOpened) this.#options.host.showInFolder(path)
        return { isOpened: isOpened || found.isDirectory() }
      },
      'saves.drag': async ({ saveIds }, { signal }) => {
        const paths: string[] = []
        for (const { save } of this.#pick(saveIds)) {
          const path = join(save.folder, save.name)
          if (save.state === 'saved' && (await lstat(path).catch(() => null)) !== null) paths.push(path)
        }
        if (paths.length === 0) throw new AppError('refused', 'These files are no longer where they were saved.')
        const startDrag = await this.#options.host.prepareDrag(paths)
        signal.throwIfAborted()
        startDrag()
        return null
      },
      'saves.show': async ({ saveId }) => {
        const { save } = this.#one(saveId)
        const path = join(save.folder, save.name)
        const isThere = (await lstat(path).catch(() => null)) !== null
        this.#options.host.showInFolder(isThere ? path : save.folder)
        return null
      },
    }
  }

  /** Removes saves from the list, in a way that can be taken back for a while. */
  async #takeOut(entries: readonly Entry[]): Promise<void> {
    for (const entry of entries) {
      this.#entries.delete(entry.save.id)
      entry.save = { ...entry.save, ...reachedBy(entry), isRemoved: true }
      entry.stop?.abort()
      this.#touch(entry.save.id)
    }
    this.#write(entries)
    await this.#removed.hold(entries.map((entry) => [entry.save.id, entry]))
  }

  /** False for one that was removed, or continued by another request, in the meantime. */
  #canRun(entry: Entry): boolean {
    return this.#entries.get(entry.save.id) === entry && entry.stop === null
  }

  /** Deletes what is not complete of a save, and forgets it. */
  async #discard(entry: Entry): Promise<void> {
    await entry.ended
    const { save } = entry
    const progress = entry.progress ?? (await ProgressFile.open(this.#folder, save.id))
    if (save.state !== 'saved') await new SavePaths(save, progress).removeParts()
    await progress.remove()
    // Last, so that a removal that is interrupted can be repeated.
    this.#file.put(group, { [save.id]: undefined })
  }

  /** The folder used last, or one that the person is asked for; null if they choose none. */
  async #chooseFolder(target: 'last' | 'ask', isAlive: () => void): Promise<string | null> {
    const { host } = this.#options
    const last = this.#lastFolder()
    if (target === 'last') return last
    // The person may take their time; a handler that is silent for long is stopped.
    const waiting = setInterval(isAlive, tellEveryMs)
    const chosen = await host.chooseFolder(last).finally(() => clearInterval(waiting))
    if (chosen !== null) this.#file.put('targets', { last: { id: 'last', folder: chosen } })
    return chosen
  }

  #lastFolder(): string {
    const stored = this.#file.entries('targets').get('last')
    return isObject(stored) && typeof stored.folder === 'string' ? stored.folder : this.#options.host.downloadsFolder()
  }

  #one(saveId: SaveId): Entry {
    const entry = this.#entries.get(saveId)
    if (entry === undefined) throw new AppError('not-found', 'This is no longer in the list.')
    return entry
  }

  #pick(saveIds: Iterable<SaveId>): Entry[] {
    return [...saveIds].flatMap((id) => this.#entries.get(id) ?? [])
  }

  #entryOf(save: StoredSave): Entry {
    return { save, progress: null, job: null, stop: null, ended: Promise.resolve(), speed: new Speedometer() }
  }

  #run(entry: Entry): void {
    const stop = new AbortController()
    entry.stop = stop
    entry.ended = this.#work(entry, stop.signal)
      .catch((error: unknown) => {
        if (stop.signal.aborted) return
        if (!(error instanceof AppError)) this.#options.log.error('saving', error)
        const sentence =
          error instanceof AppError ? error.message : 'Something went wrong inside Putdesk. The log has the details.'
        this.#set(entry, { ...reachedBy(entry), state: 'error', reason: sentence })
      })
      .finally(() => {
        entry.job = null
        entry.stop = null
        this.#touch(entry.save.id, emitEndWithinMs)
      })
  }

  async #work(entry: Entry, signal: AbortSignal): Promise<void> {
    const job = await this.#jobOf(entry, signal)
    entry.job = job
    const problems = await job.run()
    const [first, ...others] = problems
    if (first === undefined) {
      this.#set(entry, {
        state: 'saved',
        reason: null,
        sizeBytes: job.tally.sizeBytes,
        name: job.name,
        ...(await asWritten(entry.save, entry.progress)),
      })
      await entry.progress?.remove()
      entry.progress = null
      this.#prune()
    } else
      this.#set(entry, {
        ...reachedBy(entry),
        state: 'error',
        reason: others.length === 0 ? first : `${problems.length} files could not be saved. ${first}`,
      })
  }

  async #jobOf(entry: Entry, signal: AbortSignal): Promise<SaveJob> {
    const { accounts } = this.#options
    const { save } = entry
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    entry.progress ??= await ProgressFile.open(this.#folder, save.id)
    return new SaveJob({
      save,
      progress: entry.progress,
      places: this.#places,
      client: () => accounts.session(save.accountId).client(),
      isTrusted: (origin) => accounts.origins.allows(save.accountId, origin),
      untilWithdrawn: (origin) => accounts.origins.untilWithdrawn(save.accountId, origin),
      whenTrusted: (origin, stop) => accounts.origins.changed(save.accountId, origin, stop),
      original: (file, stop) => storedContent(this.#options, save.accountId, file, stop),
      slot: (stop, sizeBytes) =>
        this.#slots.take(stop, { rank: () => entry.save.order, connections: connectionsOf(sizeBytes) }),
      fetch: (request, stop, tell) => this.#saver.save(request, stop, tell),
      fetchBatch: (request, stop, tell) => this.#saver.saveBatch(request, stop, tell),
      finishZip: (request, stop) => this.#saver.finishZip(request, stop),
      onChange: () => this.#touch(save.id),
      onPlace: (place) => this.#set(entry, { place }),
      signal,
    })
  }

  /** Forgets the oldest of those that are saved, so that the list does not grow forever. */
  #prune(): void {
    const saved = [...this.#entries.values()].filter(({ save }) => save.state === 'saved')
    const old = saved.sort((one, other) => one.save.addedAtMs - other.save.addedAtMs).slice(0, -maxSaved)
    for (const { save } of old) {
      this.#entries.delete(save.id)
      this.#touch(save.id)
    }
    if (old.length > 0) this.#file.put(group, Object.fromEntries(old.map(({ save }) => [save.id, undefined])))
  }

  #set(entry: Entry, change: Partial<StoredSave>): void {
    entry.save = { ...entry.save, ...change }
    // One that is being removed stays out of the list.
    if (this.#entries.get(entry.save.id) === entry) this.#store([entry])
  }

  #store(entries: readonly Entry[]): void {
    if (entries.length === 0) return
    this.#write(entries)
    for (const { save } of entries) this.#touch(save.id)
  }

  #write(entries: readonly Entry[]): void {
    this.#file.put(group, Object.fromEntries(entries.map(({ save }) => [save.id, save])))
  }

  /** Tells the windows soon. */
  #touch(id: SaveId, withinMs = emitEveryMs): void {
    this.#changed.add(id)
    const emitAtMs = performance.now() + withinMs
    if (emitAtMs >= this.#emitAtMs) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#emitAtMs = emitAtMs
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#emitAtMs = Number.POSITIVE_INFINITY
      const ids = [...this.#changed]
      this.#changed.clear()
      this.#options.emit('saves.changed', {
        isReset: false,
        upserted: this.#pick(ids).map(shownSave),
        removed: ids.filter((one) => !this.#entries.has(one)),
      })
      // A save that stalls has a speed, too.
      for (const { save, job } of this.#entries.values()) if (job?.isMoving === true) this.#touch(save.id)
    }, withinMs)
  }
}

/** What a save that stops has reached. */
function reachedBy({ save, job }: Entry): Pick<StoredSave, 'savedBytes' | 'sizeBytes'> {
  return { savedBytes: job?.tally.savedBytes ?? save.savedBytes, sizeBytes: job?.tally.sizeBytes ?? save.sizeBytes }
}
