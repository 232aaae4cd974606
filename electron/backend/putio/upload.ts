import type { ItemId } from '../../../shared/item.ts'

/** The cause of an error after which the service has a file that is not right: it is to be replaced. */
export class ArrivedTorn extends Error {
  override name = 'ArrivedTorn'
}

/** A file of this computer that is sent to an account. It rejects as other calls do, and with `bad-input` if the file has changed meanwhile. */
export interface Upload {
  path: string
  name: string
  folderId: ItemId
  sizeBytes: number
  /** When the file was changed last, as the file system tells it. */
  changedAtMs: number
  /** Whether it takes the place of a file of the same name. */
  isReplacing: boolean
  /** Where an earlier try has begun to send it; null if none has. */
  begunAt: string | null
  /** Called with the place at which this can be continued, also after a restart; null if there is none any more. It is a secret. */
  onBegun(place: string | null): void
  /** Called with how many bytes the service has, or has been sent. */
  onProgress(bytes: number): void
  signal: AbortSignal
}
