import type { Torrent as Swarm, Wire } from 'webtorrent'

const quietMs = 30_000
const lookMs = 1000
const maxEndedAtOnce = 10

type IdleWire = Pick<Wire, 'uploaded' | 'downloaded' | 'destroyed' | 'destroy'>
interface Connections extends Pick<Swarm, '_numConns' | '_numQueued'> {
  wires: IdleWire[]
}

/**
 * A torrent has so many connections and no more. Where they are all taken and others stand in line, those over which nothing of the
 * content went for half a minute are ended, the longest quiet first: people who never give anything, and never tell what it is.
 */
export class IdleWires {
  readonly #seen = new WeakMap<IdleWire, { bytes: number; atMs: number }>()
  readonly #maxConnections: number
  #lookedAtMs = Number.NEGATIVE_INFINITY

  constructor(maxConnections: number) {
    this.#maxConnections = maxConnections
  }

  /** To be called often; looks once a second. */
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
