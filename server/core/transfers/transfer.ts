import type { ResumeRecord } from '../../../engine/resume.ts'
import type { Plan } from './plan.ts'

/** In the order in which a transfer passes through them. Source: API v1 §7.3. */
export const statuses = [
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
  'completed',
  'error',
] as const
export type Status = (typeof statuses)[number]

/** The statuses of a delivery while nothing is shared. */
export const deliveryStatuses = [
  'in-complete-queue',
  'in-extraction-queue',
  'extracting',
  'completing',
] as const satisfies readonly Status[]
export type DeliveryStatus = (typeof deliveryStatuses)[number]

/** The statuses of a torrent that is being fetched. */
export type SwarmStatus = Extract<Status, 'looking-for-peers' | 'downloading' | 'downloading-and-seeding'>

/**
 * How far a transfer's content is, apart from sharing: `fetching` its bytes, `delivering` them into the space
 * (including unpacking), `delivered`, or `undelivered` when that failed and the bytes are kept.
 */
export const stages = ['fetching', 'delivering', 'delivered', 'undelivered'] as const
type Stage = (typeof stages)[number]

/** A file of a transfer, stored in its work folder under its index. */
export interface TransferFile {
  /** Safe segments; more than one only in torrents. */
  path: string[]
  sizeBytes: number | null
  isWhole: boolean
  /** How to resume it after a restart, or check that it is unchanged; null for files of torrents. */
  resume: ResumeRecord | null
  /** True when the sender did not announce a length, so that the file may be incomplete. */
  isUnproven?: boolean
}

/** Links that are fetched into a user's space as one thing. */
export interface Transfer {
  id: number
  /** One link, or those of all parts of an archive. */
  links: string[]
  kind: 'links' | 'torrent'
  name: string
  folderId: number
  // Only `next` in life.ts changes these three, and `deliveryStatus`.
  readonly status: Status
  readonly stage: Stage
  /** True while a torrent is complete and being shared. */
  readonly isSharing: boolean
  /** Why it failed or what it waits for, in a sentence. */
  reason: string | null
  /** The kind of failure that stopped its delivery, or null. */
  failure: string | null
  sizeBytes: number | null
  downloadedBytes: number
  uploadedBytes: number
  /** How many bytes it was charged to the bandwidth quota. */
  paidBytes: number
  files: TransferFile[]
  /** How to resume a torrent after a restart, as written by the torrent engine. */
  torrentResume: string | null
  /** The password of its archives, if the person gave one. */
  password: string | null
  isUnpacked: boolean
  /** What is being moved into the space; null when nothing is. */
  plan: Plan | null
  /** The items of a torrent's files while it is shared, by file index; null before. */
  itemIds: number[] | null
  /** The item, or the first of the items, that it has become; null before. */
  resultId: number | null
  /** The name of its work folder. */
  content: string
  addedAtSeconds: number
  // The fields below are not saved.
  bytesPerSecond: number
  peers: number
  /** The status of its delivery, while `status` says that it is shared. */
  readonly deliveryStatus: DeliveryStatus
  /** The progress of unpacking, 0–100. */
  percentUnpacked: number
}

/** True for statuses that count against the active limit. Source: API v1 §7.4. */
export function countsAsActive(status: Status): boolean {
  return status !== 'waiting' && status !== 'completed' && status !== 'error'
}

/** A whole number from 0 to 100; 100 only when every byte is there. Source: API v1 §7.3. */
export function percentDone({ status, stage, sizeBytes, downloadedBytes }: Transfer): number {
  if (status === 'waiting') return 0
  if (stage !== 'fetching') return 100
  if (sizeBytes === null || sizeBytes === 0) return 0
  return Math.max(0, Math.min(99, Math.floor((downloadedBytes / sizeBytes) * 100)))
}
