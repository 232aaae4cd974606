import { Worker } from 'node:worker_threads'
import { threadUrl } from '../../engine/thread-url.ts'
import { endThread } from './end-thread.ts'
import type { SevenZip, SevenZipRequest, SevenZipRun } from './seven-zip-run.ts'
import type { WasmJob, WasmMessage } from './wasm-worker.ts'

/** 7-Zip as WebAssembly, in a separate thread: used when there is no native one, or it cannot be run. */
export const wasmSevenZip: SevenZip = { separator: '/', run: start }

function start(request: SevenZipRequest): SevenZipRun {
  const inFlight = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(threadUrl('wasm-worker', import.meta.url), {
    workerData: { ...request, inFlight } satisfies WasmJob,
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 256 },
  })
  const chunks: Uint8Array[] = []
  let isEnded = false
  let isDone = false
  let wake: () => void = () => undefined
  const ended = new Promise<{ code: number | null; messages: string }>((resolve) => {
    worker.on('message', (message: WasmMessage) => {
      if ('bytes' in message) chunks.push(message.bytes)
      else {
        isDone = true
        resolve(message)
      }
      wake()
    })
    worker.once('error', (error) => resolve({ code: null, messages: error instanceof Error ? error.message : '' }))
    worker.once('exit', () => {
      isEnded = true
      resolve({ code: null, messages: '' })
      wake()
    })
  })
  async function* output(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = chunks.shift()
      if (chunk !== undefined) {
        yield chunk
        Atomics.sub(inFlight, 0, 1)
        Atomics.notify(inFlight, 0)
      } else if (isEnded) return
      else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
  }
  return {
    output: output(),
    ended,
    stop: () => {
      endThread(worker, { isDone }).catch(() => undefined)
    },
  }
}
