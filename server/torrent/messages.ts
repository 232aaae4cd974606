import type { TorrentInfo, TorrentMetadata, TorrentResume, TorrentSource, TorrentState } from './types.ts'

/** Bytes per second for all torrents together; 0 for no limit. */
export interface TorrentLimits {
  downloadLimit: number
  /** Lifted while a complete torrent is seeded, so that its slot is free again soon. */
  uploadLimit: number
}

/** The options of the worker. */
export interface WorkerOptions extends TorrentLimits {
  allowHosts: readonly string[]
  dht: { bootstrap: string[] } | false
  listen: { address: string; port: number }
}

/** A torrent to run, as sent to the worker. */
export interface WorkerJob {
  id: number
  source: TorrentSource
  folder: string
  resume: TorrentResume | null
  bootId: string
  /** True when its metadata was accepted before, so that `onMetadata` is not called again. */
  isAccepted: boolean
}

/** The parts of a resume record that change while its torrent runs. */
export type Checkpoint = Pick<TorrentResume, 'pieces' | 'syncedPieces' | 'stamps' | 'uploadedBytes'>

/** Messages to the worker. */
export type ToWorker =
  | { type: 'start'; job: WorkerJob }
  | { type: 'accept'; id: number }
  | { type: 'stop'; id: number }
  /** The pieces to fetch before all others, the most urgent first. */
  | { type: 'want'; id: number; pieces: readonly number[] }
  /** Ask for peers now. */
  | { type: 'announce'; id: number }
  | { type: 'look-up'; id: number; source: TorrentSource }
  | { type: 'cancel-lookup'; id: number }
  | { type: 'allow'; hosts: readonly string[] }
  | { type: 'limit'; limits: TorrentLimits }
  | { type: 'close' }

/** Messages from the worker. `id` is that of the job or the lookup. */
export type FromWorker =
  | { type: 'metadata'; id: number; info: TorrentInfo }
  | { type: 'state'; id: number; state: TorrentState }
  | { type: 'checkpoint'; id: number; checkpoint: Checkpoint }
  | { type: 'done'; id: number }
  | { type: 'stopped'; id: number }
  | { type: 'looked-up'; id: number; metadata: TorrentMetadata }
  | { type: 'failed'; id: number; sentence: string; code: string | null }
  | { type: 'closed' }
