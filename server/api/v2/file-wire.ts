import type { Core } from '../../core/core.ts'
import type { DetailedItem } from '../../core/space/details.ts'
import type { ReadableItem, Sharer } from '../../core/space/friends.ts'
import { extensionOf, type ItemKind, itemKinds, kindOf } from '../../core/space/kinds.ts'
import type { TrashedItem } from '../../core/space/trash.ts'
import { ApiError } from './error.ts'
import type { Call } from './method.ts'
import type { Params } from './params.ts'
import { toTime } from './times.ts'

/** API v2's name of each kind. It has none for documents. Source: API v2 §5.1. */
const types: Record<ItemKind, string> = {
  folder: 'FOLDER',
  file: 'FILE',
  audio: 'AUDIO',
  movie: 'VIDEO',
  image: 'IMAGE',
  archive: 'ARCHIVE',
  pdf: 'PDF',
  document: 'FILE',
  text: 'TEXT',
  flash: 'SWF',
}

/** The names of the kinds' pictures. */
const icons: Record<ItemKind, string> = {
  folder: 'folder',
  file: 'file',
  audio: 'audio',
  movie: 'movie',
  image: 'image',
  archive: 'compressed',
  pdf: 'pdf',
  document: 'ms_doc',
  text: 'text',
  flash: 'swf',
}

/** The parent of the folders that friends share. */
export const sharedId = -2

export function fileType(kind: ItemKind): string {
  return types[kind]
}

/** The kinds with these names, separated by commas; null for all. Throws a 400 for an unknown one. */
export function kindsOf(names: string | null): ItemKind[] | null {
  if (names === null) return null
  return names.split(',').flatMap((name) => {
    const found = itemKinds.filter((kind) => types[kind] === name.trim().toUpperCase())
    if (found.length === 0) throw new ApiError(400, 'BadRequest', `“${name.slice(0, 40)}” is not a type of files.`)
    return found
  })
}

/** What a client asks for besides the usual fields. */
export interface Extras {
  hasStreamUrl: boolean
  hasMp4Status: boolean
  hasVideoMetadata: boolean
  hasMediaMetadata: boolean
  hasCodecs: boolean
  hasMediaInfo: boolean
}

export const noExtras: Extras = {
  hasStreamUrl: false,
  hasMp4Status: false,
  hasVideoMetadata: false,
  hasMediaMetadata: false,
  hasCodecs: false,
  hasMediaInfo: false,
}

/** The extras in a request, of which those for a listing's folder end with `_parent`. */
export function extrasOf(params: Params, ending = ''): Extras {
  const flag = (name: string) => params.flag(`${name}${ending}`)
  return {
    hasStreamUrl: flag('stream_url'),
    hasMp4Status: flag('mp4_status') || flag('mp4_stream_url'),
    hasVideoMetadata: flag('video_metadata') && !flag('media_metadata'),
    hasMediaMetadata: flag('media_metadata'),
    hasCodecs: flag('codecs'),
    hasMediaInfo: flag('media_info'),
  }
}

/** Where a file can be read without another token. `download-file` also tells browsers to save it. */
export function contentUrl(
  { base, readToken }: Pick<Call, 'base' | 'readToken'>,
  { ownerId, id }: { ownerId: number; id: number },
  kind: 'stream-file' | 'download-file' | 'stream-basket' = 'download-file',
): string {
  return `${base}/${kind}/${ownerId}/${id}/atk/${readToken}`
}

/** Whose items are written: one's own, or a friend's. */
export interface Owner {
  id: number
  /** Null for oneself. */
  friend: Omit<Sharer, 'id'> | null
}

export function ownerOf(core: Core, { ownerId }: Pick<ReadableItem, 'ownerId'>): Owner {
  return { id: ownerId, friend: ownerId === core.account.userId ? null : core.friends.sharer(ownerId) }
}

/** What the form of an item depends on. */
type WireCall = Pick<Call, 'base' | 'core' | 'isExtended' | 'readToken'>

/** An item as API v2 sends it, with every field that strict clients require. Source: API v2 §5.1, §19 (C4–C8). */
export function fileWire(call: WireCall, item: DetailedItem, owner: Owner, extras: Extras | null = null) {
  const { base, core, isExtended } = call
  const { kind, content } = item
  const isFolder = kind === 'folder'
  const isOfFriend = owner.friend?.folderId === item.id
  const extension = isFolder ? '' : extensionOf(item.name)
  return {
    id: item.id,
    name: isOfFriend ? owner.friend?.name : item.name,
    parent_id: owner.friend?.rootIds.has(item.id) === true ? sharedId : item.parentId,
    file_type: types[kind],
    folder_type: isOfFriend ? 'SHARED_FRIEND' : 'REGULAR',
    content_type: isFolder ? 'application/x-directory' : kindOf(item.name).contentType,
    extension: extension === '' ? null : extension,
    size: item.sizeBytes,
    created_at: toTime(item.addedAtSeconds),
    updated_at: toTime(item.updatedAtSeconds),
    first_accessed_at: item.openedAtSeconds === null ? null : toTime(item.openedAtSeconds),
    crc32: item.crc32,
    ...(item.sha1 !== null && { sha1: item.sha1 }),
    opensubtitles_hash: null,
    icon: `${base}/images/file_types/${icons[kind]}.png`,
    screenshot: null,
    is_hidden: false,
    is_shared: owner.friend !== null,
    is_mp4_available: false,
    ...(owner.friend !== null && { sender_name: owner.friend.name }),
    ...(item.startFromSeconds !== null && owner.friend === null && { start_from: item.startFromSeconds }),
    ...(isFolder && sortOf(core, item, owner)),
    ...(extras !== null && extraFields(call, item, owner, extras)),
    ...(isExtended && {
      putdesk: {
        added_at: item.addedAtSeconds,
        // Without a token, so that it is no secret.
        address: content === null ? null : `${base}/stream-file/${owner.id}/${item.id}`,
        user_id: owner.id,
        ...(item.isWatched && owner.friend === null && { watched: true }),
        content: owner.friend !== null || content === null || core.content.isDamaged(content) ? null : content,
        ...(content !== null && core.content.isDamaged(content) && { missing: true }),
      },
    }),
  }
}

/** The saved order of one's own folder; omitted if there is none. */
function sortOf({ sortOrders }: Pick<Core, 'sortOrders'>, { id }: DetailedItem, { friend }: Owner) {
  const order = friend === null ? sortOrders.get(id) : null
  return order === null ? {} : { sort_by: order }
}

/** This service does not convert films, and does not look into them. */
function extraFields(call: WireCall, item: DetailedItem, owner: Owner, extras: Extras) {
  const isMedia = item.kind === 'audio' || item.kind === 'movie'
  const url = () => contentUrl(call, { ownerId: owner.id, id: item.id }, 'stream-file')
  return {
    ...(extras.hasStreamUrl && { stream_url: isMedia ? url() : null }),
    ...(extras.hasMp4Status && {
      mp4_size: null,
      need_convert: item.kind === 'movie' && !/\.(?:mp4|m4v|webm)$/i.test(item.name),
    }),
    ...(extras.hasVideoMetadata && { video_metadata: null }),
    ...(extras.hasMediaMetadata && { media_metadata: null }),
    ...(extras.hasCodecs && { content_type_and_codecs: null }),
    ...(extras.hasMediaInfo && { media_info: null }),
  }
}

/** The place of the folders that friends share, which is no folder of anyone's. */
export function sharedRootWire(call: Call) {
  const times = {
    addedAtSeconds: 0,
    updatedAtSeconds: 0,
    openedAtSeconds: null,
    startFromSeconds: null,
    isWatched: false,
  }
  const item = { id: sharedId, parentId: 0, name: 'Items shared with you', kind: 'folder', sizeBytes: 0 } as const
  const owner = { id: call.core.account.userId, friend: null }
  const wire = fileWire(call, { ...item, ...times, content: null, crc32: null, sha1: null }, owner)
  return { ...wire, folder_type: 'SHARED_ROOT' }
}

const daySeconds = 24 * 60 * 60
/** When what never expires is deleted: clients require a time. */
const never = '9999-12-31T23:59:59'

/** An item in the trash. Source: API v2 §11. */
export function trashedWire({ base, core, isExtended }: Call, item: TrashedItem) {
  const isFolder = item.kind === 'folder'
  const extension = isFolder ? '' : extensionOf(item.name)
  const days = core.trashDays()
  return {
    id: item.id,
    name: item.name,
    size: item.sizeBytes,
    file_type: types[item.kind],
    folder_type: 'REGULAR',
    content_type: isFolder ? 'application/x-directory' : kindOf(item.name).contentType,
    extension: extension === '' ? null : extension,
    icon: `${base}/images/file_types/${icons[item.kind]}.png`,
    screenshot: null,
    parent_id: item.parentId,
    created_at: toTime(item.addedAtSeconds),
    first_accessed_at: item.openedAtSeconds === null ? null : toTime(item.openedAtSeconds),
    deleted_at: toTime(item.trashedAtSeconds),
    expiration_date: days <= 0 ? never : toTime(item.trashedAtSeconds + days * daySeconds),
    ...(isExtended && { putdesk: { folders: item.folders } }),
  }
}
