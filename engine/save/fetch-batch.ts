import type { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { httpSource } from '../http/http-source.ts'
import { KeptConnections } from '../http/kept-connections.ts'
import { keepToken } from '../http/token-redirect.ts'
import type { Gate } from '../net/gate.ts'
import type { AskedPart } from '../resume.ts'

/** After so many files that did not arrive, the others of a batch are not tried. */
const maxMissing = 2
/**
 * How long the server may be silent, and how long one file may take: whoever fetches a file alone has more patience. After `batchMs` no
 * other file is begun, so that what has arrived under a limit, or from a slow server, is soon on the disk.
 */
const patience = { silentMs: 5000, fileMs: 20_000, batchMs: 5000 }

/** How long to wait for a response that was not asked for. */
const maxExcessMs = 1000

const wholeFile: AskedPart = {
  start: 0,
  end: null,
  totalBytes: null,
  validators: { etag: null, lastModified: null, strong: null },
  isChecked: false,
}

interface BatchedFile {
  /** http or https. */
  link: string
  sizeBytes: number
}

export interface FetchBatchOptions {
  files: readonly BatchedFile[]
  gate: Gate
  signal: AbortSignal
  /** Origins that may get the tokens in the links when their servers redirect. */
  tokenOrigins: readonly string[]
  /** Called for each file that has arrived. The next one is not asked for before it resolves. */
  onFile(sizeBytes: number): Promise<void>
  patience?: typeof patience
}

/** What became of a file: it arrived, it did not, or it was not asked for. */
type Arrived = 'whole' | 'missing' | 'untried'

/**
 * Fetches small files one after another over one connection into one buffer in memory, in which each follows the one before. There is one
 * attempt for each: what is not sent at once, with exactly the announced size, is missing. So are all of them if a server sends more
 * responses than it was asked for: each file could have the bytes of another. Rejects with the reason when the signal aborts.
 */
export async function fetchBatch(
  options: FetchBatchOptions,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; arrived: Arrived[] }> {
  const { files, signal, onFile, patience: { batchMs } = patience } = options
  const bytes = new Uint8Array(files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))
  const arrived: Arrived[] = []
  const connections = new KeptConnections()
  const gate = checkingOnce(options.gate)
  const begunAtMs = performance.now()
  let missing = 0
  let at = 0
  let slowestMs = 0
  let hasExcess = false
  try {
    for (const { link, sizeBytes } of files) {
      const into = bytes.subarray(at, at + sizeBytes)
      at += sizeBytes
      const isLate = arrived.length > 0 && performance.now() - begunAtMs >= batchMs
      if (isLate || missing >= maxMissing || hasExcess) {
        arrived.push('untried')
        continue
      }
      const askedAtMs = performance.now()
      const isWhole = await fetchInto(link, into, { ...options, gate, connections }).catch(() => {
        signal.throwIfAborted()
        return false
      })
      slowestMs = Math.max(slowestMs, performance.now() - askedAtMs)
      if (isWhole) hasExcess = connections.hasExcess()
      else connections.forget()
      if (isWhole) await onFile(sizeBytes)
      else missing += 1
      arrived.push(isWhole ? 'whole' : 'missing')
    }
    // If a response was one too many, the last one is still to come.
    if (arrived.includes('whole')) await wait(Math.min(2 * slowestMs, maxExcessMs), undefined, { signal })
    if (hasExcess || connections.hasExcess())
      return { bytes, arrived: arrived.map((how) => (how === 'whole' ? 'missing' : how)) }
  } finally {
    connections.close()
  }
  return { bytes, arrived }
}

interface Attempt extends FetchBatchOptions {
  connections: KeptConnections
}

/** Resolves to false for what is not sent as announced. Rejects with why it cannot be had. */
async function fetchInto(
  link: string,
  into: Uint8Array,
  { gate, connections, signal, tokenOrigins, patience: limits = patience }: Attempt,
): Promise<boolean> {
  const checkRedirect = keepToken(link, (origin) => tokenOrigins.includes(origin))
  const source = httpSource(link, { gate, timeoutMs: limits.silentMs, connections, checkRedirect })
  const delivery = await source.open(wholeFile, signal)
  if (delivery.kind !== 'bytes') return false
  if (!delivery.isWhole || delivery.totalBytes !== into.length) {
    delivery.close()
    return false
  }
  const isWhole = await fill(into, delivery.stream, limits)
  if (!isWhole || delivery.ending() !== 'proven') return false
  await delivery.confirm()
  return true
}

/** Resolves to false for a body that is too short or too long, or takes too long. */
function fill(into: Uint8Array, stream: Readable, { silentMs, fileMs }: typeof patience): Promise<boolean> {
  return new Promise((resolve) => {
    let length = 0
    const give = () => stream.destroy()
    const silent = setTimeout(give, silentMs)
    const late = setTimeout(give, fileMs)
    stream.on('data', (chunk: Buffer) => {
      silent.refresh()
      if (length + chunk.length > into.length) give()
      else into.set(chunk, length)
      length += chunk.length
    })
    const finish = () => {
      clearTimeout(silent)
      clearTimeout(late)
      resolve(stream.readableEnded && length === into.length)
    }
    stream.on('end', finish)
    stream.on('error', finish)
    stream.on('close', finish)
  })
}

/** Checks each server once: the connection to it stays the same. */
function checkingOnce(gate: Gate): Gate {
  const checks = new Map<string, ReturnType<Gate['check']>>()
  return {
    ...gate,
    check: (url) => {
      const known = checks.get(url.origin) ?? gate.check(url)
      checks.set(url.origin, known)
      return known
    },
  }
}
