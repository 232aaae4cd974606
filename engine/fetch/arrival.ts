import { randomBytes } from 'node:crypto'

/** The file is not what its readers began to read, or comes no further. */
export class ArrivalEnded extends Error {
  override name = 'ArrivalEnded'
}

/** What a running fetch has of a file. */
interface Arriving {
  /** Null while unknown. */
  sizeBytes(): number | null
  /**
   * Where the bytes at a position end that are written and verified, all of one version; null when there are none. What is
   * beyond `limit` need not be looked at.
   */
  endAfter(position: number, limit: number): number | null
  /** True when any part can be fetched first; otherwise they arrive in order. */
  canJump(): boolean
}

/** One version of the file, as its readers see it. */
interface Version {
  /** Differs from that of every other version. */
  tag: string
  end: AbortController
}

/** A reader that waits for the byte at a position. */
interface Waiting {
  position: number
  wake(): void
}

/**
 * A file that is being fetched, for those who read it before it is whole: they wait for the bytes that they want, and the fetch brings
 * those first. It outlives the runs of its fetch. When the fetch discards what it has, every reader of that gets an error.
 */
export class Arrival {
  #version = newVersion()
  #arriving: Arriving | null = null
  #wholeBytes: number | null = null
  /** Newest last. */
  readonly #waiting = new Set<Waiting>()
  /** Called when a reader begins to wait. */
  onWanted: () => void = () => undefined

  /** A run of the fetch begins. */
  attach(arriving: Arriving): void {
    this.#arriving = arriving
    this.#wholeBytes = null
    this.grew()
  }

  /** The run is over. With `wholeBytes`, the file is whole; otherwise nothing can be read until the next run. */
  detach(wholeBytes: number | null): void {
    this.#arriving = null
    this.#wholeBytes = wholeBytes
    this.onWanted = () => undefined
    this.grew()
  }

  /** More can be read than before. */
  grew(): void {
    for (const { position, wake } of this.#waiting) if (this.#hasByte(position)) wake()
  }

  /** What was readable is discarded: another version may follow. */
  startOver(why: string): void {
    const { end } = this.#version
    this.#version = newVersion()
    this.#wholeBytes = null
    end.abort(new ArrivalEnded(why))
  }

  /** The positions that readers wait for, the most recent first. */
  get wanted(): number[] {
    return [...this.#waiting].map(({ position }) => position).reverse()
  }

  /** Null while unknown. */
  get sizeBytes(): number | null {
    return this.#wholeBytes ?? this.#arriving?.sizeBytes() ?? null
  }

  /** True when a reader can begin anywhere, and get what it wants first. */
  get canJump(): boolean {
    return this.#wholeBytes !== null || this.#arriving?.canJump() === true
  }

  /** True when it can be read from the beginning. */
  get hasBegun(): boolean {
    return this.#hasByte(0)
  }

  /** Begins to read the current version. Null while its size is unknown. */
  open(): ArrivalReader | null {
    const { sizeBytes } = this
    if (sizeBytes === null) return null
    const { tag, end } = this.#version
    return {
      tag,
      sizeBytes,
      readableAt: (position, limit, signal) => this.#readableAt(position, limit, [signal, end.signal]),
      check: (from, to) => {
        end.signal.throwIfAborted()
        const isThere = from === to || (this.#endAfter(from, to) ?? 0) >= to
        if (!isThere) throw new ArrivalEnded('Another program changed what had been fetched.')
      },
    }
  }

  async #readableAt(position: number, limit: number, signals: AbortSignal[]): Promise<number> {
    for (const signal of signals) signal.throwIfAborted()
    for (let signal: AbortSignal | undefined; ; signal.throwIfAborted()) {
      const end = this.#endAfter(position, limit)
      if (end !== null) return end
      signal ??= AbortSignal.any(signals)
      await this.#wait(position, signal)
    }
  }

  #wait(position: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(waiting)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      const waiting = { position, wake }
      this.#waiting.add(waiting)
      signal.addEventListener('abort', wake)
      this.onWanted()
    })
  }

  #hasByte(position: number): boolean {
    return this.#endAfter(position, position + 1) !== null
  }

  /** Where the readable bytes at a position end, or somewhere from `limit` on; null when there are none. */
  #endAfter(position: number, limit: number): number | null {
    if (this.#wholeBytes !== null) return this.#wholeBytes > position ? this.#wholeBytes : null
    return this.#arriving?.endAfter(position, limit) ?? null
  }
}

/** Reads one version of an arriving file. */
export interface ArrivalReader {
  /** Identifies the version. */
  tag: string
  sizeBytes: number
  /**
   * Waits until the byte at a position can be read, and returns where the readable bytes end, or somewhere from `limit` on.
   * Rejects when it will not come.
   */
  readableAt(position: number, limit: number, signal: AbortSignal): Promise<number>
  /** Call after reading: throws unless all that was read belongs to this version. */
  check(from: number, to: number): void
}

function newVersion(): Version {
  return { tag: randomBytes(16).toString('hex'), end: new AbortController() }
}
