import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'

const lastWordMs = 2000

/**
 * Ends a thread. One that has said its last word ends by itself, and is given the time for it: the runtime has crashed where such a
 * thread was ended from outside at that very moment.
 */
export async function endThread(thread: Worker, { isDone }: { isDone: boolean }): Promise<void> {
  // A thread that is over has no number any more.
  if (isDone && thread.threadId !== -1)
    await Promise.race([once(thread, 'exit'), wait(lastWordMs, undefined, { ref: false })])
  await thread.terminate()
}
