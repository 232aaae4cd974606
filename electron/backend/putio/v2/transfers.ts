import { type TransferStatus, transferStatuses } from '../../../../shared/transfer.ts'
import { ownWord } from '../own-word.ts'
import type { ListedTransfer } from '../transfer-feed.ts'
import type { WireTransfer } from './wire.ts'

/** A row of v2's list of transfers, which also has those that are finished. */
export interface V2Transfer extends ListedTransfer {
  /** True if it has ended well: its files are in the space, and nothing is seeded any more. */
  isFinished: boolean
  /** When it has; null before. */
  finishedAtMs: number | null
  /** What the person should know about it; null for most. */
  note: string | null
  /** How the service calls its status. */
  word: string
}

/** Converts a transfer of v2. */
export function toTransfer(wire: WireTransfer): V2Transfer {
  const more = wire.putdesk
  const word = wire.status ?? ''
  const isTorrent = wire.type === 'TORRENT' || /^magnet:|\.torrent$/i.test(wire.source ?? '')
  const status = toStatus(wire, isTorrent)
  const isSeeding = status === 'seeding'
  const source = wire.source ?? ''
  const sizeBytes = more === null ? (wire.size === 0 ? null : wire.size) : more.size
  return {
    id: wire.id,
    name: wire.name,
    status,
    serviceStatus: ownStatus(wire) === null && saysMore(word, status) ? ownWord(word) : null,
    percentDone: wholePercent(wire.percent_done) ?? 0,
    sizeBytes,
    downloadedBytes: wire.downloaded,
    uploadedBytes: wire.uploaded,
    isTorrent,
    peers: more === null ? (isTorrent ? whole(wire.peers_connected) : null) : more.peers,
    stagePercent: more === null ? stagePercent(wire, status) : wholePercent(more.stage_percent),
    speedBytesPerSecond: more?.speed ?? (isSeeding ? wire.up_speed : wire.down_speed),
    secondsLeft: more === null ? wire.estimated_time : more.seconds_left,
    reason: more === null ? wire.error_message : more.reason,
    failure: more?.failure ?? null,
    addedAtMs: more?.added_at == null ? wire.created_at : more.added_at * 1000,
    host: more?.host ?? (URL.canParse(source) ? new URL(source).hostname || null : null),
    folderId: wire.save_parent_id,
    links: more?.links ?? (isLink(source) ? [source] : []),
    canPlay: more?.playable ?? false,
    hasArrived: more?.delivered ?? (isUsable.has(word) && wire.file_id !== null && wire.userfile_exists !== false),
    itemId: wire.file_id,
    isFinished: word === 'COMPLETED',
    finishedAtMs: word === 'COMPLETED' ? wire.finished_at : null,
    note: more?.note ?? null,
    word,
  }
}

/** The statuses in which the files of a transfer are in the space. Source: API v2 §9.2. */
const isUsable: ReadonlySet<string> = new Set(['COMPLETED', 'SEEDING', 'PREPARING_SEED'])

/** Source: API v2 §9.2. */
const statuses: ReadonlyMap<string, TransferStatus> = new Map([
  ['WAITING', 'waiting'],
  ['IN_QUEUE', 'in-queue'],
  ['WAITING_FOR_DOWNLOADER', 'in-queue'],
  ['PREPARING_DOWNLOAD', 'waiting'],
  ['DOWNLOADING', 'downloading'],
  ['WAITING_FOR_COMPLETE_QUEUE', 'in-complete-queue'],
  ['COMPLETING', 'completing'],
  ['PREPARING_SEED', 'seeding'],
  ['SEEDING', 'seeding'],
  ['STOPPING', 'completing'],
  ['COMPLETED', 'completing'],
  ['ERROR', 'error'],
])

/** The status that our own service reports beside the one of API v2. */
function ownStatus(wire: WireTransfer): TransferStatus | null {
  return transferStatuses.find((status) => status === wire.putdesk?.status) ?? null
}

/** True unless a word of the service is just another spelling of the status: `IN_QUEUE`. */
function saysMore(word: string, status: TransferStatus): boolean {
  return word.toLowerCase().replaceAll('_', '-') !== status && word !== 'WAITING_FOR_COMPLETE_QUEUE'
}

function toStatus(wire: WireTransfer, isTorrent: boolean): TransferStatus {
  const own = ownStatus(wire)
  if (own !== null) return own
  const status = statuses.get(wire.status ?? '') ?? 'unknown'
  if (!isTorrent) return status
  if (wire.status === 'PREPARING_DOWNLOAD') return 'looking-for-peers'
  if (status !== 'downloading') return status
  if ((wire.up_speed ?? 0) > 0 || (wire.peers_getting_from_us ?? 0) > 0) return 'downloading-and-seeding'
  return (wire.peers_connected ?? 0) === 0 && (wire.down_speed ?? 0) === 0 ? 'looking-for-peers' : 'downloading'
}

/** The progress of the stage: of completing, or of seeding to a ratio of 1:1. */
function stagePercent(wire: WireTransfer, status: TransferStatus): number | null {
  if (status === 'seeding') return wire.current_ratio === null ? null : wholePercent(wire.current_ratio * 100)
  return status === 'completing' ? wholePercent(wire.completion_percent) : null
}

function whole(number: number | null): number | null {
  return number === null ? null : Math.max(0, Math.trunc(number))
}

function wholePercent(percent: number | null): number | null {
  return percent === null ? null : Math.min(100, Math.max(0, Math.trunc(percent)))
}

function isLink(source: string): boolean {
  return /^(?:https?|ftp|magnet):/i.test(source)
}
