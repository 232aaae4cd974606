import { AppError } from '../../../shared/errors.ts'
import type { Item, ItemId } from '../../../shared/item.ts'
import { maxPlayed } from '../../../shared/limits.ts'
import type { PutioClient } from '../putio/client.ts'

/** More folders would be a tree that takes long to read, and hardly one list. */
const maxSubfolders = 50

/** True for what players play. */
function isMedia({ kind }: Item): boolean {
  return kind === 'movie' || kind === 'audio'
}

/** The films and sounds of a folder in natural order; if it has none itself, those of its subfolders. */
export async function mediaInFolder(client: PutioClient, folderId: ItemId): Promise<Item[]> {
  const items = await client.listItems(folderId)
  const own = items.filter(isMedia).sort(naturally)
  if (own.length > 0) return own
  const media: Item[] = []
  const folders = items.filter(({ kind }) => kind === 'folder').sort(naturally)
  for (const { id } of folders.slice(0, maxSubfolders)) {
    if (media.length >= maxPlayed) break
    media.push(...(await client.listItems(id)).filter(isMedia).sort(naturally))
  }
  if (media.length === 0) throw new AppError('refused', 'There is no film and no sound in this folder.')
  return media
}

/** The items with these ids, in their order. Reads whole folders, because hundreds of items are usually in one. */
export async function mediaWithIds(client: PutioClient, itemIds: readonly ItemId[]): Promise<Item[]> {
  const known = new Map<ItemId, Item>()
  const listed = new Set<ItemId>()
  for (const id of itemIds) {
    if (known.has(id)) continue
    const item = await client.item(id)
    known.set(id, item)
    if (listed.has(item.parentId) || itemIds.length === 1) continue
    listed.add(item.parentId)
    for (const one of await client.listItems(item.parentId)) known.set(one.id, one)
  }
  const media = itemIds.flatMap((id) => known.get(id) ?? []).filter(isMedia)
  if (media.length === 0) throw new AppError('refused', 'Only films and sound can be played.')
  return media
}

function naturally(a: Item, b: Item): number {
  return collator.compare(a.name, b.name)
}

const collator = new Intl.Collator(undefined, { numeric: true })
