import type { z } from 'zod'
import { AppError } from '../../../../shared/errors.ts'
import type { Secrets } from '../../secrets/secrets.ts'
import type { V1Key } from '../credentials.ts'
import { type ApiResponse, hostOf, send } from '../http.ts'
import type { UnreadRows } from '../unread-rows.ts'
import { Envelope } from './wire.ts'

/** Address and credentials of a v1 server. `baseUrl` is called for every request, because the local service may restart on another port. */
export interface Endpoint {
  baseUrl(): Promise<string>
  /** Signs every request. */
  key: V1Key
  /** Secrets that a server may echo; they are removed from its responses. */
  secrets: Secrets
  /** Collects rows that could not be parsed. */
  unread: UnreadRows
  /** Aborts the calls. */
  signal?: AbortSignal
}

/** That of putio.py. Source: API v1 §1.5. */
const timeoutMs = 60_000

/** A request, by its resource and method. */
interface Call {
  resource: string
  method: string
  params?: Record<string, unknown>
  /** True if the response is what the backend needs to go on, such as a token: then the secrets in it are kept. */
  isInternal?: boolean
}

/**
 * Sends a request to a v1 server: key, secret and params go as one JSON object in a POST body, never in a URL. Returns the parsed
 * results, and the user's id if the server reports one. Errors: `signed-out` and `refused`, both with the server's own
 * sentence, and `unreachable`. A server refuses what it does not find: API v1 has no word for that.
 * Source: API v1 §1.2, §2, §3, §13; the timeout is that of putio.py.
 */
export async function request<T>(
  endpoint: Endpoint,
  call: Call,
  results: z.ZodType<T>,
): Promise<{ results: T; userId: string | null }> {
  const body = await exchange(endpoint, call)
  const envelope = Envelope.safeParse(body)
  if (!envelope.success) throw notPutio(await endpoint.baseUrl(), envelope.error)
  const { data } = envelope
  if (data.error === true) throw refusal(data)
  const parsed = results.safeParse(data.response.results)
  if (!parsed.success) throw notPutio(await endpoint.baseUrl(), parsed.error)
  return { results: parsed.data, userId: userIdIn(data) }
}

async function exchange(endpoint: Endpoint, call: Call): Promise<unknown> {
  const { resource, method, params = {}, isInternal = false } = call
  const { apiKey, apiSecret } = endpoint.key
  const base = await endpoint.baseUrl()
  const body = new URLSearchParams({
    request: JSON.stringify({ api_key: apiKey, api_secret: apiSecret, params }),
  })
  let answer: ApiResponse
  try {
    answer = await send(new URL(`${base}/v1/${resource}?method=${method}`), {
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
      body: body.toString(),
      timeoutMs,
      signal: endpoint.signal,
    })
  } catch (cause) {
    endpoint.signal?.throwIfAborted()
    throw new AppError('unreachable', `${hostOf(base)} does not answer.`, { cause })
  }
  if (answer.status >= 500)
    throw new AppError(
      'unreachable',
      `${hostOf(base)} reports an error of its own (${answer.status}). Try again later.`,
    )
  // A busy server has not refused the secret, even if the body names no user.
  if (answer.status === 429 || answer.status === 408) {
    const sentence = sentenceIn(answer.text)
    const reply = sentence === null ? null : endpoint.secrets.cleanSentence(sentence)
    throw new AppError('unreachable', reply ?? `${hostOf(base)} is busy now (${answer.status}). Try again later.`)
  }
  if (answer.status === 404) throw notPutio(base, new Error(`there is no ${resource}.${method}`))
  try {
    const body: unknown = JSON.parse(answer.text)
    return !isInternal && endpoint.secrets.isIn(answer.text) ? endpoint.secrets.cleanMessage(body) : body
  } catch (cause) {
    throw notPutio(base, cause)
  }
}

/** The server's own error message, or null. */
function sentenceIn(text: string): string | null {
  try {
    return Envelope.safeParse(JSON.parse(text)).data?.error_message ?? null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** With wrong credentials, all fields about the user are null. Source: API v1 §3. */
function refusal(envelope: z.infer<typeof Envelope>): AppError {
  const sentence = envelope.error_message ?? 'The server refused this and gave no reason.'
  const hasUser = (envelope.user_name ?? envelope.id ?? envelope.user_id ?? null) !== null
  return new AppError(hasUser ? 'refused' : 'signed-out', sentence)
}

/** Some servers call it `id`, others `user_id`. Source: API v1 §2.2. */
function userIdIn({ id, user_id: userId }: z.infer<typeof Envelope>): string | null {
  const told = [id, userId].find((one) => typeof one === 'number' || (typeof one === 'string' && one !== ''))
  return told === undefined ? null : `${told}`
}

function notPutio(base: string, cause: unknown): AppError {
  return new AppError(
    'unreachable',
    `${hostOf(base)} answered, but not as a Put.io server does. Is the address right?`,
    { cause },
  )
}
