import type * as z from 'zod'
import type { ItemId } from '../../../../shared/item.ts'
import { type TransferStatus, transferStatuses } from '../../../../shared/transfer.ts'
import { ownWord } from '../own-word.ts'
import type { ListedTransfer } from '../transfer-feed.ts'
import type { WireMessage, WireTransfer } from './wire.ts'

/** A message of v1's dashboard. `itemId` and `fileName` are set if it reports the arrival of a file. */
export interface V1Message {
  id: number
  /** Plain text. */
  title: string
  itemId: ItemId | null
  fileName: string | null
  isArrival: boolean
}

/** Converts a transfer of v1, which tells its name, status and progress only. Source: API v1 §7.1. */
export function toTransfer(wire: WireTransfer): ListedTransfer {
  const status = toStatus(wire.status ?? '')
  return {
    id: wire.id,
    name: wire.name,
    status,
    serviceStatus: status === 'unknown' ? ownWord(wire.status) : null,
    percentDone: wholePercent(wire.percent_done ?? 0),
    isTorrent: onlyOfTorrents.has(status) || /\.torrent$/i.test(wire.name),
    sizeBytes: null,
    downloadedBytes: null,
    uploadedBytes: null,
    peers: null,
    stagePercent: null,
    speedBytesPerSecond: null,
    secondsLeft: null,
    reason: null,
    failure: null,
    addedAtMs: null,
    host: null,
    folderId: null,
    links: [],
    canPlay: false,
    hasArrived: false,
    itemId: null,
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

function wholePercent(percent: number): number {
  return Math.min(100, Math.max(0, Math.trunc(percent)))
}

/** Converts a message of v1. Channel 2 reports the arrival of a file. Source: API v1 §6. */
export function toMessage(wire: z.infer<typeof WireMessage>): V1Message {
  return {
    id: wire.id,
    title: plainText(wire.title ?? ''),
    itemId: wire.user_file_id,
    fileName: wire.file_name ?? null,
    isArrival: wire.channel === '2',
  }
}

/** The plain text of a message's HTML. Source: API v1 §6. */
function plainText(html: string): string {
  const plain: Record<string, string> = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' }
  return html.replace(/<[^<>]*>/g, '').replace(/&(lt|gt|quot|#39|amp);/g, (_all, name: string) => plain[name] ?? '')
}
