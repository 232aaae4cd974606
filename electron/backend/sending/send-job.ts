import { lstat } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { AppError } from '../../../shared/errors.ts'
import type { ItemId } from '../../../shared/item.ts'
import type { Session } from '../accounts/session.ts'
import type { PutioClient } from '../putio/client.ts'
import { ArrivedTorn } from '../putio/upload.ts'
import type { DoneFiles } from './done-files.ts'
import { type LocalFile, type LocalTree, listLocal } from './local-tree.ts'
import type { StoredSend } from './stored-send.ts'
import { freeIn, type Targets } from './targets.ts'

/** What a job depends on. */
export interface SendJobOptions {
  send: StoredSend
  /** The session of the account; throws if it is not there any more. */
  session(): Session
  done: DoneFiles
  targets: Targets
  /** Runs work when one of the places for files is free; those of all sends together. */
  inSlot<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>
  /** Stores the send. */
  store(): void
  /** Called when what is shown of the send has changed. */
  onChange(): void
  signal: AbortSignal
}

const maxFailures = 20
const maxReasonNames = 1
const minRestMs = 1000
const maxRestMs = 30_000
const notifyEveryMs = 2000
const maxChanges = 3

/** Sends a file or a folder. What was done before is not done again. */
export class SendJob {
  readonly #options: SendJobOptions
  readonly #targets: Targets
  readonly #touched = new Set<ItemId>()
  readonly #failures: string[] = []
  /** How many bytes of the files that are under way have been sent. */
  readonly #underWay = new Map<string, number>()
  #finishedBytes = 0
  #notifiedAtMs = 0
  #isListing = true
  #waitsFor: string | null = null

  constructor(options: SendJobOptions) {
    this.#options = options
    this.#targets = options.targets
  }

  get isListing(): boolean {
    return this.#isListing
  }

  /** Why it waits; null if it does not. */
  get waitsFor(): string | null {
    return this.#waitsFor
  }

  get sentBytes(): number {
    let sum = this.#finishedBytes
    for (const bytes of this.#underWay.values()) sum += bytes
    return sum
  }

  /** Resolves when everything was sent, or could not be: then with a sentence. Rejects when it is stopped. */
  async run(): Promise<string | null> {
    const { send, signal, store, onChange } = this.#options
    const tree = await listLocal(send.path, signal)
    // What was not there when it was added is known only now.
    if (send.totalFiles === null && send.itemId === null) send.isFolder = tree.isFolder
    if (tree.isFolder !== send.isFolder) throw new AppError('bad-input', `“${send.name}” is not what it was any more.`)
    send.sizeBytes = tree.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    send.totalFiles = tree.files.length
    send.doneFiles = 0
    this.#isListing = false
    onChange()
    try {
      const rootId = send.isFolder ? await this.#patiently(() => this.#rootId()) : send.folderId
      if (send.isFolder) store()
      await this.#sendFiles(tree, rootId)
      for (const folders of tree.folders) await this.#patiently(() => this.#folderOf(rootId, folders))
    } finally {
      this.#notify(true)
    }
    return this.#outcome(tree)
  }

  /** The folder of the account that a folder becomes: the one of an earlier run if it is still there. */
  async #rootId(): Promise<ItemId> {
    const { send, done, session, signal } = this.#options
    if (send.itemId !== null) {
      if (await isThere(session().client().during(signal), send.itemId)) return send.itemId
      done.clear()
      this.#targets.forget(send.folderId)
      this.#targets.forget(send.itemId)
    }
    const { folderId, name, conflict } = send
    this.#touched.add(folderId)
    if (conflict === 'keep-both') {
      const made = await this.#targets.newFolder(folderId, name)
      Object.assign(send, { itemId: made.id, name: made.name, isMerged: false })
      return made.id
    }
    const id = await this.#targets.folder(folderId, name)
    Object.assign(send, { itemId: id, isMerged: !this.#targets.hasMade(id) })
    return id
  }

  async #sendFiles(tree: LocalTree, rootId: ItemId): Promise<void> {
    const { inSlot, signal } = this.#options
    const enough = new AbortController()
    const stop = AbortSignal.any([signal, enough.signal])
    const waiting = new Set<Promise<void>>()
    let problem: { error: unknown } | null = null
    for (const found of tree.files) {
      // A single file may have another name there.
      const file = tree.isFolder ? found : { ...found, name: this.#options.send.name }
      if (this.#failures.length >= maxFailures || problem !== null) break
      // The next file is taken when there is a place for it, so that a million of them do not wait at once.
      const begun = Promise.withResolvers<void>()
      const sent = inSlot(stop, async () => {
        begun.resolve()
        await this.#sendFile(file, rootId)
      })
        .catch((error: unknown) => {
          problem ??= { error }
          enough.abort(error)
        })
        .finally(() => {
          begun.resolve()
          waiting.delete(sent)
        })
      waiting.add(sent)
      await begun.promise
    }
    await Promise.all(waiting)
    signal.throwIfAborted()
    if (problem !== null) throw Object(problem).error
  }

  async #sendFile(file: LocalFile, rootId: ItemId): Promise<void> {
    const { send, done, onChange, signal } = this.#options
    const key = [...file.folders, file.name].join('/')
    if (!done.has(key)) {
      try {
        await this.#tryFile(key, file, rootId)
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof AppError)) throw error
        this.#targets.forget(rootId)
        this.#failures.push(error.message)
        this.#underWay.delete(key)
        onChange()
        return
      }
      done.add(key)
    }
    this.#underWay.delete(key)
    this.#finishedBytes += file.sizeBytes
    send.doneFiles += 1
    this.#notify(false)
    onChange()
  }

  async #tryFile(key: string, listed: LocalFile, rootId: ItemId): Promise<void> {
    const { send, done } = this.#options
    const parentId = await this.#patiently(() => this.#folderOf(rootId, listed.folders))
    const names = await this.#patiently(() => this.#targets.names(parentId))
    const there = names.get(listed.name)
    const begun = done.begun(key)
    // One that was begun has its name, unless it was changed since: then it is sent anew.
    const isBegun = begun?.sizeBytes === listed.sizeBytes && begun.changedAtMs === listed.changedAtMs
    const isTaken = there !== undefined && !isBegun
    if (isTaken && there === null && send.conflict === 'skip') {
      send.skippedFiles += 1
      return
    }
    let isReplacing = isTaken && there === null && send.conflict === 'replace'
    const name = isTaken && !isReplacing ? freeIn(names, listed.name) : listed.name
    const isNew = !names.has(name)
    names.set(name, null)
    let file = listed
    let mayContinue = true
    for (let attempt = 1; ; attempt += 1) {
      try {
        const id = await this.#patiently(() => this.#upload(key, file, { parentId, name, isReplacing, mayContinue }))
        if (!send.isFolder) Object.assign(send, { itemId: id, name })
        this.#touched.add(parentId)
        return
      } catch (error) {
        const isChanged = error instanceof AppError && error.code === 'bad-input'
        if (!isChanged || attempt === maxChanges) {
          // It is not there, so that a later try finds the name free.
          if (isNew && done.begun(key) === null) names.delete(name)
          throw error
        }
        // What has arrived is not right: the next one takes its place.
        isReplacing ||= error.cause instanceof ArrivedTorn
        mayContinue = !isReplacing
        // It was changed meanwhile: then it is sent as it is now.
        file = await current(file)
      }
    }
  }

  async #upload(
    key: string,
    file: LocalFile,
    {
      parentId,
      name,
      isReplacing,
      mayContinue,
    }: { parentId: ItemId; name: string; isReplacing: boolean; mayContinue: boolean },
  ): Promise<ItemId | null> {
    const { done, session, onChange, signal } = this.#options
    const { path, sizeBytes, changedAtMs } = file
    const before = done.begun(key)
    const isSame = before?.sizeBytes === sizeBytes && before.changedAtMs === changedAtMs
    return await session()
      .client()
      .upload({
        ...{ path, name, folderId: parentId, sizeBytes, changedAtMs, isReplacing, signal },
        begunAt: isSame && mayContinue ? before.place : null,
        onBegun: (place) => {
          // What is complete is noted as done; until then, an answer that was lost is asked for again.
          if (place !== null) done.begin(key, { place, sizeBytes, changedAtMs })
        },
        onProgress: (bytes) => {
          this.#underWay.set(key, bytes)
          onChange()
        },
      })
  }

  async #folderOf(rootId: ItemId, folders: readonly string[]): Promise<ItemId> {
    let id = rootId
    for (const name of folders) {
      const parentId = id
      id = await this.#targets.folder(parentId, name)
      if (id !== parentId) this.#touched.add(parentId)
    }
    return id
  }

  /** Tries again for as long as the service does not answer, or waits for a sign-in. */
  async #patiently<T>(work: () => Promise<T>): Promise<T> {
    const { signal, onChange } = this.#options
    for (let failures = 0; ; failures += 1) {
      try {
        const result = await work()
        if (this.#waitsFor !== null) {
          this.#waitsFor = null
          onChange()
        }
        return result
      } catch (error) {
        signal.throwIfAborted()
        const isPassing = error instanceof AppError && (error.code === 'unreachable' || error.code === 'signed-out')
        if (!isPassing) throw error
        this.#waitsFor = error.message
        onChange()
      }
      await wait(Math.min(minRestMs * 2 ** failures, maxRestMs), undefined, { signal })
    }
  }

  /** Tells the window, now and then, in which folders something has arrived. */
  #notify(isLast: boolean): void {
    const nowMs = performance.now()
    if (this.#touched.size === 0 || (!isLast && nowMs - this.#notifiedAtMs < notifyEveryMs)) return
    this.#notifiedAtMs = nowMs
    const folderIds = [...this.#touched]
    this.#touched.clear()
    try {
      this.#options.session().notifyChanged(folderIds)
    } catch (error) {
      // The account was removed.
      if (!(error instanceof AppError)) throw error
    }
  }

  #outcome({ files, leftOut }: LocalTree): string | null {
    const { send } = this.#options
    const [first] = this.#failures
    if (first === undefined) {
      if (leftOut.length === 0) return null
      const names = leftOut.slice(0, maxReasonNames).join(', ')
      return `“${names}”${leftOut.length > 1 ? ` and ${leftOut.length - 1} more` : ''} was left out: links and devices are not sent.`
    }
    if (!send.isFolder) return first
    const count = files.length - send.doneFiles
    return `${count === 1 ? 'One file was' : `${count} files were`} not sent. ${first}`
  }

  /** True if some files could not be sent. */
  get hasFailed(): boolean {
    return this.#failures.length > 0
  }
}

async function isThere(client: PutioClient, itemId: ItemId): Promise<boolean> {
  try {
    await client.item(itemId)
    return true
  } catch (error) {
    if (error instanceof AppError && error.code === 'not-found') return false
    throw error
  }
}

/** The file as it is now. */
async function current(file: LocalFile): Promise<LocalFile> {
  try {
    const { size, mtimeMs } = await lstat(file.path)
    return { ...file, sizeBytes: size, changedAtMs: mtimeMs }
  } catch (cause) {
    throw new AppError('refused', `“${file.name}” is not there any more.`, { cause })
  }
}
