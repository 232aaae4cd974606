/** The part of the Trusted Types API that is used here, which the DOM's types do not have yet. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): {
    createScriptURL(url: string): string
  }
}

/** The only way to start a worker: one of our own bundles. */
const policy = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy('bundled-workers', {
  createScriptURL: (url) => {
    const { origin, pathname } = new URL(url, document.baseURI)
    if (origin !== location.origin || !pathname.startsWith('/assets/')) throw new TypeError('Not a bundled worker.')
    return url
  },
})

/** Starts a bundled worker. */
export function startWorker(url: string): Worker {
  return new Worker(policy === undefined ? url : policy.createScriptURL(url), { type: 'module' })
}

/** How long a worker waits for another request. */
const idleMs = 5000

/** Workers that have answered, and wait. */
const idle = new Map<Worker, { url: string; ending: ReturnType<typeof setTimeout> }>()

/**
 * Sends a worker one request, and resolves with its answer. The worker then waits a few seconds for another request. Rejects when the
 * signal aborts, and when the worker fails.
 */
export async function askWorker<Answer>(url: string, request: unknown, signal: AbortSignal): Promise<Answer> {
  const worker = takeIdle(url) ?? startWorker(url)
  try {
    const answer = await ask<Answer>(worker, request, signal)
    idle.set(worker, { url, ending: setTimeout(() => endIdle(worker), idleMs) })
    return answer
  } catch (error) {
    // It may still be busy.
    worker.terminate()
    throw error
  }
}

function takeIdle(url: string): Worker | null {
  const [worker, waiting] = [...idle].find(([, one]) => one.url === url) ?? []
  if (worker === undefined) return null
  clearTimeout(waiting?.ending)
  idle.delete(worker)
  return worker
}

function endIdle(worker: Worker): void {
  idle.delete(worker)
  worker.terminate()
}

function ask<Answer>(worker: Worker, request: unknown, signal: AbortSignal): Promise<Answer> {
  const answered = new AbortController()
  return new Promise<Answer>((resolve, reject) => {
    signal.throwIfAborted()
    signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: answered.signal })
    worker.onmessage = ({ data }: MessageEvent<Answer>) => resolve(data)
    worker.onerror = () => reject(new Error('The worker failed.'))
    worker.postMessage(request)
  }).finally(() => answered.abort())
}
