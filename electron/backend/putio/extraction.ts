import type { ItemId } from '../../../shared/item.ts'

/** An archive of the space that the service unpacks, or has unpacked. */
export interface Extraction {
  id: number
  /** `password`: it needs one, or another one than it was given. */
  status: 'running' | 'done' | 'password' | 'failed'
  /** Why it was not unpacked, or what was left out; null if the service says nothing. */
  message: string | null
  /** 0–100; null if the service does not tell. */
  percent: number | null
  /** The folder that it has become; null if the service does not tell. */
  folderId: ItemId | null
}
