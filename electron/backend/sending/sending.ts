import { randomUUID } from 'node:crypto'
import { lstat } from 'node:fs/promises'
import { basename, isAbsolute, join, resolve } from 'node:path'
import type { AccountId } from '../../../shared/account.ts'
import type { HandlersOf } from '../../../shared/contract.ts'
import { AppError } from '../../../shared/errors.ts'
import type { ItemId } from '../../../shared/item.ts'
import type { Conflict } from '../../../shared/save.ts'
import type { Send, SendId } from '../../../shared/send.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { Session } from '../accounts/session.ts'
import { isObject } from '../files/json-content.ts'
import { JsonFile } from '../files/json-file.ts'
import type { Emit } from '../host/emit.ts'
import type { Host } from '../host/host.ts'
import type { Log } from '../host/log.ts'
import { HeldRemovals } from '../saving/held-removals.ts'
import { Slots } from '../saving/slots.ts'
import { Speedometer } from '../saving/speedometer.ts'
import { DoneFiles } from './done-files.ts'
import { SendJob } from './send-job.ts'
import { StoredSend } from './stored-send.ts'
import { freeIn, Targets } from './targets.ts'

/** How many files are sent to an account at once. */
const maxFiles = 4
const maxSent = 200
const emitEveryMs = 400
const tellEveryMs = 30_000
const group = 'sends'

export interface SendingOptions {
  accounts: Accounts
  host: Host
  log: Log
  emit: Emit
  tell(sentence: string): void
  onSaved(problem: string | null): void
  /** How long a removal is held back, so that it can be undone. */
  holdMs: number
}

/** What is to be sent, and the name that it gets in the account. `problem` says why it cannot be sent now; null if it can. */
interface Wanted {
  path: string
  name: string
  isFolder: boolean
  problem: string | null
}

/** A send, and what it is doing now. */
interface Entry {
  send: StoredSend
  job: SendJob | null
  stop: AbortController | null
  ended: Promise<void>
  speed: Speedometer
}

/** What is sent up into accounts. It survives restarts, and continues where it was. */
export class Sending {
  readonly #options: SendingOptions
  readonly #file: JsonFile
  /** Of each account, so that one that does not answer does not hold up the others. */
  readonly #slots = new Map<AccountId, Slots>()
  readonly #targets = new Map<AccountId, Targets>()
  readonly #entries = new Map<SendId, Entry>()
  readonly #changed = new Set<SendId>()
  /** Those that have ended, and are written soon: together, because each write replaces the whole list. */
  readonly #unwritten = new Set<Entry>()
  readonly #removed: HeldRemovals<Entry>
  #timer: ReturnType<typeof setTimeout> | null = null
  #isClosed = false

  constructor(options: SendingOptions) {
    const { host, log, tell, onSaved, holdMs } = options
    this.#options = options
    this.#file = new JsonFile({
      path: join(host.dataFolder, 'sends.json'),
      title: 'list of what is sent up',
      contents: 'entries',
      whatToDo: 'Files that were sent are in their accounts; send the others again.',
      groups: {
        [group]: {
          nouns: ['send', 'sends'],
          idOf: (value) => (isObject(value) && typeof value.id === 'string' && value.id !== '' ? value.id : null),
          isGood: (_id, value) => StoredSend.safeParse(value).success,
        },
      },
      copies: [join(host.dataFolder, 'sends.last-good.json')],
      isUsed: false,
      tell,
      onSaved,
    })
    this.#removed = new HeldRemovals({
      holdMs,
      maxFinished: maxSent,
      isFinished: ({ send }) => send.state === 'sent',
      folderOf: () => host.dataFolder,
      discard: (entry) => this.#discard(entry),
      onProblem: (error) => log.error('sending', error),
    })
  }

  /** Shows what is stored, and continues what was running. */
  async open(): Promise<void> {
    for (const value of this.#file.entries(group).values()) {
      const { data } = StoredSend.safeParse(value)
      if (data !== undefined) this.#entries.set(data.id, entryOf(data))
    }
    await DoneFiles.tidy(this.#options.host.dataFolder, (id) => this.#entries.has(id))
    for (const entry of this.#entries.values()) if (entry.send.state === 'active') this.#run(entry)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    const entries = [...this.#entries.values()]
    for (const { stop } of entries) stop?.abort(new AppError('cancelled', 'Putdesk is closing.'))
    await Promise.all([...entries.map(({ ended }) => ended), this.#removed.flush()])
    this.#writeEnded()
    this.#file.close()
  }

  emitAll(): void {
    const upserted = [...this.#entries.values()].map(shown)
    this.#options.emit('sends.changed', { isReset: true, upserted, removed: [] })
  }

  async removeAccount(accountId: AccountId): Promise<void> {
    const ids = [...this.#entries.values()].flatMap(({ send }) => (send.accountId === accountId ? send.id : []))
    await Promise.all(this.#takeOut(ids).map((entry) => this.#discard(entry)))
  }

  /**
   * Sends one file up in place of the file of this name. It is not removed by others before it is sent: see `uses`. Errors: bad-input,
   * refused.
   */
  async replace(
    accountId: AccountId,
    folderId: ItemId,
    { path, name }: { path: string; name: string },
  ): Promise<SendId> {
    await this.#uploading(accountId)
    const { isFolder } = await dropped(path)
    const [id] = this.#add(accountId, folderId, [{ path, name, isFolder, problem: null }], 'replace')
    if (id === undefined) throw new Error('nothing was added')
    return id
  }

  /** True while a file of this computer is still to be sent. */
  uses(path: string): boolean {
    return [...this.#entries.values()].some(({ send }) => send.path === path && send.state !== 'sent')
  }

  handlers(): HandlersOf<'sends'> {
    return {
      'sends.check': async ({ accountId, folderId, paths }) => {
        const session = await this.#uploading(accountId)
        const wanted = new Map((await wantedOf(paths)).map(({ name, isFolder }) => [name, isFolder]))
        const items = await session.client().listItems(folderId)
        return items.flatMap(({ name, kind }) => {
          const isFolder = wanted.get(name)
          return isFolder === undefined ? [] : [{ name, isFolder: isFolder && kind === 'folder' }]
        })
      },
      'sends.choose': async ({ what }, { tell }) => {
        // The person may take a while.
        const waiting = setInterval(() => tell({ done: 0, total: 1 }), tellEveryMs)
        try {
          return [...(await this.#options.host.chooseToSend(what))]
        } finally {
          clearInterval(waiting)
        }
      },
      'sends.add': async ({ accountId, folderId, paths, conflict }) => {
        await this.#uploading(accountId)
        return this.#add(accountId, folderId, await wantedOf(paths), conflict)
      },
      'sends.pause': async ({ sendIds }) => {
        for (const entry of this.#some(sendIds)) {
          if (entry.send.state !== 'active') continue
          entry.send.state = 'paused'
          entry.stop?.abort(new AppError('cancelled', 'It was paused.'))
          this.#store(entry)
          this.#show(entry)
        }
        this.#tell()
        return null
      },
      'sends.resume': async ({ sendIds }) => {
        for (const entry of this.#some(sendIds)) {
          if (entry.send.state !== 'paused' && entry.send.state !== 'error') continue
          // Resumed again while it still stops, it must not run twice.
          await entry.ended
          if (!this.#canRun(entry)) continue
          Object.assign(entry.send, { state: 'active', reason: null })
          this.#store(entry)
          this.#run(entry)
        }
        this.#tell()
        return null
      },
      'sends.remove': async ({ sendIds }) => {
        const removed = this.#takeOut(sendIds)
        await this.#removed.hold(removed.map((entry) => [entry.send.id, entry]))
        await Promise.all(removed.map(({ ended }) => ended))
        return removed.map(shown)
      },
      'sends.keep': async ({ sendIds }) => {
        const kept = this.#removed.release(sendIds)
        const all = [...this.#entries.values(), ...kept].sort(
          ({ send: one }, { send: other }) => one.addedAtMs - other.addedAtMs,
        )
        this.#entries.clear()
        for (const entry of all) this.#entries.set(entry.send.id, entry)
        for (const entry of kept) this.#store(entry)
        this.emitAll()
        for (const entry of kept) {
          await entry.ended
          if (entry.send.state === 'active' && this.#canRun(entry)) this.#run(entry)
        }
        return sendIds.filter((id) => !this.#entries.has(id))
      },
    }
  }

  /** The session of an account that files can be sent to. Throws `refused` with a sentence that says what to do instead. */
  async #uploading(accountId: AccountId): Promise<Session> {
    const session = this.#options.accounts.session(accountId)
    if ((await session.capabilities()).canUpload) return session
    throw new AppError(
      'refused',
      `“${session.account.name}” takes no files from this computer. Put them where it can fetch them, and add the link.`,
    )
  }

  #add(accountId: AccountId, folderId: ItemId, all: readonly Wanted[], conflict: Conflict): SendId[] {
    const added = all.map(({ path, name, isFolder, problem }) =>
      entryOf({
        ...{ id: randomUUID(), accountId, folderId, itemId: null, path: resolve(path), name, isFolder, conflict },
        ...{
          state: problem === null ? 'active' : 'error',
          reason: problem,
          sizeBytes: null,
          sentBytes: 0,
          doneFiles: 0,
        },
        ...{ totalFiles: null, skippedFiles: 0, addedAtMs: Date.now(), isMerged: false },
      }),
    )
    for (const entry of added) this.#entries.set(entry.send.id, entry)
    this.#write(added)
    for (const entry of added) {
      if (entry.send.state === 'active') this.#run(entry)
      else this.#show(entry)
    }
    this.#tell()
    return added.map(({ send }) => send.id)
  }

  /** Takes sends out of the list, and stops them. */
  #takeOut(sendIds: readonly SendId[]): Entry[] {
    const removed = this.#some(sendIds)
    for (const { send, stop } of removed) {
      this.#entries.delete(send.id)
      stop?.abort(new AppError('cancelled', 'It was removed.'))
    }
    const ids = removed.map(({ send }) => send.id)
    this.#file.put(group, Object.fromEntries(ids.map((id) => [id, undefined])))
    this.#options.emit('sends.changed', { isReset: false, upserted: [], removed: ids })
    return removed
  }

  async #discard({ send, ended }: Entry): Promise<void> {
    await ended
    const { accounts, host, log } = this.#options
    const { begunPlaces } = await DoneFiles.open(host.dataFolder, send.id)
    DoneFiles.remove(host.dataFolder, send.id)
    if (begunPlaces.length === 0 || !accounts.has(send.accountId)) return
    const client = accounts.session(send.accountId).client()
    // The service discards them by itself after some days: it is only about their space.
    const discarded = await Promise.allSettled(begunPlaces.map((place) => client.discardUpload(place)))
    for (const one of discarded) if (one.status === 'rejected') log.info(`an upload was not discarded: ${one.reason}`)
  }

  /** False for one that was removed, or continued by another request, in the meantime. */
  #canRun(entry: Entry): boolean {
    return this.#entries.get(entry.send.id) === entry && entry.stop === null && !this.#isClosed
  }

  #some(sendIds: readonly SendId[]): Entry[] {
    return [...new Set(sendIds)].flatMap((id) => this.#entries.get(id) ?? [])
  }

  #run(entry: Entry): void {
    const stop = new AbortController()
    entry.stop = stop
    entry.speed = new Speedometer()
    entry.ended = this.#send(entry, stop.signal).finally(() => {
      entry.send.sentBytes = reachedBy(entry)
      entry.stop = null
      entry.job = null
      this.#unwritten.add(entry)
      if (![...this.#entries.values()].some((one) => one.stop !== null && one.send.accountId === entry.send.accountId))
        this.#targets.delete(entry.send.accountId)
      this.#show(entry)
    })
    this.#show(entry)
  }

  async #send(entry: Entry, signal: AbortSignal): Promise<void> {
    const { accounts, host, log } = this.#options
    const { send } = entry
    try {
      const done = await DoneFiles.open(host.dataFolder, send.id)
      entry.job = new SendJob({
        ...{ send, done, signal },
        targets: this.#targetsOf(send.accountId),
        session: () => accounts.session(send.accountId),
        inSlot: async (until, work) => {
          const slot = await this.#slotsOf(send.accountId).take(until)
          try {
            return await work()
          } finally {
            slot.end()
          }
        },
        store: () => this.#store(entry),
        onChange: () => this.#show(entry),
      })
      const reason = await entry.job.run()
      Object.assign(send, { state: entry.job.hasFailed ? 'error' : 'sent', reason })
    } catch (error) {
      // Paused, removed or closing: whoever stopped it has said so.
      if (signal.aborted) return
      if (!(error instanceof AppError)) log.error('sending', error)
      const sentence =
        error instanceof AppError ? error.message : 'Something went wrong inside Putdesk. The log has the details.'
      Object.assign(send, { state: 'error', reason: sentence })
    }
  }

  /** What is known of the folders of an account, while something is sent there. */
  #targetsOf(accountId: AccountId): Targets {
    const known = this.#targets.get(accountId)
    if (known !== undefined) return known
    const targets = new Targets(() => this.#options.accounts.session(accountId).client())
    this.#targets.set(accountId, targets)
    return targets
  }

  #slotsOf(accountId: AccountId): Slots {
    const slots = this.#slots.get(accountId) ?? new Slots(maxFiles)
    this.#slots.set(accountId, slots)
    return slots
  }

  #store(entry: Entry): void {
    this.#write([entry])
  }

  #write(entries: Iterable<Entry>): void {
    const listed = [...entries].filter((entry) => this.#entries.get(entry.send.id) === entry)
    if (listed.length === 0) return
    this.#file.put(group, Object.fromEntries(listed.map(({ send }) => [send.id, send])))
    // Only now: until then, a crash would send these again.
    for (const { send } of listed) if (send.state === 'sent') DoneFiles.remove(this.#options.host.dataFolder, send.id)
  }

  #writeEnded(): void {
    this.#write(this.#unwritten)
    this.#unwritten.clear()
  }

  /** Forgets the oldest ones that are done. */
  #prune(): void {
    const sent = [...this.#entries.values()].filter(({ send }) => send.state === 'sent')
    const old = sent.slice(0, Math.max(0, sent.length - maxSent)).map(({ send }) => send.id)
    for (const entry of this.#takeOut(old))
      this.#discard(entry).catch((error: unknown) => this.#options.log.error('sending', error))
  }

  /** Shows a change soon, together with others. */
  #show({ send }: Entry): void {
    if (this.#isClosed) return
    this.#changed.add(send.id)
    this.#timer ??= setTimeout(() => this.#tell(), emitEveryMs)
  }

  /** Shows what has changed now: what the person did is seen before it is answered. */
  #tell(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const upserted = this.#some([...this.#changed]).map(shown)
    this.#changed.clear()
    if (upserted.length > 0) this.#options.emit('sends.changed', { isReset: false, upserted, removed: [] })
    this.#writeEnded()
    this.#prune()
  }
}

function entryOf(send: StoredSend): Entry {
  return { send, job: null, stop: null, ended: Promise.resolve(), speed: new Speedometer() }
}

function shown({ send, job, speed }: Entry): Send {
  const { id, accountId, folderId, itemId, name, isFolder, sizeBytes, doneFiles, totalFiles, skippedFiles, isMerged } =
    send
  const sentBytes = reachedBy({ send, job })
  const bytesPerSecond = job === null ? null : speed.reach(sentBytes)
  const left = (sizeBytes ?? 0) - sentBytes
  return {
    ...{ id, accountId, folderId, itemId, name, isFolder, sizeBytes, sentBytes, doneFiles, totalFiles, skippedFiles },
    isMerged,
    status: statusOf(send, job),
    speedBytesPerSecond: bytesPerSecond,
    secondsLeft: bytesPerSecond === null || bytesPerSecond <= 0 || left <= 0 ? null : Math.ceil(left / bytesPerSecond),
    reason: send.reason ?? job?.waitsFor ?? null,
  }
}

/** How many bytes have been sent, as far as it is known. */
function reachedBy({ send, job }: Pick<Entry, 'send' | 'job'>): number {
  if (send.state === 'sent') return send.sizeBytes ?? 0
  return job === null || job.isListing ? send.sentBytes : job.sentBytes
}

function statusOf({ state }: StoredSend, job: SendJob | null): Send['status'] {
  if (state !== 'active') return state
  if (job === null || job.waitsFor !== null) return 'waiting'
  return job.isListing ? 'listing' : 'sending'
}

/**
 * What was dropped or chosen, each with a name of its own. What cannot be sent now has a problem, so that it does not hold up the rest.
 * Errors: bad-input if nothing can be sent.
 */
async function wantedOf(paths: readonly string[]): Promise<Wanted[]> {
  const all = new Map<string, Wanted>()
  for (const path of paths) {
    const found = await dropped(path).catch((error: unknown) => {
      if (error instanceof AppError) return { name: basename(path), isFolder: false, problem: error }
      throw error
    })
    const name = all.has(found.name) ? freeIn(all, found.name) : found.name
    const problem = 'problem' in found ? found.problem : null
    all.set(name, { path, name, isFolder: found.isFolder, problem: problem?.message ?? null })
  }
  const wanted = [...all.values()]
  const [first] = wanted
  if (first?.problem != null && wanted.every(({ problem }) => problem !== null))
    throw new AppError('bad-input', first.problem)
  return wanted
}

/** What was dropped or chosen. Errors: bad-input. */
async function dropped(path: string): Promise<{ name: string; isFolder: boolean }> {
  const name = basename(path)
  if (!isAbsolute(path) || name === '')
    throw new AppError('bad-input', 'This cannot be sent: it is no file or folder of this computer.')
  try {
    const found = await lstat(path)
    if (found.isFile() || found.isDirectory()) return { name, isFolder: found.isDirectory() }
  } catch (cause) {
    throw new AppError('bad-input', `“${name}” is not there any more, or cannot be read.`, { cause })
  }
  throw new AppError('bad-input', `“${name}” is neither a file nor a folder.`)
}
