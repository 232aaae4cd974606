import { Bits } from './bits.ts'
import { type Magnet, readMagnet } from './magnet.ts'
import type { WorkerJob } from './messages.ts'
import type { PieceStore } from './piece-store.ts'
import { Stamps } from './stamps.ts'
import { readTorrent, type Torrent } from './torrent-file.ts'
import { TorrentError, type TorrentResume } from './types.ts'

/** Reads what is known about a torrent at its start: its source, and the metadata that an earlier run stored. */
export function readSource({ source, resume }: WorkerJob): { magnet: Magnet | null; torrent: Torrent | null } {
  if ('torrentFile' in source) return { magnet: null, torrent: readTorrent(source.torrentFile) }
  const magnet = readMagnet(source.magnet)
  return { magnet, torrent: storedTorrent(resume, magnet.infoHash) }
}

/** The metadata that an earlier run stored, or null when it has to be requested again. */
function storedTorrent(resume: WorkerJob['resume'], infoHash: string): Torrent | null {
  if (resume === null || resume.torrentFile === null) return null
  try {
    const torrent = readTorrent(Buffer.from(resume.torrentFile, 'base64'))
    return torrent.info.infoHash === infoHash ? torrent : null
  } catch (error) {
    if (error instanceof TorrentError) return null
    throw error
  }
}

/**
 * Decides which pieces of an earlier run are trusted and which must be hashed again. Within one boot, everything written is trusted;
 * after a reboot, only what was synced to disk; never a file that has changed since. Adds the unchanged files to `stamps`.
 */
export async function trustedPieces(
  store: PieceStore,
  { info, pieceCount }: Torrent,
  { job: { resume, bootId }, stamps }: { job: WorkerJob; stamps: Stamps },
) {
  const isSameTorrent = resume !== null && resume.infoHash === info.infoHash
  const stored = new Stamps(info.files.length, isSameTorrent ? resume.stamps : '')
  const { isPresent, isUntouched } = await store.survey((index, found) => {
    const isSame = stored.isSame(index, found)
    if (isSame) stamps.note(index, found)
    return isSame
  })
  const present = Array.from({ length: pieceCount }, (_, piece) => piece).filter(isPresent)
  if (!isSameTorrent) return { pieces: [], synced: [], doubtful: present }
  const written = Bits.fromBase64(pieceCount, resume.pieces)
  const synced = Bits.fromBase64(pieceCount, resume.syncedPieces)
  const claimed = resume.bootId === bootId ? written : synced
  const pieces = present.filter((piece) => claimed.has(piece) && isUntouched(piece))
  const known = new Set(pieces)
  return {
    pieces,
    synced: pieces.filter((piece) => synced.has(piece)),
    doubtful: present.filter((piece) => written.has(piece) && !known.has(piece)),
  }
}

/** A stored resume record, parsed from JSON; null when there is none or it is unusable. */
export function readTorrentResume(stored: string | null): Omit<TorrentResume, 'torrentFile'> | null {
  const record = stored === null ? null : fromJson(stored)
  return isResume(record) ? record : null
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

function isResume(record: unknown): record is Omit<TorrentResume, 'torrentFile'> {
  if (typeof record !== 'object' || record === null) return false
  const { infoHash, pieces, syncedPieces, bootId, stamps = '', uploadedBytes }: Record<string, unknown> = { ...record }
  const texts = [infoHash, pieces, syncedPieces, bootId, stamps]
  return texts.every((text) => typeof text === 'string') && typeof uploadedBytes === 'number'
}
