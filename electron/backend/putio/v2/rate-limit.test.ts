import { expect, it } from 'vitest'
import { rateLimitOf } from './rate-limit.ts'

const now = Date.parse('2026-11-29T10:00:00Z')
const inSeconds = (seconds: number) => `${now / 1000 + seconds}`

it.each([
  ['until a second after the reset', { 'x-ratelimit-reset': inSeconds(20) }, {}, 21_000],
  ['as long as Retry-After says', { 'retry-after': '7' }, {}, 7000],
  ['until a date in Retry-After', { 'retry-after': 'Sun, 29 Nov 2026 10:00:30 GMT' }, {}, 30_000],
  ['as long as the body says', {}, { retry_after: 9 }, 9000],
  ['as long as the extra of the body says', {}, { extra: { retry_after: 9 } }, 9000],
  ['a minute if nothing is said', {}, null, 60_000],
  ['a minute if what is said cannot be read', { 'x-ratelimit-reset': 'soon', 'retry-after': '' }, 'html', 60_000],
  ['until the reset rather than Retry-After', { 'x-ratelimit-reset': inSeconds(20), 'retry-after': '2' }, {}, 21_000],
  ['as Retry-After says if the reset is over', { 'x-ratelimit-reset': inSeconds(-50), 'retry-after': '4' }, {}, 4000],
  ['a second if the reset is over', { 'x-ratelimit-reset': inSeconds(-50) }, {}, 1000],
  ['an hour at most', { 'x-ratelimit-reset': inSeconds(1e7) }, {}, 3_600_000],
])('waits %s', (_what, headers, body, waitMs) => {
  expect(rateLimitOf(headers, body, now)).toEqual({ waitMs, captchaId: null })
})

it('measures the reset by the clock of a service that is a day off', () => {
  const date = new Date(now + 86_400_000).toUTCString()
  const headers = { date, 'x-ratelimit-reset': inSeconds(86_400 + 20) }
  expect(rateLimitOf(headers, {}, now).waitMs).toBe(21_000)
})

it('tells which captcha is needed, but no id that could change the address', () => {
  const headers = { 'x-ratelimit-action': 'captcha-needed', 'x-ratelimit-id': 'ab-12' }
  expect(rateLimitOf(headers, {}, now).captchaId).toBe('ab-12')
  expect(rateLimitOf({ ...headers, 'x-ratelimit-id': '../../evil' }, {}, now).captchaId).toBe(null)
})
