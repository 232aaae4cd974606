import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { endingOf, waitForResponse } from '../../../engine/http/wait-for-response.ts'
import { putioAddress } from '../../../shared/putio-app.ts'

/** A request to the API of a service. */
export interface ApiRequest {
  method: string
  headers: Record<string, string | number>
  body: string | Buffer | null
  /** How long the service may take to begin its answer, and to send all of it. */
  timeoutMs: number
  signal?: AbortSignal | undefined
}

/** A complete response of a service. */
export interface ApiResponse {
  status: number
  headers: IncomingHttpHeaders
  text: string
}

const maxAnswerBytes = 256 * 1024 * 1024
/** Only TLS connections are kept alive, because opening them is expensive. The server can close a kept connection just as it is reused. */
const secureAgent = new HttpsAgent({ keepAlive: true })

/**
 * Sends a request; `signal` aborts it. Redirects are not followed: a request contains secrets, and is meant for one address only. Rejects
 * if there is no complete response. Node's own `fetch` would take longer to load than all the requests at startup.
 */
export async function send(url: URL, { method, headers, body, timeoutMs, signal }: ApiRequest): Promise<ApiResponse> {
  const isSecure = url.protocol === 'https:'
  const open = isSecure ? httpsRequest : httpRequest
  const request = open(url, {
    method,
    headers: { ...headers, ...(body !== null && { 'content-length': Buffer.byteLength(body) }) },
    agent: isSecure ? secureAgent : false,
    signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])]),
  })
  const answered = waitForResponse(request, { host: url.hostname, timeoutMs })
  request.end(body ?? undefined)
  const response = await answered
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response) {
    if (!(chunk instanceof Buffer)) continue
    chunks.push(chunk)
    length += chunk.length
    if (length > maxAnswerBytes) throw new Error('the answer is too large')
  }
  if (endingOf(request, response) === 'broken') throw new Error('the connection closed before the end of the answer')
  return { status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString('utf8') }
}

/** The name of the server, for the start of a sentence. */
export function hostOf(base: string): string {
  const { host, hostname } = new URL(base)
  if (host === new URL(putioAddress).host) return 'Put.io'
  return hostname === '127.0.0.1' ? 'The service on this computer' : `“${host}”`
}
