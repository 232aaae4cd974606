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
import { look, readText, replaceText, setAside, whyNot } from './whole-file.ts'

const maxBytes = 8 * 1024 * 1024
const saveAgainMs = 15_000

/** How a JSON file of ours is kept. */
export interface JsonFileOptions {
  path: string
  /** How the person knows it, such as "settings file", and what is in it. */
  title: string
  contents: string
  /** What the person has to do where nothing of it is left, in a sentence. */
  whatToDo: string
  groups: Groups
  /** Where copies lie, newest first. The first is written after each save; the others keep what was there before this run. */
  copies: readonly string[]
  /** True where something else shows that this is not the first start, so that a missing file is a loss. */
  isUsed: boolean
  /** Told once, at the opening: what was damaged, what is back and what is not. */
  tell(sentence: string): void
  /** Why the last change could not be saved; null once it is. */
  onSaved?(problem: string | null): void
}

/**
 * A small JSON file that survives. It is replaced whole or not at all; a damaged one is kept aside, and each of its entries that can
 * be used, or else the one of a good copy, is taken over. What this version cannot use stays in the file as it is, unknown fields
 * too. A file of a later version is read as far as it can be, and never written.
 */
export class JsonFile {
  readonly #options: JsonFileOptions
  readonly #groups = new Map<string, Entries>()
  #rest: Entries = new Map()
  #told = new Set<string>()
  #isFrozen = false
  /** What lies there could not be read: it is set aside before anything takes its place. */
  #isUnread = false
  #isRotated = false
  #timer: ReturnType<typeof setTimeout> | null = null

  constructor(options: JsonFileOptions) {
    this.#options = options
    this.#open()
  }

  /** The entries of a group that this version can use, in their order. */
  entries(group: string): Map<string, unknown> {
    return new Map([...this.#entriesOf(group)].filter(([name, value]) => this.#isGood(group, name, value)))
  }

  /**
   * Changes entries of a group; `undefined` removes one. Fields of an entry that are not named stay. On the disk when it returns,
   * or else it answers with the reason, and tries again by itself.
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

  /** Saves what could not be saved before, and stops trying. */
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
    // What was removed is still in an older copy: those count only where the newest one fails.
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

  /** Takes over each entry that can be used: the file's, or that of the newest copy that has it. Answers with the restored ones. */
  #merge(main: Content | null, copies: readonly Content[]): Set<string> {
    const restored = new Set<string>()
    if (main !== null) this.#take(main)
    // Against a copy that is whole, as we wrote it, a file that was changed since is not believed.
    const [newest] = copies
    const believed = main?.seal === 'altered' && newest?.seal === 'whole' ? newest : null
    for (const group of Object.keys(this.#options.groups)) {
      const entries = this.#entriesOf(group)
      const isMissing = (main?.groups.get(group) ?? null) === null
      const hasBad = [...entries].some(([name, value]) => !this.#isGood(group, name, value))
      if (!isMissing && !hasBad && main?.seal !== 'altered') continue
      const known = believed?.groups.get(group) ?? null
      // Where a name is gone, one that nobody knows is what became of it.
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

  /** Keeps the damaged file aside, and writes what was taken over. Answers with where the damaged one lies. */
  #repair(): string | null {
    const { path } = this.#options
    let aside: string | null = null
    try {
      if (this.#isUnread) aside = setAside(path)
      this.#isUnread = false
    } catch {
      // A folder that cannot be written: told when something is to be saved.
      return null
    }
    this.#save()
    return aside
  }

  /** Tells of what cannot be used and was not told of before, once. */
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
      const problem = `The ${title} cannot be saved: ${whyNot(error)}. Your changes last until you close Putdesk; it tries again by itself.`
      onSaved?.(problem)
      this.#timer ??= setTimeout(() => {
        this.#timer = null
        this.#save()
      }, saveAgainMs).unref()
      return problem
    }
    this.#stopTrying()
    this.#copy(text)
    onSaved?.(null)
    return null
  }

  /** What was there when this run began moves on by one; the newest copy is what has just been saved. */
  #copy(text: string): void {
    const [newest, previous] = this.#options.copies
    if (newest === undefined) return
    try {
      const seen = look(newest)
      const isFile = seen.is === 'file'
      if (seen.is === 'unusable') setAside(newest)
      if (!this.#isRotated && isFile && previous !== undefined) replaceFileSync(newest, previous)
      this.#isRotated = true
      replaceText(newest, text)
    } catch {
      // The file itself is saved; its copy is written again with the next change.
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
