import type { TransferId } from '../../../shared/transfer.ts'

export interface HeldCancelsOptions {
  /** How long a cancellation is held back. */
  holdMs: number
  /** Tells the service. */
  send(transferId: TransferId): Promise<void>
  /** Called when these transfers count as cancelled, or no longer do. */
  onChange(transferIds: readonly TransferId[]): void
  /** Called when the service was told, before `onProblem`. */
  onSent(): Promise<void>
  /** Called for each that the service refused, or that it could not be told about. */
  onProblem(transferId: TransferId, error: unknown): void
}

/**
 * Cancellations that are held back for a while, so that they can be taken back and nothing that was fetched is lost. The service is
 * told about each once.
 */
export class HeldCancels {
  readonly #options: HeldCancelsOptions
  /** The cancellations that can still be taken back, and the timer of each. */
  readonly #held = new Map<TransferId, ReturnType<typeof setTimeout>>()
  /** Those that the service is being told about, until it no longer lists them. */
  readonly #sent = new Set<TransferId>()
  #sending: Promise<void> = Promise.resolve()

  constructor(options: HeldCancelsOptions) {
    this.#options = options
  }

  /** True for a transfer that counts as cancelled. */
  has(transferId: TransferId): boolean {
    return this.#held.has(transferId) || this.#sent.has(transferId)
  }

  /** Cancels transfers, unless they are cancelled already. */
  hold(transferIds: readonly TransferId[]): void {
    const added = [...new Set(transferIds)].filter((id) => !this.has(id))
    if (added.length === 0) return
    const timer = setTimeout(
      () => void this.#send(added.filter((id) => this.#held.get(id) === timer)),
      this.#options.holdMs,
    )
    for (const id of added) this.#held.set(id, timer)
    this.#options.onChange(added)
  }

  /** Takes cancellations back. Returns those that the service was already told about. */
  release(transferIds: readonly TransferId[]): TransferId[] {
    const released = transferIds.filter((id) => this.#held.delete(id))
    if (released.length > 0) this.#options.onChange(released)
    return transferIds.filter((id) => this.#sent.has(id))
  }

  /** Tells the service about everything now. */
  async flush(): Promise<void> {
    await this.#send([...this.#held.keys()])
  }

  /** Tells the service about those that were not taken back. */
  #send(transferIds: readonly TransferId[]): Promise<void> {
    const due: TransferId[] = []
    for (const id of transferIds) {
      if (!this.#held.delete(id)) continue
      due.push(id)
      this.#sent.add(id)
    }
    if (due.length > 0) this.#sending = this.#sending.then(() => this.#sendAll(due))
    return this.#sending
  }

  async #sendAll(due: readonly TransferId[]): Promise<void> {
    const problems = new Map<TransferId, unknown>()
    for (const id of due) {
      try {
        await this.#options.send(id)
      } catch (error) {
        problems.set(id, error)
      }
    }
    // Until the list was fetched again, they would seem to run.
    await this.#options.onSent()
    for (const id of due) this.#sent.delete(id)
    this.#options.onChange(due)
    for (const [id, error] of problems) this.#options.onProblem(id, error)
  }
}
