import type { AccountId } from '../../shared/account.ts'
import type { EventData } from '../../shared/contract.ts'
import type { ItemId } from '../../shared/item.ts'
import type { Transfer, TransferId } from '../../shared/transfer.ts'
import type { Slice } from './store.ts'

export type TransferList = ReadonlyMap<TransferId, Transfer>
export type Finished = EventData<'transfers.changed'>['finished'][number]

export interface TransfersSlice {
  transfers: ReadonlyMap<AccountId, TransferList>
  /** Transfers that finished while this window looked on, since they were last announced. */
  finished: readonly (Finished & { accountId: AccountId })[]
  addTransfers(accountId: AccountId, links: readonly string[], folderId: ItemId): Promise<number>
  cancelTransfers(accountId: AccountId, transferIds: readonly TransferId[]): Promise<void>
  retryTransfer(accountId: AccountId, transferId: TransferId): Promise<void>
  /** Takes what is to be announced. */
  takeFinished(): TransfersSlice['finished']
}

/** The percentage to show: within one status it only grows, whatever a service says. */
function steady(before: Transfer | undefined, now: Transfer): Transfer {
  if (before === undefined || before.status !== now.status || before.percentDone <= now.percentDone) return now
  return { ...now, percentDone: before.percentDone }
}

/** Each account's transfers, as the backend tells them. */
export const transfersSlice: Slice<TransfersSlice> = (client) => (set, get) => {
  client.on('transfers.changed', ({ accountId, isReset, upserted, finished, cancelled }) => {
    set((state) => {
      const before: TransferList = state.transfers.get(accountId) ?? new Map()
      const next = new Map(isReset ? [] : before)
      for (const { transferId } of finished) next.delete(transferId)
      for (const id of cancelled) next.delete(id)
      for (const transfer of upserted) next.set(transfer.id, steady(before.get(transfer.id), transfer))
      return {
        transfers: new Map(state.transfers).set(accountId, next),
        finished: [...state.finished, ...finished.map((entry) => ({ ...entry, accountId }))],
      }
    })
    for (const entry of finished) get().tellReady(accountId, entry)
  })

  return {
    transfers: new Map(),
    finished: [],
    addTransfers: async (accountId, links, folderId) => {
      const added = await client.call('transfers.add', { accountId, links: [...links], folderId })
      return added.length
    },
    cancelTransfers: (accountId, transferIds) =>
      get().attempt(async () => {
        await client.call('transfers.cancel', { accountId, transferIds: [...transferIds] })
      }),
    retryTransfer: (accountId, transferId) =>
      get().attempt(async () => {
        await client.call('transfers.retry', { accountId, transferId })
      }),
    takeFinished: () => {
      const { finished } = get()
      if (finished.length > 0) set({ finished: [] })
      return finished
    },
  }
}
