import { Refusal } from '../errors/refusal.ts'

/** Trackers commonly ask their clients to wait at least this long. */
const minIntervalMs = 60_000

/** The torrents that run, so that their trackers can be asked for peers again. */
export class Swarms {
  readonly #running = new Map<number, { announce: () => void; askedAtMs: number }>()

  /** A torrent that starts asks its trackers at once. Returns what ends it. */
  begin(transferId: number, announce: () => void): () => void {
    const swarm = { announce, askedAtMs: performance.now() }
    this.#running.set(transferId, swarm)
    return () => {
      if (this.#running.get(transferId) === swarm) this.#running.delete(transferId)
    }
  }

  /** Asks for peers now, instead of when it is due. Throws a `Refusal` if it does not run, or was asked a moment ago. */
  announce(transferId: number): void {
    const swarm = this.#running.get(transferId)
    if (swarm === undefined) throw new Refusal('This torrent is not being fetched or seeded now.')
    const nowMs = performance.now()
    if (nowMs - swarm.askedAtMs < minIntervalMs)
      throw new Refusal('The trackers were asked for peers less than a minute ago. Try again in a minute.')
    swarm.askedAtMs = nowMs
    swarm.announce()
  }
}
