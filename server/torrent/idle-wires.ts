import type { Torrent as Swarm, Wire } from 'webtorrent'

const quietMs = 30_000
const checkEveryMs = 1000
const maxEndedAtOnce = 10

type IdleWire = Pick<Wire, 'uploaded' | 'downloaded' | 'destroyed' | 'destroy'>
interface Connections extends Pick<Swarm, '_numConns' | '_numQueued'> {
  wires: IdleWire[]
}

/**
 * A torrent has a limited number of connections. When all are taken and peers are queued, closes those that transferred no content
 * for half a minute, the longest idle first.
 */
export class IdleWires {
  readonly #seen = new WeakMap<IdleWire, { bytes: number; atMs: number }>()
  readonly #maxConnections: number
  #checkedAtMs = Number.NEGATIVE_INFINITY

  constructor(maxConnections: number) {
    this.#maxConnections = maxConnections
  }

  /** Call often; checks once a second. */
  makeRoom({ wires, _numConns: taken, _numQueued: queued }: Connections): void {
    const nowMs = performance.now()
    if (nowMs - this.#checkedAtMs < checkEveryMs) return
    this.#checkedAtMs = nowMs
    const quiet = wires.filter((wire) => nowMs - this.#movedAtMs(wire, nowMs) >= quietMs)
    if (taken < this.#maxConnections || queued <= 0) return
    quiet.sort((a, b) => this.#movedAtMs(a, nowMs) - this.#movedAtMs(b, nowMs))
    for (const wire of quiet.slice(0, Math.min(queued, maxEndedAtOnce))) wire.destroy()
  }

  #movedAtMs(wire: IdleWire, nowMs: number): number {
    const bytes = wire.uploaded + wire.downloaded
    const seen = this.#seen.get(wire)
    if (seen !== undefined && seen.bytes === bytes) return seen.atMs
    this.#seen.set(wire, { bytes, atMs: nowMs })
    return nowMs
  }
}
