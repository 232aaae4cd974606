import type { IncomingHttpHeaders } from 'node:http'

/** What a 429 asks for. */
export interface RateLimit {
  waitMs: number
  /** The id of a captcha that ends the wait; null if there is none. */
  captchaId: string | null
}

const defaultMs = 60_000
/** A server whose clock is wrong must not stop an account for days. */
const maxMs = 60 * 60_000

/**
 * How long to wait: until a second after the reset, else as long as `Retry-After` says, else a minute. The reset is measured by the clock of the
 * service, if its answer has a date. Source: API v2 §3.3.
 */
export function rateLimitOf(headers: IncomingHttpHeaders, body: unknown, nowMs: number): RateLimit {
  const reset = secondsIn(headers['x-ratelimit-reset'])
  const after = secondsIn(headers['retry-after']) ?? secondsIn(member(body, 'retry_after'))
  const dateMs = Date.parse(headers.date ?? '')
  const serverNowMs = Number.isNaN(dateMs) ? nowMs : dateMs
  const untilReset = reset === null ? null : reset * 1000 - serverNowMs + 1000
  // A date in the past means that the wait is over, unless the other header knows better.
  const told = untilReset !== null && untilReset > 0 ? untilReset : after === null ? untilReset : after * 1000
  const dateAfterMs = told === null ? Date.parse(`${headers['retry-after'] ?? ''}`) - serverNowMs : Number.NaN
  const waitMs = told ?? (Number.isNaN(dateAfterMs) ? defaultMs : dateAfterMs)
  const needsCaptcha = headers['x-ratelimit-action'] === 'captcha-needed'
  const id = headers['x-ratelimit-id']
  return {
    waitMs: Math.min(Math.max(waitMs, 1000), maxMs),
    captchaId: needsCaptcha && typeof id === 'string' && /^[\w-]{1,200}$/.test(id) ? id : null,
  }
}

function secondsIn(value: unknown): number | null {
  const text = typeof value === 'number' ? `${value}` : value
  return typeof text === 'string' && /^\d{1,12}(\.\d{1,6})?$/.test(text.trim()) ? Number(text) : null
}

function member(body: unknown, name: string): unknown {
  const found: unknown = Object(body)[name]
  return found ?? Object(Object(body).extra)[name]
}
