/**
 * A link without the parts that often are a secret, for where nothing can be encrypted. It is a guess. Of a magnet, the trackers are left
 * out, as their URLs can have a passkey. Null for a link with a user, a query, a fragment, or what looks like a key in its path.
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

/** Many letters and digits in a row are more likely a key than a name, as is a UUID. */
function hasKey(path: string): boolean {
  const runs = decoded(path).match(/[a-z0-9]{12,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi) ?? []
  return runs.some((run) => /\d/.test(run) && /[a-z]/i.test(run))
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    // In another encoding than UTF-8.
    return path
  }
}
