import type { ItemId } from '../../../shared/item.ts'
import type { HistoryEntry, Transfer, TransferId } from '../../../shared/transfer.ts'

/** A transfer as the service lists it, before our own memory of it is added. */
export interface ListedTransfer extends Omit<Transfer, 'areLinksKnown' | 'statusSinceMs'> {
  /** The links it was made of, when the service tells. */
  links: readonly string[]
  /** Its files are in the space, although it is still listed. */
  hasArrived: boolean
  /** What it became, when the service tells. */
  itemId: ItemId | null
}

/** What the service answers about a transfer that was just added. */
export type AddedTransfer = Pick<ListedTransfer, 'id' | 'name' | 'links'>

/** What was noted of a transfer when it was first listed or added here. */
export interface RememberedTransfer {
  transferId: TransferId
  name: string
  links: readonly string[]
  folderId: ItemId
}

/** A transfer that has left the list. `finished`: its files have arrived. */
export interface LeftTransfer extends Omit<HistoryEntry, 'id' | 'accountId' | 'atMs'> {
  transferId: TransferId
}

/** What one look at an account's transfers shows. */
export interface TransferChanges {
  /** All that are on the list. One whose row could not be read is there as it last was. */
  listed: readonly ListedTransfer[]
  /** Those remembered that have left it; told again by the next look while they are still remembered. */
  left: readonly LeftTransfer[]
  /** Folders into which some files of listed transfers may have come. */
  touchedFolderIds: readonly ItemId[]
}

/** Follows an account's transfers. What one version of the API does not tell and has to be concluded is concluded behind this. */
export interface TransferFeed {
  changes(): Promise<TransferChanges>
}
