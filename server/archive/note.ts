import { quoted } from './archive-error.ts'

/** Collects what the person should know about an unpacked archive: entries that were left out or renamed. */
export class Note {
  readonly #leftOut: { name: string; why: string }[] = []
  readonly #renamed: { from: string; to: string }[] = []
  readonly #sentences: string[] = []

  leftOut(name: string, why: string): void {
    this.#leftOut.push({ name, why })
  }

  renamed(from: string, to: string): void {
    this.#renamed.push({ from, to })
  }

  /** Adds a sentence, once. */
  say(sentence: string): void {
    if (!this.#sentences.includes(sentence)) this.#sentences.push(sentence)
  }

  /** Notes that data after the end of the archive was ignored. */
  trailingData(archive: string): void {
    this.say(`What stands behind the end of ${quoted(archive)} was left out.`)
  }

  /** A few short sentences that name the archive, or null when there is nothing to report. */
  text(archive: string, isEmpty: boolean): string | null {
    const left = this.#leftOut.map(({ name, why }) => `${quoted(name)} (${why})`)
    if (isEmpty) {
      const nothing = `${quoted(archive)} is kept as it is, as nothing in it could be unpacked: ${joinNames(left, 5)}.`
      return left.length > 0 ? nothing : `${quoted(archive)} is empty, so it is kept as it is.`
    }
    const changed = this.#renamed.map(({ from, to }) => `${quoted(from)} is now ${quoted(to)}`)
    const isOne = (list: string[]) => list.length === 1
    const sentences = [
      ...this.#sentences,
      ...(left.length === 0
        ? []
        : [
            `${left.length} ${isOne(left) ? 'thing' : 'things'} in ${quoted(archive)} ${isOne(left) ? 'was' : 'were'} left out: ${joinNames(left, 5)}.`,
          ]),
      ...(changed.length === 0
        ? []
        : [
            `${changed.length} ${isOne(changed) ? 'name' : 'names'} in ${quoted(archive)} ${isOne(changed) ? 'was' : 'were'} changed: ${joinNames(changed, 3)}.`,
          ]),
    ]
    return sentences.length === 0 ? null : sentences.join(' ')
  }
}

/** `a, b and c`, or `a, b and 7 more`. */
function joinNames(all: readonly string[], max: number): string {
  const shown = all.length > max ? [...all.slice(0, max), `${all.length - max} more`] : all
  const last = shown.at(-1) ?? ''
  return shown.length < 2 ? last : `${shown.slice(0, -1).join(', ')} and ${last}`
}
