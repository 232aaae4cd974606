import { createGate } from '../../engine/net/gate.ts'
import { fetchBatch } from '../../engine/save/fetch-batch.ts'
import type { BatchDisks } from './batch-disks.ts'
import type { BatchOutcome, BatchRequest } from './messages.ts'

export interface BatchOptions {
  signal: AbortSignal
  disks: BatchDisks
  reserveBytes(): number
  /** Called for each file that has arrived, before the next one is asked for. */
  onFile(sizeBytes: number): Promise<void>
  /** Called when files are complete, before they get their names, with the number of each in its volume, or null. */
  beforePlacing(inodes: (string | null)[]): Promise<void>
}

/** Saves small files together. Rejects with the reason when the signal aborts; what is on the disk then has its name or none. */
export async function saveBatch(
  { root, files, tokenOrigins }: BatchRequest,
  options: BatchOptions,
): Promise<BatchOutcome[]> {
  const { signal, disks, onFile, beforePlacing } = options
  // The addresses come from the account's own server, which may be on this computer or the person's network.
  const gate = createGate({
    allowHosts: [...files.map(({ link }) => link), ...tokenOrigins].map((one) => new URL(one).hostname),
  })
  const { bytes, arrived } = await fetchBatch({ files, gate, signal, tokenOrigins, onFile })
  signal.throwIfAborted()
  let end = 0
  const whole = files.flatMap(({ link, sizeBytes, partPath, targetPath }, index) => {
    end += sizeBytes
    const file = { index, partPath, targetPath, origin: `${new URL(link).origin}/`, start: end - sizeBytes, end }
    return arrived[index] === 'whole' ? file : []
  })
  const written = await disks.write({ kind: 'write', root, files: whole, bytes, reserveBytes: options.reserveBytes() })
  const complete = whole.flatMap((file, index) => {
    const found = written[index]
    return found === null || found === undefined ? [] : { ...file, ...found }
  })
  const inodes = new Map(complete.map(({ index, inode }) => [index, inode]))
  await beforePlacing(files.map((_, index) => inodes.get(index) ?? null))
  const named = await disks.name({ kind: 'name', root, files: complete })
  const saved = new Set(complete.flatMap(({ index }, place) => (named[place] === true ? index : [])))
  return arrived.map((how, index) => (saved.has(index) ? 'saved' : how === 'untried' ? how : 'left'))
}
