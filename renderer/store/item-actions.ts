import type { AccountId } from '../../shared/account.ts'
import type { RefusedItem, Steps } from '../../shared/contract.ts'
import type { DraggedFile } from '../../shared/dragged-file.ts'
import { AppError } from '../../shared/errors.ts'
import type { Item, ItemId } from '../../shared/item.ts'
import { maxCopied, undoMs } from '../../shared/limits.ts'
import { say } from '../words/say.ts'
import { visibleName } from '../words/visible-name.ts'
import { freeName } from './item-names.ts'
import { folderKey } from './keys.ts'
import { allNames, type Row } from './listing.ts'
import { offerTo } from './offers.ts'
import { capabilitiesOf, folderName } from './selectors.ts'
import { isCancelled, sentenceOf } from './sentence.ts'
import type { Slice } from './store.ts'
import type { FollowOptions } from './toasts.ts'
import type { Act } from './undo.ts'

/** An item and its parent folder, so that a move can be undone. */
interface ItemLocation {
  id: ItemId
  parentId: ItemId
}

/** Items that were cut or copied, or are being dragged. */
interface HeldItems {
  accountId: AccountId
  items: readonly ItemLocation[]
}

/** Items to be pasted: to be moved, or copies of them. */
interface ClipboardItems extends HeldItems {
  /** For copies: their names, as they are on the system's clipboard, and those of their files there. Null if they are moved. */
  copied: { text: string; fileNames: readonly string[] } | null
}

/** Items that are being dragged. */
export interface DraggedItems extends HeldItems {
  /** The files that the system drags; null while the drag has not left the window. */
  files: readonly DraggedFile[] | null
}

export interface ItemActionsSlice {
  clipboard: ClipboardItems | null
  /** Keeps items to be moved; null keeps nothing. */
  cutItems(cut: HeldItems | null): void
  /** Keeps items to be copied. Their names and files also get on the system's clipboard, for other programs. */
  copyRows(accountId: AccountId, rows: readonly Row[]): void
  /** Moves or copies the items of the clipboard into a folder. */
  pasteInto(accountId: AccountId, folderId: ItemId): Promise<void>
  copyItems(held: HeldItems, folderId: ItemId): Promise<void>
  moveItems(held: HeldItems, folderId: ItemId): Promise<void>
  /** Rejects with the reason, which the row shows. */
  renameItem(accountId: AccountId, row: Row, name: string): Promise<void>
  createFolder(accountId: AccountId, parentId: ItemId): Promise<void>
  /** Deletes items so that it can be undone. */
  deleteItems(accountId: AccountId, rows: readonly Row[]): Promise<void>
  /** Deletes items so that it cannot be undone. */
  deleteForGood(accountId: AccountId, rows: readonly Row[]): Promise<void>
  /**
   * Brings deleted items back. Resolves to the folders that they are in now, and to what could not be done; rejects with the reason if
   * nothing could.
   */
  restoreItems(
    accountId: AccountId,
    itemIds: readonly ItemId[],
  ): Promise<{ folderIds: readonly ItemId[]; problem: string | null }>
}

/** Actions on items. */
export const itemActionsSlice: Slice<ItemActionsSlice> = (client) => (set, get) => {
  /** The ids of folders that were created again by redoing, by the id that each had before. */
  const successors = new Map<string, ItemId>()

  /** The id that an item has now. */
  function idNow(accountId: AccountId, id: ItemId): ItemId {
    const successor = successors.get(folderKey(accountId, id))
    return successor === undefined ? id : idNow(accountId, successor)
  }

  /** The folder that was created last, while its name is still the suggested one. Naming it belongs to the same act. */
  let unnamed: { accountId: AccountId; id: ItemId; act: Act } | null = null

  /**
   * Runs an action on items, one after another, and returns those that it was done to, and how many that are. If it ends early, `done`
   * also has the one that it may have been busy with. Rejects if it was done to none.
   */
  async function onEach(
    itemIds: readonly ItemId[],
    progressOf: (steps: Steps) => string,
    call: (options: FollowOptions) => Promise<RefusedItem[]>,
  ): Promise<{ done: ItemId[]; count: number; problem: string | null }> {
    let count = 0
    try {
      const refusals = await get().follow(progressOf, ({ signal, onProgress }) =>
        call({
          signal,
          onProgress: (steps) => {
            count = steps.done
            onProgress(steps)
          },
        }),
      )
      const [first] = refusals
      const problem = first ? withCount(first.sentence, refusals.length) : null
      if (problem !== null && refusals.length === itemIds.length) throw new AppError('refused', problem)
      const refused = new Set(refusals.map(({ itemId }) => itemId))
      const done = itemIds.filter((id) => !refused.has(id))
      return { done, count: done.length, problem }
    } catch (error) {
      if (count === 0 || count === itemIds.length) throw error
      const problem = isCancelled(error) ? say('action.stopped') : sentenceOf(error)
      return { done: itemIds.slice(0, count + 1), count, problem }
    }
  }

  /** Moves items, and returns those that were moved. */
  async function move(
    accountId: AccountId,
    itemIds: readonly ItemId[],
    folderId: ItemId,
  ): Promise<{ moved: ItemId[]; count: number; problem: string | null }> {
    const now = itemIds.map((id) => idNow(accountId, id))
    const input = { accountId, itemIds: now, folderId: idNow(accountId, folderId) }
    const { done, count, problem } = await onEach(
      now,
      (steps) => say('move.progress', steps),
      (options) => client.call('items.move', input, options),
    )
    const isMoved = new Set(done)
    return { moved: itemIds.filter((id) => isMoved.has(idNow(accountId, id))), count, problem }
  }

  /** Copies items, a few at a time, so that it is known of all copies which they are. Rejects if there are none. */
  async function copy(
    accountId: AccountId,
    itemIds: readonly ItemId[],
    folderId: ItemId,
  ): Promise<{ copyIds: ItemId[]; problem: string | null }> {
    const total = itemIds.length
    const copyIds: ItemId[] = []
    const refused: RefusedItem[] = []
    const end = await get().follow(
      (steps) => say('copying.progress', steps),
      async ({ signal, onProgress }) => {
        for (let at = 0; at < total; at += maxCopied) {
          if (signal.aborted) return say('action.stopped')
          const some = itemIds.slice(at, at + maxCopied).map((id) => idNow(accountId, id))
          const input = { accountId, itemIds: some, folderId: idNow(accountId, folderId) }
          try {
            const copied = await client.call('items.copy', input, {
              onProgress: ({ done }) => onProgress({ done: at + done, total }),
            })
            copyIds.push(...copied.copyIds)
            refused.push(...copied.refused)
            if (copied.problem !== null) return copied.problem
          } catch (error) {
            if (copyIds.length === 0) throw error
            return sentenceOf(error)
          }
        }
        return null
      },
    )
    const [first] = refused
    const problem = end ?? (first ? withCount(first.sentence, refused.length) : null)
    if (copyIds.length === 0 && problem !== null) throw new AppError('refused', problem)
    return { copyIds, problem }
  }

  /** Deletes items so that it can be undone. */
  function remove(accountId: AccountId, itemIds: ItemId[]) {
    return onEach(
      itemIds,
      (steps) => say('delete.progress', steps),
      (options) => client.call('items.delete', { accountId, itemIds }, options),
    )
  }

  /** Moves each item back to the folder that it was in. */
  async function moveBack({ accountId, items }: HeldItems): Promise<string | null> {
    const problems: string[] = []
    let isAnyMoved = false
    for (const [originId, ids] of originsOf(items)) {
      try {
        const { problem } = await move(accountId, ids, originId)
        isAnyMoved = true
        if (problem !== null) problems.push(problem)
      } catch (error) {
        problems.push(isCancelled(error) ? say('action.stopped') : sentenceOf(error))
        if (isCancelled(error)) break
      }
    }
    const problem = problems[0] ?? null
    if (!isAnyMoved && problem !== null) throw new AppError('refused', problem)
    return problem
  }

  async function createNamed(accountId: AccountId, parentId: ItemId, name: string): Promise<Item> {
    return client.call('items.createFolder', { accountId, parentId: idNow(accountId, parentId), name })
  }

  /** Deletes a folder that was created here, unless something was put into it. */
  async function deleteEmpty(accountId: AccountId, createdId: ItemId, name: string): Promise<null> {
    const folderId = idNow(accountId, createdId)
    const { items } = await client.call('items.open', { accountId, folderId, isReload: false })
    if (items.ids.length > 0) throw new AppError('refused', say('folder.notEmpty', { name }))
    const [refusal] = await client.call('items.deleteForGood', { accountId, itemIds: [folderId] })
    if (refusal !== undefined) throw new AppError('refused', refusal.sentence)
    return null
  }

  /** The act of creating a folder that got this name in the end. */
  function creation(accountId: AccountId, parentId: ItemId, folder: Pick<Item, 'id' | 'name'>): Act {
    const { id, name } = folder
    return {
      sentence: say('folder.done', { name }),
      undo: () => deleteEmpty(accountId, id, name),
      redo: async () => {
        const created = await createNamed(accountId, parentId, name)
        const before = idNow(accountId, id)
        if (created.id !== before) successors.set(folderKey(accountId, before), created.id)
        return null
      },
    }
  }

  return {
    clipboard: null,
    cutItems: (cut) => set({ clipboard: cut === null ? null : { ...cut, copied: null } }),
    copyRows: (accountId, rows) => {
      const items = rows.map(({ id, parentId }) => ({ id, parentId }))
      const text = namesIn(rows)
      const clipboard = { accountId, items, copied: { text, fileNames: [] } }
      set({ clipboard })
      void get().copyOut(accountId, rows, text, (fileNames) => {
        if (get().clipboard === clipboard) set({ clipboard: { ...clipboard, copied: { text, fileNames } } })
      })
    },
    pasteInto: async (accountId, folderId) => {
      const { clipboard } = get()
      if (clipboard === null) return
      const { copied } = clipboard
      if (clipboard.accountId !== accountId) {
        get().showError(say(copied === null ? 'move.otherAccount' : 'copying.otherAccount'))
        return
      }
      if (copied !== null) {
        await get().copyItems(clipboard, folderId)
        return
      }
      set({ clipboard: null })
      await get().moveItems(clipboard, folderId)
    },
    copyItems: ({ accountId, items }, folderId) =>
      get().attempt(() =>
        get().act(async () => {
          const { disabledBecause } = offerTo(get(), accountId, 'canCopy')
          if (disabledBecause !== null) throw new AppError('refused', disabledBecause)
          let copyIds: ItemId[] = []
          const run = async () => {
            const copied = await copy(
              accountId,
              items.map(({ id }) => id),
              folderId,
            )
            copyIds = copied.copyIds
            return copied.problem
          }
          const problem = await run()
          const folder = folderName(get(), accountId, folderId)
          return {
            sentence: say('copying.done', { count: copyIds.length, folder }),
            problem,
            undo: async () => (await remove(accountId, copyIds)).problem,
            redo: run,
          }
        }),
      ),
    moveItems: ({ accountId, items }, folderId) =>
      get().attempt(() =>
        get().act(async () => {
          const moving = items.filter(({ id, parentId }) => parentId !== folderId && id !== folderId)
          if (moving.length === 0) return null
          let held: HeldItems = { accountId, items: moving }
          const run = async () => {
            const ids = held.items.map(({ id }) => id)
            const { moved, ...result } = await move(accountId, ids, folderId)
            const isMoved = new Set(moved)
            held = { accountId, items: held.items.filter(({ id }) => isMoved.has(id)) }
            return result
          }
          const { count, problem } = await run()
          const folder = folderName(get(), accountId, folderId)
          const sentence = say('move.done', { count, folder })
          return { sentence, problem, undo: () => moveBack(held), redo: async () => (await run()).problem }
        }),
      ),
    renameItem: async (accountId, row, name) => {
      const rename = async (to: string) => {
        await client.call('items.rename', { accountId, itemId: idNow(accountId, row.id), name: to })
        return null
      }
      const created = unnamed
      unnamed = null
      const isCreation = created?.accountId === accountId && created.id === row.id && get().done.at(-1) === created.act
      if (isCreation) set(({ done }) => ({ done: done.slice(0, -1) }))
      try {
        await get().act(async () => {
          await rename(name)
          if (isCreation) return creation(accountId, row.parentId, { id: row.id, name })
          const sentence = say('rename.done', { from: row.name, to: name })
          return { sentence, undo: () => rename(row.name), redo: () => rename(name) }
        })
      } catch (error) {
        if (isCreation) {
          unnamed = created
          set(({ done }) => ({ done: [...done, created.act] }))
        }
        throw error
      }
    },
    createFolder: (accountId, parentId) => {
      let name: string | null = null
      return get().attempt(() =>
        get().act(async () => {
          const listing = get().folders.get(folderKey(accountId, parentId))?.listing ?? null
          const taken = listing === null ? [] : allNames(listing)
          // Tried again, it is the same folder, which may be there after all.
          name ??= freeName(say('folder.new'), taken)
          const folder = await createNamed(accountId, parentId, name)
          await get().loadFolder(accountId, parentId)
          const { place } = get()
          if (place?.accountId === accountId && place.folderId === parentId && place.query === null) {
            set({
              filter: '',
              selection: { ids: new Set([folder.id]), anchorId: folder.id, focusId: folder.id },
              renaming: { id: folder.id, problem: null },
            })
          }
          const act = creation(accountId, parentId, folder)
          unnamed = { accountId, id: folder.id, act }
          return act
        }),
      )
    },
    deleteItems: (accountId, rows) =>
      get().attempt(() =>
        get().act(async () => {
          const { done, count, problem } = await remove(
            accountId,
            rows.map(({ id }) => id),
          )
          const name = rows.find(({ id }) => id === done[0])?.name ?? ''
          const { hasTrash } = capabilitiesOf(get(), accountId)
          return {
            sentence: say(hasTrash ? 'trash.added' : 'delete.done', { count, name }),
            problem,
            undo: async () => (await get().restoreItems(accountId, done)).problem,
            redo: async () => (await remove(accountId, done)).problem,
            toastMs: undoMs - 500,
          }
        }),
      ),
    deleteForGood: (accountId, rows) =>
      get().attempt(() =>
        get().act(async () => {
          const itemIds = rows.map(({ id }) => id)
          const { done, count, problem } = await onEach(
            itemIds,
            (steps) => say('delete.progress', steps),
            (options) => client.call('items.deleteForGood', { accountId, itemIds }, options),
          )
          const name = rows.find(({ id }) => id === done[0])?.name ?? ''
          return { sentence: say('delete.goodDone', { count, name }), problem, undo: null, redo: null }
        }),
      ),
    restoreItems: async (accountId, itemIds) => {
      let folderIds: readonly ItemId[] = []
      const { problem } = await onEach(
        itemIds,
        (steps) => say('trash.restoring', steps),
        async (options) => {
          const restored = await client.call('items.restore', { accountId, itemIds: [...itemIds] }, options)
          folderIds = restored.folderIds
          return restored.refused
        },
      )
      return { folderIds, problem }
    },
  }
}

/** The names of items as they are shown, one on each line. */
export function namesIn(rows: readonly Row[]): string {
  return rows.map(({ name }) => visibleName(name)).join('\n')
}

function withCount(sentence: string, count: number): string {
  return count === 1 ? sentence : `${sentence} ${say('refusal.more', { count: count - 1 })}`
}

/** Groups items by the folder that each was in. */
function originsOf(items: readonly ItemLocation[]): Map<ItemId, ItemId[]> {
  const origins = new Map<ItemId, ItemId[]>()
  for (const { id, parentId } of items) origins.set(parentId, [...(origins.get(parentId) ?? []), id])
  return origins
}
