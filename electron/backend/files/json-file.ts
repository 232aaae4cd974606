import { basename } from 'node:path'
import { replaceFileSync } from '../../../engine/disk/replace-file.ts'
import {
  type Content,
  type Entries,
  formVersion,
  type Groups,
  isObject,
  parseContent,
  writeContent,
} from './json-content.ts'
import { describeError, inspect, readText, replaceText, setAside } from './whole-file.ts'

const maxBytes = 8 * 1024 * 1024
const saveRetryMs = 15_000

/** How a JSON file is stored. */
export interface JsonFileOptions {
  path: string
  /** The name of the file for the user, such as "settings file", and of its contents. */
  title: string
  contents: string
  /** A sentence that says what the user has to do if nothing could be restored. */
  whatToDo: string
  groups: Groups
  /** Paths of the copies, newest first. The first is written after each save; the others keep what was there before this run. */
  copies: readonly string[]
  /** True if other files show that this is not the first start, so that a missing file is a loss. */
  isUsed: boolean
  /** Called once, on open: what was damaged, and what was restored. */
  tell(sentence: string): void
  /** Called with the reason why the last change could not be saved, and with null once it is saved. */
  onSaved?(problem: string | null): void
}

/**
 * A small JSON file that survives crashes and damage. It is replaced atomically. A damaged file is set aside, and each of its usable
 * entries, or else that of a good copy, is restored. Entries and fields that this version cannot use stay in the file unchanged. A
 * file from a later version is read as far as possible and never written.
 */
export class JsonFile {
  readonly #options: JsonFileOptions
  readonly #groups = new Map<string, Entries>()
  #rest: Entries = new Map()
  #told = new Set<string>()
  #isFrozen = false
  /** The existing file could not be read: it is set aside before it is replaced. */
  #isUnread = false
  #isRotated = false
  #timer: ReturnType<typeof setTimeout> | null = null

  constructor(options: JsonFileOptions) {
    this.#options = options
    this.#open()
  }

  /** The entries of a group that this version can use, in file order. */
  entries(group: string): Map<string, unknown> {
    return new Map([...this.#entriesOf(group)].filter(([name, value]) => this.#isGood(group, name, value)))
  }

  /**
   * Changes entries of a group; `undefined` removes one. Fields of an entry that are not named are kept. Returns null once the change
   * is on disk, or the reason why it could not be saved; saving is then retried automatically.
   */
  put(group: string, changes: Readonly<Record<string, unknown>>): string | null {
    const entries = this.#entriesOf(group)
    for (const [name, value] of Object.entries(changes)) {
      const known = entries.get(name)
      if (value === undefined) entries.delete(name)
      else entries.set(name, isObject(known) && isObject(value) ? { ...known, ...value } : value)
      this.#told.delete(`${group}/${name}`)
    }
    return this.#save()
  }

  /** Tries a last time to save pending changes, and stops retrying. */
  close(): void {
    if (this.#timer !== null) this.#save()
    this.#stopTrying()
  }

  #open(): void {
    const { path, title, contents, whatToDo, copies, groups } = this.#options
    const found = readText(path, maxBytes)
    const main = found.is === 'text' ? parseContent(found.text, groups) : null
    const [newest = null, ...older] = copies.map((copy) => {
      const read = readText(copy, maxBytes)
      return read.is === 'text' ? parseContent(read.text, groups) : null
    })
    // Removed entries are still in older copies, so those count only if the newest copy is not whole.
    const copied = (newest?.seal === 'whole' ? [newest] : [newest, ...older]).filter((copy) => copy !== null)
    const newer = [...(main === null ? [] : [main]), ...copied].find(({ version }) => version > formVersion)
    if (newer !== undefined && (newer === main || main === null)) {
      this.#take(newer)
      this.#isFrozen = true
      this.#options.tell(
        `The ${title} is of a later version of Putdesk and was left untouched. What you change now lasts only until you close Putdesk.`,
      )
      return
    }
    if (main?.seal === 'whole') {
      this.#take(main)
      this.#tellUnread([])
      return
    }
    if (main === null && found.is === 'absent' && copied.length === 0 && !this.#options.isUsed) return
    const restored = this.#merge(main, copied)
    const isDamaged = main === null || main.seal === 'altered' || restored.size > 0
    if (!isDamaged) {
      this.#tellUnread([])
      return
    }
    this.#isUnread = found.is !== 'absent'
    const canPass = found.is === 'unusable' && found.canPass
    const why = found.is === 'absent' ? 'was missing' : found.is === 'unusable' ? found.why : 'was damaged'
    const aside = canPass ? null : this.#repair()
    const kept = aside === null ? '' : ` The damaged one was kept as ${basename(aside)}.`
    const back =
      copied.length > 0
        ? `The last good ${contents} are back.`
        : main === null
          ? `There was no good copy of it. ${whatToDo}`
          : 'What could be read of it was kept.'
    this.#tellUnread([`The ${title} ${why}. ${back}${kept}`])
  }

  /** Takes each usable entry from the file, or else from the newest copy that has it. Returns the restored entries. */
  #merge(main: Content | null, copies: readonly Content[]): Set<string> {
    const restored = new Set<string>()
    if (main !== null) this.#take(main)
    // A copy that is exactly as we wrote it is trusted over a file that was altered since.
    const [newest] = copies
    const believed = main?.seal === 'altered' && newest?.seal === 'whole' ? newest : null
    for (const group of Object.keys(this.#options.groups)) {
      const entries = this.#entriesOf(group)
      const isMissing = (main?.groups.get(group) ?? null) === null
      const hasBad = [...entries].some(([name, value]) => !this.#isGood(group, name, value))
      if (!isMissing && !hasBad && main?.seal !== 'altered') continue
      const known = believed?.groups.get(group) ?? null
      // If a known name is missing, an unknown name is probably a damaged form of it.
      const isRenamed = known !== null && [...known.keys()].some((name) => !entries.has(name))
      if (isRenamed) for (const name of [...entries.keys()]) if (!known.has(name)) entries.delete(name)
      for (const copy of copies) {
        for (const [name, value] of copy.groups.get(group) ?? []) {
          const own = entries.get(name)
          const isBetter = copy === believed && JSON.stringify(own) !== JSON.stringify(value)
          const isRepaired = this.#isGood(group, name, value) && !this.#isGood(group, name, own)
          if (entries.has(name) && !isBetter && !isRepaired) continue
          entries.set(name, value)
          restored.add(`${group}/${name}`)
        }
      }
    }
    if (main === null)
      for (const { rest } of copies)
        for (const [name, value] of rest) if (!this.#rest.has(name)) this.#rest.set(name, value)
    return restored
  }

  /** Sets the damaged file aside and writes the restored content. Returns the path of the damaged file. */
  #repair(): string | null {
    const { path } = this.#options
    let aside: string | null = null
    try {
      if (this.#isUnread) aside = setAside(path)
      this.#isUnread = false
    } catch {
      // The folder cannot be written. This is reported at the next save.
      return null
    }
    this.#save()
    return aside
  }

  /** Reports unusable entries that were not reported before. */
  #tellUnread(sentences: string[]): void {
    const { title, groups } = this.#options
    let isNews = false
    for (const [group, { nouns }] of Object.entries(groups)) {
      const bad = [...this.#entriesOf(group)].filter(([name, value]) => !this.#isGood(group, name, value))
      const untold = bad.filter(([name]) => !this.#told.has(`${group}/${name}`))
      for (const [name] of untold) this.#told.add(`${group}/${name}`)
      const known = untold.length
      if (known === 0) continue
      isNews = true
      sentences.push(
        `${known} ${known === 1 ? nouns[0] : nouns[1]} in the ${title} cannot be used by this version of Putdesk. Nothing was deleted: what cannot be used stays in the file.`,
      )
    }
    if (isNews && !this.#isUnread) this.#save()
    if (sentences.length > 0) this.#options.tell(sentences.join(' '))
  }

  #save(): string | null {
    const { path, title, groups, onSaved } = this.#options
    if (this.#isFrozen) return `The ${title} is of a later version of Putdesk and is left untouched.`
    const text = writeContent({ groups: this.#groups, rest: this.#rest, told: this.#told }, groups)
    try {
      if (this.#isUnread) setAside(path)
      this.#isUnread = false
      replaceText(path, text)
    } catch (error) {
      const problem = `The ${title} cannot be saved: ${describeError(error)}. Your changes last until you close Putdesk; it retries automatically.`
      onSaved?.(problem)
      this.#timer ??= setTimeout(() => {
        this.#timer = null
        this.#save()
      }, saveRetryMs).unref()
      return problem
    }
    this.#stopTrying()
    this.#copy(text)
    onSaved?.(null)
    return null
  }

  /** Updates the copies: the state from before this run becomes the older one, what was just saved the newest. */
  #copy(text: string): void {
    const [newest, previous] = this.#options.copies
    if (newest === undefined) return
    try {
      const seen = inspect(newest)
      const isFile = seen.is === 'file'
      if (seen.is === 'unusable') setAside(newest)
      if (!this.#isRotated && isFile && previous !== undefined) replaceFileSync(newest, previous)
      this.#isRotated = true
      replaceText(newest, text)
    } catch {
      // The file itself is saved; the copy is written again at the next change.
      return
    }
  }

  #stopTrying(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #take({ groups, rest, told }: Content): void {
    for (const [name, entries] of groups) if (entries !== null) this.#groups.set(name, new Map(entries))
    this.#rest = new Map(rest)
    this.#told = new Set(told)
  }

  #entriesOf(group: string): Entries {
    const entries = this.#groups.get(group) ?? new Map<string, unknown>()
    this.#groups.set(group, entries)
    return entries
  }

  #isGood(group: string, name: string, value: unknown): boolean {
    return this.#options.groups[group]?.isGood(name, value) ?? false
  }
}
