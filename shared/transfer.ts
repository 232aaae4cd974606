import * as z from 'zod'
import { ItemId } from './item.ts'

/** A transfer's number in its account. */
export const TransferId = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
export type TransferId = z.infer<typeof TransferId>

/**
 * Put.io's transfer statuses in kebab-case, in the order a transfer passes through them. "Completed" is missing because a
 * transfer leaves the list when it is done. `unknown` is any status that this version does not know.
 * Source: API v1 §7.3.
 */
export const transferStatuses = [
  'waiting',
  'in-queue',
  'looking-for-peers',
  'downloading',
  'downloading-and-seeding',
  'seeding',
  'in-complete-queue',
  'in-extraction-queue',
  'extracting',
  'completing',
  'error',
  'unknown',
] as const
export const TransferStatus = z.enum(transferStatuses)
export type TransferStatus = z.infer<typeof TransferStatus>

/**
 * The kind of a failure, where it affects what the person can do. All but `other` mean that an archive was downloaded but could not
 * be unpacked, so it can be kept packed.
 */
export const TransferFailure = z.enum([
  'needs-password',
  'wrong-password',
  'damaged',
  'missing-part',
  'unsafe',
  'too-large',
  'unknown-method',
  'failed',
  'other',
])
export type TransferFailure = z.infer<typeof TransferFailure>

/** A link that the service is fetching into the person's space. Unknown values are null: a plain v1 server reports only name, status and percent. */
export const Transfer = z.object({
  id: TransferId,
  name: z.string(),
  status: TransferStatus,
  /** The service’s own word for the status, such as `PREPARING_SEED`, where it says something else; null elsewhere. */
  serviceStatus: z.string().nullable(),
  /** 0–100. */
  percentDone: z.number().int().min(0).max(100),
  sizeBytes: z.number().nullable(),
  /** The size of what its archive unpacks to, if the analysis found that out. */
  unpackedBytes: z.number().nullable(),
  downloadedBytes: z.number().nullable(),
  uploadedBytes: z.number().nullable(),
  isTorrent: z.boolean(),
  /** How many peers are connected; null if it is not a torrent or the service does not report it. */
  peers: z.number().int().nullable(),
  /** 0–100, progress of the current stage: what is unpacked while Extracting, the way to a share ratio of 1:1 while Seeding. */
  stagePercent: z.number().int().min(0).max(100).nullable(),
  /** While Seeding, the upload speed, and `secondsLeft` is the time to a share ratio of 1:1. */
  speedBytesPerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable(),
  /** Why it failed or what it waits for, in the service's words. */
  reason: z.string().nullable(),
  /** Null if nothing failed or the service does not report it. While Seeding, it means that only the archives failed. */
  failure: TransferFailure.nullable(),
  /** When it entered its status, as far as observed. */
  statusSinceMs: z.number().nullable(),
  addedAtMs: z.number().nullable(),
  /** The host it is fetched from. */
  host: z.string().nullable(),
  /** The folder it will appear in, if known. */
  folderId: ItemId.nullable(),
  /** Whether its links are known, so that they can be added again. */
  areLinksKnown: z.boolean(),
  /** A film or a sound of it can be played, although it is not in the space yet. */
  canPlay: z.boolean(),
  /** Cancelled here a moment ago. The service is told soon; until then, it can be taken back. */
  isCancelled: z.boolean(),
})
export type Transfer = z.infer<typeof Transfer>

/** Identifies an entry of the history. */
export const HistoryEntryId = z.string().min(1).max(200)

/** A transfer that has left the list, as stored in our history. `itemId` is what it became, if the service reported it. */
export const HistoryEntry = z.object({
  id: HistoryEntryId,
  transferId: TransferId,
  accountId: z.string(),
  name: z.string(),
  outcome: z.enum(['finished', 'cancelled']),
  atMs: z.number(),
  sizeBytes: z.number().nullable(),
  itemId: ItemId.nullable(),
  folderId: ItemId.nullable(),
  /** Whether its links are known, so that they can be added again. */
  areLinksKnown: z.boolean(),
  /** The service's remark on it when it arrived, such as that it may be incomplete. */
  note: z.string().nullable(),
})
export type HistoryEntry = z.infer<typeof HistoryEntry>
