import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { FromWorker, ToWorker, WorkerOptions } from './messages.ts'
import { TorrentError } from './types.ts'

const maxLosses = 3
const stableAfterMs = 60_000
const closeWithinMs = 5000
const maxHeapMegabytes = 1024
// Blocks stay in memory until their piece is complete: a smaller young generation would copy them again and again.
const youngHeapMegabytes = 64

interface SupervisorOptions {
  settings: WorkerOptions
  onMessage: (message: FromWorker) => void
  /** Called when a new worker replaced one that ended: everything in flight has to be sent again. */
  onReplaced: () => void
  /** Called when the worker ended too often to be replaced again. */
  onLost: (error: TorrentError) => void
  report: (error: unknown) => void
}

interface WorkerSupervisor {
  /** Sends a message, starting the worker if it is not running. */
  send(message: ToWorker): void
  sendIfRunning(message: ToWorker): void
  close(): Promise<void>
}

/**
 * Starts the worker thread with the first message and replaces it when it ends unexpectedly. From source, the worker is
 * `torrent-worker.ts` next to this file; when bundled, it is `torrent-worker.mjs` next to this file's bundle.
 */
export function createWorkerSupervisor({
  settings,
  onMessage,
  onReplaced,
  onLost,
  report,
}: SupervisorOptions): WorkerSupervisor {
  let worker: Worker | null = null
  let losses = 0
  let startedAtMs = 0
  let isClosing = false

  const startWorker = (): Worker => {
    const started = new Worker(workerPath(), {
      workerData: settings,
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMegabytes, maxYoungGenerationSizeMb: youngHeapMegabytes },
      // The arguments of this process are not meant for the worker.
      argv: [],
      execArgv: ['--no-warnings'],
    })
    startedAtMs = performance.now()
    started.on('message', onMessage)
    started.on('error', report)
    started.once('exit', () => {
      if (worker !== started) return
      worker = null
      if (!isClosing) replace()
    })
    return started
  }
  const replace = () => {
    losses = performance.now() - startedAtMs > stableAfterMs ? 1 : losses + 1
    if (losses > maxLosses) {
      losses = 0
      onLost(new TorrentError('The torrent worker keeps crashing.'))
      return
    }
    onReplaced()
  }
  const send = (message: ToWorker) => {
    worker ??= startWorker()
    worker.postMessage(message)
  }
  return {
    send,
    sendIfRunning: (message) => worker?.postMessage(message),
    close: async () => {
      isClosing = true
      const last = worker
      if (last === null) return
      const closed = new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, closeWithinMs)
        const end = () => {
          clearTimeout(timer)
          resolve()
        }
        last.on('message', (message: FromWorker) => (message.type === 'closed' ? end() : undefined))
        last.once('exit', end)
      })
      last.postMessage({ type: 'close' } satisfies ToWorker)
      await closed
      await last.terminate()
      worker = null
    },
  }
}

function workerPath(): string {
  const isSource = import.meta.url.endsWith('.ts')
  return fileURLToPath(new URL(isSource ? './torrent-worker.ts' : './torrent-worker.mjs', import.meta.url))
}
