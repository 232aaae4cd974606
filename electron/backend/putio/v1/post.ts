import { request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { endingOf, waitForResponse } from '../../../../engine/http/wait-for-response.ts'

/** A complete response of a server. */
export interface Answer {
  status: number
  text: string
}

const timeoutMs = 60_000
const maxAnswerBytes = 256 * 1024 * 1024
/** Only TLS connections are kept alive, because opening them is expensive. The server can close a kept connection just as it is reused. */
const secureAgent = new HttpsAgent({ keepAlive: true })

/**
 * Posts a form; `signal` aborts it. Redirects are not followed: the form contains the key and secret, and is meant for one address
 * only. The timeout is that of putio.py (API v1 §1.5). Node's own `fetch` would take longer to load than all the requests at startup.
 */
export async function post(url: URL, form: string, signal?: AbortSignal): Promise<Answer> {
  const isSecure = url.protocol === 'https:'
  const send = isSecure ? httpsRequest : httpRequest
  const headers = {
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': Buffer.byteLength(form),
  }
  const request = send(url, {
    method: 'POST',
    headers,
    agent: isSecure ? secureAgent : false,
    signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])]),
  })
  const answered = waitForResponse(request, { host: url.hostname, timeoutMs })
  request.end(form)
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
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }
}
