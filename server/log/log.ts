import type { IncomingMessage } from 'node:http'
import { hide } from './secrets.ts'

const maxLineLength = 16 * 1024

/** Writes an error to the log on stderr, with its complete chain of causes and without secrets. */
export function logError(error: unknown): void {
  process.stderr.write(stamped(redact(chain(error))))
}

/**
 * Logs a request for content, with its range. Nothing is logged as received: the line is built from parsed values.
 */
export function logRequest(
  { method = '', headers }: IncomingMessage,
  route: { kind: string; userId: string; itemId: string },
  status: number,
): void {
  const range = /^bytes=[\d,-]{1,100}$/.test(headers.range ?? '') ? ` ${headers.range}` : ''
  const [userId, itemId] = [route.userId, route.itemId].map((id) => (/^\d{1,15}$/.test(id) ? id : '…'))
  if (waiting.length === 0) setImmediate(writeWaiting)
  waiting.push(stamped(`${method} /${route.kind}/${userId}/${itemId} ${status}${range}`))
}

/** One log entry. Quoted text cannot look like another entry, because only the first line begins with a time. */
function stamped(text: string): string {
  return `${new Date().toISOString()} ${text.replaceAll('\n', '\n    ')}\n`
}

/** Text that is safe to log: without secrets, control characters or endless quotes. */
export function redact(text: string): string {
  const short = text.length > maxLineLength ? `${text.slice(0, maxLineLength)}…` : text
  return hide(short).replace(
    /[^\P{C}\n]|[\u2028\u2029]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  )
}

/** Pending request lines. They are written in batches, because each write blocks. */
const waiting: string[] = []

function writeWaiting(): void {
  process.stderr.write(waiting.splice(0).join(''))
}

function chain(error: unknown, depth = 0): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined || depth > 10 ? '' : `\ncaused by ${chain(error.cause, depth + 1)}`
  return `${error.stack ?? error.message}${cause}`
}
