import { parentPort } from 'node:worker_threads'
import { nameBatch, writeBatch } from '../../engine/save/place-batch.ts'
import type { DiskAnswer, DiskTask } from './batch-disks.ts'

// The thread that writes batches of small files, one task after another.

async function run(task: DiskTask): Promise<DiskAnswer> {
  if (task.kind === 'name') return { named: await nameBatch(task.files, task) }
  const files = task.files.map(({ partPath, origin, start, end }) => ({
    partPath,
    origin,
    bytes: task.bytes.subarray(start, end),
  }))
  return { written: await writeBatch(files, task) }
}

let last: Promise<void> = Promise.resolve()
parentPort?.on('message', (task: DiskTask) => {
  last = last.then(async () => parentPort?.postMessage(await run(task).catch(() => null)))
})
