import { startBadServer } from '../support/bad-server.ts'
import type { Chance } from './random.ts'

/** Links that never make progress, each in its own way, and never end by themselves. */
export interface StuckServer {
  link: (chance: Chance) => string
  stop: () => Promise<void>
}

export async function startStuckServer(): Promise<StuckServer> {
  const server = await startBadServer(async ({ path }, wire) => {
    if (path.startsWith('/later')) {
      wire.head('503 Service Unavailable', ['Retry-After: 3600', 'Content-Length: 0'])
      wire.socket.end()
    } else if (path.startsWith('/slow')) {
      wire.head('200 OK', ['Content-Length: 1000000', 'ETag: "slow"'])
      await wire.body(Buffer.alloc(1_000_000, 'slow'), 1)
    }
    // Everything else gets no answer.
  })
  const hash = (chance: Chance) => chance.bytes(20).toString('hex')
  return {
    link: (chance) =>
      chance.pick([
        () => `magnet:?xt=urn:btih:${hash(chance)}&dn=dead`,
        () => `magnet:?xt=urn:btih:${hash(chance)}&dn=refused&x.pe=127.0.0.1:${server.port}`,
        () => server.url(`/later/${hash(chance)}.bin`),
        () => server.url(`/slow/${hash(chance)}.bin`),
        () => server.url(`/silent/${hash(chance)}.bin`),
      ])(),
    stop: server.stop,
  }
}
