import { brokeOff } from '../fetch/body.ts'
import { httpSource, sentTooMuch } from '../http/http-source.ts'
import { KeptConnections } from '../http/kept-connections.ts'
import type { Gate } from '../net/gate.ts'
import type { AskedPart } from '../resume.ts'
import type { Delivery } from '../source.ts'

/** After so many files that did not arrive, the others of a batch are not tried. */
const maxMissing = 2
/** How long the server may be silent, and how long one file may take. Whoever fetches a file alone has more patience. */
const patience = { silentMs: 5000, fileMs: 20_000 }

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
  /** Called for each file that has arrived. The next one is not asked for before it resolves. */
  onFile(sizeBytes: number): Promise<void>
  patience?: typeof patience
}

/** What became of a file: it arrived, it did not, or it was not asked for. */
type Arrived = 'whole' | 'missing' | 'untried'

/**
 * Fetches small files one after another over one connection into one buffer in memory, in which each follows the one before. There is one attempt for each: what is not sent at once, with exactly the announced size, is missing. Rejects with the
 * reason when the signal aborts.
 */
export async function fetchBatch(
  options: FetchBatchOptions,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; arrived: Arrived[] }> {
  const { files, signal, onFile } = options
  const bytes = new Uint8Array(files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))
  const arrived: Arrived[] = []
  const connections = new KeptConnections()
  const gate = checkingOnce(options.gate)
  let missing = 0
  let at = 0
  try {
    for (const { link, sizeBytes } of files) {
      const into = bytes.subarray(at, at + sizeBytes)
      at += sizeBytes
      const isWhole =
        missing < maxMissing &&
        (await fetchInto(link, into, { ...options, gate, connections }).catch(() => {
          signal.throwIfAborted()
          return false
        }))
      if (isWhole) await onFile(sizeBytes)
      arrived.push(isWhole ? 'whole' : missing < maxMissing ? 'missing' : 'untried')
      if (!isWhole) missing += 1
    }
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
  { gate, connections, signal, patience: { silentMs, fileMs } = patience }: Attempt,
): Promise<boolean> {
  const late = AbortSignal.timeout(fileMs)
  const source = httpSource(link, { gate, timeoutMs: silentMs, connections })
  const delivery = await source.open(wholeFile, AbortSignal.any([signal, late]))
  if (delivery.kind !== 'bytes') return false
  if (!delivery.isWhole || delivery.totalBytes !== into.length) {
    delivery.close()
    return false
  }
  await fill(into, delivery, silentMs)
  if (delivery.ending() !== 'proven') return false
  await delivery.confirm()
  return true
}

function fill(into: Uint8Array, { host, stream }: Delivery, silentMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let length = 0
    const silent = setTimeout(() => stream.destroy(), silentMs)
    stream.on('data', (chunk: Buffer) => {
      silent.refresh()
      if (length + chunk.length > into.length) stream.destroy(sentTooMuch(host))
      else into.set(chunk, length)
      length += chunk.length
    })
    stream.on('end', () => (length === into.length ? resolve() : reject(brokeOff(host))))
    stream.on('error', reject)
    stream.on('close', () => {
      clearTimeout(silent)
      reject(brokeOff(host))
    })
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
