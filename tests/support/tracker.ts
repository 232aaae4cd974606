import { Server } from 'bittorrent-tracker'
import { onCleanUp, portOf } from './torrents.ts'

/** Starts a real tracker on this computer, which stops at the end of the test, and returns its announce URL. */
export async function startTracker(kind: 'http' | 'udp' = 'http'): Promise<string> {
  const server = new Server({ http: kind === 'http', udp: kind === 'udp', ws: false, stats: false })
  server.on('error', () => null)
  server.on('warning', () => null)
  const hosts = kind === 'http' ? '127.0.0.1' : { udp: '127.0.0.1', udp6: '::1' }
  await new Promise<void>((resolve) => server.listen(0, hosts, resolve))
  onCleanUp(() => new Promise<void>((resolve) => server.close(resolve)))
  if (kind === 'udp') return `udp://127.0.0.1:${server.udp?.address().port}/announce`
  return `http://127.0.0.1:${server.http === null ? 0 : portOf(server.http)}/announce`
}
