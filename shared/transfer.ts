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

/** A link that the service is fetching into the person's space. Absent figures are null: a plain v1 server tells only name, status and percent. */
export const Transfer = z.object({
  id: TransferId,
  name: z.string(),
  status: TransferStatus,
  /** 0–100, whole. */
  percentDone: z.number().int().min(0).max(100),
  sizeBytes: z.number().nullable(),
  downloadedBytes: z.number().nullable(),
  speedBytesPerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable(),
  /** Why it failed, or what it waits for, in the service's own sentence. */
  reason: z.string().nullable(),
  /** The host it comes from, for the second line of its row. */
  host: z.string().nullable(),
  /** Where it will appear, when known. */
  folderId: ItemId.nullable(),
  /** True when its links are known, so that it can be added again. */
  canRetry: z.boolean(),
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
})
export type HistoryEntry = z.infer<typeof HistoryEntry>
