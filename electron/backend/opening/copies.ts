import { randomBytes } from 'node:crypto'
import { copyFile, lstat, mkdir, open, readdir, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { replaceFile } from '../../../engine/disk/replace-file.ts'
import { safeName } from '../../../engine/text/names.ts'
import { AccountId } from '../../../shared/account.ts'
import type { Copy } from '../../../shared/copy.ts'
import { AppError } from '../../../shared/errors.ts'
import { type Item, ItemId } from '../../../shared/item.ts'
import { isObject } from '../files/json-content.ts'
import { JsonFile } from '../files/json-file.ts'
import { headBytes } from './can-run.ts'

const maxBytes = 2 * 1024 ** 3
/** A program may still have the file open. */
const minAgeMs = 60 * 60 * 1000
const group = 'copies'

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

function partNameOf(id: string): string {
  return `.${id}.putdesk-part`
}

/** Fetches the file of a copy. */
export type FetchCopy = (paths: { partPath: string; targetPath: string }) => Promise<void>

/** The private copies of files that were opened in other programs: a cache with a limit, in which changed copies are kept. */
export class Copies {
  readonly #folder: string
  readonly #file: JsonFile

  constructor(
    dataFolder: string,
    { tell, onSaved }: { tell(sentence: string): void; onSaved(problem: string | null): void },
  ) {
    this.#folder = join(dataFolder, 'copies')
    this.#file = new JsonFile({
      path: join(dataFolder, 'copies.json'),
      title: 'list of opened copies',
      contents: 'entries',
      whatToDo: `Copies that you changed in other programs are in ${this.#folder}.`,
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
  }

  all(): StoredCopy[] {
    return [...this.#file.entries(group).values()].flatMap((value) => StoredCopy.safeParse(value).data ?? [])
  }

  one(id: string): StoredCopy {
    const found = this.all().find((copy) => copy.id === id)
    if (found === undefined) throw new AppError('not-found', 'This copy is no longer there.')
    return found
  }

  pathOf({ id, name }: StoredCopy): string {
    return join(this.#folder, id, name)
  }

  folderOf({ id }: StoredCopy): string {
    return join(this.#folder, id)
  }

  /** The copy of an item: the one that is there, with a change that the person may want to keep, or a new one. */
  async take(accountId: string, item: Item, fetch: FetchCopy): Promise<StoredCopy> {
    const changed = await this.#find(accountId, item, 'changed')
    return changed ?? (await this.takeUnchanged(accountId, item, fetch))
  }

  /** The copy of an item as it is in the account: the one that is there, or a new one. */
  async takeUnchanged(accountId: string, item: Item, fetch: FetchCopy): Promise<StoredCopy> {
    return (await this.find(accountId, item)) ?? (await this.#add(accountId, item, fetch))
  }

  /** The copy of an item as it is in the account, or null. */
  find(accountId: string, item: Item): Promise<StoredCopy | null> {
    return this.#find(accountId, item, 'as-fetched')
  }

  /** How many bytes can be added without exceeding the limit. */
  freeBytes(): number {
    const kept = this.all().filter(({ usedAtMs }) => Date.now() - usedAtMs < minAgeMs)
    return Math.max(0, maxBytes - kept.reduce((sum, { writtenBytes }) => sum + writtenBytes, 0))
  }

  async #find(accountId: string, item: Item, wanted: 'as-fetched' | 'changed'): Promise<StoredCopy | null> {
    for (const copy of this.all()) {
      if (copy.accountId !== accountId || copy.itemId !== item.id) continue
      const isSame = copy.sizeBytes === item.sizeBytes && copy.addedAtMs === item.addedAtMs
      if ((await this.#stateOf(copy)) === wanted && (isSame || wanted === 'changed')) return this.#use(copy)
    }
    return null
  }

  async #add(accountId: string, item: Item, fetch: FetchCopy): Promise<StoredCopy> {
    const id = randomBytes(16).toString('hex')
    const name = safeName(item.name)
    const folder = join(this.#folder, id)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    try {
      await fetch({ partPath: join(folder, partNameOf(id)), targetPath: join(folder, name) })
    } catch (error) {
      await rm(folder, { recursive: true, force: true })
      throw error
    }
    const { size, mtimeMs } = await lstat(join(folder, name))
    const { sizeBytes, addedAtMs } = item
    const copy: StoredCopy = {
      id,
      accountId,
      itemId: item.id,
      name,
      sizeBytes,
      addedAtMs,
      writtenBytes: size,
      writtenAtMs: mtimeMs,
      usedAtMs: Date.now(),
      ignoredAtMs: null,
    }
    this.#file.put(group, { [id]: copy })
    await this.#makeRoom()
    return copy
  }

  /** The copies that a program changed, and whose change the person has neither saved nor dismissed. */
  async changed(): Promise<Copy[]> {
    const found: Copy[] = []
    for (const copy of this.all())
      if ((await this.#stateOf(copy)) === 'changed') found.push({ id: copy.id, name: copy.name })
    return found
  }

  /** Copies a copy to a path that the person chose. */
  async saveTo(copy: StoredCopy, path: string): Promise<void> {
    const draft = join(dirname(path), partNameOf(copy.id))
    try {
      await copyFile(this.pathOf(copy), draft)
      const handle = await open(draft, 'r+')
      await handle.sync().finally(() => handle.close())
      // What has this name is replaced only by a whole file.
      await replaceFile(draft, path)
    } catch (cause) {
      await rm(draft, { force: true }).catch(() => undefined)
      throw new AppError('refused', `“${copy.name}” could not be saved there. Choose another folder.`, { cause })
    }
    await this.ignore(copy)
  }

  /** Forgets the last change of a copy. */
  async ignore(copy: StoredCopy): Promise<void> {
    const { mtimeMs } = await lstat(this.pathOf(copy))
    this.#file.put(group, { [copy.id]: { ...copy, ignoredAtMs: mtimeMs } })
  }

  /**
   * Removes a copy. What programs left in its folder stays there: it may be a document that the person saved beside it. Rejects if a
   * program has the file open, where the system does not allow that.
   */
  async remove(copy: StoredCopy): Promise<void> {
    await rm(this.pathOf(copy), { force: true })
    await rmdir(this.folderOf(copy)).catch(() => undefined)
    this.#file.put(group, { [copy.id]: undefined })
  }

  /** Removes a copy that no program changed. */
  async removeUnchanged(copy: StoredCopy): Promise<void> {
    if ((await this.#stateOf(copy)) === 'as-fetched') await this.remove(copy)
  }

  /** Removes the unchanged copies of an account. */
  async removeAccount(accountId: string): Promise<void> {
    for (const copy of this.all())
      if (copy.accountId === accountId && (await this.#stateOf(copy)) !== 'changed') await this.#tryRemove(copy)
  }

  async headOf(copy: StoredCopy): Promise<Buffer> {
    const handle = await open(this.pathOf(copy), 'r')
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0)
      return buffer.subarray(0, bytesRead)
    } finally {
      await handle.close()
    }
  }

  /** Removes what an interrupted start left: folders that no entry names and entries whose file is gone. Changed copies stay. */
  async tidy(hasAccount: (accountId: string) => boolean): Promise<void> {
    for (const copy of this.all()) {
      const state = await this.#stateOf(copy)
      if (state === 'gone' || (state !== 'changed' && !hasAccount(copy.accountId))) await this.#tryRemove(copy)
    }
    const known = new Set(this.all().map(({ id }) => id))
    for (const name of await readdir(this.#folder).catch(() => [])) {
      // A file without an entry may be a changed copy whose entry was lost: only what was never finished is removed.
      if (!/^[0-9a-f]{32}$/.test(name) || known.has(name)) continue
      const folder = join(this.#folder, name)
      const part = join(folder, partNameOf(name))
      for (const file of [part, `${part}.sums`, `${part}.sums.new`])
        await rm(file, { force: true }).catch(() => undefined)
      await rmdir(folder).catch(() => undefined)
    }
  }

  close(): void {
    this.#file.close()
  }

  #use(copy: StoredCopy): StoredCopy {
    const used = { ...copy, usedAtMs: Date.now() }
    this.#file.put(group, { [copy.id]: used })
    return used
  }

  /** One that a program has open stays until the next time. */
  async #tryRemove(copy: StoredCopy): Promise<boolean> {
    try {
      await this.remove(copy)
      return true
    } catch {
      return false
    }
  }

  async #stateOf(copy: StoredCopy): Promise<'as-fetched' | 'changed' | 'dismissed' | 'gone'> {
    const found = await lstat(this.pathOf(copy)).catch(() => null)
    if (found === null || !found.isFile()) return 'gone'
    if (found.size === copy.writtenBytes && found.mtimeMs === copy.writtenAtMs) return 'as-fetched'
    return copy.ignoredAtMs !== null && found.mtimeMs <= copy.ignoredAtMs ? 'dismissed' : 'changed'
  }

  async #makeRoom(): Promise<void> {
    const copies = this.all().sort((one, other) => one.usedAtMs - other.usedAtMs)
    let sum = copies.reduce((bytes, { writtenBytes }) => bytes + writtenBytes, 0)
    for (const copy of copies) {
      if (sum <= maxBytes || Date.now() - copy.usedAtMs < minAgeMs) return
      if ((await this.#stateOf(copy)) === 'changed') continue
      if (await this.#tryRemove(copy)) sum -= copy.writtenBytes
    }
  }
}
