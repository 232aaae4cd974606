import { lstat } from 'node:fs/promises'
import { diskCode, diskSentence, isPassingOnDisk } from '../../engine/disk/disk-sentence.ts'
import { FolderReplaced } from '../../engine/disk/plain-folder.ts'
import { FetchError, isFullDisk, translateError } from '../../engine/fetch-error.ts'
import { keepToken, TokenRedirect } from '../../engine/http/token-redirect.ts'
import { createGate, GateError } from '../../engine/net/gate.ts'
import { RateLimit } from '../../engine/net/rate-limit.ts'
import { bootId } from '../../engine/part/boot-id.ts'
import { type SaveOptions, saveFile, TargetTaken } from '../../engine/save/save-file.ts'
import { finishZip, saveMember } from '../../engine/save/save-zip.ts'
import { BatchDisks } from './batch-disks.ts'
import type { BatchRequest, FromSaver, SaveRequest, ToSaver, ZipRequest } from './messages.ts'
import { saveBatch } from './save-batch.ts'

const progressMs = 250
/** How much a connection may have in memory under a limit: a quarter of a second's worth, so that progress is even. */
const maxGathered = { limited: 1024 * 1024, least: 64 * 1024 }

/** What runs, and can be cancelled. */
interface Running {
  id: string
  signal: AbortSignal
}

type Done = Omit<Extract<FromSaver, { kind: 'done' }>, 'id' | 'kind'>

/** Saves files, any number at once, for the backend, which decides when and how many. */
export class Saver {
  readonly #send: (message: FromSaver) => void
  readonly #running = new Map<string, AbortController>()
  readonly #placing = new Map<string, () => void>()
  readonly #limit = new RateLimit(null)
  readonly #boot = bootId()
  readonly #disks = new BatchDisks()
  #reserveBytes = 0

  constructor(send: (message: FromSaver) => void) {
    this.#send = send
  }

  receive(message: ToSaver): void {
    if (message.kind === 'limit') this.#limit.set(message.bytesPerSecond)
    else if (message.kind === 'reserve') this.#reserveBytes = message.bytes
    else if (message.kind === 'place') this.#placing.get(message.id)?.()
    else if (message.kind === 'cancel') this.#running.get(message.id)?.abort()
    else if (message.kind === 'save') void this.#save(message.request)
    else if (message.kind === 'zip') void this.#finishZip(message.request)
    else if (message.kind === 'batch') void this.#saveBatch(message.request)
  }

  /** Interrupts everything. Part files stay, and continue later. */
  async close(): Promise<void> {
    for (const stop of this.#running.values()) stop.abort()
    while (this.#running.size > 0) await new Promise((resolve) => setTimeout(resolve, 10))
  }

  #save(request: SaveRequest): Promise<void> {
    const { link, tokenOrigins, partPath } = request
    return this.#run(request.id, link, async (running) => {
      const { id, signal } = running
      let inode: string | null = null
      const { sizeBytes, isProven, crc } = await save(request, {
        ...request,
        // The address comes from the account's own server, which may be on this computer or the person's network.
        gate: createGate({ allowHosts: [link, ...tokenOrigins].map((one) => new URL(one).hostname) }),
        checkRedirect: keepToken(link, (origin) => tokenOrigins.includes(origin)),
        signal,
        bootId: this.#boot,
        reserveBytes: () => this.#reserveBytes,
        pace: { maxGatheredBytes: () => this.#maxGatheredBytes(), onStored: this.#pace(running) },
        onCheckpoint: async (record) => {
          inode ??= await inodeOf(partPath)
          this.#send({ id, kind: 'record', record, inode })
        },
        onTrouble: (sentence) => this.#send({ id, kind: 'trouble', sentence }),
        beforePlacing: (crc, inode) => this.#placed(running, { inodes: [inode], crc }),
      })
      return { sizeBytes, isProven, crc, outcomes: null }
    })
  }

  #saveBatch(request: BatchRequest): Promise<void> {
    return this.#run(request.id, request.files[0]?.link ?? '', async (running) => {
      const pace = this.#pace(running)
      let sizeBytes = 0
      const outcomes = await saveBatch(request, {
        signal: running.signal,
        disks: this.#disks,
        reserveBytes: () => this.#reserveBytes,
        onFile: (bytes) => {
          sizeBytes += bytes
          return pace(bytes, sizeBytes)
        },
        beforePlacing: (inodes) => this.#placed(running, { inodes, crc: null }),
      })
      return { sizeBytes, isProven: true, crc: null, outcomes }
    })
  }

  #finishZip({ id, members, ...request }: ZipRequest): Promise<void> {
    return this.#run(id, request.origin, async ({ signal }) => {
      const sizeBytes = await finishZip({
        ...request,
        members: members.map(({ name, modifiedAtMs, sizeBytes: bytes }) => ({
          name,
          modifiedAt: new Date(modifiedAtMs),
          file: bytes === null ? null : { sizeBytes: bytes },
        })),
        crcs: members.map(({ crc }) => crc),
        signal,
      })
      return { sizeBytes, isProven: true, crc: null, outcomes: null }
    })
  }

  /** Does some work until it is done, fails or is cancelled, and sends which. The sentence of an error names the host of the link. */
  async #run(id: string, link: string, work: (running: Running) => Promise<Done>): Promise<void> {
    const stop = new AbortController()
    const { signal } = stop
    this.#running.set(id, stop)
    try {
      this.#send({ id, kind: 'done', ...(await work({ id, signal })) })
    } catch (cause) {
      if (signal.aborted) this.#send({ id, kind: 'cancelled' })
      else this.#send({ id, kind: 'failed', ...describe(cause, link) })
    } finally {
      this.#running.delete(id)
      this.#placing.delete(id)
    }
  }

  /** Returns what takes how much has just been stored, and how much in all: it sends the progress now and then, and keeps the limit. */
  #pace({ id, signal }: Running): (bytes: number, storedBytes: number) => Promise<void> {
    let toldAtMs = performance.now()
    return async (bytes, storedBytes) => {
      if (performance.now() - toldAtMs >= progressMs) {
        toldAtMs = performance.now()
        this.#send({ id, kind: 'progress', bytes: storedBytes })
      }
      await this.#limit.pass(bytes, signal)
    }
  }

  /** Resolves when the backend has noted what is complete. */
  async #placed({ id, signal }: Running, complete: { inodes: (string | null)[]; crc: number | null }): Promise<void> {
    const { promise: placed, resolve } = Promise.withResolvers<void>()
    this.#placing.set(id, resolve)
    signal.addEventListener('abort', () => resolve(), { once: true })
    this.#send({ id, kind: 'placing', ...complete })
    if (!signal.aborted) await placed
    signal.throwIfAborted()
  }

  #maxGatheredBytes(): number {
    const { bytesPerSecond } = this.#limit
    if (bytesPerSecond === null) return Number.POSITIVE_INFINITY
    return Math.max(maxGathered.least, Math.min(maxGathered.limited, bytesPerSecond / 4))
  }
}

/** `inode` is that of a complete file, null for one that is in its place in a zip, whose checksum is `crc`. */
type BeforePlacing = (crc: number | null, inode: string | null) => Promise<void>

async function save(
  { zip, root }: SaveRequest,
  { beforePlacing, ...options }: SaveOptions & { beforePlacing: BeforePlacing },
): Promise<{ sizeBytes: number; isProven: boolean; crc: number | null }> {
  if (zip === null || root === null)
    return { ...(await saveFile({ ...options, beforeMove: (inode) => beforePlacing(null, inode) })), crc: null }
  const sizeBytes = options.sizeBytes ?? 0
  const crc = await saveMember({
    ...options,
    root,
    sizeBytes,
    zipPath: zip.path,
    at: zip.at,
    beforeRemoval: (crc) => beforePlacing(crc, null),
  })
  return { sizeBytes, isProven: true, crc }
}

async function inodeOf(path: string): Promise<string | null> {
  const found = await lstat(path, { bigint: true }).catch(() => null)
  return found === null || found.ino === 0n ? null : `${found.ino}`
}

function describe(cause: unknown, link: string): Omit<Extract<FromSaver, { kind: 'failed' }>, 'id' | 'kind'> {
  const usual = { isTaken: false, isPassing: false, tokenOrigin: null }
  const error = translateError(cause, new URL(link).hostname)
  if (error instanceof FetchError) {
    const { message: sentence, isPassing } = error
    // However long it stays full.
    if (isFullDisk(error.cause)) return { ...usual, sentence, isPassing: true, isFolder: true }
    return {
      sentence,
      isTaken: error instanceof TargetTaken,
      isPassing,
      isFolder: error instanceof FolderReplaced,
      tokenOrigin: error instanceof TokenRedirect ? error.origin : null,
    }
  }
  if (error instanceof GateError) return { ...usual, sentence: error.message, isFolder: false }
  const code = diskCode(error)
  return { ...usual, sentence: diskSentence(code), isFolder: isPassingOnDisk(code) }
}
