import { type Item, type ItemId, type ItemKind, rootFolderId } from '../../../../shared/item.ts'
import { readRows, WireFolder, type WireItem } from './wire.ts'

/** Source: API v1 §5.2. */
const kinds: Record<string, ItemKind> = {
  folder: 'folder',
  file: 'file',
  audio: 'audio',
  movie: 'movie',
  image: 'image',
  compressed: 'archive',
  pdf: 'pdf',
  ms_doc: 'document',
  text: 'text',
  swf: 'flash',
}

/** Converts an item of v1. */
export function toItem(wire: WireItem): Item {
  const addedAt = wire.putdesk?.added_at ?? null
  return {
    id: wire.id,
    parentId: Math.max(wire.parent_id ?? rootFolderId, rootFolderId),
    name: wire.name,
    kind: wire.is_dir === true ? 'folder' : (kinds[wire.type ?? ''] ?? 'file'),
    sizeBytes: Math.max(wire.size ?? 0, 0),
    addedAtMs: addedAt === null ? null : addedAt * 1000,
  }
}

/** Flattens a tree of folders into a list, the root first. */
export function toFolders(root: WireFolder): { id: ItemId; name: string; parentId: ItemId | null }[] {
  const folders: (WireFolder & { parentId: ItemId | null })[] = [{ ...root, parentId: null }]
  // The list grows during the loop: recursion could overflow the stack on a deep tree.
  for (const { id, dirs } of folders) {
    for (const child of readRows(dirs, WireFolder).read) if (child !== null) folders.push({ ...child, parentId: id })
  }
  return folders.map(({ id, name, parentId }) => ({ id, name, parentId }))
}
