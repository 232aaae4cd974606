import type { Torrent as Swarm, Wire } from 'webtorrent'

const quietMs = 30_000
const lookMs = 1000
const maxEndedAtOnce = 10

type IdleWire = Pick<Wire, 'uploaded' | 'downloaded' | 'destroyed' | 'destroy'>
interface Connections extends Pick<Swarm, '_numConns' | '_numQueued'> {
  wires: IdleWire[]
}

/**
 * A torrent has a limited number of connections. When all are taken and peers are waiting, those that carried no content for half
 * a minute are closed, the longest idle first: peers that never send anything, not even the metadata.
 */
export class IdleWires {
  readonly #seen = new WeakMap<IdleWire, { bytes: number; atMs: number }>()
  readonly #maxConnections: number
  #lookedAtMs = Number.NEGATIVE_INFINITY

  constructor(maxConnections: number) {
    this.#maxConnections = maxConnections
  }

  /** Call often; checks once a second. */
  makeRoom({ wires, _numConns: taken, _numQueued: inLine }: Connections): void {
    const nowMs = performance.now()
    if (nowMs - this.#lookedAtMs < lookMs) return
    this.#lookedAtMs = nowMs
    const quiet = wires.filter((wire) => nowMs - this.#movedAtMs(wire, nowMs) >= quietMs)
    if (taken < this.#maxConnections || inLine <= 0) return
    quiet.sort((a, b) => this.#movedAtMs(a, nowMs) - this.#movedAtMs(b, nowMs))
    for (const wire of quiet.slice(0, Math.min(inLine, maxEndedAtOnce))) wire.destroy()
  }

  #movedAtMs(wire: IdleWire, nowMs: number): number {
    const bytes = wire.uploaded + wire.downloaded
    const seen = this.#seen.get(wire)
    if (seen !== undefined && seen.bytes === bytes) return seen.atMs
    this.#seen.set(wire, { bytes, atMs: nowMs })
    return nowMs
  }
}
