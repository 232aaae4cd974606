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

  async #save(request: SaveRequest): Promise<void> {
    const { id, link } = request
    const stop = new AbortController()
    this.#running.set(id, stop)
    const aborted = untilAborted(stop.signal)
    let toldAtMs = performance.now()
    let stored = 0
    let inode: string | null = null
    const tell = () => {
      toldAtMs = performance.now()
      this.#send({ id, kind: 'progress', bytes: stored })
    }
    try {
      const { sizeBytes, isProven, crc } = await save(request, {
        ...request,
        // The address comes from the account's own server, which may be on this computer or the person's network.
        gate: createGate({ allowHosts: [link, ...request.tokenOrigins].map((one) => new URL(one).hostname) }),
        checkRedirect: keepToken(link, (origin) => request.tokenOrigins.includes(origin)),
        signal: stop.signal,
        bootId: this.#boot,
        reserveBytes: () => this.#reserveBytes,
        pace: {
          maxGatheredBytes: () => this.#maxGatheredBytes(),
          onStored: async (bytes, length) => {
            stored = length
            if (performance.now() - toldAtMs >= progressMs) tell()
            const pause = this.#limit.pass(bytes)
            if (pause !== null) await Promise.race([pause, aborted])
          },
        },
        onCheckpoint: async (record) => {
          inode ??= await inodeOf(request.partPath)
          this.#send({ id, kind: 'record', record, inode })
        },
        onTrouble: (sentence) => this.#send({ id, kind: 'trouble', sentence }),
        beforePlacing: (crc, inode) =>
          this.#placed({ id, kind: 'placing', inodes: [inode], crc }, stop.signal, aborted),
      })
      this.#send({ id, kind: 'done', sizeBytes, isProven, crc, outcomes: null })
    } catch (cause) {
      if (stop.signal.aborted) this.#send({ id, kind: 'cancelled' })
      else this.#send({ id, kind: 'failed', ...describe(cause, link) })
    } finally {
      this.#running.delete(id)
      this.#placing.delete(id)
    }
  }

  async #saveBatch(request: BatchRequest): Promise<void> {
    const { id, files } = request
    const stop = new AbortController()
    const { signal } = stop
    this.#running.set(id, stop)
    const aborted = untilAborted(signal)
    let toldAtMs = performance.now()
    let stored = 0
    try {
      const outcomes = await saveBatch(request, {
        signal,
        disks: this.#disks,
        reserveBytes: () => this.#reserveBytes,
        onFile: async (sizeBytes) => {
          stored += sizeBytes
          if (performance.now() - toldAtMs >= progressMs) {
            toldAtMs = performance.now()
            this.#send({ id, kind: 'progress', bytes: stored })
          }
          const pause = this.#limit.pass(sizeBytes)
          if (pause !== null) await Promise.race([pause, aborted])
        },
        beforePlacing: (inodes) => this.#placed({ id, kind: 'placing', inodes, crc: null }, signal, aborted),
      })
      this.#send({ id, kind: 'done', sizeBytes: stored, isProven: true, crc: null, outcomes })
    } catch (cause) {
      if (signal.aborted) this.#send({ id, kind: 'cancelled' })
      else this.#send({ id, kind: 'failed', ...describe(cause, files[0]?.link ?? '') })
    } finally {
      this.#running.delete(id)
      this.#placing.delete(id)
    }
  }

  /** Resolves when the backend has noted what is complete. */
  async #placed(message: FromSaver, signal: AbortSignal, aborted: Promise<void>): Promise<void> {
    const { promise: placed, resolve } = Promise.withResolvers<void>()
    this.#placing.set(message.id, resolve)
    this.#send(message)
    await Promise.race([placed, aborted])
    signal.throwIfAborted()
  }

  async #finishZip({ members, origin, ...request }: ZipRequest): Promise<void> {
    const { id } = request
    const stop = new AbortController()
    this.#running.set(id, stop)
    try {
      const sizeBytes = await finishZip({
        ...request,
        members: members.map(({ name, modifiedAtMs, sizeBytes: bytes }) => ({
          name,
          modifiedAt: new Date(modifiedAtMs),
          file: bytes === null ? null : { sizeBytes: bytes },
        })),
        crcs: members.map(({ crc }) => crc),
        origin,
        signal: stop.signal,
      })
      this.#send({ id, kind: 'done', sizeBytes, isProven: true, crc: null, outcomes: null })
    } catch (cause) {
      if (stop.signal.aborted) this.#send({ id, kind: 'cancelled' })
      else this.#send({ id, kind: 'failed', ...describe(cause, origin) })
    } finally {
      this.#running.delete(id)
    }
  }

  #maxGatheredBytes(): number {
    const { bytesPerSecond } = this.#limit
    if (bytesPerSecond === null) return Number.POSITIVE_INFINITY
    return Math.max(maxGathered.least, Math.min(maxGathered.limited, bytesPerSecond / 4))
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
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
