import type * as z from 'zod'
import type { ItemId } from '../../../../shared/item.ts'
import { type TransferId, type TransferStatus, transferStatuses } from '../../../../shared/transfer.ts'
import type { ListedTransfer } from '../transfer-feed.ts'
import type { WireMessage, WireTransfer } from './wire.ts'

/** A row of v1's list of transfers. Only Putdesk's own service reports `hasArrived`; it is null elsewhere. */
export interface V1Transfer extends Omit<ListedTransfer, 'hasArrived' | 'itemId'> {
  hasArrived: boolean | null
}

/** A message of v1's dashboard. `itemId` and `fileName` are set if it reports the arrival of a file. */
export interface V1Message {
  id: number
  /** Plain text. */
  title: string
  itemId: ItemId | null
  fileName: string | null
  isArrival: boolean
  /** The transfer that the message is about; null if the service does not report it. */
  transferId: TransferId | null
}

/** Converts a transfer of v1. */
export function toTransfer(wire: WireTransfer): V1Transfer {
  const more = wire.putdesk
  const status = toStatus(wire.status ?? '')
  return {
    id: wire.id,
    name: wire.name,
    status,
    percentDone: wholePercent(wire.percent_done) ?? 0,
    sizeBytes: more?.size ?? null,
    downloadedBytes: more?.downloaded ?? null,
    uploadedBytes: more?.uploaded ?? null,
    // v1 does not report the kind of link. Putdesk's own service reports peers for torrents only.
    isTorrent: more?.peers != null || onlyOfTorrents.has(status) || /\.torrent$/i.test(wire.name),
    peers: more?.peers ?? null,
    stagePercent: wholePercent(more?.stage_percent ?? null),
    speedBytesPerSecond: more?.speed ?? null,
    secondsLeft: more?.seconds_left ?? null,
    reason: more?.reason ?? null,
    failure: more?.failure ?? null,
    addedAtMs: more?.added_at == null ? null : more.added_at * 1000,
    host: more?.host ?? null,
    folderId: more?.folder_id ?? null,
    links: more?.links ?? [],
    canPlay: more?.playable ?? false,
    hasArrived: more?.delivered ?? null,
  }
}

/** Source: API v1 §7.3. */
const onlyOfTorrents: ReadonlySet<TransferStatus> = new Set(['looking-for-peers', 'downloading-and-seeding', 'seeding'])

/** "In queue" → in-queue. "Error" may be part of a longer text. Source: API v1 §7.3. */
function toStatus(word: string): TransferStatus {
  const kebab = word.trim().toLowerCase().replaceAll(/\s+/g, '-')
  const known = transferStatuses.find((status) => status === kebab)
  return known ?? (/error/i.test(word) ? 'error' : 'unknown')
}

function wholePercent(percent: number | null): number | null {
  return percent === null ? null : Math.min(100, Math.max(0, Math.trunc(percent)))
}

/** Converts a message of v1. Channel 2 reports the arrival of a file. Source: API v1 §6. */
export function toMessage(wire: z.infer<typeof WireMessage>): V1Message {
  return {
    id: wire.id,
    title: plainText(wire.title ?? ''),
    itemId: wire.user_file_id,
    fileName: wire.file_name ?? null,
    isArrival: wire.channel === '2',
    transferId: wire.putdesk?.transfer_id ?? null,
  }
}

/** The plain text of a message's HTML. Source: API v1 §6. */
function plainText(html: string): string {
  const plain: Record<string, string> = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' }
  return html.replace(/<[^<>]*>/g, '').replace(/&(lt|gt|quot|#39|amp);/g, (_all, name: string) => plain[name] ?? '')
}
