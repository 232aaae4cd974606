/** The backend's log. Every line is freed of the secrets that the backend holds before it is written. */
export interface Log {
  /** Notes what happened, with the whole chain of causes. */
  error(where: string, error: unknown): void
  info(line: string): void
  /** From now on this text never appears in a line. */
  hide(secret: string): void
}

/** Makes a log that writes its lines through `write`. */
export function createLog(write: (line: string) => void): Log {
  const secrets = new Set<string>()
  const put = (level: string, text: string) => {
    let line = text
    for (const secret of secrets) line = line.replaceAll(secret, '•••')
    write(`${new Date().toISOString()} ${level} ${withoutTokens(line)}`)
  }
  return {
    error: (where, error) => put('error', `${where}: ${chain(error)}`),
    info: (line) => put('info', line),
    hide: (secret) => {
      if (secret.length > 3) secrets.add(secret)
    },
  }
}

/** Stream tokens and capability links are secrets whoever made them. Source: API v1 §12. */
function withoutTokens(line: string): string {
  return line
    .replaceAll(/\/atk\/[^/\s"')]+/g, '/atk/•••')
    .replaceAll(/([?&]token=)[^&\s"')]+/g, '$1•••')
    .replaceAll(/\/s\/[0-9a-f]{32}/g, '/s/•••')
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
