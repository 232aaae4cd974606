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

/** An item as v1 writes it, in the domain's words. */
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

/** A tree of folders as a list, the root first. */
export function toFolders(root: WireFolder): { id: ItemId; name: string; parentId: ItemId | null }[] {
  const folders: (WireFolder & { parentId: ItemId | null })[] = [{ ...root, parentId: null }]
  // It grows while it is read: a tree may be deeper than calls can be nested.
  for (const { id, dirs } of folders) {
    for (const child of readRows(dirs, WireFolder).read) if (child !== null) folders.push({ ...child, parentId: id })
  }
  return folders.map(({ id, name, parentId }) => ({ id, name, parentId }))
}
