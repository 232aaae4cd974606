import { lstat, readdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { cloneFile } from '../../../engine/disk/clone-file.ts'
import { claimOf } from '../../../engine/disk/move-into-place.ts'
import { requirePlainFolder } from '../../../engine/disk/plain-folder.ts'
import { safeName } from '../../../engine/text/names.ts'
import type { ItemId } from '../../../shared/item.ts'
import type { FileProgress, ProgressFile } from './progress-file.ts'
import { openSubfolder, TakenNames } from './save-folder.ts'
import type { SavedFile } from './save-listing.ts'
import type { StoredSave } from './stored-save.ts'
import { zipPartOf } from './zip-plan.ts'

/** Where the files of a save are, and their part files. Paths are relative to the target folder, with slashes. */
export class SavePaths {
  readonly #save: StoredSave
  readonly #progress: ProgressFile
  /** The names in each folder. */
  readonly #names = new Map<string, Promise<TakenNames>>()
  /** Which item each path was given to in earlier runs. */
  #owners: Map<string, ItemId> | null = null

  constructor(save: StoredSave, progress: ProgressFile) {
    this.#save = save
    this.#progress = progress
  }

  /** Removes what is not finished. */
  async removeParts(): Promise<void> {
    const { isZip } = this.#save
    if (isZip) await this.#removeWithNotes(zipPartOf(this.#save))
    // One that is in its place in a zip may still have its part file.
    for (const [itemId, { path, isDone }] of this.#progress.all())
      if (!isDone || isZip) await this.removePart(path, itemId)
  }

  /** Removes the part file of one item, and what is beside it. */
  removePart(path: string, itemId: ItemId): Promise<void> {
    return this.#removeWithNotes(this.partOf(path, itemId))
  }

  async #removeWithNotes(part: string): Promise<void> {
    const isPlain = await requirePlainFolder(this.#save.folder, dirname(part)).then(
      () => true,
      () => false,
    )
    // Nothing is removed where a link leads.
    if (!isPlain) return
    await rm(part, { force: true }).catch(() => undefined)
    await this.#removeNotes(part)
  }

  /** Removes the part files that are left of what is in its place in the zip. */
  async removeDoneParts(): Promise<void> {
    const there = new Set(await readdir(this.#save.folder).catch(() => []))
    for (const [itemId, { path, isDone }] of this.#progress.all()) {
      const name = basename(this.partOf(path, itemId))
      if (isDone && (there.has(name) || there.has(`${name}.sums`))) await this.removePart(path, itemId)
    }
  }

  /** Creates the folders of a file again. What is in their place is found by whoever opens the file. */
  async makeFolders(folder: string): Promise<void> {
    let parent = this.#save.folder
    for (const name of folder.split('/')) {
      if (name === '') continue
      await openSubfolder(parent, name).catch(() => undefined)
      parent = join(parent, name)
    }
  }

  /** True when Putdesk ended between giving a file its name and noting that. */
  async isInPlace(file: SavedFile, { path, inode }: FileProgress): Promise<boolean> {
    if (inode === null) return false
    const [part, target] = await Promise.all(
      [this.partOf(path, file.itemId), join(this.#save.folder, path)].map((one) =>
        lstat(one, { bigint: true }).catch(() => null),
      ),
    )
    if (part !== null || target === null || target === undefined || !target.isFile()) return false
    const isOurs = `${target.ino}` === inode && (file.sizeBytes === 0 || target.size === BigInt(file.sizeBytes))
    if (isOurs) await this.#removeNotes(this.partOf(path, file.itemId))
    return isOurs
  }

  /** Removes what is kept beside a part file. */
  async #removeNotes(part: string): Promise<void> {
    for (const one of [`${part}.sums`, `${part}.sums.new`, claimOf(part)])
      await rm(one, { force: true }).catch(() => undefined)
  }

  /** Where a file goes, or null if it is skipped because the name is taken. */
  async choose(file: SavedFile): Promise<string | null> {
    const save = this.#save
    const folder = join(save.folder, file.folder)
    const pathOf = (name: string) => (file.folder === '' ? name : `${file.folder}/${name}`)
    // The name of a single file was chosen when it was added.
    if (!save.isFolder) return pathOf(file.name)
    const taking = this.#names.get(file.folder) ?? TakenNames.of(folder)
    this.#names.set(file.folder, taking)
    const taken = await taking
    // A path that another item of this save had before, under another name in the account, is taken as well.
    this.#owners ??= new Map([...this.#progress.all()].map(([itemId, { path }]) => [path, itemId]))
    const isUsed = (this.#owners.get(pathOf(file.name)) ?? file.itemId) !== file.itemId
    if (save.conflict === 'keep-both' || isUsed) return pathOf(taken.take(file.name))
    if (save.conflict === 'skip' && (await lstat(join(folder, file.name)).catch(() => null)) !== null) return null
    return pathOf(file.name)
  }

  /** Beside the target, whose path is relative to the target folder. */
  partOf(path: string, itemId: ItemId): string {
    const { folder, id } = this.#save
    return join(folder, dirname(path), `.${safeName(`${id}-${itemId}`)}.putdesk-part`)
  }

  /** True when the volume can clone a file: it does so for a moment, where the part file is going to be. */
  async canClone(original: string, { itemId, folder, sizeBytes }: SavedFile): Promise<boolean> {
    const part = this.partOf(folder === '' ? this.#save.name : `${folder}/x`, itemId)
    try {
      // Nothing is made where a link leads.
      await requirePlainFolder(this.#save.folder, dirname(part))
      if ((await cloneFile(original, part, sizeBytes)) === null) return false
      await rm(part, { force: true })
      return true
    } catch {
      return false
    }
  }

  /** True when something that was saved before is there, or when nothing was. */
  async hasSomething(): Promise<boolean> {
    const files = [...this.#progress.all()]
    if (this.#save.isZip && (await lstat(zipPartOf(this.#save)).catch(() => null)) !== null) return true
    for (const [itemId, { path, isDone }] of files) {
      const one = isDone ? join(this.#save.folder, path) : this.partOf(path, itemId)
      if ((await lstat(one).catch(() => null)) !== null) return true
    }
    return files.length === 0
  }

  /** Another path, because this one was taken when the file was complete. */
  async another({ folder, name }: Pick<SavedFile, 'folder' | 'name'>, path: string): Promise<string> {
    const taken = await TakenNames.of(join(this.#save.folder, folder))
    // The folder may be one that cannot be read.
    taken.add(basename(path))
    const other = taken.take(name)
    return folder === '' ? other : `${folder}/${other}`
  }

  /** How much of a part file is there. It may have gaps, which take no space where the volume can tell. */
  async storedBytes(itemId: ItemId): Promise<number> {
    const known = this.#progress.get(itemId)
    if (known === null) return 0
    const found = await lstat(this.partOf(known.path, itemId)).catch(() => null)
    if (found === null) return 0
    return process.platform === 'win32' ? found.size : Math.min(found.size, found.blocks * 512)
  }
}
