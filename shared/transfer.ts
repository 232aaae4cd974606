import * as z from 'zod'
import { ItemId } from './item.ts'

/** A transfer's number in its account. */
export const TransferId = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
export type TransferId = z.infer<typeof TransferId>

/**
 * Put.io's transfer statuses in kebab-case, in the order a transfer passes through them. "Completed" is not among them: a
 * transfer leaves the list the moment it is done. `unknown` is a word that this version has never heard.
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
 * What kind of failure it was, as far as what can be done about it depends on it. All but `other` mean that an archive came whole
 * but could not be unpacked, so it can be kept as it is.
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

/** A link that the service is fetching into the person's space. Absent figures are null: a plain v1 server tells only name, status and percent. */
export const Transfer = z.object({
  id: TransferId,
  name: z.string(),
  status: TransferStatus,
  /** 0–100, whole. */
  percentDone: z.number().int().min(0).max(100),
  sizeBytes: z.number().nullable(),
  downloadedBytes: z.number().nullable(),
  uploadedBytes: z.number().nullable(),
  isTorrent: z.boolean(),
  /** How many people it is exchanged with now; null for what is no torrent, and where the service does not tell. */
  peers: z.number().int().nullable(),
  /** 0–100 of the stage it is in: of Extracting what is unpacked, of Seeding what is shared back towards 1:1. */
  stagePercent: z.number().int().min(0).max(100).nullable(),
  /** While it is Seeding this is what is shared a second, and `secondsLeft` the time to 1:1. */
  speedBytesPerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable(),
  /** Why it failed, or what it waits for, in the service's own sentence. */
  reason: z.string().nullable(),
  /** Null when nothing failed, or the service does not tell what. Told while Seeding too: then only its archives failed. */
  failure: TransferFailure.nullable(),
  /** Since when it has been in its status, as far as it was seen. */
  statusSinceMs: z.number().nullable(),
  addedAtMs: z.number().nullable(),
  /** The host it comes from, for the second line of its row. */
  host: z.string().nullable(),
  /** Where it will appear, when known. */
  folderId: ItemId.nullable(),
  /** Whether the links it was made of are known, so that they can be added again. */
  areLinksKnown: z.boolean(),
})
export type Transfer = z.infer<typeof Transfer>

/** A transfer that has left the list, as our own history keeps it. `itemId` is what it became, when the service told. */
export const HistoryEntry = z.object({
  id: z.string(),
  accountId: z.string(),
  name: z.string(),
  outcome: z.enum(['finished', 'cancelled']),
  atMs: z.number(),
  sizeBytes: z.number().nullable(),
  itemId: ItemId.nullable(),
  folderId: ItemId.nullable(),
  links: z.array(z.string()),
  /** What the service said of it when it came, in a sentence: that it may not be whole. */
  note: z.string().nullable(),
})
export type HistoryEntry = z.infer<typeof HistoryEntry>
