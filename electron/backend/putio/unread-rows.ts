import type { Log } from '../host/log.ts'

/** What the notes on unread rows need of the backend around them. */
export interface UnreadRowsOptions {
  log: Log
  /** Shows a sentence to the person under a key until it is null. */
  show(key: string, sentence: string | null): void
}

/** Rows of lists that a server sent and nobody could read: each new count of a list is told once, to the log and the person. */
export class UnreadRows {
  readonly #options: UnreadRowsOptions
  readonly #counts = new Map<string, number>()

  constructor(options: UnreadRowsOptions) {
    this.#options = options
  }

  /**
   * Notes how a list was read. `list` is the method that answered, `problems` says of each unread row what is wrong, and `noun` names the
   * rows for the person; null for those that no person sees.
   */
  note(list: string, problems: readonly string[], told: { sender: string; noun: string | null }): void {
    const count = problems.length
    if (count === (this.#counts.get(list) ?? 0)) return
    this.#counts.set(list, count)
    if (count > 0)
      this.#options.log.info(
        `${list}: ${count} rows could not be read: ${problems.slice(0, 3).join(' | ').slice(0, 500)}`,
      )
    if (told.noun !== null) this.#options.show(list, count === 0 ? null : sentenceOf(told.sender, count, told.noun))
  }
}

function sentenceOf(sender: string, count: number, noun: string): string {
  return count === 1
    ? `${sender} sent one ${noun} that could not be read. The others are shown.`
    : `${sender} sent ${count} ${noun}s that could not be read. The others are shown.`
}
