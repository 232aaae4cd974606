/**
 * A link without the parts that often are a secret: a magnet without its trackers, whose URLs can have a passkey. Null if it has others:
 * a user, a query, a fragment, or a long run of letters and digits in its path.
 */
export function plainLink(link: string): string | null {
  const url = URL.parse(link)
  if (url === null) return null
  if (url.protocol === 'magnet:') {
    const kept = url.search
      .slice(1)
      .split('&')
      .filter((part) => /^(?:xt|dn)=/i.test(part))
    return kept.length === 0 ? null : `magnet:?${kept.join('&')}`
  }
  const isPlain = url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  return /^(?:https?|ftps?):$/.test(url.protocol) && isPlain && !hasKey(url.pathname) ? link : null
}

/** True if a link cannot contain a secret. */
export function isPlainLink(link: string): boolean {
  return plainLink(link) === link
}

/** A long run of letters and digits is more likely a key than a name. */
function hasKey(path: string): boolean {
  const runs = path.match(/[a-z0-9]{16,}/gi) ?? []
  return runs.some((run) => /\d/.test(run) && /[a-z]/i.test(run))
}
