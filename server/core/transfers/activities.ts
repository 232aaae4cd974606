interface Activity {
  stop: AbortController
  ended: Promise<void>
}

interface ActivitiesOptions {
  /** Called after each activity, however it ended. */
  onEnd(): void
  report(error: unknown): void
}

/** Running activities, at most one for each transfer, until they end or are stopped. */
export class Activities {
  readonly #options: ActivitiesOptions
  readonly #running = new Map<number, Activity>()

  constructor(options: ActivitiesOptions) {
    this.#options = options
  }

  has(id: number): boolean {
    return this.#running.has(id)
  }

  ids(): number[] {
    return [...this.#running.keys()]
  }

  /** Starts an activity. `onError` gets what it failed with, unless it was stopped. */
  start(
    id: number,
    work: (signal: AbortSignal) => Promise<void>,
    onError: (error: unknown) => void | Promise<void>,
  ): void {
    const { onEnd, report } = this.#options
    const stop = new AbortController()
    const ended = work(stop.signal)
      .catch((error: unknown) => (stop.signal.aborted ? undefined : onError(error)))
      .catch(report)
      .finally(() => {
        this.#running.delete(id)
        onEnd()
      })
    this.#running.set(id, { stop, ended })
  }

  /** Stops the transfer's activity, if there is one, and resolves when it has ended. */
  async stop(id: number, reason: Error): Promise<void> {
    const activity = this.#running.get(id)
    activity?.stop.abort(reason)
    await activity?.ended
  }

  async stopAll(reason: Error): Promise<void> {
    await Promise.all(this.ids().map((id) => this.stop(id, reason)))
  }
}
