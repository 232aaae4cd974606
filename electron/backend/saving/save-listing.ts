import { join } from 'node:path'
import type { Item, ItemId } from '../../../shared/item.ts'
import { openSubfolder, TakenNames } from './save-folder.ts'
import type { StoredSave } from './stored-save.ts'

/** How long an address from a listing is used. */
const listedForMs = 60_000

/** A file of a save, and the folder that it goes to. */
export interface SavedFile {
  itemId: ItemId
  name: string
  /** Relative to the target folder, with slashes; empty for the target folder itself. */
  folder: string
  sizeBytes: number
  /** Where it was listed, and when; null when it was not listed with an address. */
  listed: { address: string; atMs: number } | null
}

/** An item of a listing, with its address if the service lists one. */
export interface ListedItem {
  item: Item
  address: string | null
}

/** Every file below the folder of a save, in the order of the listing. Creates the folders, also empty ones. */
export async function listFiles(
  save: StoredSave,
  list: (folderId: ItemId) => Promise<ListedItem[]>,
): Promise<SavedFile[]> {
  const files: SavedFile[] = []
  const walk = async (folderId: ItemId, folder: string): Promise<void> => {
    const items = await list(folderId)
    const atMs = performance.now()
    const taken = TakenNames.none()
    for (const { item, address } of items.toSorted(byName)) {
      const name = taken.take(item.name)
      if (item.kind === 'folder') {
        await openSubfolder(join(save.folder, folder), name)
        await walk(item.id, `${folder}/${name}`)
      } else {
        const listed = address === null ? null : { address, atMs }
        files.push({ itemId: item.id, name, folder, sizeBytes: item.sizeBytes, listed })
      }
    }
  }
  await openSubfolder(save.folder, save.name)
  await walk(save.itemId, save.name)
  return files
}

/** The address of a file, if it was listed so recently that the service need not be asked for it again. */
export function listedLately({ listed }: SavedFile): string | null {
  return listed !== null && performance.now() - listed.atMs < listedForMs ? listed.address : null
}

function byName({ item: one }: ListedItem, { item: other }: ListedItem): number {
  return one.name < other.name ? -1 : 1
}
