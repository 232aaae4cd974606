import type { ItemId } from '../../../shared/item.ts'
import type { HistoryEntry, Transfer, TransferId } from '../../../shared/transfer.ts'

/** A transfer as the service lists it, before data from the history is added. */
export interface ListedTransfer
  extends Omit<Transfer, 'areLinksKnown' | 'statusSinceMs' | 'isCancelled' | 'unpackedBytes'> {
  /** The links it was created from, if the service reports them. */
  links: readonly string[]
  /** Its files have arrived, although it is still listed. */
  hasArrived: boolean
  /** The item it produced, if the service reports it. */
  itemId: ItemId | null
}

/** What the service returns for a newly added transfer. */
export type AddedTransfer = Pick<ListedTransfer, 'id' | 'name' | 'links'>

/** What the analysis of a transfer's links found out. */
export type ExpectedSize = Pick<Transfer, 'sizeBytes' | 'unpackedBytes'>

/** What was recorded about a transfer when it was first listed or was added here. */
export interface RememberedTransfer {
  transferId: TransferId
  name: string
  links: readonly string[]
  folderId: ItemId
  /** When it was recorded. */
  atMs?: number
}

/** A transfer that has left the list. `finished`: its files have arrived. */
export interface LeftTransfer extends Omit<HistoryEntry, 'id' | 'accountId' | 'atMs' | 'areLinksKnown'> {
  links: string[]
  transferId: TransferId
}

/** The result of one fetch of an account's transfers. */
export interface TransferChanges {
  /** All listed transfers. One whose row could not be read appears in its last known state. */
  listed: readonly ListedTransfer[]
  /** Remembered transfers that have left the list; reported again by the next fetch while they are still remembered. */
  left: readonly LeftTransfer[]
  /** Folders in which files of listed transfers may have arrived. */
  touchedFolderIds: readonly ItemId[]
  /** False if some of it may be older than what was announced meanwhile: then the list is to be fetched once more. */
  isSure: boolean
}

/** What was announced, as far as it concerns transfers: `listed` has only those that have changed. */
export interface AnnouncedChanges extends TransferChanges {
  /** All transfers that are not listed any more, remembered or not. */
  goneIds: readonly TransferId[]
}

/** Follows an account's transfers. Implementations infer what their version of the API does not report. */
export interface TransferFeed {
  changes(): Promise<TransferChanges>
  /** What was announced since the last call; null for nothing. Only where the service announces. */
  announced?(): AnnouncedChanges | null
}
