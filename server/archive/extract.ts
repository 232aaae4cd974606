import { readdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import { threadUrl } from '../../engine/thread-url.ts'
import { ArchiveError, quoted, tooLarge } from './archive-error.ts'
import { endThread } from './end-thread.ts'
import type { ExtractJob, ExtractMessage } from './extract-worker.ts'
import type { ArchiveSet } from './find-archives.ts'
import { type Limits, Output, pieces } from './output.ts'
import { findNative, killGroup } from './seven-zip.ts'
import { syncFolder } from './sync-files.ts'
import type { Unpacked } from './unpack.ts'

/** How to unpack. */
export interface ExtractOptions {
  /** The output folder: missing, empty, or left over from an extraction that was killed. */
  into: string
  password?: string | null
  limits: Pick<Limits, 'maxBytes'> & Partial<Limits>
  signal?: AbortSignal
  /** Called with ascending whole percents. Stays at 0 if the unpacked size is unknown. */
  onProgress?: (percent: number) => void
}

const defaultLimits = { maxEntries: 100_000, maxDepth: 32, maxRatio: 200, maxSeconds: 6 * 60 * 60 }

const unfinished = '.unfinished'
const links = '.links'

/**
 * Unpacks an archive in a separate thread, with all limits enforced. The files in `into` are named by number; `path` says where each
 * belongs. Everything is synced to disk before this resolves; after an error or an abort, `into` is removed. Nested archives stay
 * packed, except a tar inside its compressor. The result is the same each time, whatever a killed extraction left behind. Errors: an
 * `ArchiveError` that names the archive; the signal's reason when aborted.
 */
export async function extractArchive(set: ArchiveSet, options: ExtractOptions): Promise<Unpacked> {
  const { signal } = options
  const into = resolve(options.into)
  signal?.throwIfAborted()
  const [missing] = set.missing
  if (missing !== undefined) throw missingPart(set, missing)
  await prepareFolder(into)
  try {
    const unpacked = await runThread(set, { ...options, into })
    for (const name of [links, pieces]) await rm(join(into, name), { recursive: true, force: true })
    await rm(join(into, unfinished), { force: true })
    await syncFolder(into)
    return unpacked
  } catch (error) {
    await rm(into, { recursive: true, force: true, maxRetries: 3 })
    throw error
  }
}

function missingPart({ name, missing }: ArchiveSet, first: string): ArchiveError {
  const others = missing.length - 1
  const which = others === 0 ? quoted(first) : `${quoted(first)} and ${others} more ${others === 1 ? 'part' : 'parts'}`
  const sentence = `${quoted(name)} could not be unpacked: ${which} ${others === 0 ? 'is' : 'are'} missing.`
  return new ArchiveError('missing-part', sentence)
}

/** Prepares the output folder. A marker file stays in it until its content is complete. */
async function prepareFolder(into: string): Promise<void> {
  Output.folder(into)
  const existing = await readdir(into)
  if (existing.length > 0 && !existing.includes(unfinished)) throw new Error('The folder to unpack into is not empty.')
  for (const name of existing) {
    if (name !== unfinished) await rm(join(into, name), { recursive: true, force: true })
  }
  await writeFile(join(into, unfinished), '', { mode: 0o600 })
}

async function runThread(set: ArchiveSet, options: ExtractOptions): Promise<Unpacked> {
  const { into, signal, onProgress } = options
  const limits = { ...defaultLimits, ...options.limits }
  const program = findNative()
  const job: ExtractJob = {
    set: { ...set, parts: set.parts.map(({ name, paths }) => ({ name, paths: paths.map((path) => resolve(path)) })) },
    into,
    limits,
    password: options.password ?? null,
    native: program === null ? null : { program, linksFolder: join(into, links) },
  }
  const thread = new Worker(threadUrl('extract-worker', import.meta.url), {
    workerData: job,
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  })
  let isDone = false
  let childPid: number | null = null
  const answer = Promise.withResolvers<Unpacked>()
  const stop = () => answer.reject(signal?.reason)
  const tooLong = setTimeout(() => {
    answer.reject(tooLarge(set.name, `it took longer than ${inMinutes(limits.maxSeconds)}, the most it may`))
  }, limits.maxSeconds * 1000)
  signal?.addEventListener('abort', stop, { once: true })
  thread.on('message', (message: ExtractMessage) => {
    if ('childPid' in message) childPid = message.childPid
    else if ('percent' in message) onProgress?.(message.percent)
    else {
      isDone = true
      if ('unpacked' in message) answer.resolve(message.unpacked)
      else answer.reject(toError(set, message))
    }
  })
  thread.once('error', (cause) => answer.reject(failed(set, cause)))
  thread.once('exit', () => answer.reject(failed(set, new Error('The thread that unpacks ended by itself.'))))
  try {
    return await answer.promise
  } finally {
    clearTimeout(tooLong)
    signal?.removeEventListener('abort', stop)
    await endThread(thread, { isDone })
    if (childPid !== null) killGroup(childPid)
  }
}

function toError(
  set: ArchiveSet,
  { kind, message, detail }: { kind: ArchiveError['kind'] | null; message: string; detail: string },
) {
  const cause = new Error(detail)
  return kind === null ? failed(set, cause) : new ArchiveError(kind, message, { cause })
}

function failed({ name }: ArchiveSet, cause: unknown): ArchiveError {
  return new ArchiveError('failed', `${quoted(name)} could not be unpacked.`, { cause })
}

function inMinutes(seconds: number): string {
  const minutes = Math.round(seconds / 60)
  return minutes >= 1 ? `${minutes} ${minutes === 1 ? 'minute' : 'minutes'}` : `${seconds} seconds`
}
