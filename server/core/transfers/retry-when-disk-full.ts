import { setTimeout as wait } from 'node:timers/promises'
import { DiskRoom } from '../../../engine/disk/disk-room.ts'
import { isOutOfSpace } from '../errors/reason.ts'
import type { Transfer } from './transfer.ts'

interface RetryOptions {
  transfer: Transfer
  folder: string
  signal: AbortSignal
  /** How to wait. A user of a slot gives it up meanwhile. */
  sleep?(ms: number, signal: AbortSignal): Promise<void>
}

/** Runs `work` for a transfer, and retries it while the disk is full. Meanwhile the transfer says so. */
export async function retryWhenDiskFull<T>(
  work: () => Promise<T>,
  { transfer, folder, signal, sleep = plainSleep }: RetryOptions,
): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      signal.throwIfAborted()
      if (!isOutOfSpace(error)) throw error
      const { sizeBytes, downloadedBytes, stage } = transfer
      const neededBytes = stage === 'fetching' && sizeBytes !== null ? sizeBytes - downloadedBytes : null
      const room = new DiskRoom({
        path: folder,
        signal,
        sleep,
        neededBytes: () => neededBytes,
        onTrouble: (sentence) => {
          transfer.reason = sentence
        },
      })
      await room.waitAfterRefusal()
      if (neededBytes !== null) await room.take(neededBytes)
    }
  }
}

async function plainSleep(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal })
}
