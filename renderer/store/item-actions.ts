import type { AccountId } from '../../shared/account.ts'
import { AppError } from '../../shared/errors.ts'
import type { Item, ItemId } from '../../shared/item.ts'
import { say } from '../words/say.ts'
import { freeName } from './item-names.ts'
import { folderKey } from './keys.ts'
import type { Row } from './listing.ts'
import { folderName } from './selectors.ts'
import { isCancelled, sentenceAbout, sentenceOf } from './sentence.ts'
import type { Slice } from './store.ts'

/** An item and its parent folder, so that a move can be undone. */
interface ItemLocation {
  id: ItemId
  parentId: ItemId
}

/** Items that were cut, or are being dragged. */
export interface HeldItems {
  accountId: AccountId
  items: readonly ItemLocation[]
}

/** An action that can be undone. */
interface Undoable {
  sentence: string
  undo(): Promise<void>
}

export interface ItemActionsSlice {
  cut: HeldItems | null
  undoable: readonly Undoable[]
  cutItems(cut: ItemActionsSlice['cut']): void
  /** Moves the cut items into a folder. */
  pasteInto(accountId: AccountId, folderId: ItemId): Promise<void>
  moveItems(held: HeldItems, folderId: ItemId): Promise<void>
  /** Rejects with the reason, which the row shows. */
  renameItem(accountId: AccountId, row: Row, name: string): Promise<void>
  createFolder(accountId: AccountId, parentId: ItemId): Promise<void>
  deleteItems(accountId: AccountId, rows: readonly Row[]): Promise<void>
  play(accountId: AccountId, itemId: ItemId, name: string, playerId: string | null): Promise<void>
  undo(): Promise<void>
}

/** Actions on items. Those that can be undone are kept on a stack, and their toast has an Undo button. */
export const itemActionsSlice: Slice<ItemActionsSlice> = (client) => (set, get) => {
  function remember(sentence: string, undo: () => Promise<void>) {
    const undoable = { sentence, undo }
    set((state) => ({ undoable: [...state.undoable.slice(-49), undoable] }))
    get().toast(sentence, [{ label: say('action.undo'), run: () => void undoAction(undoable) }])
  }

  async function undoAction(undoable: Undoable) {
    if (!get().undoable.includes(undoable)) return
    set((state) => ({ undoable: state.undoable.filter((other) => other !== undoable) }))
    await get().attempt(async () => {
      await undoable.undo()
      get().toast(say('undo.done', { what: undoable.sentence }))
    })
  }

  /** Moves items, shows an error for those that failed, and returns those that were moved. */
  async function move(accountId: AccountId, itemIds: readonly ItemId[], folderId: ItemId): Promise<ItemId[]> {
    const refusals = await get().follow(
      (steps) => say('move.progress', steps),
      (options) => client.call('items.move', { accountId, itemIds: [...itemIds], folderId }, options),
    )
    const first = refusals[0]
    if (first) get().showError(withCount(first.sentence, refusals.length))
    const notMoved = new Set(refusals.map(({ itemId }) => itemId))
    return itemIds.filter((id) => !notMoved.has(id))
  }

  return {
    cut: null,
    undoable: [],
    cutItems: (cut) => set({ cut }),
    pasteInto: async (accountId, folderId) => {
      const { cut } = get()
      if (cut === null) return
      if (cut.accountId !== accountId) {
        get().showError(say('move.otherAccount'))
        return
      }
      set({ cut: null })
      await get().moveItems(cut, folderId)
    },
    moveItems: ({ accountId, items }, folderId) =>
      get().attempt(async () => {
        const moving = items.filter(({ id, parentId }) => parentId !== folderId && id !== folderId)
        if (moving.length === 0) return
        const moved = await move(
          accountId,
          moving.map(({ id }) => id),
          folderId,
        )
        if (moved.length === 0) return
        const folder = folderName(get(), accountId, folderId)
        remember(say('move.done', { count: moved.length, folder }), async () => {
          for (const [originId, ids] of originsOf(moving, new Set(moved))) await move(accountId, ids, originId)
        })
      }),
    renameItem: async (accountId, row, name) => {
      await client.call('items.rename', { accountId, itemId: row.id, name })
      remember(say('rename.done', { from: row.name, to: name }), async () => {
        await client.call('items.rename', { accountId, itemId: row.id, name: row.name })
      })
    },
    createFolder: (accountId, parentId) =>
      get().attempt(async () => {
        const taken = get().folders.get(folderKey(accountId, parentId))?.listing?.names ?? []
        const name = freeName(say('folder.new'), taken)
        const folder: Item = await client.call('items.createFolder', { accountId, parentId, name })
        await get().loadFolder(accountId, parentId)
        const { place } = get()
        if (place?.accountId === accountId && place.folderId === parentId && place.query === null) {
          set({
            filter: '',
            selection: { ids: new Set([folder.id]), anchorId: folder.id, focusId: folder.id },
            renaming: { id: folder.id, problem: null },
          })
        }
        remember(say('folder.done', { name }), async () => {
          const { items } = await client.call('items.open', { accountId, folderId: folder.id, isReload: false })
          if (items.ids.length > 0) throw new AppError('refused', say('folder.notEmpty', { name }))
          await client.call('items.delete', { accountId, itemIds: [folder.id] })
        })
      }),
    deleteItems: async (accountId, rows) => {
      try {
        const itemIds = rows.map(({ id }) => id)
        const refusals = await get().follow(
          (steps) => say('delete.progress', steps),
          (options) => client.call('items.delete', { accountId, itemIds }, options),
        )
        const first = refusals[0]
        if (first) get().showError(withCount(first.sentence, refusals.length))
        const count = rows.length - refusals.length
        if (count > 0) get().toast(say('delete.done', { count, name: rows[0]?.name ?? '' }))
      } catch (error) {
        if (!isCancelled(error)) get().showError(sentenceOf(error))
      }
    },
    play: async (accountId, itemId, name, playerId) => {
      async function start(isHostTrusted: boolean) {
        try {
          const player = await client.call('play.item', { accountId, itemId, playerId, isHostTrusted })
          get().toast(say('play.started', { name, player }))
        } catch (error) {
          const isAsked = error instanceof AppError && error.code === 'untrusted-host'
          if (!isAsked) return get().showError(sentenceAbout(name, error))
          get().showError(error.message, [{ label: say('action.playFromThere'), run: () => void start(true) }])
        }
      }
      await start(false)
    },
    undo: async () => {
      const last = get().undoable.at(-1)
      if (last) await undoAction(last)
      else get().toast(say('undo.nothing'))
    },
  }
}

function withCount(sentence: string, count: number): string {
  return count === 1 ? sentence : `${sentence} ${say('refusal.more', { count: count - 1 })}`
}

/** Groups the moved items by the folder each was in. */
function originsOf(items: readonly ItemLocation[], moved: ReadonlySet<ItemId>): Map<ItemId, ItemId[]> {
  const origins = new Map<ItemId, ItemId[]>()
  for (const { id, parentId } of items) {
    if (moved.has(id)) origins.set(parentId, [...(origins.get(parentId) ?? []), id])
  }
  return origins
}
