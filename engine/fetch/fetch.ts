import { setTimeout as wait } from 'node:timers/promises'
import { DiskRoom } from '../disk/disk-room.ts'
import { FetchError, translateError } from '../fetch-error.ts'
import { ftpSource, isFtpLink } from '../ftp/ftp.ts'
import type { HttpCredentials } from '../http/exchange.ts'
import { httpSource } from '../http/http-source.ts'
import type { Gate } from '../net/gate.ts'
import { checkContent, type Expected } from '../part/expect.ts'
import { PartFile, PartFileLost } from '../part/part-file.ts'
import { headOf, rangeAt } from '../ranges.ts'
import type { ResumeRecord, Validators } from '../resume.ts'
import type { Announced, Source } from '../source.ts'
import { formatSize } from '../text/format-size.ts'
import type { Arrival } from './arrival.ts'
import { type Pace, Segments } from './segments.ts'
import { type Version, VersionChanged } from './version.ts'

export type { Announced } from '../source.ts'

const maxFailures = 5
const maxRestarts = 5
const stallMs = 30_000

export interface FetchOptions {
  /** http, https, ftp or ftps. */
  link: string
  partPath: string
  gate: Gate
  signal: AbortSignal
  /** The record of an earlier run, or null to start at the beginning. */
  resume: ResumeRecord | null
  bootId: string
  /** Called with the part file's number in its volume, or null where the volume does not tell. */
  onOpen?: (inode: string | null) => void
  /** Called before the first byte of a fresh start is written. Rejects to refuse the file. */
  onStart?: (announced: Announced) => void | Promise<void>
  /** Called before each batch is written, with the total length after it. Rejects to refuse it. */
  onBytes?: (length: number) => void | Promise<void>
  /** Limits the speed. */
  pace?: Pace
  /** Lets others read the file while it arrives. What they wait for is fetched first, if the source gives parts. */
  arrival?: Arrival
  /** A record for resuming later. It is never ahead of the disk, and comes at most four times a second. */
  onCheckpoint?: (record: ResumeRecord) => void | Promise<void>
  /**
   * False for a file that arrives in one batch, of at most 1 MiB, and is used at once: it gets no record and no checksums, and is fetched
   * again after a crash. By default it is recorded like any other.
   */
  isBriefRecorded?: boolean
  /** A sentence when the fetch starts over, waits before a retry, or waits for disk space; null when it continues. */
  onTrouble?: (sentence: string | null) => void
  /**
   * What is known about the content in advance. The fetch then resumes even without a validator, and the content is verified at
   * the end.
   */
  expect?: Expected
  /** Credentials for the link's own server. Called for each request, and never for another origin. */
  credentialsFor?: (url: URL) => HttpCredentials | null
  /** Throws for a redirect that is not followed. */
  checkRedirect?: (to: URL) => void
  /** The maximum number of connections; 4 by default. More than one is used only where it is faster. */
  maxConnections?: number
  /** How much is left free on the volume, at most a tenth of it; by default 1 % of it, at most 64 MiB. Asked again and again. */
  reserveBytes?: () => number
  stallMs?: number
  /** Waits between retries. Resolving early means that the person chose “try now”. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>
  random?: () => number
}

interface Run {
  options: FetchOptions
  maxConnections: number
  source: Source
  part: PartFile
  room: DiskRoom
  version: Version
  restarts: { count: number }
  tell: (sentence: string | null) => void
}

const noValidators: Validators = { etag: null, lastModified: null, strong: null }

/** A complete file on the disk. */
export interface Fetched {
  sizeBytes: number
  /** False when the sender did not announce the length, so that only an orderly close of the connection marks the end. */
  isProven: boolean
}

/**
 * Fetches a link into a part file and returns its size once every byte is on the disk. Resumes after transient errors and after a
 * restart, but only where a strong validator or a checksum proves that it is still the same file; otherwise it starts over and
 * reports that. Rejects with a `FetchError`, or with what a callback rejected with.
 */
export async function fetchToPart(options: FetchOptions): Promise<Fetched> {
  const restarts = { count: 0 }
  let { resume } = options
  const keep = async (record: ResumeRecord) => {
    resume = record
    await options.onCheckpoint?.(record)
  }
  for (let losses = 0; ; losses++) {
    try {
      return await fetchOnce({ ...options, resume, onCheckpoint: keep }, { restarts, isLost: losses > 0 })
    } catch (cause) {
      options.signal.throwIfAborted()
      const error = translateError(cause, new URL(options.link).hostname)
      if (!(error instanceof PartFileLost) || losses >= maxRestarts) throw error
      options.onTrouble?.(`${error.message} It is fetched again.`)
      await (options.sleep ?? sleep)(backoffMs(losses + 1, options.random ?? Math.random), options.signal)
    }
  }
}

async function fetchOnce(
  options: FetchOptions,
  { restarts, isLost }: { restarts: Run['restarts']; isLost: boolean },
): Promise<Fetched> {
  const { resume } = options
  const version: Version = {
    validators: resume?.validators ?? noValidators,
    totalBytes: resume?.totalBytes ?? null,
    isProven: true,
    givesParts: false,
    tagged: taggedBefore(resume),
  }
  const tell = teller(options)
  const { arrival } = options
  if (resume === null) arrival?.startOver('It is fetched again.')
  const room = new DiskRoom({
    path: options.partPath,
    reserveBytes: options.reserveBytes,
    signal: options.signal,
    sleep: options.sleep ?? sleep,
    neededBytes: () => (version.totalBytes === null ? null : Math.max(0, version.totalBytes - part.doneBytes)),
    onTrouble: tell,
  })
  const part = await PartFile.open({
    path: options.partPath,
    resume,
    bootId: options.bootId,
    isLost,
    room,
    onRecord: () => options.onCheckpoint?.(recordOf(part, version, options.bootId)),
    onLoss: (bytes) => {
      if (!isLost)
        tell(`Another program changed what had been fetched, so ${formatSize(bytes)} of it are fetched again.`)
    },
    onVerified: () => arrival?.grew(),
  })
  options.onOpen?.(part.inode)
  // A record of an earlier version says less: it must not be found next to what is written from now on.
  if (resume !== null && resume.isSummed !== true) await part.record()
  let fetched: Fetched
  try {
    arrival?.attach({
      sizeBytes: () => version.totalBytes,
      endAfter: (position) => rangeAt(part.readable, position)?.[1] ?? null,
      canJump: () => version.givesParts && version.totalBytes !== null && version.validators.strong !== null,
    })
    const maxConnections = options.maxConnections ?? 4
    fetched = await fetchInto({
      options,
      maxConnections,
      source: sourceOf(options),
      part,
      room,
      version,
      restarts,
      tell,
    })
  } catch (error) {
    arrival?.detach(null)
    await part.close().catch(() => undefined)
    throw error
  }
  await part.close().catch((error: unknown) => {
    arrival?.detach(null)
    throw error
  })
  arrival?.detach(fetched.sizeBytes)
  return fetched
}

/** Retries until the file is complete, matches what was expected, and is on the disk. */
async function fetchInto(run: Run): Promise<Fetched> {
  const { options, part, version } = run
  const { signal } = options
  let furthest = part.doneBytes
  let failures = 0
  let hasBeenWrong = false
  for (;;) {
    signal.throwIfAborted()
    try {
      await attempt(run)
      await part.checked()
      if (version.totalBytes !== null && part.doneBytes < version.totalBytes) continue
      const problem =
        options.expect === undefined ? null : await checkContent(part, version.totalBytes ?? 0, options.expect)
      if (problem === null) {
        await part.finish(part.doneBytes)
        return { sizeBytes: part.doneBytes, isProven: version.isProven || options.expect !== undefined }
      }
      if (hasBeenWrong)
        throw new FetchError(`“${run.source.host}” does not have the file that was expected: ${problem}.`)
      hasBeenWrong = true
      await startOver(run, problem)
      furthest = 0
    } catch (cause) {
      signal.throwIfAborted()
      const error = translateError(cause, run.source.host)
      if (error instanceof VersionChanged) {
        if (error.isBeside) run.maxConnections = 1
        await startOver(run, error.why)
      }
      failures = part.doneBytes > furthest ? 1 : failures + 1
      furthest = Math.max(furthest, part.doneBytes)
      const isOver = error instanceof PartFileLost || failures >= maxFailures
      if (!(error instanceof FetchError) || !error.isPassing || isOver) throw error
      const delayMs = Math.max(backoffMs(failures, options.random ?? Math.random), error.retryAfterMs ?? 0)
      run.tell(`${error.message} Trying again in ${inWords(delayMs)}.`)
      await (options.sleep ?? sleep)(delayMs, signal)
    }
  }
}

async function attempt(run: Run): Promise<void> {
  const { options, part, room, source, version } = run
  const canGoOn = version.validators.strong !== null || options.expect !== undefined
  if (part.doneBytes > 0 && !canGoOn) await startOver(run, 'it cannot continue a file')
  await Segments.run({
    source,
    part,
    version,
    signal: options.signal,
    stallMs: options.stallMs ?? stallMs,
    maxConnections: run.maxConnections,
    isChecked: options.expect !== undefined,
    isHeldBack: () => room.isWaiting,
    isBriefRecorded: options.isBriefRecorded ?? true,
    onStart: async (announced) => options.onStart?.(announced),
    onBytes: (length) => options.onBytes?.(length),
    pace: options.pace,
    arrival: options.arrival,
    onTrouble: run.tell,
    startOver: (why) => startOver(run, why),
  })
}

async function startOver({ options, source, part, version, restarts, tell }: Run, why: string): Promise<void> {
  restarts.count += 1
  if (restarts.count > maxRestarts) {
    throw new FetchError(
      `“${source.host}” keeps closing the connection, and what was fetched cannot be continued: ${why}.`,
    )
  }
  version.validators = noValidators
  version.totalBytes = null
  options.arrival?.startOver(`“${source.host}”: ${why}.`)
  await part.startOver()
  tell(`Started over at “${source.host}”: ${why}.`)
}

/** A size that an earlier run received under a strong validator. */
function taggedBefore(resume: ResumeRecord | null): Version['tagged'] {
  if (resume === null || resume.totalBytes === null || resume.validators.strong === null) return null
  return { validators: resume.validators, totalBytes: resume.totalBytes }
}

function sourceOf(options: FetchOptions): Source {
  const { link, gate, credentialsFor, checkRedirect, stallMs: timeoutMs = stallMs } = options
  if (isFtpLink(link)) return ftpSource(link, { gate, timeoutMs })
  return httpSource(link, { gate, timeoutMs, credentialsFor, checkRedirect })
}

function recordOf(part: PartFile, { validators, totalBytes }: Version, bootId: string): ResumeRecord {
  const record = { validators, totalBytes, syncedBytes: headOf(part.synced), bootId, isSummed: true }
  return part.isSplit ? { ...record, done: part.done, syncedRanges: part.synced } : record
}

/** Reports each sentence once, and null when there is nothing left to report. */
function teller(options: FetchOptions): Run['tell'] {
  let last: string | null | undefined
  return (sentence) => {
    if (sentence === last) return
    last = sentence
    options.onTrouble?.(sentence)
  }
}

function backoffMs(failures: number, random: () => number): number {
  return Math.min(500 * 2 ** (failures - 1), 60_000) * (0.75 + random() / 2)
}

function inWords(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000))
  if (seconds >= 120) return `${Math.round(seconds / 60)} minutes`
  return seconds === 1 ? 'a second' : `${seconds} seconds`
}

export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal })
}
