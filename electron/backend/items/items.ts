import type { HandlersOf, RefusedItem, Request } from '../../../shared/contract.ts'
import { AppError } from '../../../shared/errors.ts'
import { type ItemId, toColumns } from '../../../shared/item.ts'
import type { Accounts } from '../accounts/accounts.ts'

/** How long the reply with a folder's items waits for its path. */
const pathTimeoutMs = 1000

/** Handlers for browsing and organizing items. */
export function itemHandlers(accounts: Accounts): HandlersOf<'items'> & HandlersOf<'friends'> {
  return {
    'items.open': async ({ accountId, folderId, isReload }, { signal }) => {
      const session = accounts.session(accountId)
      if (isReload) session.folders.clear()
      const { version } = session.folders
      const listing = session.client().during(signal).listItems(folderId)
      const path = session.folders.path(folderId).catch(() => null)
      try {
        const items = await listing
        session.noteParents(items)
        session.folders.learnListing(folderId, items, version)
        return { items: toColumns(items), path: await within(pathTimeoutMs, path) }
      } catch (error) {
        if (error instanceof AppError && error.code === 'not-found') session.folders.remove([folderId])
        throw error
      }
    },
    'items.folders': async ({ accountId, folderId }) => [
      ...(await accounts.session(accountId).folders.branch(folderId)),
    ],
    'items.path': ({ accountId, folderId }) => accounts.session(accountId).folders.path(folderId),
    'items.search': async ({ accountId, query }, { signal }) => {
      const session = accounts.session(accountId)
      const items = await session.client().during(signal).searchItems(query)
      session.noteParents(items)
      return toColumns(items)
    },
    'items.createFolder': async ({ accountId, parentId, name }) => {
      const session = accounts.session(accountId)
      const item = await session.client().createFolder(parentId, name)
      session.noteParents([item])
      session.folders.learn(item)
      session.notifyChanged([parentId])
      return item
    },
    'items.rename': async ({ accountId, itemId, name }) => {
      const session = accounts.session(accountId)
      const item = await session.client().renameItem(itemId, name)
      session.folders.learn(item)
      session.notifyChanged([item.parentId, item.id])
      return item
    },
    'items.move': async ({ accountId, itemIds, folderId }, request) => {
      const session = accounts.session(accountId)
      const client = session.client()
      const moved: ItemId[] = []
      try {
        return await forEach(itemIds, request, async (itemId) => {
          await client.moveItem(itemId, folderId)
          moved.push(itemId)
        })
      } finally {
        session.folders.move(moved, folderId)
        session.notifyChanged([folderId], itemIds)
        session.noteParents(moved.map((id) => ({ id, parentId: folderId })))
      }
    },
    'items.delete': async ({ accountId, itemIds }, request) => {
      const session = accounts.session(accountId)
      const client = session.client()
      const deleted: ItemId[] = []
      try {
        return await forEach(itemIds, request, async (itemId) => {
          await client.deleteItem(itemId)
          deleted.push(itemId)
        })
      } finally {
        session.folders.remove(deleted)
        session.notifyChanged([], itemIds)
      }
    },
    'friends.list': ({ accountId }) => accounts.session(accountId).client().friends(),
  }
}

/**
 * Processes items one by one until the request is cancelled. Refusals of single items are collected; any other error ends the
 * request.
 */
async function forEach(
  itemIds: readonly ItemId[],
  { signal, tell }: Request<'items.move' | 'items.delete'>,
  act: (itemId: ItemId) => Promise<unknown>,
): Promise<RefusedItem[]> {
  const refusals: RefusedItem[] = []
  for (const [done, itemId] of itemIds.entries()) {
    signal.throwIfAborted()
    try {
      await act(itemId)
    } catch (error) {
      if (!(error instanceof AppError) || (error.code !== 'refused' && error.code !== 'not-found')) throw error
      refusals.push({ itemId, sentence: error.message })
    }
    tell({ done: done + 1, total: itemIds.length })
  }
  return refusals
}

/** The result of a promise, or null if it takes too long. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
