import type { IncomingMessage, ServerResponse } from 'node:http'

/** How long a client may take to send the body of a request. */
const maxBodyMs = 60_000
/** How long it may send nothing of a body that may take longer. */
const maxSilenceMs = 60_000

const limits = new WeakMap<IncomingMessage, { stop(): void; restart(): void }>()

/** Ends a request whose body is not there in time. Node's own limit would hold for all requests alike. */
export function limitBodyTime(request: IncomingMessage, response: ServerResponse): void {
  const { headers } = request
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) return
  const onTimeout = () => {
    if (request.complete) return
    if (response.headersSent) request.destroy()
    else request.socket.end(timeout, () => request.destroy())
  }
  let timer = setTimeout(onTimeout, maxBodyMs)
  const stop = () => clearTimeout(timer)
  limits.set(request, {
    stop,
    restart: () => {
      stop()
      timer = setTimeout(onTimeout, maxBodyMs)
    },
  })
  request.once('end', stop)
  request.once('close', stop)
}

const timeout = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'

/**
 * The body of a request that may take as long as it likes, as long as bytes arrive. Call it only for clients that have signed in. Rejects
 * when the client disconnects.
 */
export async function* longBody(request: IncomingMessage, response: ServerResponse): AsyncGenerator<Buffer> {
  const limit = limits.get(request)
  limit?.stop()
  if (/^100-continue$/i.test(request.headers.expect ?? '')) response.writeContinue()
  const silence = setTimeout(() => request.destroy(new Error('The client sent nothing any more.')), maxSilenceMs)
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      silence.refresh()
      yield chunk
      silence.refresh()
    }
  } finally {
    clearTimeout(silence)
    if (!request.complete && !request.destroyed) {
      // The rest is dropped, so that the client gets its answer.
      limit?.restart()
      request.resume()
    }
  }
}
