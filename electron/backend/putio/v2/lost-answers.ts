import { AppError } from '../../../../shared/errors.ts'

/** After so long, the same is wanted a second time. */
const rememberedMs = 10 * 60_000
const maxRemembered = 1000

/**
 * What was to be made and had no answer: the service may have made it. When it is wanted again, it is looked for first, so that nothing
 * is made twice. What a service makes has a higher id than everything before it.
 */
export class LostAnswers {
  readonly #lost = new Map<string, { newestId: number; atMs: number }>()

  /** The newest id from before the first attempt to make this; null if no answer was lost. */
  since(key: string): number | null {
    const lost = this.#lost.get(key)
    return lost === undefined || Date.now() - lost.atMs > rememberedMs ? null : lost.newestId
  }

  /** Notes what went wrong with an attempt. `newestId` is null if nothing was listed yet: then it cannot be looked for. */
  note(key: string, error: unknown, newestId: number | null): void {
    if (newestId === null || !(error instanceof AppError) || error.code !== 'unreachable') return
    const first = this.since(key) ?? newestId
    this.#lost.delete(key)
    this.#lost.set(key, { newestId: first, atMs: Date.now() })
    for (const old of this.#lost.keys()) if (this.#lost.size > maxRemembered) this.#lost.delete(old)
  }

  /** Makes something, unless `find` finds that it was made after all. */
  async once<T>(
    key: string,
    newestId: number | null,
    { find, make }: { find(since: number): Promise<T | undefined>; make(): Promise<T> },
  ): Promise<T> {
    const since = this.since(key)
    const found = since === null ? undefined : await find(since)
    try {
      const made = found ?? (await make())
      this.#lost.delete(key)
      return made
    } catch (error) {
      this.note(key, error, newestId)
      throw error
    }
  }

  forget(key: string): void {
    this.#lost.delete(key)
  }
}
