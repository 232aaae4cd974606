import { type Item, type ItemId, type ItemKind, rootFolderId } from '../../../../shared/item.ts'
import { readRows } from '../lenient.ts'
import { WireFolder, type WireItem } from './wire.ts'

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

/** Converts an item of v1, which does not tell when it was added. */
export function toItem(wire: WireItem): Item {
  return {
    id: wire.id,
    parentId: Math.max(wire.parent_id ?? rootFolderId, rootFolderId),
    name: wire.name,
    kind: toKind(wire),
    sizeBytes: Math.max(wire.size ?? 0, 0),
    addedAtMs: null,
  }
}

function toKind({ is_dir, type }: WireItem): ItemKind {
  return is_dir === true ? 'folder' : (kinds[type ?? ''] ?? 'file')
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
