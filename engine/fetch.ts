import type { IncomingMessage } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { readBody } from './body.ts'
import { type Exchange, exchange } from './exchange.ts'
import { FetchError, translateFault } from './fetch-error.ts'
import type { Gate } from './gate.ts'
import { PartFile } from './part-file.ts'
import { announcedBytes, checkPartial, type ResumeRecord, type Validators, validatorsOf } from './resume.ts'

const maxFailures = 5
const maxRestarts = 5
const maxRetryAfterMs = 60 * 60 * 1000

/** What an answer says about a file, with its first bytes. None of it can be trusted. */
export interface Announced {
  /** Where the file came from, after redirects. */
  url: string
  contentType: string | null
  contentDisposition: string | null
  sizeBytes: number | null
  head: Buffer
}

export interface FetchOptions {
  link: string
  partPath: string
  gate: Gate
  signal: AbortSignal
  /** What an earlier run kept, or null to start at the beginning. */
  resume: ResumeRecord | null
  bootId: string
  /** Called before the first byte of a fresh start is written; rejects to refuse the file. */
  onStart?: (announced: Announced) => void | Promise<void>
  /** Called before each batch is written, with the length it will make; rejects to refuse it. */
  onBytes?: (length: number) => void | Promise<void>
  /** What may be kept for a later run. It never runs ahead of the disk. */
  onCheckpoint?: (record: ResumeRecord) => void | Promise<void>
  /** The fetch starts over, or waits before it tries again: a sentence. Null when it goes on. */
  onTrouble?: (sentence: string | null) => void
  stallMs?: number
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>
  random?: () => number
}

interface Progress {
  part: PartFile
  validators: Validators
  totalBytes: number | null
  restarts: number
}

const noValidators: Validators = { etag: null, lastModified: null, strong: null }

/**
 * Fetches a link into a part file, and answers with its size once every byte is there and on the disk. Goes on after passing
 * faults and after a restart, but only where a strong validator proves that it is still the same file; otherwise starts over and
 * says so. Rejects with a `FetchError`, or with what a callback rejected with.
 */
export async function fetchToPart(options: FetchOptions): Promise<{ sizeBytes: number }> {
  const { resume, signal } = options
  const progress: Omit<Progress, 'part'> = {
    validators: resume?.validators ?? noValidators,
    totalBytes: resume?.totalBytes ?? null,
    restarts: 0,
  }
  const trusted = resume === null ? 0 : resume.bootId === options.bootId ? Number.MAX_SAFE_INTEGER : resume.syncedBytes
  const part = await PartFile.open(options.partPath, trusted, (syncedBytes) =>
    options.onCheckpoint?.({
      validators: state.validators,
      totalBytes: state.totalBytes,
      syncedBytes,
      bootId: options.bootId,
    }),
  )
  const state: Progress = Object.assign(progress, { part })
  let furthest = part.length
  let failures = 0
  try {
    for (;;) {
      signal.throwIfAborted()
      try {
        await attempt(options, state)
        await part.finish()
        return { sizeBytes: part.length }
      } catch (cause) {
        signal.throwIfAborted()
        const fault = translateFault(cause, hostOf(options.link))
        failures = part.length > furthest ? 1 : failures + 1
        furthest = Math.max(furthest, part.length)
        if (!(fault instanceof FetchError) || !fault.isPassing || failures >= maxFailures) throw fault
        const delayMs = Math.max(backoffMs(failures, options.random ?? Math.random), fault.retryAfterMs ?? 0)
        options.onTrouble?.(`${fault.message} Trying again in ${inWords(delayMs)}.`)
        await (options.sleep ?? sleep)(delayMs, signal)
      }
    }
  } finally {
    await part.close()
  }
}

async function attempt(options: FetchOptions, state: Progress): Promise<void> {
  const { part } = state
  const { strong } = state.validators
  if (part.length > 0 && strong === null) await startOver(options, state, 'it gave nothing to go on with')
  const start = part.length
  const answer = await exchange(options.link, {
    gate: options.gate,
    timeoutMs: options.stallMs ?? 30_000,
    signal: options.signal,
    headers: start > 0 && strong !== null ? { range: `bytes=${start}-`, 'if-range': strong } : {},
  })
  try {
    const isDone = await judge(answer, options, state)
    if (!isDone) await receive(answer, options, state)
  } finally {
    answer.response.destroy()
  }
}

/** Decides what an answer's head means for the part file. True when there is nothing left to fetch. */
async function judge({ response, url }: Exchange, options: FetchOptions, state: Progress): Promise<boolean> {
  const { part } = state
  const status = response.statusCode ?? 0
  if (status === 206 && part.length > 0) {
    const checked = checkPartial(response, { start: part.length, ...state })
    if (checked.problem === null) {
      state.totalBytes = checked.totalBytes
      return false
    }
    await startOver(options, state, checked.problem)
    throw new FetchError(`“${url.hostname}”: ${checked.problem}.`, { isPassing: true })
  }
  if (status === 416 && part.length > 0) {
    const total = /^bytes \*\/(\d+)$/i.exec(response.headers['content-range'] ?? '')?.[1]
    if (total !== undefined && Number(total) === part.length && state.totalBytes === part.length) return true
    await startOver(options, state, 'it has no such part')
    throw new FetchError(`“${url.hostname}” has no such part.`, { isPassing: true })
  }
  if (status !== 200) throw statusFault(response, url.hostname)
  if (part.length > 0) await startOver(options, state, 'the file has changed, or cannot be continued there')
  refuseCoding(response, url)
  state.validators = validatorsOf(response)
  state.totalBytes = announcedBytes(response)
  return false
}

async function receive({ response, url, sentMore }: Exchange, options: FetchOptions, state: Progress): Promise<void> {
  const { part } = state
  const host = url.hostname
  const start = async (head: Buffer) => {
    await options.onStart?.({
      url: url.href,
      contentType: response.headers['content-type'] ?? null,
      contentDisposition: response.headers['content-disposition'] ?? null,
      sizeBytes: state.totalBytes,
      head,
    })
    const { validators, totalBytes } = state
    await options.onCheckpoint?.({ validators, totalBytes, syncedBytes: 0, bootId: options.bootId })
  }
  let isFresh = part.length === 0
  let hasProblem = true
  const onBatch = async (chunks: Buffer[], bytes: number) => {
    if (isFresh) await start(chunks[0] ?? Buffer.alloc(0))
    isFresh = false
    if (hasProblem) options.onTrouble?.(null)
    hasProblem = false
    const length = part.length + bytes
    if (state.totalBytes !== null && length > state.totalBytes) throw sentTooMuch(host)
    await options.onBytes?.(length)
    await part.append(chunks)
  }
  await readBody(response, { host, stallMs: options.stallMs ?? 30_000, onBatch })
  if (isFresh) await start(Buffer.alloc(0))
  if (state.totalBytes !== null && part.length < state.totalBytes) {
    throw new FetchError(`“${host}” broke off before the end.`, { isPassing: true })
  }
  if (await sentMore()) throw sentTooMuch(host)
}

async function startOver(options: FetchOptions, state: Progress, why: string): Promise<void> {
  state.restarts += 1
  if (state.restarts > maxRestarts) {
    throw new FetchError(
      `“${hostOf(options.link)}” breaks off again and again, and what was fetched cannot be continued.`,
    )
  }
  state.validators = noValidators
  state.totalBytes = null
  await state.part.startOver()
  options.onTrouble?.(`Started over at “${hostOf(options.link)}”: ${why}.`)
}

function statusFault(response: IncomingMessage, host: string): FetchError {
  const status = response.statusCode ?? 0
  const said = (what: string) => `“${host}” ${what} (${status}).`
  if (status === 404 || status === 410) return new FetchError(said('says there is no such file'))
  if (status === 401 || status === 403 || status === 407)
    return new FetchError(said('does not let this file be fetched'))
  if (status === 429 || status === 408 || status >= 500) {
    const what = status === 429 ? 'asks for fewer requests' : 'has a fault of its own'
    return new FetchError(said(what), { isPassing: true, retryAfterMs: retryAfterMs(response) })
  }
  return new FetchError(said('answers with something that is not a file'))
}

/** A coded body has another length and other bytes than the file; only files that are compressed themselves come that way. */
function refuseCoding(response: IncomingMessage, url: URL): void {
  const coding = response.headers['content-encoding']?.toLowerCase() ?? 'identity'
  if (coding === 'identity' || (/gzip$/.test(coding) && /\.t?gz$/i.test(url.pathname))) return
  throw new FetchError(`“${url.hostname}” sends this file only in the coding “${coding}”, which was not asked for.`)
}

function sentTooMuch(host: string): FetchError {
  return new FetchError(`“${host}” sent more than it had announced, so the file cannot be trusted.`)
}

/** How long a server asks to wait, at most an hour; null when it does not say, or says nonsense. */
function retryAfterMs(response: IncomingMessage): number | null {
  const said = response.headers['retry-after']
  if (said === undefined) return null
  const ms = /^\d+$/.test(said) ? Number(said) * 1000 : Date.parse(said) - Date.now()
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), maxRetryAfterMs)
}

function backoffMs(failures: number, random: () => number): number {
  return Math.min(500 * 2 ** (failures - 1), 60_000) * (0.75 + random() / 2)
}

function inWords(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000))
  if (seconds >= 120) return `${Math.round(seconds / 60)} minutes`
  return seconds === 1 ? 'a second' : `${seconds} seconds`
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal })
}

function hostOf(link: string): string {
  return URL.canParse(link) ? new URL(link).hostname : link.slice(0, 100)
}
