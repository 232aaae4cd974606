/**
 * True if an account's token may be sent to this host without asking: to the account's own server, and between sites of Put.io,
 * which streams from its own hosts; never from HTTPS to HTTP. Source: API v1 §12.
 */
export function isOwnStreamHost(server: URL, stream: URL): boolean {
  if (server.protocol === 'https:' && stream.protocol !== 'https:') return false
  const isSame = stream.hostname === server.hostname && stream.port === server.port
  return isSame || (isPutio(server.hostname) && isPutio(stream.hostname))
}

function isPutio(hostname: string): boolean {
  return hostname === 'put.io' || hostname.endsWith('.put.io')
}
