import { type Item, type ItemKind, rootFolderId, type TrashedItem } from '../../../../shared/item.ts'
import type { WireFile, WireTrashed } from './wire.ts'

/** Source: API v2 §5.1. */
const kinds: ReadonlyMap<string, ItemKind> = new Map([
  ['FOLDER', 'folder'],
  ['FILE', 'file'],
  ['AUDIO', 'audio'],
  ['VIDEO', 'movie'],
  ['IMAGE', 'image'],
  ['ARCHIVE', 'archive'],
  ['PDF', 'pdf'],
  ['TEXT', 'text'],
  ['SWF', 'flash'],
])
/** API v2 has no type for documents. */
const document =
  /^application\/(?:msword|vnd\.(?:ms-(?:excel|powerpoint)|openxmlformats-officedocument|oasis\.opendocument)\b)/

/** Converts a file or a folder of v2. */
export function toItem(wire: WireFile): Item {
  return {
    id: wire.id,
    parentId: Math.max(wire.parent_id ?? rootFolderId, rootFolderId),
    name: wire.name,
    kind: toKind(wire),
    sizeBytes: Math.max(wire.size ?? 0, 0),
    addedAtMs: wire.created_at,
  }
}

/** The kind of an item. One of an unknown type is a file, unless its content type says otherwise. */
export function toKind({
  file_type: type,
  content_type: contentType,
}: Pick<WireFile, 'file_type' | 'content_type'>): ItemKind {
  const kind = kinds.get(type?.toUpperCase() ?? '') ?? (contentType === 'application/x-directory' ? 'folder' : 'file')
  return kind === 'file' && document.test(contentType ?? '') ? 'document' : kind
}

/** Converts an item in the trash. Only our own service tells in which folders it was. */
export function toTrashed(wire: WireTrashed): TrashedItem {
  return {
    id: wire.id,
    name: wire.name,
    kind: toKind(wire),
    sizeBytes: Math.max(wire.size ?? 0, 0),
    deletedAtMs: wire.deleted_at,
    folders: (wire.putdesk?.folders ?? []).filter((name) => typeof name === 'string'),
  }
}
