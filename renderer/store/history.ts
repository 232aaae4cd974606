import type { AccountId } from '../../shared/account.ts'
import type { HistoryEntry } from '../../shared/transfer.ts'
import { say } from '../words/say.ts'
import { sentenceOf } from './sentence.ts'
import type { Slice } from './store.ts'

export interface HistorySlice {
  history: { accountId: AccountId; entries: readonly HistoryEntry[] | null; problem: string | null } | null
  loadHistory(accountId: AccountId): Promise<void>
  clearHistory(accountId: AccountId): Promise<void>
  /** Opens Add links with the links of an entry, which are fetched only now: they may contain secrets. */
  addAgain(entry: HistoryEntry): Promise<void>
}

/** Transfers that left the list. They are fetched when the history is opened. */
export const historySlice: Slice<HistorySlice> = (client) => (set, get) => {
  let newest = 0
  return {
    history: null,
    loadHistory: async (accountId) => {
      const request = ++newest
      if (get().history?.accountId !== accountId) set({ history: { accountId, entries: null, problem: null } })
      try {
        const entries = await client.call('history.list', { accountId })
        if (request === newest) set({ history: { accountId, entries, problem: null } })
      } catch (error) {
        if (request !== newest) return
        // What was there before stays.
        const problem = sentenceOf(error)
        set(({ history }) => ({ history: { accountId, entries: history?.entries ?? null, problem } }))
      }
    },
    addAgain: ({ accountId, id, folderId }) =>
      get().attempt(async () => {
        const links = await client.call('history.links', { accountId, entryId: id })
        get().close()
        get().openAddLinks({ text: links.join('\n') }, { accountId, folderId: folderId ?? 0 })
      }),
    clearHistory: (accountId) =>
      get().attempt(() =>
        get().act(async () => {
          let clearedAtMs: number
          const clear = async () => {
            clearedAtMs = await client.call('history.clear', { accountId })
            await get().loadHistory(accountId)
            return null
          }
          const restore = async () => {
            await client.call('history.restore', { accountId, clearedAtMs })
            await get().loadHistory(accountId)
            return null
          }
          await clear()
          return { sentence: say('history.wasCleared'), undo: restore, redo: clear, isQuiet: true }
        }),
      ),
  }
}
