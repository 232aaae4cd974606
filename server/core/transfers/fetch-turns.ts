import { setTimeout as wait } from 'node:timers/promises'
import { Places } from './places.ts'
import type { Transfer } from './transfer.ts'

/** What counts as moving: more than about 5 KiB a second. */
const movement = { graceMs: 1500, minProgress: 8 * 1024 }
/** A shorter pause is not worth another's turn. */
const shortPauseMs = movement.graceMs

/** The turn of a transfer that is being fetched. */
export interface Turn {
  /** Aborted when the transfer is stopped, or has to get in line again. */
  signal: AbortSignal
  /** Waits, and meanwhile gives the turn to others. Resolves when the time is over and there is a place again. */
  pause(ms: number, signal: AbortSignal): Promise<void>
  /** The link gave a torrent file. */
  becomeTorrent(): void
  /** Nothing is fetched any more: it is only shared. */
  end(): void
}

export interface TurnOptions {
  signal: AbortSignal
  /** It is in line. */
  onLine(): void
  /** Its turn has come. */
  onTurn(): void
  /** It gave its turn away because it did not move. */
  onYield(): void
  /** Fetches; ends when `turn.signal` says so. */
  work(turn: Turn): Promise<void>
}

/**
 * Whose turn it is to be fetched, for the transfers of one user. A torrent that nobody has costs connections and look-ups, so fewer
 * of those wait at once than of links.
 */
export class FetchTurns {
  readonly links = new Places<Transfer>({ limit: 8, maxWaiting: 64, ...movement })
  readonly torrents = new Places<Transfer>({ limit: 8, maxWaiting: 24, ...movement })

  readonly #sleep: typeof sleep

  /** `pause` takes the place of the clock in tests. */
  constructor(pause: typeof sleep = sleep) {
    this.#sleep = pause
  }

  of({ kind }: Transfer): Places<Transfer> {
    return kind === 'torrent' ? this.torrents : this.links
  }

  /** Resolves when the work is done, after as many turns as it takes. */
  async run(transfer: Transfer, { signal, onLine, onTurn, onYield, work }: TurnOptions): Promise<void> {
    for (;;) {
      const stop = new AbortController()
      let resumesAtMs = 0
      let isEnded = false
      const occupant = () => ({
        signal,
        progress: progressOf(transfer),
        lossBytes: () => lossOf(transfer),
        yieldTurn: () => stop.abort(new Error('Others have a turn.')),
      })
      const taken = this.of(transfer).take(transfer, occupant())
      if (!this.of(transfer).hasPlace(transfer)) onLine()
      await taken
      onTurn()
      const turn: Turn = {
        // Not made for all that are in line: there may be thousands.
        signal: AbortSignal.any([signal, stop.signal]),
        pause: async (ms, until) => {
          if (ms > shortPauseMs) {
            resumesAtMs = performance.now() + ms
            this.of(transfer).lend(transfer)
          }
          await this.#sleep(ms, until)
          resumesAtMs = 0
          await this.of(transfer).take(transfer, { ...occupant(), signal: until })
        },
        becomeTorrent: () => {
          this.links.leave(transfer)
          this.torrents.enter(transfer, occupant())
        },
        end: () => {
          isEnded = true
          this.of(transfer).leave(transfer)
        },
      }
      try {
        await work(turn)
        if (!stop.signal.aborted) return
      } catch (error) {
        if (!stop.signal.aborted) throw error
      } finally {
        this.of(transfer).leave(transfer)
      }
      signal.throwIfAborted()
      // It was whole just when it was asked to stop: what is left of it needs no turn.
      if (isEnded) return work(freeTurn(signal))
      onYield()
      await this.#sleep(Math.max(0, resumesAtMs - performance.now()), signal)
    }
  }
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal })
}

/** For one that needs no place, such as a torrent that is only shared. */
export function freeTurn(signal: AbortSignal): Turn {
  return { signal, pause: sleep, becomeTorrent: () => undefined, end: () => undefined }
}

/** Bytes that were received; for torrents by their speed, for pieces are counted only when they are whole. */
function progressOf(transfer: Transfer): () => number {
  let received = 0
  let askedAtMs = performance.now()
  return () => {
    if (transfer.kind === 'links') return transfer.downloadedBytes
    const nowMs = performance.now()
    received += (transfer.bytesPerSecond * (nowMs - askedAtMs)) / 1000
    askedAtMs = nowMs
    return received + transfer.downloadedBytes
  }
}

/** What could not be resumed after a stop, in bytes. */
function lossOf({ kind, files, downloadedBytes }: Transfer): number {
  const isResumable = files.every(({ isWhole, resume }) => isWhole || (resume?.validators.strong ?? null) !== null)
  if (kind === 'torrent' || isResumable) return 0
  const wholeBytes = files.reduce((sum, { isWhole, sizeBytes }) => sum + (isWhole ? (sizeBytes ?? 0) : 0), 0)
  return Math.max(0, downloadedBytes - wholeBytes)
}
