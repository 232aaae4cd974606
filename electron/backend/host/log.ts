import type { Secrets } from '../secrets/secrets.ts'

/** The backend's log. All secrets that the backend holds are removed from a line before it is written. */
export interface Log {
  /** Logs an error with its whole chain of causes. */
  error(where: string, error: unknown): void
  info(line: string): void
}

/** Creates a log that writes its lines through `write`. */
export function createLog(write: (line: string) => void, secrets: Secrets): Log {
  const put = (level: string, text: string) =>
    write(`${new Date().toISOString()} ${level} ${secrets.cleanSentence(text)}`)
  return {
    error: (where, error) => put('error', `${where}: ${chain(error)}`),
    info: (line) => put('info', line),
  }
}

function chain(error: unknown): string {
  const parts: string[] = []
  let current = error
  while (current instanceof Error && parts.length < 8) {
    parts.push(current.stack ?? `${current.name}: ${current.message}`)
    current = current.cause
  }
  if (!(current instanceof Error) && current !== undefined) parts.push(String(current))
  return parts.join(' ← ')
}
