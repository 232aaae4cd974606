import { request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { endingOf, waitForResponse } from '../../../../engine/http/wait-for-response.ts'

/** What a server answered, whole. */
export interface Answer {
  status: number
  text: string
}

const timeoutMs = 60_000
const largestAnswer = 256 * 1024 * 1024
/** Only where a new connection is dear is one kept: a kept one can be closed by the server in the moment it is used again. */
const secureAgent = new HttpsAgent({ keepAlive: true })

/**
 * Posts a form, until `signal` is aborted. Redirects are not followed: what is sent signs a request, and
 * is meant for one address. The time limit is putio.py's (API v1 §1.5). Node's own fetch would take longer to load than all
 * the calls of a start.
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
    if (length > largestAnswer) throw new Error('the answer is too large')
  }
  if (endingOf(request, response) === 'broken') throw new Error('the answer broke off before the end')
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }
}
