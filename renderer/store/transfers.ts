import type { AccountId } from '../../shared/account.ts'
import { noCapabilities } from '../../shared/capabilities.ts'
import type { EventData, RefusedLink } from '../../shared/contract.ts'
import { AppError } from '../../shared/errors.ts'
import type { ItemId } from '../../shared/item.ts'
import { undoMs } from '../../shared/limits.ts'
import { isOnlyShared } from '../../shared/slots.ts'
import type { Transfer, TransferId } from '../../shared/transfer.ts'
import { say } from '../words/say.ts'
import type { Slice } from './store.ts'
import { type Act, final } from './undo.ts'

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
  addTransfers(
    accountId: AccountId,
    links: readonly string[],
    folderId: ItemId,
  ): Promise<{ count: number; refused: readonly RefusedLink[] }>
  cancelTransfers(accountId: AccountId, transferIds: readonly TransferId[]): Promise<void>
  /** The transfer that the list scrolls to; null once it has. */
  wantedTransfer: TransferId | null
  /** Opens the list at a transfer. Without one, says that the list has got there. */
  showTransfer(transferId: TransferId | null): void
  /** Takes back the cancellation of one transfer. */
  keepTransfer(accountId: AccountId, transferId: TransferId): Promise<void>
  /** Retries a failed transfer; an error is shown in a toast. */
  retryTransfer(accountId: AccountId, transferId: TransferId, how: RetryHow): Promise<void>
  /** Like `retryTransfer`, but rejects, so that the caller can show the error. */
  tryTransferAgain(accountId: AccountId, transferId: TransferId, how: RetryHow): Promise<void>
  /** Asks the trackers of a torrent for peers at once; an error is shown in a toast. */
  reannounceTransfer(accountId: AccountId, transferId: TransferId): Promise<void>
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
    const before: Transfers = get().transfers.get(accountId) ?? new Map()
    const next = new Map(isReset ? [] : before)
    for (const id of removed) next.delete(id)
    for (const transfer of upserted) next.set(transfer.id, steady(before.get(transfer.id), transfer))
    set((state) => ({
      transfers: new Map(state.transfers).set(accountId, next),
      arrived: [...state.arrived, ...arrived],
    }))
    get().followTransfers(accountId, before, next)
    for (const arrival of arrived) get().tellArrived(accountId, arrival)
  })

  /** The acts that cancelled one transfer, so that they can be undone in its row. */
  const cancels = new Map<string, Act>()

  async function cancel(accountId: AccountId, transferIds: readonly TransferId[]): Promise<null> {
    await client.call('transfers.cancel', { accountId, transferIds: [...transferIds] })
    return null
  }

  /** Takes cancellations back. Returns the transfers for which it is too late, or null if there are none. */
  async function keep(accountId: AccountId, transferIds: readonly TransferId[]): Promise<TransferId[] | null> {
    const late = await client.call('transfers.keep', { accountId, transferIds: [...transferIds] })
    return late.length === 0 ? null : late
  }

  /** The act of having added these. It does not keep their links, which may contain secrets: the history knows them. */
  function adding(accountId: AccountId, folderId: ItemId, added: readonly TransferId[]): Act {
    let ids = added
    const addAgain = async () => {
      const entries = await client.call('history.list', { accountId })
      const withLinks = entries.filter(({ areLinksKnown }) => areLinksKnown).reverse()
      // Of two with the same id, the newer one.
      const byTransfer = new Map(withLinks.map((entry) => [entry.transferId, entry]))
      const known = ids.flatMap((id) => byTransfer.get(id) ?? [])
      const unknown = ids.length - known.length
      const links = await Promise.all(known.map(({ id }) => client.call('history.links', { accountId, entryId: id })))
      if (links.length === 0) throw new AppError('refused', say('transfers.linksUnknown'))
      const added = await client.call('transfers.add', { accountId, links: [...new Set(links.flat())], folderId })
      ids = added.ids
      const [refusal] = added.refused
      if (refusal !== undefined) return refusal.sentence
      return unknown === 0 ? null : say('transfers.someUnknown', { count: unknown })
    }
    return {
      sentence: say('links.added', { count: ids.length }),
      undo: async () => {
        const listed = ids.filter((id) => get().transfers.get(accountId)?.has(id) === true)
        if (listed.length === 0) throw new AppError('refused', say('transfers.haveLeft'))
        return cancel(accountId, listed)
      },
      // What was fetched before is kept if it is not too late.
      redo: async () => {
        const late = await keep(accountId, ids)
        if (late?.length === ids.length) return addAgain()
        return late === null ? null : say('transfers.tooLate')
      },
      isQuiet: get().settings?.isDockOpen !== false,
    }
  }

  return {
    wantedTransfer: null,
    showTransfer: (wantedTransfer) => {
      set({ wantedTransfer })
      if (wantedTransfer === null) return
      get().setDockTab('transfers')
      if (get().settings?.isDockOpen === false) void get().changeSettings({ isDockOpen: true })
    },
    transfers: new Map(),
    arrived: [],
    addTransfers: async (accountId, links, folderId) => {
      let receipt: { count: number; refused: readonly RefusedLink[] } = { count: 0, refused: [] }
      await get().act(async () => {
        const { ids, refused } = await client.call('transfers.add', { accountId, links: [...links], folderId })
        receipt = { count: ids.length, refused }
        return adding(accountId, folderId, ids)
      })
      return receipt
    },
    cancelTransfers: (accountId, transferIds) =>
      get().attempt(() =>
        get().act(async () => {
          const ids = [...transferIds]
          const first = get()
            .transfers.get(accountId)
            ?.get(ids[0] ?? 0)
          const capabilities = get().accounts?.find(({ id }) => id === accountId)?.capabilities ?? noCapabilities
          const isStopped = ids.length === 1 && first !== undefined && isOnlyShared(first, capabilities)
          await cancel(accountId, ids)
          const act: Act = {
            sentence: isStopped
              ? say('transfers.stopped', { name: first.name })
              : say('transfers.cancelled', { count: ids.length, name: first?.name ?? '' }),
            undo: async () => {
              const late = await keep(accountId, ids)
              if (late !== null && late.length === ids.length) throw new AppError('refused', say('transfers.tooLate'))
              return late === null ? null : say('transfers.tooLate')
            },
            redo: () => cancel(accountId, ids),
            toastMs: undoMs - 500,
          }
          if (ids.length === 1) cancels.set(`${accountId}:${ids[0]}`, act)
          return act
        }),
      ),
    keepTransfer: async (accountId, transferId) => {
      const act = cancels.get(`${accountId}:${transferId}`)
      if (act !== undefined && get().done.includes(act)) await get().undoAct(act)
      else await get().attempt(async () => void (await keep(accountId, [transferId])))
    },
    retryTransfer: (accountId, transferId, how) =>
      get().attempt(() => get().tryTransferAgain(accountId, transferId, how)),
    tryTransferAgain: async (accountId, transferId, how) => {
      const name = get().transfers.get(accountId)?.get(transferId)?.name ?? ''
      await get().act(async () => {
        await client.call('transfers.retry', { accountId, transferId, ...how })
        return final(say('transfers.retried', { name }))
      })
    },
    reannounceTransfer: (accountId, transferId) =>
      get().attempt(() =>
        get().act(async () => {
          const name = get().transfers.get(accountId)?.get(transferId)?.name ?? ''
          await client.call('transfers.reannounce', { accountId, transferId })
          return final(say('transfers.reannounced', { name }))
        }),
      ),
    takeArrived: () => {
      const { arrived } = get()
      if (arrived.length > 0) set({ arrived: [] })
      return arrived
    },
  }
}
