import { setTimeout as wait } from 'node:timers/promises'
import type { QueueClock } from './queue.ts'

/** The system's clock and timers. */
export const systemClock: QueueClock = {
  nowMs: () => performance.now(),
  wait: async (ms, signal) => {
    await wait(ms, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
      signal?.throwIfAborted()
      throw error
    })
  },
}
