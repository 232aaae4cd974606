import { folderKind, kindNames, kindOf } from '../../core/kinds.ts'
import type { Message } from '../../core/messages.ts'
import type { Item } from '../../core/space.ts'
import { percentDone, type Transfer } from '../../core/transfer.ts'

/** How an item is written, for a service that listens at `base`. Source: API v1 §5.1. */
export function itemWire(
  item: Item,
  { base, userId, isExtended }: { base: string; userId: number; isExtended: boolean },
) {
  const isFolder = item.kind === folderKind
  const kind = kindNames[item.kind] ?? 'unknown'
  return {
    name: item.name,
    download_url: isFolder ? null : `${base}/download-file/${userId}/${item.id}`,
    parent_id: item.parentId === null ? null : `${item.parentId}`,
    content_type: isFolder ? 'application/x-directory' : kindOf(item.name).contentType,
    file_icon_url: `${base}/images/file_types/${kind}.png`,
    stream_url: isFolder ? null : `${base}/stream-file/${userId}/${item.id}/`,
    screenshot_url: null,
    is_dir: isFolder,
    thumb_url: null,
    type: kind,
    id: `${item.id}`,
    size: `${item.sizeBytes}`,
    ...(isFolder ? { zip_url: `${base}/stream-basket/${userId}/${item.id}` } : {}),
    ...(isExtended ? { putdesk: { added_at: item.addedAtSeconds } } : {}),
  }
}

/** Exactly four fields, and for our own client the figures behind them. Source: API v1 §7.1. */
export function transferWire(transfer: Transfer, isExtended: boolean) {
  const { sizeBytes, downloadedBytes, bytesPerSecond, link } = transfer
  const isMoving = sizeBytes !== null && bytesPerSecond > 0
  return {
    status: transfer.status,
    percent_done: `${percentDone(transfer)}`,
    id: `${transfer.id}`,
    name: transfer.name,
    ...(isExtended && {
      putdesk: {
        size: sizeBytes,
        downloaded: downloadedBytes,
        speed: bytesPerSecond,
        seconds_left: isMoving ? Math.ceil((sizeBytes - downloadedBytes) / bytesPerSecond) : null,
        reason: transfer.reason,
        host: URL.canParse(link) ? new URL(link).hostname || null : null,
        folder_id: transfer.folderId,
        links: [link],
      },
    }),
  }
}

/** Channel 2 is "file downloaded"; other messages come without a file. Source: API v1 §6. */
export function messageWire(message: Message, userId: number) {
  const idOrNull = (id: number | null) => (id === null ? null : `${id}`)
  return {
    user_file_id: idOrNull(message.itemId),
    hidden: '0',
    user_id: `${userId}`,
    description: null,
    title: message.title,
    importance: '0',
    file_name: message.fileName,
    file_type: idOrNull(message.kind),
    from_user_id: null,
    id: `${message.id}`,
    channel: '2',
  }
}
