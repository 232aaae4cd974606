import { lstat, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { safeName } from '../../../engine/text/names.ts'
import { contentOffsets, type ZipMember } from '../../../engine/zip/zip-writer.ts'
import type { Item, ItemId } from '../../../shared/item.ts'
import type { ZipRequest } from '../../saver/messages.ts'
import type { PutioClient } from '../putio/client.ts'
import type { FileProgress, ProgressFile } from './progress-file.ts'
import { TakenNames } from './save-folder.ts'
import type { SavedFile } from './save-listing.ts'
import type { StoredSave } from './stored-save.ts'

/** Under this id, the progress file has the number of the zip's part file in its volume. No item that can be saved has it. */
const zipId: ItemId = 0

/** A member of the zip; a file has an item. */
type Planned = ZipMember & { itemId: ItemId | null }

/** Asks the service. */
export interface AskForItems {
  item(itemId: ItemId): Promise<Item>
  list(folderId: ItemId): Promise<Item[]>
}

/**
 * A zip that is saved: what is in it, and where. Names and sizes decide where each file belongs, so files can be fetched in any order,
 * and those that are in their places stay there over restarts as long as the listing is the same.
 */
export class ZipPlan {
  readonly zipPath: string
  readonly files: readonly SavedFile[]
  readonly #save: StoredSave
  readonly #progress: ProgressFile
  readonly #members: readonly Planned[]
  readonly #offsets: ReadonlyMap<ItemId, number>
  #isStarted = false

  private constructor(save: StoredSave, progress: ProgressFile, members: readonly Planned[]) {
    this.#save = save
    this.#progress = progress
    this.#members = members
    this.zipPath = zipPartOf(save)
    const offsets = contentOffsets(members)
    this.#offsets = new Map(
      members.flatMap(({ itemId }, place) => (itemId === null ? [] : [[itemId, offsets[place] ?? 0]])),
    )
    this.files = members.flatMap(({ itemId, name, file }) =>
      itemId === null || file === null ? [] : [{ itemId, name, folder: '', sizeBytes: file.sizeBytes }],
    )
  }

  /** Lists what is saved. */
  static async of(save: StoredSave, progress: ProgressFile, ask: AskForItems): Promise<ZipPlan> {
    const members: Planned[] = []
    const walk = async (items: readonly Item[], folder: string): Promise<void> => {
      const taken = TakenNames.none()
      for (const item of items) {
        const name = `${folder}${taken.take(item.name)}`
        const modifiedAt = new Date(item.addedAtMs ?? 0)
        if (item.kind === 'folder') {
          members.push({ name: `${name}/`, modifiedAt, file: null, itemId: null })
          await walk((await ask.list(item.id)).toSorted(byName), `${name}/`)
        } else members.push({ name, modifiedAt, file: { sizeBytes: item.sizeBytes }, itemId: item.id })
      }
    }
    const items: Item[] = []
    for (const itemId of save.itemIds) items.push(await ask.item(itemId))
    await walk(items, '')
    const plan = new ZipPlan(save, progress, members)
    plan.#isStarted = (await lstat(plan.zipPath).catch(() => null)) !== null
    return plan
  }

  /** What the progress file has as the path of a file: the place of its content. */
  pathOf({ itemId }: SavedFile): string {
    return `zip@${this.atOf(itemId)}`
  }

  atOf(itemId: ItemId): number {
    return this.#offsets.get(itemId) ?? 0
  }

  /** True for a file that an earlier run has put into its place. */
  isInPlace(file: SavedFile): boolean {
    const known = this.#progress.get(file.itemId)
    return this.#isStarted && known?.isDone === true && known.path === this.pathOf(file) && known.crc !== null
  }

  /** The name that the zip got just before Putdesk ended, or null. */
  async finishedName(): Promise<string | null> {
    const known = this.#progress.get(zipId)
    if (known === null || known.inode === null) return null
    const [part, target] = await Promise.all(
      [this.zipPath, join(this.#save.folder, known.path)].map((path) =>
        lstat(path, { bigint: true }).catch(() => null),
      ),
    )
    return part === null && target?.isFile() === true && `${target.ino}` === known.inode ? known.path : null
  }

  /** Where the files come from, an address without a path. */
  async origin(client: PutioClient, isTrusted: (origin: string) => boolean): Promise<string> {
    const [first] = this.files
    if (first === undefined) return 'about:client'
    const { url } = await client.stream(first.itemId, 'save', isTrusted)
    return `${new URL(url).origin}/`
  }

  /** Asks for the end of the zip. What it is about to become is noted first. */
  async finish(name: string, origin: string): Promise<Omit<ZipRequest, 'id'>> {
    const { folder, conflict } = this.#save
    const found = await lstat(this.zipPath, { bigint: true }).catch(() => null)
    const inode = found === null || found.ino === 0n ? null : `${found.ino}`
    await this.#progress.note(zipId, { path: name, isDone: false, inode, resume: null, crc: null })
    return {
      members: this.#members.map(({ itemId, name: path, modifiedAt, file }) => ({
        name: path,
        modifiedAtMs: modifiedAt.getTime(),
        sizeBytes: file?.sizeBytes ?? null,
        crc: itemId === null ? 0 : (this.#progress.get(itemId)?.crc ?? 0),
      })),
      root: folder,
      zipPath: this.zipPath,
      targetPath: join(folder, name),
      isReplacing: conflict === 'replace',
      origin,
    }
  }

  /** Begins again with the next attempt. */
  async forget(): Promise<void> {
    for (const file of this.files) {
      const known: FileProgress | null = this.#progress.get(file.itemId)
      if (known !== null) await this.#progress.note(file.itemId, { ...known, isDone: false, crc: null })
    }
    await rm(this.zipPath, { force: true })
  }
}

/** The part file of a zip, beside it. */
export function zipPartOf({ folder, id }: StoredSave): string {
  return join(folder, `.${safeName(`${id}-zip`)}.putdesk-part`)
}

function byName(one: Item, other: Item): number {
  return one.name < other.name ? -1 : 1
}
