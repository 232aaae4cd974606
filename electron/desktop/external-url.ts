/** The hosts that our links lead to. Nothing else is opened. */
const knownHosts = new Set(['put.io', 'app.put.io', 'help.put.io'])

/** The normalized URL if it may be opened in the system's browser, otherwise null. */
export function toExternalUrl(url: string): string | null {
  if (!URL.canParse(url) || /\p{Cc}/u.test(url)) return null
  const parsed = new URL(url)
  const isPlain = parsed.protocol === 'https:' && parsed.username === '' && parsed.password === '' && parsed.port === ''
  return isPlain && knownHosts.has(parsed.hostname) ? parsed.href : null
}

/** The normalized URL of a page of a service that the person has named; null if it is no web page. */
export function toPageUrl(url: string): string | null {
  if (!URL.canParse(url) || /\p{Cc}/u.test(url)) return null
  const parsed = new URL(url)
  const isPlain = /^https?:$/.test(parsed.protocol) && parsed.username === '' && parsed.password === ''
  return isPlain ? parsed.href : null
}
