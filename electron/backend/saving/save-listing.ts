import { join } from 'node:path'
import type { Item, ItemId } from '../../../shared/item.ts'
import { openSubfolder, TakenNames } from './save-folder.ts'
import type { StoredSave } from './stored-save.ts'

/** A file of a save, and the folder that it goes to. */
export interface SavedFile {
  itemId: ItemId
  name: string
  /** Relative to the target folder, with slashes; empty for the target folder itself. */
  folder: string
  sizeBytes: number
}

/** Every file below the folder of a save, in the order of the listing. Creates the folders, also empty ones. */
export async function listFiles(save: StoredSave, list: (folderId: ItemId) => Promise<Item[]>): Promise<SavedFile[]> {
  const files: SavedFile[] = []
  const walk = async (folderId: ItemId, folder: string): Promise<void> => {
    const items = await list(folderId)
    const taken = TakenNames.none()
    for (const item of items.toSorted(byName)) {
      const name = taken.take(item.name)
      if (item.kind === 'folder') {
        await openSubfolder(join(save.folder, folder), name)
        await walk(item.id, `${folder}/${name}`)
      } else files.push({ itemId: item.id, name, folder, sizeBytes: item.sizeBytes })
    }
  }
  await openSubfolder(save.folder, save.name)
  await walk(save.itemId, save.name)
  return files
}

function byName(one: Item, other: Item): number {
  return one.name < other.name ? -1 : 1
}
