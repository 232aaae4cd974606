import { setTimeout as wait } from 'node:timers/promises'
import { SlotPool } from './slot-pool.ts'
import type { Transfer } from './transfer.ts'

/** A transfer moves when it gets more than about 5 KiB a second. */
const movementThreshold = { graceMs: 1500, minProgress: 8 * 1024 }
/** A shorter pause is not worth giving up the slot. */
const shortPauseMs = movementThreshold.graceMs

/** The slot of a transfer that is being fetched. */
export interface FetchSlot {
  /** Aborted when the transfer is stopped or has to queue again. */
  signal: AbortSignal
  /** Waits, and gives the slot to others meanwhile. Resolves when the time is over and a slot is free again. */
  pause(ms: number, signal: AbortSignal): Promise<void>
  /** The link returned a torrent file. */
  becomeTorrent(): void
  /** Nothing is left to fetch: the torrent is only shared. */
  release(): void
}

export interface FetchRun {
  signal: AbortSignal
  /** It has to queue. */
  onQueued(): void
  /** It has a slot. */
  onSlot(): void
  /** It gave up its slot because it did not move. */
  onYield(): void
  /** Fetches; ends when `slot.signal` is aborted. */
  work(slot: FetchSlot): Promise<void>
}

/**
 * The slots for fetching the transfers of one user. A torrent without peers costs connections and lookups, so fewer
 * torrents than links may be suspended at once.
 */
export class FetchQueue {
  readonly links = new SlotPool<Transfer>({ limit: 8, maxSuspended: 64, ...movementThreshold })
  readonly torrents = new SlotPool<Transfer>({ limit: 8, maxSuspended: 24, ...movementThreshold })

  readonly #sleep: typeof sleep

  /** `pause` replaces the clock in tests. */
  constructor(pause: typeof sleep = sleep) {
    this.#sleep = pause
  }

  poolOf({ kind }: Transfer): SlotPool<Transfer> {
    return kind === 'torrent' ? this.torrents : this.links
  }

  /** Resolves when the work is done, after as many slots as it takes. */
  async run(transfer: Transfer, { signal, onQueued, onSlot, onYield, work }: FetchRun): Promise<void> {
    for (;;) {
      const stop = new AbortController()
      let resumesAtMs = 0
      let isReleased = false
      const slotUser = () => ({
        signal,
        progress: progressOf(transfer),
        lossBytes: () => lossOf(transfer),
        yieldSlot: () => stop.abort(new Error('Others wait for a slot.')),
      })
      const taken = this.poolOf(transfer).acquire(transfer, slotUser())
      if (!this.poolOf(transfer).hasSlot(transfer)) onQueued()
      await taken
      onSlot()
      const slot: FetchSlot = {
        // Created only with a slot: there may be thousands in the queue.
        signal: AbortSignal.any([signal, stop.signal]),
        pause: async (ms, until) => {
          if (ms > shortPauseMs) {
            resumesAtMs = performance.now() + ms
            this.poolOf(transfer).suspend(transfer)
          }
          await this.#sleep(ms, until)
          resumesAtMs = 0
          await this.poolOf(transfer).acquire(transfer, { ...slotUser(), signal: until })
        },
        becomeTorrent: () => {
          this.links.release(transfer)
          this.torrents.acquireNow(transfer, slotUser())
        },
        release: () => {
          isReleased = true
          this.poolOf(transfer).release(transfer)
        },
      }
      try {
        await work(slot)
        if (!stop.signal.aborted) return
      } catch (error) {
        if (!stop.signal.aborted) throw error
      } finally {
        this.poolOf(transfer).release(transfer)
      }
      signal.throwIfAborted()
      // It was complete just when it was asked to yield: sharing needs no slot.
      if (isReleased) return work(unlimitedSlot(signal))
      onYield()
      await this.#sleep(Math.max(0, resumesAtMs - performance.now()), signal)
    }
  }
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal })
}

/** A slot without a limit, for a torrent that is only shared. */
export function unlimitedSlot(signal: AbortSignal): FetchSlot {
  return { signal, pause: sleep, becomeTorrent: () => undefined, release: () => undefined }
}

/** Received bytes. For torrents they are derived from the speed, because pieces are counted only when complete. */
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

/** How many bytes could not be resumed after a stop. */
function lossOf({ kind, files, downloadedBytes }: Transfer): number {
  const isResumable = files.every(({ isWhole, resume }) => isWhole || (resume?.validators.strong ?? null) !== null)
  if (kind === 'torrent' || isResumable) return 0
  const wholeBytes = files.reduce((sum, { isWhole, sizeBytes }) => sum + (isWhole ? (sizeBytes ?? 0) : 0), 0)
  return Math.max(0, downloadedBytes - wholeBytes)
}
