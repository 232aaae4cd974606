import type { AccountId } from '../../shared/account.ts'
import type { ItemId } from '../../shared/item.ts'
import { say } from '../words/say.ts'
import { type FolderState, nothingYet } from './items.ts'
import { indexOfId, listingOf, type Row } from './listing.ts'
import { keepExisting } from './selection.ts'
import { folderName } from './selectors.ts'
import { sentenceOf } from './sentence.ts'
import type { Slice } from './store.ts'

/** The trash of one account. `addedAtMs` of its listing is when an item was deleted. */
interface TrashState extends FolderState {
  accountId: AccountId
  /** The old path of each item of the listing, with slashes. */
  folders: readonly string[]
}

export interface TrashSlice {
  /** The trash that was shown last. */
  trash: TrashState | null
  loadTrash(accountId: AccountId): Promise<void>
  restoreTrashed(accountId: AccountId, rows: readonly Row[]): Promise<void>
  /** Deletes items in the trash for good. */
  deleteTrashed(accountId: AccountId, rows: readonly Row[]): Promise<void>
}

/** The trash, fetched when it is shown and whenever its size changes. The newest request wins. */
export const trashSlice: Slice<TrashSlice> = (client) => (set, get) => {
  let loading: AbortController | null = null

  const isShown = (accountId: AccountId) => {
    const { place } = get()
    return place?.accountId === accountId && place.isTrash === true
  }

  /** The name of a folder, or null if the window does not know it. */
  const nameOf = (accountId: AccountId, folderId: ItemId) => {
    const name = folderName(get(), accountId, folderId)
    return name === say('place.folder') ? null : name
  }

  const sizes = new Map<AccountId, string>()
  client.on('quota.changed', ({ accountId, quota }) => {
    const size = JSON.stringify(quota?.trash ?? null)
    if (isShown(accountId) && sizes.get(accountId) !== size) void get().loadTrash(accountId)
    sizes.set(accountId, size)
  })

  return {
    trash: null,
    loadTrash: async (accountId) => {
      loading?.abort()
      const controller = new AbortController()
      loading = controller
      const { signal } = controller
      const empty = { ...nothingYet, accountId, folders: [] }
      set(({ trash }) => ({ trash: { ...(trash?.accountId === accountId ? trash : empty), isLoading: true } }))
      try {
        const { items, folders } = await client.call('trash.list', { accountId }, { signal })
        if (signal.aborted) return
        const listing = listingOf(items)
        set({ trash: { ...empty, listing, folders: folders.split('\0'), isLoading: false } })
        if (isShown(accountId))
          set(({ selection }) => ({ selection: keepExisting(selection, (id) => indexOfId(listing, id) !== -1) }))
      } catch (error) {
        if (signal.aborted) return
        // What was there before stays, as in a folder.
        const problem = sentenceOf(error)
        set(({ trash }) => ({
          trash: { ...(trash?.accountId === accountId ? trash : empty), isLoading: false, problem },
        }))
      }
    },
    restoreTrashed: (accountId, rows) =>
      get().attempt(() =>
        get().act(async () => {
          const itemIds = rows.map(({ id }) => id)
          const { folderIds, problem } = await get().restoreItems(accountId, itemIds)
          await get().loadTrash(accountId)
          return {
            sentence: sentenceOn(rows, folderIds.length === 1 ? nameOf(accountId, folderIds[0] ?? 0) : null),
            problem,
            undo: async () => (await client.call('items.delete', { accountId, itemIds }))[0]?.sentence ?? null,
            redo: async () => (await get().restoreItems(accountId, itemIds)).problem,
          }
        }),
      ),
    deleteTrashed: (accountId, rows) =>
      get().attempt(() =>
        get().act(async () => {
          await client.call('trash.delete', { accountId, itemIds: rows.map(({ id }) => id) })
          await get().loadTrash(accountId)
          const sentence = say('delete.goodDone', { count: rows.length, name: rows[0]?.name ?? '' })
          return { sentence, undo: null, redo: null }
        }),
      ),
  }
}

/** Says what was restored, and where to: not always to the old folder. */
function sentenceOn(rows: readonly Row[], folder: string | null): string {
  const what = { count: rows.length, name: rows[0]?.name ?? '' }
  return folder === null ? say('trash.restored', what) : say('trash.restoredTo', { ...what, folder })
}
