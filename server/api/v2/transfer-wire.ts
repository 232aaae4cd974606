import type { Core } from '../../core/core.ts'
import { percentDone, type Status, type Transfer } from '../../core/transfers/transfer.ts'
import type { FinishedTransfer } from '../../core/transfers/transfer-rows.ts'
import type { Call } from './method.ts'
import { toTime } from './times.ts'
import { transferFigures } from './transfer-figures.ts'

/** API v2's word for each status. Clients refuse a whole list for an unknown one. Source: API v2 §9.2, §19 (C8). */
const statusWords: Record<Status, string> = {
  waiting: 'WAITING',
  'in-queue': 'IN_QUEUE',
  'looking-for-peers': 'PREPARING_DOWNLOAD',
  downloading: 'DOWNLOADING',
  'downloading-and-seeding': 'DOWNLOADING',
  seeding: 'SEEDING',
  'in-complete-queue': 'WAITING_FOR_COMPLETE_QUEUE',
  'in-extraction-queue': 'WAITING_FOR_COMPLETE_QUEUE',
  extracting: 'COMPLETING',
  completing: 'COMPLETING',
  completed: 'COMPLETED',
  error: 'ERROR',
}

type Context = Pick<Call, 'core' | 'isExtended'>

/** A transfer as API v2 sends it, with every field that strict clients require. Source: API v2 §5.2, §19 (C4, C5, C8, C9). */
export function transferWire({ core, isExtended }: Context, transfer: Transfer) {
  const { status, sizeBytes, downloadedBytes, uploadedBytes, bytesPerSecond } = transfer
  const isTorrent = transfer.kind === 'torrent'
  const isSeeding = status === 'seeding'
  const figures = transferFigures(transfer)
  const hasStarted = status !== 'waiting' && status !== 'in-queue'
  return {
    ...commonFields(core, transfer),
    status: statusWords[status],
    size: sizeBytes,
    downloaded: downloadedBytes,
    uploaded: uploadedBytes,
    percent_done: percentDone(transfer),
    completion_percent: status === 'extracting' ? transfer.percentUnpacked : null,
    down_speed: isSeeding ? 0 : bytesPerSecond,
    up_speed: isSeeding ? bytesPerSecond : 0,
    estimated_time: figures.seconds_left,
    current_ratio: isTorrent ? ratio(uploadedBytes, sizeBytes) : null,
    peers_connected: isTorrent ? transfer.peers : null,
    started_at: hasStarted ? toTime(transfer.addedAtSeconds) : null,
    finished_at: null,
    error_message: status === 'error' ? (transfer.reason ?? 'The transfer has failed.') : null,
    torrent_link: isTorrent ? `/v2/transfers/${transfer.id}/torrent` : null,
    ...(isExtended && {
      putdesk: { ...figures, status, note: null, playable: core.transfers.files.canPlay(transfer) },
    }),
  }
}

/** A transfer whose files are in the space. */
export function finishedWire({ core, isExtended }: Context, transfer: FinishedTransfer) {
  const { sizeBytes, uploadedBytes, links, folderId } = transfer
  const [link = ''] = links
  return {
    ...commonFields(core, transfer),
    status: statusWords.completed,
    size: sizeBytes,
    downloaded: sizeBytes,
    uploaded: uploadedBytes,
    percent_done: 100,
    completion_percent: null,
    down_speed: 0,
    up_speed: 0,
    estimated_time: null,
    current_ratio: transfer.kind === 'torrent' ? ratio(uploadedBytes, sizeBytes) : null,
    peers_connected: null,
    started_at: toTime(transfer.addedAtSeconds),
    finished_at: toTime(transfer.finishedAtSeconds),
    error_message: null,
    torrent_link: null,
    ...(isExtended && {
      putdesk: {
        status: 'completed',
        size: sizeBytes,
        downloaded: sizeBytes,
        uploaded: uploadedBytes,
        speed: 0,
        seconds_left: null,
        peers: null,
        stage_percent: null,
        reason: null,
        failure: null,
        note: transfer.note,
        delivered: true,
        playable: false,
        added_at: transfer.addedAtSeconds,
        host: URL.canParse(link) ? new URL(link).hostname || null : null,
        folder_id: folderId,
        links,
      },
    }),
  }
}

type Common = Pick<Transfer, 'id' | 'kind' | 'name' | 'links' | 'folderId' | 'resultId' | 'addedAtSeconds'>

/** What this service has no meaning for is null, or what it is for an ordinary transfer. */
function commonFields({ space }: Core, transfer: Common) {
  const hash = hashOf(transfer)
  const { id, kind, name, links, folderId, resultId, addedAtSeconds } = transfer
  return {
    id,
    name,
    type: kind === 'torrent' ? 'TORRENT' : 'URL',
    source: links[0] ?? (hash === null ? '' : `magnet:?xt=urn:btih:${hash}`),
    save_parent_id: folderId,
    file_id: resultId,
    userfile_exists: resultId !== null && space.has(resultId),
    availability: null,
    seconds_seeding: null,
    peers_getting_from_us: null,
    peers_sending_to_us: null,
    created_at: toTime(addedAtSeconds),
    tracker: null,
    tracker_message: null,
    is_private: false,
    created_torrent: false,
    simulated: false,
    hash,
    download_id: null,
    subscription_id: null,
    callback_url: null,
    client_ip: null,
  }
}

/** To two decimals. */
function ratio(uploadedBytes: number, sizeBytes: number | null): number | null {
  return sizeBytes === null || sizeBytes === 0 ? null : Math.round((uploadedBytes / sizeBytes) * 100) / 100
}

/** The info hash of a torrent, if its link has it. */
function hashOf({ kind, links: [link = ''] }: Pick<Transfer, 'kind' | 'links'>): string | null {
  if (kind !== 'torrent') return null
  return /[?&]xt=urn:btih:([0-9a-f]{40})(?:&|$)/i.exec(link)?.[1]?.toLowerCase() ?? null
}
