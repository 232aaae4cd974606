import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'

const lastWordMs = 2000

/**
 * Ends a thread. One that has sent its last message ends by itself and gets the time for it: the runtime has crashed when such a
 * thread was terminated at that very moment.
 */
export async function endThread(thread: Worker, { isDone }: { isDone: boolean }): Promise<void> {
  // A thread that has ended has no id.
  if (isDone && thread.threadId !== -1)
    await Promise.race([once(thread, 'exit'), wait(lastWordMs, undefined, { ref: false })])
  await thread.terminate()
}
