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

/** Workers that have answered and wait, by their URL. */
const idle = new Map<string, { worker: Worker; ending: ReturnType<typeof setTimeout> }[]>()

/** Sends a worker one request, and resolves with its answer. The worker ends after that, or when the signal aborts. */
export async function askWorker<Answer>(url: string, request: unknown, signal: AbortSignal): Promise<Answer> {
  const worker = startWorker(url)
  try {
    return await ask<Answer>(worker, request, signal)
  } finally {
    worker.terminate()
  }
}

/** The same for many small requests: a worker that has answered waits a few seconds for the next one. */
export async function askWorkerAgain<Answer>(url: string, request: unknown, signal: AbortSignal): Promise<Answer> {
  const known = idle.get(url)?.pop()
  if (known !== undefined) clearTimeout(known.ending)
  const worker = known?.worker ?? startWorker(url)
  try {
    const answer = await ask<Answer>(worker, request, signal)
    keep(url, worker)
    return answer
  } catch (error) {
    // It may still be busy.
    worker.terminate()
    throw error
  }
}

function keep(url: string, worker: Worker): void {
  const others = idle.get(url) ?? []
  const ending = setTimeout(() => {
    const kept = idle.get(url) ?? []
    idle.set(
      url,
      kept.filter((other) => other.worker !== worker),
    )
    worker.terminate()
  }, idleMs)
  idle.set(url, [...others, { worker, ending }])
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
