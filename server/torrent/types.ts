/** Where a torrent comes from: a magnet link, or the bytes of a torrent file. */
export type TorrentSource = { magnet: string } | { torrentFile: Uint8Array }

/** What a torrent contains. */
export interface TorrentInfo {
  /** As in the torrent: untrusted text, not safe as a name. */
  name: string
  /** 40 hexadecimal digits. */
  infoHash: string
  sizeBytes: number
  /** False for a single file without a folder; its only path has one segment. */
  isFolder: boolean
  /** In the torrent's order, without padding. Paths are safe and distinct, relative to the torrent's own folder. */
  files: { path: string[]; sizeBytes: number }[]
  isPrivate: boolean
  /** The torrent file itself, for storing. */
  torrentFile: Uint8Array
}

/** With how many peers have all or a part of the torrent, according to its trackers; null when unknown. */
export interface TorrentMetadata extends TorrentInfo {
  seeds: number | null
  peers: number | null
}

export interface TorrentState {
  phase: 'looking-for-peers' | 'checking' | 'downloading' | 'seeding'
  /** Peers connected now. */
  peers: number
  /** Verified bytes on the disk. */
  downloadedBytes: number
  /** Uploaded content bytes, over all runs. */
  uploadedBytes: number
  /** Bytes per second. */
  downloadSpeed: number
  uploadSpeed: number
}

/** Everything needed to resume a torrent later. Never claims more than is on the disk. */
export interface TorrentResume {
  infoHash: string
  /** The torrent file in base64, once it is known. */
  torrentFile: string | null
  /** The verified pieces that are written, one bit each, highest first, in base64. */
  pieces: string
  /** The pieces that were synced to disk. */
  syncedPieces: string
  /** The `Stamps` of the files after they were last synced; absent in records of older versions. */
  stamps?: string
  /** The boot in which `pieces` was written: within it, every written byte can be trusted. */
  bootId: string
  uploadedBytes: number
}

/** Why a torrent cannot be fetched: a sentence for the person. `code` is the system's, such as `ENOSPC`, or null. */
export class TorrentError extends Error {
  override name = 'TorrentError'
  readonly code: string | null

  constructor(sentence: string, options: { code?: string | null; cause?: unknown } = {}) {
    super(sentence, { cause: options.cause })
    this.code = options.code ?? null
  }
}
