import { randomBytes } from 'node:crypto'
import { copyFile, lstat, mkdir, open, readdir, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { replaceFile } from '../../../engine/disk/replace-file.ts'
import { safeName } from '../../../engine/text/names.ts'
import type { Copy } from '../../../shared/copy.ts'
import { AppError } from '../../../shared/errors.ts'
import type { Item, ItemId } from '../../../shared/item.ts'
import { CopyList, type CopyListOptions, type StoredCopy } from './copy-list.ts'
import { headOf } from './open-safely.ts'

const maxBytes = 2 * 1024 ** 3
const maxCopies = 4000
/** A program may still have the file open. */
const minAgeMs = 60 * 60 * 1000

function partNameOf(id: string): string {
  return `.${id}.putdesk-part`
}

/** Fetches the file of a copy. */
export type FetchCopy = (paths: { partPath: string; targetPath: string }) => Promise<void>

export interface CopiesOptions extends CopyListOptions {
  /** True for the path of a copy that must stay, even if there is no room. */
  isNeeded(path: string): boolean
}

/** The private copies of files that were opened in other programs: a cache with a limit, in which changed copies are kept. */
export class Copies {
  readonly #folder: string
  readonly #list: CopyList
  readonly #isNeeded: CopiesOptions['isNeeded']
  /** The copies that a program changed, as far as they have been looked at. */
  readonly #changed = new Map<string, Copy>()

  constructor(dataFolder: string, options: CopiesOptions) {
    this.#isNeeded = options.isNeeded
    this.#folder = join(dataFolder, 'copies')
    this.#list = new CopyList(dataFolder, options)
  }

  /** The items of an account that there are copies of. */
  itemsOf(accountId: string): ItemId[] {
    return this.#list.all().flatMap((copy) => (copy.accountId === accountId ? copy.itemId : []))
  }

  one(id: string): StoredCopy {
    return this.#list.one(id)
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

  /** How much can be added without exceeding the limits. */
  room(): { bytes: number; files: number } {
    const kept = this.#list.all().filter(({ usedAtMs }) => Date.now() - usedAtMs < minAgeMs)
    const keptBytes = kept.reduce((sum, { writtenBytes }) => sum + writtenBytes, 0)
    return { bytes: Math.max(0, maxBytes - keptBytes), files: Math.max(0, maxCopies - kept.length) }
  }

  async #find(accountId: string, item: Item, wanted: 'as-fetched' | 'changed'): Promise<StoredCopy | null> {
    for (const copy of this.#list.of(accountId, item.id)) {
      const isSame = copy.sizeBytes === item.sizeBytes && copy.addedAtMs === item.addedAtMs
      if ((await this.#stateOf(copy)) !== wanted || (!isSame && wanted !== 'changed')) continue
      this.#list.use(copy)
      return copy
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
    this.#list.add(copy)
    await this.#makeRoom()
    return copy
  }

  /** The copies that a program changed, and whose change the person has neither saved nor dismissed. Looks at all of them. */
  async findChanged(): Promise<Copy[]> {
    return this.lookAt([...this.#changed.keys(), ...this.#list.all().map(({ id }) => id)])
  }

  /** The same, but only the copies with these ids may have changed since. */
  async lookAt(ids: readonly string[]): Promise<Copy[]> {
    for (const id of ids) {
      const copy = this.#list.get(id)
      if (copy !== null && (await this.#stateOf(copy)) === 'changed')
        this.#changed.set(id, { id: copy.id, accountId: copy.accountId, name: copy.name })
      else this.#changed.delete(id)
    }
    return [...this.#changed.values()]
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
    this.#list.ignore(copy, mtimeMs)
  }

  /**
   * Removes a copy. What programs left in its folder stays there: it may be a document that the person saved beside it. Rejects if a
   * program has the file open, where the system does not allow that.
   */
  async remove(copy: StoredCopy): Promise<void> {
    await rm(this.pathOf(copy), { force: true })
    await rmdir(this.folderOf(copy)).catch(() => undefined)
    this.#list.remove(copy)
    this.#changed.delete(copy.id)
  }

  /** Removes a copy that no program changed. */
  async removeUnchanged(copy: StoredCopy): Promise<void> {
    if ((await this.#stateOf(copy)) === 'as-fetched') await this.remove(copy)
  }

  /** Removes the unchanged copies of an account. */
  async removeAccount(accountId: string): Promise<void> {
    for (const copy of this.#list.all())
      if (copy.accountId === accountId && (await this.#stateOf(copy)) !== 'changed') await this.#tryRemove(copy)
  }

  headOf(copy: StoredCopy): Promise<Buffer> {
    return headOf(this.pathOf(copy))
  }

  /** Removes what an interrupted start left: folders that no entry names and entries whose file is gone. Changed copies stay. */
  async tidy(hasAccount: (accountId: string) => boolean): Promise<void> {
    for (const copy of this.#list.all()) {
      const state = await this.#stateOf(copy)
      if (state === 'gone' || (state !== 'changed' && !hasAccount(copy.accountId))) await this.#tryRemove(copy)
    }
    const known = new Set(this.#list.all().map(({ id }) => id))
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
    this.#list.close()
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
    const isFull = () => this.#list.totalBytes > maxBytes || this.#list.count > maxCopies
    if (!isFull()) return
    for (const copy of this.#list.all()) {
      if (!isFull() || Date.now() - copy.usedAtMs < minAgeMs) return
      const isNeeded = this.#isNeeded(this.pathOf(copy)) || (await this.#stateOf(copy)) === 'changed'
      if (!isNeeded) await this.#tryRemove(copy)
    }
  }
}
