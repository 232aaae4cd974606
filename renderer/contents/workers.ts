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

/** Sends a worker one request, and resolves with its answer. The worker ends after that, or when the signal aborts. */
export function askWorker<Answer>(url: string, request: unknown, signal: AbortSignal): Promise<Answer> {
  const worker = startWorker(url)
  return new Promise<Answer>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    worker.onmessage = ({ data }: MessageEvent<Answer>) => resolve(data)
    worker.onerror = () => reject(new Error('The worker failed.'))
    worker.postMessage(request)
  }).finally(() => worker.terminate())
}
