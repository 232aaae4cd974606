import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { crc32 } from 'node:zlib'

/** A file to be read. */
export interface SumTask {
  path: string
  sizeBytes: number
}

/** Eight and forty lower-case hexadecimal digits; null for a file that cannot be read, or has another length. */
export type SumAnswer = { crc32: string; sha1: string } | null

const chunkBytes = 1024 * 1024
const never = new Int32Array(new SharedArrayBuffer(4))

/** Reads a file, and rests as long as it has worked, so that others have the disk and the processor first. */
function sumsOf({ path, sizeBytes }: SumTask): SumAnswer {
  const file = openSync(path, 'r')
  try {
    if (fstatSync(file).size !== sizeBytes) return null
    const buffer = Buffer.allocUnsafeSlow(Math.max(1, Math.min(chunkBytes, sizeBytes)))
    const hash = createHash('sha1')
    let sum = 0
    for (let position = 0; position < sizeBytes; ) {
      const startedAtMs = performance.now()
      const count = readSync(file, buffer, 0, Math.min(buffer.length, sizeBytes - position), position)
      if (count === 0) return null
      const chunk = buffer.subarray(0, count)
      sum = crc32(chunk, sum)
      hash.update(chunk)
      position += count
      Atomics.wait(never, 0, 0, performance.now() - startedAtMs)
    }
    return { crc32: sum.toString(16).padStart(8, '0'), sha1: hash.digest('hex') }
  } finally {
    closeSync(file)
  }
}

parentPort?.on('message', (task: SumTask) => {
  let answer: SumAnswer = null
  try {
    answer = sumsOf(task)
  } catch {
    // It was deleted meanwhile, or its disk fails: whoever reads it will be told.
  }
  parentPort?.postMessage(answer)
})
