import type { ResumeRecord } from '../../engine/resume.ts'

/** One file to save. The link holds the account's token, so it goes through the pipe only. */
export interface SaveRequest {
  /** Chosen by the backend; unique among those that run. */
  id: string
  link: string
  /** Origins that may get the token when the server of the link redirects, besides its own. */
  tokenOrigins: readonly string[]
  /**
   * The folder to save in, a path without links; what is between it and the target is no link, either. Null for a private folder, in
   * which nobody else makes links.
   */
  root: string | null
  partPath: string
  targetPath: string
  isReplacing: boolean
  sizeBytes: number | null
  resume: ResumeRecord | null
  /** A file on this computer with the same content, which is cloned where the volume can. Null if there is none. */
  original: string | null
  /** The zip that it is put into, and where; it then gets no name of its own. Null for a file that is saved as it is. */
  zip: { path: string; at: number } | null
}

/** How many small files are saved together at most, how large each of them is, and all of them, in bytes. */
export const maxBatch = { files: 32, fileBytes: 128 * 1024, bytes: 1024 * 1024 }

/** Small files to save together, each if that works at the first attempt. `maxBatch` has the limits. */
export interface BatchRequest {
  id: string
  /** The folder to save in, as in `SaveRequest`. */
  root: string
  /** As in `SaveRequest`. */
  tokenOrigins: readonly string[]
  files: { link: string; partPath: string; targetPath: string; sizeBytes: number }[]
}

/**
 * What became of a file of a batch: it is saved, it is not (whoever saves it alone finds out why), or it was not tried.
 */
export type BatchOutcome = 'saved' | 'left' | 'untried'

/** A zip to complete, whose files are in their places. */
export interface ZipRequest {
  id: string
  /** A folder has a null size, and no checksum. */
  members: { name: string; modifiedAtMs: number; sizeBytes: number | null; crc: number }[]
  root: string
  zipPath: string
  targetPath: string
  isReplacing: boolean
  origin: string
}

/** What the backend sends. */
export type ToSaver =
  | { kind: 'save'; request: SaveRequest }
  | { kind: 'zip'; request: ZipRequest }
  | { kind: 'batch'; request: BatchRequest }
  /** The answer to `placing`. */
  | { kind: 'place'; id: string }
  | { kind: 'cancel'; id: string }
  | { kind: 'limit'; bytesPerSecond: number | null }
  | { kind: 'reserve'; bytes: number }
  | { kind: 'stop' }

/** What the saver reports about a file, a zip or a batch. After `done`, `failed` or `cancelled` nothing else comes. */
export type FromSaver = { id: string } & (
  | { kind: 'progress'; bytes: number }
  /** `inode` is the number of the part file in its volume, which it keeps under its final name. */
  | { kind: 'record'; record: ResumeRecord; inode: string | null }
  | { kind: 'trouble'; sentence: string | null }
  /**
   * The file is complete, and gets its name as soon as `place` says that this is noted. One for a zip is in its place there, with the
   * checksum `crc`, and its part file is removed then. For a batch, there is an inode for each of its files; it is null for those that
   * are not complete.
   */
  | { kind: 'placing'; inodes: (string | null)[]; crc: number | null }
  /** `crc` is the checksum of a file in a zip, and `outcomes` are those of the files of a batch. */
  | { kind: 'done'; sizeBytes: number; isProven: boolean; crc: number | null; outcomes: BatchOutcome[] | null }
  /**
   * `isTaken`: another file has the name. `isPassing`: worth another attempt with a new link. `isFolder`: its folder is gone, replaced
   * or cannot be written to. `tokenOrigin`: its server redirects there with the token, which may not go there.
   */
  | {
      kind: 'failed'
      sentence: string
      isTaken: boolean
      isPassing: boolean
      isFolder: boolean
      tokenOrigin: string | null
    }
  | { kind: 'cancelled' }
)
