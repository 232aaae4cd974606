import { lstat, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { safeName } from '../../../engine/text/names.ts'
import { contentOffsets, type ZipMember } from '../../../engine/zip/zip-writer.ts'
import { AppError } from '../../../shared/errors.ts'
import type { Item, ItemId } from '../../../shared/item.ts'
import type { ZipRequest } from '../../saver/messages.ts'
import type { PutioClient } from '../putio/client.ts'
import type { FileProgress, ProgressFile } from './progress-file.ts'
import { TakenNames } from './save-folder.ts'
import type { SavedFile } from './save-listing.ts'
import type { StoredSave } from './stored-save.ts'

/** Under this id, the progress file has the number of the zip's part file in its volume. No item that can be saved has it. */
const zipId: ItemId = 0
/** The format has 16 bits for the length of a path. */
const maxNameBytes = 0xffff

/** A member of the zip; a file has an item. */
type Planned = ZipMember & { itemId: ItemId | null }

/** An item with what is in it. */
interface Tree {
  item: Item
  below: Tree[]
}

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
      itemId === null || file === null ? [] : [{ itemId, name, folder: '', sizeBytes: file.sizeBytes, listed: null }],
    )
  }

  /** Lists what is saved. */
  static async of(save: StoredSave, progress: ProgressFile, ask: AskForItems): Promise<ZipPlan> {
    const trees: Tree[] = []
    for (const itemId of new Set(save.itemIds)) trees.push(await treeOf(await ask.item(itemId), ask))
    const plan = new ZipPlan(save, progress, membersOf(trees))
    plan.#isStarted = await isStarted(plan.zipPath)
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

async function treeOf(item: Item, ask: AskForItems): Promise<Tree> {
  const below: Tree[] = []
  const items = item.kind === 'folder' ? (await ask.list(item.id)).toSorted(byName) : []
  for (const one of items) below.push(await treeOf(one, ask))
  return { item, below }
}

/** What is in the zip, each item once: one that is in a folder of the list is there only. */
function membersOf(trees: readonly Tree[]): Planned[] {
  const inside = new Set<ItemId>()
  const mark = (all: readonly Tree[]): void => {
    for (const { item, below } of all) {
      inside.add(item.id)
      mark(below)
    }
  }
  for (const { below } of trees) mark(below)
  const members: Planned[] = []
  const add = (all: readonly Tree[], folder: string): void => {
    const taken = TakenNames.none()
    for (const { item, below } of all) {
      const path = `${folder}${taken.take(item.name)}`
      const isFolder = item.kind === 'folder'
      const name = isFolder ? `${path}/` : path
      if (Buffer.byteLength(name) > maxNameBytes)
        throw new AppError('refused', `“${item.name}” is in too many folders for a zip. Save it without one.`)
      const file = isFolder ? null : { sizeBytes: item.sizeBytes }
      members.push({ name, modifiedAt: new Date(item.addedAtMs ?? 0), file, itemId: isFolder ? null : item.id })
      add(below, name)
    }
  }
  add(
    trees.filter(({ item }) => !inside.has(item.id)),
    '',
  )
  return members
}

/** True for a part file of an earlier run. What is not one, such as a link, is removed, and the zip starts over. */
async function isStarted(zipPath: string): Promise<boolean> {
  const found = await lstat(zipPath).catch(() => null)
  if (found === null || found.isFile()) return found !== null
  await rm(zipPath, { force: true }).catch(() => undefined)
  return false
}

/** The part file of a zip, beside it. */
export function zipPartOf({ folder, id }: StoredSave): string {
  return join(folder, `.${safeName(`${id}-zip`)}.putdesk-part`)
}

function byName(one: Item, other: Item): number {
  return one.name < other.name ? -1 : 1
}
