import type { z } from 'zod'
import { AppError } from '../../../../shared/errors.ts'
import type { Secrets } from '../../secrets/secrets.ts'
import type { V1Key } from '../credentials.ts'
import type { UnreadRows } from '../unread-rows.ts'
import { type Answer, post } from './post.ts'
import { Envelope } from './wire.ts'

/** Where a v1 server is and who asks. `baseUrl` is asked for at every request, because the local service moves when it restarts. */
export interface Endpoint {
  baseUrl(): Promise<string>
  /** Signs every request. */
  key: V1Key
  /** What a server may echo, and is to go no further. */
  secrets: Secrets
  /** Told of rows that could not be read. */
  unread: UnreadRows
  /** Ends calls that nobody waits for any more. */
  signal?: AbortSignal
}

/**
 * Asks a v1 server: key, secret and params travel as one JSON object in a POST body, never in a URL. Answers with the parsed
 * results, and with the user's id where the server tells one. Errors: `signed-out`, `refused` and `not-found`, all with the server's
 * own sentence, and `unreachable`. Only Putdesk's own service tells that something is not found; any other refuses.
 * Source: API v1 §1.2, §2, §3, §13; the time limit is putio.py's.
 */
export async function request<T>(
  endpoint: Endpoint,
  call: { resource: string; method: string; params?: Record<string, unknown> },
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

async function exchange(
  endpoint: Endpoint,
  { resource, method, params = {} }: { resource: string; method: string; params?: Record<string, unknown> },
): Promise<unknown> {
  const { apiKey, apiSecret } = endpoint.key
  const base = await endpoint.baseUrl()
  const body = new URLSearchParams({
    request: JSON.stringify({ api_key: apiKey, api_secret: apiSecret, params, putdesk: 1 }),
  })
  let answer: Answer
  try {
    answer = await post(new URL(`${base}/v1/${resource}?method=${method}`), body.toString(), endpoint.signal)
  } catch (cause) {
    endpoint.signal?.throwIfAborted()
    throw new AppError('unreachable', `${hostOf(base)} does not answer.`, { cause })
  }
  if (answer.status >= 500)
    throw new AppError(
      'unreachable',
      `${hostOf(base)} reports an error of its own (${answer.status}). Try again later.`,
    )
  // Whatever the body says of the user: a server that has no time now has not refused the secret.
  if (answer.status === 429 || answer.status === 408) {
    const sentence = sentenceIn(answer.text)
    const said = sentence === null ? null : endpoint.secrets.cleanSentence(sentence)
    throw new AppError('unreachable', said ?? `${hostOf(base)} is busy now (${answer.status}). Try again later.`)
  }
  if (answer.status === 404) throw notPutio(base, new Error(`there is no ${resource}.${method}`))
  try {
    const body: unknown = JSON.parse(answer.text)
    return endpoint.secrets.isIn(answer.text) ? endpoint.secrets.cleanMessage(body) : body
  } catch (cause) {
    throw notPutio(base, cause)
  }
}

/** What the server itself says of a failure, or null. */
function sentenceIn(text: string): string | null {
  try {
    return Envelope.safeParse(JSON.parse(text)).data?.error_message ?? null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** Wrong credentials come with a user that is null everywhere. Source: API v1 §3. */
function refusal(envelope: z.infer<typeof Envelope>): AppError {
  const sentence = envelope.error_message ?? 'The server refused this and gave no reason.'
  const hasUser = (envelope.user_name ?? envelope.id ?? envelope.user_id ?? null) !== null
  if (!hasUser) return new AppError('signed-out', sentence)
  return new AppError(envelope.putdesk?.code === 'not-found' ? 'not-found' : 'refused', sentence)
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

/** The server in a sentence, at its beginning. */
export function hostOf(base: string): string {
  const { host, hostname } = new URL(base)
  return hostname === '127.0.0.1' ? 'The service on this computer' : `“${host}”`
}
