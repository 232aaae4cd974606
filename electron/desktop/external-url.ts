/** Hosts that links of ours lead to. Anything else is not opened. */
const knownHosts = new Set(['put.io', 'app.put.io', 'help.put.io'])

/** The URL that may be opened outside, or null. */
export function toExternalUrl(url: string): string | null {
  if (!URL.canParse(url) || /\p{Cc}/u.test(url)) return null
  const parsed = new URL(url)
  const isPlain = parsed.protocol === 'https:' && parsed.username === '' && parsed.password === '' && parsed.port === ''
  return isPlain && knownHosts.has(parsed.hostname) ? parsed.href : null
}
