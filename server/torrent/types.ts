/** What a torrent is had from: a magnet link, or the bytes of a torrent file. */
export type TorrentSource = { magnet: string } | { torrentFile: Uint8Array }

/** What a torrent holds. */
export interface TorrentInfo {
  /** As in the torrent: a stranger's text, not safe as a name. */
  name: string
  /** 40 hexadecimal digits. */
  infoHash: string
  sizeBytes: number
  /** False for a torrent that is one file and no folder; its only path has one segment. */
  isFolder: boolean
  /** In the torrent's order, without padding. Paths are safe and distinct, inside the torrent's own folder. */
  files: { path: string[]; sizeBytes: number }[]
  isPrivate: boolean
  /** The torrent file itself, to be kept. */
  torrentFile: Uint8Array
}

/** How many share a torrent whole and in part, as its trackers or the people met say; null when none of them does. */
export interface TorrentMetadata extends TorrentInfo {
  seeds: number | null
  peers: number | null
}

export interface TorrentState {
  phase: 'looking-for-peers' | 'checking' | 'downloading' | 'seeding'
  /** People connected to now. */
  peers: number
  /** Verified bytes on the disk. */
  downloadedBytes: number
  /** Sent of the content, over all runs. */
  uploadedBytes: number
  /** Bytes per second. */
  downloadSpeed: number
  uploadSpeed: number
}

/** All that is needed to go on with a torrent later. It never runs ahead of the disk. */
export interface TorrentResume {
  infoHash: string
  /** The torrent file in base64, once it is known. */
  torrentFile: string | null
  /** The verified pieces that are written, a bit each, highest first, in base64. */
  pieces: string
  /** Those of them that were forced to the disk. */
  syncedPieces: string
  /** What the files looked like after they were last forced to the disk; absent in records of older versions. */
  stamps?: string
  /** The boot in which `pieces` was written: within it every written byte can be trusted. */
  bootId: string
  uploadedBytes: number
}

/** Why a torrent cannot be had: a sentence for the person. `code` is the system's, such as `ENOSPC`, or null. */
export class TorrentError extends Error {
  override name = 'TorrentError'
  readonly code: string | null

  constructor(sentence: string, options: { code?: string | null; cause?: unknown } = {}) {
    super(sentence, { cause: options.cause })
    this.code = options.code ?? null
  }
}
