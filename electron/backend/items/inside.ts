import type { ItemId } from '../../../shared/item.ts'
import type { Session } from '../accounts/session.ts'

/** True if a folder is among these items, or below one of them. */
export async function isInside(session: Session, itemIds: ReadonlySet<ItemId>, folderId: ItemId): Promise<boolean> {
  if (itemIds.size === 0) return false
  const path = await session.folders.path(folderId).catch(() => [{ id: folderId }])
  return path.some(({ id }) => itemIds.has(id))
}

/** The items that are not inside others of them, as far as is known: a search can find a folder and what is in it. */
export async function outermost(session: Session, itemIds: Iterable<ItemId>): Promise<ItemId[]> {
  const all = new Set(itemIds)
  const outer: ItemId[] = []
  const known = new Map<ItemId, boolean>()
  for (const id of all) {
    const parentId = session.parentOf(id)
    const isInner = parentId !== null && (known.get(parentId) ?? (await isInside(session, all, parentId)))
    if (parentId !== null) known.set(parentId, isInner)
    if (!isInner) outer.push(id)
  }
  return outer
}

/** True if an item was in one of these folders, at any depth, as far as is known. */
export async function wasInside(session: Session, folderIds: readonly ItemId[], itemId: ItemId): Promise<boolean> {
  const parentId = session.parentOf(itemId)
  return parentId !== null && (await isInside(session, new Set(folderIds), parentId))
}
