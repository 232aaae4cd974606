import type { IncomingMessage } from 'node:http'

/** Writes one line to the log on stderr, with the whole chain of causes and without anything that signs a request. */
export function logFault(fault: unknown): void {
  process.stderr.write(`${new Date().toISOString()} ${redact(chain(fault))}\n`)
}

/** Notes that bytes were asked for, with the range; the token in the path is left out. */
export function logRequest({ method, url, headers }: IncomingMessage, status: number): void {
  const range = /^[\w=,-]{1,100}$/.test(headers.range ?? '') ? ` ${headers.range}` : ''
  if (waiting.length === 0) setImmediate(writeWaiting)
  waiting.push(`${new Date().toISOString()} ${redact(`${method} ${url} ${status}${range}`)}\n`)
}

/** Lines of requests: those that came together are written together, as each write holds everything up. */
const waiting: string[] = []

function writeWaiting(): void {
  process.stderr.write(waiting.splice(0).join(''))
}

function chain(fault: unknown): string {
  if (!(fault instanceof Error)) return String(fault)
  const cause = fault.cause === undefined ? '' : `\n  caused by ${chain(fault.cause)}`
  return `${fault.stack ?? fault.message}${cause}`
}

/** Takes out query strings, tokens in paths, user names in URLs, and anything that looks like a request's own fields. */
export function redact(text: string): string {
  return text
    .replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi, '$1')
    .replace(/(\batk\/)[^\s/?"']+/g, '$1…')
    .replace(/\?[^\s"'”]*/g, '?…')
    .replace(/("?(?:api_key|api_secret|token|password|secret)"?\s*[:=]\s*)("[^"]*"|[^\s,&}]+)/gi, '$1…')
}
