import type { AccountId } from '../../shared/account.ts'
import type { EventData } from '../../shared/contract.ts'
import type { ItemId } from '../../shared/item.ts'
import type { Transfer, TransferId } from '../../shared/transfer.ts'
import { say } from '../words/say.ts'
import type { Slice } from './store.ts'

export type Transfers = ReadonlyMap<TransferId, Transfer>
export type Arrival = EventData<'transfers.changed'>['arrived'][number]

/** How to retry a failed transfer: with a password for its archives, or with the archives kept packed. */
export interface RetryHow {
  password: string | null
  isUnpacked: boolean
}

export interface TransfersSlice {
  transfers: ReadonlyMap<AccountId, Transfers>
  /** Transfers that arrived while this window was open and have not been announced yet. */
  arrived: readonly Arrival[]
  addTransfers(accountId: AccountId, links: readonly string[], folderId: ItemId): Promise<number>
  cancelTransfers(accountId: AccountId, transferIds: readonly TransferId[]): Promise<void>
  /** Retries a failed transfer; an error is shown in a toast. */
  retryTransfer(accountId: AccountId, transferId: TransferId, how: RetryHow): Promise<void>
  /** Like `retryTransfer`, but rejects, so that the caller can show the error. */
  tryTransferAgain(accountId: AccountId, transferId: TransferId, how: RetryHow): Promise<void>
  /** Returns the arrived transfers to announce, and clears them. */
  takeArrived(): TransfersSlice['arrived']
}

/** Keeps percentages from going down within one status, whatever the service reports. */
function steady(before: Transfer | undefined, now: Transfer): Transfer {
  if (before === undefined || before.status !== now.status) return now
  const { percentDone, stagePercent } = now
  return {
    ...now,
    percentDone: Math.max(before.percentDone, percentDone),
    stagePercent: stagePercent === null ? null : Math.max(before.stagePercent ?? 0, stagePercent),
  }
}

/** Each account's transfers, a mirror of the backend's. */
export const transfersSlice: Slice<TransfersSlice> = (client) => (set, get) => {
  client.on('transfers.changed', ({ accountId, isReset, upserted, removed, arrived }) => {
    set((state) => {
      const before: Transfers = state.transfers.get(accountId) ?? new Map()
      const next = new Map(isReset ? [] : before)
      for (const id of removed) next.delete(id)
      for (const transfer of upserted) next.set(transfer.id, steady(before.get(transfer.id), transfer))
      return { transfers: new Map(state.transfers).set(accountId, next), arrived: [...state.arrived, ...arrived] }
    })
    for (const arrival of arrived) get().tellArrived(accountId, arrival)
  })

  return {
    transfers: new Map(),
    arrived: [],
    addTransfers: async (accountId, links, folderId) => {
      const added = await client.call('transfers.add', { accountId, links: [...links], folderId })
      return added.length
    },
    cancelTransfers: (accountId, transferIds) =>
      get().attempt(async () => {
        await get().follow(
          (steps) => say('transfers.cancelProgress', steps),
          (options) => client.call('transfers.cancel', { accountId, transferIds: [...transferIds] }, options),
        )
      }),
    retryTransfer: (accountId, transferId, how) =>
      get().attempt(() => get().tryTransferAgain(accountId, transferId, how)),
    tryTransferAgain: async (accountId, transferId, how) => {
      await client.call('transfers.retry', { accountId, transferId, ...how })
    },
    takeArrived: () => {
      const { arrived } = get()
      if (arrived.length > 0) set({ arrived: [] })
      return arrived
    },
  }
}
