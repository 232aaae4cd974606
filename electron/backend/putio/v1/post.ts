import { request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'

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
 * Posts a form. Redirects are not followed: what is sent signs a request, and
 * is meant for one address. The time limit is putio.py's (API v1 §1.5). Node's own fetch would take longer to load than all
 * the calls of a start.
 */
export function post(url: URL, form: string): Promise<Answer> {
  const isSecure = url.protocol === 'https:'
  const send = isSecure ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const headers = {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(form),
    }
    const options = {
      method: 'POST',
      headers,
      agent: isSecure ? secureAgent : false,
      signal: AbortSignal.timeout(timeoutMs),
    }
    const request = send(url, options, (response) => {
      const chunks: Buffer[] = []
      let length = 0
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        length += chunk.length
        if (length > largestAnswer) response.destroy(new Error('the answer is too large'))
      })
      response.on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      )
    })
    request.once('error', reject)
    request.end(form)
  })
}
