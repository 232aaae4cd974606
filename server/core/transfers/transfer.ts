import type { ResumeRecord } from '../../../engine/resume.ts'
import type { Plan } from './plan.ts'

/** In the order a transfer passes through them. Source: API v1 §7.3. */
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

/** The statuses that a delivery has when nothing is shared. */
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
 * How far a transfer's content is, apart from sharing: `fetching` its bytes, `delivering` them into the space (unpacking
 * included), `delivered`, or `undelivered`, when that failed and its bytes are kept.
 */
export const stages = ['fetching', 'delivering', 'delivered', 'undelivered'] as const
type Stage = (typeof stages)[number]

/** One file of a transfer, kept in its work folder under its index. */
export interface TransferFile {
  /** Safe segments; more than one only in torrents. */
  path: string[]
  sizeBytes: number | null
  isWhole: boolean
  /** How to continue it after a restart, or to see that it is still what was fetched; null for files of torrents. */
  resume: ResumeRecord | null
  /** True when the sender did not say how long it is, so that nobody knows whether it is whole. */
  isUnproven?: boolean
}

/** Links that are being fetched into a user's space as one thing. */
export interface Transfer {
  id: number
  /** One link, or those of all parts of an archive. */
  links: string[]
  kind: 'links' | 'torrent'
  name: string
  folderId: number
  // These four change only as `next` in life.ts says.
  readonly status: Status
  readonly stage: Stage
  /** True while a torrent is whole here and not yet shared back. */
  readonly isSharing: boolean
  /** Why it failed, or what it waits for, in a sentence. */
  reason: string | null
  /** What kind of failure stopped its delivery, or null. */
  failure: string | null
  sizeBytes: number | null
  downloadedBytes: number
  uploadedBytes: number
  /** Bytes of the bandwidth quota that it was charged. */
  paidBytes: number
  files: TransferFile[]
  /** How to go on with a torrent after a restart, as the torrent engine wrote it. */
  torrentResume: string | null
  /** What opens its archives, if the person told. */
  password: string | null
  isUnpacked: boolean
  /** What is being moved into the space; null when nothing is. */
  plan: Plan | null
  /** The items that a torrent's files became while it is shared, by index of the file; null before. */
  itemIds: number[] | null
  /** The name of its work folder. */
  content: string
  addedAtSeconds: number
  // What follows lasts only as long as the program.
  bytesPerSecond: number
  peers: number
  /** How far its delivery is, while its status tells that it is shared. */
  readonly deliveryStatus: DeliveryStatus
  /** 0–100 of the archives that are being unpacked. */
  percentUnpacked: number
}

/** True for statuses that hold a slot of the active limit. Source: API v1 §7.4. */
export function countsAsActive(status: Status): boolean {
  return status !== 'waiting' && status !== 'completed' && status !== 'error'
}

/** 0–100, whole; 100 only when every byte is there. Source: API v1 §7.3. */
export function percentDone({ status, stage, sizeBytes, downloadedBytes }: Transfer): number {
  if (status === 'waiting') return 0
  if (stage !== 'fetching') return 100
  if (sizeBytes === null || sizeBytes === 0) return 0
  return Math.max(0, Math.min(99, Math.floor((downloadedBytes / sizeBytes) * 100)))
}
