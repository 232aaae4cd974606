import type { Log } from '../host/log.ts'

/** The parts of the backend that `UnreadRows` depends on. */
export interface UnreadRowsOptions {
  log: Log
  /** Shows a notice to the user under a key; null removes it. */
  show(key: string, sentence: string | null): void
}

/** Reports list rows that could not be parsed, to the log and to the user: once per list for each new count. */
export class UnreadRows {
  readonly #options: UnreadRowsOptions
  readonly #counts = new Map<string, number>()

  constructor(options: UnreadRowsOptions) {
    this.#options = options
  }

  /**
   * Records how a list was parsed. `list` is the API method, `problems` has one message per unreadable row, and `noun` names the rows
   * for the user; null for rows that the user never sees.
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
