import type { Message } from '../../core/account/messages.ts'
import { kindOf } from '../../core/space/kinds.ts'
import type { Item } from '../../core/space/space.ts'
import { percentDone, type Transfer } from '../../core/transfers/transfer.ts'
import { kindCode, kindWord } from './kinds.ts'
import { messageTitle } from './message-titles.ts'
import { statusWords } from './statuses.ts'

/** An item as API v1 sends it; `base` is the service's base URL. Source: API v1 §5.1. */
export function itemWire(item: Item, { base, userId }: { base: string; userId: number }) {
  const isFolder = item.kind === 'folder'
  const kind = kindWord(item.kind)
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
  }
}

/** A transfer, with exactly four fields. Source: API v1 §7.1. */
export function transferWire(transfer: Transfer) {
  return {
    status: statusWords[transfer.status],
    percent_done: `${percentDone(transfer)}`,
    id: `${transfer.id}`,
    name: transfer.name,
  }
}

/** A message. Channel 2 is "file downloaded"; other messages have no file. Source: API v1 §6. */
export function messageWire(message: Message, userId: number) {
  const idOrNull = (id: number | null) => (id === null ? null : `${id}`)
  return {
    user_file_id: idOrNull(message.itemId),
    hidden: '0',
    user_id: `${userId}`,
    description: null,
    title: messageTitle(message),
    importance: '0',
    file_name: message.type === 'file-arrived' ? message.name : null,
    file_type: message.type === 'file-arrived' ? kindCode(message.kind) : null,
    from_user_id: null,
    id: `${message.id}`,
    channel: '2',
  }
}
