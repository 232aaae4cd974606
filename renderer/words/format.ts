import { say } from './say.ts'

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'] as const
const formats = new Map<string, Intl.NumberFormat>()

function numberFormat(unit: (typeof units)[number], digits: number): Intl.NumberFormat {
  const key = `${unit}${digits}`
  const known = formats.get(key)
  if (known) return known
  const format = new Intl.NumberFormat('en', {
    style: 'unit',
    unit,
    unitDisplay: unit === 'byte' ? 'long' : 'short',
    maximumFractionDigits: digits,
  })
  formats.set(key, format)
  return format
}

/** Formats a size in decimal units: "355 MB", "6.4 GB". */
export function formatSize(bytes: number): string {
  let power = 0
  let value = Math.abs(bytes)
  while (power < units.length - 1 && value >= 999.5) {
    value /= 1000
    power++
  }
  const digits = power === 0 ? 0 : value < 9.95 || power >= 3 ? 1 : 0
  const text = numberFormat(units[power] ?? 'byte', digits).format(value)
  return bytes < 0 ? `−${text}` : text
}

export function formatExactSize(bytes: number): string {
  return numberFormat('byte', 0).format(bytes)
}

/** Formats a size as a loss: "−3.0 GB"; zero has no sign. */
export function formatLoss(bytes: number): string {
  return bytes === 0 ? formatSize(0) : formatSize(-bytes)
}

const day = 86_400_000
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always' })
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'long' })
const date = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })
const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'medium' })

/** Formats a time relative to `nowMs`: "5 minutes ago", "Yesterday". */
export function formatMoment(atMs: number | null, nowMs: number): string {
  if (atMs === null) return say('time.unknown')
  const ago = nowMs - atMs
  const midnight = new Date(nowMs).setHours(0, 0, 0, 0)
  if (ago >= 0 && ago < 60_000) return say('time.justNow')
  if (ago >= 0 && ago < 3_600_000) return relative.format(-Math.floor(ago / 60_000), 'minute')
  if (ago >= 0 && ago < 4 * 3_600_000 && atMs >= midnight) return relative.format(-Math.floor(ago / 3_600_000), 'hour')
  if (atMs >= midnight && atMs < midnight + day) return say('time.today', { time: clock.format(atMs) })
  if (atMs < midnight && atMs >= midnight - day) return say('time.yesterday')
  if (atMs < midnight && atMs >= midnight - 6 * day) return weekday.format(atMs)
  return date.format(atMs)
}

export function formatExactMoment(atMs: number | null): string {
  return atMs === null ? '' : exact.format(atMs)
}

/** Formats a day as a heading of the history. */
export function formatDay(atMs: number, nowMs: number): string {
  const midnight = new Date(nowMs).setHours(0, 0, 0, 0)
  if (atMs >= midnight) return say('history.today')
  if (atMs >= midnight - day) return say('time.yesterday')
  return date.format(atMs)
}

/** Formats a duration, usually in one unit: "45 s", "12 min", "3 h 20 min". */
export function formatDuration(seconds: number): string {
  if (seconds < 60) return say('time.seconds', { count: Math.max(1, Math.round(seconds)) })
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return say('time.minutes', { count: minutes })
  if (minutes < 48 * 60) return say('time.hours', { hours: Math.floor(minutes / 60), minutes: minutes % 60 })
  return say('time.days', { count: Math.round(minutes / 1440) })
}

/** Formats a position in a film: "42:10", "1:02:03". */
export function formatPosition(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const [hours, minutes, rest] = [
    Math.floor(whole / 3600),
    Math.floor(whole / 60) % 60,
    `${whole % 60}`.padStart(2, '0'),
  ]
  return hours > 0 ? `${hours}:${`${minutes}`.padStart(2, '0')}:${rest}` : `${minutes}:${rest}`
}
