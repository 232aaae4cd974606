import { join } from 'node:path'
import * as z from 'zod'
import { AccountId } from '../../../shared/account.ts'
import { AppError } from '../../../shared/errors.ts'
import { ItemId } from '../../../shared/item.ts'
import { isObject } from '../files/json-content.ts'
import { JsonFile } from '../files/json-file.ts'

const group = 'copies'
/** Each write replaces the whole list, so that many changes in a row share one. */
const writeEveryMs = 1000

/** A private copy of a file, as it was fetched. */
const StoredCopy = z.object({
  /** Also the name of its folder. */
  id: z.string().regex(/^[0-9a-f]{32}$/),
  accountId: AccountId,
  itemId: ItemId,
  /** Its name here. */
  name: z.string().min(1),
  sizeBytes: z.number().min(0),
  addedAtMs: z.number().nullable(),
  /** Its size and time when it had been fetched. Others mean that a program changed it. */
  writtenBytes: z.number(),
  writtenAtMs: z.number(),
  usedAtMs: z.number(),
  /** The time of the change that the person saved elsewhere or does not want to keep. */
  ignoredAtMs: z.number().nullable(),
})
export type StoredCopy = z.infer<typeof StoredCopy>

export interface CopyListOptions {
  tell(sentence: string): void
  onSaved(problem: string | null): void
}

/** The list of the private copies: held in memory, and on disk at most a second later. */
export class CopyList {
  readonly #file: JsonFile
  /** The least recently used first. */
  readonly #copies = new Map<string, StoredCopy>()
  readonly #idsByItem = new Map<string, Set<string>>()
  readonly #unwritten = new Set<string>()
  #totalBytes = 0
  #writtenAtMs = Number.NEGATIVE_INFINITY
  #timer: ReturnType<typeof setTimeout> | null = null

  constructor(dataFolder: string, { tell, onSaved }: CopyListOptions) {
    this.#file = new JsonFile({
      path: join(dataFolder, 'copies.json'),
      title: 'list of opened copies',
      contents: 'entries',
      whatToDo: `Copies that you changed in other programs are in ${join(dataFolder, 'copies')}.`,
      groups: {
        [group]: {
          nouns: ['copy', 'copies'],
          idOf: (value) => (isObject(value) && typeof value.id === 'string' ? value.id : null),
          isGood: (_id, value) => StoredCopy.safeParse(value).success,
        },
      },
      copies: [join(dataFolder, 'copies.last-good.json')],
      isUsed: false,
      tell,
      onSaved,
    })
    const stored = [...this.#file.entries(group).values()].flatMap((value) => StoredCopy.safeParse(value).data ?? [])
    for (const copy of stored.sort((one, other) => one.usedAtMs - other.usedAtMs)) this.#set(copy)
  }

  get count(): number {
    return this.#copies.size
  }

  get totalBytes(): number {
    return this.#totalBytes
  }

  /** All copies, the least recently used first. */
  all(): StoredCopy[] {
    return [...this.#copies.values()]
  }

  one(id: string): StoredCopy {
    const found = this.#copies.get(id)
    if (found === undefined) throw new AppError('not-found', 'This copy is no longer there.')
    return found
  }

  get(id: string): StoredCopy | null {
    return this.#copies.get(id) ?? null
  }

  of(accountId: string, itemId: ItemId): StoredCopy[] {
    return [...(this.#idsByItem.get(keyOf(accountId, itemId)) ?? [])].flatMap((id) => this.#copies.get(id) ?? [])
  }

  add(copy: StoredCopy): void {
    this.#set(copy)
    this.#changed(copy.id)
  }

  /** Notes that a copy is used now. */
  use({ id }: StoredCopy): void {
    const copy = this.#copies.get(id)
    if (copy === undefined) return
    this.#set({ ...copy, usedAtMs: Date.now() })
    // A crash may lose it: that matters less than a write for each use.
    this.#unwritten.add(id)
    this.#writeLater()
  }

  ignore({ id }: StoredCopy, ignoredAtMs: number): void {
    const copy = this.#copies.get(id)
    if (copy === undefined) return
    this.#copies.set(id, { ...copy, ignoredAtMs })
    this.#changed(id)
  }

  remove({ id }: StoredCopy): void {
    this.#delete(id)
    this.#changed(id)
  }

  close(): void {
    this.#write()
    this.#file.close()
  }

  #set(copy: StoredCopy): void {
    this.#delete(copy.id)
    this.#copies.set(copy.id, copy)
    this.#totalBytes += copy.writtenBytes
    const key = keyOf(copy.accountId, copy.itemId)
    const ids = this.#idsByItem.get(key) ?? new Set()
    this.#idsByItem.set(key, ids.add(copy.id))
  }

  #delete(id: string): void {
    const copy = this.#copies.get(id)
    if (copy === undefined) return
    this.#copies.delete(id)
    this.#totalBytes -= copy.writtenBytes
    const key = keyOf(copy.accountId, copy.itemId)
    const ids = this.#idsByItem.get(key)
    ids?.delete(id)
    if (ids?.size === 0) this.#idsByItem.delete(key)
  }

  /** Writes a change at once, or a little later if there has just been another. */
  #changed(id: string): void {
    this.#unwritten.add(id)
    if (performance.now() - this.#writtenAtMs >= writeEveryMs) this.#write()
    else this.#writeLater()
  }

  #writeLater(): void {
    this.#timer ??= setTimeout(() => this.#write(), writeEveryMs).unref()
  }

  #write(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#unwritten.size === 0) return
    this.#file.put(group, Object.fromEntries([...this.#unwritten].map((id) => [id, this.#copies.get(id)])))
    this.#unwritten.clear()
    this.#writtenAtMs = performance.now()
  }
}

function keyOf(accountId: string, itemId: ItemId): string {
  return `${accountId}/${itemId}`
}
