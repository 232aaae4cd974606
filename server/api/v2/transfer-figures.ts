import type { Transfer } from '../../core/transfers/transfer.ts'

/** What our own client gets to know about a transfer, and no version of the API has fields for. */
export function transferFigures(transfer: Transfer) {
  const { status, sizeBytes, downloadedBytes, uploadedBytes, bytesPerSecond, links, kind } = transfer
  const leftBytes = status === 'seeding' ? (sizeBytes ?? 0) - uploadedBytes : (sizeBytes ?? 0) - downloadedBytes
  const isMoving = sizeBytes !== null && bytesPerSecond > 0 && leftBytes > 0
  const [link = ''] = links
  return {
    size: sizeBytes,
    downloaded: downloadedBytes,
    uploaded: uploadedBytes,
    speed: bytesPerSecond,
    seconds_left: isMoving ? Math.ceil(leftBytes / bytesPerSecond) : null,
    peers: kind === 'torrent' ? transfer.peers : null,
    // The progress of the current stage: what was unpacked, or shared back.
    stage_percent: stagePercent(transfer),
    reason: transfer.reason,
    failure: transfer.failure,
    // Its content is in the space, although it is still shared.
    delivered: transfer.stage === 'delivered',
    added_at: transfer.addedAtSeconds,
    host: URL.canParse(link) ? new URL(link).hostname || null : null,
    folder_id: transfer.folderId,
    links,
  }
}

function stagePercent({ status, percentUnpacked, sizeBytes, uploadedBytes }: Transfer): number | null {
  if (status === 'extracting') return percentUnpacked
  if (status !== 'seeding' || sizeBytes === null || sizeBytes === 0) return null
  return Math.min(100, Math.floor((uploadedBytes / sizeBytes) * 100))
}
