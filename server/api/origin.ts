import type { IncomingMessage } from 'node:http'

/** True for a request made or caused by a page in a browser, unless its origin is allowed. */
export function isFromPage({ headers }: IncomingMessage, allowedOrigins: ReadonlySet<string>): boolean {
  if (headers.origin !== undefined) return !allowedOrigins.has(headers.origin)
  const site = headers['sec-fetch-site']
  return site !== undefined && site !== 'none'
}

/**
 * The headers that let a browser pass a response to an allowed origin; null for any other request. Source: Fetch §3.2.
 */
export function corsHeaders(
  { headers, method }: IncomingMessage,
  allowedOrigins: ReadonlySet<string>,
): Record<string, string> | null {
  const { origin } = headers
  if (origin === undefined || !allowedOrigins.has(origin)) return null
  const common = { 'Access-Control-Allow-Origin': origin, Vary: 'Origin' }
  if (method !== 'OPTIONS') {
    return { ...common, 'Access-Control-Expose-Headers': 'Accept-Ranges, Content-Length, Content-Range, Retry-After' }
  }
  const asked = headers['access-control-request-headers'] ?? ''
  return {
    ...common,
    'Access-Control-Allow-Methods': 'GET, HEAD, POST',
    ...(/^[\w ,-]{1,1000}$/.test(asked) && { 'Access-Control-Allow-Headers': asked }),
    // Source: Private Network Access §3.1.
    ...(headers['access-control-request-private-network'] === 'true' && {
      'Access-Control-Allow-Private-Network': 'true',
    }),
    'Access-Control-Max-Age': '600',
  }
}

/** True for an origin as browsers send it: scheme and host, without a path. */
export function isOrigin(text: string): boolean {
  return /^[a-z][a-z0-9+.-]{0,30}:\/\/(?:[a-z0-9._-]{1,255}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/.test(text)
}
