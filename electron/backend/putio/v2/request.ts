import { randomInt } from 'node:crypto'
import * as z from 'zod'
import { AppError } from '../../../../shared/errors.ts'
import type { Secrets } from '../../secrets/secrets.ts'
import type { Bases } from '../bases.ts'
import { type ApiResponse, hostOf, send } from '../http.ts'
import { perhaps } from '../lenient.ts'
import type { UnreadRows } from '../unread-rows.ts'
import { type QueueClock, RequestQueue } from './queue.ts'
import { rateLimitOf } from './rate-limit.ts'
import { sentenceOf } from './sentence.ts'

/** Where a v2 service is, and who asks. `bases` is called for every request, because the local service may restart on another port. */
export interface Endpoint {
  bases(): Promise<Bases>
  /** Null for the first requests of a sign-in. */
  token: string | null
  /** Secrets that a server may echo; they are removed from its responses. */
  secrets: Secrets
  /** Collects rows that could not be parsed. */
  unread: UnreadRows
  clock: QueueClock
  /** How long an answer may take; 30 seconds by default. */
  timeoutMs?: number
  /** Aborts the calls. */
  signal?: AbortSignal
}

/** When a service has asked to wait, everything that is sent to it waits: requests and uploads. Source: API v2 §3.3. */
export interface RateGate {
  /** Waits as long as the service has asked for. Rejects with `unreachable` if that is too long. */
  untilOpen(signal: AbortSignal | undefined): Promise<void>
  /** Notes how long an answer asks to wait, if it does. Rejects with `unreachable` if it asks for a captcha. */
  note(answer: ApiResponse): Promise<void>
}

/** An endpoint for what is not sent through the queue, such as uploads. */
export interface GatedEndpoint extends Endpoint {
  gate: RateGate
}

/** A request of API v2. */
export interface Call {
  verb: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Such as `/v2/files/list`. */
  path: string
  query?: Record<string, string | number>
  form?: Record<string, string | number>
  /** In place of a form, for the routes that take JSON. */
  json?: Record<string, string | number | boolean>
  /** True for deletes, restores and empties, of which the service does one at a time. */
  isSerial?: boolean
  /** True for a POST that may be sent twice. */
  isRepeatable?: boolean
  /** True if the response is what the backend needs to go on, such as a token: then the secrets in it are kept. */
  isInternal?: boolean
  timeoutMs?: number
}

const defaultTimeoutMs = 30_000
const tries = 3
const firstRetryMs = 500
/** A longer wait than this is told instead of waited for. */
const patienceMs = 15_000
/** How often a request waits as it is told to, before the person hears of it. */
const maxWaits = 5

/** The fields of every answer. Source: API v2 §3.1. */
const Envelope = z.object({
  error_type: perhaps(z.string()),
  error_message: perhaps(z.string()),
  message: perhaps(z.string()),
  error: perhaps(z.string()),
  /** Our own service marks its errors, which are sentences for the person. */
  putdesk: perhaps(z.object({})),
})
const Validated = z.object({ result: z.boolean().nullish().catch(null) })

/** Sends the requests of one account, those of all its clients together. */
export class Requests {
  readonly #endpoint: Endpoint
  readonly #queue: RequestQueue
  /** Requests that only read and are under way, by what they ask for. */
  readonly #reading = new Map<string, Joined>()
  #validating: Promise<boolean> | null = null

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint
    this.#queue = new RequestQueue(endpoint.clock)
  }

  /**
   * Sends a request and parses the answer. Errors: `signed-out`, `refused`, `not-found` and `unreachable`, with the service's own words
   * where they are a sentence; `refused` with the cause `InvalidScope` if the sign-in does not allow it.
   */
  async ask<T>(call: Call, schema: z.ZodType<T>, signal?: AbortSignal): Promise<T> {
    const response = await (call.verb === 'GET' ? this.#join(call, signal) : this.#change(call, signal))
    const parsed = schema.safeParse(await this.#bodyOf(call, response))
    if (!parsed.success) throw await this.#notPutio(parsed.error)
    return parsed.data
  }

  /** What the requests wait for, for what is not sent through their queue. */
  readonly gate: RateGate = {
    untilOpen: async (signal) => {
      while (this.#queue.pauseMs > 0) {
        if (this.#queue.pauseMs > patienceMs) throw await this.#paused()
        await this.#endpoint.clock.wait(this.#queue.pauseMs, signal)
      }
    },
    note: (answer) => this.#noteLimit(answer),
  }

  /** From now on, no request waits for the answer to an earlier one, which may be out of date. */
  forgetReading(): void {
    this.#reading.clear()
  }

  /** Identical requests that only read are sent once. It goes on until nobody waits for it any more. */
  async #join(call: Call, signal: AbortSignal | undefined): Promise<ApiResponse> {
    signal?.throwIfAborted()
    const key = JSON.stringify([call.path, call.query ?? {}])
    const known = this.#reading.get(key)
    const joined = known ?? joinable((whole) => this.#exchange(call, whole))
    if (known === undefined) {
      this.#reading.set(key, joined)
      const forget = () => {
        if (this.#reading.get(key) === joined) this.#reading.delete(key)
      }
      joined.answer.then(forget, forget)
    }
    const forgetIfUnwanted = () => {
      if (this.#reading.get(key) === joined) this.#reading.delete(key)
    }
    return await joined.wait(signal, forgetIfUnwanted)
  }

  /** What was asked before a change does not answer what is asked after it. */
  async #change(call: Call, signal: AbortSignal | undefined): Promise<ApiResponse> {
    this.forgetReading()
    try {
      return await this.#exchange(call, signal)
    } finally {
      this.forgetReading()
    }
  }

  async #exchange(call: Call, signal: AbortSignal | undefined): Promise<ApiResponse> {
    const isRepeatable = call.verb === 'GET' || call.isRepeatable === true
    let hasValidated = false
    for (let attempt = 1; ; attempt += 1) {
      let response: ApiResponse
      try {
        response = await this.#queued(call, signal)
      } catch (error) {
        signal?.throwIfAborted()
        const isPassing = error instanceof AppError && error.cause instanceof Unanswered
        if (!isRepeatable || !isPassing || attempt >= tries) throw error
        await this.#endpoint.clock.wait(retryMs(attempt), signal)
        continue
      }
      if (response.status < 400) return response
      const { type } = await this.#problemIn(response)
      const isLocked = type === 'TRASH_LOCK_TIMEOUT'
      const isPassing = response.status >= 500 && isRepeatable
      if ((isLocked || isPassing) && attempt < tries) {
        await this.#endpoint.clock.wait(retryMs(attempt), signal)
        continue
      }
      if (response.status === 401 && type !== 'invalid_scope' && !hasValidated && this.#endpoint.token !== null) {
        hasValidated = true
        // Some refusals are a mistake of a moment: if the token is still valid, what was refused is sent again.
        if (await this.#isValid()) continue
      }
      throw await this.#errorOf(response)
    }
  }

  /** Sends a request when it is its turn. Waits as long as the service has asked for, or rejects if that is too long. */
  async #queued(call: Call, signal: AbortSignal | undefined): Promise<ApiResponse> {
    for (let waits = 0; ; waits += 1) {
      if (this.#queue.pauseMs > patienceMs || waits > maxWaits) throw await this.#paused()
      const isSerial = call.isSerial === true
      const response = await this.#queue.run({ isSerial, signal }, () => this.#send(call, signal))
      if (response.status !== 429) return response
      await this.#noteLimit(response)
    }
  }

  async #noteLimit({ status, headers, text }: ApiResponse): Promise<void> {
    if (status !== 429) return
    const limit = rateLimitOf(headers, parse(text), Date.now())
    this.#queue.pauseFor(limit.waitMs)
    if (limit.captchaId !== null) throw await this.#captcha(limit.captchaId)
  }

  async #send(
    { verb, path, query, form, json, timeoutMs }: Call,
    signal: AbortSignal | undefined,
  ): Promise<ApiResponse> {
    const { token } = this.#endpoint
    const { api } = await this.#endpoint.bases()
    const url = new URL(`${api}${path}`)
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, `${value}`)
    const body =
      json !== undefined
        ? { type: 'application/json', text: JSON.stringify(json) }
        : form !== undefined
          ? { type: 'application/x-www-form-urlencoded', text: new URLSearchParams(textsOf(form)).toString() }
          : null
    try {
      return await send(url, {
        method: verb,
        headers: {
          accept: 'application/json',
          'user-agent': 'Putdesk',
          'putdesk-fields': '1',
          ...(token !== null && { authorization: `Token ${token}` }),
          ...(body !== null && { 'content-type': body.type }),
        },
        body: verb === 'GET' ? null : (body?.text ?? ''),
        timeoutMs: timeoutMs ?? this.#endpoint.timeoutMs ?? defaultTimeoutMs,
        signal,
      })
    } catch (cause) {
      signal?.throwIfAborted()
      throw new AppError('unreachable', `${hostOf(api)} does not answer.`, { cause: new Unanswered('', { cause }) })
    }
  }

  /** True if the token is still good. Asked once, however many requests were refused. */
  #isValid(): Promise<boolean> {
    const validate = async () => {
      const call: Call = { verb: 'GET', path: '/v2/oauth2/validate' }
      const response = await this.#queued(call, undefined)
      if (response.status >= 400) return false
      return Validated.safeParse(parse(response.text)).data?.result === true
    }
    this.#validating ??= validate().finally(() => {
      this.#validating = null
    })
    return this.#validating
  }

  async #bodyOf({ isInternal }: Call, { text }: ApiResponse): Promise<unknown> {
    const { secrets } = this.#endpoint
    try {
      const body: unknown = JSON.parse(text)
      return isInternal !== true && secrets.isIn(text) ? secrets.cleanMessage(body) : body
    } catch (cause) {
      throw await this.#notPutio(cause)
    }
  }

  async #problemIn({ text }: ApiResponse): Promise<{ type: string | null; sentence: string | null }> {
    const { data } = Envelope.safeParse(parse(text))
    const type = data?.error_type ?? data?.error ?? null
    const message = data?.error_message ?? data?.message ?? null
    const own = data?.putdesk == null ? sentenceOf(type, message) : message
    return { type, sentence: own === null ? null : this.#endpoint.secrets.cleanSentence(own) }
  }

  /** Source: API v2 §3.2. */
  async #errorOf(response: ApiResponse): Promise<AppError> {
    const { status } = response
    const { api, web } = await this.#endpoint.bases()
    const { type, sentence } = await this.#problemIn(response)
    const host = hostOf(api)
    const isApi = type !== null || sentence !== null
    if (status >= 500)
      return new AppError('unreachable', `${host} reports an error of its own (${status}). Try again later.`)
    if (status === 401 && type === 'invalid_scope')
      return new AppError('refused', sentence ?? `${host} does not allow this for apps like Putdesk.`, {
        cause: new InvalidScope(),
      })
    if (status === 401) return new AppError('signed-out', `${host} no longer accepts this sign-in.`)
    if (status === 402)
      return new AppError('refused', sentence ?? `${host} says that the account is not active. See ${web}.`)
    if (status === 408) return new AppError('unreachable', `${host} is busy now. Try again later.`)
    if ((status === 404 || status === 410) && isApi)
      return new AppError('not-found', sentence ?? 'The service no longer knows this.')
    if (isApi) {
      const cause = type === 'NAME_ALREADY_EXIST' ? { cause: new NameTaken() } : {}
      return new AppError('refused', sentence ?? `${host} refused this (${type ?? status}).`, cause)
    }
    return this.#notPutio(new UnreadableError(status))
  }

  async #paused(): Promise<AppError> {
    const until = new Date(Date.now() + this.#queue.pauseMs)
    const clock = until.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
    const { api } = await this.#endpoint.bases()
    return new AppError('unreachable', `${hostOf(api)} asks to wait until ${clock}. Putdesk goes on then.`)
  }

  async #captcha(id: string): Promise<AppError> {
    const { api, web } = await this.#endpoint.bases()
    return new AppError(
      'unreachable',
      `${hostOf(api)} wants to know that you are a person. Open ${web}/captcha/${id} in your browser.`,
    )
  }

  async #notPutio(cause: unknown): Promise<AppError> {
    const { api } = await this.#endpoint.bases()
    return new AppError(
      'unreachable',
      `${hostOf(api)} answered, but not as a Put.io server does. Is the address right?`,
      { cause },
    )
  }
}

/** The service did not answer, or not to the end: it may have done what it was asked for. */
class Unanswered extends Error {
  override name = 'Unanswered'
}

/** An error without a body that explains it. */
export class UnreadableError extends Error {
  override name = 'UnreadableError'
  readonly status: number

  constructor(status: number) {
    super(`an answer with status ${status} and no error`)
    this.status = status
  }
}

/** The cause of an error: there is an item with this name already. */
export class NameTaken extends Error {
  override name = 'NameTaken'
}

/** The sign-in does not allow this. It is no reason to sign in again. Source: API v2 §2.4. */
export class InvalidScope extends Error {
  override name = 'InvalidScope'
}

interface Joined {
  answer: Promise<ApiResponse>
  wait(signal: AbortSignal | undefined, onUnwanted: () => void): Promise<ApiResponse>
}

/** A request that several wait for. It is aborted when the last of them is. */
function joinable(start: (signal: AbortSignal) => Promise<ApiResponse>): Joined {
  const whole = new AbortController()
  const answer = start(whole.signal)
  let waiting = 0
  return {
    answer,
    wait: (signal, onUnwanted) => {
      waiting += 1
      if (signal === undefined) return answer
      return new Promise((resolve, reject) => {
        const leave = () => {
          waiting -= 1
          if (waiting === 0) {
            onUnwanted()
            whole.abort(signal.reason)
          }
          reject(signal.reason)
        }
        signal.addEventListener('abort', leave, { once: true })
        answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
      })
    },
  }
}

function retryMs(attempt: number): number {
  const ms = firstRetryMs * 2 ** (attempt - 1)
  return ms / 2 + randomInt(ms)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // HTML or nothing: the status has to say it all.
    return null
  }
}

function textsOf(form: Record<string, string | number>): Record<string, string> {
  return Object.fromEntries(Object.entries(form).map(([name, value]) => [name, `${value}`]))
}
