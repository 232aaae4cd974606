import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'

const exitWithinMs = 2000

/**
 * Ends a thread. If it has sent its last message (`isDone`), waits for it to exit by itself first: terminating a thread while it
 * exits has crashed the runtime.
 */
export async function endThread(thread: Worker, { isDone }: { isDone: boolean }): Promise<void> {
  // The id of an exited thread is -1.
  if (isDone && thread.threadId !== -1)
    await Promise.race([once(thread, 'exit'), wait(exitWithinMs, undefined, { ref: false })])
  await thread.terminate()
}
