import type { ResumeRecord } from '../../engine/resume.ts'
import { number, numberOrNull, type Row, text, textOrNull } from './row.ts'

/** Put.io's statuses that this service knows, in order. Source: API v1 §7.3. */
const statuses = ['Waiting', 'In queue', 'Downloading', 'In complete queue', 'Completing', 'Error'] as const
export type Status = (typeof statuses)[number]

/** A link that is being fetched into a user's space. */
export interface Transfer {
  id: number
  link: string
  name: string
  folderId: number
  status: Status
  /** Why it failed, or what it waits for, in a sentence. */
  reason: string | null
  sizeBytes: number | null
  downloadedBytes: number
  bytesPerSecond: number
  resume: ResumeRecord | null
  /** The name of its part file, and of its content once it is whole. */
  content: string
}

/** True for statuses that hold a slot of the active limit. Source: API v1 §7.4. */
export function holdsSlot(status: Status): boolean {
  return status !== 'Waiting' && status !== 'Error'
}

/** 0–100, whole; 100 only when every byte is there. Source: API v1 §7.3. */
export function percentDone({ status, sizeBytes, downloadedBytes }: Transfer): number {
  if (status === 'In complete queue' || status === 'Completing') return 100
  if (status === 'Waiting' || status === 'In queue' || sizeBytes === null || sizeBytes === 0) return 0
  return Math.max(0, Math.min(99, Math.floor((downloadedBytes / sizeBytes) * 100)))
}

export function toTransfer(row: Row): Transfer {
  const status = statuses.find((known) => known === row.status)
  if (status === undefined) throw new TypeError(`unknown transfer status ${String(row.status)}`)
  return {
    id: number(row, 'id'),
    link: text(row, 'link'),
    name: text(row, 'name'),
    folderId: number(row, 'folder_id'),
    status,
    reason: textOrNull(row, 'reason'),
    sizeBytes: numberOrNull(row, 'size'),
    downloadedBytes: number(row, 'downloaded'),
    bytesPerSecond: 0,
    resume: toResume(textOrNull(row, 'resume')),
    content: text(row, 'content'),
  }
}

/** Written by this program; anything that does not look so means starting over. */
function toResume(json: string | null): ResumeRecord | null {
  const said: unknown = json === null ? null : JSON.parse(json)
  return isResume(said) ? said : null
}

function isResume(said: unknown): said is ResumeRecord {
  return (
    typeof said === 'object' &&
    said !== null &&
    'validators' in said &&
    typeof said.validators === 'object' &&
    'syncedBytes' in said &&
    typeof said.syncedBytes === 'number' &&
    'bootId' in said &&
    typeof said.bootId === 'string'
  )
}
