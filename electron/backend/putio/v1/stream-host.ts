/**
 * True where an account's token may go without asking: to the account's own server, and from one site of Put.io to another; never
 * from a protected connection to an open one. Put.io streams from hosts of its own. Source: API v1 §12.
 */
export function isOwnStreamHost(server: URL, stream: URL): boolean {
  if (server.protocol === 'https:' && stream.protocol !== 'https:') return false
  const isSame = stream.hostname === server.hostname && stream.port === server.port
  return isSame || (isPutio(server.hostname) && isPutio(stream.hostname))
}

function isPutio(hostname: string): boolean {
  return hostname === 'put.io' || hostname.endsWith('.put.io')
}
