import { Bits } from './bits.ts'
import { type Magnet, readMagnet } from './magnet.ts'
import type { WorkerJob } from './messages.ts'
import type { PieceStore } from './piece-store.ts'
import { readTorrent, type Torrent } from './torrent-file.ts'
import { TorrentError } from './types.ts'

/** What is known of a torrent when it starts: what the person gave, and the description that an earlier run kept. */
export function readSource({ source, resume }: WorkerJob): { magnet: Magnet | null; torrent: Torrent | null } {
  if ('torrentFile' in source) return { magnet: null, torrent: readTorrent(source.torrentFile) }
  const magnet = readMagnet(source.magnet)
  return { magnet, torrent: keptTorrent(resume, magnet.infoHash) }
}

/** The description that an earlier run kept, or null when it has to be asked for again. */
function keptTorrent(resume: WorkerJob['resume'], infoHash: string): Torrent | null {
  if (resume === null || resume.torrentFile === null) return null
  try {
    const torrent = readTorrent(Buffer.from(resume.torrentFile, 'base64'))
    return torrent.info.infoHash === infoHash ? torrent : null
  } catch (fault) {
    if (fault instanceof TorrentError) return null
    throw fault
  }
}

/**
 * What of an earlier run is believed, and what has to be read and hashed: within one boot all that was written, after another only
 * what was forced to the disk, never more than the files are long enough to hold, and nothing unread in a file with holes.
 */
export async function trustedPieces(store: PieceStore, { info, pieceCount }: Torrent, { resume, bootId }: WorkerJob) {
  const isPresent = await store.presentPieces()
  const present = Array.from({ length: pieceCount }, (_, piece) => piece).filter(isPresent)
  if (resume === null || resume.infoHash !== info.infoHash) return { pieces: [], synced: [], doubtful: present }
  const written = Bits.fromBase64(pieceCount, resume.pieces)
  const synced = Bits.fromBase64(pieceCount, resume.syncedPieces)
  const isSameBoot = resume.bootId === bootId
  const claimed = present.filter((piece) => (isSameBoot ? written.has(piece) : synced.has(piece)))
  const isHollow = await store.hollowPieces(claimed)
  const pieces = claimed.filter((piece) => !isHollow(piece))
  const known = new Set(pieces)
  return {
    pieces,
    synced: pieces.filter((piece) => synced.has(piece)),
    doubtful: present.filter((piece) => written.has(piece) && !known.has(piece)),
  }
}
